//! The name by which sshd asks PAM: newer versions can be told another than `sshd` (`PAMServiceName`), and
//! of whether a login over SSH is asked for a code another stack decides then.

use std::path::Path;

use super::place::Places;
use super::{Effective, Settings, unit};
use crate::doctor::finding::{Area, Finding, Place, Severity};
use crate::pam_change::demands::SSHD;

const KEYWORD: &str = "PAMServiceName";

/// Another name than `sshd`, and where it is set.
#[derive(Debug)]
pub(crate) struct OtherName {
    /// The service.
    pub name: String,
    /// Where it is said.
    pub place: Place,
    whose: Whose,
}

/// Whose logins have the other name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Whose {
    Everybody,
    Root,
    Matched,
}

impl OtherName {
    /// What sshd does, as the beginning of a sentence.
    pub fn what(&self) -> String {
        let whose = match self.whose {
            Whose::Everybody => "sshd asks",
            Whose::Root => "for root sshd asks",
            Whose::Matched => "by a Match block sshd asks",
        };
        format!("{whose} PAM as the service {}, not as sshd ({KEYWORD})", self.name)
    }

    /// What is to be done, as a sentence without its end.
    pub fn mend(&self) -> String {
        format!(
            "In {} take out '{KEYWORD} {}', then: sshd -t && systemctl reload {}",
            self.place,
            self.name,
            unit()
        )
    }
}

/// The name among these settings of everybody and of root, or in a Match block, that is not `sshd`. An
/// sshd that says no name knows no other.
pub(crate) fn other(
    everybody: &Settings,
    root: &Settings,
    main: &Path,
    further: &Path,
) -> Option<OtherName> {
    among(everybody, root, &Places::at(main, further))
}

fn among(everybody: &Settings, root: &Settings, places: &Places) -> Option<OtherName> {
    let said = |settings: &Settings| {
        let name = settings.pam_service.as_deref()?;
        (name != SSHD).then(|| name.to_owned())
    };
    let of = |name, whose| OtherName { name, place: places.of(KEYWORD), whose };
    if let Some(name) = said(everybody) {
        return Some(of(name, Whose::Everybody));
    }
    everybody.pam_service.as_ref()?;
    let mut matched = places.matched(KEYWORD).into_iter().filter(|(name, _)| name != SSHD);
    if let Some(name) = said(root) {
        let line = matched.find(|(matched, _)| *matched == name);
        let place = line.map_or_else(|| places.of(KEYWORD), |(_, place)| place);
        return Some(OtherName { name, place, whose: Whose::Root });
    }
    matched.next().map(|(name, place)| OtherName { name, place, whose: Whose::Matched })
}

/// A finding where the name is another for somebody; whether it is for everybody, so that the stack of
/// `sshd` is nobody's. `account_services` is as it is configured.
pub(super) fn check(
    effective: &Effective,
    places: &Places,
    account_services: &[String],
) -> Option<(Finding, bool)> {
    let Effective { everybody, root } = effective;
    let other = among(everybody, root, places).filter(|_| everybody.use_pam || root.use_pam)?;
    let name = &other.name;
    let why = if account_services.iter().any(|service| service == name) {
        format!(
            "Lines of Twinlock in the file of sshd are not read there. In {name} a code is asked where \
             that has lines, and a login by key alone is decided, since account_services has it; but of \
             keys and connections Twinlock hears from the service sshd alone: there no profile knows a \
             key, no host is trusted by one, '[remember] session' spares nothing, and a code alone is \
             not found out where the stack checks no password."
        )
    } else {
        format!(
            "Lines of Twinlock in the file of sshd are not read there. With lines in the one of {name}, a \
             login by key alone passes them unasked, since account_services does not have {name}."
        )
    };
    let finding = Finding {
        area: Area::Sshd,
        fault: "sshd-other-service",
        severity: Severity::Severe,
        place: Some(other.place.clone()),
        what: other.what(),
        why,
        mend: other.mend(),
    };
    Some((finding, other.whose == Whose::Everybody))
}

#[cfg(test)]
mod tests;
