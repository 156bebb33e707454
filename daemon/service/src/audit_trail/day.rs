//! Days of the trail, and the keys under which they lie.

use std::fmt;

use twinlock_core::time::Timestamp;

/// What the keys of blocks begin with.
pub(super) const BLOCKS: &str = "audit/";

/// What the keys of markers begin with.
pub(super) const MARKERS: &str = "audit-days/";

const SECONDS: u64 = 86_400;

/// The last day that a key can name, 9998-12-31.
const LAST: u64 = 2_932_531;

/// A day of UTC, counted from the Unix epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day(u64);

impl Day {
    /// The day of a point in time.
    pub(super) const fn of(time: Timestamp) -> Self {
        let day = time.as_secs() / SECONDS;
        Self(if day < LAST { day } else { LAST })
    }

    /// From the form that `Display` writes.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let mut parts = text.splitn(3, '-');
        let mut part = || parts.next()?.parse::<u16>().ok();
        let (year, month, day) = (part()?, part()?, part()?);
        let time = Timestamp::of_date(
            i16::try_from(year).ok()?,
            i8::try_from(month).ok()?,
            i8::try_from(day).ok()?,
        )?;
        let day = Self::of(time);
        (day.to_string() == text).then_some(day)
    }

    /// When it is over.
    pub(super) const fn end(self) -> Timestamp {
        Timestamp::from_secs((self.0 + 1) * SECONDS)
    }

    /// What the keys of its blocks begin with.
    pub(super) fn prefix(self) -> String {
        format!("{BLOCKS}{self}/")
    }

    /// The key of its marker.
    pub(super) fn marker(self) -> String {
        format!("{MARKERS}{self}")
    }
}

impl fmt::Display for Day {
    /// `2026-11-21`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Timestamp::from_secs(self.0 * SECONDS).date().fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_read_back_from_its_key() {
        for seconds in [0, 1_795_262_400, 4_102_444_799, u64::MAX] {
            let day = Day::of(Timestamp::from_secs(seconds));
            assert_eq!(Day::parse(&day.to_string()), Some(day), "{day}");
        }
        assert_eq!(Day::of(Timestamp::from_secs(u64::MAX)).to_string(), "9998-12-31");
        for wrong in ["", "2026", "2026-11", "2026-11-31", "2026-1-1", "+2026-11-21", "a-b-c"] {
            assert_eq!(Day::parse(wrong), None, "{wrong:?}");
        }
    }

    #[test]
    fn a_day_ends_where_the_next_begins() {
        let day = Day::parse("2026-11-21").unwrap();
        assert_eq!(Day::of(day.end()).to_string(), "2026-11-22");
    }
}
