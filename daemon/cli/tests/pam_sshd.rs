//! `twinlock pam` and the settings of sshd: what is said of them, and what of them stays.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test stops at its first surprise")]

mod support;

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;

use support::host::{DROP_IN, Host, SSHD, sshd_host};

const ENABLE: [&str; 4] = ["pam", "enable", "sshd", "--yes"];
const DISABLE: [&[&str]; 2] =
    [&["pam", "disable", "sshd", "--yes"], &["pam", "disable", "--all", "--yes"]];

/// The lines of the README, by hand.
fn by_hand(host: &Host) {
    let lines = SSHD
        .replace("common-auth", "common-auth\nauth required pam_twinlock.so")
        .replace("@include common-acc", "account required pam_twinlock.so\n@include common-acc");
    host.write("pam.d/sshd", &lines);
}

/// An sshd that does this first.
fn with_sshd_that(host: &Host, first: &str) {
    let sshd = host.read("sshd").unwrap().replacen('\n', &format!("\n{first}\n"), 1);
    host.write("sshd", &sshd);
    fs::set_permissions(host.path("sshd"), Permissions::from_mode(0o755)).unwrap();
}

#[test]
fn settings_by_hand_that_keep_people_out_without_twinlock_are_told_of() {
    for disable in DISABLE {
        let (_daemon, host) = sshd_host();
        by_hand(&host);
        let own = "UsePAM yes\nAuthenticationMethods publickey,keyboard-interactive\n";
        host.write(DROP_IN, own);
        let shown = host.run(disable, &[]);
        assert_eq!((shown.code, host.read("pam.d/sshd").as_deref()), (0, Some(SSHD)));
        let said = host.transcript(&shown);
        for part in [
            "Warning: sshd still demands keyboard-interactive",
            "(AuthenticationMethods publickey,keyboard-interactive)",
            "whoever has only a key is locked out of SSH",
            "ROOT/ssh/sshd_config.d/00-twinlock.conf:2",
        ] {
            assert!(said.contains(part), "{part}: {said}");
        }
        assert_eq!(host.read(DROP_IN).as_deref(), Some(own), "it is not the command's to take");
    }
}

#[test]
fn settings_that_the_command_made_go_without_a_word() {
    for disable in DISABLE {
        let (_daemon, host) = sshd_host();
        assert_eq!(host.run(&ENABLE, &[]).code, 0);
        let shown = host.run(disable, &[]);
        assert!(!shown.screen.contains("Warning"), "{}", shown.screen);
    }
}

#[test]
fn settings_of_an_sshd_that_never_asked_twinlock_are_none_of_its_business() {
    let (_daemon, host) = sshd_host();
    host.write(DROP_IN, "AuthenticationMethods publickey,keyboard-interactive\n");
    let shown = host.run(DISABLE[1], &[]);
    assert!(!shown.screen.contains("Warning"), "{}", shown.screen);
}

#[test]
fn an_sshd_that_says_nothing_keeps_no_line_in() {
    for disable in DISABLE {
        let (_daemon, host) = sshd_host();
        by_hand(&host);
        with_sshd_that(&host, "echo line 3: Bad configuration option: UsePMA >&2; exit 255");
        let shown = host.run(disable, &[]);
        assert_eq!((shown.code, host.read("pam.d/sshd").as_deref()), (0, Some(SSHD)));
        assert!(shown.screen.contains("cannot be told"), "{}", shown.screen);
        assert!(shown.screen.contains("AuthenticationMethods"), "{}", shown.screen);
    }
}

#[test]
fn root_whom_sshd_asks_nothing_is_told_of_before_the_change() {
    for (value, form, is_out) in [
        ("without-password", "password", true),
        ("without-password", "key", true),
        ("forced-commands-only", "password", true),
        ("forced-commands-only", "key", false),
        ("yes", "password", false),
        ("no", "key", false),
    ] {
        let (_daemon, host) = sshd_host();
        host.write("told", &format!("permitrootlogin {value}\n"));
        let command = ["pam", "enable", "sshd", "--first-factor", form];
        let shown = host.run(&command, &[("Change sshd", "n")]);
        assert_eq!(shown.code, 1);
        let said = shown.screen.contains("Root does not get in over SSH");
        assert_eq!(said, is_out, "{value}, {form}: {}", shown.screen);
        assert_eq!(host.read("pam.d/sshd").as_deref(), Some(SSHD));
    }
}

#[test]
fn the_directory_that_sshd_misses_before_the_first_login_is_made() {
    let (_daemon, host) = sshd_host();
    let directory = host.path("privileges");
    let first = format!(
        "[ -d {0} ] || {{ echo Missing privilege separation directory: {0} >&2; exit 255; }}",
        directory.display()
    );
    with_sshd_that(&host, &first);
    let shown = host.run(&ENABLE, &[]);
    assert_eq!(shown.code, 0, "{}", shown.transcript());
    let mode = fs::metadata(&directory).unwrap().permissions().mode();
    assert_eq!(mode & 0o022, 0, "others could change it");
}

#[test]
fn what_an_administrator_wrote_into_the_file_stays_in_force_and_comes_back() {
    let (_daemon, host) = sshd_host();
    let own = "LoginGraceTime 300\n";
    host.write(DROP_IN, own);
    assert_eq!(host.run(&ENABLE, &[]).code, 0);
    let written = host.read(DROP_IN).unwrap();
    assert!(written.starts_with("# Written by") && written.ends_with(own), "{written}");
    assert_eq!(host.run(DISABLE[0], &[]).code, 0);
    assert_eq!(host.read(DROP_IN).as_deref(), Some(own));
}
