//! `twinlock pam enable sshd` where it is enabled already, in this form or another.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test stops at its first surprise")]

mod support;

use support::host::{DROP_IN, SSHD, logs_in, sshd_host};

const KEY: [&str; 6] = ["pam", "enable", "sshd", "--yes", "--first-factor", "key"];
const PASSWORD: [&str; 6] = ["pam", "enable", "sshd", "--yes", "--first-factor", "password"];

#[test]
fn another_form_is_refused_until_the_first_is_disabled_and_then_all_is_as_it_was() {
    for (first, second) in [(PASSWORD, KEY), (KEY, PASSWORD)] {
        let (daemon, host) = sshd_host();
        assert_eq!(host.run(&first, &[]).code, 0);
        logs_in(&daemon, "sshd");
        assert_eq!(host.run(&["pam", "confirm"], &[]).code, 0);
        let written = (host.read("pam.d/sshd"), host.read(DROP_IN));

        let refused = host.run(&second, &[]);
        assert_eq!(refused.code, 1, "{}", refused.transcript());
        assert!(refused.sentence.contains("twinlock pam disable sshd"), "{}", refused.sentence);
        assert_eq!((host.read("pam.d/sshd"), host.read(DROP_IN)), written);

        assert_eq!(host.run(&["pam", "disable", "sshd", "--yes"], &[]).code, 0);
        assert_eq!((host.read("pam.d/sshd").as_deref(), host.read(DROP_IN)), (Some(SSHD), None));
        assert_eq!(host.run(&second, &[]).code, 0);
    }
}

#[test]
fn lines_by_hand_are_not_turned_into_another_form_either() {
    let (_daemon, host) = sshd_host();
    let by_hand =
        SSHD.replace("common-auth", "common-auth\nauth required pam_twinlock.so").replace(
            "@include common-account",
            "account required pam_twinlock.so\n@include common-account",
        );
    host.write("pam.d/sshd", &by_hand);
    let refused = host.run(&KEY, &[]);
    assert!(
        refused.sentence.contains("lines for a password and a code already"),
        "{}",
        refused.sentence
    );
    assert_eq!((host.read("pam.d/sshd").unwrap(), host.read(DROP_IN)), (by_hand, None));
}

#[test]
fn a_service_that_lost_a_line_since_is_disabled_before_it_is_enabled_anew() {
    let (daemon, host) = sshd_host();
    assert_eq!(host.run(&PASSWORD, &[]).code, 0);
    logs_in(&daemon, "sshd");
    assert_eq!(host.run(&["pam", "confirm"], &[]).code, 0);
    host.write("pam.d/sshd", SSHD);
    let refused = host.run(&PASSWORD, &[]);
    assert!(refused.sentence.contains("could not be taken back whole"), "{}", refused.sentence);
    assert_eq!(host.run(&["pam", "disable", "sshd", "--yes"], &[]).code, 0);
    assert_eq!((host.read("pam.d/sshd").as_deref(), host.read(DROP_IN)), (Some(SSHD), None));
    assert_eq!(host.run(&PASSWORD, &[]).code, 0);
}
