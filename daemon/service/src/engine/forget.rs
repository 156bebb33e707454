//! Records deleted as a whole.

use twinlock_core::record::UserRecord;

use super::{ATTEMPTS, Engine, EngineError, decode, key};
use crate::store::{Change, CommitError, MAX_KEY, StoreError, Version};

/// What there was to delete.
pub enum Forgotten {
    /// No record of this name.
    Nothing,
    /// One that could not be read.
    Unreadable,
    /// This one.
    Record(Box<UserRecord>),
}

impl Engine {
    /// Deletes the record under this name, also one that cannot be read, in its user's turn.
    ///
    /// # Errors
    /// Nothing was deleted that anybody was told of.
    pub async fn forget(&self, user: &str) -> Result<Forgotten, EngineError> {
        let key = key(user);
        if user.is_empty() || key.len() > MAX_KEY {
            return Ok(Forgotten::Nothing);
        }
        let _turn = self.locks.lock(user).await;
        for _ in 0..ATTEMPTS {
            let (found, version) = match self.foundations.store.read(&key).await {
                Err(StoreError::Damaged { version, .. }) => (None, version),
                read => {
                    let read = read?;
                    let record = read.value.map(|bytes| decode(user, &bytes));
                    (record.and_then(Result::ok), read.version)
                }
            };
            if version == Version::ABSENT {
                return Ok(Forgotten::Nothing);
            }
            self.note_predecessor(user, found.as_ref())?;
            let deletion = vec![Change::delete(key.clone(), version)];
            match self.foundations.store.commit(deletion).await {
                Ok(_) => {
                    let record = found.map(|record| Forgotten::Record(Box::new(record)));
                    return Ok(record.unwrap_or(Forgotten::Unreadable));
                }
                Err(CommitError::Conflict { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(EngineError::Contended(user.to_owned()))
    }
}
