//! Since when a second factor is required: a date, and a time of grace after it.

use std::{fmt, time::Duration};

use serde::{Serialize, Serializer};

use crate::time::Timestamp;

/// The date and the grace of a profile.
///
/// ```text
///                enforce_from            + grace
/// ────────────────────┼─────────────────────┼──────────────►
///   BeforeDate                Grace            Enforced
///
///              first login seen          + grace
/// ────────────────────┼─────────────────────┼──────────────►     where there is no date
///                             Grace            Enforced
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Schedule {
    /// From then on a second factor is required.
    pub enforce_from: Option<Timestamp>,
    /// For how long users may put it off, from `enforce_from` or else from their first login seen.
    pub grace: Option<Duration>,
}

/// Where a moment stands in a [`Schedule`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Timing {
    /// A second factor is required.
    Enforced,
    /// The date has not come.
    BeforeDate {
        /// The date.
        from: Timestamp,
        /// When grace ends after it; the date itself where there is none.
        deadline: Timestamp,
    },
    /// Users may still put it off.
    Grace {
        /// When they no longer may.
        deadline: Timestamp,
        /// The time of grace begins with this login, so that the record must say so.
        begins: bool,
    },
}

impl Schedule {
    /// Whether anything is said, so that the requirement may begin later than at once.
    pub const fn is_empty(&self) -> bool {
        self.enforce_from.is_none() && self.grace.is_none()
    }

    /// Where `now` stands. `first_login` is the first login that was seen of the user, if any was
    /// before this one. The moment of a deadline itself is past it.
    pub fn timing(&self, first_login: Option<Timestamp>, now: Timestamp) -> Timing {
        let grace = self.grace.unwrap_or_default();
        match self.enforce_from {
            Some(from) if now < from => Timing::BeforeDate { from, deadline: from.after(grace) },
            Some(from) => Self::in_grace(from.after(grace), false, now),
            // Without grace nothing is put off, not even by a first login in the future.
            None if grace.is_zero() => Timing::Enforced,
            None => {
                let deadline = first_login.unwrap_or(now).after(grace);
                Self::in_grace(deadline, first_login.is_none(), now)
            }
        }
    }

    fn in_grace(deadline: Timestamp, begins: bool, now: Timestamp) -> Timing {
        if now < deadline { Timing::Grace { deadline, begins } } else { Timing::Enforced }
    }
}

/// A duration in the largest unit that divides it, as the configuration reads it: `14 days`.
pub(super) struct Spelled(pub(super) Duration);

impl fmt::Display for Spelled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.0.as_secs();
        let (unit, name) = [(86_400, "day"), (3_600, "hour"), (60, "minute")]
            .into_iter()
            .find(|(unit, _)| seconds > 0 && seconds.is_multiple_of(*unit))
            .unwrap_or((1, "second"));
        let count = seconds / unit;
        write!(f, "{count} {name}{}", if count == 1 { "" } else { "s" })
    }
}

/// Writes a point in time as RFC 3339 text: what is explained is read by people and by scripts.
pub(super) fn rfc3339<S: Serializer>(time: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(time)
}

/// As [`rfc3339`], where there may be none.
pub(super) fn rfc3339_opt<S: Serializer>(
    time: &Option<Timestamp>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    time.map(|time| time.to_string()).serialize(serializer)
}

/// Writes a duration as the configuration reads it, where there is one.
pub(super) fn spelled_opt<S: Serializer>(
    duration: &Option<Duration>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    duration.map(|duration| Spelled(duration).to_string()).serialize(serializer)
}

impl Serialize for Schedule {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Text<'a> {
            #[serde(serialize_with = "rfc3339_opt")]
            enforce_from: &'a Option<Timestamp>,
            #[serde(serialize_with = "spelled_opt")]
            grace: &'a Option<Duration>,
        }
        Text { enforce_from: &self.enforce_from, grace: &self.grace }.serialize(serializer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: Duration = Duration::from_secs(86_400);
    const DATE: Timestamp = Timestamp::from_secs(1_798_761_600); // 2027-01-01

    fn before(time: Timestamp) -> Timestamp {
        Timestamp::from_secs(time.as_secs() - 1)
    }

    #[test]
    fn without_a_date_and_grace_the_requirement_holds_at_once() {
        let schedule = Schedule::default();
        assert_eq!(schedule.timing(None, DATE), Timing::Enforced);
        assert_eq!(schedule.timing(Some(DATE), DATE), Timing::Enforced);
    }

    #[test]
    fn the_date_itself_is_enforced_and_the_second_before_is_not() {
        let schedule = Schedule { enforce_from: Some(DATE), grace: None };
        assert_eq!(
            schedule.timing(None, before(DATE)),
            Timing::BeforeDate { from: DATE, deadline: DATE }
        );
        assert_eq!(schedule.timing(None, DATE), Timing::Enforced);
    }

    #[test]
    fn grace_runs_from_the_date_and_not_from_the_first_login_where_there_is_a_date() {
        let schedule = Schedule { enforce_from: Some(DATE), grace: Some(DAY) };
        let deadline = DATE.after(DAY);
        for first in [None, Some(DATE.after(DAY * 30)), Some(Timestamp::EPOCH)] {
            assert_eq!(
                schedule.timing(first, before(DATE)),
                Timing::BeforeDate { from: DATE, deadline }
            );
            assert_eq!(schedule.timing(first, DATE), Timing::Grace { deadline, begins: false });
            assert_eq!(schedule.timing(first, deadline), Timing::Enforced);
        }
    }

    #[test]
    fn grace_without_a_date_begins_with_the_first_login_and_only_once() {
        let schedule = Schedule { enforce_from: None, grace: Some(DAY) };
        let deadline = DATE.after(DAY);
        assert_eq!(schedule.timing(None, DATE), Timing::Grace { deadline, begins: true });
        let seen = Some(DATE);
        let last = before(deadline);
        assert_eq!(schedule.timing(seen, last), Timing::Grace { deadline, begins: false });
        assert_eq!(schedule.timing(seen, deadline), Timing::Enforced);
    }

    #[test]
    fn a_first_login_in_the_future_gives_no_grace_where_there_is_none() {
        for grace in [None, Some(Duration::ZERO)] {
            let schedule = Schedule { enforce_from: None, grace };
            assert_eq!(schedule.timing(Some(DATE), Timestamp::EPOCH), Timing::Enforced);
        }
    }

    #[test]
    fn grace_of_no_time_or_of_all_time_overflows_nothing() {
        let none = Schedule { enforce_from: None, grace: Some(Duration::ZERO) };
        assert_eq!(none.timing(None, DATE), Timing::Enforced);
        let all = Schedule { enforce_from: Some(DATE), grace: Some(Duration::MAX) };
        assert!(matches!(all.timing(None, DATE), Timing::Grace { .. }));
    }

    #[test]
    fn durations_are_spelled_in_the_unit_that_divides_them() {
        for (seconds, text) in [
            (0, "0 seconds"),
            (1, "1 second"),
            (90, "90 seconds"),
            (3_600, "1 hour"),
            (172_800, "2 days"),
        ] {
            assert_eq!(Spelled(Duration::from_secs(seconds)).to_string(), text);
        }
    }
}
