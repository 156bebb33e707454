//! Why a key or a store is not used at all: sentences for the administrator, with the remedy.

use std::{io, path::PathBuf, time::Duration};

/// Why there is no master key. Paths are shown escaped.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// There is neither a credential nor a key file.
    #[error(
        "The key of the store is missing: {path:?} does not exist. Put the key file back from \
         where its copy is kept; without it the store cannot be read."
    )]
    Absent {
        /// The configured key file.
        path: PathBuf,
    },
    /// The file exists where one was to be made.
    #[error("A key file exists at {path:?} and was left as it is.")]
    Exists {
        /// The configured key file.
        path: PathBuf,
    },
    /// No key is made for a store that was sealed with another.
    #[error(
        "No key was made, because {store:?} holds a store already, which another key opens. Put \
         that key back at {path:?}, or move the store away to begin anew."
    )]
    StoreNotEmpty {
        /// The configured key file.
        path: PathBuf,
        /// The directory of the store.
        store: PathBuf,
    },
    /// A symbolic link, a directory, a device.
    #[error("The key {path:?} is not a regular file. Put the key file itself there.")]
    NotRegular {
        /// The key file.
        path: PathBuf,
    },
    /// Somebody else could change the file.
    #[error(
        "The key file {path:?} belongs to uid {owner}. Give it to the daemon \
         ('chown {own} {}').", path.display().to_string().escape_debug()
    )]
    Owner {
        /// The key file.
        path: PathBuf,
        /// Whose it is.
        owner: u32,
        /// The daemon's own uid.
        own: u32,
    },
    /// Somebody else could read the file.
    #[error(
        "The key file {path:?} has mode {mode:04o}, so that others can read it. Consider who may \
         have done so, and close it ('chmod 0600 {}').", path.display().to_string().escape_debug()
    )]
    Mode {
        /// The key file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// The file is not of the form of a key.
    #[error(
        "There is no key in {path:?}: one line 'twinlock-key-1:' followed by 52 letters and digits \
         is expected. Put the key file back from where its copy is kept."
    )]
    NoKey {
        /// The key file.
        path: PathBuf,
    },
    /// The file cannot be read.
    #[error("The key file {path:?} cannot be read ({cause}). Check its owner and its directory.")]
    Unreadable {
        /// The key file.
        path: PathBuf,
        /// Why.
        cause: io::Error,
    },
    /// The file cannot be written.
    #[error(
        "The key file {path:?} cannot be made ({cause}). Check that its directory exists and has \
         room."
    )]
    NotWritten {
        /// The key file.
        path: PathBuf,
        /// Why.
        cause: io::Error,
    },
    /// The operating system gives no random bytes.
    #[error("The operating system gave no random bytes for a key ({cause}).")]
    NoRandomness {
        /// Why.
        cause: getrandom::Error,
    },
    /// A key of a length that HKDF does not give.
    #[error("A key could not be derived from the master key.")]
    Derivation,
}

/// Why a store is not opened. Nothing is served then. Paths are shown escaped.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// No keys could be derived.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// Another process has the store open.
    #[error(
        "The store {path:?} is in use by another process. Stop the other twinlockd, or give this \
         one a store of its own ('[store] path')."
    )]
    InUse {
        /// The directory of the store.
        path: PathBuf,
    },
    /// The directory is somebody else's, or something in it is.
    #[error(
        "{path:?} belongs to uid {owner}, and twinlockd runs as uid {own}. Run it as the owner, or \
         stop it and give the store to it ('chown -R {own}')."
    )]
    Owner {
        /// The directory, or the file in it.
        path: PathBuf,
        /// Whose it is.
        owner: u32,
        /// The daemon's own uid.
        own: u32,
    },
    /// Something that a store does not put there.
    #[error(
        "{path:?} is neither a directory nor a file that a store makes. Move it away, or give the \
         store a directory of its own ('[store] path')."
    )]
    Foreign {
        /// The path.
        path: PathBuf,
    },
    /// The file system refuses.
    #[error("The store cannot use {path:?} ({cause}). Check the disk and the directory.")]
    Disk {
        /// The path.
        path: PathBuf,
        /// Why.
        cause: io::Error,
    },
    /// The store was sealed with another key.
    #[error(
        "The store {path:?} was sealed with another key than the one given. Put the key back that \
         belongs to it; nothing was changed."
    )]
    WrongKey {
        /// The directory of the store.
        path: PathBuf,
    },
    /// The files are damaged, or were changed by somebody who does not have the key.
    #[error(
        "The store {path:?} is damaged or was tampered with, and is not served ({cause}). Move the \
         directory away, start twinlockd, and bring the last backup back with 'twinlock restore'."
    )]
    Damaged {
        /// The directory of the store.
        path: PathBuf,
        /// What does not hold.
        cause: String,
    },
    /// The files could not be read in time.
    #[error(
        "The store {path:?} did not open within {} s. Check the disk; if it is sound, the store is \
         damaged: move the directory away, start twinlockd, and bring the last backup back with \
         'twinlock restore'.", waited.as_secs()
    )]
    TimedOut {
        /// The directory of the store.
        path: PathBuf,
        /// How long it took until then.
        waited: Duration,
    },
}
