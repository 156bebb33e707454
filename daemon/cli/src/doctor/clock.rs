//! The clock: codes are good for half a minute, so it has to be right.

use super::finding::{Area, Finding, Report, Severity};
use super::program::{Answer, ask};

const TIMEDATECTL: [&str; 2] = ["/usr/bin/timedatectl", "/bin/timedatectl"];

/// Asks whether the kernel's clock is kept in step (adjtimex(2), `STA_UNSYNC`), which
/// timedatectl(1) tells without a privilege.
pub(super) fn check(report: &mut Report) {
    match ask(&TIMEDATECTL, &["show", "--property=NTPSynchronized", "--value"]) {
        Answer::Text(text) => match read(&text) {
            Some(true) => report.examined.push(Area::Clock),
            Some(false) => {
                report.examined.push(Area::Clock);
                report.add(unsynchronised());
            }
            None => report.omit(Area::Clock, "timedatectl does not say whether it is in step"),
        },
        Answer::Failed(why) => {
            report.omit(Area::Clock, format!("timedatectl cannot tell: {why}"));
        }
        Answer::Absent => report.omit(Area::Clock, "timedatectl is not on this host"),
    }
}

fn read(text: &str) -> Option<bool> {
    match text.trim() {
        "yes" => Some(true),
        "no" => Some(false),
        _ => None,
    }
}

fn unsynchronised() -> Finding {
    Finding {
        area: Area::Clock,
        fault: "clock-unsynchronised",
        severity: Severity::Warning,
        place: None,
        what: "nothing keeps the clock in step".to_owned(),
        why: "Codes change every 30 seconds. A clock that drifts away refuses everybody's right \
              codes."
            .to_owned(),
        mend: "timedatectl set-ntp true".to_owned(),
    }
}
