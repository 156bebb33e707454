//! The one who writes: gathers what comes within a second, and commits it at once.
//!
//! A store that fails loses the trail these events, and nobody anything else. An event is never
//! committed twice: a commit whose answer was lost may have been carried out, so its block is left
//! as it is and another one begun.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use tokio::{
    sync::{mpsc, oneshot},
    time::timeout,
};
use twinlock_core::{
    audit::{AuditEvent, AuditRecord, Happening},
    time::Timestamp,
};
use zeroize::Zeroizing;

use super::{
    QUEUE, Request, Trail,
    block::{self, Block},
    day::Day,
    quota::{Admission, Quota},
};
use crate::{
    audit_log::AuditLog,
    store::{Change, CommitError, Store, StoreError, Version},
};

/// How long events gather before they are committed.
const GATHER: Duration = Duration::from_secs(1);

/// How many events are committed at once at the most.
const BATCH: usize = 256;

/// How often a commit is tried while other daemons write at the same moment.
const ATTEMPTS: usize = 4;

/// Writes the trail for as long as anybody hands events to it.
pub struct Writer {
    queue: mpsc::Receiver<Request>,
    lost: Arc<AtomicU64>,
    store: Arc<dyn Store>,
    /// Where it says what goes wrong; never to the trail again.
    log: AuditLog,
    /// Names this daemon in the keys of its blocks.
    name: String,
    number: u64,
    today: Option<Today>,
    is_failing: bool,
}

/// The day that is being written.
#[derive(Clone)]
struct Today {
    day: Day,
    quota: Quota,
    /// The latest second of the day that a key has; keys never go back within a day.
    second: u64,
    /// What the marker of the day is written over; `None` once it is there.
    unmarked: Option<Version>,
    block: Option<Block>,
}

impl Trail {
    /// A trail into this store, and the writer that is to be run for it. `name` tells this daemon
    /// from others on the same store; `log` is told what goes wrong.
    pub fn new(store: Arc<dyn Store>, log: AuditLog, name: String) -> (Self, Writer) {
        let (sender, queue) = mpsc::channel(QUEUE);
        let lost = Arc::new(AtomicU64::new(0));
        let writer = Writer {
            queue,
            lost: Arc::clone(&lost),
            store,
            log,
            name,
            number: 0,
            today: None,
            is_failing: false,
        };
        (Self { queue: sender, lost }, writer)
    }
}

impl Writer {
    /// Runs until every [`Trail`] to it is dropped.
    pub async fn run(mut self) {
        while let Some(first) = self.queue.recv().await {
            let mut batch = Batch::default();
            batch.take(first);
            // An error is the end of the second.
            let _ = timeout(GATHER, self.gather(&mut batch)).await;
            self.write(batch.records).await;
            for waiting in batch.waiting {
                // Whoever waited may have gone.
                let _ = waiting.send(());
            }
        }
    }

    async fn gather(&mut self, batch: &mut Batch) {
        while batch.waiting.is_empty() && batch.records.len() < BATCH {
            match self.queue.recv().await {
                Some(request) => batch.take(request),
                None => return,
            }
        }
    }

    /// Commits records, day by day.
    async fn write(&mut self, records: Vec<AuditRecord>) {
        for records in records.chunk_by(|a, b| Day::of(a.at) == Day::of(b.at)) {
            let Some(first) = records.first() else { continue };
            let missing = self.lost.swap(0, Ordering::Relaxed);
            let told = (missing > 0).then(|| missing_events(missing, first.at));
            match self.write_day(told.iter().chain(records)).await {
                Ok(()) => self.works_again(missing),
                Err(error) => {
                    let records = u64::try_from(records.len()).unwrap_or(u64::MAX);
                    self.lost.fetch_add(missing.saturating_add(records), Ordering::Relaxed);
                    self.fails(&error);
                }
            }
        }
    }

    async fn write_day<'a>(
        &mut self,
        records: impl Iterator<Item = &'a AuditRecord> + Clone,
    ) -> Result<(), CommitError> {
        let Some(first) = records.clone().next() else { return Ok(()) };
        let day = Day::of(first.at);
        let mut conflict = None;
        for _ in 0..ATTEMPTS {
            let mut today = self.today(day).await?;
            let (blocks, full) = self.lay_out(&mut today, records.clone());
            let mut changes: Vec<_> = blocks.iter().map(Block::change).collect();
            if changes.is_empty() {
                self.today = Some(today);
                return Ok(());
            }
            if let Some(version) = today.unmarked {
                changes.push(Change::put(day.marker(), version, Zeroizing::new(Vec::new())));
            }
            match self.store.commit(changes).await {
                Ok(version) => {
                    today.unmarked = None;
                    today.block = blocks.into_iter().last().map(|block| block.written(version));
                    self.today = Some(today);
                    full.into_iter().for_each(|event| self.log.write(event));
                    return Ok(());
                }
                // Another daemon marked the day, most likely. Nothing was changed.
                Err(error @ CommitError::Conflict { .. }) => {
                    self.today = None;
                    conflict = Some(error);
                }
                Err(error) => {
                    self.today = None;
                    return Err(error);
                }
            }
        }
        conflict.map_or(Ok(()), Err)
    }

    /// The day as it is stored, looked at once.
    async fn today(&self, day: Day) -> Result<Today, StoreError> {
        if let Some(today) = self.today.clone().filter(|today| today.day == day) {
            return Ok(today);
        }
        // A damaged day is written on: what is left of it cannot be read, and what comes can.
        let unmarked = match self.store.read(&day.marker()).await {
            Ok(marker) => (marker.version == Version::ABSENT).then_some(Version::ABSENT),
            Err(StoreError::Damaged { version, .. }) => Some(version),
            Err(error) => return Err(error),
        };
        let entries = self.store.scan(&day.prefix()).await?;
        let mut quota = Quota::default();
        let blocks = entries.iter().filter_map(|entry| entry.value.as_ref().ok());
        for record in blocks.flat_map(|block| block::records(block, day)) {
            quota.count(&record, block::line(&record).len());
        }
        // After the blocks of an earlier daemon, also where the clock went back since.
        let second = entries.last().and_then(|entry| block::second(&entry.key, day));
        let second = second.map_or(0, |second| second + 1);
        Ok(Today { day, quota, second, unmarked, block: None })
    }

    /// Puts records into blocks, the open one first. Returns the blocks that changed, the one that
    /// stays open last, and what is to be said of a day that is full.
    fn lay_out<'a>(
        &mut self,
        today: &mut Today,
        records: impl Iterator<Item = &'a AuditRecord>,
    ) -> (Vec<Block>, Vec<AuditEvent>) {
        let (mut blocks, mut full) = (Vec::new(), Vec::new());
        let mut open = today.block.clone();
        let mut is_changed = false;
        for record in records {
            let mut line = block::line(record);
            match today.quota.admit(record, line.len()) {
                Admission::Kept => {}
                Admission::Dropped => continue,
                Admission::Full(event) => {
                    line = block::line(&AuditRecord::new(&event, record.at));
                    full.push(event);
                }
            }
            if let Some(block) = open.take_if(|block| !block.has_room(line.len()))
                && is_changed
            {
                blocks.push(block);
            }
            let block = open.get_or_insert_with(|| {
                self.number += 1;
                today.second = today.second.max(block::second_of(record.at));
                Block::new(block::key(today.day, today.second, self.number, &self.name))
            });
            block.push(&line);
            is_changed = true;
        }
        blocks.extend(open.filter(|_| is_changed));
        (blocks, full)
    }

    /// Said once, however long it lasts.
    fn fails(&mut self, error: &CommitError) {
        if !std::mem::replace(&mut self.is_failing, true) {
            let cause = format!("audit events do not reach the store, only this log: {error}");
            self.log.write(AuditEvent::new(Happening::Trouble, "", cause));
        }
    }

    fn works_again(&mut self, missing: u64) {
        if std::mem::take(&mut self.is_failing) {
            let cause = format!("audit events reach the store again; it lacks {missing} of them");
            self.log.write(AuditEvent::new(Happening::Trouble, "", cause));
        }
    }
}

/// What came within a second.
#[derive(Default)]
struct Batch {
    records: Vec<AuditRecord>,
    waiting: Vec<oneshot::Sender<()>>,
}

impl Batch {
    fn take(&mut self, request: Request) {
        match request {
            Request::Keep(record) => self.records.push(*record),
            Request::Settle(waiting) => self.waiting.push(waiting),
        }
    }
}

/// What stands in the place of events that the store did not get.
fn missing_events(count: u64, at: Timestamp) -> AuditRecord {
    let cause = format!("{count} audit events are missing here; the system log has them");
    AuditRecord::new(&AuditEvent::new(Happening::Trouble, "", cause), at)
}
