//! What happened to a user since their last login, to be told once, when a session opens.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::time::Timestamp;

/// Sources whose wrong codes are told apart; the rest are only counted.
const MAX_SOURCES: usize = 8;

/// Changes that are told; of more, the latest.
const MAX_CHANGES: usize = 16;

/// What has not been told yet, part of the user's record.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct News {
    #[serde(default)]
    wrong_codes: BTreeMap<String, WrongCodes>,
    #[serde(default)]
    wrong_codes_elsewhere: u32,
    #[serde(default)]
    changes: Vec<(Timestamp, Change)>,
}

/// Wrong codes from one source.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct WrongCodes {
    count: u32,
    last: Timestamp,
}

/// A change of the account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Change {
    /// A factor of this label was enrolled.
    Enrolled(String),
    /// A factor of this label was removed.
    Removed(String),
    /// Everything was taken away by an administrator.
    Reset,
    /// A host is trusted.
    Trusted(String),
    /// The contact of this name was changed.
    Contact(String),
    /// There are new recovery codes.
    RecoveryRenewed,
    /// A bypass code was issued, by this administrator.
    BypassIssued(String),
}

impl News {
    /// A wrong code came from this source.
    pub fn wrong_code(&mut self, source: &str, now: Timestamp) {
        let known = self.wrong_codes.contains_key(source);
        if !known && self.wrong_codes.len() >= MAX_SOURCES {
            self.wrong_codes_elsewhere = self.wrong_codes_elsewhere.saturating_add(1);
            return;
        }
        let codes = self.wrong_codes.entry(source.to_owned());
        let codes = codes.or_insert(WrongCodes { count: 0, last: now });
        codes.count = codes.count.saturating_add(1);
        codes.last = now;
    }

    /// Something of the account was changed.
    pub fn change(&mut self, change: Change, now: Timestamp) {
        if self.changes.len() >= MAX_CHANGES {
            self.changes.remove(0);
        }
        self.changes.push((now, change));
    }

    /// What a person reads, a sentence each; nothing if there is no news.
    pub fn sentences(&self) -> Vec<String> {
        let wrong = self.wrong_codes.iter().map(|(source, codes)| {
            let last = codes.last.to_minute();
            match codes.count {
                1 => format!("A wrong code was given for you from {source} at {last}."),
                n => {
                    format!("{n} wrong codes were given for you from {source}, the last at {last}.")
                }
            }
        });
        let elsewhere = (self.wrong_codes_elsewhere > 0).then(|| {
            format!("{} more wrong codes came from other places.", self.wrong_codes_elsewhere)
        });
        let changes = self.changes.iter().map(|(at, change)| {
            let at = at.to_minute();
            match change {
                Change::Enrolled(label) => format!("A second factor '{label}' was set up at {at}."),
                Change::Removed(label) => {
                    format!("The second factor '{label}' was removed at {at}.")
                }
                Change::Reset => format!("An administrator reset your second factors at {at}."),
                Change::Trusted(host) => {
                    format!("Since {at} no code is asked for a while from {host}.")
                }
                Change::Contact(what) => format!("Your {what} was changed at {at}."),
                Change::RecoveryRenewed => {
                    format!("New recovery codes were made at {at}; the old ones are void.")
                }
                Change::BypassIssued(by) => {
                    format!("A bypass code for your account was issued by {by} at {at}.")
                }
            }
        });
        wrong.chain(elsewhere).chain(changes).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const AT: Timestamp = Timestamp::from_secs(1_800_000_000);

    #[test]
    fn news_are_told_a_sentence_each() {
        let mut news = News::default();
        assert!(news.sentences().is_empty());
        news.wrong_code("203.0.113.9", AT);
        news.wrong_code("198.51.100.7", AT);
        news.wrong_code("198.51.100.7", AT);
        news.change(Change::Reset, AT);
        news.change(Change::Enrolled("phone".to_owned()), AT);
        assert_eq!(
            news.sentences(),
            [
                "2 wrong codes were given for you from 198.51.100.7, the last at 2027-01-15 08:00 UTC.",
                "A wrong code was given for you from 203.0.113.9 at 2027-01-15 08:00 UTC.",
                "An administrator reset your second factors at 2027-01-15 08:00 UTC.",
                "A second factor 'phone' was set up at 2027-01-15 08:00 UTC.",
            ]
        );
    }

    #[test]
    fn a_flood_of_guesses_stays_small_and_is_counted() {
        let mut news = News::default();
        for n in 0..1000 {
            news.wrong_code(&format!("source {n}"), AT);
            news.change(Change::Reset, AT);
        }
        assert_eq!(news.sentences().len(), MAX_SOURCES + 1 + MAX_CHANGES);
        assert!(news.sentences()[MAX_SOURCES].starts_with("992 more wrong codes"));
    }
}
