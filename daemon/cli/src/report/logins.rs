//! Logins of each day by outcome.

use std::collections::BTreeMap;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use serde::Serialize;
use twinlock_bus_api::history::{LogEvent, OBSERVED};

/// As long as the store keeps events at the most: days.
const LONGEST: i64 = 1825;

/// What became of a login, in the order of a plot, with what people call it.
pub const OUTCOMES: [(&str, &str); 5] = [
    ("code", "with a code"),
    ("trusted", "trusted after an earlier code"),
    ("bypass", "with a bypass code"),
    ("without", "without a second factor"),
    ("refused", "refused"),
];

/// Logins of one day.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Day {
    /// Let in with a code of their own.
    pub code: u64,
    /// Let in from a trusted host, or in a session that has given a code.
    pub trusted: u64,
    /// Let in with a bypass code.
    pub bypass: u64,
    /// Let in without a second factor.
    pub without: u64,
    /// Refused, or told to wait.
    pub refused: u64,
}

impl Day {
    /// In the order of [`OUTCOMES`].
    pub const fn parts(&self) -> [u64; 5] {
        [self.code, self.trusted, self.bypass, self.without, self.refused]
    }

    /// Both together.
    #[must_use]
    pub const fn and(self, other: &Self) -> Self {
        Self {
            code: self.code + other.code,
            trusted: self.trusted + other.trusted,
            bypass: self.bypass + other.bypass,
            without: self.without + other.without,
            refused: self.refused + other.refused,
        }
    }
}

/// Logins by day in UTC; a day without one is there too.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Logins(pub BTreeMap<String, Day>);

impl Logins {
    /// None on any of these days.
    pub fn between(since: Timestamp, made: Timestamp) -> Self {
        let last = date(made);
        let earliest = last.checked_sub(LONGEST.days()).unwrap_or(last);
        let first = date(since).max(earliest);
        let days = first.series(1.day()).take_while(|day| *day <= last);
        Self(days.map(|day| (day.to_string(), Day::default())).collect())
    }

    /// Counts an event, if it is the end of a login.
    pub fn count(&mut self, event: &LogEvent) {
        let Some(at) = i64::try_from(event.at).ok().and_then(|at| Timestamp::from_second(at).ok())
        else {
            return;
        };
        let which: fn(&mut Day) -> &mut u64 = match event.event.as_str() {
            "login.allowed" => match event.cause.as_str() {
                cause if cause.starts_with("bypass code ") => |day| &mut day.bypass,
                cause if is_trust(cause) => |day| &mut day.trusted,
                _ => |day| &mut day.code,
            },
            "login.skipped" | OBSERVED => |day| &mut day.without,
            "login.refused" | "login.locked" => |day| &mut day.refused,
            _ => return,
        };
        *which(self.0.entry(date(at).to_string()).or_default()) += 1;
    }

    /// All of them.
    pub fn total(&self) -> Day {
        self.0.values().fold(Day::default(), Day::and)
    }
}

fn is_trust(cause: &str) -> bool {
    cause.starts_with("trusted host ")
        || cause.starts_with("a code was given in this login session")
}

fn date(at: Timestamp) -> Date {
    at.to_zoned(TimeZone::UTC).date()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn each_day_has_its_logins_by_outcome_and_quiet_days_are_there() {
        let mut logins = Logins::between(at("2026-11-19T23:59:59Z"), at("2026-11-21T00:00:00Z"));
        for (event, cause) in [
            ("login.allowed", "code of factor A7"),
            ("login.allowed", "recovery code, 3 left"),
            ("login.allowed", "trusted host H1 (203.0.113.7)"),
            ("login.allowed", "a code was given in this login session at 2026-11-20T10:00:00Z"),
            ("login.allowed", "bypass code B1, 0 uses left"),
            ("login.skipped", "the source is in the exempt network 192.0.2.0/24"),
            ("login.observed", "would deny: not enrolled"),
            ("login.refused", "no such user"),
            ("login.locked", "the source waits 40 s"),
            ("login.abandoned", "cancelled"),
            ("code.accepted", "code of factor A7"),
        ] {
            let seconds = at("2026-11-20T10:00:00Z").as_second().cast_unsigned();
            let (event, cause) = (event.to_owned(), cause.to_owned());
            logins.count(&LogEvent { at: seconds, event, cause, ..LogEvent::default() });
        }
        let days: Vec<_> = logins.0.iter().map(|(day, it)| (day.as_str(), it.parts())).collect();
        let none = [0; 5];
        let expected =
            [("2026-11-19", none), ("2026-11-20", [2, 2, 1, 2, 2]), ("2026-11-21", none)];
        assert_eq!(days, expected);
        assert_eq!(logins.total().parts(), [2, 2, 1, 2, 2]);
    }

    #[test]
    fn no_time_span_is_without_end() {
        let made = at("2026-11-21T00:00:00Z");
        assert_eq!(Logins::between(Timestamp::UNIX_EPOCH, made).0.len(), 1826);
        assert_eq!(Logins::between(at("2027-01-01T00:00:00Z"), made).0.len(), 0);
    }
}
