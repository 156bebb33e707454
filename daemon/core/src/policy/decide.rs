//! The one evaluation of the policy, which decisions and explanations share.

use std::net::IpAddr;

use ipnet::IpNet;

use crate::{
    login::{FirstFactor, LoginContext, Source},
    time::Timestamp,
};

use super::{
    Decision, DenyReason, EnrolHow, EnrolmentMode, InvitationCause, Methods, Mode, NetworkList,
    NetworkRules, Policy, Profile, Rule, SecondFactor, SkipReason, Standing, Terms, Timing,
    explain::{Passed, RuleOutcome, Trace, Untraced},
    matching::Facts,
};

/// Which hook of PAM asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    Auth,
    /// The account phase without a ticket.
    Account,
}

/// A decision with the terms that it rests on and the rule that made it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub struct Ruling {
    /// What holds.
    pub decision: Decision,
    /// What applies to the login.
    pub terms: Terms,
    /// The rule that decided; under `observe`, the one that would have.
    pub rule: Rule,
}

impl Policy {
    /// Decides a login in the auth phase.
    pub fn decide(&self, login: &LoginContext, standing: &Standing, now: Timestamp) -> Decision {
        self.evaluate(login, standing, now).decision
    }

    /// Decides a login in an account phase without a ticket: in [`Policy::account_services`] a
    /// key was used, elsewhere only the deny list holds.
    pub fn decide_account(
        &self,
        login: &LoginContext,
        standing: &Standing,
        now: Timestamp,
    ) -> Decision {
        self.evaluate_account(login, standing, now).decision
    }

    /// As [`Policy::decide`], with the terms and the rule.
    pub fn evaluate(&self, login: &LoginContext, standing: &Standing, now: Timestamp) -> Ruling {
        self.ruling(Phase::Auth, login, standing, now, &mut Untraced)
    }

    /// As [`Policy::decide_account`], with the terms and the rule.
    pub fn evaluate_account(
        &self,
        login: &LoginContext,
        standing: &Standing,
        now: Timestamp,
    ) -> Ruling {
        self.ruling(Phase::Account, login, standing, now, &mut Untraced)
    }

    /// What applies to a login in the auth phase, whoever its user is.
    pub fn terms(&self, login: &LoginContext) -> Terms {
        self.terms_of(&Facts::new(login, false), &mut Untraced)
    }

    pub(super) fn ruling(
        &self,
        phase: Phase,
        login: &LoginContext,
        standing: &Standing,
        now: Timestamp,
        trace: &mut impl Trace,
    ) -> Ruling {
        let refusal = self.refusal_by_network(phase, login, trace);
        let terms = self.terms_of(&Facts::new(login, phase == Phase::Account), trace);
        let (decision, rule) = match refusal {
            Some((reason, rule)) => (Decision::Deny(reason), rule),
            None if phase == Phase::Account && !self.is_account_service(login) => {
                trace.rule(Rule::AccountServices, None, RuleOutcome::Decided);
                (Decision::Skip(SkipReason::AccountPhase), Rule::AccountServices)
            }
            None => {
                if phase == Phase::Account {
                    let passed = RuleOutcome::Passed(Passed::AccountService);
                    trace.rule(Rule::AccountServices, None, passed);
                }
                self.judge(&terms, login, standing, now, trace)
            }
        };
        let decision = match phase {
            Phase::Auth => decision,
            Phase::Account => without_prompt(decision, login),
        };
        Ruling { decision: self.as_the_mode_says(decision), terms, rule }
    }

    fn is_account_service(&self, login: &LoginContext) -> bool {
        self.account_services.contains(&login.service)
    }

    /// The deny list, then the allow list. Outside `account_services` an account phase knows the
    /// deny list only.
    fn refusal_by_network(
        &self,
        phase: Phase,
        login: &LoginContext,
        trace: &mut impl Trace,
    ) -> Option<(DenyReason, Rule)> {
        let NetworkRules { allow, deny, .. } = &self.network;
        let verdict = consult(deny, &login.source, |found, _| match found {
            Some(network) => Ok(DenyReason::DeniedNetwork { network }),
            None => Err(Passed::NotListed),
        });
        if let Some(reason) = record(trace, Rule::DenyList, deny, verdict) {
            return Some((reason, Rule::DenyList));
        }
        let verdict = if phase == Phase::Account && !self.is_account_service(login) {
            Err(Passed::AccountPhase)
        } else {
            consult(allow, &login.source, |found, address| match found {
                Some(_) => Err(Passed::Listed),
                None => Ok(DenyReason::NetworkNotAllowed { address }),
            })
        };
        record(trace, Rule::AllowList, allow, verdict).map(|reason| (reason, Rule::AllowList))
    }

    /// The first profile that matches, filled up from its level.
    fn terms_of(&self, facts: &Facts<'_>, trace: &mut impl Trace) -> Terms {
        let matched = self
            .profiles
            .iter()
            .enumerate()
            .find(|(_, profile)| trace.profile(profile, &mut facts.misses(self, profile)));
        Terms::resolve(self, matched)
    }

    /// What the terms say of this user: exemption, then the per-user switch, then the demand.
    fn judge(
        &self,
        terms: &Terms,
        login: &LoginContext,
        standing: &Standing,
        now: Timestamp,
        trace: &mut impl Trace,
    ) -> (Decision, Rule) {
        if let Some(reason) = self.exemption(terms, login, trace) {
            return (Decision::Skip(reason), Rule::ExemptList);
        }
        let rule = match (standing.switch, &terms.profile) {
            (Some(_), _) => Rule::UserSwitch,
            (None, Some(_)) => Rule::Profile,
            (None, None) => Rule::Level,
        };
        let switched =
            standing.switch.map_or(RuleOutcome::Passed(Passed::NotSet), |_| RuleOutcome::Decided);
        trace.rule(Rule::UserSwitch, None, switched);
        let demand = terms.demand(standing);
        let decision = if demand == SecondFactor::Off {
            Decision::Skip(self.switched_off(terms, standing))
        } else if standing.own || (demand.is_required() && terms.are_met_by(standing)) {
            ask_enrolled(terms, login, standing)
        } else {
            match (demand, terms.timing(standing, now)) {
                (SecondFactor::Off | SecondFactor::Voluntary, _) => {
                    Decision::Skip(SkipReason::Voluntary)
                }
                (SecondFactor::Enrolled, _) => Decision::Skip(SkipReason::NotEnrolled),
                (_, Timing::BeforeDate { from, deadline }) => {
                    Decision::Skip(SkipReason::BeforeDate { from, deadline })
                }
                (_, Timing::Grace { deadline, begins }) => {
                    Decision::Skip(SkipReason::Grace { deadline, begins })
                }
                (_, Timing::Enforced) => ask_to_enrol(terms, login, standing),
            }
        };
        (decision, rule)
    }

    fn exemption(
        &self,
        terms: &Terms,
        login: &LoginContext,
        trace: &mut impl Trace,
    ) -> Option<SkipReason> {
        let list = &self.network.exempt;
        let verdict = match (list.is_empty(), &login.source) {
            (true, _) => Err(Passed::Empty),
            (_, Source::Local { .. }) => Err(Passed::Local),
            (_, Source::Unknown) => Err(Passed::UnknownSource),
            (_, Source::Address(address)) => match list.find(*address) {
                None => Err(Passed::NotListed),
                Some(_) if !terms.knows_exemption() => Err(Passed::NoExemption),
                Some(network) => Ok(SkipReason::Exempt { network }),
            },
        };
        record(trace, Rule::ExemptList, list, verdict)
    }

    fn switched_off(&self, terms: &Terms, standing: &Standing) -> SkipReason {
        if standing.switch == Some(false) {
            return SkipReason::UserSwitchedOff;
        }
        match &terms.profile {
            Some(profile) if self.profiles.get(profile.index).is_some_and(Profile::is_off) => {
                SkipReason::ProfileSwitchedOff { profile: profile.name.clone() }
            }
            _ => SkipReason::LevelSwitchedOff,
        }
    }

    /// Under `observe` every login is let through, and the decision goes to the log. What is a
    /// skip anyway is wrapped too: it may carry a reminder or begin grace, and an observed login
    /// does neither.
    fn as_the_mode_says(&self, decision: Decision) -> Decision {
        match self.mode {
            Mode::Enforce => decision,
            Mode::Observe => Decision::Skip(SkipReason::Observed { would_be: Box::new(decision) }),
        }
    }
}

/// Asks a list that refuses; a remote login whose source cannot be read is refused by any list.
fn consult(
    list: &NetworkList,
    source: &Source,
    verdict: impl FnOnce(Option<IpNet>, IpAddr) -> Result<DenyReason, Passed>,
) -> Result<DenyReason, Passed> {
    match source {
        _ if list.is_empty() => Err(Passed::Empty),
        Source::Local { .. } => Err(Passed::Local),
        Source::Unknown => Ok(DenyReason::UnknownSource),
        Source::Address(address) => verdict(list.find(*address), *address),
    }
}

/// Tells the trace what a list said, and hands on what it decided.
fn record<T>(
    trace: &mut impl Trace,
    rule: Rule,
    list: &NetworkList,
    verdict: Result<T, Passed>,
) -> Option<T> {
    let outcome = match &verdict {
        Ok(_) => RuleOutcome::Decided,
        Err(passed) => RuleOutcome::Passed(*passed),
    };
    trace.rule(rule, list.place.as_ref(), outcome);
    verdict.ok()
}

/// A user with factors. Where none of them counts, the first factor alone does not open an
/// enrolment: who knows the password only would set up a factor beside those of the owner.
fn ask_enrolled(terms: &Terms, login: &LoginContext, standing: &Standing) -> Decision {
    let counting = terms.methods.and(&standing.enrolled);
    if counting.is_empty() {
        let cause = InvitationCause::MethodsNotPermitted;
        return match terms.enrolment_for(standing) {
            EnrolmentMode::Admin => Decision::Deny(DenyReason::MethodsNotPermitted {
                enrolled: standing.enrolled,
                permitted: terms.methods,
            }),
            _ => enrol(terms, login, |methods| EnrolHow::Invitation { methods, cause }),
        };
    }
    let usable = counting.and(&standing.usable);
    if usable.is_empty() {
        return Decision::Deny(DenyReason::NoUsableMethod { enrolled: counting });
    }
    Decision::Require(usable)
}

/// A user without factors, of whom one is required now.
fn ask_to_enrol(terms: &Terms, login: &LoginContext, standing: &Standing) -> Decision {
    match terms.enrolment_for(standing) {
        EnrolmentMode::AtWill | EnrolmentMode::AtLogin => {
            enrol(terms, login, |methods| EnrolHow::AtLogin { methods })
        }
        EnrolmentMode::Invitation => {
            let cause = if terms.enrolment == EnrolmentMode::Invitation {
                InvitationCause::Terms
            } else {
                InvitationCause::Record
            };
            enrol(terms, login, |methods| EnrolHow::Invitation { methods, cause })
        }
        EnrolmentMode::Admin => Decision::Deny(DenyReason::EnrolmentByAdmin),
    }
}

/// An enrolment, where there is something to enrol and the login has shown a first factor that is
/// known.
fn enrol(terms: &Terms, login: &LoginContext, how: impl FnOnce(Methods) -> EnrolHow) -> Decision {
    let methods = terms.methods.enrollable();
    let shown = login.first_factors.iter().any(|factor| !matches!(factor, FirstFactor::Other(_)));
    match (methods.is_empty(), shown) {
        (true, _) => Decision::Deny(DenyReason::NothingToEnrol),
        (false, false) => Decision::Deny(DenyReason::NoFirstFactor),
        (false, true) => Decision::Enrol(how(methods)),
    }
}

/// An account phase cannot ask: where a second factor is wanted, the login is refused.
fn without_prompt(decision: Decision, login: &LoginContext) -> Decision {
    match decision {
        Decision::Require(_) | Decision::Enrol(_) | Decision::Deny(DenyReason::NoFirstFactor) => {
            Decision::Deny(DenyReason::KeyAlone { service: login.service.clone() })
        }
        Decision::Skip(_) | Decision::Deny(_) => decision,
    }
}
