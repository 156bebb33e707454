//! What an administrator does with the command takes effect in the next login.

use twinlock_tests::login::{Login, code};
use twinlock_tests::rig::application::login;
use twinlock_tests::rig::command::{
    enrol, errors, failures, json, show, twinlock, twinlock_as, verifies,
};
use twinlock_tests::rig::host::Host;

#[test]
fn a_reset_takes_the_factor_away_and_the_next_login_says_so() {
    Host::run_with_daemon(|_, _| {
        let mut phone = enrol("alice");
        assert!(login(&Login::new("code", "alice").answer(phone.fresh())).is_success());
        let output = twinlock(&["reset", "alice", "--yes"]);
        assert!(output.status.success(), "{}", errors(&output));
        let outcome = login(&Login::new("code", "alice").answer(phone.fresh()));
        assert_eq!(outcome.authenticate, Some(code::AUTH_ERR), "{outcome:?}");
        let mut new = enrol("alice");
        assert_ne!(new.secret(), phone.secret());
        assert!(login(&Login::new("code", "alice").answer(new.fresh())).is_success());
    });
}

#[test]
fn a_verified_code_is_used_and_a_wrong_one_is_counted() {
    Host::run_with_daemon(|_, _| {
        let mut phone = enrol("alice");
        let code = phone.fresh();
        assert!(verifies("alice", &code));
        assert!(!verifies("alice", &code), "a verified code is used");
        assert!(!login(&Login::new("code", "alice").answer(code)).is_success());
        assert!(!verifies("alice", &phone.wrong()));
        assert_eq!(failures("alice"), 1);
        assert!(twinlock(&["unlock", "alice"]).status.success());
        assert_eq!(failures("alice"), 0);
    });
}

#[test]
fn users_see_themselves_and_verify_their_own_code() {
    Host::run_with_daemon(|_, _| {
        let mut phone = enrol("alice");
        let output = twinlock_as("alice", &["status", "--json"]);
        assert!(output.status.success(), "{}", errors(&output));
        let status: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
        assert_eq!(status["user"], "alice");
        assert_eq!(status["state"], "enrolled");
        assert!(twinlock_as("alice", &["verify", &phone.fresh()]).status.success());
        assert_eq!(twinlock_as("alice", &["verify", &phone.wrong()]).status.code(), Some(1));
    });
}

#[test]
fn the_list_shows_who_is_enrolled_and_a_record_survives_a_restart() {
    Host::run_with_daemon(|_, daemon| {
        let mut phone = enrol("alice");
        daemon.stop();
        daemon.restart();
        let list = json(&["user", "list", "--json"]);
        assert!(list.to_string().contains("\"alice\""), "{list}");
        assert_eq!(show("alice")["state"], "enrolled");
        assert!(login(&Login::new("code", "alice").answer(phone.fresh())).is_success());
    });
}

#[test]
fn a_record_of_another_uid_lets_nobody_in() {
    Host::run_with_daemon(|host, _| {
        let mut phone = enrol("alice");
        let mut usermod = std::process::Command::new("usermod");
        twinlock_tests::rig::process::demand(usermod.args(["--uid", "4242", "alice"]));
        let mark = host.syslog.mark();
        let outcome = login(&Login::new("code", "alice").answer(phone.fresh()));
        assert_eq!(outcome.authenticate, Some(code::AUTH_ERR), "{outcome:?}");
        let words = ["event=login.refused", "alice", "uid"];
        host.syslog.wait_for(mark, &words, twinlock_tests::rig::process::PATIENCE);
        assert_eq!(show("alice")["state"], "mismatch");
    });
}

#[test]
fn an_unknown_user_and_a_missing_daemon_have_exit_codes_of_their_own() {
    Host::run_with_daemon(|_, daemon| {
        let output = twinlock(&["enroll", "mallory", "--no-confirm", "--json"]);
        assert_eq!(output.status.code(), Some(1), "{}", errors(&output));
        assert!(errors(&output).contains("mallory"), "{}", errors(&output));
        assert_eq!(twinlock(&["no-such-verb"]).status.code(), Some(2));
        daemon.stop();
        let output = twinlock(&["user", "list"]);
        assert_eq!(output.status.code(), Some(3), "{}", errors(&output));
    });
}
