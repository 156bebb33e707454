//! The audit trail: the events of the authentication log once more, in the store, where they can
//! be searched.
//!
//! ```text
//! engine ──► Trail ──► bounded queue ──► Writer: a commit a second ──► store
//!                                                                       │
//!                                  History: log, why ◄──────────────────┤
//!                                  Retention: days that are too old ◄───┘
//! ```
//!
//! A day's events lie in blocks of a few KiB, one JSON object a line, under
//! `audit/2026-11-21/120301-000001-7F3KQ2`: the day, the time of the first event, a number and a
//! word of the daemon that wrote it, so that several daemons never write one key. A marker under
//! `audit-days/2026-11-21` says that there is such a day, so that days are found without reading
//! what is in them. Days are those of UTC, by the time of day as the host had it.
//!
//! The system log stays the authority: an event that does not reach the store is in its line all
//! the same. No login waits for the trail, and what waits to be written is bounded.

mod block;
mod day;
mod history;
mod quota;
mod retention;
#[cfg(test)]
mod tests;
mod writer;

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use tokio::sync::{mpsc, oneshot};
use twinlock_core::audit::AuditRecord;

pub use self::{
    history::{Cursor, Damaged, Filter, FoundLogin, History, Page},
    retention::{Retention, prune},
    writer::Writer,
};

/// Events that wait for the store: at most some 9 KiB each, and seldom more than 300 bytes.
const QUEUE: usize = 1024;

/// How long somebody who wants to read waits for what is being written.
const SETTLE: Duration = Duration::from_secs(2);

/// What the writer is asked to do.
enum Request {
    /// Keep this.
    Keep(Box<AuditRecord>),
    /// Say when everything before is written.
    Settle(oneshot::Sender<()>),
}

/// Takes events for the store; cheap to clone.
#[derive(Clone)]
pub struct Trail {
    queue: mpsc::Sender<Request>,
    lost: Arc<AtomicU64>,
}

impl Trail {
    /// Hands an event to the writer. Never waits: where the queue is full the event is counted,
    /// and the count is stored in its place.
    pub fn keep(&self, record: AuditRecord) {
        if self.queue.try_send(Request::Keep(Box::new(record))).is_err() {
            self.lost.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Waits until what was handed over before is in the store or given up, two seconds at the most.
    pub async fn settle(&self) {
        let (done, settled) = oneshot::channel();
        if self.queue.try_send(Request::Settle(done)).is_ok() {
            // Late or never, whoever asked reads what is there.
            let _ = tokio::time::timeout(SETTLE, settled).await;
        }
    }
}
