//! Peers on the login socket that are no daemon: root's own, so that the module's check of the
//! peer's uid does not end the talk early.

use std::fs::{self, Permissions};
use std::io::{self, Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use super::daemon::LOGIN_SOCKET;

/// How a peer misbehaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Manner {
    /// Accepts and never says a word.
    Silent,
    /// Sends bytes that are no D-Bus.
    Nonsense,
    /// Closes as soon as somebody connects.
    Closes,
    /// Sends its answer to the authentication one byte a second.
    Trickles,
    /// Authenticates, then is silent.
    SilentAfterHello,
    /// Authenticates, then sends bytes that are no D-Bus.
    NonsenseAfterHello,
    /// Takes the method call and closes in the middle of the reply.
    ClosesInReply,
}

impl Manner {
    /// Each of them.
    pub const ALL: [Self; 7] = [
        Self::Silent,
        Self::Nonsense,
        Self::Closes,
        Self::Trickles,
        Self::SilentAfterHello,
        Self::NonsenseAfterHello,
        Self::ClosesInReply,
    ];
}

/// A peer that listens on the login socket. Dropping it takes the socket away.
pub struct Peer {
    stopped: Arc<AtomicBool>,
    listener: Option<JoinHandle<()>>,
}

impl Peer {
    /// Listens where the daemon would.
    pub fn start(manner: Manner) -> Self {
        fs::create_dir_all("/run/twinlock").expect("create the socket's directory");
        let _ = fs::remove_file(LOGIN_SOCKET);
        let listener = UnixListener::bind(LOGIN_SOCKET).expect("bind the login socket");
        fs::set_permissions(LOGIN_SOCKET, Permissions::from_mode(0o600)).expect("close the socket");
        let stopped = Arc::new(AtomicBool::new(false));
        let flag = stopped.clone();
        let listener = thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                if flag.load(Ordering::SeqCst) {
                    break;
                }
                let flag = flag.clone();
                // The other side may leave at any moment; that is no error of the peer.
                thread::spawn(move || misbehave(stream, manner, &flag).ok());
            }
        });
        Self { stopped, listener: Some(listener) }
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        self.stopped.store(true, Ordering::SeqCst);
        // Wakes the listener, which then sees the flag.
        let _ = UnixStream::connect(LOGIN_SOCKET);
        if let Some(listener) = self.listener.take() {
            let _ = listener.join();
        }
        let _ = fs::remove_file(LOGIN_SOCKET);
    }
}

fn misbehave(mut stream: UnixStream, manner: Manner, stopped: &AtomicBool) -> io::Result<()> {
    match manner {
        Manner::Closes => return Ok(()),
        Manner::Silent => {}
        Manner::Nonsense => stream.write_all(&nonsense())?,
        Manner::Trickles => {
            for byte in b"OK 0123456789abcdef0123456789abcdef\r\n" {
                stream.write_all(&[*byte])?;
                hold(stopped, Duration::from_secs(1));
            }
        }
        Manner::SilentAfterHello => say_hello(&mut stream)?,
        Manner::NonsenseAfterHello => {
            say_hello(&mut stream)?;
            stream.write_all(&nonsense())?;
        }
        Manner::ClosesInReply => {
            say_hello(&mut stream)?;
            stream.read_exact(&mut [0; 16])?;
            // The start of a method return, D-Bus specification, "Message format".
            return stream.write_all(&[b'l', 2, 1, 1, 64, 0, 0, 0, 1, 0, 0, 0]);
        }
    }
    while !stopped.load(Ordering::SeqCst) {
        hold(stopped, Duration::from_millis(50));
    }
    Ok(())
}

/// The server's side of the authentication, D-Bus specification, "Authentication Protocol".
fn say_hello(stream: &mut UnixStream) -> io::Result<()> {
    loop {
        match read_line(stream)?.trim_start_matches('\0') {
            "BEGIN" => return Ok(()),
            "AUTH EXTERNAL" => stream.write_all(b"DATA\r\n")?,
            "NEGOTIATE_UNIX_FD" => stream.write_all(b"AGREE_UNIX_FD\r\n")?,
            line if line.starts_with("AUTH EXTERNAL ") || line.starts_with("DATA") => {
                stream.write_all(b"OK 0123456789abcdef0123456789abcdef\r\n")?;
            }
            _ => stream.write_all(b"ERROR\r\n")?,
        }
    }
}

fn read_line(stream: &mut UnixStream) -> io::Result<String> {
    let mut line = Vec::new();
    while !line.ends_with(b"\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte)?;
        line.extend(byte);
    }
    line.truncate(line.len() - 2);
    Ok(String::from_utf8_lossy(&line).into_owned())
}

fn nonsense() -> Vec<u8> {
    // Every byte value in an order that no protocol has.
    (0..4096_u32).map(|n| n.wrapping_mul(167).to_le_bytes()[0]).collect()
}

fn hold(stopped: &AtomicBool, time: Duration) {
    let mut left = time;
    while !left.is_zero() && !stopped.load(Ordering::SeqCst) {
        let nap = left.min(Duration::from_millis(50));
        thread::sleep(nap);
        left -= nap;
    }
}
