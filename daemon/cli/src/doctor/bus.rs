//! The system bus: whether Twinlock's policy is there, who has the name, whether the daemon
//! answers and is of this version.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::Duration;

use twinlock_bus_api::account::SelfServiceProxy;
use twinlock_bus_api::names::{BUS_NAME, OBJECT_PATH, SYSTEM_BUS_ADDRESS};
use zbus::Connection;
use zbus::connection::Builder;
use zbus::fdo::DBusProxy;
use zbus::names::BusName;

use super::bounded::within;
use super::finding::{Area, Finding, Place, Report, Severity};
use crate::version;

/// Where dbus-daemon reads policy.
const POLICIES: [&str; 2] =
    ["/etc/dbus-1/system.d/org.twinlock1.conf", "/usr/share/dbus-1/system.d/org.twinlock1.conf"];

const DEADLINE: Duration = Duration::from_secs(5);

/// The user of the installed daemon.
const USER: &str = "twinlock";

/// What the bus says of the daemon.
enum Standing {
    /// Nobody has the name.
    Absent,
    /// A user who may not have it has it: the uid.
    Stranger(u32),
    /// It has the name and does not answer.
    Silent(String),
    /// It answers, and its program is no longer the one that is installed.
    Outdated,
    /// It answers, and is of another version than this command: how.
    OtherVersion(String),
    /// It answers.
    Well,
}

/// Looks at the policy and asks the bus; returns whether the daemon answered.
pub(super) fn check(address: &str, report: &mut Report) -> bool {
    let policy = policy().filter(|_| address == SYSTEM_BUS_ADDRESS);
    let has_policy = policy.is_none();
    report.findings.extend(policy);
    report.examined.push(Area::Bus);
    match ask(address) {
        Err(why) => {
            report.add(unreachable(address, &why));
            false
        }
        Ok(standing) => {
            report.examined.push(Area::Daemon);
            let well =
                matches!(standing, Standing::Well | Standing::Outdated | Standing::OtherVersion(_));
            // Without its policy nobody can ask it.
            let unknown = matches!(standing, Standing::Silent(_)) && !has_policy;
            report.findings.extend(fault(standing).filter(|_| !unknown));
            well
        }
    }
}

fn policy() -> Option<Finding> {
    let Some(file) = POLICIES.iter().find(|file| Path::new(file).exists()) else {
        return Some(Finding {
            area: Area::Bus,
            fault: "bus-policy-absent",
            severity: Severity::Severe,
            place: Some(Place::file(POLICIES[1])),
            what: "the bus has no policy for Twinlock".to_owned(),
            why: "The daemon cannot take its name, so nobody can enrol, reset or look with the \
                  command."
                .to_owned(),
            mend: format!(
                "Install the package again (or: install -m 0644 packaging/dbus/org.twinlock1.conf \
                 {}), then: systemctl reload dbus && systemctl restart twinlockd",
                POLICIES[0]
            ),
        });
    };
    let facts = fs::metadata(file).ok()?;
    (facts.uid() != 0 || facts.mode() & 0o022 != 0).then(|| Finding {
        area: Area::Bus,
        fault: "bus-policy-open",
        severity: Severity::Severe,
        place: Some(Place::file(file)),
        what: "others than root can write to the bus policy".to_owned(),
        why: "They can give themselves the administrator's interface, which takes anybody's \
              factors away."
            .to_owned(),
        mend: format!("chown root:root {file} && chmod 0644 {file}"),
    })
}

fn unreachable(address: &str, why: &str) -> Finding {
    Finding {
        area: Area::Bus,
        fault: "bus-unreachable",
        severity: Severity::Warning,
        place: None,
        what: format!("the bus cannot be reached at {address}: {why}"),
        why: "Logins go on without it; the command does not work.".to_owned(),
        mend: "systemctl start dbus (or mend '[bus] address' of the configuration)".to_owned(),
    }
}

fn ask(address: &str) -> Result<Standing, String> {
    // Root, where the daemon is started by hand, or the user of the installed one.
    let owners = [Some(0), super::host::uid_of(USER)];
    let asked = within(DEADLINE, async {
        let name = BusName::try_from(BUS_NAME).map_err(|cause| cause.to_string())?;
        let bus = Builder::address(address).build().await.map_err(|cause| cause.to_string())?;
        let driver = DBusProxy::new(&bus).await.map_err(|cause| cause.to_string())?;
        let Ok(uid) = driver.get_connection_unix_user(name.clone()).await else {
            return Ok(Standing::Absent);
        };
        if !owners.contains(&Some(uid)) {
            return Ok(Standing::Stranger(uid));
        }
        let peer = Some("org.freedesktop.DBus.Peer");
        let ping = bus.call_method(Some(BUS_NAME), OBJECT_PATH, peer, "Ping", &());
        Ok(match tokio::time::timeout(DEADLINE / 2, ping).await {
            Ok(Ok(_)) => {
                let process = driver.get_connection_unix_process_id(name).await;
                if process.is_ok_and(|process| is_replaced(Path::new("/proc"), process)) {
                    return Ok(Standing::Outdated);
                }
                difference(&bus).await.map_or(Standing::Well, Standing::OtherVersion)
            }
            Ok(Err(cause)) => Standing::Silent(cause.to_string()),
            Err(_) => Standing::Silent(format!("no answer within {} s", DEADLINE.as_secs() / 2)),
        })
    });
    asked.map_err(|cause| cause.to_string()).and_then(|answer| answer)
}

/// How the version of the daemon differs from that of this command, where it says so in time.
async fn difference(bus: &Connection) -> Option<String> {
    let asked = async { SelfServiceProxy::new(bus).await?.version().await };
    let reply = tokio::time::timeout(DEADLINE / 4, asked).await.ok()?;
    version::difference(version::read(reply).ok()?.as_deref())
}

/// Whether the program that a process runs is gone from its place (proc_pid_exe(5)), as after an
/// upgrade without a restart. Who may not look sees nothing.
fn is_replaced(processes: &Path, process: u32) -> bool {
    let program = fs::read_link(processes.join(process.to_string()).join("exe"));
    program.is_ok_and(|program| program.as_os_str().as_encoded_bytes().ends_with(b" (deleted)"))
}

fn fault(standing: Standing) -> Option<Finding> {
    let finding = |fault, what, why: &str, mend: &str| Finding {
        area: Area::Daemon,
        fault,
        severity: Severity::Severe,
        place: None,
        what,
        why: why.to_owned(),
        mend: mend.to_owned(),
    };
    const REFUSED: &str = "Every login that needs a code is refused.";
    match standing {
        Standing::Well => None,
        Standing::Absent => Some(finding(
            "daemon-absent",
            "twinlockd does not run, or does not get its name on the bus".to_owned(),
            REFUSED,
            "systemctl enable --now twinlock-login.socket twinlockd; if it does not stay up: \
             journalctl -u twinlockd -n 50",
        )),
        Standing::Silent(why) => Some(finding(
            "daemon-silent",
            format!("twinlockd has its name on the bus and does not answer: {why}"),
            REFUSED,
            "systemctl restart twinlockd; then: journalctl -u twinlockd -n 50",
        )),
        Standing::Outdated => Some(Finding {
            severity: Severity::Warning,
            ..finding(
                "daemon-outdated",
                "twinlockd runs from a program that has been replaced since it started".to_owned(),
                "It is of another version than the command and the module.",
                "systemctl restart twinlockd",
            )
        }),
        Standing::OtherVersion(difference) => Some(Finding {
            severity: Severity::Warning,
            ..finding(
                "daemon-version",
                difference,
                "What one of them can do, the other may not know.",
                version::MEND,
            )
        }),
        Standing::Stranger(uid) => Some(finding(
            "bus-name-taken",
            format!("the user with id {uid} has the name {BUS_NAME} on the bus"),
            "Whoever has it is asked for codes and shows the keys of enrolments.",
            "Find the process with 'busctl status org.twinlock1' and end it; then install the bus \
             policy of the package again, and: systemctl reload dbus && systemctl restart \
             twinlockd",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_that_was_replaced_is_seen() {
        let directory = tempfile::tempdir().unwrap();
        let program = directory.path().join("sleep");
        // A file that this process writes cannot be run while a fork of another thread has it open.
        let mut copy = std::process::Command::new("cp");
        assert!(copy.arg("/bin/sleep").arg(&program).status().unwrap().success());
        let mut process = std::process::Command::new(&program).arg("60").spawn().unwrap();
        let before = is_replaced(Path::new("/proc"), process.id());
        fs::remove_file(&program).unwrap();
        let after = is_replaced(Path::new("/proc"), process.id());
        process.kill().unwrap();
        process.wait().unwrap();
        assert_eq!((before, after), (false, true));
        assert_eq!(fault(Standing::Outdated).unwrap().severity, Severity::Warning);
    }

    #[test]
    fn a_daemon_of_another_version_is_a_warning_that_names_the_restart() {
        for daemon in [Some("0.0.1"), None] {
            let standing = Standing::OtherVersion(version::difference(daemon).unwrap());
            let finding = fault(standing).unwrap();
            assert_eq!((finding.severity, finding.fault), (Severity::Warning, "daemon-version"));
            assert_eq!(finding.mend, "systemctl restart twinlockd");
            assert!(finding.what.contains(version::OWN), "{}", finding.what);
        }
    }
}
