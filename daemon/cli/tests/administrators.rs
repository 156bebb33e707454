//! A reset that takes the last second factor of an administrator warns, and no other one does.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test stops at its first surprise")]

mod support;

use support::daemon::Daemon;
use support::person::{Scene, Shown};
use support::state::request;

const WARNS: &str = "after this no administrator is left";
const UNKNOWN: &str = "cannot be told";

/// Of the rigs' users alice, carol, nina and root have factors, and those of carol are stopped; dave
/// is another dave, and bob has none.
fn reset(daemon: &Daemon, users: &[&str], administrators: Option<Vec<&'static str>>) -> Shown {
    let mut arguments = vec!["--config", daemon.config(), "reset"];
    arguments.extend(users);
    let scene = Scene::at_terminal(&[("Go ahead? [y/N] ", "n")]);
    Scene { administrators, uid: 0, ..scene }.run(&arguments)
}

fn warns(users: &[&str], administrators: &[&'static str]) -> bool {
    let daemon = Daemon::for_caller("root");
    let shown = reset(&daemon, users, Some(administrators.to_vec()));
    assert!(!shown.screen.contains(UNKNOWN), "{}", shown.screen);
    shown.screen.contains(WARNS)
}

#[test]
fn the_only_administrator_with_a_factor_is_warned_and_asked() {
    let shown = reset(&Daemon::for_caller("root"), &["root"], Some(vec!["root"]));
    insta::assert_snapshot!(shown.transcript());
}

#[test]
fn where_another_one_has_a_factor_nobody_is_warned() {
    assert!(!warns(&["root"], &["root", "alice"]));
    assert!(!warns(&["alice"], &["root", "alice"]));
}

#[test]
fn others_who_cannot_log_in_with_a_factor_do_not_count() {
    assert!(warns(&["root"], &["root", "bob"]), "not enrolled");
    assert!(warns(&["root"], &["root", "carol"]), "stopped by wrong codes");
    assert!(warns(&["root"], &["root", "dave"]), "a record of another uid");
    assert!(warns(&["root"], &["root", "ghost"]), "no such user");
}

#[test]
fn a_reset_of_all_of_them_warns_whoever_does_it() {
    assert!(warns(&["root", "alice"], &["root", "alice"]));
    assert!(warns(&["alice", "root", "bob"], &["root", "alice", "bob"]));
}

#[test]
fn who_is_no_administrator_or_has_no_factor_takes_none_away() {
    assert!(!warns(&["alice"], &["root"]));
    assert!(!warns(&["bob"], &["root", "bob"]));
}

#[test]
fn whoever_resets_themselves_is_an_administrator_by_that() {
    let daemon = Daemon::for_caller("alice");
    let scene = Scene::at_terminal(&[("Go ahead? [y/N] ", "n")]);
    let scene = Scene { administrators: Some(vec!["bob"]), uid: 1000, ..scene };
    let shown = scene.run(&["--config", daemon.config(), "reset", "alice"]);
    assert!(shown.screen.contains(WARNS), "{}", shown.screen);
}

/// Root asks, and who runs the command approves.
fn approve(administrators: &[&'static str], arguments: &[&str]) -> (Shown, Vec<String>) {
    let daemon = Daemon::for_caller("root");
    daemon.state.lock().unwrap().requested = vec![request("Q1", "root", None)];
    let scene = Scene::at_terminal(if arguments.contains(&"--yes") {
        &[]
    } else {
        &[("Go ahead? [y/N] ", "n")]
    });
    let all = [&["--config", daemon.config(), "reset", "approve", "Q1"], arguments].concat();
    let shown = Scene { administrators: Some(administrators.to_vec()), uid: 0, ..scene }.run(&all);
    (shown, daemon.requests())
}

#[test]
fn an_approval_warns_and_asks_as_the_reset_does_that_it_is() {
    let warning = |shown: &Shown| {
        let lines = shown.screen.lines();
        lines.filter(|line| line.starts_with("Warning: ")).map(str::to_owned).collect::<Vec<_>>()
    };
    let (asked, requests) = approve(&["root"], &[]);
    insta::assert_snapshot!(asked.transcript());
    assert_eq!((asked.code, requests.len()), (1, 0));
    let by_reset = reset(&Daemon::for_caller("root"), &["root"], Some(vec!["root"]));
    assert_eq!(warning(&asked), warning(&by_reset));
    assert_eq!(warning(&asked).len(), 1);

    for arguments in [&["--yes"][..], &["--yes", "--json"]] {
        let (told, requests) = approve(&["root"], arguments);
        assert_eq!(warning(&told), warning(&asked), "{arguments:?}");
        assert_eq!((told.code, requests.len()), (0, 1), "{}", told.sentence);
    }
    assert!(warning(&approve(&["root", "alice"], &[]).0).is_empty());
}

#[test]
fn where_it_cannot_be_told_it_is_said_with_the_reason() {
    let daemon = Daemon::for_caller("root");
    let mut all = reset(&daemon, &["root"], None).transcript();
    let without = Daemon::without_directory();
    all.push_str(&reset(&without, &["root"], Some(vec!["root", "alice"])).transcript());
    let damaged = Daemon::for_caller("root");
    let administrators = Some(vec!["root", "broken"]);
    all.push_str(&reset(&damaged, &["root"], administrators).transcript());
    insta::assert_snapshot!(all);
}
