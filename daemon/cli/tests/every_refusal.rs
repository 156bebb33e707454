//! Each sentence with which the command refuses stands, word for word, in a snapshot of what a person
//! sees.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test stops at its first surprise")]

mod support;

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::Stdio;

use support::daemon::{Daemon, THEN};
use support::person::Scene;
use support::sources::{files, parts};
use support::transcript;

/// Sentences in no snapshot: what a test would have to break for them, or where it reads them.
const UNSEEN: &[(&str, &str)] = &[
    ("Ctrl-C cannot be waited for", "the system has no room for a signal handler"),
    ("The system has no resources left", "it has none for an event loop"),
    ("The users of this host cannot be listed", "getent(1) is not there"),
    ("The user database does not answer", "the same"),
    ("Standard input cannot be read", "it is closed, and dup(2) fails"),
    ("The answer cannot be read", "the terminal goes away in the middle of an answer"),
    ("Interrupted, and nothing was done", "tests/tests/e2e/authority.rs types it at a terminal"),
    ("cannot be written: {cause}. Name another file", "the disk fills up within a picture"),
    ("No QR code can be made", "src/qr/mod.rs makes one of a text that is too long"),
    ("No key can be made of the passphrase", "src/passphrase.rs asks for an impossible cost"),
    ("because somebody else changed the file meanwhile", "it changes between question and answer"),
    ("has been taken back meanwhile", "the guard acts between the login and the answer to it"),
    ("Not everything is taken out", "a file system goes read-only between look and change"),
];

/// Whether a sentence stands in a text, with whatever values.
fn stands_in(text: &str, sentence: &str) -> bool {
    /// The longest value, in bytes.
    const VALUE: usize = 200;
    let parts: Vec<_> =
        parts(sentence).into_iter().map(str::trim).filter(|p| !p.is_empty()).collect();
    let Some((first, others)) = parts.split_first() else { return false };
    text.match_indices(first).any(|(at, _)| {
        let mut rest = &text[at + first.len()..];
        others.iter().all(|part| match rest.find(part) {
            Some(at) if at <= VALUE => {
                rest = &rest[at + part.len()..];
                true
            }
            _ => false,
        })
    })
}

/// The string literal that this text begins with, as the program has it.
fn literal(text: &str) -> Option<String> {
    let mut characters = text.strip_prefix('"')?.chars().peekable();
    let mut read = String::new();
    loop {
        match characters.next()? {
            '"' => return Some(read),
            '\\' => match characters.next()? {
                '\n' => while characters.next_if(|next| next.is_whitespace()).is_some() {},
                escaped => read.push(escaped),
            },
            other => read.push(other),
        }
    }
}

/// The sentences of refusals in a source, tests left out.
fn sentences(source: &str) -> Vec<String> {
    let source = source.split("#[cfg(test)]\nmod tests").next().unwrap_or_default();
    let calls =
        ["refused(", "unreachable("].into_iter().flat_map(|call| source.split(call).skip(1));
    calls
        .filter_map(|behind| {
            let behind = behind.trim_start();
            let behind = behind.strip_prefix("format!(").unwrap_or(behind).trim_start();
            literal(behind)
        })
        .collect()
}

/// Without the line breaks of a diagnostic.
fn flat(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn each_sentence_of_a_refusal_stands_in_a_snapshot() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let (mut sources, mut snapshots) = (Vec::new(), Vec::new());
    files(&root.join("src"), "rs", &mut sources);
    files(&root.join("tests/snapshots"), "snap", &mut snapshots);
    let shown: String =
        snapshots.iter().map(|path| flat(&fs::read_to_string(path).unwrap()) + "\n").collect();
    let all: Vec<String> = sources
        .iter()
        .flat_map(|path| sentences(&fs::read_to_string(path).unwrap()))
        .map(|sentence| flat(&sentence))
        .collect();
    assert!(all.len() > 60, "{}", all.len());
    let missing: Vec<&String> = all
        .iter()
        .filter(|sentence| !stands_in(&shown, sentence))
        .filter(|sentence| !UNSEEN.iter().any(|(unseen, _)| sentence.contains(unseen)))
        .collect();
    assert!(missing.is_empty(), "in no snapshot: {missing:#?}");
    for (unseen, why) in UNSEEN {
        let mut found = all.iter().filter(|sentence| sentence.contains(unseen)).peekable();
        assert!(found.peek().is_some(), "no sentence has {unseen:?} ({why})");
        assert!(!found.any(|sentence| stands_in(&shown, sentence)), "{unseen:?} is seen by now");
    }
}

#[test]
fn a_sentence_is_found_in_each_form_of_a_call() {
    let source = "refused(\"One.\") refused(format!(\"Two {x} \\\"three\\\".\")) \
                  Failure::refused(format!(\n    \"Four \\\n     five.\"\n)) refused(sentence)";
    assert_eq!(sentences(source), ["One.", "Two {x} \"three\".", "Four five."]);
    assert!(stands_in("a b is no file, and so on.", "{} is no file, and {more}."));
    assert!(!stands_in("a b is no file, but so on.", "{} is no file, and {more}."));
}

#[test]
fn a_group_that_the_user_database_does_not_know_is_refused() {
    let daemon = Daemon::for_caller("root");
    let clear = ["--config", daemon.config(), "trusted", "clear", "--group", "no-such", "--yes"];
    insta::assert_snapshot!(transcript(&clear, ""));
    assert!(daemon.requests().is_empty());
}

#[test]
fn an_answer_that_is_no_text_is_refused() {
    let daemon = Daemon::for_caller("alice");
    let mut child = support::command(&["--config", daemon.config(), "verify"])
        .stdin(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(b"12\xff34\n").unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    insta::assert_snapshot!(String::from_utf8(output.stderr).unwrap());
}

#[test]
fn what_is_no_backup_is_not_written() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("backup");
    let daemon = Daemon::for_caller("root");
    daemon.state.lock().unwrap().transfer = b"something else".to_vec();
    let backup = ["--config", daemon.config(), "backup", path.to_str().unwrap(), "--store-key"];
    let shown = Scene::at_terminal(&[]).run(&backup);
    assert!(!path.exists());
    insta::assert_snapshot!(shown.transcript());
}

#[test]
fn a_backup_from_later_than_now_is_restored_where_the_clock_is_said_to_be_right() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("backup");
    let path = path.to_str().unwrap();
    let daemon = Daemon::for_caller("root");
    let run = |arguments: &[&str]| {
        let all = [&["--config", daemon.config()], arguments].concat();
        Scene::at_terminal(&[]).run(&all)
    };
    assert_eq!(run(&["backup", path, "--store-key"]).code, 0);
    // The backup says three days before the person's present; the host is older still.
    daemon.state.lock().unwrap().clock = Some(THEN - 601);
    let before = daemon.requests();
    let shown = run(&["restore", path, "--yes"]);
    insta::assert_snapshot!(shown.transcript());
    assert_eq!(daemon.requests(), before, "nothing was restored");
    assert_eq!(run(&["restore", path, "--yes", "--clock-is-right"]).code, 0);
    daemon.state.lock().unwrap().clock = Some(THEN - 600);
    assert_eq!(run(&["restore", path, "--yes"]).code, 0);
}
