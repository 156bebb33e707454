//! Lengths of time and dates.

use std::time::Duration;

use toml::de::DeValue;
use twinlock_core::{policy::Remember, time::Timestamp};

use super::{Kind, Word, wrong_type};
use crate::{
    duration,
    faults::{Complaint, Faults},
    reader::Item,
};

/// A length of time within limits.
pub(crate) struct Span {
    least: Duration,
    most: Duration,
}

impl Span {
    /// From the one to the other, in seconds.
    pub const fn seconds(least: u64, most: u64) -> Self {
        Self { least: Duration::from_secs(least), most: Duration::from_secs(most) }
    }
}

impl Word for Span {
    type Value = Duration;

    fn describe(&self) -> String {
        format!(
            "duration, \"{}\" to \"{}\"",
            duration::display(self.least),
            duration::display(self.most)
        )
    }

    fn example(&self) -> String {
        duration::display(self.least.max(Duration::from_secs(30)).min(self.most))
    }

    fn parse(&self, text: &str) -> Result<Duration, Complaint> {
        let length = duration::parse(text).map_err(|error| {
            Complaint::new(error.to_string())
                .hint("a duration is written as \"30 seconds\", \"10 minutes\", \"1 hour\" or \"14 days\"")
        })?;
        let (least, most) = (duration::display(self.least), duration::display(self.most));
        if length < self.least {
            return Err(Complaint::new(format!("the duration is shorter than {least}")));
        }
        if length > self.most {
            return Err(Complaint::new(format!("the duration is longer than {most}")));
        }
        Ok(length)
    }

    fn write(&self, value: &Duration) -> String {
        duration::display(*value)
    }
}

/// How long a host is trusted: a length of time, or `never`.
pub(crate) struct RememberFor;

impl RememberFor {
    const LENGTH: Span = Span::seconds(1, 10 * 365 * 86_400);
}

impl Word for RememberFor {
    type Value = Remember;

    fn describe(&self) -> String {
        format!("\"never\" or {}", Word::describe(&Self::LENGTH))
    }

    fn example(&self) -> String {
        "14 days".to_owned()
    }

    fn parse(&self, text: &str) -> Result<Remember, Complaint> {
        if text == "never" {
            return Ok(Remember::Never);
        }
        Self::LENGTH.parse(text).map(Remember::For).map_err(|complaint| {
            let is_none = duration::parse(text) == Ok(Duration::ZERO);
            complaint.maybe_hint(is_none.then(|| "write \"never\" to trust no host".to_owned()))
        })
    }

    fn write(&self, value: &Remember) -> String {
        value.duration().map_or_else(|| "never".to_owned(), duration::display)
    }
}

/// How long before something, or `never`.
pub(crate) struct Ahead(pub Span);

impl Word for Ahead {
    type Value = Option<Duration>;

    fn describe(&self) -> String {
        format!("\"never\" or {}", Word::describe(&self.0))
    }

    fn example(&self) -> String {
        "7 days".to_owned()
    }

    fn parse(&self, text: &str) -> Result<Option<Duration>, Complaint> {
        if text == "never" {
            return Ok(None);
        }
        self.0.parse(text).map(Some).map_err(|complaint| {
            let is_none = duration::parse(text) == Ok(Duration::ZERO);
            complaint.maybe_hint(is_none.then(|| "write \"never\" for none at all".to_owned()))
        })
    }

    fn write(&self, value: &Option<Duration>) -> String {
        value.map_or_else(|| "never".to_owned(), duration::display)
    }
}

/// A date without a time of day: its beginning in UTC.
pub(crate) struct Date;

impl Kind for Date {
    type Value = Timestamp;

    fn describe(&self) -> String {
        "date (2027-01-31), from its beginning in UTC".to_owned()
    }

    fn read(&self, item: Item<'_>, faults: &mut Faults<'_>) -> Option<Timestamp> {
        let complaint = match item.value {
            DeValue::Datetime(value) => match (value.date, value.time, value.offset) {
                (Some(date), None, None) => match midnight(date.year, date.month, date.day) {
                    Some(time) => return Some(time),
                    None => Complaint::new("the date is not between the years 1970 and 9998"),
                },
                (Some(date), ..) => {
                    Complaint::new(format!("\"{}\" is a date without a time of day", item.name))
                        .hint(format!("write {date}"))
                }
                _ => wrong_type(item, "a date").hint("write it as 2027-01-31"),
            },
            DeValue::String(text) if text.parse::<jiff::civil::Date>().is_ok() => {
                wrong_type(item, "a date").hint("write it without quotation marks")
            }
            _ => wrong_type(item, "a date").hint("write it as 2027-01-31, without quotation marks"),
        };
        faults.error(item.place, complaint);
        None
    }

    fn write(&self, value: &Timestamp) -> Option<String> {
        Some(value.date().to_string())
    }
}

fn midnight(year: u16, month: u8, day: u8) -> Option<Timestamp> {
    let month = i8::try_from(month).ok()?;
    let year = i16::try_from(year).ok().filter(|year| (1970..9999).contains(year))?;
    Timestamp::of_date(year, month, i8::try_from(day).ok()?)
}
