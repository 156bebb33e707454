//! Whether the daemon hears which login session gave a code, where `[remember] session` goes by it.

use twinlock_pam_stack::modules::Role;
use twinlock_pam_stack::{Entry, Folders, Phase, Stack};

use super::service::role;
use crate::doctor::finding::{Area, Finding, Place, Severity};

/// A finding where the session lines of this service do not tell it: Twinlock's is missing, or
/// `pam_loginuid(8)` has not numbered the session before it.
pub(super) fn check(folders: &Folders, service: &str) -> Option<Finding> {
    let stack = Stack::read(folders, service, Phase::Session).ok()?;
    let entries = stack.entries();
    let is_own = |entry: &&Entry| role(&entry.rule.target) == Role::Twinlock;
    let numbers = |entry: &&Entry| entry.rule.names("pam_loginuid.so");
    let first_of = |is_it: &dyn Fn(&&Entry) -> bool| entries.iter().position(is_it);
    let file = folders.read(service).ok().map(|(path, _)| path).unwrap_or_default();
    let (what, place, mend) = match (first_of(&is_own), first_of(&numbers)) {
        (Some(own), Some(number)) if number < own => return None,
        (None, _) => (
            format!("[remember] session is set, and {service} has no session line of Twinlock"),
            Place::file(&file),
            format!(
                "End the session lines of {} with 'session optional pam_twinlock.so'",
                file.display()
            ),
        ),
        (Some(own), _) => {
            let own = &entries.get(own)?.origin;
            (
                format!(
                    "[remember] session is set, and no pam_loginuid.so before Twinlock's line \
                         numbers the sessions of {service}"
                ),
                Place::line(&own.file, own.line),
                format!("Write 'session required pam_loginuid.so' before {own}"),
            )
        }
    };
    Some(Finding {
        area: Area::Pam,
        fault: "pam-session-unknown",
        severity: Severity::Warning,
        place: Some(place),
        what,
        why: "The daemon does not learn in which session a code was given: su and sudo ask for \
              another every time."
            .to_owned(),
        mend,
    })
}
