//! `twinlock pam` where a change was made before: what is refused then.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test stops at its first surprise")]

mod support;

use std::fs;
use std::os::unix::fs::symlink;

use support::daemon::Daemon;
use support::host::{ENABLE, Host, SU, logs_in, ssh_host, sshd_host};
use support::person::Scene;
use twinlock_cli::pam_change::record::Records;

/// What is refused after a change of `ssh` was made.
fn refusal_after(prepare: impl FnOnce(&Daemon, &Host), arguments: &[&str]) -> String {
    let (daemon, host) = ssh_host();
    assert_eq!(host.run(ENABLE, &[]).code, 0);
    prepare(&daemon, &host);
    let shown = host.run(arguments, &[]);
    assert_eq!(shown.code, 1, "{}", shown.screen);
    host.transcript(&shown)
}

/// As a newer sshd tells it, with the same line in its configuration.
fn refusal_of_other_service() -> String {
    let (_daemon, host) = sshd_host();
    let include = host.read("ssh/sshd_config").unwrap();
    host.write("ssh/sshd_config", &format!("{include}PAMServiceName ssh-x\n"));
    host.write("told", "permitrootlogin no\npamservicename ssh-x\n");
    let before = host.read("pam.d/sshd");
    let shown = host.run(&["pam", "enable", "sshd", "--yes"], &[]);
    for more in [["--no-sshd-config", "--yes"], ["--first-factor=key", "--yes"]] {
        let other = host.run(&[&["pam", "enable", "sshd"][..], &more].concat(), &[]);
        assert_eq!((other.code, other.sentence), (1, shown.sentence.clone()));
    }
    assert_eq!((shown.code, host.read("pam.d/sshd")), (1, before));
    host.transcript(&shown)
}

#[test]
fn each_reason_to_stop_on_the_way_says_what_to_do() {
    let replace_ssh = |with: fn(&Host)| {
        move |_: &Daemon, host: &Host| {
            fs::remove_file(host.path("pam.d/ssh")).unwrap();
            with(host);
        }
    };
    let mut all = String::new();
    for (what, shown) in [
        ("waits already", refusal_after(|_, _| {}, ENABLE)),
        (
            "several wait",
            refusal_after(
                |_, host| {
                    host.write("pam.d/su", SU);
                    assert_eq!(host.run(&["pam", "enable", "su", "--yes"], &[]).code, 0);
                },
                &["pam", "confirm"],
            ),
        ),
        (
            "confirmed already",
            refusal_after(
                |daemon, host| {
                    logs_in(daemon, "ssh");
                    assert_eq!(host.run(&["pam", "confirm"], &[]).code, 0);
                },
                &["pam", "confirm", "ssh"],
            ),
        ),
        (
            "enabled, and not as it was",
            refusal_after(
                |daemon, host| {
                    logs_in(daemon, "ssh");
                    assert_eq!(host.run(&["pam", "confirm"], &[]).code, 0);
                    let lines = host.read("pam.d/ssh").unwrap();
                    let lost = |line: &&str| {
                        !(line.starts_with("account") && line.contains("pam_twinlock"))
                    };
                    let left: Vec<_> = lines.lines().filter(lost).collect();
                    host.write("pam.d/ssh", &(left.join("\n") + "\n"));
                },
                ENABLE,
            ),
        ),
        (
            "cannot be taken back",
            refusal_after(
                replace_ssh(|host| fs::create_dir(host.path("pam.d/ssh")).unwrap()),
                &["pam", "revert"],
            ),
        ),
        (
            "a folder in its place",
            refusal_after(
                replace_ssh(|host| fs::create_dir(host.path("pam.d/ssh")).unwrap()),
                &["pam", "disable", "--all", "--yes"],
            ),
        ),
        (
            "a link to itself",
            refusal_after(
                |_, host| symlink("loop", host.path("pam.d/loop")).unwrap(),
                &["pam", "disable", "--all", "--yes"],
            ),
        ),
        (
            "records out of reach",
            refusal_after(
                |_, host| {
                    fs::remove_dir_all(host.path("records")).unwrap();
                    host.write("records", "");
                },
                &["pam", "status"],
            ),
        ),
        (
            "a key for su",
            refusal_after(
                |_, host| host.write("pam.d/su", SU),
                &["pam", "enable", "su", "--first-factor", "key", "--yes"],
            ),
        ),
        (
            "nobody would take it back",
            refusal_after(
                |_, host| {
                    host.write("pam.d/su", SU);
                    host.guard.fails();
                },
                &["pam", "enable", "su", "--yes"],
            ),
        ),
    ] {
        all.push_str(&format!("=== {what}\n{shown}\n"));
    }
    all.push_str(&format!("=== another service than sshd\n{}\n", refusal_of_other_service()));
    let (_daemon, host) = ssh_host();
    let scene = Scene { uid: rustix::process::getuid().as_raw() + 1, ..Scene::at_terminal(&[]) };
    let other = Scene { machine: host.machine(), ..scene }.run(&["pam", "status"]);
    let _held = Records::open(&host.path("records"), || false).unwrap();
    let busy = Records::open(&host.path("records"), || false).err().unwrap();
    all.push_str(&format!("=== another user\n{}\n=== locked\n{busy}\n", other.transcript()));
    insta::assert_snapshot!("on-the-way", all);
}
