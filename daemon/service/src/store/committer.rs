//! The one thread that writes.
//!
//! Commits queue up for it. It takes all that wait as one group, checks them in the order in which
//! they came, writes what holds as one batch, brings the batch to the disk once, and then answers
//! them all: sixty-four logins at once cost one flush, not sixty-four.
//!
//! ```text
//!  queue ──▶ check versions ──▶ in flight ──▶ write ──▶ sync ──▶ settled ──▶ answers
//!                 │                             │        │
//!                 └▶ conflict                   └────────┴─▶ stopped, for good
//! ```
//!
//! After a failed write or sync nobody knows what is on the disk, and a second sync may well say
//! that all is fine where it is not: the kernel reports a lost page once. So there is no second
//! try. The store is out of service until a new process has read it anew.

use std::{collections::HashMap, sync::Arc};

use tokio::sync::{mpsc, oneshot};

use super::{
    Change, CommitError, StoreError, Version,
    caught::{Panicked, caught},
    head::{Digester, Head},
    index::Index,
    seal::Sealer,
};

/// How many commits share a flush at most.
const GROUP: usize = 256;

/// How many commits wait in the queue at most before the next waits outside.
pub(super) const QUEUE: usize = 1024;

/// Under which name the head is stored. No record has it: theirs begin with [`RECORD_PREFIX`].
pub(super) const HEAD_NAME: &[u8] = b"head";

/// What the stored name of a record begins with; its key follows.
pub(super) const RECORD_PREFIX: &[u8] = b"record/";

/// Under which name a record is stored and sealed.
pub(super) fn record_name(key: &str) -> Vec<u8> {
    [RECORD_PREFIX, key.as_bytes()].concat()
}

/// What a committer writes on.
pub(super) trait Medium: Send + 'static {
    /// Whether there is room for a group with so many bytes of values. Asked before anything is written.
    fn room(&mut self, bytes: u64) -> Result<(), StoreError>;
    /// Writes all of it or, after a crash, nothing of it. `None` deletes.
    fn write(&mut self, writes: Vec<(Vec<u8>, Option<Vec<u8>>)>) -> Result<(), String>;
    /// Returns once everything written survives a power cut; the head among it has this version.
    fn sync(&mut self, head: Version) -> Result<(), String>;
}

/// One commit that waits for its answer.
pub(super) struct Request {
    pub(super) changes: Vec<Change>,
    pub(super) answer: oneshot::Sender<Result<Version, CommitError>>,
}

/// The state of the thread.
pub(super) struct Committer<M> {
    pub(super) medium: M,
    pub(super) index: Arc<Index>,
    pub(super) sealer: Arc<Sealer>,
    pub(super) digester: Digester,
    pub(super) head: Head,
}

/// The changes of a group that are to be written.
#[derive(Default)]
struct Batch {
    /// For each key the version it gets, and its sealed value.
    changes: HashMap<String, (Version, Option<Vec<u8>>)>,
    head: Head,
}

impl<M: Medium> Committer<M> {
    /// Serves the queue until it is closed and empty.
    pub(super) fn run(mut self, mut queue: mpsc::Receiver<Request>) {
        while let Some(first) = queue.blocking_recv() {
            let mut group = vec![first];
            while group.len() < GROUP
                && let Ok(request) = queue.try_recv()
            {
                group.push(request);
            }
            let (changes, answers): (Vec<_>, Vec<_>) =
                group.into_iter().map(|Request { changes, answer }| (changes, answer)).unzip();
            let index = Arc::clone(&self.index);
            let results = caught(|| self.settle(changes)).unwrap_or_else(|Panicked(text)| {
                let error = index.stop(format!("internal error: {text}"));
                vec![Err(error.into()); answers.len()]
            });
            for (answer, result) in answers.into_iter().zip(results) {
                // Whoever asked may be gone; the change is made all the same.
                drop(answer.send(result));
            }
        }
    }

    /// Carries a group out, and says what came of each commit.
    fn settle(&mut self, group: Vec<Vec<Change>>) -> Vec<Result<Version, CommitError>> {
        let values = group.iter().flatten().filter_map(|change| change.value.as_ref());
        let bytes = values.map(|value| value.len() as u64).sum();
        if let Err(error) = self.index.check().and_then(|()| self.medium.room(bytes)) {
            return vec![Err(error.into()); group.len()];
        }
        let mut batch = Batch { head: self.head.clone(), ..Batch::default() };
        let results: Vec<_> =
            group.into_iter().map(|changes| self.admit(&mut batch, changes)).collect();
        if batch.head == self.head {
            return results;
        }
        match self.write(batch) {
            Ok(()) => results,
            // Those that conflict may conflict with what was not written.
            Err(error) => vec![Err(error.into()); results.len()],
        }
    }

    /// Adds the changes to the batch if each version holds.
    fn admit(&self, batch: &mut Batch, changes: Vec<Change>) -> Result<Version, CommitError> {
        for Change { key, expected, .. } in &changes {
            let current = match batch.changes.get(key) {
                Some((version, _)) => *version,
                None => self.index.version(key),
            };
            if current != *expected {
                return Err(CommitError::Conflict { key: key.clone() });
            }
        }
        let out = |cause: &str| StoreError::OutOfService { cause: cause.to_owned() };
        let version = batch.head.next().ok_or_else(|| out("no version is left"))?;
        // All are sealed before the first is added: a commit is whole or not at all.
        let sealed = changes
            .into_iter()
            .map(|Change { key, expected, value }| {
                let value = value
                    .map(|value| self.sealer.seal(&record_name(&key), version, &value))
                    .transpose()
                    .map_err(|error| out(&error.to_string()))?;
                Ok((key, expected, value))
            })
            .collect::<Result<Vec<_>, StoreError>>()?;
        batch.head.last = version.number();
        for (key, expected, value) in sealed {
            let to = if value.is_some() { version } else { Version::ABSENT };
            batch.head.change(&self.digester, &key, expected, to);
            batch.changes.insert(key, (to, value));
        }
        Ok(version)
    }

    fn write(&mut self, batch: Batch) -> Result<(), StoreError> {
        let failed = |cause: String| self.index.stop(cause);
        let head = self
            .sealer
            .seal(HEAD_NAME, batch.head.version(), &batch.head.to_bytes())
            .map_err(|error| failed(error.to_string()))?;
        let mut writes = vec![(HEAD_NAME.to_vec(), Some(head))];
        let mut arrivals = Vec::with_capacity(batch.changes.len());
        for (key, (to, value)) in batch.changes {
            writes.push((record_name(&key), value));
            arrivals.push((key, to));
        }
        self.index.depart(arrivals.iter().map(|(key, _)| key.clone()));
        self.medium.write(writes).map_err(failed)?;
        self.medium.sync(batch.head.version()).map_err(failed)?;
        self.head = batch.head;
        self.index.arrive(arrivals);
        Ok(())
    }
}
