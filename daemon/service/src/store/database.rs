//! sled itself: every call of it caught, every error told apart.

use std::{collections::BTreeMap, path::Path, thread, time::Duration};

use super::{
    OpenError, Version,
    caught::{Panicked, caught, one_line},
    committer::{HEAD_NAME, RECORD_PREFIX},
    directory::Directory,
    seal::version_of,
};

/// The size of sled's page cache, in bytes.
const CACHE: u64 = 64 << 20;

/// The size of a segment of sled's log, in bytes, fixed for the life of a store.
///
/// What is larger than a quarter of a segment goes to a file of its own under `blobs`, which sled
/// never brings to the disk. A leaf of its tree holds up to 20 values (16, and what a merge adds)
/// and is written as one: 20 values of [`super::MAX_VALUE`] with their keys fit in 1 MiB.
const SEGMENT: usize = 4 << 20;

/// How often, and after which pause, sled's own lock is tried. Its threads keep the file open for
/// a moment after a store of this process was closed; other processes are kept out by
/// [`Directory`].
const LOCK_TRIES: u32 = 40;
const LOCK_PAUSE: Duration = Duration::from_millis(50);

/// sled, and the lock on its directory, which is let go after it.
pub(super) struct Database {
    /// `None` only once it is dropped.
    db: Option<::sled::Db>,
    directory: Directory,
}

/// What is stored, before any of it was unsealed.
#[derive(Default)]
pub(super) struct Contents {
    /// The sealed head, if there is one.
    pub(super) head: Option<Vec<u8>>,
    /// The version that each record claims to have.
    pub(super) versions: BTreeMap<String, Version>,
}

/// What came of a call of sled in place of an answer.
#[derive(Debug)]
pub(super) enum Failure {
    /// What is on the disk is not what sled wrote.
    Damaged(String),
    /// The disk, or sled, refuses.
    Refused(String),
    /// sled panicked, and is not to be used any more.
    Panicked(String),
}

impl Failure {
    pub(super) fn into_text(self) -> String {
        match self {
            Self::Damaged(text) | Self::Refused(text) => text,
            Self::Panicked(text) => format!("internal error: {text}"),
        }
    }
}

impl From<::sled::Error> for Failure {
    fn from(error: ::sled::Error) -> Self {
        let text = one_line(&error.to_string());
        match error {
            // Without a number the error is not the kernel's: a file ended too early.
            ::sled::Error::Io(error) if error.raw_os_error().is_some() => Self::Refused(text),
            _ => Self::Damaged(text),
        }
    }
}

impl Database {
    pub(super) fn open(directory: Directory) -> Result<Self, OpenError> {
        let path = directory.path().to_owned();
        let config = ::sled::Config::new()
            .path(&path)
            .cache_capacity(CACHE)
            .segment_size(SEGMENT)
            .mode(::sled::Mode::LowSpace)
            .flush_every_ms(None);
        let mut tries = 0;
        let opened = loop {
            tries += 1;
            match caught(|| config.open()) {
                Ok(Err(error)) if is_lock(&error) && tries < LOCK_TRIES => {
                    thread::sleep(LOCK_PAUSE);
                }
                Ok(Err(error)) if is_lock(&error) => return Err(OpenError::InUse { path }),
                Ok(Err(::sled::Error::Io(cause))) if cause.raw_os_error().is_some() => {
                    return Err(OpenError::Disk { path, cause });
                }
                Ok(opened) => break opened.map_err(|error| Failure::from(error).into_text()),
                Err(Panicked(text)) => break Err(text),
            }
        };
        match opened {
            Ok(db) => Ok(Self { db: Some(db), directory }),
            Err(cause) => Err(OpenError::Damaged { path, cause }),
        }
    }

    pub(super) fn directory(&self) -> &Directory {
        &self.directory
    }

    /// Calls sled.
    pub(super) fn call<T>(
        &self,
        work: impl FnOnce(&::sled::Db) -> ::sled::Result<T>,
    ) -> Result<T, Failure> {
        let Some(db) = &self.db else { return Err(Failure::Refused("it is closed".to_owned())) };
        match caught(|| work(db)) {
            Ok(result) => Ok(result?),
            Err(Panicked(text)) => Err(Failure::Panicked(text)),
        }
    }

    /// Reads all that is stored.
    pub(super) fn contents(&self) -> Result<Contents, OpenError> {
        let damaged = |cause: String| OpenError::Damaged { path: self.path().to_owned(), cause };
        let mut contents = Contents::default();
        let mut stored = self.call(|db| Ok(db.iter())).map_err(|it| damaged(it.into_text()))?;
        while let Some((name, value)) =
            self.call(|_| stored.next().transpose()).map_err(|it| damaged(it.into_text()))?
        {
            if name == HEAD_NAME {
                contents.head = Some(value.to_vec());
                continue;
            }
            let key = name.strip_prefix(RECORD_PREFIX).and_then(|key| str::from_utf8(key).ok());
            let Some((key, version)) = key.zip(version_of(&value)) else {
                return Err(damaged("there is something in it that is no record".to_owned()));
            };
            contents.versions.insert(key.to_owned(), version);
        }
        Ok(contents)
    }

    fn path(&self) -> &Path {
        self.directory.path()
    }
}

impl Drop for Database {
    /// sled brings its log to the disk once more when it is dropped, and panics where it cannot.
    fn drop(&mut self) {
        drop(caught(|| self.db.take()));
    }
}

fn is_lock(error: &::sled::Error) -> bool {
    matches!(error, ::sled::Error::Io(cause)
        if cause.raw_os_error().is_none() && cause.to_string().starts_with("could not acquire lock"))
}
