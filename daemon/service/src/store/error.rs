//! What a store that is open can answer instead of a value: sentences for the administrator.

use std::time::Duration;

use super::{MAX_KEY, MAX_VALUE, Version};

/// Why a store did not answer. None of these means that a key is not there.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// The stored value is not what was written under this key at this version.
    #[error(
        "The record {key:?} in the store is damaged or was tampered with, and is not used. Delete \
         it ('twinlock user forget' for a user), or bring the store back with 'twinlock restore'."
    )]
    Damaged {
        /// The key whose value cannot be trusted.
        key: String,
        /// The version the key should have: a change that expects it replaces or deletes the key.
        version: Version,
    },
    /// The disk does not give the value.
    #[error("The record {key:?} cannot be read from the disk ({cause}). Check the disk.")]
    Unreadable {
        /// The key.
        key: String,
        /// What the disk says.
        cause: String,
    },
    /// A write failed, so nobody knows what is on the disk; nothing is served until a restart.
    #[error(
        "The store is out of service since a write failed ({cause}). Check the disk, then restart \
         twinlockd ('systemctl restart twinlockd')."
    )]
    OutOfService {
        /// What failed.
        cause: String,
    },
    /// Writing stops while there is still room, so that the disk never fills up within a write.
    #[error(
        "The file system of the store is nearly full: {free} KiB are free and {needed} KiB are \
         needed. Make room; twinlockd goes on by itself."
    )]
    NoSpace {
        /// What is free, in KiB.
        free: u64,
        /// What must be free for a commit, in KiB.
        needed: u64,
    },
    /// No answer in time. A commit may still be carried out.
    #[error(
        "The store gave no answer within {} s. Check the disk and the load of the host.",
        waited.as_secs()
    )]
    TimedOut {
        /// How long the call waited.
        waited: Duration,
    },
    /// The key is empty or too long.
    #[error("A key of {length} bytes does not fit the store, which takes 1 to {MAX_KEY}.")]
    InvalidKey {
        /// The key's length, in bytes.
        length: usize,
    },
    /// The value is too large.
    #[error("The record {key:?} has {size} bytes; the store takes at most {MAX_VALUE}.")]
    TooLarge {
        /// The key of the value.
        key: String,
        /// The value's length, in bytes.
        size: usize,
    },
    /// A commit names one key twice.
    #[error("The record {key:?} occurs twice in one change, and nothing was changed.")]
    Repeated {
        /// The key.
        key: String,
    },
}

impl StoreError {
    /// Whether one record is concerned and the others can be read.
    pub const fn is_of_one_record(&self) -> bool {
        matches!(self, Self::Damaged { .. } | Self::Unreadable { .. })
    }
}

/// Why a commit was not made, or cannot be said to have been made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CommitError {
    /// The key no longer has the version that the change expects. Nothing was changed.
    #[error("The record {key:?} was changed by somebody else at the same moment. Try again.")]
    Conflict {
        /// The first key whose version does not hold.
        key: String,
    },
    /// The store did not do it, or did not say so in time.
    #[error(transparent)]
    Unavailable(#[from] StoreError),
}
