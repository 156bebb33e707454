//! Every verb prints what it should: its help, its success and each refusal, word for word. What is
//! tried stands in `support/verbs.rs`.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test stops at its first surprise")]

mod support;

use std::collections::BTreeSet;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use clap::Command;
use support::backups::{OWN_STORE, check_of, file};
use support::configuration;
use support::daemon::Daemon;
use support::history::log;
use support::person::Scene;
use support::state::request;
use support::verbs::{ROWS, Row, Script};
use tempfile::TempDir;
use twinlock_bus_api::backup::{Cost, KeySource, SALT};
use twinlock_cli::passphrase;
use twinlock_cli::secret::Secret;

const HEX: &str = "3132333435363738393031323334353637383930";

/// The verbs with snapshots of their own, because they look at the host: each with a snapshot of its
/// success and one of its refusals.
const ELSEWHERE: &[(&str, &str, &str)] = &[
    ("pam enable", "pam__enable", "pam__refusals"),
    ("pam confirm", "pam__confirm", "pam_refusals__on-the-way"),
    ("pam disable", "pam__disable", "pam__refusals"),
    ("pam revert", "pam__revert", "pam_refusals__on-the-way"),
    ("pam status", "pam__pending", "pam_refusals__on-the-way"),
    ("doctor", "doctor__nothing_found_says_so_and_what_was_looked_at", "doctor__severe"),
    ("completions", "every_verb__completions", "every_verb__completions-refused"),
];

/// The verbs that do something, from the command line itself.
fn leaves(command: &Command, path: &str, found: &mut BTreeSet<String>) {
    let does_something = !command.is_subcommand_required_set() && !path.is_empty();
    if does_something {
        found.insert(path.to_owned());
    }
    for verb in command.get_subcommands().filter(|verb| verb.get_name() != "help") {
        leaves(verb, format!("{path} {}", verb.get_name()).trim(), found);
    }
}

#[test]
fn no_verb_is_forgotten() {
    let mut found = BTreeSet::new();
    leaves(&twinlock_cli::command(), "", &mut found);
    for verb in ROWS.iter().map(|row| row.verb).chain(ELSEWHERE.iter().map(|(verb, ..)| *verb)) {
        assert!(found.remove(verb), "{verb} is no verb, or stands there twice");
        let help = format!("help__help-{}", verb.replace(' ', "-"));
        assert!(snapshot(&help).contains("--- exit code 0"), "{help}");
    }
    assert_eq!(found, BTreeSet::new(), "verbs without snapshots: they go into support/verbs.rs");
    for (verb, success, refusal) in ELSEWHERE {
        assert!(!snapshot(success).contains("exit code 1"), "{verb}: {success}");
        let refusal = snapshot(refusal);
        assert!(!refusal.contains("exit code 0"), "{verb}: {refusal}");
    }
}

fn snapshot(name: &str) -> String {
    let path = format!("{}/tests/snapshots/{name}.snap", env!("CARGO_MANIFEST_DIR"));
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

#[test]
fn every_verb_says_what_it_did() {
    for row in ROWS {
        assert!(!row.done.is_empty(), "{}", row.verb);
        let mut all = String::new();
        for (arguments, script) in row.done {
            all.push_str(&tried(&daemon(row), arguments, script, 0));
        }
        insta::assert_snapshot!(format!("done-{}", row.verb.replace(' ', "-")), all);
    }
}

#[test]
fn every_verb_says_why_it_did_not() {
    for row in ROWS {
        let mut all = String::new();
        for (arguments, script) in row.refused {
            all.push_str(&tried(&daemon(row), arguments, script, 1));
        }
        if !row.others.is_empty() {
            let forbids = Daemon::that_forbids();
            all.push_str("=== for others than administrators\n");
            all.push_str(&tried(&forbids, row.others, &[], 1));
            assert!(forbids.requests().is_empty(), "{}", row.verb);
        }
        if row.verb != "config check" {
            all.push_str("=== without a daemon\n");
            all.push_str(&unreached(row));
        }
        assert!(!all.is_empty(), "{}", row.verb);
        insta::assert_snapshot!(format!("refused-{}", row.verb.replace(' ', "-")), all);
    }
}

/// The daemon that a verb is tried with, anew for each try.
fn daemon(row: &Row) -> Daemon {
    let daemon = Daemon::for_caller(row.caller);
    let mut state = daemon.state.lock().unwrap();
    state.log = log();
    if row.caller == "root" {
        state.requested = vec![request("Q1", "alice", Some("phone lost"))];
    }
    drop(state);
    daemon
}

fn tried(daemon: &Daemon, arguments: &[&str], script: Script, code: u8) -> String {
    run(daemon.config(), arguments, script, code)
}

/// Nothing listens where the configuration says.
fn unreached(row: &Row) -> String {
    let directory = tempfile::tempdir().unwrap();
    let config = configuration(directory.path(), "unix:path=/nonexistent/bus");
    let arguments = if row.others.is_empty() { row.done[0].0 } else { row.others };
    run(config.to_str().unwrap(), arguments, &[], 3)
}

/// What a person sees of a command, with the folder of the test taken out.
fn run(config: &str, arguments: &[&str], script: Script, code: u8) -> String {
    let folder = folder();
    let path = folder.path().to_str().unwrap();
    let typed: Vec<String> =
        arguments.iter().map(|argument| argument.replace("DIR", path)).collect();
    let all: Vec<&str> =
        ["--config", config].into_iter().chain(typed.iter().map(String::as_str)).collect();
    let scene = Scene { owner: Some("bob"), ..Scene::at_terminal(script) };
    let shown = scene.run(&all);
    let mut text = shown.transcript().replace(path, "DIR");
    assert_eq!(shown.code, code, "{arguments:?}: {text}");
    // The width of a column depends on the folder.
    while arguments[0] == "import" && text.contains("   ") {
        text = text.replace("   ", "  ");
    }
    format!("$ twinlock {}\n{text}\n", arguments.join(" "))
}

/// The files that the rows name.
fn folder() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let app = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ\n\" TOTP_AUTH\n";
    for (name, text) in [
        ("taken", "before"),
        ("empty", "\n"),
        ("open", "correct horse battery\n"),
        ("sound.toml", "version = 1\n"),
        ("broken.toml", "version = 1\nlevle = \"high\"\n"),
        ("app", app),
        ("broken-app", "not base32!\n\" TOTP_AUTH\n"),
        ("open-app", app),
        ("users.oath", &format!("HOTP/T30 bob - {HEX}\n")),
        ("broken.oath", &format!("HOTP/T30 bob - {HEX}\nHOTP carol\nHOTP/T45 carol - 3132\n")),
        ("foreign", "PK\u{3}\u{4} something else\n"),
    ] {
        private(path, name, text.as_bytes());
    }
    for name in ["open", "open-app"] {
        fs::set_permissions(path.join(name), Permissions::from_mode(0o644)).unwrap();
    }
    let own = file(KeySource::Store, [0; SALT], OWN_STORE);
    private(path, "own", &own);
    private(path, "other-store", &file(KeySource::Store, [0; SALT], [9; 16]));
    private(path, "cut-off", &own[..own.len() - 1]);
    private(path, "with-more", &[&own[..], b"x"].concat());
    let changed = |at: usize| {
        let mut file = own.clone();
        file[at] ^= 1;
        file
    };
    private(path, "damaged-head", &changed(40));
    private(path, "damaged-body", &changed(own.len() - 1));
    private(path, "sealed", &sealed("correct horse battery"));
    fs::File::create(path.join("huge")).unwrap().set_len((256 << 20) + 1).unwrap();
    folder
}

/// A backup that this passphrase opens, made so that trying it costs little.
fn sealed(words: &str) -> Vec<u8> {
    let cost = Cost { memory: 64, passes: 1, lanes: 1 };
    let key = passphrase::key(&Secret::new(words.to_owned()), &[1; SALT], cost).unwrap();
    file(KeySource::Passphrase(cost), [1; SALT], check_of(key.as_slice()))
}

fn private(folder: &Path, name: &str, bytes: &[u8]) {
    let path = folder.join(name);
    fs::write(&path, bytes).unwrap();
    fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
}

#[test]
fn completions_offer_the_verbs_and_an_unknown_shell_is_wrong_usage() {
    let script = support::transcript(&["completions", "bash"], "");
    let offered = script.lines().find(|line| line.contains("opts=") && line.contains("enroll"));
    insta::assert_snapshot!("completions", offered.unwrap().trim());
    insta::assert_snapshot!(
        "completions-refused",
        support::transcript(&["completions", "tcsh"], "")
    );
}
