//! Whether a profile matches a login, and where it does not.
//!
//! One question a list, each answered with the reason; a decision stops at the first reason, an
//! explanation collects them all.

use std::fmt;

use serde::Serialize;

use crate::login::LoginContext;

use super::{FirstFactorKind, List, Policy, Profile, name_set::NameSet};

words! {
    /// Why a list of a profile does not match.
    pub enum MismatchCause("mismatch") {
        /// No entry names it.
        NotListed = "not-listed",
        /// An entry with `!` names it.
        Excluded = "excluded",
        /// The login has no address, so that no list of networks matches.
        NoAddress = "no-address",
        /// A login can pass under the profile without a second factor, and the list does not
        /// certainly mean every method that was used.
        NotCertain = "not-certain",
    }
}

/// A list of a profile that does not match a login.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Mismatch {
    /// The list: `services`, `users`, `groups`, `networks` or `first_factor`.
    pub list: &'static str,
    /// Why it does not match.
    pub cause: MismatchCause,
    /// The entry that excludes.
    pub entry: Option<String>,
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.list, self.cause)?;
        match &self.entry {
            Some(entry) => write!(f, " ({})", entry.escape_debug()),
            None => Ok(()),
        }
    }
}

/// As [`Mismatch`], borrowed: a decision makes thousands of them and keeps none.
pub(super) struct Miss<'a> {
    list: &'static str,
    cause: MismatchCause,
    entry: Option<&'a dyn fmt::Display>,
}

impl<'a> Miss<'a> {
    const fn not_listed(list: &'static str) -> Self {
        Self { list, cause: MismatchCause::NotListed, entry: None }
    }

    const fn excluded(list: &'static str, entry: &'a dyn fmt::Display) -> Self {
        Self { list, cause: MismatchCause::Excluded, entry: Some(entry) }
    }
}

impl From<Miss<'_>> for Mismatch {
    fn from(miss: Miss<'_>) -> Self {
        let entry = miss.entry.map(ToString::to_string);
        Self { list: miss.list, cause: miss.cause, entry }
    }
}

/// The facts of a login, laid out for matching.
pub(super) struct Facts<'a> {
    login: &'a LoginContext,
    groups: NameSet<'a>,
    key_alone: bool,
}

impl<'a> Facts<'a> {
    /// `key_alone`: PAM's auth phase never ran, so that a key was used, whatever else was.
    pub(super) fn new(login: &'a LoginContext, key_alone: bool) -> Self {
        let groups = login.user.groups.iter().map(String::as_str).collect();
        Self { login, groups, key_alone }
    }

    /// Every list of the profile that does not match; none where the profile matches.
    pub(super) fn misses(
        &self,
        policy: &Policy,
        profile: &'a Profile,
    ) -> impl Iterator<Item = Miss<'a>> {
        (0..5).filter_map(move |question| match question {
            0 => name("services", &profile.services, &self.login.service),
            1 => name("users", &profile.users, &self.login.user.name),
            2 => self.groups(&profile.groups),
            3 => self.networks(profile),
            _ => self.first_factor(policy, profile),
        })
    }

    /// Whether the profile is for this user and service, from some source and with some first
    /// factor.
    pub(super) fn concern(&self, profile: &Profile) -> bool {
        name("services", &profile.services, &self.login.service).is_none()
            && name("users", &profile.users, &self.login.user.name).is_none()
            && self.groups(&profile.groups).is_none()
    }

    fn groups<'b>(&self, list: &'b List<String>) -> Option<Miss<'b>> {
        let is_in = |group: &&String| self.groups.contains(group.as_str());
        if let Some(entry) = list.excluded.iter().find(is_in) {
            return Some(Miss::excluded("groups", entry));
        }
        (!list.included.is_empty() && !list.included.iter().any(|group| is_in(&group)))
            .then(|| Miss::not_listed("groups"))
    }

    fn networks(&self, profile: &'a Profile) -> Option<Miss<'a>> {
        let list = &profile.networks;
        if list.is_empty() {
            return None;
        }
        let Some(address) = self.login.source.address() else {
            return Some(Miss { list: "networks", cause: MismatchCause::NoAddress, entry: None });
        };
        if let Some(entry) = list.excluding(address) {
            return Some(Miss::excluded("networks", entry));
        }
        (!list.takes(address)).then(|| Miss::not_listed("networks"))
    }

    /// How the first factor was shown: for each method that was used, the methods it may be.
    /// `None` stands for one that no list can name.
    fn used(&self) -> impl Iterator<Item = Option<&'static [FirstFactorKind]>> {
        let given = self.login.first_factors.iter().map(FirstFactorKind::of);
        given
            .chain(self.key_alone.then_some(Some(FirstFactorKind::Key)))
            .map(|used| used.map(FirstFactorKind::candidates))
    }

    /// A profile that demands a second factor matches if any method that was used may be meant by
    /// its list; one under which a login can pass without, only if every one certainly is.
    fn first_factor(&self, policy: &Policy, profile: &'a Profile) -> Option<Miss<'a>> {
        const LIST: &str = "first_factor";
        let list = &profile.first_factor;
        if list.is_empty() {
            return None;
        }
        if policy.second_factor_of(profile).is_required() {
            let excludes = |entry: &&FirstFactorKind| {
                self.used().flatten().any(|used| used.iter().all(|&kind| entry.names(kind)))
            };
            if let Some(entry) = list.excluded.iter().find(excludes) {
                return Some(Miss::excluded(LIST, entry));
            }
            let meant = |used: &[_]| used.iter().any(|&kind| list.means(kind));
            let matches = list.included.is_empty() || self.used().flatten().any(meant);
            return (!matches).then(|| Miss::not_listed(LIST));
        }
        if self.used().next().is_none() {
            return Some(Miss::not_listed(LIST));
        }
        let certain = |used: &[_]| used.iter().all(|&kind| list.means(kind));
        let doubtful = self.used().any(|used| !used.is_some_and(certain));
        doubtful.then_some(Miss { list: LIST, cause: MismatchCause::NotCertain, entry: None })
    }
}

/// Whether a list names one thing.
fn name<'a>(label: &'static str, list: &'a List<String>, value: &str) -> Option<Miss<'a>> {
    if let Some(entry) = list.excluded.iter().find(|entry| *entry == value) {
        return Some(Miss::excluded(label, entry));
    }
    (!list.included.is_empty() && !list.included.iter().any(|entry| entry == value))
        .then(|| Miss::not_listed(label))
}

impl FirstFactorKind {
    /// Whether the entry of a list names this method, which is not `key`.
    fn names(self, method: Self) -> bool {
        self == method || (self == Self::Key && Self::KEYS.contains(&method))
    }
}

impl List<FirstFactorKind> {
    /// Whether the list means this method, which is not `key`.
    fn means(&self, method: FirstFactorKind) -> bool {
        let named = |entries: &[FirstFactorKind]| entries.iter().any(|it| it.names(method));
        !named(&self.excluded) && (self.included.is_empty() || named(&self.included))
    }
}
