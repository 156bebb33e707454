//! What 200 logins in one process leave behind: nothing. In a process of its own, because the
//! counts are those of the process; the daemon runs in a second one for the same reason.
// The functions around the tests fail the test as the tests do.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod peer;

use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::{Child, Command};
use std::time::Duration;

use pam_twinlock::client::Client;
use pam_twinlock::context::Context;
use pam_twinlock::login::Daemon;
use peer::{RIGHT_CODE, Socket, own_uid};
use twinlock_bus_api::login::Phase;

const LOGINS: usize = 200;

/// The variable that tells the daemon's process its socket.
const SOCKET: &str = "TWINLOCK_TEST_SOCKET";

/// A daemon in a process of its own, ended with the value.
struct DaemonProcess(Child);

impl Drop for DaemonProcess {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The daemon's process: this same test binary, with the socket named.
#[test]
#[ignore = "runs as the daemon of the test below"]
#[allow(clippy::disallowed_methods)]
fn daemon_process() {
    if let Some(path) = std::env::var_os(SOCKET) {
        peer::serve_daemon_at(Path::new(&path));
    }
}

fn start_daemon(path: &Path) -> DaemonProcess {
    let child = Command::new(std::env::current_exe().unwrap())
        .args(["daemon_process", "--exact", "--ignored"])
        .env(SOCKET, path)
        .stdout(std::process::Stdio::null())
        .spawn()
        .unwrap();
    for _ in 0..500 {
        // It is bound before it listens.
        if UnixStream::connect(path).is_ok() {
            break;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    DaemonProcess(child)
}

fn log_in(path: &Path) {
    let context = Context {
        service: "sshd".to_owned(),
        user: "alice".to_owned(),
        interactive: true,
        ..Context::default()
    };
    let mut client = Client::new(path.to_owned(), Duration::from_secs(5), own_uid());
    let begun = client.begin(Phase::Auth, &context).map_err(|error| error.to_string());
    let (dialogue, _) = begun.expect("a prompt");
    let answered = client.answer(dialogue, RIGHT_CODE).map_err(|error| error.to_string());
    assert_eq!(answered.expect("a verdict").verdict, "allow");
}

fn entries(directory: &str) -> usize {
    std::fs::read_dir(directory).unwrap().count()
}

/// Resident memory in KiB.
fn resident() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    line.split_ascii_whitespace().nth(1).unwrap().parse().unwrap()
}

#[test]
fn logins_leave_no_thread_descriptor_or_memory_behind() {
    let socket = Socket::new();
    let _daemon = start_daemon(&socket.path);
    // What is set up once, the allocator's pools among it, is not what is measured.
    (0..20).for_each(|_| log_in(&socket.path));
    let before = (entries("/proc/self/task"), entries("/proc/self/fd"), resident());
    (0..LOGINS).for_each(|_| log_in(&socket.path));
    let after = (entries("/proc/self/task"), entries("/proc/self/fd"), resident());
    println!("threads, descriptors, KiB: {before:?} then {after:?}");
    assert_eq!(after.0, before.0, "threads");
    assert_eq!(after.1, before.1, "descriptors");
    assert!(after.2 <= before.2 + 256, "memory: {} KiB then {} KiB", before.2, after.2);
}
