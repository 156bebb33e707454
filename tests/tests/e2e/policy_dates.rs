//! Since when a second factor is required: before the date a reminder, from the date on enrolment,
//! and between them as much grace as the profile gives.

use std::process::Command;

use twinlock_tests::login::{Login, Outcome};
use twinlock_tests::rig::application::login;
use twinlock_tests::rig::authenticator::Authenticator;
use twinlock_tests::rig::clock::Clock;
use twinlock_tests::rig::command::{show, twinlock_as};
use twinlock_tests::rig::daemon::{Daemon, configure};
use twinlock_tests::rig::host::Host;
use twinlock_tests::rig::pam_stack::{code_alone, install};
use twinlock_tests::rig::process::demand;
use twinlock_tests::rig::ssh::{Ssh, is_in};
use twinlock_tests::rig::sshd::Sshd;

const CONFIRM: &str = "Verification code (i: redraw for a light screen):";
const HOW: &str = "set it up with 'twinlock enroll'";

fn reconfigure(daemon: &mut Daemon, profile: &str) {
    configure(&format!("version = 1\n[[profile]]\nname = \"everyone\"\n{profile}"));
    daemon.reload();
}

/// The date so many days from now, from a calendar that is not ours.
fn date(days: u32) -> String {
    let day = format!("+{days} days");
    demand(Command::new("date").args(["--utc", "--date", &day, "+%Y-%m-%d"])).trim().to_owned()
}

/// A login of alice after a password, without an answer to any prompt.
fn attempt() -> Outcome {
    let login_of_alice = Login::new("sshd", "alice").from("203.0.113.7");
    login(&login_of_alice.environment("SSH_AUTH_INFO_0", "password"))
}

fn is_reminded(outcome: &Outcome, sentence: &str) -> bool {
    let text = outcome.text();
    outcome.is_success() && text.contains(sentence) && text.contains(HOW)
}

fn must_enrol(outcome: &Outcome) -> bool {
    !outcome.is_success() && outcome.text().contains("Key: ")
}

#[test]
fn before_the_date_sshd_lets_in_with_a_reminder_and_from_then_on_it_enrols() {
    Host::run_with_daemon(|host, daemon| {
        let from = date(10);
        reconfigure(daemon, &format!("enforce_from = {from}\n"));
        install("sshd", &code_alone(""));
        let _sshd = Sshd::start(&["AuthenticationMethods publickey,keyboard-interactive"]);
        let ssh = Ssh::to(&host.alice).from("203.0.113.7");
        let mut before = ssh.start();
        assert!(is_in(&mut before, "alice"), "{}", before.transcript());
        let shown = before.transcript();
        let sentence = format!("will be required on web1 from {from}");
        assert!(shown.contains(&sentence) && shown.contains(HOW), "{shown}");
        assert!(!shown.contains("Key:"), "{shown}");

        daemon.restart_at(Clock::days_ahead(11));
        let mut after = ssh.start();
        after.expect("is required on web1").expect("Key: ").expect(CONFIRM);
        let text = after.transcript();
        let key = text.rsplit("Key: ").next().and_then(|rest| rest.lines().next());
        let phone = Authenticator::new(key.expect("a key").trim());
        // The daemon's steps of 30 s are eleven days ahead of the phone's.
        let code = phone.away(11 * 24 * 3600 / 30);
        after.type_line(&code).expect("Press Enter to go on:").type_line("");
        assert!(is_in(&mut after, "alice"), "{}", after.transcript());
        assert_eq!(show("alice")["state"], "enrolled");
    });
}

#[test]
fn a_date_in_the_file_switches_at_a_reload() {
    Host::run_with_daemon(|_, daemon| {
        install("sshd", &code_alone(""));
        reconfigure(daemon, "enforce_from = 2099-01-01\n");
        let before = attempt();
        assert!(is_reminded(&before, "will be required on web1 from 2099-01-01"), "{before:?}");
        reconfigure(daemon, "enforce_from = 2020-01-01\n");
        let after = attempt();
        assert!(must_enrol(&after), "{after:?}");
    });
}

#[test]
fn grace_begins_with_the_first_login_and_ends() {
    Host::run_with_daemon(|_, daemon| {
        install("sshd", &code_alone(""));
        reconfigure(daemon, "grace = \"14 days\"\n");
        let sentence = format!("is required on web1 from {} on", date(14));
        let first = attempt();
        assert!(is_reminded(&first, &sentence), "{first:?}");
        let status = twinlock_as("alice", &["status"]);
        let status = String::from_utf8_lossy(&status.stdout).into_owned();
        assert!(status.contains(&date(14)), "users see their own deadline: {status}");

        daemon.restart_at(Clock::days_ahead(13));
        let later = attempt();
        assert!(is_reminded(&later, &sentence), "a later login does not begin anew: {later:?}");
        daemon.restart_at(Clock::days_ahead(15));
        let over = attempt();
        assert!(must_enrol(&over), "{over:?}");
    });
}

#[test]
fn grace_after_a_date_runs_from_the_date() {
    Host::run_with_daemon(|_, daemon| {
        install("sshd", &code_alone(""));
        reconfigure(daemon, &format!("enforce_from = {}\ngrace = \"3 days\"\n", date(2)));
        let before = attempt();
        let sentence = format!("will be required on web1 from {}", date(2));
        assert!(is_reminded(&before, &sentence), "{before:?}");
        daemon.restart_at(Clock::days_ahead(4));
        let within = attempt();
        assert!(
            is_reminded(&within, &format!("is required on web1 from {} on", date(5))),
            "{within:?}"
        );
        daemon.restart_at(Clock::days_ahead(6));
        let over = attempt();
        assert!(must_enrol(&over), "{over:?}");
    });
}
