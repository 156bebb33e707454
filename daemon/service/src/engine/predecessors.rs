//! Where the record of a user begins that had one before.
//!
//! What waits for a later phase, and the code of a login session, carry the `trust_epoch` of the record
//! that they rest on. A record that was deleted, or could not be read, is followed by an empty one; did
//! that begin at 0 again, what rested on the first would count for the second. All that waits is in this
//! process's memory, and so is this.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use twinlock_core::{login::User, record::UserRecord};

use super::{Engine, EngineError, random};
use crate::store::Version;

/// Epochs that a record reaches by counting are below this.
const UNREACHED: u32 = 1 << 31;

/// The epochs at which records begin whose predecessors are gone, by name.
#[derive(Default)]
pub(super) struct Predecessors {
    epochs: Mutex<HashMap<String, u32>>,
}

impl Predecessors {
    fn epoch(&self, user: &str) -> u32 {
        let epochs = self.epochs.lock().unwrap_or_else(PoisonError::into_inner);
        epochs.get(user).copied().unwrap_or_default()
    }
}

impl Engine {
    /// A record is about to be deleted: this one, or one that cannot be read.
    ///
    /// # Errors
    /// The system has no randomness.
    pub(super) fn note_predecessor(
        &self,
        user: &str,
        record: Option<&UserRecord>,
    ) -> Result<(), EngineError> {
        let epoch = match record {
            Some(record) => record.trust_epoch.wrapping_add(1),
            None => unknown_epoch()?,
        };
        let mut epochs = self.predecessors.epochs.lock().unwrap_or_else(PoisonError::into_inner);
        epochs.insert(user.to_owned(), epoch);
        Ok(())
    }

    /// The epoch of an empty record: one that takes the place of what has this version and cannot be
    /// read, or of none.
    ///
    /// # Errors
    /// The system has no randomness.
    pub(super) fn first_epoch(&self, user: &str, version: Version) -> Result<u32, EngineError> {
        if version == Version::ABSENT {
            return Ok(self.predecessors.epoch(user));
        }
        unknown_epoch()
    }

    /// An empty record, as [`Self::first_epoch`] has it.
    pub(super) fn empty(&self, user: &User, version: Version) -> Result<UserRecord, EngineError> {
        let trust_epoch = self.first_epoch(&user.name, version)?;
        Ok(UserRecord { trust_epoch, ..UserRecord::new(user) })
    }
}

/// An epoch that no record has had whose own is not known.
fn unknown_epoch() -> Result<u32, EngineError> {
    let mut bytes = [0; 4];
    random::fill(&mut bytes)?;
    Ok(u32::from_ne_bytes(bytes) | UNREACHED)
}

#[cfg(test)]
mod tests {
    use zeroize::Zeroizing;

    use super::*;
    use crate::{
        backup::contents::{About, Contents},
        store::{Change, Store},
        testing::{Setup, alice, change, enrol},
    };

    async fn epoch(engine: &Engine) -> u32 {
        engine.read("alice").await.unwrap().unwrap().trust_epoch
    }

    async fn damage(setup: &Setup) {
        let version = setup.store.read("user/alice").await.unwrap().version;
        let garbage = Zeroizing::new(b"garbage".to_vec());
        setup.store.commit(vec![Change::put("user/alice", version, garbage)]).await.unwrap();
    }

    #[tokio::test]
    async fn the_record_after_one_that_was_forgotten_goes_on_from_its_epoch() {
        let setup = Setup::new();
        let engine = setup.engine().await;
        enrol(&engine, &alice()).await;
        let mut last = epoch(&engine).await;
        for _ in 0..2 {
            engine.forget("alice").await.unwrap();
            enrol(&engine, &alice()).await;
            assert!(epoch(&engine).await > last);
            last = epoch(&engine).await;
        }
    }

    #[tokio::test]
    async fn an_empty_record_of_which_nothing_is_known_is_not_written_for_its_epoch() {
        let setup = Setup::new();
        let engine = setup.engine().await;
        enrol(&engine, &alice()).await;
        engine.forget("alice").await.unwrap();
        change(&engine, &alice(), |_| {}).await;
        assert!(engine.read("alice").await.unwrap().is_none());
    }

    #[tokio::test]
    async fn the_record_after_one_that_could_not_be_read_has_an_epoch_that_none_had() {
        let setup = Setup::new();
        let engine = setup.engine().await;
        enrol(&engine, &alice()).await;
        damage(&setup).await;
        engine.forget("alice").await.unwrap();
        enrol(&engine, &alice()).await;
        assert!(epoch(&engine).await >= UNREACHED);

        let engine = Setup::new().engine().await;
        enrol(&engine, &alice()).await;
        assert_eq!(epoch(&engine).await, 0);
    }

    #[tokio::test]
    async fn a_reset_of_a_record_that_cannot_be_read_gives_it_such_an_epoch() {
        let setup = Setup::new();
        let engine = setup.engine().await;
        enrol(&engine, &alice()).await;
        damage(&setup).await;
        let reset = |record: &mut UserRecord, world: &super::super::World<'_>| {
            record.reset(&alice(), None, world.now);
            super::super::Done { answer: (), effects: Vec::new() }
        };
        engine.step_afresh(&alice(), reset).await.unwrap();
        assert!(epoch(&engine).await >= UNREACHED);
    }

    #[tokio::test]
    async fn a_backup_from_before_does_not_bring_the_epoch_back() {
        let setup = Setup::new();
        let engine = setup.engine().await;
        enrol(&engine, &alice()).await;
        let record = engine.read("alice").await.unwrap().unwrap();
        let about = About::new(engine.now().wall, "web1".to_owned());
        let backup = Contents { about, records: vec![record] };
        for _ in 0..3 {
            change(&engine, &alice(), |record| {
                record.distrust();
            })
            .await;
        }
        let last = epoch(&engine).await;
        engine.forget("alice").await.unwrap();
        engine.restore(&backup).await.unwrap();
        assert!(epoch(&engine).await > last);

        damage(&setup).await;
        engine.restore(&backup).await.unwrap();
        assert!(epoch(&engine).await >= UNREACHED);
    }
}
