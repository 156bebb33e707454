//! Codes that an administrator hands out, as they are shown and as they are asked for.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test stops at its first surprise")]

mod support;

use support::daemon::{Daemon, NOW};
use support::person::Scene;
use support::transcript;
use twinlock_bus_api::voucher::{BypassInfo, InvitationInfo};

fn shown(daemon: &Daemon, arguments: &[&str]) -> String {
    let mut all = vec!["--config", daemon.config()];
    all.extend(arguments);
    transcript(&all, "")
}

/// At the time of the rig, so that what is shown says how far off a time is.
fn seen(daemon: &Daemon, arguments: &[&str]) -> String {
    let mut all = vec!["--config", daemon.config()];
    all.extend(arguments);
    Scene::at_terminal(&[]).run(&all).transcript()
}

#[test]
fn an_invitation_is_shown_once_where_the_user_cannot_be_written_to() {
    let daemon = Daemon::for_caller("root");
    insta::assert_snapshot!(seen(&daemon, &["invite", "frank", "--for", "1 day"]));
    assert_eq!(daemon.requests(), ["invite frank Some(86400) Some(false)"]);
}

#[test]
fn an_invitation_that_the_policy_does_not_ask_for_comes_with_a_warning() {
    let daemon = Daemon::for_caller("root");
    let mut all = seen(&daemon, &["invite", "grace"]);
    all.push_str(&seen(&daemon, &["invite", "bob", "--print"]));
    insta::assert_snapshot!(all);
    assert_eq!(
        daemon.requests(),
        ["invite grace Some(259200) Some(false)", "invite bob Some(259200) Some(true)"]
    );
}

#[test]
fn an_invitation_in_json_has_the_code_or_where_it_went() {
    let daemon = Daemon::for_caller("root");
    insta::assert_snapshot!(shown(&daemon, &["invite", "frank", "--json"]));
}

#[test]
fn an_invitation_is_refused_to_who_is_enrolled_and_to_who_is_not_there() {
    let daemon = Daemon::for_caller("root");
    let mut all = seen(&daemon, &["invite", "alice"]);
    all.push_str(&seen(&daemon, &["invite", "nobody"]));
    insta::assert_snapshot!(all);
}

#[test]
fn a_bypass_code_is_shown_with_its_limits_and_who_was_told() {
    let daemon = Daemon::for_caller("root");
    let limited = ["--uses", "3", "--from", "203.0.113.0/24", "--reason", "phone in repair"];
    let mut all = seen(&daemon, &[&["bypass", "alice", "--for", "8h"], &limited[..]].concat());
    all.push_str(&seen(&daemon, &["bypass", "bob", "--for", "1h", "--reason", "left at home"]));
    insta::assert_snapshot!(all);
    assert_eq!(
        daemon.requests(),
        [
            r#"bypass alice 28800 Some(3) Some("203.0.113.0/24") "phone in repair""#,
            r#"bypass bob 3600 Some(1) None "left at home""#,
        ]
    );
}

#[test]
fn a_bypass_code_in_json_is_one_object() {
    let daemon = Daemon::for_caller("root");
    let arguments = ["bypass", "alice", "--for", "1h", "--reason", "left at home", "--json"];
    insta::assert_snapshot!(shown(&daemon, &arguments));
}

#[test]
fn a_bypass_code_for_a_name_in_place_of_an_address_is_refused() {
    let daemon = Daemon::for_caller("root");
    let arguments = ["bypass", "bob", "--for", "1h", "--from", "web1", "--reason", "x"];
    insta::assert_snapshot!(seen(&daemon, &arguments));
}

#[test]
fn who_is_no_administrator_hands_nothing_out() {
    let daemon = Daemon::that_forbids();
    let mut all = seen(&daemon, &["invite", "bob"]);
    all.push_str(&seen(&daemon, &["bypass", "bob", "--for", "1h", "--reason", "x"]));
    insta::assert_snapshot!(all);
    assert!(daemon.requests().is_empty());
}

#[test]
fn a_status_shows_what_was_handed_out_and_no_code() {
    let daemon = Daemon::for_caller("bob");
    {
        let mut state = daemon.state.lock().unwrap();
        let bob = state.status_mut("bob");
        bob.invitation = Some(InvitationInfo { id: "N1".to_owned(), until: NOW + 86_400 });
        let bypass = BypassInfo {
            id: "B1".to_owned(),
            since: NOW,
            until: NOW + 3_600,
            uses_left: 2,
            from: Some("203.0.113.9".to_owned()),
            reason: "phone \u{202e}lost".to_owned(),
            by: "root".to_owned(),
        };
        let anywhere = BypassInfo { from: None, uses_left: 1, ..bypass.clone() };
        let here = BypassInfo { from: Some("local".to_owned()), ..bypass.clone() };
        bob.bypasses = Some(vec![bypass, anywhere, here]);
    }
    let mut all = seen(&daemon, &["status"]);
    all.push_str(&seen(&daemon, &["status", "--json"]));
    insta::assert_snapshot!(all);
}
