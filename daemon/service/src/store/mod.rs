//! Where the daemon keeps what it must not forget.
//!
//! The daemon needs three things of a store, and [`Store`] asks for no more, so that an embedded
//! store and a replicated one serve alike: read a key with its version, commit a set of changes if
//! every version still holds, scan a prefix.
//!
//! What a store promises:
//! - A commit is all or nothing, and durable when it returns `Ok`: a power cut does not take it back.
//! - A read sees durable state only; a change that may yet be lost is never read.
//! - A version is given out once. It comes from one counter for the whole store that outlives
//!   deletions and restarts, so a key that was deleted and made anew never has an old version.
//!   Absence has no version: a commit that expects it holds whenever the key is not there, whatever
//!   was there in between, which is all that its caller had read.
//! - What cannot be read is an error that names the key, never [`Versioned::ABSENT`].
//! - Every answer comes in bounded time. A call that runs out of time, or whose future is dropped,
//!   may still have been carried out: read again before anything rests on it.

mod caught;
mod committer;
mod database;
mod directory;
mod disk;
mod error;
mod head;
mod index;
mod key;
mod key_file;
#[cfg(any(test, feature = "testing"))]
pub mod memory;
mod open_error;
mod opening;
mod seal;
mod sled;
#[cfg(test)]
mod tests;
mod witness;

use std::{collections::HashSet, fmt, pin::Pin};

use zeroize::Zeroizing;

pub use self::{
    directory::keep_new_files_private,
    error::{CommitError, StoreError},
    key::{DerivedKey, KEY_LENGTH, MasterKey},
    key_file::{CREDENTIAL, KeySources},
    open_error::{KeyError, OpenError},
    sled::{Options, SledStore},
};

/// The longest key, in bytes.
pub const MAX_KEY: usize = 512;

/// The largest value, in bytes. `database::SEGMENT` says where it comes from.
pub const MAX_VALUE: usize = 48 * 1024;

/// An answer that is on its way.
pub type Pending<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// A store of versioned values under text keys.
pub trait Store: Send + Sync {
    /// Reads one key. A key that was never written, or was deleted, is [`Versioned::ABSENT`].
    fn read<'a>(&'a self, key: &'a str) -> Pending<'a, Result<Versioned, StoreError>>;

    /// Makes all the changes, or none if a key no longer has the version its change expects.
    /// Returns the version that every key written now has.
    ///
    /// # Errors
    /// [`CommitError::Conflict`] where a version no longer holds: nothing was changed, read again.
    /// [`CommitError::Unavailable`] for everything else.
    fn commit(&self, changes: Vec<Change>) -> Pending<'_, Result<Version, CommitError>>;

    /// Reads every key that starts with `prefix`, in the order of the keys' bytes. Each entry is
    /// of some moment within the call, not all of the same. A value that cannot be read is the error
    /// of its own entry; the call fails where nothing can be read.
    fn scan<'a>(&'a self, prefix: &'a str) -> Pending<'a, Result<Vec<Entry>, StoreError>>;
}

/// Which writing of a key this is; greater is later, across all keys of the store.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version(u64);

impl Version {
    /// The version of a key that is not there.
    pub const ABSENT: Self = Self(0);

    /// From the number that [`Version::number`] gave.
    pub const fn from_number(number: u64) -> Self {
        Self(number)
    }

    /// The number of the commit that wrote the key, from 1.
    pub const fn number(self) -> u64 {
        self.0
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// A value, wiped on drop, and the version it was read at.
#[derive(Clone, PartialEq, Eq)]
pub struct Versioned {
    /// To be handed back as [`Change::expected`].
    pub version: Version,
    /// `None` exactly where the version is [`Version::ABSENT`].
    pub value: Option<Zeroizing<Vec<u8>>>,
}

impl Versioned {
    /// A key that is not there.
    pub const ABSENT: Self = Self { version: Version::ABSENT, value: None };
}

/// A key with its value, as a scan finds it.
#[derive(Clone, PartialEq, Eq)]
pub struct Entry {
    /// The whole key, prefix included.
    pub key: String,
    /// The version it was read at, or should have: a change that expects it holds.
    pub version: Version,
    /// The value; [`StoreError::Damaged`] or [`StoreError::Unreadable`] where this one alone
    /// cannot be read.
    pub value: Result<Zeroizing<Vec<u8>>, StoreError>,
}

/// One write of a commit.
#[derive(Clone)]
pub struct Change {
    /// 1 to [`MAX_KEY`] bytes; a key occurs once in a commit.
    pub key: String,
    /// The version the key must still have.
    pub expected: Version,
    /// At most [`MAX_VALUE`] bytes, or `None` to delete the key.
    pub value: Option<Zeroizing<Vec<u8>>>,
}

impl Change {
    /// Writes `value` where the key still has the version `expected`.
    pub fn put(key: impl Into<String>, expected: Version, value: Zeroizing<Vec<u8>>) -> Self {
        Self { key: key.into(), expected, value: Some(value) }
    }

    /// Deletes the key where it still has the version `expected`.
    pub fn delete(key: impl Into<String>, expected: Version) -> Self {
        Self { key: key.into(), expected, value: None }
    }
}

// Values are secrets: their length is all that `Debug` shows.
impl fmt::Debug for Versioned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        show(f, "Versioned", None, self.version, self.value.as_ref().map(|value| value.len()))
    }
}

impl fmt::Debug for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let length = self.value.as_ref().map(|value| value.len()).ok();
        show(f, "Entry", Some(&self.key), self.version, length)
    }
}

impl fmt::Debug for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let length = self.value.as_ref().map(|value| value.len());
        show(f, "Change", Some(&self.key), self.expected, length)
    }
}

fn show(
    f: &mut fmt::Formatter<'_>,
    name: &str,
    key: Option<&str>,
    version: Version,
    length: Option<usize>,
) -> fmt::Result {
    let mut shown = f.debug_struct(name);
    if let Some(key) = key {
        shown.field("key", &key);
    }
    shown.field("version", &version.0).field("bytes", &length).finish()
}

fn check_key(key: &str) -> Result<(), StoreError> {
    match key.len() {
        1..=MAX_KEY => Ok(()),
        length => Err(StoreError::InvalidKey { length }),
    }
}

/// What any store refuses before it looks at a version.
fn check_request(changes: &[Change]) -> Result<(), StoreError> {
    let mut keys = HashSet::with_capacity(changes.len());
    for Change { key, value, .. } in changes {
        check_key(key)?;
        let size = value.as_ref().map_or(0, |value| value.len());
        if size > MAX_VALUE {
            return Err(StoreError::TooLarge { key: key.clone(), size });
        }
        if !keys.insert(key) {
            return Err(StoreError::Repeated { key: key.clone() });
        }
    }
    Ok(())
}
