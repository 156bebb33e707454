//! sshd as it is configured in effect (`sshd -T`): whether it asks PAM, can put a question, and
//! leaves time to answer it.

mod faults;
mod place;
mod settings;

pub(crate) use settings::Settings;

use super::finding::{Area, Report};
use super::program::{Answer, ask};

const SSHD: [&str; 2] = ["/usr/sbin/sshd", "/sbin/sshd"];

/// Reads sshd's settings; none where there is no sshd, or it does not tell them.
pub(super) fn read(is_root: bool, report: &mut Report) -> Option<Settings> {
    if !is_root {
        report.omit_for_root(Area::Sshd, "sshd tells its settings to root");
        return None;
    }
    match ask(&SSHD, &["-T"]) {
        Answer::Text(text) => {
            report.examined.push(Area::Sshd);
            Some(Settings::read(&text))
        }
        Answer::Absent => {
            report.omit(Area::Sshd, "there is no sshd on this host");
            None
        }
        Answer::Failed(why) => {
            report.examined.push(Area::Sshd);
            report.add(faults::unreadable(&why));
            None
        }
    }
}

/// What is wrong with settings of an sshd whose PAM stack asks for a second factor.
pub(super) fn check(settings: &Settings, stack: Stack, report: &mut Report) {
    let places = place::Places::of_this_host();
    report.findings.extend(faults::all(settings, stack, &places));
}

/// What the PAM stack of sshd does, as far as its settings depend on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stack {
    /// Whether its auth lines ask for a first factor.
    pub asks_first_factor: bool,
    /// Whether a login by key alone is seen: an account line, and `sshd` in `account_services`.
    pub sees_keys: bool,
}
