//! What `twinlock pam` tells an administrator beside the change itself.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test stops at its first surprise")]

mod support;

use support::host::{SU, ssh_host};

const SUDO: &str = "@include common-auth\n@include common-account\n";

#[test]
fn a_login_shell_of_the_same_program_that_asks_for_no_code_is_told_of() {
    let (_daemon, host) = ssh_host();
    host.write("pam.d/sudo", SUDO);
    host.write("pam.d/sudo-i", SUDO);
    let advice = "'sudo -i' asks for no code: it has the PAM service sudo-i. 'twinlock pam enable \
                  sudo-i' has it ask too.";
    let enabled = host.run(&["pam", "enable", "sudo", "--yes"], &[]);
    assert!(enabled.screen.contains(advice), "{}", enabled.transcript());
    assert_eq!(host.read("pam.d/sudo-i").unwrap(), SUDO);
    let status = || host.run(&["pam", "status"], &[]).screen;
    assert!(status().contains(advice), "{}", status());
    let json = host.run(&["pam", "status", "--json"], &[]).screen;
    assert!(json.contains(r#""unasked":"sudo-i""#), "{json}");

    // Each service has a change of its own, and one is taken back without the other.
    let sibling = host.run(&["pam", "enable", "sudo-i", "--yes"], &[]);
    assert_eq!((sibling.code, sibling.screen.contains("asks for no code")), (0, false));
    assert!(!status().contains("asks for no code"), "{}", status());
    assert_eq!(host.run(&["pam", "revert", "sudo"], &[]).code, 0);
    assert_eq!(host.read("pam.d/sudo").unwrap(), SUDO);
    assert!(host.read("pam.d/sudo-i").unwrap().contains("pam_twinlock.so"));
}

#[test]
fn a_login_shell_whose_stack_includes_the_other_is_asked_with_it() {
    let (_daemon, host) = ssh_host();
    host.write("pam.d/su", SU);
    host.write("pam.d/su-l", "auth include su\naccount include su\n");
    let enabled = host.run(&["pam", "enable", "su", "--yes"], &[]);
    assert_eq!(enabled.code, 0);
    assert!(!enabled.screen.contains("asks for no code"), "{}", enabled.transcript());
}

#[test]
fn passwd_is_told_of_its_own_phase_and_of_the_example() {
    let (_daemon, host) = ssh_host();
    let passwd = "@include common-password\n";
    host.write("pam.d/passwd", passwd);
    let shown = host.run(&["pam", "enable", "passwd", "--yes"], &[]);
    assert_eq!((shown.code, host.read("pam.d/passwd").as_deref()), (1, Some(passwd)));
    insta::assert_snapshot!("enable-passwd", host.transcript(&shown));
}

#[test]
fn a_fault_in_a_stack_is_called_one() {
    let (_daemon, host) = ssh_host();
    host.write(
        "pam.d/su",
        "@include common-auth\nauth required pam_twinlock.so\n@include common-account\n",
    );
    let shown = host.run(&["pam", "status"], &[]);
    insta::assert_snapshot!("status-flawed", host.transcript(&shown));
}
