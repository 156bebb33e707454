//! What applies to a login (terms), and what its user's record says (standing).

use std::time::Duration;

use serde::Serialize;

use crate::time::Timestamp;

use super::{
    EnrolmentMode, Level, Methods, Place, Policy, Profile, Remember, Schedule, SecondFactor, Timing,
};

/// What a user's record says, as far as the policy asks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Standing {
    /// The methods that the record holds; recovery codes count while one is left.
    pub enrolled: Methods,
    /// Those of them that can be used now: a mailed code needs an address and a mail server.
    pub usable: Methods,
    /// The per-user switch, `twinlock mfa on|off`; `None` where it was never set.
    pub switch: Option<bool>,
    /// The first login that was seen of this user, before this one.
    pub first_login: Option<Timestamp>,
    /// What the record demands of an enrolment, as after a reset; the stricter of this and of
    /// the terms holds.
    pub enrolment: Option<EnrolmentMode>,
    /// Whether the user has set up any of the methods. A contact that an administrator entered can
    /// carry codes, but it is nobody's choice: it does not stand in the way of an enrolment, and
    /// does not make a user one of those who chose to be asked.
    pub own: bool,
}

impl Standing {
    /// A user who has these methods, all of them usable.
    pub fn with(methods: Methods) -> Self {
        let own = !methods.is_empty();
        Self { enrolled: methods, usable: methods, own, ..Self::default() }
    }

    /// Whether the user has set up a method.
    pub const fn is_enrolled(&self) -> bool {
        self.own
    }
}

/// The profile that terms come from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ProfileRef {
    /// Which of the policy's profiles, from 0.
    pub index: usize,
    /// Its name.
    pub name: String,
    /// Where it stands.
    pub place: Place,
}

/// What applies to a login: the profile that matched, filled up from its level.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Terms {
    /// The level.
    pub level: Level,
    /// What is demanded, once the schedule says so.
    pub second_factor: SecondFactor,
    /// The methods that count, the preferred one first.
    pub methods: Methods,
    /// For how long a host is trusted.
    pub remember: Remember,
    /// How a user comes to be enrolled.
    pub enrolment: EnrolmentMode,
    /// Since when a second factor is required.
    pub schedule: Schedule,
    /// The profile; `None` where no profile matched.
    pub profile: Option<ProfileRef>,
}

impl Terms {
    pub(super) fn resolve(policy: &Policy, matched: Option<(usize, &Profile)>) -> Self {
        let level = matched.and_then(|(_, profile)| profile.level).unwrap_or(policy.level);
        let rules = policy.levels.rules(level);
        let Some((index, profile)) = matched else {
            return Self {
                level,
                second_factor: rules.second_factor,
                methods: rules.methods,
                remember: rules.remember,
                enrolment: rules.enrolment,
                schedule: Schedule::default(),
                profile: None,
            };
        };
        Self {
            level,
            second_factor: policy.second_factor_of(profile),
            methods: profile.methods.unwrap_or(rules.methods),
            remember: profile.remember.unwrap_or(rules.remember),
            enrolment: profile.enrolment.unwrap_or(rules.enrolment),
            schedule: Schedule { enforce_from: profile.enforce_from, grace: profile.grace },
            profile: Some(ProfileRef {
                index,
                name: profile.name.clone(),
                place: profile.place.clone(),
            }),
        }
    }

    /// Whether a user of this standing is asked for a code rather than to enrol.
    pub fn are_met_by(&self, standing: &Standing) -> bool {
        standing.own || !self.methods.and(&standing.enrolled).is_empty()
    }

    /// For how long a host is trusted; `very-high` trusts none, whatever a profile says.
    pub fn trust(&self) -> Option<Duration> {
        if self.level == Level::VeryHigh || self.second_factor == SecondFactor::Always {
            return None;
        }
        self.remember.duration()
    }

    /// Whether `[network] exempt` counts: `very-high` knows no exemption, nor does a level that is
    /// redefined to ask always.
    pub fn knows_exemption(&self) -> bool {
        self.level != Level::VeryHigh && self.second_factor != SecondFactor::Always
    }

    /// What is demanded of this user: the per-user switch goes over profile and level, `very-high`
    /// included. `on` requires, `off` asks nothing.
    ///
    /// An exemption is a place that anyone may stand in, which is why `very-high` has none. The
    /// switch is an administrator's word about one person, warned about and audited when it is
    /// given, so that the order of authority holds for it at every level.
    pub fn demand(&self, standing: &Standing) -> SecondFactor {
        match standing.switch {
            Some(true) => self.second_factor.max(SecondFactor::Required),
            Some(false) => SecondFactor::Off,
            None => self.second_factor,
        }
    }

    /// The stricter of what the terms and the record demand of an enrolment.
    pub fn enrolment_for(&self, standing: &Standing) -> EnrolmentMode {
        standing.enrolment.map_or(self.enrolment, |demanded| demanded.max(self.enrolment))
    }

    /// The moment by which a user must have enrolled: `None` where nothing is required of them or
    /// they are enrolled, `now` or earlier where it is due.
    pub fn deadline(&self, standing: &Standing, now: Timestamp) -> Option<Timestamp> {
        if self.are_met_by(standing) || !self.demand(standing).is_required() {
            return None;
        }
        match self.timing(standing, now) {
            Timing::Enforced => Some(now),
            Timing::BeforeDate { deadline, .. } | Timing::Grace { deadline, .. } => Some(deadline),
        }
    }

    /// Where `now` stands in the schedule. Who is switched on by name has no time left.
    pub fn timing(&self, standing: &Standing, now: Timestamp) -> Timing {
        match standing.switch {
            Some(true) => Timing::Enforced,
            _ => self.schedule.timing(standing.first_login, now),
        }
    }
}

impl Policy {
    /// What a profile demands: its own switch over that of its level.
    pub(super) fn second_factor_of(&self, profile: &Profile) -> SecondFactor {
        let of_level = self.levels.rules(profile.level.unwrap_or(self.level)).second_factor;
        match profile.mfa {
            Some(true) => of_level.max(SecondFactor::Required),
            Some(false) => SecondFactor::Off,
            None => of_level,
        }
    }
}
