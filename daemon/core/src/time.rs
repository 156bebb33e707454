//! Points in time: whole seconds since the Unix epoch, UTC.

use std::{fmt, time::Duration};

use serde::{Deserialize, Serialize};

/// A point in time, in whole seconds since 1970-01-01T00:00:00Z.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Timestamp(u64);

impl Timestamp {
    /// The Unix epoch.
    pub const EPOCH: Self = Self(0);

    /// From seconds since the Unix epoch.
    pub const fn from_secs(seconds: u64) -> Self {
        Self(seconds)
    }

    /// The beginning of a day in UTC, the epoch for days before it; `None` if there is no such day.
    pub fn of_date(year: i16, month: i8, day: i8) -> Option<Self> {
        let date = jiff::civil::Date::new(year, month, day).ok()?;
        let midnight = jiff::tz::TimeZone::UTC.to_timestamp(date.at(0, 0, 0, 0)).ok()?;
        Some(Self(u64::try_from(midnight.as_second()).unwrap_or(0)))
    }

    /// The day in UTC, as `2027-01-01`.
    pub fn date(self) -> impl fmt::Display {
        let text = self.to_string();
        match text.split_once('T') {
            Some((date, _)) => date.to_owned(),
            None => text,
        }
    }

    /// Date, hour and minute in UTC, as people write them: `2027-01-01 09:30 UTC`.
    pub fn to_minute(self) -> String {
        let text = self.to_string();
        match text.split_once('T') {
            Some((date, time)) => format!("{date} {} UTC", time.get(..5).unwrap_or(time)),
            None => text,
        }
    }

    /// Seconds since the Unix epoch.
    pub const fn as_secs(self) -> u64 {
        self.0
    }

    /// This much later; stays at the end of time rather than overflow.
    pub const fn after(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(duration.as_secs()))
    }

    /// How long it is from `self` until `other`; zero if that has passed.
    pub const fn until(self, other: Self) -> Duration {
        Duration::from_secs(other.0.saturating_sub(self.0))
    }
}

impl fmt::Display for Timestamp {
    /// RFC 3339, UTC.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match i64::try_from(self.0).ok().and_then(|s| jiff::Timestamp::from_second(s).ok()) {
            Some(time) => write!(f, "{time}"),
            None => write!(f, "@{}", self.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_is_its_first_second_in_utc() {
        let time = Timestamp::of_date(2027, 1, 1).unwrap();
        assert_eq!(time.to_string(), "2027-01-01T00:00:00Z");
        assert_eq!(time.date().to_string(), "2027-01-01");
        assert_eq!(Timestamp::of_date(1969, 12, 31), Some(Timestamp::EPOCH));
    }

    #[test]
    fn a_day_that_the_calendar_does_not_have_is_none() {
        assert_eq!(Timestamp::of_date(2027, 2, 29), None);
        assert_eq!(Timestamp::of_date(2027, 13, 1), None);
    }

    #[test]
    fn a_time_past_the_calendar_is_still_shown() {
        let end = Timestamp::from_secs(u64::MAX);
        assert_eq!(end.date().to_string(), end.to_string());
    }
}
