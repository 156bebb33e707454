//! A stack for `passwd` with Twinlock's line: a password is changed by who has the code.

use std::fs;
use std::process::Command;

use twinlock_tests::rig::command::enrol;
use twinlock_tests::rig::host::Host;
use twinlock_tests::rig::pam_stack::{install, twinlock};
use twinlock_tests::rig::process::as_user;
use twinlock_tests::rig::terminal::Terminal;

const NEW: &str = "a new and longer one";

fn install_stack() {
    install(
        "passwd",
        &[twinlock("password", "required", ""), "password required pam_unix.so".into()],
    );
}

/// The hash that the account has now.
fn hash_of(user: &str) -> String {
    let shadow = fs::read_to_string("/etc/shadow").expect("the hashes");
    let line = shadow.lines().find(|line| line.starts_with(&format!("{user}:")));
    line.and_then(|line| line.split(':').nth(1)).expect("a hash").to_owned()
}

#[test]
fn a_user_changes_the_password_with_a_code_and_not_without() {
    Host::run_with_daemon(|host, _| {
        install_stack();
        let mut phone = enrol("alice");
        let before = hash_of("alice");
        let passwd = as_user("alice", "passwd");

        let mut wrong = Terminal::start(&passwd);
        for _ in 0..3 {
            wrong.expect("Verification code").type_line(&phone.wrong());
        }
        // libpam asks every module of the stack first; whatever is typed, nothing is changed.
        wrong.expect("Current password:").type_line(&host.alice.password);
        assert!(!wrong.finish().success(), "{}", wrong.transcript());
        assert_eq!(hash_of("alice"), before);

        let mut right = Terminal::start(&passwd);
        right.expect("Verification code").type_line(&phone.fresh());
        right.expect("Current password:").type_line(&host.alice.password);
        right.expect("New password:").type_line(NEW);
        right.expect("Retype new password:").type_line(NEW);
        assert!(right.finish().success(), "{}", right.transcript());
        assert_ne!(hash_of("alice"), before);
    });
}

#[test]
fn root_sets_a_password_without_a_code() {
    Host::run_with_daemon(|_, _| {
        install_stack();
        enrol("alice");
        let before = hash_of("alice");
        let mut passwd = Command::new("passwd");
        passwd.arg("alice");
        let mut terminal = Terminal::start(&passwd);
        terminal.expect("New password:").type_line(NEW);
        terminal.expect("Retype new password:").type_line(NEW);
        assert!(terminal.finish().success(), "{}", terminal.transcript());
        assert!(!terminal.transcript().contains("Verification code"));
        assert_ne!(hash_of("alice"), before);
    });
}
