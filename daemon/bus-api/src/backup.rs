//! Backups on `org.twinlock1.Admin`, and the head of a backup file, which the command reads before it
//! asks for a passphrase and the daemon before it unseals the rest.
//!
//! A head, every number big-endian:
//!
//! | bytes | what |
//! | --- | --- |
//! | 16 | `twinlock-backup\n` |
//! | 1 | the version of the format: 1 |
//! | 1 | where the key comes from: 0 the store's key, 1 a passphrase through argon2id (RFC 9106) |
//! | 2 | zero |
//! | 12 | argon2id's memory in KiB, passes and lanes; zero with the store's key |
//! | 16 | the salt, random |
//! | 19 | the beginning of each piece's nonce, random |
//! | 1 | zero |
//! | 16 | a check of the key, which tells a wrong passphrase from damage |
//! | 8 | the length of what follows the head |
//! | 4 | CRC-32 of all before it, which tells damage from a wrong passphrase |

use zbus::{DeserializeDict, SerializeDict, Type};

/// The length of a head, in bytes.
pub const HEAD: usize = 96;

/// The length of a key, in bytes.
pub const KEY: usize = 32;

/// The length of a salt, in bytes.
pub const SALT: usize = 16;

/// The largest file that a daemon takes in, in bytes.
pub const MAX_FILE: u64 = 256 * 1024 * 1024;

/// The largest piece that one call of `WriteRestore` hands over, in bytes: it has to fit into a message
/// that the daemon takes in.
pub const PIECE: usize = 48 * 1024;

/// How far the clocks of two hosts may be apart, in seconds. A backup from later than that in the future
/// means that one of them is wrong.
pub const CLOCKS_APART: u64 = 600;

const MAGIC: &[u8; 16] = b"twinlock-backup\n";
const VERSION: u8 = 1;

/// What a passphrase costs to try (RFC 9106 section 3.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cost {
    /// KiB of memory.
    pub memory: u32,
    /// Passes over it.
    pub passes: u32,
    /// Lanes.
    pub lanes: u32,
}

impl Cost {
    /// What RFC 9106 section 4 recommends where memory is scarce: 64 MiB, three passes; with one lane,
    /// because the command computes in one thread.
    pub const USUAL: Self = Self { memory: 64 * 1024, passes: 3, lanes: 1 };

    /// Whether a file may ask for it: one that was made to ends no host.
    const fn is_bearable(self) -> bool {
        matches!(self.memory, 8..=0x10_0000)
            && matches!(self.passes, 1..=64)
            && matches!(self.lanes, 1..=64)
    }
}

/// Where the key of a file comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeySource {
    /// The key of the store that was backed up.
    Store,
    /// A passphrase.
    Passphrase(Cost),
}

/// The head of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// Where the key comes from.
    pub source: KeySource,
    /// The salt of the key.
    pub salt: [u8; SALT],
    /// The beginning of each piece's nonce.
    pub nonce: [u8; 19],
    /// The check of the key.
    pub check: [u8; 16],
    /// The length of what follows.
    pub body: u64,
}

/// Why a file is not read. Its `Display` is the beginning of a sentence that names the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HeadError {
    /// It begins with something else.
    Foreign,
    /// It ends before it should.
    Truncated,
    /// It is longer than it should be.
    TooLong,
    /// A later version wrote it.
    Version(u8),
    /// It has changed since it was written.
    Damaged,
}

impl std::fmt::Display for HeadError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Foreign => f.write_str("is not a backup of Twinlock"),
            Self::Truncated => f.write_str("is not whole: its end is missing"),
            Self::TooLong => f.write_str("is damaged: there is something behind its end"),
            Self::Version(version) => {
                write!(f, "was written by a later version (format {version})")
            }
            Self::Damaged => f.write_str("is damaged"),
        }
    }
}

impl std::error::Error for HeadError {}

impl Head {
    /// As it stands in a file.
    pub fn to_bytes(&self) -> [u8; HEAD] {
        let (kind, cost) = match self.source {
            KeySource::Store => (0, Cost { memory: 0, passes: 0, lanes: 0 }),
            KeySource::Passphrase(cost) => (1, cost),
        };
        let mut bytes = [0; HEAD];
        bytes[..16].copy_from_slice(MAGIC);
        bytes[16] = VERSION;
        bytes[17] = kind;
        bytes[20..24].copy_from_slice(&cost.memory.to_be_bytes());
        bytes[24..28].copy_from_slice(&cost.passes.to_be_bytes());
        bytes[28..32].copy_from_slice(&cost.lanes.to_be_bytes());
        bytes[32..48].copy_from_slice(&self.salt);
        bytes[48..67].copy_from_slice(&self.nonce);
        bytes[68..84].copy_from_slice(&self.check);
        bytes[84..92].copy_from_slice(&self.body.to_be_bytes());
        let sum = crc32(&bytes[..92]);
        bytes[92..].copy_from_slice(&sum.to_be_bytes());
        bytes
    }

    /// Reads the head of a file, and sees whether the file is as long as it says.
    ///
    /// # Errors
    /// [`HeadError`].
    pub fn read(file: &[u8]) -> Result<Self, HeadError> {
        let known = file.len().min(MAGIC.len());
        if known == 0 || file[..known] != MAGIC[..known] {
            return Err(HeadError::Foreign);
        }
        let bytes: &[u8; HEAD] = file.first_chunk().ok_or(HeadError::Truncated)?;
        let word = |at: usize| {
            let mut word = [0; 4];
            word.copy_from_slice(&bytes[at..at + 4]);
            u32::from_be_bytes(word)
        };
        if crc32(&bytes[..92]) != word(92) {
            return Err(HeadError::Damaged);
        }
        if bytes[16] != VERSION {
            return Err(HeadError::Version(bytes[16]));
        }
        let cost = Cost { memory: word(20), passes: word(24), lanes: word(28) };
        let source = match bytes[17] {
            0 => KeySource::Store,
            1 if cost.is_bearable() => KeySource::Passphrase(cost),
            _ => return Err(HeadError::Damaged),
        };
        let mut head = Self { source, salt: [0; SALT], nonce: [0; 19], check: [0; 16], body: 0 };
        head.salt.copy_from_slice(&bytes[32..48]);
        head.nonce.copy_from_slice(&bytes[48..67]);
        head.check.copy_from_slice(&bytes[68..84]);
        head.body = u64::from(word(84)) << 32 | u64::from(word(88));
        match (file.len() - HEAD) as u64 {
            length if length < head.body => Err(HeadError::Truncated),
            length if length > head.body => Err(HeadError::TooLong),
            _ => Ok(head),
        }
    }
}

/// CRC-32 of ISO 3309, bit by bit: a head is short.
fn crc32(bytes: &[u8]) -> u32 {
    let mut sum = u32::MAX;
    for byte in bytes {
        sum ^= u32::from(*byte);
        for _ in 0..8 {
            sum = if sum & 1 == 1 { sum >> 1 ^ 0xedb8_8320 } else { sum >> 1 };
        }
    }
    !sum
}

/// How a backup is sealed: with the store's key where nothing is given, else with all that is here.
#[derive(Clone, Default, PartialEq, Eq, SerializeDict, DeserializeDict, Type)]
#[zbus(signature = "dict")]
pub struct BackupLock {
    /// [`KEY`] bytes, which argon2id made of a passphrase.
    pub key: Option<Vec<u8>>,
    /// The salt that it took, [`SALT`] bytes.
    pub salt: Option<Vec<u8>>,
    /// KiB of memory that it took.
    pub memory: Option<u32>,
    /// Its passes.
    pub passes: Option<u32>,
    /// Its lanes.
    pub lanes: Option<u32>,
}

/// Without the key.
impl std::fmt::Debug for BackupLock {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("BackupLock").finish_non_exhaustive()
    }
}

/// What a restore does, or did.
#[derive(Debug, Clone, Default, PartialEq, Eq, SerializeDict, DeserializeDict, Type)]
#[zbus(signature = "dict")]
pub struct RestorePlan {
    /// When the backup was made.
    pub taken_at: Option<u64>,
    /// On which host.
    pub host: Option<String>,
    /// Users of whom the store has no record.
    pub added: Option<u32>,
    /// Users whose record in the store is replaced.
    pub replaced: Option<u32>,
    /// The time of day of the host that restores: what could have been used by then is void.
    pub clock: Option<u64>,
    /// Users who get back what the store does not have any more, a factor, a contact or `mfa off`; at
    /// most a hundred of them.
    pub revived: Option<Vec<String>>,
    /// Users who have another uid on this host than in the backup, and so are refused with what comes
    /// back; at most a hundred of them. None where the user database takes too long.
    pub mismatched: Option<Vec<String>>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head() -> Head {
        Head {
            source: KeySource::Passphrase(Cost::USUAL),
            salt: [1; SALT],
            nonce: [2; 19],
            check: [3; 16],
            body: 5,
        }
    }

    #[test]
    fn a_head_is_read_as_it_was_written() {
        for source in [KeySource::Store, KeySource::Passphrase(Cost::USUAL)] {
            let head = Head { source, ..head() };
            let file = [&head.to_bytes()[..], b"sealed"].concat();
            assert_eq!(Head::read(&file[..HEAD + 5]), Ok(head));
            assert_eq!(Head::read(&file), Err(HeadError::TooLong));
            assert_eq!(Head::read(&file[..HEAD + 4]), Err(HeadError::Truncated));
        }
    }

    #[test]
    fn what_is_foreign_cut_off_or_changed_is_told_apart() {
        let file = [&head().to_bytes()[..], b"close"].concat();
        for foreign in [&b""[..], b"#!/bin/sh\n", b"twinlock-backup.", &[0; 200]] {
            assert_eq!(Head::read(foreign), Err(HeadError::Foreign));
        }
        for length in 1..HEAD {
            assert_eq!(Head::read(&file[..length]), Err(HeadError::Truncated), "{length}");
        }
        for bit in 16 * 8..HEAD * 8 {
            let mut file = file.clone();
            file[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(Head::read(&file), Err(HeadError::Damaged), "bit {bit}");
        }
    }

    #[test]
    fn a_file_cannot_ask_for_all_the_memory() {
        let cost = Cost { memory: u32::MAX, ..Cost::USUAL };
        let head = Head { source: KeySource::Passphrase(cost), body: 0, ..head() };
        assert_eq!(Head::read(&head.to_bytes()), Err(HeadError::Damaged));
    }

    #[test]
    fn the_sum_is_crc_32() {
        assert_eq!(crc32(b"123456789"), 0xcbf4_3926);
    }
}
