//! Who needs a second factor, from where, since when.
//!
//! ```text
//! deny ─► allow ─► profiles, top to bottom, else the level ─► exempt ─► per-user switch
//!                  (the terms of this login)                            ─► what the terms demand
//! ```
//!
//! A [`Policy`] is plain data that the configuration builds; [`Policy::decide`] is a function of
//! it, of the login, of what the user's record says and of the time. [`Policy::explain`] runs the
//! same evaluation and keeps what was tried. Nothing here reads a file, a clock or a name service.
//!
//! Where a fact is not known (a source that cannot be read, a key method that sshd does not name),
//! the evaluation takes the side that lets nobody through: an unknown source is never exempt, and
//! a profile that demands less matches only what is certain.

mod covering;
mod decide;
mod decision;
mod explain;
mod level;
mod list;
mod matching;
mod method;
mod name_set;
mod network;
mod outlook;
mod own_word;
mod profile;
mod schedule;
mod terms;
mod warning;

use std::{collections::BTreeSet, fmt};

use serde::{Deserialize, Serialize};

pub use decide::Ruling;
pub use decision::{Decision, DenyReason, EnrolHow, InvitationCause, Reminder, Rule, SkipReason};
pub use explain::{DecidedBy, Explanation, Passed, RuleOutcome, RuleTried};
pub use level::{EnrolmentMode, Level, LevelRules, Levels, Remember, SecondFactor};
pub use list::{EntryError, List};
pub use matching::{Mismatch, MismatchCause};
pub use method::{Method, Methods};
pub use network::{NetworkList, NetworkRules};
pub use outlook::Outlook;
pub use own_word::COMMAND;
pub use profile::{FirstFactorKind, Profile};
pub use schedule::{Schedule, Timing};
pub use terms::{ProfileRef, Standing, Terms};
pub use warning::{Warning, WarningKind};

/// A word that is none of those known where it stands.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown {what} \"{}\"; known are: {}", word.escape_debug(), known.join(", "))]
pub struct UnknownWord {
    /// What the word should have been: `level`, `method`…
    pub what: &'static str,
    /// The word as it was read.
    pub word: String,
    /// The words that are known.
    pub known: Vec<&'static str>,
}

/// Where a rule stands in the configuration.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Place {
    /// The file, as it was named or found.
    pub file: String,
    /// The line, from 1.
    pub line: u32,
}

impl Place {
    /// This line of this file.
    pub fn new(file: impl Into<String>, line: u32) -> Self {
        Self { file: file.into(), line }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.file, self.line)
    }
}

words! {
    /// Whether the policy refuses, or only says what it would refuse.
    #[derive(Default)]
    pub enum Mode("mode") {
        /// Decisions hold.
        #[default]
        Enforce = "enforce",
        /// Every login is let through without a prompt; the decision goes to the log.
        Observe = "observe",
    }
}

/// The policy of one host. [`Policy::default`] is what an empty configuration means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// Whether decisions hold.
    pub mode: Mode,
    /// The level of whoever no profile matches, and of profiles that name none.
    pub level: Level,
    /// Where `level` stands; `None` where it is the default.
    pub level_place: Option<Place>,
    /// Services whose auth phase may be skipped by a key, so that their account phase without a
    /// ticket is decided with first factor `key`.
    pub account_services: Vec<String>,
    /// Address lists over everything else.
    pub network: NetworkRules,
    /// Profiles; the first that matches holds.
    pub profiles: Vec<Profile>,
    /// What each level demands.
    pub levels: Levels,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            mode: Mode::Enforce,
            level: Level::High,
            level_place: None,
            account_services: vec!["sshd".to_owned()],
            network: NetworkRules::default(),
            profiles: Vec::new(),
            levels: Levels::default(),
        }
    }
}

impl Policy {
    /// The groups that profiles name: each must be asked for by name, because a list of a user's
    /// groups does not tell that a source of groups is out of reach (getgrouplist(3)).
    pub fn group_names(&self) -> Vec<String> {
        let lists = self.profiles.iter().map(|profile| &profile.groups);
        let names: BTreeSet<_> =
            lists.flat_map(|list| list.included.iter().chain(&list.excluded)).cloned().collect();
        names.into_iter().collect()
    }

    /// Whether a decision asks for the user's groups, so that they must be looked up (and a
    /// look-up that fails must deny).
    pub fn needs_groups(&self) -> bool {
        self.profiles.iter().any(|profile| !profile.groups.is_empty())
    }
}
