//! Backup and restore, as administrators ask for them.

use std::{sync::Arc, time::Duration};

use twinlock_bus_api::{
    backup::{BackupLock, Cost, HEAD, KEY, KeySource, MAX_FILE, PIECE, RestorePlan, SALT},
    error::{Error, Result},
};
use twinlock_core::audit::{AuditEvent, Happening};
use zeroize::Zeroizing;

use super::{account::Accounts, caller::Caller, errors, transfers::Transfer};
use crate::{
    backup::{
        BackupError, contents,
        file::{self, FileKey},
    },
    engine::{EngineError, Restored, within},
};

/// How long reading or writing all records may take: less than a client waits.
const DEADLINE: Duration = Duration::from_secs(20);

/// How long looking up the users of a backup may take.
const LOOK_UP: Duration = Duration::from_secs(5);

/// The largest piece that one call hands out, in bytes.
const LARGEST: usize = 1024 * 1024;

impl Accounts {
    /// Seals every record as of now; says under which number the file is read, and how long it is.
    pub(super) async fn begin_backup(
        &self,
        caller: &Caller,
        lock: BackupLock,
    ) -> Result<(u64, u64)> {
        let (key, source, salt) = self.lock(lock)?;
        let exported = within(DEADLINE, self.engine.export()).await;
        let (about, records) = exported.map_err(|error| self.store_trouble(&error))?;
        let users = records.len();
        let sealed = aside(move || {
            let contents = contents::write(about, &records)?;
            file::seal(&contents, &key, source, salt)
        });
        let file = sealed.await?.map_err(|error| refused(&error))?;
        let size = file.len() as u64;
        let number = self.transfers.begin(caller, Transfer::Out(Arc::new(file)));
        self.note(caller, Happening::BackupMade, format!("{users} records"));
        Ok((number, size))
    }

    /// A piece of a backup.
    pub(super) fn read_backup(&self, caller: &Caller, number: u64, offset: u64) -> Result<Vec<u8>> {
        let piece = self.transfers.with(caller, number, |transfer| match transfer {
            Transfer::Out(file) => {
                let start = usize::try_from(offset).unwrap_or(usize::MAX).min(file.len());
                let end = start.saturating_add(LARGEST).min(file.len());
                Some((file[start..end].to_vec(), end == file.len()))
            }
            _ => None,
        });
        let (piece, is_last) = piece.flatten().ok_or_else(gone)?;
        if is_last {
            self.transfers.end(caller, number);
        }
        Ok(piece)
    }

    /// Makes room for a file that is to be restored.
    pub(super) fn begin_restore(&self, caller: &Caller, size: u64) -> Result<u64> {
        let fits = (HEAD as u64..=MAX_FILE).contains(&size);
        let size = usize::try_from(size).ok().filter(|_| fits).ok_or_else(|| {
            Error::InvalidArgument(format!(
                "A backup has {HEAD} to {MAX_FILE} bytes; take another file."
            ))
        })?;
        Ok(self.transfers.begin(caller, Transfer::In { size, file: Vec::new() }))
    }

    /// Takes the next piece of it.
    pub(super) fn write_restore(&self, caller: &Caller, number: u64, piece: &[u8]) -> Result<()> {
        if piece.len() > PIECE {
            return Err(Error::InvalidArgument(format!(
                "A piece of a backup has {PIECE} bytes at the most; send smaller ones."
            )));
        }
        let taken = self.transfers.with(caller, number, |transfer| match transfer {
            Transfer::In { size, file } if file.len() + piece.len() <= *size => {
                file.extend_from_slice(piece);
                true
            }
            _ => false,
        });
        match taken {
            Some(true) => Ok(()),
            Some(false) => Err(Error::InvalidArgument(
                "That is more than was announced; begin anew.".to_owned(),
            )),
            None => Err(gone()),
        }
    }

    /// Opens the file, and says what its restore would do.
    pub(super) async fn plan_restore(
        &self,
        caller: &Caller,
        number: u64,
        key: &[u8],
    ) -> Result<RestorePlan> {
        let given = if key.is_empty() { self.own_key()? } else { file_key(key)? };
        let file = self.transfers.with(caller, number, |transfer| match transfer {
            Transfer::In { size, file } if file.len() == *size => Some(std::mem::take(file)),
            _ => None,
        });
        let file = file.ok_or_else(gone)?.ok_or_else(|| {
            Error::InvalidArgument("The file is not there to its end; begin anew.".to_owned())
        })?;
        let opened = aside(move || contents::read(&file::open(&file, &given)?)).await?;
        let backup = match opened {
            Ok(backup) => Arc::new(backup),
            Err(error) => {
                self.transfers.end(caller, number);
                return Err(refused(&error));
            }
        };
        let planned = within(DEADLINE, self.engine.plan_restore(&backup)).await;
        let planned = planned.map_err(|error| self.store_trouble(&error))?;
        let plan = self.told(&backup, planned).await;
        self.transfers
            .with(caller, number, |transfer| *transfer = Transfer::Planned(backup))
            .ok_or_else(gone)?;
        Ok(plan)
    }

    /// Restores what was planned.
    pub(super) async fn commit_restore(&self, caller: &Caller, number: u64) -> Result<RestorePlan> {
        let backup = self.transfers.with(caller, number, |transfer| match transfer {
            Transfer::Planned(backup) => Some(Arc::clone(backup)),
            _ => None,
        });
        let backup = backup.flatten().ok_or_else(gone)?;
        self.transfers.end(caller, number);
        let restored = within(DEADLINE, self.engine.restore(&backup)).await;
        let restored = restored.map_err(|error| self.store_trouble(&error))?;
        let cause = format!(
            "{} records of {}, made {}; {} new, {} replaced",
            backup.records.len(),
            backup.about.host,
            backup.about.taken_at,
            restored.added,
            restored.replaced
        );
        self.note(caller, Happening::BackupRestored, cause);
        Ok(self.told(&backup, restored).await)
    }

    async fn told(&self, backup: &contents::Contents, restored: Restored) -> RestorePlan {
        let number = |count: usize| Some(u32::try_from(count).unwrap_or(u32::MAX));
        let mismatched = within(LOOK_UP, self.engine.mismatched(backup)).await;
        RestorePlan {
            taken_at: Some(backup.about.taken_at.as_secs()),
            host: Some(backup.about.host.clone()),
            added: number(restored.added),
            replaced: number(restored.replaced),
            clock: Some(self.engine.now().wall.as_secs()),
            revived: Some(restored.revived),
            mismatched: mismatched.ok(),
        }
    }

    /// The key and the head of a new file.
    fn lock(&self, mut lock: BackupLock) -> Result<(FileKey, KeySource, [u8; SALT])> {
        let given = lock.key.take().map(Zeroizing::new);
        let Some(given) = given else {
            let mut salt = [0; SALT];
            getrandom::fill(&mut salt).map_err(|_| refused(&BackupError::NoRandomness))?;
            return Ok((self.own_key()?, KeySource::Store, salt));
        };
        let complete = || {
            let salt = <[u8; SALT]>::try_from(lock.salt?.as_slice()).ok()?;
            let cost = Cost { memory: lock.memory?, passes: lock.passes?, lanes: lock.lanes? };
            Some((KeySource::Passphrase(cost), salt))
        };
        let (source, salt) = complete().ok_or_else(|| {
            Error::InvalidArgument(
                "A key comes with salt, memory, passes and lanes; give all of them.".to_owned(),
            )
        })?;
        Ok((file_key(&given)?, source, salt))
    }

    fn own_key(&self) -> Result<FileKey> {
        self.backup_key.clone().ok_or_else(|| {
            Error::Unavailable("The daemon has no key for backups; give a passphrase.".to_owned())
        })
    }

    fn store_trouble(&self, error: &EngineError) -> Error {
        errors::trouble(&self.engine, "", error)
    }

    fn note(&self, caller: &Caller, happening: Happening, cause: String) {
        let by = if caller.is_root() { "root".to_owned() } else { format!("uid {}", caller.uid) };
        self.engine.audit(AuditEvent::new(happening, "", cause).done_by(by));
    }
}

fn file_key(bytes: &[u8]) -> Result<FileKey> {
    let key: [u8; KEY] = bytes.try_into().map_err(|_| {
        Error::InvalidArgument(format!("The key of a backup has {KEY} bytes; give that many."))
    })?;
    Ok(Zeroizing::new(key))
}

/// Seals or opens on the threads that may block: a large file takes a while.
async fn aside<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|_| Error::Unavailable("The daemon is stopping; try again later.".to_owned()))
}

fn refused(error: &BackupError) -> Error {
    Error::InvalidArgument(error.to_string())
}

fn gone() -> Error {
    Error::InvalidArgument(
        "No such backup is on its way for this caller; it took too long, or others were begun. \
         Begin anew."
            .to_owned(),
    )
}
