//! Levels: what is demanded of a login where no profile says otherwise.

use std::{fmt, time::Duration};

use serde::{Serialize, Serializer};

use super::{Methods, Place};

words! {
    /// How much is demanded; each level can be redefined.
    pub enum Level("level") {
        /// Nobody is asked who did not choose to be.
        Low = "low",
        /// Who is enrolled is asked, others are reminded.
        Medium = "medium",
        /// Everybody is asked; a first login enrols.
        High = "high",
        /// Everybody is asked at every login, from every network.
        VeryHigh = "very-high",
    }
}

words! {
    /// What is demanded of a login, from nothing to always.
    pub enum SecondFactor("second factor") {
        /// Nothing is asked, not even of those who are enrolled: a profile's `mfa = false`.
        Off = "off",
        /// Asked of who enrolled by choice; others hear nothing of it.
        Voluntary = "voluntary",
        /// Asked of who is enrolled; others pass with a reminder.
        Enrolled = "enrolled",
        /// Asked of everybody; who is not enrolled must enrol.
        Required = "required",
        /// As `required`, and no network is exempt.
        Always = "always",
    }
}

impl SecondFactor {
    /// Whether a login that is not enrolled can pass.
    pub fn is_required(self) -> bool {
        self >= Self::Required
    }
}

words! {
    /// How a user who is not enrolled comes to be; the later ones are stricter.
    pub enum EnrolmentMode("enrolment mode") {
        /// By themselves, when they choose to; where a second factor is required, at the login.
        AtWill = "at-will",
        /// By themselves, at the login that requires it at the latest.
        AtLogin = "at-login",
        /// With an invitation code that an administrator gave them.
        Invitation = "invitation",
        /// By an administrator.
        Admin = "admin",
    }
}

/// For how long a host is trusted after a code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Remember {
    /// A code at every login.
    Never,
    /// For this long after a code was given.
    For(Duration),
}

impl Remember {
    /// How long, where hosts are trusted at all.
    pub const fn duration(self) -> Option<Duration> {
        match self {
            Self::Never => None,
            Self::For(duration) if duration.is_zero() => None,
            Self::For(duration) => Some(duration),
        }
    }
}

impl fmt::Display for Remember {
    /// `never`, or a duration that the configuration reads back: `14 days`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.duration() {
            None => f.write_str("never"),
            Some(duration) => super::schedule::Spelled(duration).fmt(f),
        }
    }
}

impl Serialize for Remember {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// What one level demands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LevelRules {
    /// Whether a second factor is asked for, and of whom.
    pub second_factor: SecondFactor,
    /// The methods that count.
    pub methods: Methods,
    /// For how long a host is trusted.
    pub remember: Remember,
    /// How users come to be enrolled.
    pub enrolment: EnrolmentMode,
    /// Where the level is redefined; `None` where it is not.
    pub place: Option<Place>,
}

/// The rules of every level.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Levels {
    /// `low`
    pub low: LevelRules,
    /// `medium`
    pub medium: LevelRules,
    /// `high`
    pub high: LevelRules,
    /// `very-high`
    pub very_high: LevelRules,
}

impl Levels {
    /// The rules of one level.
    pub const fn rules(&self, level: Level) -> &LevelRules {
        match level {
            Level::Low => &self.low,
            Level::Medium => &self.medium,
            Level::High => &self.high,
            Level::VeryHigh => &self.very_high,
        }
    }

    /// The rules of one level, to redefine them.
    pub const fn rules_mut(&mut self, level: Level) -> &mut LevelRules {
        match level {
            Level::Low => &mut self.low,
            Level::Medium => &mut self.medium,
            Level::High => &mut self.high,
            Level::VeryHigh => &mut self.very_high,
        }
    }
}

impl Default for Levels {
    fn default() -> Self {
        const fn days(days: u64) -> Remember {
            Remember::For(Duration::from_secs(days * 24 * 60 * 60))
        }
        let rules = |second_factor, methods, remember, enrolment| LevelRules {
            second_factor,
            methods,
            remember,
            enrolment,
            place: None,
        };
        Self {
            low: rules(SecondFactor::Voluntary, Methods::ALL, days(30), EnrolmentMode::AtWill),
            medium: rules(SecondFactor::Enrolled, Methods::ALL, days(30), EnrolmentMode::AtWill),
            high: rules(SecondFactor::Required, Methods::ALL, days(14), EnrolmentMode::AtLogin),
            very_high: rules(
                SecondFactor::Always,
                Methods::OFFLINE,
                Remember::Never,
                EnrolmentMode::Invitation,
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_word_of_a_level_reads_back_as_that_level() {
        for &level in Level::ALL {
            assert_eq!(level.to_string().parse(), Ok(level));
        }
        let error = "hihg".parse::<Level>().unwrap_err();
        assert_eq!(
            error.to_string(),
            "unknown level \"hihg\"; known are: low, medium, high, very-high"
        );
    }

    #[test]
    fn a_remember_of_no_time_is_never() {
        assert_eq!(Remember::For(Duration::ZERO).duration(), None);
        assert_eq!(Remember::For(Duration::ZERO).to_string(), "never");
        assert_eq!(Levels::default().high.remember.to_string(), "14 days");
    }

    #[test]
    fn the_demand_of_the_levels_rises_with_their_order() {
        let levels = Levels::default();
        for pair in Level::ALL.windows(2) {
            let (lower, higher) = (levels.rules(pair[0]), levels.rules(pair[1]));
            assert!(lower.second_factor < higher.second_factor);
            assert!(lower.enrolment <= higher.enrolment);
        }
    }
}
