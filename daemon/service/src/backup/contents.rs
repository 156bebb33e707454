//! What is sealed: a line about the backup, and a line of JSON for each record, as the store has it.

use serde::{Deserialize, Serialize};
use twinlock_core::{record::UserRecord, time::Timestamp};
use zeroize::Zeroizing;

use super::BackupError;

/// The version of what is sealed; that of the file around it is its own.
const FORMAT: u32 = 1;

/// The first line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct About {
    format: u32,
    /// When the backup was made, by the time of day.
    pub taken_at: Timestamp,
    /// On which host.
    pub host: String,
    users: usize,
}

impl About {
    /// For a backup that is made now.
    pub const fn new(taken_at: Timestamp, host: String) -> Self {
        Self { format: FORMAT, taken_at, host, users: 0 }
    }
}

/// A backup that was opened. It has no `Debug`: it holds secrets.
pub struct Contents {
    /// About it.
    pub about: About,
    /// The records, by name.
    pub records: Vec<UserRecord>,
}

/// Puts records, as the store has them, behind one another.
///
/// # Errors
/// [`BackupError::Contents`]: the first line cannot be written.
pub fn write(
    about: About,
    records: &[Zeroizing<Vec<u8>>],
) -> Result<Zeroizing<Vec<u8>>, BackupError> {
    let about = About { users: records.len(), ..about };
    let first = serde_json::to_vec(&about).map_err(|_| BackupError::Contents)?;
    let length: usize = records.iter().map(|record| record.len() + 1).sum();
    // Never grows, so that no copy of a secret stays behind.
    let mut text = Zeroizing::new(Vec::with_capacity(first.len() + 1 + length));
    text.extend_from_slice(&first);
    for record in records {
        text.push(b'\n');
        text.extend_from_slice(record);
    }
    Ok(text)
}

/// Reads what [`write`] wrote.
///
/// # Errors
/// [`BackupError::Contents`].
pub fn read(text: &[u8]) -> Result<Contents, BackupError> {
    let mut lines = text.split(|byte| *byte == b'\n');
    let first = lines.next().unwrap_or_default();
    let about: About = serde_json::from_slice(first).map_err(|_| BackupError::Contents)?;
    let records = lines
        .map(serde_json::from_slice)
        .collect::<Result<Vec<UserRecord>, _>>()
        .map_err(|_| BackupError::Contents)?;
    if about.format == FORMAT && about.users == records.len() {
        Ok(Contents { about, records })
    } else {
        Err(BackupError::Contents)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::user;

    fn about() -> About {
        About::new(Timestamp::from_secs(7), "web1".to_owned())
    }

    #[test]
    fn records_are_read_as_they_were_written() {
        for names in [&[][..], &["alice"], &["alice", "bob"]] {
            let records: Vec<_> =
                names.iter().map(|name| UserRecord::new(&user(name, 1000))).collect();
            let lines: Vec<_> = records
                .iter()
                .map(|record| Zeroizing::new(serde_json::to_vec(record).unwrap()))
                .collect();
            let text = write(about(), &lines).unwrap();
            let read = read(&text).unwrap();
            assert!(read.records == records);
            assert_eq!(
                (read.about.taken_at, read.about.host),
                (Timestamp::from_secs(7), "web1".to_owned())
            );
        }
    }

    #[test]
    fn a_record_that_is_missing_or_not_understood_is_an_error() {
        let record =
            Zeroizing::new(serde_json::to_vec(&UserRecord::new(&user("alice", 1000))).unwrap());
        let text = write(about(), &[record.clone(), record]).unwrap();
        let second = text.iter().rposition(|byte| *byte == b'\n').unwrap();
        assert!(read(&text[..second]).is_err(), "one is missing");
        assert!(read(&text[..text.len() - 1]).is_err(), "one is cut off");
        let later =
            String::from_utf8(text.to_vec()).unwrap().replace("\"format\":1", "\"format\":2");
        assert!(read(later.as_bytes()).is_err(), "another format");
        assert!(read(b"").is_err());
    }
}
