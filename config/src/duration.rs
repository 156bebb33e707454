//! Durations as people write them: `"30 seconds"`, `"14 days"`, `"1 hour 30 minutes"`, `"3d"`.
//!
//! ```text
//! duration = quantity *( [ space ] quantity )      ; larger units first, each unit once
//! quantity = 1*DIGIT [ space ] unit
//! unit     = "seconds" | "second" | "s" | "minutes" | "minute" | "min" | "m"
//!          | "hours" | "hour" | "h" | "days" | "day" | "d" | "weeks" | "week" | "w"
//! ```
//!
//! No sign, no fraction, and no months or years, which have no fixed length.

use std::{fmt, time::Duration};

/// Names of the units and their length in seconds, the largest first, the name for display first.
const UNITS: [(&[&str], u64); 5] = [
    (&["week", "weeks", "w"], 7 * 86_400),
    (&["day", "days", "d"], 86_400),
    (&["hour", "hours", "h"], 3_600),
    (&["minute", "minutes", "min", "m"], 60),
    (&["second", "seconds", "s"], 1),
];

/// The longest duration that can be written: a hundred years of 365 days.
pub const LONGEST: Duration = Duration::from_secs(100 * 365 * 86_400);

/// Why a text is no duration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DurationError {
    /// There is no text.
    Empty,
    /// It has a sign.
    Signed,
    /// It has a fraction.
    Fraction,
    /// A number without a unit.
    NoUnit,
    /// A unit without a number.
    NoNumber,
    /// A word that is no unit.
    UnknownUnit(String),
    /// Months or years, which have no fixed length.
    Calendar,
    /// Units not in falling order, or one of them twice.
    Order,
    /// Longer than [`LONGEST`].
    TooLong,
}

impl fmt::Display for DurationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("a duration must not be empty"),
            Self::Signed => f.write_str("a duration has no sign"),
            Self::Fraction => f.write_str("a duration has no fraction: use a smaller unit"),
            Self::NoUnit => f.write_str("a duration needs a unit"),
            Self::NoNumber => f.write_str("a duration needs a number before its unit"),
            Self::UnknownUnit(word) => {
                write!(f, "{} is no unit of time", crate::visible::quote(word))
            }
            Self::Calendar => f.write_str("months and years have no fixed length: use days"),
            Self::Order => f.write_str("larger units come first, and each unit once"),
            Self::TooLong => f.write_str("the duration is longer than a hundred years"),
        }
    }
}

impl std::error::Error for DurationError {}

/// Reads a duration.
///
/// # Errors
///
/// Says what is wrong with the text; see the grammar above.
pub fn parse(text: &str) -> Result<Duration, DurationError> {
    let mut rest = text.trim_matches(' ');
    if rest.is_empty() {
        return Err(DurationError::Empty);
    }
    let mut total: u64 = 0;
    let mut smallest = u64::MAX;
    while !rest.is_empty() {
        let (number, after) = leading_number(rest)?;
        let (unit, after) = leading_unit(after.trim_start_matches(' '))?;
        if unit >= smallest {
            return Err(DurationError::Order);
        }
        smallest = unit;
        total = number
            .checked_mul(unit)
            .and_then(|seconds| total.checked_add(seconds))
            .filter(|seconds| *seconds <= LONGEST.as_secs())
            .ok_or(DurationError::TooLong)?;
        rest = after.trim_start_matches(' ');
    }
    Ok(Duration::from_secs(total))
}

fn leading_number(text: &str) -> Result<(u64, &str), DurationError> {
    if text.starts_with(['-', '+', '−']) {
        return Err(DurationError::Signed);
    }
    let end = text.find(|character: char| !character.is_ascii_digit()).unwrap_or(text.len());
    let (digits, rest) = text.split_at(end);
    if digits.is_empty() {
        return Err(DurationError::NoNumber);
    }
    if rest
        .strip_prefix(['.', ','])
        .is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
    {
        return Err(DurationError::Fraction);
    }
    // Only digits: all that can go wrong is that there are too many of them.
    digits.parse().map(|number| (number, rest)).map_err(|_| DurationError::TooLong)
}

fn leading_unit(text: &str) -> Result<(u64, &str), DurationError> {
    let end = text.find(|character: char| character == ' ' || character.is_ascii_digit());
    let (word, rest) = text.split_at(end.unwrap_or(text.len()));
    if word.is_empty() {
        return Err(DurationError::NoUnit);
    }
    if let Some((_, seconds)) = UNITS.iter().find(|(names, _)| names.contains(&word)) {
        return Ok((*seconds, rest));
    }
    match word {
        "month" | "months" | "mo" | "year" | "years" | "y" => Err(DurationError::Calendar),
        _ => Err(DurationError::UnknownUnit(word.to_owned())),
    }
}

/// A duration in whole seconds as [`parse`] reads it back: `30 days`, `1 hour 30 minutes`.
pub fn display(duration: Duration) -> String {
    let seconds = duration.as_secs();
    // Weeks are read but not written: "14 days" is what people say.
    let units = UNITS.iter().skip(1);
    let mut rest = seconds;
    let mut words = Vec::new();
    for (names, length) in units {
        let (count, name) = (rest / length, names.first().copied().unwrap_or_default());
        rest %= length;
        if count > 0 {
            words.push(format!("{count} {name}{}", if count == 1 { "" } else { "s" }));
        }
    }
    if words.is_empty() { "0 seconds".to_owned() } else { words.join(" ") }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn durations_are_read_as_people_write_them() {
        for (text, seconds) in [
            ("30 seconds", 30),
            ("1 second", 1),
            ("10 minutes", 600),
            ("10min", 600),
            ("1 hour", 3_600),
            ("1 hour 30 minutes", 5_400),
            ("1h30m", 5_400),
            ("14 days", 14 * 86_400),
            ("3d", 3 * 86_400),
            ("2 weeks", 14 * 86_400),
            ("0 minutes", 0),
            ("  5   s ", 5),
            ("36500 days", 36_500 * 86_400),
        ] {
            assert_eq!(parse(text), Ok(Duration::from_secs(seconds)), "{text}");
        }
    }

    #[test]
    fn what_is_no_duration_is_refused_with_the_reason() {
        use DurationError::*;
        for (text, error) in [
            ("", Empty),
            ("   ", Empty),
            ("-3 days", Signed),
            ("+3 days", Signed),
            ("1 hour -3 minutes", Signed),
            ("1.5 hours", Fraction),
            ("1,5 hours", Fraction),
            ("30", NoUnit),
            ("1 hour 30", NoUnit),
            ("seconds", NoNumber),
            ("never", NoNumber),
            ("3 fortnights", UnknownUnit("fortnights".into())),
            ("3 Days", UnknownUnit("Days".into())),
            ("10 minutes ago", NoNumber),
            ("1 hour, 3 minutes", UnknownUnit("hour,".into())),
            ("3 months", Calendar),
            ("1 year", Calendar),
            ("3 minutes 1 hour", Order),
            ("1 hour 1 hour", Order),
            ("99999999999999999999 s", TooLong),
            ("18446744073709551615 weeks", TooLong),
            ("36501 days", TooLong),
            ("٣ days", NoNumber),
        ] {
            assert_eq!(parse(text), Err(error), "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_is_displayed_reads_back(seconds in 0..=LONGEST.as_secs()) {
            let duration = Duration::from_secs(seconds);
            prop_assert_eq!(parse(&display(duration)), Ok(duration));
        }

        #[test]
        fn any_text_is_read_or_refused(text in ".{0,40}") {
            if let Ok(duration) = parse(&text) {
                prop_assert!(duration <= LONGEST);
            }
        }
    }
}
