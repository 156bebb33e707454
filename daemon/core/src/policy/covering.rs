//! Whether one profile takes every login that another one would.
//!
//! The answer is sound and not complete: yes is certain, no may mean that it was not seen (several
//! earlier profiles that only together take all of a later one).

use ipnet::IpNet;

use super::{
    FirstFactorKind, List, Policy, Profile,
    network::{covers, overlap},
};

impl Policy {
    /// Whether every login that `later` would match is matched by `earlier`.
    pub(super) fn takes_all_of(&self, earlier: &Profile, later: &Profile) -> bool {
        names_cover(&earlier.services, &later.services)
            && names_cover(&earlier.users, &later.users)
            && sets_cover(&earlier.groups, &later.groups)
            && networks_cover(&earlier.networks, &later.networks)
            && self.first_factors_cover(earlier, later)
    }

    fn first_factors_cover(&self, earlier: &Profile, later: &Profile) -> bool {
        let (outer, inner) = (&earlier.first_factor, &later.first_factor);
        if outer.is_empty() {
            return true;
        }
        let lenient = |profile| !self.second_factor_of(profile).is_required();
        match (lenient(earlier), lenient(later)) {
            // The same question of both: the same entries, or fewer exclusions and more others.
            (true, true) | (false, false) => sets_cover(&spread(outer), &spread(inner)),
            // Every method is in the later list, so that any is in the earlier one, unless a
            // method that the later list takes is excluded from the earlier one.
            (false, true) => !inner.is_empty() && sets_cover(&spread(outer), &spread(inner)),
            (true, false) => false,
        }
    }
}

/// Whether the lists of a profile can match at all: an entry that is excluded by name never does.
pub(super) fn can_match(profile: &Profile) -> bool {
    let left = |list: &List<String>| {
        list.included.is_empty() || list.included.iter().any(|name| !list.excluded.contains(name))
    };
    let networks = &profile.networks;
    let outside = |&block: &IpNet| !networks.excluded.iter().any(|&out| covers(out, block));
    let factors = spread(&profile.first_factor);
    left(&profile.services)
        && left(&profile.users)
        && left(&profile.groups)
        && (networks.included.is_empty() || networks.included.iter().any(outside))
        && (factors.included.is_empty()
            || factors.included.iter().any(|kind| !factors.excluded.contains(kind)))
}

/// Of one name: what the lists match are sets, finite or all but finitely many.
fn names_cover(outer: &List<String>, inner: &List<String>) -> bool {
    let takes = |name: &String| {
        !outer.excluded.contains(name)
            && (outer.included.is_empty() || outer.included.contains(name))
    };
    if inner.included.is_empty() {
        outer.included.is_empty() && outer.excluded.iter().all(|name| inner.excluded.contains(name))
    } else {
        inner.included.iter().filter(|name| !inner.excluded.contains(name)).all(takes)
    }
}

/// Of several at once, as a user is in many groups and uses many methods: any entry matches, and
/// each exclusion excludes.
fn sets_cover<T: PartialEq>(outer: &List<T>, inner: &List<T>) -> bool {
    let included = outer.included.is_empty()
        || (!inner.included.is_empty()
            && inner
                .included
                .iter()
                .filter(|entry| !inner.excluded.contains(entry))
                .all(|entry| outer.included.contains(entry)));
    included && outer.excluded.iter().all(|entry| inner.excluded.contains(entry))
}

/// With `key` as the three that it stands for.
fn spread(list: &List<FirstFactorKind>) -> List<FirstFactorKind> {
    let spread = |kinds: &[FirstFactorKind]| {
        let mut spread: Vec<_> = Vec::with_capacity(kinds.len());
        for &kind in kinds {
            match kind {
                FirstFactorKind::Key => spread.extend(FirstFactorKind::KEYS),
                _ => spread.push(kind),
            }
        }
        spread
    };
    List { included: spread(&list.included), excluded: spread(&list.excluded) }
}

fn networks_cover(outer: &List<IpNet>, inner: &List<IpNet>) -> bool {
    if outer.is_empty() {
        return true;
    }
    if inner.is_empty() {
        return false;
    }
    let included = outer.included.is_empty()
        || (!inner.included.is_empty()
            && inner
                .included
                .iter()
                .all(|&block| outer.included.iter().any(|&large| covers(large, block))));
    let excluded = outer.excluded.iter().all(|&out| {
        let excluded_too = inner.excluded.iter().any(|&large| covers(large, out));
        let elsewhere =
            !inner.included.is_empty() && !inner.included.iter().any(|&block| overlap(block, out));
        excluded_too || elsewhere
    });
    included && excluded
}
