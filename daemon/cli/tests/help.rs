//! The help of every verb, word for word.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test stops at its first surprise")]

mod support;

use clap::Command;
use support::transcript;

/// Every path of verbs, from the command line itself: a new verb cannot be forgotten.
fn paths(command: &Command, path: &mut Vec<String>, found: &mut Vec<Vec<String>>) {
    found.push(path.clone());
    for verb in command.get_subcommands().filter(|verb| verb.get_name() != "help") {
        path.push(verb.get_name().to_owned());
        paths(verb, path, found);
        path.pop();
    }
}

#[test]
fn every_verb_explains_itself() {
    let mut found = Vec::new();
    paths(&twinlock_cli::command(), &mut Vec::new(), &mut found);
    assert!(found.len() > 12, "{found:?}");
    for path in found {
        let mut arguments: Vec<&str> = path.iter().map(String::as_str).collect();
        arguments.push("--help");
        let name =
            format!("help-{}", if path.is_empty() { "top".to_owned() } else { path.join("-") });
        insta::assert_snapshot!(name, transcript(&arguments, ""));
    }
}

#[test]
fn without_arguments_the_help_is_shown_as_a_usage_error() {
    insta::assert_snapshot!(transcript(&[], ""));
}

#[test]
fn wrong_usage_exits_with_2() {
    for arguments in [
        &["frobnicate"][..],
        &["status", "alice", "bob"],
        &["unlock"],
        &["reset"],
        &["invite"],
        &["reset", "alice", "--group", "staff"],
        &["reset", "request", "--cancel", "--reason", "x"],
        &["reset", "approve"],
        &["reset", "refuse"],
        &["user", "forget"],
        &["invite", "alice", "--for", "31d"],
        &["bypass", "alice", "--for", "1h"],
        &["bypass", "alice", "--reason", "phone left at home"],
        &["bypass", "alice", "--for", "0s", "--reason", "x"],
        &["bypass", "alice", "--for", "1h", "--uses", "0", "--reason", "x"],
        &["bypass", "alice", "--for", "1h", "--uses", "101", "--reason", "x"],
        &["user", "list", "--state", "asleep"],
        &["enroll", "--qr", "gif=x"],
        &["enroll", "--method", "fax"],
        &["contact", "set"],
        &["contact", "set", "alice"],
        &["recovery"],
        &["trusted", "clear", "alice", "--all"],
        &["trusted", "clear", "--group", "staff", "--all"],
        &["trusted", "clear", "--host", "H1", "--all"],
        // Only an administrator, who names a user, goes without a confirming code.
        &["enroll", "--no-confirm"],
        &["completions", "tcsh"],
        &["mfa", "alice"],
        &["import", "oath"],
        &["import", "freeotp", "file"],
        &["mfa", "on"],
        &["policy", "explain"],
        &["pam", "enable"],
        &["pam", "enable", "../sshd"],
        &["pam", "enable", "sshd", "--confirm-within", "0s"],
        &["pam", "enable", "sshd", "--confirm-within", "2d"],
        &["pam", "disable"],
        &["pam", "disable", "sshd", "--all"],
        &["policy", "explain", "alice", "--first-factor", "passwrod"],
        &["policy", "explain", "alice", "--phase", "session"],
    ] {
        let shown = transcript(arguments, "");
        assert!(shown.ends_with("--- exit code 2\n"), "{arguments:?}: {shown}");
    }
}

#[test]
fn the_command_line_is_sound() {
    twinlock_cli::command().debug_assert();
}

#[test]
fn every_shell_has_completions_that_name_the_verbs() {
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let script = transcript(&["completions", shell], "");
        for verb in ["enroll", "unlock", "completions", "no-confirm"] {
            assert!(script.contains(verb), "{shell}: {verb}");
        }
        assert!(script.ends_with("--- standard error\n--- exit code 0\n"));
    }
}
