//! What happened, and why: through the built command, a bus, and a scripted person.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test stops at its first surprise")]

mod support;

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Stdio};

use rustix::process::{Pid, Signal, kill_process};
use support::daemon::Daemon;
use support::history::{log, login};
use support::person::Scene;
use support::transcript;
use twinlock_bus_api::history::DamagedDay;
use twinlock_cli::render::Palette;

/// Long enough ago for every event of the tests, which are of one day in 2026.
const SINCE: &str = "--since=2026-11-01";

fn daemon() -> Daemon {
    let daemon = Daemon::for_caller("root");
    daemon.state.lock().unwrap().log = log();
    daemon
}

fn shown(daemon: &Daemon, arguments: &[&str]) -> String {
    let mut all = vec!["--config", daemon.config()];
    all.extend(arguments);
    transcript(&all, "").replace(daemon.config(), "CONFIG")
}

#[test]
fn everything_that_happened_is_shown_in_order_and_page_after_page() {
    insta::assert_snapshot!(shown(&daemon(), &["log", SINCE]));
}

#[test]
fn json_is_an_object_a_line() {
    let shown = shown(&daemon(), &["log", SINCE, "--json"]);
    insta::assert_snapshot!(shown);
    let lines: Vec<_> = shown.lines().take_while(|line| line.starts_with('{')).collect();
    assert_eq!(lines.len(), 7);
    for line in lines {
        serde_json::from_str::<serde_json::Value>(line).unwrap();
    }
}

#[test]
fn what_was_not_asked_for_is_left_out() {
    let daemon = daemon();
    let count = |arguments: &[&str]| {
        let mut all = vec!["log", "--json"];
        all.extend(arguments);
        shown(&daemon, &all).matches("\"event\"").count()
    };
    assert_eq!(count(&[SINCE, "--user", "alice"]), 3);
    assert_eq!(count(&[SINCE, "--observed"]), 1);
    assert_eq!(count(&["--since", "2026-11-18T12:00:00Z"]), 3);
    assert_eq!(count(&[SINCE, "--until", "2026-11-18T11:06:49Z"]), 1);
    assert_eq!(count(&[SINCE, "--observed", "--user", "alice"]), 0);
}

#[test]
fn the_last_day_is_shown_where_no_time_is_named_and_an_empty_one_says_so() {
    let daemon = daemon();
    // The scripted person lives three days after the events, two after the last.
    let shown = Scene::at_terminal(&[]).run(&["--config", daemon.config(), "log"]);
    assert_eq!(
        shown.screen,
        "Nothing happened in the last day. An earlier --since looks further back.\n"
    );
    let arguments = ["--config", daemon.config(), "log", "--since", "3d", "--user", "carol"];
    let shown = Scene::at_terminal(&[]).run(&arguments);
    assert_eq!(shown.screen.lines().count(), 1, "{}", shown.screen);
    let arguments = ["log", "--observed", "--user", "x\u{1b}", SINCE, "--until", "2026-11-02"];
    insta::assert_snapshot!(self::shown(&daemon, &arguments));
}

#[test]
fn refusals_are_red_and_what_was_let_in_is_green() {
    let daemon = daemon();
    let mut scene = Scene::at_terminal(&[]);
    scene.palette = Palette::coloured();
    let shown = scene.run(&["--config", daemon.config(), "log", SINCE, "--user", "alice"]);
    insta::assert_snapshot!(shown.screen);
}

#[test]
fn a_reference_is_explained_with_what_to_do_and_its_login() {
    insta::assert_snapshot!(shown(&daemon(), &["why", "9ABCDE"]));
}

#[test]
fn an_explanation_in_json_is_one_object() {
    let shown = shown(&daemon(), &["why", "7F3KQ2", "--json"]);
    insta::assert_snapshot!(shown);
    let line = shown.lines().next().unwrap();
    let why: serde_json::Value = serde_json::from_str(line).unwrap();
    assert_eq!(why["events"].as_array().unwrap().len(), 3);
}

#[test]
fn a_reference_that_nothing_has_is_refused_with_what_else_to_try() {
    insta::assert_snapshot!(shown(&daemon(), &["why", "000000\u{1b}"]));
}

#[test]
fn what_happened_is_for_administrators() {
    let daemon = Daemon::that_forbids();
    for arguments in [&["log"][..], &["log", "--follow"], &["why", "7F3KQ2"]] {
        assert_eq!(
            shown(&daemon, arguments),
            "--- standard error\n\
             twinlock: Only an administrator may do that (polkit does not allow it); use sudo.\n\
             --- exit code 1\n",
            "{arguments:?}"
        );
    }
}

#[test]
fn times_that_are_none_and_what_does_not_go_together_are_wrong_usage() {
    for arguments in [
        &["log", "--since", "yesterday"][..],
        &["log", "--until", "1"],
        &["log", "--follow", "--until", "1d"],
        &["why"],
    ] {
        let shown = shown(&daemon(), arguments);
        assert!(shown.ends_with("--- exit code 2\n"), "{arguments:?}: {shown}");
    }
}

/// A daemon that cannot read a part of two days.
fn damaged() -> Daemon {
    let daemon = daemon();
    let day = |day: &str, blocks| DamagedDay { day: day.to_owned(), blocks };
    daemon.state.lock().unwrap().damaged_days = vec![day("2026-11-18", 1), day("2026-11-19", 2)];
    daemon
}

#[test]
fn what_can_be_read_is_shown_and_what_cannot_is_told_and_ends_with_1() {
    insta::assert_snapshot!(shown(&damaged(), &["log", SINCE, "--user", "alice"]));
    insta::assert_snapshot!(shown(&damaged(), &["log", SINCE, "--observed", "--json"]));
    let nobody = shown(&damaged(), &["log", SINCE, "--user", "dave"]);
    assert!(!nobody.contains("Nothing") && nobody.ends_with("exit code 1\n"), "{nobody}");
}

#[test]
fn a_reference_is_explained_beside_damage_and_where_it_may_be_is_told() {
    insta::assert_snapshot!(shown(&damaged(), &["why", "7F3KQ2", "--json"]));
    let found = shown(&damaged(), &["why", "7F3KQ2"]);
    assert!(found.contains("In plain words") && found.ends_with("exit code 1\n"), "{found}");
    insta::assert_snapshot!(shown(&damaged(), &["why", "000000"]));
}

#[test]
fn following_goes_on_behind_damage_and_says_at_the_end_that_something_was_missing() {
    let daemon = damaged();
    let mut child = follow(&daemon);
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
    assert_eq!(lines.by_ref().take(9).filter(|line| line.contains("\"blocks\"")).count(), 2);
    daemon.state.lock().unwrap().log.push(login(95_000, "login.allowed", "dave", "new"));
    assert!(lines.next().unwrap().contains("\"dave\""));
    let (code, errors) = interrupted(child);
    assert_eq!((code, errors.lines().count()), (Some(1), 3), "{errors}");
    assert!(errors.ends_with("The log is not complete: 3 blocks of events could not be read.\n"));
}

/// `twinlock log --follow --json` from the first event on.
fn follow(daemon: &Daemon) -> Child {
    support::command(&["--config", daemon.config(), "log", SINCE, "--follow", "--json"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

/// How a command ends with Ctrl-C, and what it has on standard error.
fn interrupted(mut child: Child) -> (Option<i32>, String) {
    kill_process(Pid::from_child(&child), Signal::INT).unwrap();
    let mut errors = String::new();
    child.stderr.take().unwrap().read_to_string(&mut errors).unwrap();
    (child.wait().unwrap().code(), errors)
}

#[test]
fn following_shows_what_comes_and_ends_well_with_ctrl_c() {
    let daemon = daemon();
    let mut child = follow(&daemon);
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
    assert_eq!(lines.by_ref().take(7).count(), 7);
    daemon.state.lock().unwrap().log.push(login(95_000, "login.allowed", "dave", "new"));
    assert!(lines.next().unwrap().contains("\"dave\""));
    assert_eq!(interrupted(child), (Some(0), String::new()));
    assert_eq!(lines.next(), None);
}
