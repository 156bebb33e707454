//! What a restore must not bring back: trust in hosts, and codes that were good once or for a time.

use std::fs;

use serde_json::Value;
use twinlock_tests::login::{Login, Outcome};
use twinlock_tests::rig::application::login;
use twinlock_tests::rig::command::{enrol, errors, json, show, twinlock, twinlock_as};
use twinlock_tests::rig::daemon::{Daemon, STORE};
use twinlock_tests::rig::host::Host;
use twinlock_tests::rig::pam_stack::{code_alone, install};
use twinlock_tests::rig::process::run;
use twinlock_tests::rig::users::User;

const FILE: &str = "/run/rig/backup";
const WORDS: &str = "/run/rig/passphrase";

/// alice at home, where she trusted her host.
fn at_home() -> Login {
    after_a_password("alice").from("203.0.113.7")
}

fn after_a_password(user: &str) -> Login {
    Login::new("sshd", user).environment("SSH_AUTH_INFO_0", "password")
}

/// Whether a login was asked for nothing.
fn is_spared(outcome: &Outcome) -> bool {
    outcome.is_success() && outcome.code_prompts() == 0
}

fn well(arguments: &[&str]) {
    let output = twinlock(arguments);
    assert!(output.status.success(), "{arguments:?}: {}", errors(&output));
}

fn restore() {
    well(&["restore", FILE, "--passphrase-file", WORDS, "--yes"]);
}

/// A new store with a new key, as on another machine.
fn start_afresh(daemon: &mut Daemon) {
    daemon.stop();
    fs::remove_dir_all(STORE).unwrap();
    fs::remove_file("/etc/twinlock/key").unwrap();
    daemon.restart();
}

/// Whether dan's invitation is asked for, and taken.
fn lets_enrol(invitation: &str) -> bool {
    let outcome = login(&after_a_password("dan").answer(invitation));
    assert!(outcome.text().contains("Invitation code"), "{outcome:?}");
    outcome.text().contains("Key: ")
}

fn refused(code: &str) -> bool {
    let outcome = login(&at_home().answer(code));
    well(&["unlock", "alice"]);
    !outcome.is_success()
}

#[test]
fn a_trusted_host_is_asked_again_and_nothing_that_was_void_works_after_a_restore() {
    Host::run_with_daemon(|_, daemon| {
        User::create("dan", "correct horse");
        install("sshd", &code_alone("timeout=3"));
        fs::write(WORDS, "correct horse battery staple\n").unwrap();
        run(std::process::Command::new("chmod").args(["600", WORDS]));
        let mut phone = enrol("alice");
        let made = json(&["recovery", "new", "alice", "--json"]);
        let recovery = |n: usize| made["recovery_codes"][n].as_str().unwrap().to_owned();
        enrol("dan");
        let reset = json(&["reset", "dan", "--yes", "--json"]);
        let invitation = reset[0]["invitation"]["code"].as_str().unwrap().to_owned();
        let bypass = json(&["bypass", "alice", "--for", "1h", "--reason", "test", "--json"]);
        let bypass = bypass["code"].as_str().unwrap().to_owned();
        let used = phone.fresh();
        assert!(login(&at_home().answer(used.as_str()).answer("y")).is_success());
        assert!(is_spared(&login(&at_home())));
        assert!(twinlock_as("alice", &["reset", "request"]).status.success());
        assert!(lets_enrol(&invitation));
        well(&["backup", FILE, "--passphrase-file", WORDS]);

        // What is used up or void since.
        assert!(login(&at_home().from("203.0.113.8").answer(recovery(0))).is_success());
        let asked = show("alice")["reset_request"]["id"].as_str().unwrap().to_owned();
        well(&["reset", "refuse", &asked]);
        restore();
        let after = |place: &str| {
            let alice = show("alice");
            assert_eq!(alice["trusted_hosts"], serde_json::json!([]), "{place}");
            assert_eq!(alice["bypasses"], serde_json::json!([]), "{place}");
            assert_eq!(alice["reset_request"], Value::Null, "{place}");
            assert_eq!(show("dan")["invitation"], Value::Null, "{place}");
            assert!(!is_spared(&login(&at_home())), "{place}: trusted as before");
            assert!(refused(&bypass), "{place}: the bypass code");
            assert!(refused(&used), "{place}: a code that was used");
            assert!(!lets_enrol(&invitation), "{place}: the invitation");
        };
        after("in the same store");
        assert!(refused(&recovery(0)), "a recovery code that was used since");
        assert!(login(&at_home().answer(recovery(1))).is_success(), "one that was not");

        start_afresh(daemon);
        restore();
        after("in a new store");
        assert!(login(&at_home().answer(recovery(2))).is_success());
        assert!(!is_spared(&login(&at_home())), "nobody said that it is to be trusted again");
    });
}
