//! Whether the daemon obeys what the files of the configuration say.

use std::time::Duration;

use twinlock_bus_api::account::AdminProxy;
use twinlock_bus_api::policy::{BROKEN, CHANGED, ConfigurationStatus};
use zbus::connection::Builder;

use super::bounded::within;
use super::finding::{Area, Finding, Report, Severity};
use crate::render::rfc3339;

/// The daemon reads files for its answer.
const DEADLINE: Duration = Duration::from_secs(12);

/// Asks the daemon, which tells root and nobody else without a question back.
pub(super) fn check(address: &str, is_root: bool, report: &mut Report) {
    if !is_root {
        report.omit_for_root(Area::Daemon, "only root is told what it has in force");
        return;
    }
    match ask(address) {
        Ok(status) => {
            let told = report.findings.iter().any(|it| it.fault == "configuration-broken");
            report.findings.extend(faults(&status).filter(|it| !told || it.fault != REFUSED));
        }
        Err(why) => {
            report.omit(Area::Daemon, format!("it does not tell what it has in force: {why}"))
        }
    }
}

/// The daemon could not use files in which this command finds nothing wrong.
const REFUSED: &str = "configuration-refused";

fn ask(address: &str) -> Result<ConfigurationStatus, String> {
    let asked = within(DEADLINE, async {
        let bus = Builder::address(address).build().await.map_err(|cause| cause.to_string())?;
        let admin = AdminProxy::new(&bus).await.map_err(|cause| cause.to_string())?;
        admin.configuration_status().await.map_err(|cause| cause.to_string())
    });
    asked.map_err(|cause| cause.to_string()).and_then(|answer| answer)
}

fn faults(status: &ConfigurationStatus) -> impl Iterator<Item = Finding> {
    let since = rfc3339(status.read_at).unwrap_or_else(|| "its start".to_owned());
    let finding = |fault, severity, what, why: &str, mend: &str| Finding {
        area: Area::Configuration,
        fault,
        severity,
        place: None,
        what,
        why: why.to_owned(),
        mend: mend.to_owned(),
    };
    let files = match status.files.as_str() {
        CHANGED => Some(finding(
            "configuration-not-in-force",
            Severity::Warning,
            format!("the files were changed since twinlockd read them ({since})"),
            "Logins are decided by what it read then.",
            "twinlock config check && systemctl reload twinlockd",
        )),
        BROKEN => Some(finding(
            REFUSED,
            Severity::Severe,
            format!(
                "twinlockd cannot use the files, and has what it read before ({since}): {}",
                status.problem.as_deref().unwrap_or("it does not say why")
            ),
            "It does not start with them again.",
            "Mend what is named, then: twinlock config check && systemctl reload twinlockd",
        )),
        _ => None,
    };
    let sections: Vec<_> =
        status.wants_restart.iter().map(|section| format!("[{section}]")).collect();
    let restart = (!sections.is_empty()).then(|| {
        finding(
            "configuration-wants-restart",
            Severity::Warning,
            format!("changed since twinlockd was started: {}", sections.join(", ")),
            "A reload does not put that in force.",
            "systemctl restart twinlockd",
        )
    });
    files.into_iter().chain(restart)
}

#[cfg(test)]
mod tests {
    use twinlock_bus_api::policy::IN_FORCE;

    use super::*;

    fn found(files: &str, wants_restart: &[&str]) -> Vec<(&'static str, Severity, String)> {
        let status = ConfigurationStatus {
            read_at: 1_795_000_000,
            files: files.to_owned(),
            problem: (files == BROKEN).then(|| "twinlock.toml:3:1: error".to_owned()),
            wants_restart: wants_restart.iter().map(|&section| section.to_owned()).collect(),
            exemptions: Vec::new(),
        };
        faults(&status).map(|it| (it.fault, it.severity, it.what)).collect()
    }

    #[test]
    fn what_is_in_force_is_no_finding_and_each_difference_is_one() {
        assert_eq!(found(IN_FORCE, &[]), []);
        let [(fault, Severity::Warning, what)] = &found(CHANGED, &[])[..] else { panic!() };
        assert_eq!(*fault, "configuration-not-in-force");
        assert!(what.ends_with("(2026-11-18T11:06:40Z)"), "{what}");
        let [(fault, Severity::Severe, what)] = &found(BROKEN, &[])[..] else { panic!() };
        assert_eq!(*fault, REFUSED);
        assert!(what.ends_with("twinlock.toml:3:1: error"), "{what}");
        let [(fault, Severity::Warning, what)] = &found(IN_FORCE, &["login", "audit"])[..] else {
            panic!()
        };
        assert_eq!(*fault, "configuration-wants-restart");
        assert!(what.ends_with(": [login], [audit]"), "{what}");
        assert_eq!(found(CHANGED, &["bus"]).len(), 2);
    }
}
