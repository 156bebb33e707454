//! Whether root can get in while the daemon is down.

use super::service::Service;
use crate::doctor::finding::{Area, Finding, Severity};

/// Services that begin a login.
const DOORS: [&str; 3] = ["login", "sshd", "gdm-password"];

/// Services that make a user root.
const STAIRS: [&str; 4] = ["su", "su-l", "sudo", "sudo-i"];

/// A finding where every way asks the daemon. `root_over_ssh` says that sshd lets root in.
pub(super) fn check(services: &[Service], root_over_ssh: bool) -> Option<Finding> {
    let open = |names: &[&str]| -> Vec<&Service> {
        let among = services.iter().filter(|service| names.contains(&service.name.as_str()));
        among.filter(|service| service.opens_without_daemon()).collect()
    };
    let doors = open(&DOORS);
    let direct = doors.iter().any(|door| door.name != "sshd" || root_over_ssh);
    if services.iter().all(|service| !DOORS.contains(&service.name.as_str())) {
        // No way in goes through PAM here: a container, most likely.
        return None;
    }
    if direct || (!doors.is_empty() && !open(&STAIRS).is_empty()) {
        return None;
    }
    let what = if doors.is_empty() {
        "every way to log in asks Twinlock: there is none for the day when twinlockd does not run"
    } else {
        "who logs in while twinlockd does not run cannot become root: su and sudo ask Twinlock"
    };
    // A console asks for the password alone then; without one, the next best.
    let candidates =
        if doors.is_empty() { ["login", "gdm-password", "sshd"] } else { ["login", "su", "sudo"] };
    let asks = |name: &&str| services.iter().any(|it| it.name == **name && it.has_twinlock());
    let opened = candidates.iter().copied().find(|name| asks(name)).unwrap_or("login");
    Some(Finding {
        area: Area::Pam,
        fault: "no-way-in",
        severity: Severity::Warning,
        place: None,
        what: what.to_owned(),
        why: "A full disk or a lost key then locks out everybody who could mend it. Without a way \
              in there is only a boot into single-user mode."
            .to_owned(),
        mend: format!("twinlock pam disable {opened}"),
    })
}
