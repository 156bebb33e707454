//! A change of PAM that keeps people out is taken back by itself.

use std::time::Duration;

use twinlock_tests::rig::machine::Machine;

use super::site::{self, install, is_let_in_by_password_alone, is_refused};

/// How long the administrator takes to find out, in seconds.
const WITHIN: u64 = 40;

/// A machine on which nobody has enrolled, nor can: with Twinlock in sshd's stack nobody gets in.
fn unenrolled() -> (Machine, String) {
    let machine = site::site();
    install(&machine, "TWINLOCK_DEB");
    machine.write(
        "/etc/twinlock/conf.d/site.toml",
        "[[profile]]\nname = \"everybody\"\nlevel = \"high\"\nenrol = \"admin\"\n",
    );
    machine.shell("twinlock config check && systemctl restart twinlockd");
    let before = machine.shell("cat /etc/pam.d/sshd");
    (machine, before)
}

#[test]
#[ignore = "needs the packages and a root file system: scripts/test-installed"]
fn a_change_that_keeps_everybody_out_is_taken_back_after_its_time() {
    let (machine, before) = unenrolled();
    machine.shell(&format!("twinlock pam enable sshd --yes --confirm-within {WITHIN}s"));
    site::let_sshd_ask(&machine);
    assert_ne!(machine.shell("cat /etc/pam.d/sshd"), before);
    is_refused(&machine, "alice");
    let (confirmed, said) = machine.try_shell("twinlock pam confirm sshd");
    assert!(!confirmed, "nobody has got in, and it is confirmed: {said}");
    // Nobody has to be there for it, the daemon neither.
    machine.shell("systemctl mask --runtime --now twinlock-login.socket twinlockd.service");
    is_refused(&machine, "alice");

    // The record goes last, when sshd has read its configuration again.
    machine.wait_until(
        "! grep -q pam_twinlock.so /etc/pam.d/sshd && [ ! -e /var/lib/twinlock-pam/sshd ]",
        Duration::from_secs(WITHIN + 30),
    );
    assert_eq!(machine.shell("cat /etc/pam.d/sshd"), before);
    is_let_in_by_password_alone(&machine, "alice");
}

#[test]
#[ignore = "needs the packages and a root file system: scripts/test-installed"]
fn a_restart_of_the_host_takes_back_what_nobody_confirmed() {
    let (mut machine, before) = unenrolled();
    machine.shell("twinlock pam enable sshd --yes --confirm-within 1h");
    site::let_sshd_ask(&machine);
    is_refused(&machine, "alice");
    machine.reboot();
    let said = machine.shell("journalctl --boot --no-pager --unit=twinlock-pam-revert.service");
    assert_eq!(machine.shell("cat /etc/pam.d/sshd"), before, "{said}");
    is_let_in_by_password_alone(&machine, "alice");
}
