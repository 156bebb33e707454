//! What an administrator asks about the policy, and what they switch.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test stops at its first surprise")]

mod support;

use support::daemon::Daemon;
use support::person::{Scene, Shown};
use support::transcript;
use twinlock_cli::people::People;
use twinlock_cli::render::Palette;

fn run(daemon: &Daemon, arguments: &[&str], scene: Scene) -> Shown {
    let mut all = vec!["--config", daemon.config()];
    all.extend(arguments);
    scene.run(&all)
}

fn at_terminal(
    daemon: &Daemon,
    arguments: &[&str],
    script: &[(&'static str, &'static str)],
) -> Shown {
    run(daemon, arguments, Scene::at_terminal(script))
}

fn snapshot(name: &str, shown: &Shown) {
    insta::assert_snapshot!(name, shown.transcript());
}

/// A scene on a host with these people.
fn with_people(names: &[&str]) -> Scene {
    let names = names.iter().map(|name| (*name).to_owned()).collect();
    Scene { people: People { names, unread: 0 }, ..Scene::at_terminal(&[]) }
}

const PEOPLE: [&str; 8] = ["alice", "bob", "erin", "frank", "grace", "heidi", "judy", "ghost"];

#[test]
fn an_explanation_goes_from_top_to_bottom_and_marks_the_rule_that_decides() {
    let daemon = Daemon::for_caller("root");
    for (name, arguments) in [
        ("explain-profile", &["alice", "--from", "203.0.113.9"][..]),
        ("explain-switch", &["carol"]),
        ("explain-observed", &["dave", "--from", "unknown"]),
        ("explain-account", &["bob", "--phase", "account"]),
        ("explain-denied", &["erin", "--service", "su", "--from", "198.51.100.7"]),
    ] {
        let mut all = vec!["policy", "explain"];
        all.extend(arguments);
        snapshot(name, &at_terminal(&daemon, &all, &[]));
    }
}

#[test]
fn a_terminal_without_unicode_gets_words() {
    let daemon = Daemon::for_caller("root");
    let scene = Scene { unicode: false, ..Scene::at_terminal(&[]) };
    let shown = run(&daemon, &["policy", "explain", "alice"], scene);
    assert!(shown.screen.is_ascii(), "{}", shown.screen);
    snapshot("explain-words", &shown);
}

#[test]
fn colours_mark_what_decides_and_what_does_not_match() {
    let daemon = Daemon::for_caller("root");
    let scene = Scene { palette: Palette::coloured(), ..Scene::at_terminal(&[]) };
    let shown = run(&daemon, &["policy", "explain", "alice"], scene);
    insta::assert_snapshot!("explain-coloured", shown.transcript().escape_debug());
}

#[test]
fn in_json_an_explanation_is_what_the_daemon_wrote_without_control_characters() {
    let daemon = Daemon::for_caller("root");
    let shown = at_terminal(&daemon, &["policy", "explain", "alice", "--json"], &[]);
    assert!(!shown.screen.trim_end().chars().any(char::is_control));
    let value: serde_json::Value = serde_json::from_str(&shown.screen).unwrap();
    let written = support::explanations::of("alice");
    assert_eq!(value, serde_json::from_str::<serde_json::Value>(&written).unwrap());
}

#[test]
fn the_daemon_is_asked_about_the_login_that_was_described() {
    let daemon = Daemon::for_caller("root");
    for arguments in [
        &["alice"][..],
        &["alice", "--service", "su", "--from", "::1", "--first-factor", "publickey,password"],
        &["alice", "--phase", "account", "--first-factor", "none"],
    ] {
        let mut all = vec!["policy", "explain"];
        all.extend(arguments);
        assert_eq!(at_terminal(&daemon, &all, &[]).code, 0);
    }
    assert_eq!(
        daemon.requests(),
        [
            "explain alice sshd None None auth",
            "explain alice su Some(\"::1\") Some([\"publickey\", \"password\"]) auth",
            "explain alice sshd None Some([]) account",
        ]
    );
}

#[test]
fn an_unknown_user_and_an_answer_of_another_version_are_refused() {
    let daemon = Daemon::for_caller("root");
    let unknown = at_terminal(&daemon, &["policy", "explain", "nobody"], &[]);
    assert_eq!((unknown.code, unknown.screen.as_str()), (1, ""));
    assert!(unknown.sentence.contains("no user \"nobody\""), "{}", unknown.sentence);
    for further in [&[][..], &["--json"]] {
        let mut all = vec!["policy", "explain", "slow"];
        all.extend(further);
        let other = at_terminal(&daemon, &all, &[]);
        assert_eq!((other.code, other.screen.as_str()), (1, ""));
        assert!(other.sentence.contains("of one version"), "{}", other.sentence);
    }
}

#[test]
fn switching_off_says_what_it_does_and_asks() {
    let daemon = Daemon::for_caller("root");
    let off = ["mfa", "off", "alice"];
    snapshot("mfa-off-no", &at_terminal(&daemon, &off, &[("Go ahead for alice? [y/N] ", "")]));
    assert!(daemon.requests().is_empty());
    snapshot("mfa-off", &at_terminal(&daemon, &off, &[("Go ahead for alice? [y/N] ", "y")]));
    snapshot("mfa-off-yes", &at_terminal(&daemon, &["mfa", "off", "bob", "--yes"], &[]));
    assert_eq!(daemon.requests(), ["switch alice off", "switch bob off"]);
}

#[test]
fn switching_on_asks_nothing_and_clearing_asks_where_it_weakens() {
    let daemon = Daemon::for_caller("root");
    snapshot("mfa-on", &at_terminal(&daemon, &["mfa", "on", "alice"], &[]));
    snapshot("mfa-on-unenrolled", &at_terminal(&daemon, &["mfa", "on", "bob"], &[]));
    snapshot("mfa-default", &at_terminal(&daemon, &["mfa", "default", "ivan"], &[]));
    let script = [("Go ahead for judy? [y/N] ", "y")];
    snapshot("mfa-default-weaker", &at_terminal(&daemon, &["mfa", "default", "judy"], &script));
    assert_eq!(
        daemon.requests(),
        ["switch alice on", "switch bob on", "switch ivan default", "switch judy default"]
    );
}

#[test]
fn without_a_person_nothing_is_weakened() {
    let daemon = Daemon::for_caller("root");
    let shown = transcript(&["--config", daemon.config(), "mfa", "off", "alice"], "y\n");
    assert!(shown.ends_with("--- exit code 1\n"), "{shown}");
    assert!(shown.contains("Add --yes"), "{shown}");
    assert!(daemon.requests().is_empty());
}

#[test]
fn everyone_reads_what_is_required_of_them_and_from_when() {
    let daemon = Daemon::for_caller("root");
    for user in ["bob", "erin", "frank", "grace", "heidi", "ivan", "judy", "karl"] {
        snapshot(&format!("demand-{user}"), &at_terminal(&daemon, &["status", user], &[]));
    }
    snapshot("record-judy", &at_terminal(&daemon, &["user", "show", "judy"], &[]));
    let own = Daemon::for_caller("heidi");
    let shown = at_terminal(&own, &["status"], &[]);
    assert!(!shown.screen.contains("observes"), "{}", shown.screen);
}

#[test]
fn the_deadline_stands_in_json_in_rfc_3339() {
    let daemon = Daemon::for_caller("root");
    let mut all = String::new();
    for user in ["erin", "grace", "ivan"] {
        all.push_str(&at_terminal(&daemon, &["status", user, "--json"], &[]).screen);
    }
    insta::assert_snapshot!("demand-json", all);
}

#[test]
fn who_is_to_enrol_is_found_though_they_never_logged_in() {
    let daemon = Daemon::for_caller("root");
    let list = ["user", "list", "--state", "pending"];
    snapshot("list-pending", &run(&daemon, &list, with_people(&PEOPLE)));
    let list = ["user", "list", "--state", "unenrolled"];
    snapshot("list-unenrolled", &run(&daemon, &list, with_people(&PEOPLE)));
    let list = ["user", "list", "--state", "pending", "--json"];
    let shown = run(&daemon, &list, with_people(&PEOPLE));
    let users: Vec<serde_json::Value> = serde_json::from_str(&shown.screen).unwrap();
    let names: Vec<_> = users.iter().map(|user| user["user"].as_str().unwrap()).collect();
    assert_eq!(names, ["bob", "erin", "frank", "grace", "judy"]);
}

#[test]
fn more_people_than_one_call_takes_are_asked_for_in_several() {
    let daemon = Daemon::for_caller("root");
    let many: Vec<String> = (0..600).map(|number| format!("ghost{number}")).collect();
    let mut names: Vec<&str> = many.iter().map(String::as_str).collect();
    names.push("erin");
    let shown = run(&daemon, &["user", "list", "--state", "pending"], with_people(&names));
    assert!(shown.screen.contains("erin"), "{}", shown.screen);
    assert!(shown.progress.contains("░] 500 of 6"), "{:?}", shown.progress);
}

#[test]
fn a_list_that_lacks_somebody_says_so_and_exits_with_1() {
    let daemon = Daemon::for_caller("root");
    let mut scene = with_people(&["erin", "broken"]);
    scene.people.unread = 2;
    snapshot("list-incomplete", &run(&daemon, &["user", "list", "--state", "pending"], scene));
}

#[test]
fn without_the_user_database_the_records_are_listed_and_who_is_pending_is_not() {
    let daemon = Daemon::without_directory();
    let mut shown = at_terminal(&daemon, &["user", "list", "--state", "locked"], &[]);
    snapshot("list-without-directory", &shown);
    shown = at_terminal(&daemon, &["user", "list", "--state", "pending"], &[]);
    assert_eq!((shown.code, shown.screen.as_str()), (1, ""));
    assert!(shown.sentence.contains("user database"), "{}", shown.sentence);
}
