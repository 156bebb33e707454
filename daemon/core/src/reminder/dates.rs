//! Of which dates a user was reminded, and which reminder is still to reach a server.
//!
//! ```text
//!          tried                  a server took it
//!   open ────────► tried at … ──────────────────────► sent
//!                   │      ▲
//!                   └──────┘ a day later, or when the address changed
//! ```
//!
//! A user has one policy on one host, and maybe another one on another host with the same store: a few
//! dates in all. In a record they are a list; one date that was sent stands alone, as records have it
//! that were written before there could be several.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::time::Timestamp;

/// The most dates that are kept of a user. Who has been reminded of so many is reminded of no other
/// until one of them is past.
pub const MOST_DATES: usize = 16;

/// How long after a try that reached no server the next one comes.
pub const AGAIN: Duration = Duration::from_secs(86_400);

/// The dates of the policy of which a user was reminded, oldest try first.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Stored", into = "Stored")]
pub struct Dates(Vec<Reminded>);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Reminded {
    of: Timestamp,
    state: State,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// A server took it.
    Sent,
    /// It was handed to the post then, and nobody knows more.
    Tried(Timestamp),
}

#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Stored {
    One(Timestamp),
    Several(Vec<StoredDate>),
}

#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum StoredDate {
    Sent(Timestamp),
    Tried { of: Timestamp, tried: Timestamp },
}

impl Dates {
    /// Whether nothing is kept.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether the user is to be reminded of this date now. `since` is when their address was set:
    /// what was tried before went elsewhere.
    pub fn is_due(&self, date: Timestamp, since: Timestamp, now: Timestamp) -> bool {
        match self.state_of(date) {
            Some(State::Sent) => false,
            Some(State::Tried(at)) => at.after(AGAIN) <= now || (at < since && since <= now),
            None => self.0.iter().filter(|known| now < known.of).count() < MOST_DATES,
        }
    }

    /// A reminder of this date is about to leave. Dates that are past are forgotten.
    pub fn begin(&mut self, date: Timestamp, now: Timestamp) {
        self.0.retain(|known| now < known.of && known.of != date);
        self.0.push(Reminded { of: date, state: State::Tried(now) });
    }

    /// A server took the reminder of this date.
    pub fn sent(&mut self, date: Timestamp) {
        for known in self.0.iter_mut().filter(|known| known.of == date) {
            known.state = State::Sent;
        }
    }

    /// What two records of a user know together; of a date that both have, what `other` does.
    #[must_use]
    pub fn joined(mut self, other: &Self) -> Self {
        self.0.retain(|known| other.state_of(known.of).is_none());
        let room = MOST_DATES.saturating_sub(other.0.len());
        self.0.truncate(room);
        self.0.extend(&other.0);
        self
    }

    fn state_of(&self, date: Timestamp) -> Option<State> {
        self.0.iter().find(|known| known.of == date).map(|known| known.state)
    }
}

impl From<Stored> for Dates {
    fn from(stored: Stored) -> Self {
        let read = |date| match date {
            StoredDate::Sent(of) => Reminded { of, state: State::Sent },
            StoredDate::Tried { of, tried } => Reminded { of, state: State::Tried(tried) },
        };
        Self(match stored {
            Stored::One(of) => vec![read(StoredDate::Sent(of))],
            Stored::Several(dates) => dates.into_iter().take(MOST_DATES).map(read).collect(),
        })
    }
}

impl From<Dates> for Stored {
    fn from(Dates(dates): Dates) -> Self {
        match dates.as_slice() {
            [Reminded { of, state: State::Sent }] => Self::One(*of),
            _ => Self::Several(dates.into_iter().map(written).collect()),
        }
    }
}

const fn written(Reminded { of, state }: Reminded) -> StoredDate {
    match state {
        State::Sent => StoredDate::Sent(of),
        State::Tried(tried) => StoredDate::Tried { of, tried },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: u64 = 86_400;

    fn day(day: u64) -> Timestamp {
        Timestamp::from_secs(day * DAY)
    }

    fn is_due(dates: &Dates, date: u64, now: Timestamp) -> bool {
        dates.is_due(day(date), Timestamp::EPOCH, now)
    }

    #[test]
    fn what_no_server_took_is_tried_again_a_day_later_and_what_one_took_is_not() {
        let mut dates = Dates::default();
        assert!(is_due(&dates, 9, day(2)));
        dates.begin(day(9), day(2));
        assert!(!is_due(&dates, 9, Timestamp::from_secs(3 * DAY - 1)));
        assert!(is_due(&dates, 9, day(3)));
        dates.begin(day(9), day(3));
        assert!(!is_due(&dates, 9, Timestamp::from_secs(4 * DAY - 1)), "a day after the last try");
        dates.sent(day(9));
        assert!(!is_due(&dates, 9, day(8)));
    }

    #[test]
    fn an_address_that_was_set_since_the_try_is_written_to_at_once_and_once() {
        let mut dates = Dates::default();
        dates.begin(day(9), day(2));
        let set = Timestamp::from_secs(2 * DAY + 60);
        assert!(!dates.is_due(day(9), set, day(2)), "by a clock that is ahead of this one");
        assert!(dates.is_due(day(9), set, set));
        dates.begin(day(9), set);
        assert!(!dates.is_due(day(9), set, set));
    }

    #[test]
    fn dates_of_several_hosts_stand_side_by_side_so_many_and_no_more() {
        let mut dates = Dates::default();
        for date in 10..26 {
            assert!(is_due(&dates, date, day(1)), "{date}");
            dates.begin(day(date), day(1));
            dates.sent(day(date));
        }
        assert!((10..26).all(|date| !is_due(&dates, date, day(1))), "none twice");
        assert!(!is_due(&dates, 26, day(1)), "the seventeenth");
        assert!(is_due(&dates, 26, day(10)), "the first is past");
        dates.begin(day(26), day(10));
        assert_eq!(dates.0.len(), MOST_DATES);
    }

    #[test]
    fn a_single_date_as_it_was_stored_before_is_one_that_was_sent() {
        let dates: Dates = serde_json::from_str("1798761600").unwrap();
        let date = Timestamp::from_secs(1_798_761_600);
        assert!(!dates.is_due(date, Timestamp::EPOCH, Timestamp::EPOCH));
        assert_eq!(serde_json::to_string(&dates).unwrap(), "1798761600", "and stays one");
    }

    #[test]
    fn what_was_tried_and_what_was_sent_are_read_back_as_they_were() {
        let mut dates = Dates::default();
        dates.begin(day(9), day(2));
        let mut several = dates.clone();
        several.sent(day(9));
        several.begin(day(10), day(3));
        for (dates, text) in [
            (dates, r#"[{"of":777600,"tried":172800}]"#),
            (several, r#"[777600,{"of":864000,"tried":259200}]"#),
        ] {
            assert_eq!(serde_json::to_string(&dates).unwrap(), text);
            assert_eq!(serde_json::from_str::<Dates>(text).unwrap(), dates);
        }
    }

    #[test]
    fn two_records_know_together_what_either_knows_within_the_bound() {
        let (mut old, mut new) = (Dates::default(), Dates::default());
        old.begin(day(9), day(2));
        old.begin(day(10), day(2));
        new.begin(day(9), day(3));
        new.sent(day(9));
        let joined = old.joined(&new);
        assert!(!is_due(&joined, 9, day(8)), "the newer one says that it was sent");
        assert!(!is_due(&joined, 10, day(2)) && is_due(&joined, 10, day(3)));
        let mut full = Dates::default();
        (100..116).for_each(|date| full.begin(day(date), day(1)));
        assert_eq!(joined.joined(&full), full);
    }
}
