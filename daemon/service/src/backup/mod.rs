//! A backup: every user's record in one sealed file.
//!
//! ```text
//!  records ──▶ contents (lines of JSON) ──▶ file (pieces in XChaCha20-Poly1305 behind a head)
//! ```
//!
//! The records are the logical ones, as the engine reads them, so that a file can be restored into a
//! store that is new, damaged or of another kind. The audit trail is not in it: the system log is the
//! authority for it, and a restore is one more event.

pub mod contents;
pub mod file;

use thiserror::Error;

/// Why a file is not restored, or a backup not made. Nothing was changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum BackupError {
    /// The head is not one.
    #[error("The file {0}. Nothing was changed; take another backup.")]
    Head(#[from] twinlock_bus_api::backup::HeadError),
    /// The key is another one.
    #[error(
        "The passphrase does not open this backup. Nothing was changed; try again, or take the \
         backup that it belongs to."
    )]
    WrongPassphrase,
    /// The key is another store's.
    #[error(
        "This backup was sealed with the key of another store. Nothing was changed; put that key in \
         the place of '[store] key_file' before the store is made, or take a backup with a passphrase."
    )]
    OtherStore,
    /// It was changed behind its head.
    #[error("The file is damaged. Nothing was changed; take another backup.")]
    Damaged,
    /// A later version wrote what is in it.
    #[error(
        "The backup holds what this version of twinlockd does not understand. Nothing was changed; \
         restore it with the version that made it, or with a later one."
    )]
    Contents,
    /// More than a daemon takes in.
    #[error(
        "The backup would be larger than a daemon takes in; nothing was written. Forget users who \
         are gone with 'twinlock user forget'."
    )]
    TooLarge,
    /// The system has no randomness.
    #[error("The system's random generator failed; nothing was written. Try again.")]
    NoRandomness,
}
