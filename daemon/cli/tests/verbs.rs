//! What each verb prints, through the built command and a bus.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test stops at its first surprise")]

mod support;

use support::daemon::{Daemon, LOCKING, RIGHT, SECRET, USED};
use support::transcript;

/// What the command prints for this daemon, with the temporary path and the passing of time
/// taken out.
fn shown(daemon: &Daemon, arguments: &[&str], input: &str) -> String {
    let mut all = vec!["--config", daemon.config()];
    all.extend(arguments);
    transcript(&all, input).replace(daemon.config(), "CONFIG")
}

#[test]
fn a_user_sees_their_own_status_as_json() {
    let daemon = Daemon::for_caller("alice");
    insta::assert_snapshot!(shown(&daemon, &["status", "--json"], ""));
}

#[test]
fn an_administrator_sees_a_locked_user_as_json() {
    let daemon = Daemon::for_caller("root");
    insta::assert_snapshot!(shown(&daemon, &["user", "show", "carol", "--json"], ""));
    assert_eq!(
        shown(&daemon, &["user", "show", "carol", "--json"], ""),
        shown(&daemon, &["status", "carol", "--json"], "")
    );
}

#[test]
fn users_are_listed_as_json_by_state() {
    let daemon = Daemon::for_caller("root");
    insta::assert_snapshot!(shown(&daemon, &["user", "list", "--state", "mismatch", "--json"], ""));
    let all = shown(&daemon, &["user", "list", "--json"], "");
    assert_eq!(all.matches("\"user\":").count(), 8);
}

#[test]
fn factors_are_listed_as_json() {
    let daemon = Daemon::for_caller("alice");
    insta::assert_snapshot!(shown(&daemon, &["factor", "list", "--json"], ""));
}

#[test]
fn a_right_code_from_standard_input_or_an_argument_exits_with_0() {
    let daemon = Daemon::for_caller("alice");
    insta::assert_snapshot!(shown(&daemon, &["verify"], "123456\n"));
    assert!(shown(&daemon, &["verify", RIGHT], "").ends_with("exit code 0\n"));
    assert!(shown(&daemon, &["verify", "alice", RIGHT], "").ends_with("exit code 0\n"));
    assert!(shown(&daemon, &["verify", "alice"], "123456").ends_with("exit code 0\n"));
}

#[test]
fn every_other_code_exits_with_1_and_says_why() {
    let daemon = Daemon::for_caller("alice");
    let long = "1".repeat(10_000_000);
    let mut all = String::new();
    for (arguments, input) in [
        (&["verify", "000000"][..], ""),
        (&["verify", USED], ""),
        (&["verify", LOCKING], ""),
        (&["verify", "bob", RIGHT], ""),
        (&["verify", "nobody", RIGHT], ""),
        (&["verify", "alice", ""], ""),
        (&["verify", "alice", "12\u{1b}[2J"], ""),
        (&["verify"], ""),
        (&["verify"], "\n"),
        (&["verify"], "12\u{0}34\n"),
        (&["verify"], &long),
    ] {
        let shown = shown(&daemon, arguments, input);
        assert!(shown.ends_with("--- exit code 1\n"), "{arguments:?}: {shown}");
        all.push_str(&shown);
    }
    insta::assert_snapshot!(all);
}

#[test]
fn what_only_administrators_may_is_refused_with_a_sentence() {
    let daemon = Daemon::that_forbids();
    for arguments in [
        &["status", "bob"][..],
        &["enroll", "bob"],
        &["verify", "bob", RIGHT],
        &["factor", "list", "bob"],
        &["factor", "remove", "bob", "a7", "--yes"],
        &["reset", "bob", "--yes"],
        &["unlock", "bob"],
        &["mfa", "on", "bob"],
        &["mfa", "off", "bob", "--yes"],
        &["mfa", "default", "bob", "--yes"],
        &["policy", "explain", "bob"],
        &["user", "list"],
        &["user", "list", "--state", "pending"],
        &["user", "show", "bob"],
    ] {
        assert_eq!(
            shown(&daemon, arguments, ""),
            "--- standard error\n\
             twinlock: Only an administrator may do that (polkit does not allow it); use sudo.\n\
             --- exit code 1\n",
            "{arguments:?}"
        );
    }
    assert!(daemon.requests().is_empty());
}

#[test]
fn an_unknown_user_is_escaped_in_the_sentence() {
    let daemon = Daemon::for_caller("root");
    insta::assert_snapshot!(shown(&daemon, &["user", "show", "eve\u{202e}\u{1b}[2J\nx"], ""));
}

#[test]
fn an_enrolment_in_json_gives_the_key_first_and_takes_the_code_from_standard_input() {
    let daemon = Daemon::for_caller("bob");
    insta::assert_snapshot!(shown(&daemon, &["enroll", "--label", "phone", "--json"], "123456\n"));
    assert_eq!(daemon.requests(), ["begin bob 'phone'", "enrol bob 'phone'"]);
}

#[test]
fn an_enrolment_in_json_with_a_factor_takes_two_codes() {
    let daemon = Daemon::for_caller("alice");
    insta::assert_snapshot!(shown(&daemon, &["enroll", "--json"], "123456\n123456\n"));
}

#[test]
fn an_enrolment_whose_input_ends_is_cancelled() {
    let daemon = Daemon::for_caller("bob");
    insta::assert_snapshot!(shown(&daemon, &["enroll", "--qr", "none"], ""));
    assert_eq!(daemon.requests(), ["begin bob ''", "cancel 7"]);
}

#[test]
fn a_wrong_code_for_the_factor_that_exists_shows_no_key() {
    let daemon = Daemon::for_caller("alice");
    let shown = shown(&daemon, &["enroll"], "000000\n");
    assert!(shown.ends_with("--- exit code 1\n"));
    assert!(!shown.contains(SECRET));
    insta::assert_snapshot!(shown);
}

#[test]
fn an_administrator_enrols_without_a_code_and_is_told_what_that_means() {
    let daemon = Daemon::for_caller("root");
    let arguments = ["enroll", "bob", "--no-confirm", "--qr", "none"];
    insta::assert_snapshot!(shown(&daemon, &arguments, ""));
    assert_eq!(daemon.requests(), ["begin bob ''"]);
}

#[test]
fn what_takes_factors_away_needs_a_person_or_yes() {
    let daemon = Daemon::for_caller("alice");
    let mut all = shown(&daemon, &["reset", "alice", "bob"], "y\n");
    all.push_str(&shown(&daemon, &["factor", "remove", "a7"], "y\n"));
    insta::assert_snapshot!(all);
    assert!(daemon.requests().is_empty());
}

#[test]
fn a_reset_of_several_tells_how_each_fared() {
    let daemon = Daemon::for_caller("root");
    let arguments = ["reset", "alice", "nobody", "bob", "alice", "--yes"];
    insta::assert_snapshot!(shown(&daemon, &arguments, ""));
    assert_eq!(daemon.requests(), ["reset alice", "reset nobody", "reset bob"]);
}

#[test]
fn a_reset_in_json_tells_how_each_fared() {
    let daemon = Daemon::for_caller("root");
    insta::assert_snapshot!(shown(&daemon, &["reset", "alice", "nobody", "--yes", "--json"], ""));
}

#[test]
fn a_reset_of_one_is_one_line() {
    let daemon = Daemon::for_caller("root");
    insta::assert_snapshot!(shown(&daemon, &["reset", "alice", "--yes"], ""));
}

#[test]
fn who_resets_themselves_is_warned_even_with_yes() {
    let daemon = Daemon::for_caller("root");
    insta::assert_snapshot!(shown(&daemon, &["reset", "root", "--yes"], ""));
}

#[test]
fn a_factor_of_ones_own_goes_with_a_fresh_code() {
    let daemon = Daemon::for_caller("alice");
    insta::assert_snapshot!(shown(&daemon, &["factor", "remove", "a7", "--yes"], "123456\n"));
    assert_eq!(daemon.requests(), ["remove alice a7"]);
}

#[test]
fn an_administrator_removes_a_factor_of_a_user() {
    let daemon = Daemon::for_caller("root");
    insta::assert_snapshot!(shown(&daemon, &["factor", "remove", "alice", "B3", "--yes"], ""));
    assert_eq!(daemon.requests(), ["remove alice b3"]);
}

#[test]
fn a_factor_that_is_not_clear_is_refused_with_the_ids() {
    let daemon = Daemon::for_caller("alice");
    let mut all = shown(&daemon, &["factor", "remove", "--yes"], "123456\n");
    all.push_str(&shown(&daemon, &["factor", "remove", "bob", "--yes"], "123456\n"));
    all.push_str(&shown(&daemon, &["factor", "remove", "bob", "a7", "--yes"], "123456\n"));
    insta::assert_snapshot!(all);
    assert!(daemon.requests().is_empty());
}

#[test]
fn an_unlock_says_what_it_did() {
    let daemon = Daemon::for_caller("root");
    insta::assert_snapshot!(shown(&daemon, &["unlock", "carol"], ""));
    assert_eq!(daemon.requests(), ["unlock carol"]);
}
