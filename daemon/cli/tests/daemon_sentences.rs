//! The sentences with which the daemon refuses, which the command prints as they are: each says what to
//! do, each stands in the snapshot, and the rigs' daemon says no other.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test stops at its first surprise")]

mod support;

use std::fs;
use std::path::{Path, PathBuf};

use support::sources::{files, is_said_as, is_sentence, literals, parts};

/// Sentences of the bus that name no remedy, and why.
const WITHOUT_REMEDY: [(&str, &str); 6] = [
    ("Taken away: {lost}.", "tells of success"),
    ("That code is not right (reference {reference}).", "the prompt says the same and comes again"),
    ("Nothing can be told of {:?} (reference {reference}): {error}", "the error has it"),
    ("That is one factor too many: {error}.", "the error has it"),
    ("A bypass code cannot be for {shown:?}: {why}.", "the error has it"),
    ("There is an {error}.", "the error lists what there is"),
];

/// What a remedy has, behind what is wrong and why.
const INSTRUCTIONS: [&str; 24] = [
    "add",
    "ask",
    "begin",
    "check",
    "choose",
    "finish",
    "forget",
    "give",
    "mend",
    "put",
    "report",
    "reset",
    "restart",
    "restore",
    "send",
    "take",
    "try",
    "'twinlock",
    "unlock",
    "use",
    "wait",
    "write",
    "install",
    "log in",
];

/// The parts of the rigs' daemon that answer.
const RIG: [&str; 6] =
    ["refusals.rs", "state.rs", "daemon.rs", "own.rs", "own_interface.rs", "backups.rs"];

fn daemon() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// The sentences of these sources, each with the name of its file.
fn sentences(paths: &[PathBuf]) -> Vec<(String, String)> {
    let of_file = |path: &PathBuf| {
        let name = path.strip_prefix(daemon().join("service/src")).unwrap_or(path);
        let name = name.display().to_string();
        let found = literals(&fs::read_to_string(path).unwrap());
        let found = found.into_iter().filter(|literal| is_sentence(literal));
        found.map(move |sentence| (name.clone(), sentence)).collect::<Vec<_>>()
    };
    paths.iter().flat_map(of_file).collect()
}

/// What is said on the bus, in the order of the files.
fn of_the_bus() -> Vec<(String, String)> {
    let bus = daemon().join("service/src/bus");
    let mut paths = Vec::new();
    files(&bus, "rs", &mut paths);
    paths.retain(|path| !path.starts_with(bus.join("tests")));
    paths.push(daemon().join("service/src/backup/mod.rs"));
    paths.sort();
    let mut all = sentences(&paths);
    all.retain(|(_, sentence)| is_told(sentence));
    all
}

/// Whether a caller reads it: a sentence begins with a capital letter or a value.
fn is_told(sentence: &str) -> bool {
    let begins = sentence.starts_with(|first: char| first.is_uppercase() || "{\"'".contains(first));
    begins && (sentence.ends_with('.') || sentence.ends_with("{error}"))
}

#[test]
fn what_the_daemon_says_stands_in_the_snapshot() {
    let all = of_the_bus();
    let lines: Vec<_> = all.iter().map(|(file, text)| format!("{file}: {text}\n")).collect();
    insta::assert_snapshot!(lines.concat());
}

#[test]
fn each_literal_of_an_error_is_among_them() {
    let bus = daemon().join("service/src/bus");
    let (mut paths, mut seen) = (Vec::new(), 0);
    files(&bus, "rs", &mut paths);
    let all = of_the_bus();
    for path in paths.iter().filter(|path| !path.starts_with(bus.join("tests"))) {
        let source = fs::read_to_string(path).unwrap();
        let source = source.split("#[cfg(test)]\nmod tests").next().unwrap();
        for behind in source.split("Error::").skip(1) {
            let Some((variant, behind)) = behind.split_once('(') else { continue };
            let behind = behind.trim_start();
            let behind = behind.strip_prefix("format!(").unwrap_or(behind).trim_start();
            if !variant.chars().all(char::is_alphanumeric) || !behind.starts_with('"') {
                continue;
            }
            let literal = literals(behind).swap_remove(0);
            if source.contains(&format!("zbus::Error::{variant}(\"{literal}\"")) {
                continue;
            }
            assert!(
                all.iter().any(|(_, text)| *text == literal),
                "{}: {literal:?}",
                path.display()
            );
            seen += 1;
        }
    }
    assert!(seen > 40, "{seen}");
}

#[test]
fn each_says_what_to_do() {
    let has_remedy = |text: &str| {
        let end = [text.find("; "), text.find(". ")].into_iter().flatten().min();
        let behind = end.map_or("", |at| &text[at..]).to_lowercase();
        INSTRUCTIONS.iter().any(|word| behind.contains(&format!(" {word}")))
    };
    for (_, sentence) in of_the_bus() {
        let known = WITHOUT_REMEDY.iter().any(|(without, _)| *without == sentence);
        assert!(has_remedy(&sentence) != known, "{sentence:?}");
    }
}

#[test]
fn the_rigs_say_what_the_daemon_says() {
    let mut paths = Vec::new();
    files(&daemon().join("service/src"), "rs", &mut paths);
    files(&daemon().join("core/src"), "rs", &mut paths);
    let enough =
        |text: &String| parts(text).join("").chars().filter(|c| c.is_alphabetic()).count() > 8;
    let said: Vec<_> = sentences(&paths).into_iter().map(|(_, text)| text).filter(enough).collect();
    let support = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/support");
    let rig = sentences(&RIG.map(|file| support.join(file)));
    assert!(rig.len() > 20, "{rig:?}");
    for (file, text) in rig {
        assert!(said.iter().any(|sentence| is_said_as(&text, sentence)), "{file}: {text:?}");
    }
}

#[test]
fn a_sentence_is_told_from_other_text() {
    let source = "let a = '\"'; // \"A comment is none.\"\nf::<'a>(\"One {x:?} \\\"two\\\" \\\n   three \
                  four.\", \"no sentence\")";
    assert_eq!(literals(source), ["One {x:?} \"two\" three four.", "no sentence"]);
    assert!(is_sentence("One {x:?} two three four") && is_sentence("Taken away: {lost}."));
    assert!(!is_sentence("forget {user}") && !is_sentence("bypass {a} {b} {c} {d}"));
    assert!(is_said_as("There is no user {name:?}; look.", "There is no user {:?}; look."));
    assert!(is_said_as("That is a 7.", "that is {}"));
    assert!(!is_said_as("There is no user {name:?}; look up.", "There is no user {:?}; look."));
    assert!(!is_said_as("There is no user.", "There is no user {:?}; look."));
}
