//! The system bus of the private machine: Debian's dbus-daemon with its own configuration and
//! the policy file that Twinlock ships.

use std::fs;
use std::os::unix::net::UnixStream;

use nix::sys::signal::Signal;

use super::artifacts::workspace;
use super::process::{PATIENCE, Process, eventually, guarded};

/// The bus socket.
pub const SOCKET: &str = "/run/dbus/system_bus_socket";

const CONFIGURATION: &str = "/usr/share/dbus-1/system.conf";
const POLICY: &str = "packaging/dbus/org.twinlock1.conf";

/// A running system bus.
pub struct Bus {
    process: Process,
}

impl Bus {
    /// Installs the shipped policy and starts the bus.
    pub fn start() -> Self {
        let policy = workspace().join(POLICY);
        fs::copy(&policy, "/etc/dbus-1/system.d/org.twinlock1.conf")
            .unwrap_or_else(|error| panic!("the bus policy {}: {error}", policy.display()));
        Self::start_without_policy()
    }

    /// Starts the bus as Debian configures it.
    pub fn start_without_policy() -> Self {
        let mut command = guarded("dbus-daemon");
        command.args(["--config-file", CONFIGURATION, "--nofork", "--nopidfile", "--nosyslog"]);
        let mut process = Process::start("dbus-daemon", command);
        assert!(
            eventually(PATIENCE, || UnixStream::connect(SOCKET).is_ok() || !process.is_running()),
            "dbus-daemon does not listen"
        );
        assert!(process.is_running(), "dbus-daemon ended: {}", process.stderr().text());
        Self { process }
    }

    /// Stops it for good; its socket goes with it.
    pub fn stop(mut self) {
        self.process.kill();
        let _ = fs::remove_file(SOCKET);
    }

    /// Lets it hang.
    pub fn pause(&self) {
        self.process.signal(Signal::SIGSTOP);
    }

    /// Lets it go on.
    pub fn resume(&self) {
        self.process.signal(Signal::SIGCONT);
    }
}
