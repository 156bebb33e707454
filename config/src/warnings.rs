//! What is odd about a policy as a whole, at the key that makes it so.

use std::collections::HashMap;

use ipnet::IpNet;
use twinlock_core::policy::{Level, Policy, Rule, SecondFactor, Warning, WarningKind};

use crate::{
    faults::{Complaint, Faults},
    kind::{Network, Word},
    reader::Layers,
    source::Place,
    visible,
};

/// Notes every warning of a policy that was read from these files.
pub(crate) fn note(policy: &Policy, top: &Layers<'_>, faults: &mut Faults<'_>) {
    let tables = top.tables("profile", faults);
    let places = policy.profiles.iter().map(|profile| &profile.place);
    let profiles: HashMap<_, _> = places.zip(&tables).collect();
    for warning in policy.warnings() {
        let profile = warning.place.as_ref().and_then(|place| profiles.get(place));
        let place = place(&warning, profile.copied(), top, faults);
        // The sentence repeats names, and paths of files, as they are.
        faults.warning(place, Complaint::new(visible::escape(&warning.to_string())));
    }
    if !policy.network.exempt.is_empty() && !any_exemption(policy) {
        let message = "\"exempt\" has no effect: very-high knows no exempt network, and no other \
                       level is in use";
        let place = top.table("network", faults).place("exempt");
        faults.warning(place, Complaint::new(message));
    }
}

/// Whether a network can be exempt from anything: from the level of the host or of a profile.
fn any_exemption(policy: &Policy) -> bool {
    let of_profiles = policy.profiles.iter().map(|profile| profile.level.unwrap_or(policy.level));
    of_profiles.chain([policy.level]).any(|level| {
        let asks_always = policy.levels.rules(level).second_factor == SecondFactor::Always;
        level != Level::VeryHigh && !asks_always
    })
}

/// The key that a warning is about; else the line of its rule. A rule without a line is a default:
/// the beginning of the main file.
fn place(
    warning: &Warning,
    profile: Option<&Layers<'_>>,
    top: &Layers<'_>,
    faults: &mut Faults<'_>,
) -> Place {
    if let Some(profile) = profile {
        return profile.first_place(keys(&warning.kind));
    }
    if let Some((list, block)) = block(&warning.kind) {
        let is_block = |text: &str| Network.parse(text).is_ok_and(|read| read == block);
        return top.table("network", faults).place_of_entry(list, is_block);
    }
    let rule = warning.place.as_ref();
    rule.and_then(|rule| faults.line_of_rule(rule)).unwrap_or_else(|| top.beginning())
}

/// The keys of a profile that can be the cause.
fn keys(kind: &WarningKind) -> &'static [&'static str] {
    match kind {
        WarningKind::SwitchedOff { .. } => &["mfa"],
        WarningKind::DateWithoutEffect { .. } => &["enforce_from", "grace"],
        WarningKind::RememberedAlways { .. } => &["remember"],
        WarningKind::NothingToEnrol { .. } => &["methods", "mfa", "level"],
        WarningKind::KeyNotCertain { .. } => &["first_factor"],
        _ => &[],
    }
}

/// The block of `[network]` that a warning is about, and its list.
fn block(kind: &WarningKind) -> Option<(&'static str, IpNet)> {
    match kind {
        WarningKind::NetworkWithoutEffect { network, list: Rule::AllowList, .. } => {
            Some(("allow", *network))
        }
        WarningKind::NetworkWithoutEffect { network, .. }
        | WarningKind::ExemptsEverybody { network } => Some(("exempt", *network)),
        _ => None,
    }
}
