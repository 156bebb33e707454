//! A store in memory that keeps every promise but durability, with faults on demand: the rules of
//! whoever uses a store are tested against this one.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    future::pending,
    sync::{Mutex, MutexGuard, PoisonError},
};

use zeroize::Zeroizing;

use super::{
    Change, CommitError, Entry, Pending, Store, StoreError, Version, Versioned, check_key,
    check_request,
};

/// What goes wrong, once, in the order in which faults were injected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// The next commit changes nothing and says so.
    FailCommit(StoreError),
    /// The next commit is carried out, and its answer is this error: what a time-out looks like.
    LoseAnswer(StoreError),
    /// The next commit finds that its first key was changed in the meantime. It was not: what a
    /// caller reads again is the same.
    Conflict,
    /// The next commit never answers, and changes nothing.
    HangCommit,
    /// The next read or scan fails.
    FailRead(StoreError),
    /// The next read or scan never answers.
    HangRead,
}

impl Fault {
    fn is_of_commit(&self) -> bool {
        !matches!(self, Self::FailRead(_) | Self::HangRead)
    }
}

/// The store.
#[derive(Default)]
pub struct MemoryStore {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    values: BTreeMap<String, (Version, Zeroizing<Vec<u8>>)>,
    commits: u64,
    faults: VecDeque<Fault>,
    damaged: BTreeSet<String>,
}

impl MemoryStore {
    /// An empty store without faults.
    pub fn new() -> Self {
        Self::default()
    }

    /// Lets the next call of the fault's kind go wrong.
    pub fn inject(&self, fault: Fault) {
        self.state().faults.push_back(fault);
    }

    /// Damages the value of a key for good: until it is written anew or deleted.
    pub fn damage(&self, key: &str) {
        self.state().damaged.insert(key.to_owned());
    }

    /// How many commits were carried out.
    pub fn commits(&self) -> u64 {
        self.state().commits
    }

    async fn fault_of_read(&self) -> Result<(), StoreError> {
        let fault = self.state().fault(false);
        match fault {
            None => Ok(()),
            Some(Fault::FailRead(error)) => Err(error),
            Some(_) => pending().await,
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn fault(&mut self, of_commit: bool) -> Option<Fault> {
        let position = self.faults.iter().position(|fault| fault.is_of_commit() == of_commit)?;
        self.faults.remove(position)
    }

    fn version(&self, key: &str) -> Version {
        self.values.get(key).map_or(Version::ABSENT, |(version, _)| *version)
    }

    fn value(&self, key: &str) -> Result<Zeroizing<Vec<u8>>, StoreError> {
        match self.values.get(key) {
            Some((_, value)) if !self.damaged.contains(key) => Ok(value.clone()),
            _ => Err(StoreError::Damaged { key: key.to_owned(), version: self.version(key) }),
        }
    }

    fn commit(&mut self, changes: Vec<Change>) -> Result<Version, CommitError> {
        if let Some(change) = changes.iter().find(|it| self.version(&it.key) != it.expected) {
            return Err(CommitError::Conflict { key: change.key.clone() });
        }
        self.commits += 1;
        let version = Version::from_number(self.commits);
        for Change { key, value, .. } in changes {
            self.damaged.remove(&key);
            match value {
                Some(value) => self.values.insert(key, (version, value)),
                None => self.values.remove(&key),
            };
        }
        Ok(version)
    }
}

impl Store for MemoryStore {
    fn read<'a>(&'a self, key: &'a str) -> Pending<'a, Result<Versioned, StoreError>> {
        Box::pin(async move {
            self.fault_of_read().await?;
            check_key(key)?;
            let state = self.state();
            Ok(match state.version(key) {
                Version::ABSENT => Versioned::ABSENT,
                version => Versioned { version, value: Some(state.value(key)?) },
            })
        })
    }

    fn commit(&self, changes: Vec<Change>) -> Pending<'_, Result<Version, CommitError>> {
        Box::pin(async move {
            check_request(&changes)?;
            let fault = self.state().fault(true);
            match fault {
                None => self.state().commit(changes),
                Some(Fault::FailCommit(error)) => Err(error.into()),
                Some(Fault::LoseAnswer(error)) => {
                    self.state().commit(changes).and_then(|_| Err(error.into()))
                }
                Some(Fault::Conflict) => Err(CommitError::Conflict {
                    key: changes.into_iter().map(|it| it.key).next().unwrap_or_default(),
                }),
                Some(_) => pending().await,
            }
        })
    }

    fn scan<'a>(&'a self, prefix: &'a str) -> Pending<'a, Result<Vec<Entry>, StoreError>> {
        Box::pin(async move {
            self.fault_of_read().await?;
            let state = self.state();
            Ok(state
                .values
                .range(prefix.to_owned()..)
                .take_while(|(key, _)| key.starts_with(prefix))
                .map(|(key, (version, _))| Entry {
                    key: key.clone(),
                    version: *version,
                    value: state.value(key),
                })
                .collect())
        })
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::timeout;

    use super::*;

    fn put(value: &[u8]) -> Vec<Change> {
        vec![Change::put("k", Version::ABSENT, Zeroizing::new(value.to_vec()))]
    }

    fn unreadable() -> StoreError {
        StoreError::Unreadable { key: "k".into(), cause: "injected".into() }
    }

    #[tokio::test]
    async fn a_fault_of_a_commit_happens_once_and_changes_only_what_it_says() {
        let store = MemoryStore::new();
        for (fault, error, commits) in [
            (Fault::FailCommit(unreadable()), CommitError::Unavailable(unreadable()), 0),
            (Fault::Conflict, CommitError::Conflict { key: "k".into() }, 0),
            (Fault::LoseAnswer(unreadable()), CommitError::Unavailable(unreadable()), 1),
        ] {
            store.inject(fault);
            assert_eq!(store.read("k").await, Ok(Versioned::ABSENT), "reads are not concerned");
            assert_eq!(store.commit(put(b"1")).await, Err(error));
            assert_eq!(store.commits(), commits);
        }
        let version = store.read("k").await.unwrap().version;
        store.commit(vec![Change::delete("k", version)]).await.unwrap();
    }

    #[tokio::test]
    async fn a_fault_of_a_read_concerns_reads_and_scans_alone() {
        let store = MemoryStore::new();
        store.inject(Fault::FailRead(unreadable()));
        store.inject(Fault::FailRead(unreadable()));
        store.commit(put(b"1")).await.unwrap();
        assert_eq!(store.read("k").await, Err(unreadable()));
        assert_eq!(store.scan("").await, Err(unreadable()));
        assert_eq!(store.scan("").await.unwrap().len(), 1);
    }

    #[tokio::test]
    async fn a_hanging_call_never_answers_and_changes_nothing() {
        let store = MemoryStore::new();
        store.inject(Fault::HangCommit);
        store.inject(Fault::HangRead);
        let brief = Duration::from_millis(20);
        assert!(timeout(brief, store.commit(put(b"1"))).await.is_err());
        assert!(timeout(brief, store.read("k")).await.is_err());
        assert_eq!(store.read("k").await, Ok(Versioned::ABSENT));
    }
}
