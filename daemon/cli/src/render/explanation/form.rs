//! The form of an explanation, as `ExplainPolicy` of `org.twinlock1.Admin` documents it. Keys that
//! this version does not know are passed over, and words are kept as they are.

use serde::Deserialize;

/// The whole of it.
#[derive(Debug, Deserialize)]
pub struct Explanation {
    pub(super) user: String,
    pub(super) obstacles: Vec<String>,
    pub(super) switch: Option<bool>,
    pub(super) service: String,
    pub(super) from: String,
    pub(super) first_factors: Vec<String>,
    pub(super) phase: String,
    pub(super) mode: String,
    pub(super) decision: Decision,
    pub(super) sentence: String,
    pub(super) decided_by: Rule,
    pub(super) terms: Terms,
    pub(super) rules: Vec<Rule>,
}

/// A decision by its word.
#[derive(Debug, Deserialize)]
pub(super) struct Decision {
    pub(super) decision: String,
}

/// A rule; the one that decided has no outcome of its own.
#[derive(Debug, Deserialize)]
pub(super) struct Rule {
    pub(super) rule: String,
    pub(super) name: Option<String>,
    pub(super) place: Option<Place>,
    #[serde(default)]
    pub(super) outcome: String,
    pub(super) detail: Option<Detail>,
}

/// Where a rule stands.
#[derive(Debug, PartialEq, Eq, Deserialize)]
pub(super) struct Place {
    pub(super) file: String,
    pub(super) line: u32,
}

/// Why a rule says nothing.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum Detail {
    /// The lists of a profile that do not match.
    Misses(Vec<Miss>),
    /// One word.
    Word(String),
}

/// A list that does not match.
#[derive(Debug, Deserialize)]
pub(super) struct Miss {
    pub(super) list: String,
    pub(super) cause: String,
    pub(super) entry: Option<String>,
}

/// What applies to the login.
#[derive(Debug, Deserialize)]
pub(super) struct Terms {
    pub(super) level: String,
    pub(super) second_factor: String,
    pub(super) methods: Vec<String>,
    pub(super) remember: String,
    pub(super) enrolment: String,
    pub(super) schedule: Schedule,
}

/// Since when it is required.
#[derive(Debug, Deserialize)]
pub(super) struct Schedule {
    pub(super) enforce_from: Option<String>,
    pub(super) grace: Option<String>,
}
