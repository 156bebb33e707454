//! A host whose clock goes back to 1970 when it boots: what was required stays required.

use twinlock_tests::login::{Login, Outcome};
use twinlock_tests::rig::application::login;
use twinlock_tests::rig::clock::Clock;
use twinlock_tests::rig::command::{enrol, failures};
use twinlock_tests::rig::daemon::{Daemon, configure};
use twinlock_tests::rig::host::Host;
use twinlock_tests::rig::pam_stack::{code_alone, install};
use twinlock_tests::rig::process::PATIENCE;

const KEY: &str = "Key: ";

fn reconfigure(daemon: &mut Daemon, profile: &str) {
    configure(&format!("version = 1\n[[profile]]\nname = \"everyone\"\n{profile}"));
    daemon.reload();
}

fn attempt(user: &str) -> Outcome {
    let attempt = Login::new("sshd", user).from("203.0.113.7");
    login(&attempt.environment("SSH_AUTH_INFO_0", "password"))
}

#[test]
fn a_clock_that_boots_in_1970_switches_nothing_off() {
    Host::run_with_daemon(|host, daemon| {
        install("sshd", &code_alone(""));
        reconfigure(daemon, "enforce_from = 2020-01-01\n");
        assert!(attempt("alice").text().contains(KEY));
        let phone = enrol("bob");

        let mark = host.syslog.mark();
        daemon.restart_at(Clock::of_1970());
        host.syslog.wait_for(mark, &["event=trouble", "behind the latest time seen"], PATIENCE);
        let outcome = attempt("alice");
        assert!(!outcome.is_success() && outcome.text().contains(KEY), "{outcome:?}");
        // Codes go by the clock as it is: one of today is none of 1970, and nobody is let in
        // without one.
        let outcome = login(&Login::new("code", "bob").answer(phone.current()));
        assert!(!outcome.is_success(), "{outcome:?}");
        assert_eq!(failures("bob"), 1);
    });
}

#[test]
fn grace_that_is_over_does_not_come_back_with_an_old_clock() {
    Host::run_with_daemon(|_, daemon| {
        install("sshd", &code_alone(""));
        reconfigure(daemon, "grace = \"14 days\"\n");
        assert!(attempt("alice").is_success());
        daemon.restart_at(Clock::days_ahead(15));
        assert!(attempt("alice").text().contains(KEY));
        daemon.restart_at(Clock::of_1970());
        let outcome = attempt("alice");
        assert!(!outcome.is_success() && outcome.text().contains(KEY), "{outcome:?}");
    });
}

#[test]
fn a_wait_for_wrong_codes_outlives_an_old_clock() {
    Host::run_with_daemon(|_, daemon| {
        configure("version = 1\n[lockout]\nattempts = 1\ndelay = \"1 hour\"\n");
        daemon.reload();
        let phone = enrol("alice");
        let guess = Login::new("code", "alice").from("203.0.113.9");
        login(&guess.clone().answer(phone.wrong()));
        daemon.restart_at(Clock::of_1970());
        let outcome = login(&guess);
        assert!(outcome.text().contains("Too many wrong codes"), "{outcome:?}");
        assert_eq!(outcome.code_prompts(), 0, "{outcome:?}");
    });
}
