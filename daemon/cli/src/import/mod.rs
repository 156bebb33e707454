//! Second factors of other programs, read from the files that those keep.
//!
//! ```text
//! paths ──► gather.rs ──► safe_file.rs ──► google_authenticator.rs, users_oath.rs
//!                                                             └──► accounts ──► plan.rs
//! ```
//!
//! The readers are functions of their text. A file with anything broken in it is broken as a whole:
//! half of what a program knew of its users is not what anybody wants to find out later. What is
//! wrong with a line is told without a word of the line, which may be a secret.

pub mod gather;
pub mod google_authenticator;
pub mod plan;
mod safe_file;
pub mod users_oath;

use std::path::PathBuf;

use crate::secret::Secret;

/// Bytes of a secret that the daemon takes; 80 bits are the fewest that an app was ever given.
const SECRET_BYTES: std::ops::RangeInclusive<usize> = 10..=128;

/// How the codes of a factor follow each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moving {
    /// By time steps of so many seconds, RFC 6238.
    Time(u64),
    /// By a counter, which for the next code is this, RFC 4226.
    Counter(u64),
}

/// A factor as a file has it.
pub struct Factor {
    /// The shared secret, base32 without padding.
    pub secret: Secret,
    /// Digits of a code.
    pub digits: u32,
    /// How codes follow each other.
    pub moving: Moving,
    /// The latest time step of which a code was accepted.
    pub last_step: Option<u64>,
    /// The code that was accepted last.
    pub last_code: Option<Secret>,
}

impl Factor {
    /// Whether it is the same key, used in the same way.
    fn is_twin(&self, other: &Self) -> bool {
        let same = match (self.moving, other.moving) {
            (Moving::Time(one), Moving::Time(other)) => one == other,
            (Moving::Counter(_), Moving::Counter(_)) => true,
            _ => false,
        };
        same && self.digits == other.digits && self.secret.expose() == other.secret.expose()
    }

    /// How far it has come, as far as the file tells.
    const fn progress(&self) -> (u64, Option<u64>, bool) {
        let counter = match self.moving {
            Moving::Time(_) => 0,
            Moving::Counter(counter) => counter,
        };
        (counter, self.last_step, self.last_code.is_some())
    }
}

/// What one user brings along.
pub struct Account {
    /// The name.
    pub user: String,
    /// The factors, in the order of the file.
    pub factors: Vec<Factor>,
    /// Codes that work once.
    pub scratch: Vec<Secret>,
    /// What stands in the file and is not taken over, each in a few words.
    pub left: Vec<String>,
    /// File and lines.
    pub from: String,
}

/// What cannot be imported, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Broken {
    /// The file.
    pub file: PathBuf,
    /// The line, counted from 1; none where it is the file itself.
    pub line: Option<usize>,
    /// Why: a clause without a full stop.
    pub why: String,
}

/// What was found in the files.
#[derive(Default)]
pub struct Findings {
    /// Users, in the order in which they were found.
    pub accounts: Vec<Account>,
    /// What is broken.
    pub broken: Vec<Broken>,
}

/// What is wrong with a line, counted from 1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The line.
    pub line: usize,
    /// Why: a clause without a full stop.
    pub why: String,
}

impl Fault {
    fn new(line: usize, why: impl Into<String>) -> Self {
        Self { line, why: why.into() }
    }
}

/// The bytes of a secret as the daemon takes them.
fn secret_of(bytes: &[u8]) -> Result<Secret, String> {
    if !SECRET_BYTES.contains(&bytes.len()) {
        let (least, most) = (SECRET_BYTES.start(), SECRET_BYTES.end());
        let has = bytes.len();
        return Err(format!("its secret has {has} bytes, and {least} to {most} are taken"));
    }
    Ok(Secret::new(data_encoding::BASE32_NOPAD.encode(bytes)))
}
