//! The versions of all keys as they are on the disk, which readers and the committer share.
//!
//! sled shows a change before it is durable. So a key that is being written is marked as in
//! flight, and its readers wait until the group of commits it belongs to is settled. A key that is
//! not here is not there: that needs no look at the disk.
//!
//! Memory: the key and about 50 bytes a record.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Mutex, MutexGuard, PoisonError},
};

use tokio::sync::watch;

use super::{StoreError, Version};

/// What is known of a key right now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sight {
    /// It has this version, on the disk.
    Settled(Version),
    /// It is being written.
    InFlight,
}

/// The index of one open store.
pub(super) struct Index {
    state: Mutex<State>,
    settled: watch::Sender<()>,
}

#[derive(Default)]
struct State {
    versions: BTreeMap<String, Version>,
    in_flight: BTreeSet<String>,
    /// Why nothing is served any more.
    stopped: Option<String>,
}

impl State {
    fn check(&self) -> Result<(), StoreError> {
        match &self.stopped {
            Some(cause) => Err(StoreError::OutOfService { cause: cause.clone() }),
            None => Ok(()),
        }
    }
}

impl Index {
    pub(super) fn new(versions: BTreeMap<String, Version>) -> Self {
        let state = State { versions, ..State::default() };
        Self { state: Mutex::new(state), settled: watch::Sender::new(()) }
    }

    /// To be taken before [`Index::sight`], so that no end of a flight is missed in between.
    pub(super) fn watch(&self) -> watch::Receiver<()> {
        self.settled.subscribe()
    }

    pub(super) fn sight(&self, key: &str) -> Result<Sight, StoreError> {
        let state = self.state();
        state.check()?;
        if state.in_flight.contains(key) {
            return Ok(Sight::InFlight);
        }
        Ok(Sight::Settled(state.versions.get(key).copied().unwrap_or_default()))
    }

    /// The version of a key on the disk, whether it is being written or not.
    pub(super) fn version(&self, key: &str) -> Version {
        self.state().versions.get(key).copied().unwrap_or_default()
    }

    /// The keys with this prefix, in order, those that are being made included.
    pub(super) fn keys(&self, prefix: &str) -> Result<Vec<String>, StoreError> {
        let state = self.state();
        state.check()?;
        let with_prefix = |key: &&String| key.starts_with(prefix);
        let versions =
            state.versions.range(prefix.to_owned()..).map(|(key, _)| key).take_while(with_prefix);
        let in_flight = state.in_flight.range(prefix.to_owned()..).take_while(with_prefix);
        Ok(versions.chain(in_flight).collect::<BTreeSet<_>>().into_iter().cloned().collect())
    }

    pub(super) fn depart(&self, keys: impl IntoIterator<Item = String>) {
        self.state().in_flight.extend(keys);
    }

    /// Nothing is in flight any more; these keys have these versions now.
    pub(super) fn arrive(&self, changes: impl IntoIterator<Item = (String, Version)>) {
        let mut state = self.state();
        state.in_flight.clear();
        for (key, version) in changes {
            match version {
                Version::ABSENT => state.versions.remove(&key),
                version => state.versions.insert(key, version),
            };
        }
        drop(state);
        self.settled.send_replace(());
    }

    /// From now on every answer is this [`StoreError::OutOfService`]. The first cause stays.
    pub(super) fn stop(&self, cause: String) -> StoreError {
        let cause = self.state().stopped.get_or_insert(cause).clone();
        self.settled.send_replace(());
        StoreError::OutOfService { cause }
    }

    /// # Errors
    /// [`StoreError::OutOfService`] since [`Index::stop`].
    pub(super) fn check(&self) -> Result<(), StoreError> {
        self.state().check()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
