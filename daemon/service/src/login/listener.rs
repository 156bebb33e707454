//! The login socket: a Unix socket of root, mode 0600, with D-Bus peer to peer on each connection.
//!
//! Installed, systemd makes the socket and hands it over, so that a login during a restart waits
//! instead of failing. Started by hand as root, the daemon makes it itself.

use std::{
    fs, io,
    os::{
        fd::AsRawFd,
        unix::{fs::FileTypeExt, net::UnixListener as StdListener},
    },
    path::Path,
    sync::Arc,
    time::Duration,
};

use nix::{
    errno::Errno,
    sys::{
        socket::{AddressFamily, Backlog, SockFlag, SockType, UnixAddr, connect, listen, socket},
        stat::{Mode, fchmod},
    },
};
use thiserror::Error;
use tokio::net::{UnixListener, UnixStream};
use twinlock_bus_api::names::OBJECT_PATH;
use twinlock_core::audit::{AuditEvent, Happening};
use zbus::{Guid, connection::Builder};

use super::{
    desk::{self, Desk},
    interface::LoginInterface,
    places::{Place, Places},
};
use crate::{engine::Engine, journal, socket::BoundedSocket};

/// Connections served at once. Each is a login of root's programs; sshd's own `MaxStartups` is
/// far below.
pub(super) const CONNECTIONS: usize = 1024;

/// How long a peer may take to authenticate itself.
const HANDSHAKE: Duration = Duration::from_secs(10);

/// How long a connection may last: a little longer than a dialogue, so that its end is told, and no
/// longer, so that peers who forget theirs do not use up the places of others.
pub(super) const LONGEST: Duration = desk::LIFETIME.saturating_add(HANDSHAKE);

/// How long to wait after the system had no descriptor left for a connection.
const EXHAUSTED: Duration = Duration::from_millis(100);

/// The login socket cannot be opened.
#[derive(Debug, Error)]
pub enum ListenError {
    /// Another daemon serves it.
    #[error("another daemon serves {0}; stop it first, or set [login] socket")]
    InUse(String),
    /// Something else lies there.
    #[error("{0} is there and is not a socket; move it away, or set [login] socket")]
    NotASocket(String),
    /// The system refused.
    #[error("the login socket {path} cannot be opened: {error}")]
    Io {
        /// Which socket.
        path: String,
        /// What the system said.
        error: io::Error,
    },
}

/// Takes over the socket that systemd made (sd_listen_fds(3)); `None` if it made none.
///
/// # Errors
/// What was handed over is no listening Unix socket.
pub fn from_systemd() -> io::Result<Option<StdListener>> {
    listenfd::ListenFd::from_env().take_unix_listener(0)
}

/// Makes the socket at `path`, in place of one that a daemon left behind.
///
/// # Errors
/// Somebody serves it, something else lies there, or the system refused.
pub fn bind(path: &Path) -> Result<StdListener, ListenError> {
    let shown = || path.display().to_string();
    let io = |error| ListenError::Io { path: shown(), error };
    match fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(io(error)),
        Ok(found) if !found.file_type().is_socket() => {
            return Err(ListenError::NotASocket(shown()));
        }
        Ok(_) if is_served(path).map_err(io)? => return Err(ListenError::InUse(shown())),
        Ok(_) => fs::remove_file(path).map_err(io)?,
    }
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(io)?;
    }
    listen_privately(path).map_err(io)
}

/// A listening socket of mode 0600 from the first moment on: Linux gives the file of a socket the
/// mode that the socket has when it is bound (unix(7)), and no other thread is in the way, as it
/// would be of umask(2).
fn listen_privately(path: &Path) -> io::Result<StdListener> {
    let unbound = socket(AddressFamily::Unix, SockType::Stream, SockFlag::SOCK_CLOEXEC, None)?;
    fchmod(&unbound, Mode::S_IRUSR | Mode::S_IWUSR)?;
    nix::sys::socket::bind(unbound.as_raw_fd(), &UnixAddr::new(path)?)?;
    listen(&unbound, Backlog::MAXCONN)?;
    Ok(StdListener::from(unbound))
}

/// Whether somebody listens on the socket. A daemon that hangs with a full queue does: the
/// connection is not waited for, and only a refused one means that nobody is there.
fn is_served(path: &Path) -> io::Result<bool> {
    let flags = SockFlag::SOCK_NONBLOCK | SockFlag::SOCK_CLOEXEC;
    let probe = socket(AddressFamily::Unix, SockType::Stream, flags, None)?;
    match connect(probe.as_raw_fd(), &UnixAddr::new(path)?) {
        Ok(()) | Err(Errno::EAGAIN) => Ok(true),
        Err(Errno::ECONNREFUSED) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// Serves logins for as long as the daemon runs.
///
/// # Errors
/// The listener cannot be used by the runtime.
pub async fn serve(listener: StdListener, engine: Arc<Engine>, desk: Arc<Desk>) -> io::Result<()> {
    listener.set_nonblocking(true)?;
    let listener = UnixListener::from_std(listener)?;
    let guid = Guid::generate();
    let places = Places::new(CONNECTIONS);
    loop {
        match listener.accept().await {
            Err(error) => {
                journal::line(&format!("a login could not be taken in: {error}"));
                tokio::time::sleep(EXHAUSTED).await;
            }
            Ok((stream, _)) => {
                let (engine, desk, guid) = (engine.clone(), desk.clone(), guid.clone());
                let place = places.take().await;
                tokio::spawn(async move {
                    tokio::select! {
                        () = connection(stream, &engine, desk, guid.into(), &place) => {}
                        () = place.wanted() => {}
                    }
                });
            }
        }
    }
}

/// One connection, from the check of its peer to its end.
async fn connection(
    stream: UnixStream,
    engine: &Engine,
    desk: Arc<Desk>,
    guid: zbus::OwnedGuid,
    place: &Place,
) {
    let Some(process) = peer_of_root(&stream, engine) else { return };
    let built = Builder::socket(BoundedSocket::of_login(stream))
        .server(guid)
        .p2p()
        .serve_at(OBJECT_PATH, LoginInterface::new(Arc::clone(&desk), process, place.occupant()))
        .build();
    match tokio::time::timeout(HANDSHAKE, built).await {
        Ok(Ok(connection)) => tokio::select! {
            ended = tokio::time::timeout(LONGEST, connection.closed()) => {
                if ended.is_err() {
                    journal::line("a login connection stayed open too long and was closed");
                }
            }
            // Not by dropping it: a call that waits holds it as well.
            () = desk.closed() => drop(connection.clone().close().await),
        },
        Ok(Err(error)) => journal::line(&format!("a login connection failed: {error}")),
        Err(_) => journal::line("a login connection stayed silent and was closed"),
    }
}

/// The peer's process, if it runs as root. The mode of the socket keeps others out; this holds
/// where somebody changed the mode.
fn peer_of_root(stream: &UnixStream, engine: &Engine) -> Option<i32> {
    let peer = stream.peer_cred().ok()?;
    if peer.uid() != 0 {
        let cause = format!("uid {} called the login socket, which is root's", peer.uid());
        engine.audit(AuditEvent::new(Happening::CallRefused, "", cause));
        return None;
    }
    Some(peer.pid().unwrap_or(0))
}
