//! sshd as it is configured in effect (`sshd -T`): whether it asks PAM, can put a question, and
//! leaves time to answer it.

mod faults;
mod place;
mod service_name;
mod settings;
mod unit;

pub(crate) use service_name::other as other_service;
pub(super) use settings::RootLogin;
pub(crate) use settings::Settings;
pub(crate) use unit::unit;

use std::path::Path;

use super::finding::{Area, Place, Report};
use super::program::{Answer, ask};

const SSHD: [&str; 2] = ["/usr/sbin/sshd", "/sbin/sshd"];

/// What sshd says where its directory in /run is missing. Where sshd starts by its socket, nobody makes
/// it before the first login.
pub(crate) const NO_DIRECTORY: &str = "Missing privilege separation directory: ";

/// What sshd is set to in effect.
pub(super) struct Effective {
    /// For everybody.
    pub everybody: Settings,
    /// For root, for whom there may be a Match block.
    pub root: Settings,
}

/// A login of a user, as `sshd -T -C` takes it.
pub(crate) fn login_of(user: &str) -> String {
    format!("user={user},host=localhost,addr=203.0.113.1,laddr=203.0.113.2,lport=22")
}

/// The line that sets a keyword, among the files of this main file and of a directory that it includes.
pub(crate) fn place_of(main: &Path, further: &Path, keyword: &str) -> Place {
    place::Places::at(main, further).of(keyword)
}

/// Reads sshd's settings; none where there is no sshd, or it does not tell them.
pub(super) fn read(is_root: bool, report: &mut Report) -> Option<Effective> {
    if !is_root {
        report.omit_for_root(Area::Sshd, "sshd tells its settings to root");
        return None;
    }
    match ask(&SSHD, &["-T"]) {
        Answer::Text(text) => {
            report.examined.push(Area::Sshd);
            let everybody = Settings::read(&text);
            let root = match ask(&SSHD, &["-T", "-C", &login_of("root")]) {
                Answer::Text(text) => Settings::read(&text),
                Answer::Absent | Answer::Failed(_) => everybody.clone(),
            };
            Some(Effective { everybody, root })
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

/// What is wrong with sshd's settings: the service as which it asks PAM, and the rest where the stack of
/// `sshd` asks for a second factor and is anybody's. `account_services` is as it is configured.
pub(super) fn check(
    effective: &Effective,
    stack: Option<Stack>,
    account_services: &[String],
    report: &mut Report,
) {
    let places = place::Places::of_this_host();
    let other = service_name::check(effective, &places, account_services);
    let is_everybodys = other.as_ref().is_some_and(|(_, all)| *all);
    report.findings.extend(other.map(|(finding, _)| finding));
    if let Some(stack) = stack.filter(|_| !is_everybodys) {
        report.findings.extend(faults::all(effective, stack, &places));
    }
}

/// What the PAM stack of sshd does, as far as its settings depend on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stack {
    /// Whether its auth lines ask for a first factor.
    pub asks_first_factor: bool,
    /// Whether a login by key alone is seen: an account line, and `sshd` in `account_services`.
    pub sees_keys: bool,
}
