//! What a person sees on the terminal while many are reset, cleared or imported, and while a backup
//! comes and goes: the same bar each time.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test stops at its first surprise")]

mod support;

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;

use support::daemon::Daemon;
use support::person::Scene;

/// The line as it was each time that it changed.
fn lines(progress: &str) -> String {
    let lines = progress.split("\r\u{1b}[K").filter(|line| !line.is_empty());
    lines.map(|line| format!("{line}\n")).collect()
}

/// Each verb that has a bar, on a terminal that shows characters beyond ASCII or one that does not.
fn bars(unicode: bool) -> String {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    let (oath, backup) = (path("users.oath"), path("backup"));
    let key = "3132333435363738393031323334353637383930";
    fs::write(&oath, format!("HOTP/T30 bob - {key}\nHOTP/T30 alice - {key}\n")).unwrap();
    fs::set_permissions(&oath, Permissions::from_mode(0o600)).unwrap();
    let daemon = Daemon::for_caller("root");
    let verbs: [&[&str]; 5] = [
        &["trusted", "clear", "--group", "desk", "--yes"],
        &["import", "oath", &oath, "--replace", "--yes"],
        &["reset", "alice", "bob", "--yes"],
        &["backup", &backup, "--store-key"],
        &["restore", &backup, "--yes"],
    ];
    let mut seen = String::new();
    for verb in verbs {
        let scene = Scene { unicode, ..Scene::at_terminal(&[]) };
        let arguments = [&["--config", daemon.config()], verb].concat();
        let shown = scene.run(&arguments);
        assert!(shown.progress.ends_with("\r\u{1b}[K"), "the line goes: {:?}", shown.progress);
        seen.push_str(&lines(&shown.progress));
    }
    seen
}

#[test]
fn each_long_work_shows_the_same_bar() {
    insta::assert_snapshot!(bars(true));
}

#[test]
fn a_terminal_without_unicode_shows_it_in_ascii() {
    let shown = bars(false);
    assert!(shown.is_ascii(), "{shown}");
    insta::assert_snapshot!(shown);
}

#[test]
fn one_alone_needs_no_bar() {
    let daemon = Daemon::for_caller("root");
    let reset = ["--config", daemon.config(), "reset", "alice", "--yes"];
    assert_eq!(Scene::at_terminal(&[]).run(&reset).progress, "");
}
