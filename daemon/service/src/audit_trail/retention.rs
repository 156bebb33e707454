//! How long events are kept: days that are too old go, a few blocks at a time.

use std::{sync::Arc, time::Duration};

use tokio::time::sleep;
use twinlock_core::time::Timestamp;

use super::{day::Day, history::days};
use crate::{
    clock::Clock,
    journal,
    store::{Change, CommitError, Entry, Store},
};

/// How often it is looked whether a day has become too old.
const INTERVAL: Duration = Duration::from_secs(3600);

/// Blocks that go in one commit, and the pause before the next: a login's commit never waits long.
const AT_ONCE: usize = 32;
const PAUSE: Duration = Duration::from_millis(200);

/// How much the time of day may be set between two looks without being doubted.
const SLEWING: Duration = Duration::from_secs(5 * 60);

/// `[audit] keep`, put into practice.
pub struct Retention {
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    keep: Duration,
    last: (Timestamp, Duration),
}

impl Retention {
    /// Keeps the events of this long.
    pub fn new(store: Arc<dyn Store>, clock: Arc<dyn Clock>, keep: Duration) -> Self {
        let last = (clock.wall(), clock.steady());
        Self { store, clock, keep, last }
    }

    /// Looks once an hour, for as long as the daemon runs.
    pub async fn run(mut self) {
        loop {
            sleep(INTERVAL).await;
            if let Err(error) = self.look().await {
                journal::line(&format!("old audit events could not be deleted: {error}"));
            }
        }
    }

    /// Deletes what is too old by now. A clock that was set since the last look is not trusted
    /// with that before the next: one that jumps to another year for a moment deletes nothing.
    ///
    /// # Errors
    /// The store failed; what was deleted until then is gone.
    pub async fn look(&mut self) -> Result<(), CommitError> {
        let now = (self.clock.wall(), self.clock.steady());
        let (wall, steady) = std::mem::replace(&mut self.last, now);
        let expected = wall.after(now.1.saturating_sub(steady));
        let is_off = expected.until(now.0).max(now.0.until(expected));
        if is_off > SLEWING {
            return Ok(());
        }
        let oldest = now.0.as_secs().saturating_sub(self.keep.as_secs());
        prune(&*self.store, Timestamp::from_secs(oldest)).await
    }
}

/// Deletes every day that was over by then.
///
/// # Errors
/// The store failed; what was deleted until then is gone.
pub async fn prune(store: &dyn Store, oldest: Timestamp) -> Result<(), CommitError> {
    for day in days(store).await?.into_iter().filter(|day| day.end() <= oldest) {
        delete(store, day).await?;
    }
    Ok(())
}

/// The marker goes last: a day that is half deleted is found again.
async fn delete(store: &dyn Store, day: Day) -> Result<(), CommitError> {
    loop {
        // Those that cannot be read too: they can be deleted.
        let entries = store.scan(&day.prefix()).await?;
        if entries.is_empty() {
            break;
        }
        for some in entries.chunks(AT_ONCE) {
            store.commit(some.iter().map(gone).collect()).await?;
            sleep(PAUSE).await;
        }
    }
    let marker = store.read(&day.marker()).await?;
    store.commit(vec![Change::delete(day.marker(), marker.version)]).await.map(|_| ())
}

fn gone(entry: &Entry) -> Change {
    Change::delete(entry.key.clone(), entry.version)
}
