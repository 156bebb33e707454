//! `twinlock pam enable` takes its time: what counts is when the change is in force, and not when the
//! command began.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test stops at its first surprise")]

mod support;

use std::fs;
use std::time::Duration;

use support::daemon::NOW;
use support::host::{Host, SSHD, happens, ssh_host, sshd_host};
use twinlock_cli::pam_change::change;
use twinlock_cli::pam_change::record::{Changed, Records};

const ALLOWED: (&str, &str) = ("login.allowed", "code of factor A7");

/// Enables this at a terminal with somebody who reads for three minutes before the answer.
fn enable_after_thought(host: &Host, service: &str, question: &'static str) -> String {
    host.thinks.set(180);
    let shown = host.run(&["pam", "enable", service, "--confirm-within", "1s"], &[(question, "y")]);
    assert_eq!(shown.code, 1, "{}", shown.screen);
    assert!(shown.sentence.contains("Nobody logged in"), "{}", shown.sentence);
    assert!(!shown.screen.contains("Seen"), "{}", shown.screen);
    shown.screen
}

/// When the change is taken back and from when on a login counts, as it is recorded.
fn recorded(host: &Host, service: &str) -> (u64, u64) {
    let text = fs::read(host.path(&format!("records/{service}/record.json"))).unwrap();
    let record: serde_json::Value = serde_json::from_slice(&text).unwrap();
    (record["confirm_by"].as_u64().unwrap(), record["at"].as_u64().unwrap())
}

#[test]
fn a_login_while_the_difference_was_read_shows_nothing_of_the_change() {
    let (daemon, host) = ssh_host();
    happens(&daemon, "ssh", 60, ALLOWED.0, ALLOWED.1);
    let screen = enable_after_thought(&host, "ssh", "Change ssh?");
    assert!(screen.contains("taken back at 2026-11-21 11:09:41 UTC"), "{screen}");
    assert_eq!(recorded(&host, "ssh"), (NOW + 181, NOW + 180));
    let early = host.run(&["pam", "confirm", "ssh"], &[]);
    assert!(early.code == 1 && early.sentence.contains("Nobody has logged in"), "{}", early.screen);
    assert!(host.guard.all().iter().all(|asked| !asked.starts_with("disarm")));

    happens(&daemon, "ssh", 181, ALLOWED.0, ALLOWED.1);
    assert_eq!(host.run(&["pam", "confirm", "ssh"], &[]).code, 0);
}

#[test]
fn a_login_before_sshd_has_read_its_settings_shows_nothing_of_them() {
    let (daemon, host) = sshd_host();
    host.guard.reloads_within(5);
    happens(&daemon, "sshd", 183, ALLOWED.0, ALLOWED.1);
    enable_after_thought(&host, "sshd", "Change sshd, and reload sshd?");
    assert_eq!(recorded(&host, "sshd"), (NOW + 181, NOW + 185), "the guard was set before");
    assert_eq!(host.run(&["pam", "confirm", "sshd"], &[]).code, 1);
    happens(&daemon, "sshd", 185, ALLOWED.0, ALLOWED.1);
    assert_eq!(host.run(&["pam", "confirm", "sshd"], &[]).code, 0);
}

/// As where the command is killed before sshd has read its settings.
#[test]
fn a_change_that_was_never_in_force_as_a_whole_has_no_evidence() {
    let (daemon, host) = ssh_host();
    let (records, path) = (host.path("records"), host.path("pam.d/ssh"));
    let after = format!("{SSHD}\n# more\n").into_bytes();
    let files = vec![Changed { path, before: Some(SSHD.into()), after }];
    let records = Records::open(&records, || false).unwrap();
    let within = Duration::from_secs(300);
    change::make(&host.machine(), &records, "ssh", files, NOW, within).unwrap();
    drop(records);
    happens(&daemon, "ssh", 60, ALLOWED.0, ALLOWED.1);
    assert_eq!(host.run(&["pam", "confirm", "ssh"], &[]).code, 1);
    assert_eq!(host.run(&["pam", "revert", "ssh"], &[]).code, 0);
    assert_eq!(host.read("pam.d/ssh").unwrap(), SSHD);
}
