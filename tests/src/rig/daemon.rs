//! twinlockd on the private machine: configured, started as systemd would, and ill-treated.

use std::fs;
use std::os::unix::net::UnixDatagram;
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;

use super::artifacts;
use super::namespace::{RIG, write};
use super::process::{PATIENCE, Process, guarded};
use super::transcript::Transcript;

/// The configuration file.
pub const CONFIGURATION: &str = "/etc/twinlock/twinlock.toml";

/// The directory of the store.
pub const STORE: &str = "/var/lib/twinlock/store";

/// The login socket.
pub const LOGIN_SOCKET: &str = "/run/twinlock/login.sock";

/// A daemon that can be stopped, hung, killed and started again over the same store.
pub struct Daemon {
    process: Process,
    notifications: UnixDatagram,
    /// What earlier processes of this daemon wrote to standard error.
    earlier: Vec<Transcript>,
}

impl Daemon {
    /// Starts the daemon with the configuration that is there, or with every default.
    pub fn start() -> Self {
        if fs::metadata(CONFIGURATION).is_err() {
            configure("version = 1\n");
        }
        let socket = format!("{RIG}/notify");
        let _ = fs::remove_file(&socket);
        let notifications = UnixDatagram::bind(&socket).expect("bind the notification socket");
        let process = spawn(&socket);
        let mut daemon = Self { process, notifications, earlier: Vec::new() };
        daemon.wait_for("READY=1", PATIENCE);
        daemon
    }

    /// Starts a daemon that is expected to give up at once, and returns its exit code and what it
    /// said.
    pub fn start_in_vain() -> (Option<i32>, String) {
        let mut process = spawn(&format!("{RIG}/nobody-listens"));
        let status = process.wait(PATIENCE);
        process.stderr().ended(Duration::from_secs(1));
        (status.code(), process.stderr().text())
    }

    /// The process id.
    pub fn pid(&self) -> u32 {
        self.process.pid()
    }

    /// Asks it to end, as `systemctl stop` does, and waits until it has.
    pub fn stop(&mut self) {
        self.process.signal(Signal::SIGTERM);
        let status = self.process.wait(PATIENCE);
        assert!(status.success(), "a stopped daemon ends with {status}: {}", self.stderr());
    }

    /// Ends it in the middle of whatever it does.
    pub fn kill(&mut self) {
        self.process.kill();
    }

    /// Starts it again after a stop or a kill.
    pub fn restart(&mut self) {
        let mut next = Self::start();
        std::mem::swap(&mut next.earlier, &mut self.earlier);
        next.earlier.push(self.process.stderr().clone());
        *self = next;
    }

    /// Lets it hang.
    pub fn pause(&self) {
        self.process.signal(Signal::SIGSTOP);
    }

    /// Lets it go on.
    pub fn resume(&self) {
        self.process.signal(Signal::SIGCONT);
    }

    /// Asks it to read its configuration again, and waits until it has.
    pub fn reload(&mut self) {
        self.drain();
        self.process.signal(Signal::SIGHUP);
        self.wait_for("READY=1", PATIENCE);
    }

    /// What it has written to standard error, over all its starts.
    pub fn stderr(&self) -> String {
        self.earlier.iter().chain([self.process.stderr()]).map(Transcript::text).collect()
    }

    /// Whether it still runs.
    pub fn is_running(&mut self) -> bool {
        self.process.is_running()
    }

    fn drain(&self) {
        self.notifications.set_nonblocking(true).expect("a socket without waiting");
        let mut buffer = [0; 4096];
        while self.notifications.recv(&mut buffer).is_ok() {}
        self.notifications.set_nonblocking(false).expect("a socket with waiting");
    }

    fn wait_for(&mut self, state: &str, timeout: Duration) {
        let deadline = Instant::now() + timeout;
        let pause = Some(Duration::from_millis(50));
        self.notifications.set_read_timeout(pause).expect("a socket with a time-out");
        let mut buffer = [0; 4096];
        loop {
            if let Ok(count) = self.notifications.recv(&mut buffer)
                && String::from_utf8_lossy(&buffer[..count]).lines().any(|line| line == state)
            {
                return;
            }
            assert!(self.process.is_running(), "twinlockd ended: {}", self.stderr());
            assert!(
                Instant::now() < deadline,
                "twinlockd did not say {state} within {timeout:?}: {}",
                self.stderr()
            );
        }
    }
}

/// Writes the daemon's configuration.
pub fn configure(text: &str) {
    write(CONFIGURATION, text);
}

fn spawn(notify: &str) -> Process {
    let mut command = guarded(artifacts::daemon());
    command.env_clear();
    command.env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin").env("NOTIFY_SOCKET", notify);
    command.args(["--config", CONFIGURATION]);
    Process::start("twinlockd", command)
}
