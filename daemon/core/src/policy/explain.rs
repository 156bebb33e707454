//! Why a login is decided as it is: the evaluation of a decision, with each rule that was tried.

use serde::Serialize;

use crate::{login::LoginContext, time::Timestamp};

use super::{
    Decision, Mismatch, Mode, Place, Policy, Profile, Rule, Standing, Terms,
    decide::{Phase, Ruling},
    matching::Miss,
};

words! {
    /// Why a rule that was tried says nothing of a login.
    pub enum Passed("reason") {
        /// The list is empty.
        Empty = "empty",
        /// A local login, which address lists do not concern.
        Local = "local",
        /// The source cannot be read, so that nothing is exempt.
        UnknownSource = "unknown-source",
        /// The source is not in the list.
        NotListed = "not-listed",
        /// The source is in the list of those allowed.
        Listed = "listed",
        /// The level knows no exemption; the source would be in the list.
        NoExemption = "no-exemption",
        /// The rule does not hold in this service's account phase.
        AccountPhase = "account-phase",
        /// The service is one whose account phase is decided.
        AccountService = "account-service",
        /// The switch was never set.
        NotSet = "not-set",
    }
}

/// What became of a rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "outcome", content = "detail", rename_all = "kebab-case")]
pub enum RuleOutcome {
    /// The rule applies: it made the decision, or its terms did.
    Decided,
    /// The rule was tried and says nothing of this login.
    Passed(Passed),
    /// The lists of the profile that do not match, all of them.
    NotMatched(Vec<Mismatch>),
    /// An earlier rule decided.
    NotReached,
}

/// One rule, in the order in which rules are tried.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RuleTried {
    /// The rule.
    pub rule: Rule,
    /// The name of the profile or of the level.
    pub name: Option<String>,
    /// Where it stands; `None` for what is not in a file or is the default.
    pub place: Option<Place>,
    /// What became of it.
    #[serde(flatten)]
    pub outcome: RuleOutcome,
}

/// The rule that made a decision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DecidedBy {
    /// The rule.
    pub rule: Rule,
    /// The name of the profile or of the level.
    pub name: Option<String>,
    /// Where it stands; `None` for what is not in a file or is the default.
    pub place: Option<Place>,
}

/// A decision, explained.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Explanation {
    /// Whether decisions hold.
    pub mode: Mode,
    /// What holds: under `observe` a skip that carries what would have been decided.
    pub decision: Decision,
    /// The same in a sentence for the administrator.
    pub sentence: String,
    /// The rule that made it.
    pub decided_by: DecidedBy,
    /// What applies to the login.
    pub terms: Terms,
    /// Every rule, in the order in which they are tried.
    pub rules: Vec<RuleTried>,
}

/// What looks on while a login is decided.
pub(super) trait Trace {
    /// A rule other than a profile was tried.
    fn rule(&mut self, rule: Rule, place: Option<&Place>, outcome: RuleOutcome);

    /// A profile was tried; whether it matched, which is when there is no miss.
    fn profile<'a>(
        &mut self,
        profile: &Profile,
        misses: &mut impl Iterator<Item = Miss<'a>>,
    ) -> bool;
}

/// Looks at nothing: a decision stops at a profile's first miss.
pub(super) struct Untraced;

impl Trace for Untraced {
    fn rule(&mut self, _: Rule, _: Option<&Place>, _: RuleOutcome) {}

    fn profile<'a>(&mut self, _: &Profile, misses: &mut impl Iterator<Item = Miss<'a>>) -> bool {
        misses.next().is_none()
    }
}

/// Keeps everything.
#[derive(Default)]
struct Recorded {
    rules: Vec<RuleTried>,
}

impl Trace for Recorded {
    fn rule(&mut self, rule: Rule, place: Option<&Place>, outcome: RuleOutcome) {
        self.rules.push(RuleTried { rule, name: None, place: place.cloned(), outcome });
    }

    fn profile<'a>(
        &mut self,
        profile: &Profile,
        misses: &mut impl Iterator<Item = Miss<'a>>,
    ) -> bool {
        let mismatches: Vec<_> = misses.map(Mismatch::from).collect();
        let matched = mismatches.is_empty();
        let outcome =
            if matched { RuleOutcome::Decided } else { RuleOutcome::NotMatched(mismatches) };
        self.rules.push(of_profile(profile, outcome));
        matched
    }
}

impl Policy {
    /// Explains [`Policy::decide`].
    pub fn explain(
        &self,
        login: &LoginContext,
        standing: &Standing,
        now: Timestamp,
    ) -> Explanation {
        self.explanation(Phase::Auth, login, standing, now)
    }

    /// Explains [`Policy::decide_account`].
    pub fn explain_account(
        &self,
        login: &LoginContext,
        standing: &Standing,
        now: Timestamp,
    ) -> Explanation {
        self.explanation(Phase::Account, login, standing, now)
    }

    fn explanation(
        &self,
        phase: Phase,
        login: &LoginContext,
        standing: &Standing,
        now: Timestamp,
    ) -> Explanation {
        let mut trace = Recorded::default();
        let Ruling { decision, terms, rule } = self.ruling(phase, login, standing, now, &mut trace);
        let rules = self.in_order(phase, trace.rules, &terms);
        let decided_by = self.decided_by(rule, &terms, &rules);
        let sentence = decision.to_string();
        Explanation { mode: self.mode, decision, sentence, decided_by, terms, rules }
    }

    /// The rules in the order in which they are tried, with those that were not reached.
    fn in_order(&self, phase: Phase, tried: Vec<RuleTried>, terms: &Terms) -> Vec<RuleTried> {
        let (profiles, mut others): (Vec<_>, Vec<_>) =
            tried.into_iter().partition(|tried| tried.rule == Rule::Profile);
        let mut rules = Vec::with_capacity(self.profiles.len() + Rule::ALL.len());
        for &rule in Rule::ALL {
            match rule {
                Rule::AccountServices if phase == Phase::Auth => {}
                Rule::Profile => {
                    let skipped = self.profiles.iter().skip(profiles.len());
                    rules.extend(profiles.iter().cloned());
                    rules.extend(skipped.map(|it| of_profile(it, RuleOutcome::NotReached)));
                }
                Rule::Level => rules.push(self.level_tried(terms)),
                _ => {
                    let at = others.iter().position(|tried| tried.rule == rule);
                    rules.push(at.map_or_else(
                        || RuleTried {
                            rule,
                            name: None,
                            place: None,
                            outcome: RuleOutcome::NotReached,
                        },
                        |at| others.swap_remove(at),
                    ));
                }
            }
        }
        rules
    }

    fn level_tried(&self, terms: &Terms) -> RuleTried {
        let reached = terms.profile.is_none();
        RuleTried {
            rule: Rule::Level,
            name: Some(self.level.to_string()),
            place: self.level_place.clone(),
            outcome: if reached { RuleOutcome::Decided } else { RuleOutcome::NotReached },
        }
    }

    fn decided_by(&self, rule: Rule, terms: &Terms, rules: &[RuleTried]) -> DecidedBy {
        let (name, place) = match (rule, &terms.profile) {
            (Rule::Profile, Some(profile)) => {
                (Some(profile.name.clone()), Some(profile.place.clone()))
            }
            _ => rules
                .iter()
                .find(|tried| tried.rule == rule)
                .map_or((None, None), |tried| (tried.name.clone(), tried.place.clone())),
        };
        DecidedBy { rule, name, place }
    }
}

fn of_profile(profile: &Profile, outcome: RuleOutcome) -> RuleTried {
    RuleTried {
        rule: Rule::Profile,
        name: Some(profile.name.clone()),
        place: Some(profile.place.clone()),
        outcome,
    }
}
