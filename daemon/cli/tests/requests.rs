//! Requests for a reset, from who asks and from who decides; records deleted.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test stops at its first surprise")]

mod support;

use support::daemon::Daemon;
use support::person::{Scene, Shown};
use support::state::request;

fn at_terminal(
    daemon: &Daemon,
    arguments: &[&str],
    script: &[(&'static str, &'static str)],
) -> Shown {
    let mut all = vec!["--config", daemon.config()];
    all.extend(arguments);
    Scene::at_terminal(script).run(&all)
}

fn seen(daemon: &Daemon, arguments: &[&str]) -> String {
    at_terminal(daemon, arguments, &[]).transcript()
}

/// A daemon at which alice and bob wait.
fn with_requests() -> Daemon {
    let daemon = Daemon::for_caller("root");
    let of_alice = request("Q1", "alice", Some("phone \u{202e}stolen"));
    daemon.state.lock().unwrap().requested = vec![of_alice, request("Q2", "bob", None)];
    daemon
}

#[test]
fn a_user_asks_once_and_takes_it_back() {
    let daemon = Daemon::for_caller("alice");
    let mut all = seen(&daemon, &["reset", "request", "--reason", "phone lost"]);
    all.push_str(&seen(&daemon, &["reset", "request"]));
    all.push_str(&seen(&daemon, &["reset", "request", "--cancel"]));
    all.push_str(&seen(&daemon, &["reset", "request", "--cancel"]));
    insta::assert_snapshot!(all);
    assert_eq!(
        daemon.requests(),
        [
            "request alice \"phone lost\"",
            "request alice \"\"",
            "cancel request of alice",
            "cancel request of alice"
        ]
    );
}

#[test]
fn a_request_in_json_is_one_object_and_null_when_taken_back() {
    let daemon = Daemon::for_caller("alice");
    let mut all = seen(&daemon, &["reset", "request", "--json"]);
    all.push_str(&seen(&daemon, &["reset", "request", "--cancel", "--json"]));
    insta::assert_snapshot!(all);
}

#[test]
fn those_who_wait_are_listed_with_source_and_reason() {
    let daemon = with_requests();
    let mut all = seen(&daemon, &["reset", "list"]);
    all.push_str(&seen(&daemon, &["reset", "list", "--json"]));
    all.push_str(&seen(&Daemon::for_caller("root"), &["reset", "list"]));
    insta::assert_snapshot!(all);
}

#[test]
fn an_approval_shows_who_asked_and_asks() {
    let daemon = with_requests();
    let no = at_terminal(&daemon, &["reset", "approve", "Q1"], &[("Go ahead? [y/N] ", "n")]);
    assert!(daemon.requests().is_empty());
    let yes = at_terminal(&daemon, &["reset", "approve", "Q2"], &[("Go ahead? [y/N] ", "y")]);
    insta::assert_snapshot!(no.transcript() + &yes.transcript());
    assert_eq!(daemon.requests(), ["approve Q2"]);
}

#[test]
fn what_is_not_open_is_neither_approved_nor_refused() {
    let daemon = with_requests();
    let mut all = seen(&daemon, &["reset", "approve", "Q9", "--yes"]);
    all.push_str(&seen(&daemon, &["reset", "refuse", "Q9"]));
    all.push_str(&seen(&daemon, &["reset", "refuse", "Q2"]));
    all.push_str(&seen(&daemon, &["reset", "refuse", "Q2"]));
    insta::assert_snapshot!(all);
}

#[test]
fn who_is_no_administrator_decides_nothing() {
    let daemon = Daemon::that_forbids();
    let mut all = seen(&daemon, &["reset", "list"]);
    for arguments in [
        &["reset", "approve", "Q1"][..],
        &["reset", "refuse", "Q1"],
        &["user", "forget", "bob", "--yes"],
        &["reset", "--group", "staff"],
    ] {
        all.push_str(&seen(&daemon, arguments));
    }
    insta::assert_snapshot!(all);
    assert!(daemon.requests().is_empty());
}

#[test]
fn a_group_is_reset_one_after_the_other() {
    let daemon = Daemon::for_caller("root");
    let mut all = seen(&daemon, &["reset", "--group", "staff", "--yes", "--print"]);
    all.push_str(&seen(&daemon, &["reset", "--group", "empty", "--yes"]));
    all.push_str(&seen(&daemon, &["reset", "--group", "unknown", "--yes"]));
    insta::assert_snapshot!(all);
    assert_eq!(daemon.requests(), ["reset alice", "reset bob", "reset dave"]);
}

#[test]
fn a_record_goes_only_after_a_question() {
    let daemon = Daemon::for_caller("root");
    let mut all = String::new();
    for (user, answer) in [("alice", "n"), ("dave", "y"), ("gone", "y"), ("nobody", "y")] {
        let script = [("Go ahead? [y/N] ", answer)];
        all.push_str(&at_terminal(&daemon, &["user", "forget", user], &script).transcript());
    }
    insta::assert_snapshot!(all);
    assert_eq!(daemon.requests(), ["forget dave", "forget gone", "forget nobody"]);
}

#[test]
fn a_status_shows_ones_own_request() {
    let daemon = Daemon::for_caller("alice");
    daemon.state.lock().unwrap().status_mut("alice").reset_request =
        Some(request("Q1", "alice", None));
    insta::assert_snapshot!(seen(&daemon, &["status"]));
}

#[test]
fn who_waits_is_listed_beside_a_record_that_is_damaged_and_the_list_says_that_it_is_not_complete() {
    let daemon = with_requests();
    daemon.state.lock().unwrap().damaged = vec!["mal\u{1b}lory".to_owned()];
    let mut all = seen(&daemon, &["reset", "list"]);
    all.push_str(&seen(&daemon, &["reset", "list", "--json"]));
    insta::assert_snapshot!(all);
}

#[test]
fn who_has_a_damaged_record_can_be_reset_and_forgotten() {
    let daemon = Daemon::for_caller("root");
    daemon.state.lock().unwrap().damaged = vec!["bob".to_owned(), "dave".to_owned()];
    let yes = [("Go ahead? [y/N] ", "y")];
    let mut all = at_terminal(&daemon, &["reset", "bob"], &yes).transcript();
    all.push_str(&at_terminal(&daemon, &["user", "forget", "dave"], &yes).transcript());
    insta::assert_snapshot!(all);
    assert_eq!(daemon.requests(), ["reset bob", "forget dave"]);
}

#[test]
fn users_are_listed_beside_a_record_that_is_damaged() {
    let daemon = Daemon::for_caller("root");
    daemon.state.lock().unwrap().damaged = vec!["bob".to_owned()];
    let mut all = seen(&daemon, &["user", "list", "--state", "enrolled"]);
    let json = seen(&daemon, &["user", "list", "--state", "enrolled", "--json"]);
    assert!(json.contains(r#"{"user":"alice","uid":"#), "{json}");
    all.push_str(json.split_once(r#",{"user":"bob","#).unwrap().1);
    all.push_str(&seen(&daemon, &["user", "list", "--state", "locked"]));
    all.push_str(&seen(&daemon, &["trusted", "clear", "--all", "--yes"]));
    insta::assert_snapshot!(all);
}
