//! The daemon as its unit runs it: not root, on a socket that it is handed, with its key as a
//! credential.

use std::fs;
use std::os::unix::fs::MetadataExt;

use twinlock_tests::login::Login;
use twinlock_tests::rig::application::{Application, login};
use twinlock_tests::rig::bus::Bus;
use twinlock_tests::rig::command::enrol;
use twinlock_tests::rig::daemon::{self, Daemon, LOGIN_SOCKET, STORE};
use twinlock_tests::rig::host::Host;
use twinlock_tests::rig::pam_stack::{code_alone, install};

/// A machine with the daemon as it is installed.
fn run(test: impl FnOnce(&mut Daemon) + Send + 'static) {
    Host::run(|_| {
        daemon::create_user();
        let _bus = Bus::start();
        install("code", &code_alone("timeout=5"));
        test(&mut Daemon::start_as_installed());
    });
}

#[test]
fn the_installed_daemon_is_not_root_and_lets_the_right_code_in() {
    run(|daemon| {
        let owner = fs::metadata(format!("/proc/{}", daemon.pid())).expect("it runs").uid();
        assert_ne!(owner, 0, "the daemon runs as root");
        assert_eq!(fs::metadata(STORE).expect("the store").uid(), owner);
        let mut phone = enrol("alice");
        let outcome = login(&Login::new("code", "alice").answer(phone.wrong()));
        assert!(!outcome.is_success(), "{outcome:?}");
        let outcome = login(&Login::new("code", "alice").answer(phone.fresh()));
        assert!(outcome.is_success(), "{outcome:?}");
    });
}

#[test]
fn a_login_that_begins_while_the_daemon_restarts_waits_for_it() {
    run(|daemon| {
        let mut phone = enrol("alice");
        daemon.stop();
        assert!(fs::metadata(LOGIN_SOCKET).is_ok(), "the socket is systemd's, and stays");
        let mut application = Application::start();
        application.submit(&Login::new("code", "alice").answer(phone.fresh()));
        daemon.restart();
        let outcome = application.outcome();
        assert!(outcome.is_success(), "{outcome:?}");
    });
}
