//! The RPM package on a machine with rpm and a populated root: Debian's, with a package that stands
//! for what it provides.

use super::site::{
    self, CODE, confirm, enable, enrol, is_let_in_by_password_alone, made, shell_over_ssh,
};
use super::snapshot::Snapshot;

/// What stays when the package goes, as its description of `%postun` says: key, store and user. rpm
/// knows no purge.
fn stays(path: &str) -> bool {
    let accounts = ["group", "gshadow", "passwd", "shadow"];
    // The last is a directory of the distribution's own, where it is one that uses rpm.
    ["/etc/twinlock", "/etc/twinlock/key", "/usr/share/licenses"].contains(&path)
        || path.starts_with("/var/lib/twinlock")
        || accounts.iter().any(|name| path.trim_end_matches('-') == format!("/etc/{name}"))
}

#[test]
#[ignore = "needs the packages and a root file system: scripts/test-installed"]
fn an_rpm_package_is_installed_verified_used_upgraded_and_removed() {
    let machine = site::site();
    for variable in ["TWINLOCK_RPM_HOST", "TWINLOCK_RPM", "TWINLOCK_RPM_NEXT"] {
        machine.bring(&made(variable));
    }
    let name = |variable| made(variable).file_name().expect("a name").to_owned();
    let rpm = |action: &str, variable| {
        machine.shell(&format!("cd /root && rpm {action} {}", name(variable).display()))
    };
    rpm("--install", "TWINLOCK_RPM_HOST");
    let before = Snapshot::of(&machine);

    rpm("--install", "TWINLOCK_RPM");
    let changed = Snapshot::of(&machine).changed(&before);
    assert!(!changed.iter().any(|path| path.starts_with("/etc/pam")), "{changed:?}");
    assert_eq!(machine.shell("rpm --verify twinlock"), "", "every file is as it was packed");
    machine.shell("id twinlock && systemctl is-enabled twinlock-login.socket twinlockd");
    machine.shell("systemctl is-enabled twinlock-pam-revert.service");
    machine.shell("systemctl daemon-reload && systemctl start twinlock-login.socket twinlockd");

    let mut phone = enrol(&machine, "alice");
    enable(&machine, "sshd");
    let mut terminal = shell_over_ssh(&machine, "alice", &mut phone);
    assert!(terminal.transcript().contains(CODE), "{}", terminal.transcript());
    terminal.type_line("exit").finish();
    confirm(&machine, "sshd");

    let pid = "systemctl show --value --property=MainPID twinlockd";
    let old = machine.shell(pid);
    rpm("--upgrade", "TWINLOCK_RPM_NEXT");
    assert_ne!(machine.shell(pid), old, "the daemon is the new one");
    shell_over_ssh(&machine, "alice", &mut phone).type_line("exit").finish();
    assert_eq!(machine.shell("rpm --verify twinlock"), "");

    machine.shell("rm -f /etc/ssh/sshd_config.d/site.conf; rpm --erase twinlock");
    let after = Snapshot::of(&machine).changed(&before);
    let unexpected: Vec<_> = after.iter().filter(|path| !stays(path)).collect();
    assert!(unexpected.is_empty(), "a removal leaves behind or changes {unexpected:?}");
    is_let_in_by_password_alone(&machine, "alice");
}
