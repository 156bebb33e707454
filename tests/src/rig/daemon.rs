//! twinlockd on the private machine: configured, started as systemd would, and ill-treated.

use std::fs::{self, Permissions};
use std::os::fd::OwnedFd;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{UnixDatagram, UnixListener};
use std::process::Command;
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;

use super::artifacts;
use super::clock::Clock;
use super::namespace::{RIG, write};
use super::process::{PATIENCE, Process, demand, guarded};
use super::transcript::Transcript;

/// The configuration file.
pub const CONFIGURATION: &str = "/etc/twinlock/twinlock.toml";

/// The directory of the store.
pub const STORE: &str = "/var/lib/twinlock/store";

/// The login socket.
pub const LOGIN_SOCKET: &str = "/run/twinlock/login.sock";

/// The user whom the installed daemon runs as.
pub const USER: &str = "twinlock";

const CREDENTIALS: &str = "/run/rig/credentials";

/// A daemon that can be stopped, hung, killed and started again over the same store.
pub struct Daemon {
    process: Process,
    notifications: UnixDatagram,
    /// The login socket, where it is handed over as systemd does; it outlives the process.
    handed: Option<UnixListener>,
    /// What earlier processes of this daemon wrote to standard error.
    earlier: Vec<Transcript>,
    /// Its time of day where it has one of its own.
    clock: Option<Clock>,
}

impl Daemon {
    /// Starts the daemon by hand, as root, with the configuration that is there or with every
    /// default.
    pub fn start() -> Self {
        Self::launch(None, None)
    }

    /// Starts the daemon as the installed unit does: as the user `twinlock`, on a login socket
    /// that it is handed, with its key as a credential.
    pub fn start_as_installed() -> Self {
        write_default_configuration();
        demand(Command::new(artifacts::daemon()).args(["--config", CONFIGURATION, "--make-key"]));
        for directory in [CREDENTIALS, "/var/lib/twinlock", "/run/twinlock"] {
            fs::create_dir_all(directory).expect("create a directory of the unit");
        }
        let key = format!("{CREDENTIALS}/twinlock.key");
        fs::copy("/etc/twinlock/key", &key).expect("the key as a credential");
        let owner = format!("{USER}:{USER}");
        demand(Command::new("chown").args([&owner, "/var/lib/twinlock", CREDENTIALS, &key]));
        let socket = UnixListener::bind(LOGIN_SOCKET).expect("bind the login socket");
        fs::set_permissions(LOGIN_SOCKET, Permissions::from_mode(0o600)).expect("close the socket");
        Self::launch(Some(socket), None)
    }

    fn launch(handed: Option<UnixListener>, clock: Option<Clock>) -> Self {
        write_default_configuration();
        let socket = format!("{RIG}/notify");
        let _ = fs::remove_file(&socket);
        let notifications = UnixDatagram::bind(&socket).expect("bind the notification socket");
        fs::set_permissions(&socket, Permissions::from_mode(0o666)).expect("open it to the daemon");
        let process = spawn(&socket, handed.as_ref(), clock.as_ref());
        let mut daemon = Self { process, notifications, handed, earlier: Vec::new(), clock };
        daemon.wait_for("READY=1", PATIENCE);
        daemon
    }

    /// Starts a daemon that is expected to give up at once, and returns its exit code and what it
    /// said.
    pub fn start_in_vain() -> (Option<i32>, String) {
        let mut process = spawn(&format!("{RIG}/nobody-listens"), None, None);
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
        let mut next = Self::launch(self.handed.take(), self.clock.take());
        std::mem::swap(&mut next.earlier, &mut self.earlier);
        next.earlier.push(self.process.stderr().clone());
        *self = next;
    }

    /// Stops it and starts it again over the same store, on a host whose clock is set so.
    pub fn restart_at(&mut self, clock: Clock) {
        self.stop();
        self.clock = Some(clock);
        self.restart();
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

    /// Waits until it has written this to standard error since its last start.
    pub fn says(&self, text: &str) -> bool {
        self.process.stderr().find(0, text, PATIENCE).is_some()
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

/// Creates the user of the installed daemon; before the bus starts, which reads its policy once.
pub fn create_user() {
    demand(Command::new("useradd").args(["--system", "--shell", "/usr/sbin/nologin", USER]));
}

/// Writes the daemon's configuration.
pub fn configure(text: &str) {
    write(CONFIGURATION, text);
}

fn write_default_configuration() {
    if fs::metadata(CONFIGURATION).is_err() {
        configure("version = 1\n");
    }
}

fn spawn(notify: &str, handed: Option<&UnixListener>, clock: Option<&Clock>) -> Process {
    let program = artifacts::daemon();
    let mut command = match handed {
        None => guarded(&program),
        // sd_listen_fds(3): the socket is descriptor 3 of the process that LISTEN_PID names. The
        // shell moves it there and becomes the daemon.
        Some(_) => {
            let mut shell = guarded("/bin/sh");
            let script = "exec 3<&0 </dev/null; export LISTEN_FDS=1 LISTEN_PID=$$; exec \"$@\"";
            shell.args(["-c", script, "sh", "setpriv", "--reuid", USER, "--regid", USER]);
            shell.args(["--init-groups", "--no-new-privs", "--inh-caps=-all", "--"]).arg(&program);
            shell
        }
    };
    command.env_clear();
    command.env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin").env("NOTIFY_SOCKET", notify);
    if let Some(clock) = clock {
        clock.set(&mut command);
    }
    command.args(["--config", CONFIGURATION]);
    match handed {
        None => Process::start("twinlockd", command),
        Some(socket) => {
            command.env("CREDENTIALS_DIRECTORY", CREDENTIALS);
            let socket = socket.try_clone().expect("share the login socket");
            Process::start_with_input("twinlockd", command, OwnedFd::from(socket).into())
        }
    }
}
