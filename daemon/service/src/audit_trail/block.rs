//! A block: some events of one day under one key, in the order in which they happened.

use twinlock_core::{audit::AuditRecord, time::Timestamp};
use zeroize::Zeroizing;

use super::day::Day;
use crate::store::{Change, Version};

/// The most that a block holds, in bytes. It is written anew with each event that joins it, so it
/// is small; and one record fits whatever it holds.
pub(super) const BLOCK: usize = 12 * 1024;

/// A block that can still grow.
#[derive(Clone)]
pub(super) struct Block {
    key: String,
    version: Version,
    lines: Vec<u8>,
}

impl Block {
    pub(super) const fn new(key: String) -> Self {
        Self { key, version: Version::ABSENT, lines: Vec::new() }
    }

    /// Whether a line of this length still fits.
    pub(super) const fn has_room(&self, line: usize) -> bool {
        self.lines.is_empty() || self.lines.len() + line <= BLOCK
    }

    pub(super) fn push(&mut self, line: &[u8]) {
        self.lines.extend_from_slice(line);
    }

    /// The same, as it stands in the store now.
    pub(super) fn written(self, version: Version) -> Self {
        Self { version, ..self }
    }

    pub(super) fn change(&self) -> Change {
        Change::put(self.key.clone(), self.version, Zeroizing::new(self.lines.clone()))
    }
}

/// The second of its day.
pub(super) const fn second_of(time: Timestamp) -> u64 {
    time.as_secs() % 86_400
}

/// The second in the key of a block.
pub(super) fn second(key: &str, day: Day) -> Option<u64> {
    let clock: u64 = key.strip_prefix(&day.prefix())?.get(..6)?.parse().ok()?;
    Some(clock / 10_000 * 3600 + clock / 100 % 100 * 60 + clock % 100)
}

/// The key of a block: `second` is that of the day.
pub(super) fn key(day: Day, second: u64, number: u64, writer: &str) -> String {
    let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
    format!("{}{hour:02}{minute:02}{second:02}-{number:06}-{writer}", day.prefix())
}

/// A record as a line of a block.
pub(super) fn line(record: &AuditRecord) -> Vec<u8> {
    // Text and numbers always become JSON.
    let mut line = serde_json::to_vec(record).unwrap_or_default();
    line.push(b'\n');
    line
}

/// Every record of a block. What cannot be read takes its place, so that it is seen to be there.
pub(super) fn records(lines: &[u8], day: Day) -> impl DoubleEndedIterator<Item = AuditRecord> {
    let lines = lines.strip_suffix(b"\n").unwrap_or(lines);
    let lines: Vec<_> = lines.split(|&byte| byte == b'\n').collect();
    lines
        .into_iter()
        .map(move |line| serde_json::from_slice(line).unwrap_or_else(|_| unreadable(day.end())))
}

fn unreadable(at: Timestamp) -> AuditRecord {
    AuditRecord {
        at,
        event: "unreadable".to_owned(),
        user: String::new(),
        by: None,
        service: None,
        source: None,
        requester: None,
        tty: None,
        cause: "this event cannot be read; the system log may have it".to_owned(),
        reference: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_in_the_order_of_their_seconds_and_numbers() {
        let day = Day::parse("2026-11-21").unwrap();
        let keys = [
            key(day, 0, 9, "B"),
            key(day, 59, 1, "A"),
            key(day, 3600, 2, "A"),
            key(day, 86_399, 10, "A"),
        ];
        assert_eq!(keys[3], "audit/2026-11-21/235959-000010-A");
        assert!(keys.is_sorted(), "{keys:?}");
        let seconds = keys.map(|key| second(&key, day));
        assert_eq!(seconds, [0, 59, 3600, 86_399].map(Some));
    }

    #[test]
    fn what_is_no_record_is_seen_to_be_there() {
        let day = Day::parse("2026-11-21").unwrap();
        let found: Vec<_> = records(b"{\"at\":0,\"event\":\"a\"}\n{}\n", day).collect();
        assert_eq!(found[0].event, "a");
        assert_eq!(found[1].event, "unreadable");
        assert_eq!(found.len(), 2);
    }
}
