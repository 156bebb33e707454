//! The system bus is no part of a login: with it dead, hung or used up, logins go on as before.

use twinlock_tests::login::Login;
use twinlock_tests::rig::application::Application;
use twinlock_tests::rig::artifacts;
use twinlock_tests::rig::authenticator::Authenticator;
use twinlock_tests::rig::bus::{self, Bus};
use twinlock_tests::rig::command::{enrol, twinlock};
use twinlock_tests::rig::daemon::Daemon;
use twinlock_tests::rig::host::Host;
use twinlock_tests::rig::pam_stack::{code_alone, install};
use twinlock_tests::rig::process::{PATIENCE, Process, as_user};

/// A right code comes in without delay, less than the time-out of its stack; a wrong one does not.
fn logins_go_on(application: &mut Application, phone: &mut Authenticator) {
    let attempt = Login::new("code", "alice").from("203.0.113.9");
    let outcome = application.login(&attempt.clone().answer(phone.wrong()));
    assert!(!outcome.is_success(), "{outcome:?}");
    let outcome = application.login(&attempt.answer(phone.fresh()));
    assert!(outcome.is_success() && outcome.millis < 2500, "{outcome:?}");
}

#[test]
fn logins_go_on_while_the_system_bus_is_dead_hung_or_was_never_there() {
    Host::run(|_| {
        install("code", &code_alone("timeout=3"));
        let bus = Bus::start();
        let mut daemon = Daemon::start();
        let mut phone = enrol("alice");
        let mut application = Application::start();
        bus.pause();
        logins_go_on(&mut application, &mut phone);
        bus.resume();
        bus.stop();
        logins_go_on(&mut application, &mut phone);
        assert!(daemon.is_running(), "{}", daemon.stderr());
        let output = twinlock(&["user", "list"]);
        assert_eq!(
            output.status.code(),
            Some(3),
            "the command says that the daemon is out of reach"
        );
        daemon.stop();
        daemon.restart();
        logins_go_on(&mut application, &mut phone);

        // The bus comes back, and the daemon finds it.
        let _bus = Bus::start();
        let back = twinlock_tests::rig::process::eventually(PATIENCE, || {
            twinlock(&["user", "list"]).status.success()
        });
        assert!(back, "the daemon does not come back to the bus: {}", daemon.stderr());
    });
}

#[test]
fn logins_go_on_while_another_user_uses_up_the_bus() {
    Host::run_with_daemon(|_, _| {
        let mut phone = enrol("alice");
        let mut hoard = as_user("bob", artifacts::stranger());
        hoard.args(["hoard", bus::SOCKET, "400"]);
        let hoarder = Process::start("stranger", hoard);
        assert!(hoarder.stdout().find(0, "ready", PATIENCE).is_some());
        logins_go_on(&mut Application::start(), &mut phone);
    });
}
