//! All records at once: out of the store for a backup, and back into it.

use twinlock_bus_api::backup::CLOCKS_APART;
use twinlock_core::record::{Present, UserRecord};
use zeroize::Zeroizing;

use super::{Engine, EngineError, USER_PREFIX, decode, encode, key};
use crate::{
    backup::contents::{About, Contents},
    store::{Change, CommitError, StoreError, Version},
};

/// How often a commit that took too long is waited for once more.
const PATIENCE: usize = 3;

/// The most users that are named in what a restore does.
const MOST_NAMES: usize = 100;

/// What a restore does, or did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Restored {
    /// How many users the store did not know.
    pub added: usize,
    /// How many users' records are replaced.
    pub replaced: usize,
    /// Who gets back a factor that was taken away since, a contact that was changed, or `mfa off`.
    pub revived: Vec<String>,
}

impl Engine {
    /// Every record as the store has it. What was acknowledged before the call is in it. A record that
    /// cannot be read fails it: a backup without it would be taken for a whole one.
    ///
    /// # Errors
    /// The store, or a record, cannot be read.
    pub async fn export(&self) -> Result<(About, Vec<Zeroizing<Vec<u8>>>), EngineError> {
        let about = About::new(self.now().wall, self.settings().host.clone());
        let entries = self.foundations.store.scan(USER_PREFIX).await?;
        let mut records = Vec::with_capacity(entries.len());
        for entry in entries {
            let value = entry.value?;
            decode(entry.key.strip_prefix(USER_PREFIX).unwrap_or_default(), &value)?;
            records.push(value);
        }
        Ok((about, records))
    }

    /// What a restore of this backup would do as of now.
    ///
    /// # Errors
    /// The store cannot be read.
    pub async fn plan_restore(&self, backup: &Contents) -> Result<Restored, EngineError> {
        Ok(self.changes(backup).await?.1)
    }

    /// Puts the records of a backup into the store, all in one commit; [`UserRecord::restored`] says
    /// what they lose. Records of users who are not in the backup stay. Nobody logs in meanwhile: each
    /// of the users waits for their turn.
    ///
    /// # Errors
    /// Nothing was changed.
    pub async fn restore(&self, backup: &Contents) -> Result<Restored, EngineError> {
        // In one order, and whoever else holds a turn waits for no second one.
        let mut names: Vec<_> = backup.records.iter().map(|record| &record.user).collect();
        names.sort_unstable();
        let mut turns = Vec::with_capacity(names.len());
        for name in names {
            turns.push(self.locks.lock(name).await);
        }
        let (changes, restored) = self.changes(backup).await?;
        if !changes.is_empty() {
            self.commit_for_certain(changes).await?;
        }
        Ok(restored)
    }

    /// Whose records would be of another account than the one that has the name here: every login is
    /// refused then. Those whom the user database does not know are not among them.
    ///
    /// # Errors
    /// The user database cannot be asked.
    pub async fn mismatched(&self, backup: &Contents) -> Result<Vec<String>, EngineError> {
        let mut mismatched = Vec::new();
        for record in &backup.records {
            let lookup = self.foundations.directory.user_by_name(&record.user, Vec::new());
            let is_other = lookup.await?.is_some_and(|user| user.uid != record.uid);
            if is_other && mismatched.len() < MOST_NAMES {
                mismatched.push(record.user.clone());
            }
        }
        Ok(mismatched)
    }

    async fn changes(&self, backup: &Contents) -> Result<(Vec<Change>, Restored), EngineError> {
        let (wall, taken_at) = (self.now().wall, backup.about.taken_at);
        // Of two hosts a little apart the later one counts. Far from each other, one of them is wrong, and
        // who believes the wrong one has every app refused until that time.
        let clock =
            if wall.until(taken_at).as_secs() > CLOCKS_APART { wall } else { wall.max(taken_at) };
        let present = Present { clock, window: self.settings().codes.window };
        let mut changes = Vec::with_capacity(backup.records.len());
        let mut restored = Restored::default();
        for record in &backup.records {
            let (stored, version) = self.stored(&record.user).await?;
            match version {
                Version::ABSENT => restored.added += 1,
                _ => restored.replaced += 1,
            }
            let revives = stored.as_ref().is_some_and(|stored| record.revives(stored));
            if revives && restored.revived.len() < MOST_NAMES {
                restored.revived.push(record.user.clone());
            }
            let mut record = record.clone().restored(stored.as_ref(), present);
            if stored.is_none() {
                record.trust_epoch =
                    record.trust_epoch.max(self.first_epoch(&record.user, version)?);
            }
            // As long as it is and no longer: there may be thousands.
            let value = Zeroizing::new(encode(&record)?.to_vec());
            changes.push(Change::put(key(&record.user), version, value));
        }
        Ok((changes, restored))
    }

    /// As the store has it; a restore is the way out of a record that cannot be read.
    async fn stored(&self, user: &str) -> Result<(Option<UserRecord>, Version), EngineError> {
        match self.foundations.store.read(&key(user)).await {
            Err(StoreError::Damaged { version, .. }) => Ok((None, version)),
            Err(error) => Err(error.into()),
            Ok(found) => {
                let record = found.value.and_then(|bytes| decode(user, &bytes).ok());
                Ok((record, found.version))
            }
        }
    }

    /// Commits, and where the answer takes too long finds out which one it was: a commit after it is
    /// answered after it.
    async fn commit_for_certain(&self, changes: Vec<Change>) -> Result<(), EngineError> {
        let store = &self.foundations.store;
        let probe = changes.first().map(|change| (change.key.clone(), change.expected));
        let late = match store.commit(changes).await {
            Err(CommitError::Unavailable(late @ StoreError::TimedOut { .. })) => late,
            done => return Ok(done.map(drop)?),
        };
        for _ in 0..PATIENCE {
            match store.commit(Vec::new()).await {
                Err(CommitError::Unavailable(StoreError::TimedOut { .. })) => {}
                Err(error) => return Err(error.into()),
                Ok(_) => {
                    return match probe {
                        Some((key, expected)) if store.read(&key).await?.version == expected => {
                            Err(late.into())
                        }
                        _ => Ok(()),
                    };
                }
            }
        }
        Err(late.into())
    }
}
