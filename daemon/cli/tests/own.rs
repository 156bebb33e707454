//! Recovery codes, trusted hosts and contacts: what is printed, asked and refused.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test stops at its first surprise")]

mod support;

use support::daemon::{Daemon, RIGHT, USED};
use support::own::SENT;
use support::person::{Scene, Shown};
use support::transcript;

/// What a person at a terminal sees.
fn at_terminal(
    daemon: &Daemon,
    arguments: &[&str],
    script: &[(&'static str, &'static str)],
) -> Shown {
    let mut all = vec!["--config", daemon.config()];
    all.extend(arguments);
    Scene::at_terminal(script).run(&all)
}

/// What the built command prints without one.
fn shown(daemon: &Daemon, arguments: &[&str], input: &str) -> String {
    let mut all = vec!["--config", daemon.config()];
    all.extend(arguments);
    transcript(&all, input).replace(daemon.config(), "CONFIG")
}

fn snapshot(name: &str, shown: &Shown) {
    insta::assert_snapshot!(name, shown.transcript());
}

#[test]
fn new_recovery_codes_are_shown_once_to_who_has_a_code_sent_first() {
    let daemon = Daemon::for_caller("nina");
    let script = [
        ("Go ahead? [y/N] ", "y"),
        ("Verification code (or e: e-mail, a recovery code): ", "E"),
        ("Verification code (or e: e-mail, a recovery code): ", "e"),
        ("Verification code (or e", "000000"),
        ("Verification code (or e", SENT),
    ];
    snapshot("recovery-new", &at_terminal(&daemon, &["recovery", "new"], &script));
    assert_eq!(daemon.requests(), ["send nina email", "renew nina"]);
}

#[test]
fn recovery_codes_of_a_user_are_made_by_an_administrator_without_a_code() {
    let daemon = Daemon::for_caller("root");
    insta::assert_snapshot!(shown(&daemon, &["recovery", "new", "alice"], ""));
    let json = shown(&daemon, &["recovery", "new", "nina", "--yes", "--json"], "");
    assert!(json.starts_with(r#"{"user":"nina","recovery_codes":["7F3K-Q2M8-"#), "{json}");
    assert_eq!(daemon.requests(), ["renew alice", "renew nina"]);
}

#[test]
fn new_recovery_codes_are_refused_without_a_yes_a_factor_or_a_right_code() {
    let daemon = Daemon::for_caller("nina");
    snapshot("recovery-no", &at_terminal(&daemon, &["recovery", "new"], &[("Go ahead?", "n")]));
    let mut all = String::new();
    all.push_str(&shown(&daemon, &["recovery", "new"], "123456\n"));
    all.push_str(&shown(&daemon, &["recovery", "new", "--yes"], "000000\n"));
    all.push_str(&shown(&daemon, &["recovery", "new", "--yes"], "111111\n"));
    all.push_str(&shown(&daemon, &["recovery", "new", "--yes"], ""));
    all.push_str(&shown(&Daemon::for_caller("bob"), &["recovery", "new"], ""));
    all.push_str(&shown(&Daemon::that_forbids(), &["recovery", "new", "alice"], ""));
    insta::assert_snapshot!("recovery-refusals", all);
    assert!(daemon.requests().is_empty());
}

#[test]
fn a_user_whose_codes_count_nowhere_is_not_asked_for_one() {
    let daemon = Daemon::for_caller("nina");
    daemon.state.lock().unwrap().status_mut("nina").code_methods = Some(Vec::new());
    insta::assert_snapshot!(shown(&daemon, &["recovery", "new", "--yes"], ""));
}

#[test]
fn codes_that_are_sent_again_and_again_come_to_an_end() {
    let daemon = Daemon::for_caller("nina");
    let script = [("Verification code (or e", "e"); 6];
    snapshot("recovery-sent", &at_terminal(&daemon, &["recovery", "new", "--yes"], &script));
}

#[test]
fn the_recovery_codes_that_are_left_are_counted() {
    let daemon = Daemon::for_caller("nina");
    let mut all = shown(&daemon, &["recovery", "count"], "");
    all.push_str(&shown(&daemon, &["recovery", "count", "nina", "--json"], ""));
    all.push_str(&shown(&Daemon::for_caller("bob"), &["recovery", "count"], ""));
    insta::assert_snapshot!("recovery-count", all);
}

#[test]
fn trusted_hosts_are_listed_with_their_times() {
    let daemon = Daemon::for_caller("nina");
    snapshot("trusted-list", &at_terminal(&daemon, &["trusted", "list"], &[]));
    snapshot("trusted-none", &at_terminal(&daemon, &["trusted", "list", "alice"], &[]));
    insta::assert_snapshot!("trusted-json", shown(&daemon, &["trusted", "list", "--json"], ""));
}

#[test]
fn one_trusted_host_is_cleared_after_a_yes_and_without_a_code() {
    let daemon = Daemon::for_caller("nina");
    let script = [("Go ahead? [y/N] ", "yes")];
    let one = at_terminal(&daemon, &["trusted", "clear", "--host", "H2"], &script);
    snapshot("trusted-clear-host", &one);
    let none = at_terminal(&daemon, &["trusted", "clear", "--host", "H2"], &[]);
    snapshot("trusted-clear-none", &none);
    assert_eq!(daemon.requests(), ["clear nina 'H2'"]);
}

#[test]
fn a_group_is_cleared_with_a_summary_of_what_failed_and_why() {
    let daemon = Daemon::for_caller("root");
    let clear = ["trusted", "clear", "--group", "desk"];
    let shown = at_terminal(&daemon, &clear, &[("Go ahead?", "y")]);
    assert!(
        shown.progress.contains("Clearing: [██████░░░░░░░░░░░░░░] 2 of 3: nina"),
        "{}",
        shown.progress
    );
    snapshot("trusted-clear-group", &shown);
    assert_eq!(daemon.requests(), ["clear alice ''", "clear nina ''"]);
    assert_eq!(at_terminal(&daemon, &["trusted", "clear", "--group", "no-such"], &[]).code, 1);
}

#[test]
fn everybody_is_cleared_in_json_and_a_stranger_is_refused() {
    let daemon = Daemon::for_caller("root");
    insta::assert_snapshot!(shown(&daemon, &["trusted", "clear", "--all", "--yes", "--json"], ""));
    let mut all = shown(&Daemon::that_forbids(), &["trusted", "clear", "--all", "--yes"], "");
    all.push_str(&shown(&Daemon::that_forbids(), &["trusted", "clear", "nina", "--yes"], ""));
    all.push_str(&shown(&daemon, &["trusted", "clear", "nina"], ""));
    insta::assert_snapshot!("trusted-refusals", all);
}

#[test]
fn a_contact_of_ones_own_takes_a_fresh_code_and_the_code_that_is_sent_there() {
    let daemon = Daemon::for_caller("alice");
    let script = [
        ("Verification code: ", "000000"),
        ("Verification code: ", "123456"),
        ("Code of the message: ", "222222"),
        ("Code of the message: ", "123456"),
    ];
    let set = ["contact", "set", "--email", "n@example.net"];
    snapshot("contact-set", &at_terminal(&daemon, &set, &script));
    assert_eq!(daemon.requests(), ["offer alice email 'n@example.net'", "prove"]);
}

#[test]
fn a_contact_that_is_not_proved_stays_as_it_was() {
    let daemon = Daemon::for_caller("alice");
    let script = [
        ("Verification code: ", "123456"),
        ("Code of the message: ", "222222"),
        ("Code of the message: ", ""),
        ("Code of the message: ", "222223"),
    ];
    let set = ["contact", "set", "--email", "n@example.net"];
    snapshot("contact-unproved", &at_terminal(&daemon, &set, &script));
    let mut all = shown(&daemon, &["contact", "set", "--email", "a@b", "--mobile", "+1"], "");
    all.push_str(&shown(&daemon, &["contact", "set", "--email", ""], ""));
    all.push_str(&shown(&daemon, &["contact", "set", "bob", "--email", "nonsense"], ""));
    let forbidden = ["contact", "set", "bob", "--mobile", "+14155550123"];
    all.push_str(&shown(&Daemon::that_forbids(), &forbidden, ""));
    insta::assert_snapshot!("contact-refusals", all);
}

#[test]
fn what_an_administrator_sets_counts_at_once() {
    let daemon = Daemon::for_caller("root");
    let set = ["contact", "set", "bob", "--email", "bob@example.org", "--mobile", "+14155550123"];
    let mut all = shown(&daemon, &set, "");
    all.push_str(&shown(&daemon, &["contact", "set", "bob", "--email", "same@example.org"], ""));
    all.push_str(&shown(&daemon, &["contact", "set", "bob", "--mobile", "", "--yes"], ""));
    insta::assert_snapshot!("contact-set-for", all);
    assert_eq!(daemon.requests().len(), 4);
}

#[test]
fn contacts_are_shown() {
    let daemon = Daemon::for_caller("nina");
    snapshot("contact-show", &at_terminal(&daemon, &["contact", "show"], &[]));
    let mut all = shown(&daemon, &["contact", "show", "--json"], "");
    all.push_str(&shown(&daemon, &["contact", "show", "bob"], ""));
    insta::assert_snapshot!("contact-show-json", all);
}

#[test]
fn e_mail_and_text_messages_are_enrolled_and_removed_as_factors() {
    let daemon = Daemon::for_caller("nina");
    let script = [
        ("E-mail address: ", "n@example.net"),
        ("Verification code (or e", RIGHT),
        ("Code of the message: ", RIGHT),
    ];
    snapshot("enrol-email", &at_terminal(&daemon, &["enroll", "--method", "email"], &script));
    let json = ["enroll", "bob", "--method", "sms", "--address", "+14155550123", "--json"];
    insta::assert_snapshot!("enrol-sms-json", shown(&daemon, &json, ""));
    let remove = [("Remove it?", "y"), ("Verification code of any factor of yours (or e", RIGHT)];
    snapshot("factor-remove-email", &at_terminal(&daemon, &["factor", "remove"], &remove));
    assert_eq!(daemon.requests().last().unwrap(), "remove nina email");
    let refused = shown(&daemon, &["enroll", "--address", "a@example.org"], "");
    assert!(refused.contains("has no address") && refused.ends_with("exit code 1\n"), "{refused}");
    let used = shown(&daemon, &["factor", "remove", "--yes"], &format!("{USED}\n"));
    assert!(used.ends_with("exit code 1\n"), "{used}");
}

#[test]
fn a_status_shows_what_stands_beside_the_factors() {
    let daemon = Daemon::for_caller("nina");
    snapshot("status-nina", &at_terminal(&daemon, &["status"], &[]));
    snapshot("user-show-nina", &at_terminal(&daemon, &["user", "show", "nina"], &[]));
    insta::assert_snapshot!("status-nina-json", shown(&daemon, &["status", "--json"], ""));
}
