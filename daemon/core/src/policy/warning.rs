//! What is allowed in a policy and yet seldom meant.

use std::fmt;

use serde::Serialize;

use super::{Place, Policy};

/// A warning about a policy, with the place that it is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Warning {
    /// What is odd.
    #[serde(flatten)]
    pub kind: WarningKind,
    /// Where it stands; `None` where only the default can be meant.
    pub place: Option<Place>,
}

/// What is odd about a policy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "warning", rename_all = "kebab-case")]
pub enum WarningKind {
    /// `mfa = false`.
    SwitchedOff {
        /// The profile.
        profile: String,
    },
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            WarningKind::SwitchedOff { profile } => {
                write!(f, "the profile \"{}\" asks for no second factor", profile.escape_debug())
            }
        }
    }
}

impl Policy {
    /// Everything odd about the policy, in the order of the configuration.
    pub fn warnings(&self) -> Vec<Warning> {
        self.profiles
            .iter()
            .filter(|profile| profile.is_off())
            .map(|profile| Warning {
                kind: WarningKind::SwitchedOff { profile: profile.name.clone() },
                place: Some(profile.place.clone()),
            })
            .collect()
    }
}
