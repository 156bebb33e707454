//! The command `twinlock`, as an administrator or a user types it.

use std::process::{Command, Output};

use serde_json::Value;

use super::artifacts;
use super::authenticator::Authenticator;
use super::process::{as_user, run};

/// Runs `twinlock` as root.
pub fn twinlock(arguments: &[&str]) -> Output {
    run(Command::new(artifacts::command()).args(arguments))
}

/// Runs `twinlock` as another user.
pub fn twinlock_as(user: &str, arguments: &[&str]) -> Output {
    run(as_user(user, artifacts::command()).args(arguments))
}

/// Enrols a user as an administrator, and returns the phone.
pub fn enrol(user: &str) -> Authenticator {
    let printed = json(&["enroll", user, "--no-confirm", "--json"]);
    assert_eq!(printed["user"], user, "enroll prints whom it enrolled");
    Authenticator::new(printed["secret"].as_str().expect("enroll prints the secret"))
}

/// What the store has of a user: `twinlock user show USER --json`.
pub fn show(user: &str) -> Value {
    json(&["user", "show", user, "--json"])
}

/// Consecutive wrong codes on an account.
pub fn failures(user: &str) -> u64 {
    let shown = show(user);
    shown["failures"].as_u64().unwrap_or_else(|| panic!("user show has no failures: {shown}"))
}

/// Whether `twinlock verify` takes a code.
pub fn verifies(user: &str, code: &str) -> bool {
    let output = twinlock(&["verify", user, code]);
    match output.status.code() {
        Some(0) => true,
        Some(1) => false,
        _ => panic!("verify ended with {}: {}", output.status, errors(&output)),
    }
}

/// Runs a command that must succeed and prints JSON.
pub fn json(arguments: &[&str]) -> Value {
    let output = twinlock(arguments);
    assert!(output.status.success(), "twinlock {arguments:?} failed: {}", errors(&output));
    serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("twinlock {arguments:?} prints no JSON: {error}"))
}

/// What a command wrote to standard error.
pub fn errors(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}
