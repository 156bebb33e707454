//! A host with PAM files of its own, for changes of them.

use std::cell::{Cell, RefCell};
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixListener;
use std::path::PathBuf;
use std::process::Command;
use std::rc::Rc;
use std::time::Duration;

use tempfile::TempDir;
use twinlock_bus_api::history::LogEvent;
use twinlock_cli::pam_change::Machine;
use twinlock_cli::pam_change::guard::{Armed, Guard};
use twinlock_cli::pam_change::record::Record;
use twinlock_cli::pam_change::sshd::Sshd;

use super::daemon::{Daemon, NOW, THEN};
use super::history::login;
use super::person::{Clock, Scene, Shown};

/// What Debian's sshd has, in short.
pub const SSHD: &str = "# PAM configuration for the Secure Shell service\n\n\
                        @include common-auth\n\n\
                        account    required     pam_nologin.so\n\
                        @include common-account\n\n\
                        session    required     pam_limits.so\n\
                        @include common-session\n\
                        @include common-password";

const COMMON: [(&str, &str); 4] = [
    (
        "common-auth",
        "auth\t[success=1 default=ignore]\tpam_unix.so nullok\nauth\trequisite\tpam_deny.so\n\
         auth\trequired\tpam_permit.so\n",
    ),
    (
        "common-account",
        "account\t[success=1 new_authtok_reqd=done default=ignore]\tpam_unix.so\naccount\t\
         requisite\tpam_deny.so\naccount\trequired\tpam_permit.so\n",
    ),
    ("common-session", "session\trequired\tpam_unix.so\n"),
    ("common-password", "password\trequired\tpam_unix.so\n"),
];

/// The guard of a test: it notes what it was asked, and fails where it is told to.
#[derive(Clone)]
pub struct Notes {
    asked: Rc<RefCell<Vec<String>>>,
    fails: Rc<Cell<bool>>,
    clock: Clock,
    reload_takes: Rc<Cell<u64>>,
}

impl Notes {
    fn at(clock: Clock) -> Self {
        let (asked, fails, reload_takes) = Default::default();
        Self { asked, fails, clock, reload_takes }
    }

    /// What was asked of it.
    pub fn all(&self) -> Vec<String> {
        self.asked.borrow().clone()
    }

    /// Does nothing of what it is asked from now on.
    pub fn fails(&self) {
        self.fails.set(true);
    }

    /// Takes so many seconds to have sshd read its configuration.
    pub fn reloads_within(&self, seconds: u64) {
        self.reload_takes.set(seconds);
    }

    fn obeys(&self) -> Result<(), String> {
        if self.fails.get() { Err("systemd does not answer".to_owned()) } else { Ok(()) }
    }
}

impl Guard for Notes {
    fn reload_sshd(&self) -> Result<Option<String>, String> {
        self.obeys()?;
        self.asked.borrow_mut().push("reload sshd".to_owned());
        self.clock.pass(self.reload_takes.get());
        Ok(Some("the sshd of the test is reloaded".to_owned()))
    }

    fn arm(&self, record: &Record, after: Duration) -> Result<Armed, String> {
        self.obeys()?;
        self.asked.borrow_mut().push(format!("arm {} {}s", record.service, after.as_secs()));
        Ok(Armed { who: "the timer of the test".to_owned(), survives_restart: true })
    }

    fn disarm(&self, record: &Record) {
        self.asked.borrow_mut().push(format!("disarm {}", record.service));
    }
}

/// The host.
pub struct Host {
    directory: TempDir,
    _listener: UnixListener,
    configuration: PathBuf,
    /// Its guard.
    pub guard: Notes,
    /// Its clock.
    pub clock: Clock,
    /// How many seconds whoever sits there takes for each answer.
    pub thinks: Cell<u64>,
}

impl Host {
    /// A host with common files, Twinlock's module and a login socket, and this daemon.
    pub fn with(daemon: &Daemon) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let root = directory.path();
        fs::set_permissions(root, Permissions::from_mode(0o755)).unwrap();
        for folder in ["pam.d", "vendor", "security"] {
            fs::create_dir(root.join(folder)).unwrap();
        }
        let listener = UnixListener::bind(root.join("login.sock")).unwrap();
        let configuration = root.join("twinlock.toml");
        let socket = root.join("login.sock");
        let text = fs::read_to_string(daemon.config()).unwrap();
        let clock = Clock::now();
        let host = Self {
            _listener: listener,
            configuration,
            guard: Notes::at(clock.clone()),
            clock,
            thinks: Cell::new(0),
            directory,
        };
        host.write(
            "twinlock.toml",
            &format!("{text}\n[login]\nsocket = \"{}\"\n", socket.display()),
        );
        for (name, text) in COMMON {
            host.write(&format!("pam.d/{name}"), text);
        }
        for module in ["pam_unix.so", "pam_twinlock.so"] {
            host.write(&format!("security/{module}"), "");
        }
        host
    }

    /// Its root.
    pub fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// Writes a file that nobody else can write to.
    pub fn write(&self, name: &str, text: &str) {
        let path = self.path(name);
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o644)).unwrap();
    }

    /// Reads a file; nothing where there is none.
    pub fn read(&self, name: &str) -> Option<String> {
        fs::read_to_string(self.path(name)).ok()
    }

    /// The files of it that the command changes.
    pub fn machine(&self) -> Machine {
        Machine {
            folders: vec![self.path("pam.d"), self.path("vendor")],
            modules: vec![self.path("security")],
            sshd: Sshd {
                program: self.path("sshd"),
                configuration: self.path("ssh/sshd_config"),
                drop_in: self.path("ssh/sshd_config.d/00-twinlock.conf"),
            },
            records: self.path("records"),
            owner: rustix::process::getuid().as_raw(),
            guard: Box::new(self.guard.clone()),
        }
    }

    /// Runs a command there, in front of a person who answers so, or of nobody.
    pub fn run(&self, arguments: &[&str], script: &[(&'static str, &'static str)]) -> Shown {
        let mut scene = Scene::at_terminal(script);
        scene.interactive = !script.is_empty();
        scene.machine = self.machine();
        scene.clock = self.clock.clone();
        scene.thinks = self.thinks.get();
        let configuration = self.configuration.to_str().unwrap().to_owned();
        let mut all = vec!["--config", &*configuration];
        all.extend(arguments);
        scene.run(&all)
    }

    /// What was shown, without the paths of the test.
    pub fn transcript(&self, shown: &Shown) -> String {
        shown.transcript().replace(self.directory.path().to_str().unwrap(), "ROOT")
    }
}

/// The stack of su, without Twinlock.
pub const SU: &str =
    "auth sufficient pam_rootok.so\n@include common-auth\n@include common-account\n";
/// Enables the service of [`ssh_host`] without a question.
pub const ENABLE: &[&str] = &["pam", "enable", "ssh", "--yes"];

/// A host with a service `ssh`, which has the stack of sshd and no sshd behind it.
pub fn ssh_host() -> (Daemon, Host) {
    let daemon = Daemon::for_caller("root");
    let host = Host::with(&daemon);
    host.write("pam.d/ssh", SSHD);
    (daemon, host)
}

/// What is added to the configuration of the sshd of [`sshd_host`].
pub const DROP_IN: &str = "ssh/sshd_config.d/00-twinlock.conf";

/// An sshd that reads of its configuration whether it has methods, and says what lies in `told`.
const FAKE_SSHD: &str = r#"#!/bin/sh
while [ "$1" != -f ]; do shift; done
case "$2" in *sshd_config) included="${2%sshd_config}sshd_config.d/00-twinlock.conf" ;; esac
cat "${0%/*}/told" 2>/dev/null
echo usepam yes
echo kbdinteractiveauthentication yes
cat "$2" $included 2>/dev/null | sed -n 's/^AuthenticationMethods/authenticationmethods/p' | head -n 1
"#;

/// A host with the service `sshd`, and an sshd whose configuration has nothing but an Include.
pub fn sshd_host() -> (Daemon, Host) {
    let (daemon, host) = ssh_host();
    host.write("pam.d/sshd", SSHD);
    host.write("sshd.text", FAKE_SSHD);
    // Whatever another thread forks here would keep a file that is being written from being run.
    let mut install = Command::new("install");
    install.arg("-m755").args([host.path("sshd.text"), host.path("sshd")]);
    assert!(install.status().unwrap().success());
    fs::create_dir_all(host.path("ssh/sshd_config.d")).unwrap();
    let include = format!("Include {}/*.conf\n", host.path("ssh/sshd_config.d").display());
    host.write("ssh/sshd_config", &include);
    host.write("told", "permitrootlogin no\n");
    (daemon, host)
}

/// alice logs in at [`NOW`].
pub fn logs_in(daemon: &Daemon, service: &str) {
    happens(daemon, service, 0, "login.allowed", "code of factor A7");
}

/// Something happens to alice, these seconds after [`NOW`].
pub fn happens(daemon: &Daemon, service: &str, later: u64, event: &str, cause: &str) {
    let event = login(NOW - THEN + later, event, "alice", cause);
    let event = LogEvent { service: Some(service.to_owned()), ..event };
    daemon.state.lock().unwrap().log.push(event);
}
