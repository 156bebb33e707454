//! Whether a program that asks under two names asks for a code under both.

use twinlock_pam_stack::Folders;
use twinlock_pam_stack::siblings::{Sibling, unasked};

use crate::doctor::finding::{Area, Finding, Place, Severity};

/// A finding where the other service of this one's program passes by without a code.
pub(super) fn check(folders: &Folders, name: &str) -> Option<Finding> {
    let Sibling { service, typed } = unasked(folders, name)?;
    Some(Finding {
        area: Area::Pam,
        fault: "pam-sibling-unasked",
        severity: Severity::Severe,
        place: folders.read(service).ok().map(|(path, _)| Place::file(path)),
        what: format!("{name} asks Twinlock, and {service}, the service of '{typed}', does not"),
        why: format!("Whoever types '{typed}' passes without a code."),
        mend: format!("twinlock pam enable {service}"),
    })
}
