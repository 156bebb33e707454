//! The socket over which every login asks: whose it is, who can reach it, whether anybody answers.

use std::fs::{self, Metadata};
use std::io;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::Path;
use std::time::Duration;

use tokio::net::UnixStream;
use twinlock_bus_api::names::OBJECT_PATH;
use zbus::connection::Builder;

use super::bounded::within;
use super::finding::{Area, Finding, Place, Report, Severity};

/// How long the PAM module waits for one answer by default.
const DEADLINE: Duration = Duration::from_secs(5);

const START: &str = "systemctl restart twinlock-login.socket twinlockd.service";

/// Looks at the socket, and as root asks it.
pub(super) fn check(socket: &Path, is_root: bool, report: &mut Report) {
    let shape = fs::symlink_metadata(socket);
    match shape {
        Err(cause) if cause.kind() == io::ErrorKind::PermissionDenied => {
            let because = "its directory is closed to this user";
            report.omit_for_root(Area::LoginSocket, because);
            return;
        }
        Err(cause) => report.add(absent(socket, &cause)),
        Ok(facts) => {
            let ill_shaped = faults_of_file(socket, &facts);
            let reachable = facts.file_type().is_socket();
            report.findings.extend(ill_shaped);
            if !reachable {
                // There is nobody to ask.
            } else if is_root {
                report.findings.extend(silence(socket));
            } else {
                report.omit_for_root(Area::LoginSocket, "only root can ask it for an answer");
            }
        }
    }
    report.examined.push(Area::LoginSocket);
}

fn fault(fault: &'static str, socket: &Path) -> Finding {
    Finding {
        area: Area::LoginSocket,
        fault,
        severity: Severity::Severe,
        place: Some(Place::file(socket)),
        what: String::new(),
        why: "Every login that needs a code is refused.".to_owned(),
        mend: START.to_owned(),
    }
}

fn absent(socket: &Path, cause: &io::Error) -> Finding {
    let what = match cause.kind() {
        io::ErrorKind::NotFound => "there is no login socket".to_owned(),
        _ => format!("the login socket cannot be looked at: {cause}"),
    };
    Finding { what, ..fault("socket-absent", socket) }
}

fn faults_of_file(socket: &Path, facts: &Metadata) -> Vec<Finding> {
    let mut found = Vec::new();
    if !facts.file_type().is_socket() {
        found.push(Finding {
            what: "what lies at the place of the login socket is no socket".to_owned(),
            mend: format!("mv {0} {0}.away && {START}", socket.display()),
            ..fault("socket-is-none", socket)
        });
        return found;
    }
    if facts.uid() != 0 {
        found.push(Finding {
            what: format!(
                "the login socket belongs to the user with id {}, not to root",
                facts.uid()
            ),
            why: "Whoever serves it decides who is asked for a code. The module refuses a socket \
                  that root did not make."
                .to_owned(),
            mend: format!("rm {} && {START}", socket.display()),
            ..fault("socket-owner", socket)
        });
    }
    if facts.mode() & 0o077 != 0 {
        found.push(Finding {
            what: format!("the login socket has mode {:04o}, not 0600", facts.mode() & 0o7777),
            why:
                "Who is not root reaches what only programs that log people in have to reach, and \
                  can use up its places."
                    .to_owned(),
            mend: format!("chmod 0600 {}", socket.display()),
            ..fault("socket-mode", socket)
        });
    }
    let directory = socket.parent().unwrap_or(Path::new("/"));
    if let Ok(facts) = fs::metadata(directory)
        && (facts.uid() != 0 || facts.mode() & 0o022 != 0)
    {
        found.push(Finding {
            place: Some(Place::file(directory)),
            what: "others than root can write to the directory of the login socket".to_owned(),
            why: "They can put a socket of their own in the place of Twinlock's, and all logins \
                  fail."
                .to_owned(),
            mend: format!("chown root:root {0} && chmod 0755 {0}", directory.display()),
            ..fault("socket-directory", socket)
        });
    }
    found
}

/// Connects as the module does, and asks for a sign of life that changes nothing.
fn silence(socket: &Path) -> Option<Finding> {
    let silent = |why: &str| Finding {
        what: format!("nobody answers on the login socket: {why}"),
        mend: "systemctl restart twinlockd; then: journalctl -u twinlockd -n 50".to_owned(),
        ..fault("socket-silent", socket)
    };
    let asked = within(DEADLINE, async {
        let stream = UnixStream::connect(socket).await.map_err(|cause| cause.to_string())?;
        let listener = stream.peer_cred().map_err(|cause| cause.to_string())?.uid();
        if listener != 0 {
            return Ok(listener);
        }
        let stream = stream.into_std().map_err(|cause| cause.to_string())?;
        let built = Builder::unix_stream(stream).p2p().build().await;
        let connection = built.map_err(|cause| cause.to_string())?;
        let peer = Some("org.freedesktop.DBus.Peer");
        let ping = connection.call_method(None::<&str>, OBJECT_PATH, peer, "Ping", &()).await;
        ping.map(|_| 0).map_err(|cause| cause.to_string())
    });
    match asked {
        Ok(Ok(0)) => None,
        Ok(Ok(uid)) => Some(Finding {
            what: format!("the user with id {uid} made the login socket, not root"),
            why: "The module refuses such a socket, and with it every login that needs a code."
                .to_owned(),
            mend: format!("rm {} && {START}", socket.display()),
            ..fault("socket-maker", socket)
        }),
        Ok(Err(why)) => Some(silent(&why)),
        Err(why) => Some(silent(&why.to_string())),
    }
}
