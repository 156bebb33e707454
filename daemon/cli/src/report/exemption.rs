//! Rules of the policy in force that let people in without a second factor.

use serde::Serialize;
use twinlock_bus_api::policy;

/// One of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Exemption {
    /// `network`, `profile` or `level`.
    pub rule: String,
    /// The block of addresses, or the name of the profile or level.
    pub name: String,
    /// Whom it is for.
    pub whom: String,
    /// What is asked of them.
    pub asks: String,
    /// File and line; none where it is the default.
    pub place: Option<String>,
}

impl From<policy::Exemption> for Exemption {
    fn from(told: policy::Exemption) -> Self {
        let policy::Exemption { rule, name, whom, asks, place } = told;
        Self { rule, name, whom, asks, place }
    }
}
