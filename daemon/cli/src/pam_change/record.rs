//! What a change has to be taken back to: one directory a service, root's alone, on a disk that
//! outlives a restart.
//!
//! ```text
//! /var/lib/twinlock-pam/          0700
//!   lock                          held by whoever changes, confirms or takes back
//!   sshd/record.json              files, times, whether it is confirmed
//!   sshd/0.before, 0.after, …     each file as it was, and as it was written
//! ```

use std::fs::{self, DirBuilder, File, OpenOptions, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, flock};
use serde::{Deserialize, Serialize};

use crate::failure::Failure;

const RECORD: &str = "record.json";

/// A change of one service, from before it was made until it is disabled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// The PAM service.
    pub service: String,
    /// Tells this change from an earlier one of the same service.
    pub id: String,
    /// From when on a login has met all of it, in seconds since the epoch; the deadline until that is
    /// known, so that none counts as long as sshd goes by its earlier settings.
    pub at: u64,
    /// When it is taken back, in seconds since the epoch, unless it is confirmed.
    pub confirm_by: u64,
    /// Whether it is confirmed.
    pub is_confirmed: bool,
    /// The files, in the order in which they were written.
    pub files: Vec<Changed>,
}

/// One file of a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Changed {
    /// Where it is.
    pub path: PathBuf,
    /// What was in it; nothing where there was no file.
    pub before: Option<Vec<u8>>,
    /// What was written.
    pub after: Vec<u8>,
}

/// A record on disk; the contents of files lie beside it.
#[derive(Serialize, Deserialize)]
struct Stored {
    version: u32,
    service: String,
    id: String,
    at: u64,
    confirm_by: u64,
    is_confirmed: bool,
    files: Vec<StoredFile>,
}

#[derive(Serialize, Deserialize)]
struct StoredFile {
    path: PathBuf,
    existed: bool,
}

/// The directory of the records, locked.
pub struct Records {
    directory: PathBuf,
    _lock: File,
}

impl Records {
    /// Opens and locks the records. Whoever else has them is done within a moment; `pause` waits a
    /// little, and says no when it is enough.
    ///
    /// # Errors
    /// [`Failure::Refused`]: they cannot be opened, or are locked for too long.
    pub fn open(directory: &Path, mut pause: impl FnMut() -> bool) -> Result<Self, Failure> {
        let failed = |cause: io::Error| unreadable(directory, &cause);
        let made = DirBuilder::new().recursive(true).mode(0o700).create(directory);
        made.and_then(|()| fs::set_permissions(directory, Permissions::from_mode(0o700)))
            .map_err(failed)?;
        let lock = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(directory.join("lock"))
            .map_err(failed)?;
        loop {
            match flock(&lock, FlockOperation::NonBlockingLockExclusive) {
                Ok(()) => return Ok(Self { directory: directory.to_owned(), _lock: lock }),
                Err(rustix::io::Errno::WOULDBLOCK) if pause() => {}
                Err(rustix::io::Errno::WOULDBLOCK) => {
                    return Err(Failure::refused(
                        "Another 'twinlock pam' is at work, so nothing was changed. Try again when \
                         it is done.",
                    ));
                }
                Err(cause) => return Err(failed(cause.into())),
            }
        }
    }

    /// The record of a service.
    ///
    /// # Errors
    /// [`Failure::Refused`]: it is there and cannot be read.
    pub fn of(&self, service: &str) -> Result<Option<Record>, Failure> {
        load(&self.directory.join(service))
    }

    /// Every record.
    ///
    /// # Errors
    /// [`Failure::Refused`]: one cannot be read.
    pub fn all(&self) -> Result<Vec<Record>, Failure> {
        all(&self.directory)
    }

    /// Keeps a record, durably: files first, the record that names them last.
    ///
    /// # Errors
    /// [`Failure::Refused`].
    pub fn keep(&self, record: &Record) -> Result<(), Failure> {
        let directory = self.directory.join(&record.service);
        let failed = |cause: io::Error| unreadable(&directory, &cause);
        match DirBuilder::new().mode(0o700).create(&directory) {
            Err(cause) if cause.kind() != io::ErrorKind::AlreadyExists => {
                return Err(failed(cause));
            }
            _ => {}
        }
        for (index, file) in record.files.iter().enumerate() {
            if let Some(before) = &file.before {
                write(&directory, &format!("{index}.before"), before).map_err(failed)?;
            }
            write(&directory, &format!("{index}.after"), &file.after).map_err(failed)?;
        }
        let stored = Stored {
            version: 1,
            service: record.service.clone(),
            id: record.id.clone(),
            at: record.at,
            confirm_by: record.confirm_by,
            is_confirmed: record.is_confirmed,
            files: record
                .files
                .iter()
                .map(|file| StoredFile { path: file.path.clone(), existed: file.before.is_some() })
                .collect(),
        };
        let text = serde_json::to_vec(&stored).map_err(|cause| failed(cause.into()))?;
        write(&directory, RECORD, &text).map_err(failed)?;
        sync(&self.directory).map_err(failed)
    }

    /// Forgets a service: the record first, then what it names.
    ///
    /// # Errors
    /// [`Failure::Refused`].
    pub fn forget(&self, service: &str) -> Result<(), Failure> {
        let directory = self.directory.join(service);
        let gone = |result: io::Result<()>| match result {
            Err(cause) if cause.kind() != io::ErrorKind::NotFound => {
                Err(unreadable(&directory, &cause))
            }
            _ => Ok(()),
        };
        gone(fs::remove_file(directory.join(RECORD)))?;
        gone(fs::remove_dir_all(&directory))?;
        gone(sync(&self.directory))
    }
}

/// Every record, for whoever only looks.
///
/// # Errors
/// [`Failure::Refused`]: one cannot be read.
pub fn all(directory: &Path) -> Result<Vec<Record>, Failure> {
    let entries = match fs::read_dir(directory) {
        Ok(entries) => entries,
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(cause) => return Err(unreadable(directory, &cause)),
    };
    let mut records = Vec::new();
    for entry in entries {
        let entry = entry.map_err(|cause| unreadable(directory, &cause))?;
        if entry.path().is_dir() {
            records.extend(load(&entry.path())?);
        }
    }
    records.sort_by(|one, other| one.service.cmp(&other.service));
    Ok(records)
}

fn load(directory: &Path) -> Result<Option<Record>, Failure> {
    let failed = |cause: io::Error| unreadable(directory, &cause);
    let text = match fs::read(directory.join(RECORD)) {
        Ok(text) => text,
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(cause) => return Err(failed(cause)),
    };
    let stored: Stored = serde_json::from_slice(&text).map_err(|cause| failed(cause.into()))?;
    let mut files = Vec::new();
    for (index, file) in stored.files.into_iter().enumerate() {
        let part = |ending: &str| fs::read(directory.join(format!("{index}.{ending}")));
        let before = if file.existed { Some(part("before").map_err(failed)?) } else { None };
        files.push(Changed { path: file.path, before, after: part("after").map_err(failed)? });
    }
    Ok(Some(Record {
        service: stored.service,
        id: stored.id,
        at: stored.at,
        confirm_by: stored.confirm_by,
        is_confirmed: stored.is_confirmed,
        files,
    }))
}

/// Writes a file of a record in one step.
fn write(directory: &Path, name: &str, bytes: &[u8]) -> io::Result<()> {
    let beside = directory.join(format!("{name}.new"));
    let mut file =
        OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&beside)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&beside, directory.join(name))?;
    sync(directory)
}

fn sync(directory: &Path) -> io::Result<()> {
    File::open(directory)?.sync_all()
}

fn unreadable(directory: &Path, cause: &io::Error) -> Failure {
    Failure::refused(format!(
        "The records of changes in {} cannot be read or written: {cause}. Mend that and try again.",
        directory.display()
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_kept_and_forgotten() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("records");
        let records = Records::open(&path, || false).unwrap();
        let record = Record {
            service: "sshd".to_owned(),
            id: "1".to_owned(),
            at: 1,
            confirm_by: 2,
            is_confirmed: false,
            files: vec![
                Changed {
                    path: "/a".into(),
                    before: Some(b"\xff\n".to_vec()),
                    after: b"x".to_vec(),
                },
                Changed { path: "/b".into(), before: None, after: Vec::new() },
            ],
        };
        records.keep(&record).unwrap();
        assert_eq!(records.of("sshd").unwrap(), Some(record.clone()));
        assert_eq!(all(&path).unwrap(), [record]);
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o700);
        records.forget("sshd").unwrap();
        records.forget("sshd").unwrap();
        assert_eq!(records.all().unwrap(), []);
    }

    #[test]
    fn one_at_a_time() {
        let directory = tempfile::tempdir().unwrap();
        let held = Records::open(directory.path(), || false).unwrap();
        let mut waits = 3;
        let refused = Records::open(directory.path(), || {
            waits -= 1;
            waits > 0
        });
        assert!(refused.is_err_and(|failure| failure.to_string().contains("at work")));
        assert_eq!(waits, 0);
        drop(held);
        assert!(Records::open(directory.path(), || false).is_ok());
    }
}
