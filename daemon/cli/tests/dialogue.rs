//! What a person at a terminal goes through.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test stops at its first surprise")]

mod support;

use support::daemon::{Daemon, SECRET};
use support::person::{Scene, Shown};
use twinlock_cli::render::Palette;

fn at_terminal(
    daemon: &Daemon,
    arguments: &[&str],
    script: &[(&'static str, &'static str)],
) -> Shown {
    let mut all = vec!["--config", daemon.config()];
    all.extend(arguments);
    Scene::at_terminal(script).run(&all)
}

fn snapshot(name: &str, shown: &Shown) {
    insta::assert_snapshot!(name, shown.transcript());
}

#[test]
fn an_enrolment_shows_code_and_key_and_takes_the_first_code() {
    let daemon = Daemon::for_caller("bob");
    let script = [("Verification code (i: redraw for a light screen): ", "123456")];
    let shown = at_terminal(&daemon, &["enroll", "--label", "phone"], &script);
    snapshot("enrolment", &shown);
    assert_eq!(daemon.requests(), ["begin bob 'phone'", "enrol bob 'phone'"]);
}

#[test]
fn i_redraws_the_code_for_the_other_kind_of_screen_and_is_no_try() {
    let daemon = Daemon::for_caller("bob");
    let script = [
        ("Verification code (i: redraw for a light screen): ", "i"),
        ("Verification code (i: redraw for a dark screen): ", "I"),
        ("Verification code (i: redraw for a light screen): ", "000000"),
        ("Verification code (i: ", "000000"),
        ("Verification code (i: ", "123456"),
    ];
    let shown = at_terminal(&daemon, &["enroll"], &script);
    assert_eq!(shown.code, 0);
    snapshot("enrolment-redrawn", &shown);
}

#[test]
fn three_wrong_codes_end_an_enrolment() {
    let daemon = Daemon::for_caller("bob");
    let script = [
        ("Verification code: ", "000000"),
        ("Verification code: ", ""),
        ("Verification code: ", "000001"),
    ];
    snapshot("enrolment-wrong", &at_terminal(&daemon, &["enroll", "--qr", "none"], &script));
    assert_eq!(daemon.requests(), ["begin bob ''", "cancel 7"]);
}

#[test]
fn who_has_a_factor_gives_a_code_of_it_first() {
    let daemon = Daemon::for_caller("alice");
    let script = [
        ("Code of a factor that you have already: ", "000000"),
        ("Code of a factor that you have already: ", "123456"),
        ("Verification code: ", "123456"),
    ];
    snapshot("enrolment-second", &at_terminal(&daemon, &["enroll", "--qr", "none"], &script));
}

#[test]
fn a_terminal_that_is_too_narrow_gets_words_instead_of_a_code() {
    let daemon = Daemon::for_caller("bob");
    let mut scene = Scene::at_terminal(&[("Verification code", "123456")]);
    scene.columns = Some(40);
    let shown = scene.run(&["--config", daemon.config(), "enroll"]);
    snapshot("enrolment-narrow", &shown);
}

#[test]
fn a_picture_is_kept_after_an_enrolment_and_gone_without_one() {
    let directory = tempfile::tempdir().unwrap();
    for (form, head) in [("png", &b"\x89PNG"[..]), ("svg", b"<svg")] {
        let file = directory.path().join(form);
        let form = format!("{form}={}", file.display());

        let daemon = Daemon::for_caller("bob");
        let wrong = [("Verification code: ", "000000"); 3];
        assert_eq!(at_terminal(&daemon, &["enroll", "--qr", &form], &wrong).code, 1);
        assert!(!file.exists());

        let shown =
            at_terminal(&daemon, &["enroll", "--qr", &form], &[("Verification code: ", "123456")]);
        assert_eq!(shown.code, 0);
        assert!(shown.screen.contains(&file.display().to_string()));
        assert!(std::fs::read(&file).unwrap().starts_with(head));
    }
}

#[test]
fn a_picture_that_cannot_be_made_begins_no_enrolment() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("taken");
    std::fs::write(&file, "before").unwrap();
    let daemon = Daemon::for_caller("bob");
    let shown = at_terminal(&daemon, &["enroll", "--qr", &format!("png={}", file.display())], &[]);
    assert_eq!(shown.code, 1);
    assert!(shown.sentence.contains("not overwritten"), "{}", shown.sentence);
    assert!(daemon.requests().is_empty());
}

#[test]
fn the_key_stands_on_standard_output_and_in_no_sentence() {
    let daemon = Daemon::for_caller("bob");
    let wrong = [("Verification code: ", "000000"); 3];
    let shown = at_terminal(&daemon, &["enroll", "--qr", "none"], &wrong);
    assert!(!shown.sentence.contains(SECRET));
    assert_eq!(shown.screen.matches("Key: JBSW Y3DP").count(), 1);
}

#[test]
fn a_reset_says_what_it_takes_and_asks() {
    let daemon = Daemon::for_caller("root");
    let users = ["reset", "alice", "bob", "dave", "nobody"];
    snapshot("reset-no", &at_terminal(&daemon, &users, &[("Go ahead? [y/N] ", "")]));
    assert!(daemon.requests().is_empty());
    snapshot("reset-yes", &at_terminal(&daemon, &users, &[("Go ahead? [y/N] ", "Yes")]));
    assert_eq!(daemon.requests().len(), 4);
}

#[test]
fn a_reset_of_several_shows_how_far_it_is() {
    let daemon = Daemon::for_caller("root");
    let shown = at_terminal(&daemon, &["reset", "alice", "bob", "--yes"], &[]);
    assert!(shown.progress.contains("Resetting: [██████████░░░░░░░░░░] 2 of 2: bob"));
    assert!(shown.progress.ends_with("\r\u{1b}[K"), "{:?}", shown.progress);
}

#[test]
fn the_last_factor_goes_with_a_warning_and_a_fresh_code() {
    let daemon = Daemon::for_caller("carol");
    let script = [
        ("Remove it? [y/N] ", "y"),
        ("Verification code of any factor of yours: ", "111111"),
        ("Verification code of any factor of yours: ", "123456"),
    ];
    snapshot("factor-remove", &at_terminal(&daemon, &["factor", "remove"], &script));
    assert_eq!(daemon.requests(), ["remove carol c1"]);
}

#[test]
fn a_factor_stays_when_the_answer_is_no() {
    let daemon = Daemon::for_caller("alice");
    let shown = at_terminal(&daemon, &["factor", "remove", "a7"], &[("Remove it?", "no")]);
    assert_eq!(shown.code, 1);
    assert!(daemon.requests().is_empty());
}

#[test]
fn people_read_times_and_states() {
    let daemon = Daemon::for_caller("root");
    for (name, arguments) in [
        ("status-alice", &["status", "alice"][..]),
        ("status-bob", &["status", "bob"]),
        ("status-carol", &["status", "carol"]),
        ("status-dave", &["status", "dave"]),
        ("user-show-carol", &["user", "show", "carol"]),
        ("user-show-bob", &["user", "show", "bob"]),
        ("user-list", &["user", "list"]),
        ("user-list-locked", &["user", "list", "--state", "locked"]),
        ("factor-list", &["factor", "list", "alice"]),
        ("factor-list-none", &["factor", "list", "bob"]),
    ] {
        let mut shown = at_terminal(&daemon, arguments, &[]);
        // The rig's root has the user id of whoever runs the tests.
        let uid = format!("{:<4}", rustix::process::getuid().as_raw());
        shown.screen = shown.screen.replace(&format!("{uid}  enrolled"), "0     enrolled");
        snapshot(name, &shown);
    }
}

#[test]
fn colours_are_for_states_headings_and_warnings() {
    let daemon = Daemon::for_caller("root");
    let mut scene = Scene::at_terminal(&[]);
    scene.palette = Palette::coloured();
    let shown = scene.run(&["--config", daemon.config(), "status", "carol"]);
    insta::assert_snapshot!("status-coloured", shown.transcript().escape_debug());
}
