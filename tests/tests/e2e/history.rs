//! What happened is found again: by time, by user, and by the reference that a person was told.

use serde_json::Value;

use twinlock_tests::login::{Login, Outcome};
use twinlock_tests::rig::application::login;
use twinlock_tests::rig::command::{enrol, errors, json, twinlock, twinlock_as};
use twinlock_tests::rig::daemon::CONFIGURATION;
use twinlock_tests::rig::host::Host;
use twinlock_tests::rig::namespace::write;

/// The reference in what a person read.
fn reference(outcome: &Outcome) -> String {
    let text = outcome.text();
    let reference = text.split("(reference ").nth(1).and_then(|rest| rest.split(')').next());
    reference.unwrap_or_else(|| panic!("no reference in {text}")).to_owned()
}

/// What `twinlock log --json` prints.
fn log(arguments: &[&str]) -> Vec<Value> {
    let output = twinlock(&[&["log", "--json"], arguments].concat());
    assert!(output.status.success(), "{}", errors(&output));
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn events(arguments: &[&str]) -> Vec<String> {
    log(arguments).iter().map(|event| event["event"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_reference_from_the_prompt_leads_to_the_cause_and_what_to_do() {
    Host::run_with_daemon(|_, _| {
        let mut phone = enrol("alice");
        let try_code = |code: String| {
            let attempt = Login::new("code", "alice").from("203.0.113.9");
            reference(&login(&attempt.answer(code)))
        };
        for (code, meaning, advice) in [
            (phone.wrong(), "not right for any factor", "'twinlock reset alice'"),
            (phone.away(5), "ahead of the clock of this host", "timedatectl"),
            (phone.away(-5), "behind the clock of this host", "timedatectl"),
        ] {
            let reference = try_code(code);
            let output = twinlock(&["why", &reference.to_lowercase()]);
            assert!(output.status.success(), "{}", errors(&output));
            let told = String::from_utf8(output.stdout).unwrap();
            assert!(told.contains(meaning) && told.contains(advice), "{told}");
            assert!(told.contains("alice (code, from 203.0.113.9)"), "{told}");
            assert!(told.contains(&format!("reference={reference}")), "{told}");
            let why = json(&["why", &reference, "--json"]);
            assert_eq!(why["reference"], reference.as_str());
        }
        let output = twinlock(&["why", "000000"]);
        assert_eq!(output.status.code(), Some(1));
        assert!(errors(&output).contains("No event has the reference"), "{}", errors(&output));
        let output = twinlock(&["why", "what"]);
        assert!(errors(&output).contains("as in 7F3KQ2"), "{}", errors(&output));
        assert!(login(&Login::new("code", "alice").answer(phone.fresh())).is_success());
    });
}

#[test]
fn the_log_outlives_a_restart_and_holds_no_code() {
    Host::run_with_daemon(|_, daemon| {
        let mut phone = enrol("alice");
        let codes = [phone.wrong(), phone.fresh()];
        let attempt = Login::new("code", "alice").from("203.0.113.9");
        assert!(login(&attempt.answer(codes[0].clone()).answer(codes[1].clone())).is_success());
        // At once: what was gathered for a second is written when the daemon is told to stop.
        daemon.stop();
        daemon.restart();
        let expected = ["factor.enrolled", "code.refused", "login.allowed"];
        assert_eq!(events(&["--user", "alice"]), expected);
        assert!(events(&["--user", "bob"]).is_empty());
        let all = log(&[]);
        assert_eq!(all[1]["source"], "203.0.113.9");
        assert_eq!(all[1]["cause"], "wrong code");
        let text = Value::from(all).to_string();
        for code in codes {
            assert!(!text.contains(&code), "{text}");
        }
    });
}

#[test]
fn observe_mode_lists_who_would_have_been_refused() {
    Host::run_with_daemon(|_, daemon| {
        write(CONFIGURATION, "version = 1\nmode = \"observe\"\n");
        daemon.reload();
        let outcome = login(&Login::new("code", "bob").from("203.0.113.9"));
        assert!(!outcome.text().contains("code"), "{outcome:?}");
        let observed = log(&["--observed"]);
        assert!(!observed.is_empty());
        for event in observed {
            assert_eq!(event["event"], "login.observed");
            assert_eq!(event["user"], "bob");
            assert!(event["cause"].as_str().unwrap().starts_with("would "), "{event}");
        }
    });
}

#[test]
fn what_happened_to_others_is_no_users_business() {
    Host::run_with_daemon(|_, _| {
        for arguments in [&["log"][..], &["log", "--user", "alice"], &["why", "7F3KQ2"]] {
            let output = twinlock_as("alice", arguments);
            assert_eq!(output.status.code(), Some(1), "{}", errors(&output));
            assert!(output.stdout.is_empty());
        }
    });
}
