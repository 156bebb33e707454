//! One machine under test: namespaces, two users, a system log, and what a test adds to it.

use std::panic::resume_unwind;
use std::thread;

use super::bus::Bus;
use super::daemon::Daemon;
use super::syslog::Syslog;
use super::users::User;
use super::{artifacts, namespace, pam_stack};

/// A machine `web1` with alice and bob.
pub struct Host {
    /// A user with a password and a key.
    pub alice: User,
    /// Another one.
    pub bob: User,
    /// The system log.
    pub syslog: Syslog,
}

impl Host {
    /// Runs a test on a machine with Twinlock built, but not running.
    pub fn run(test: impl FnOnce(&mut Self) + Send + 'static) {
        artifacts::build();
        Self::run_bare(test);
    }

    /// Runs a test on a machine of its own, in a thread of its own: namespaces are the thread's,
    /// and a later test must not find itself in them.
    pub fn run_bare(test: impl FnOnce(&mut Self) + Send + 'static) {
        let machine = thread::spawn(move || {
            namespace::enter();
            let mut host = Self {
                alice: User::create("alice", "correct horse"),
                bob: User::create("bob", "battery staple"),
                syslog: Syslog::start(),
            };
            test(&mut host);
        });
        if let Err(cause) = machine.join() {
            resume_unwind(cause);
        }
    }

    /// Runs a test on a machine with a system bus and a running daemon, both with their defaults,
    /// and a PAM service `code` that asks for nothing but the code.
    pub fn run_with_daemon(test: impl FnOnce(&mut Self, &mut Daemon) + Send + 'static) {
        Self::run(|host| {
            let _bus = Bus::start();
            pam_stack::install("code", &pam_stack::code_alone("timeout=3"));
            let mut daemon = Daemon::start();
            test(host, &mut daemon);
        });
    }
}
