//! The latest time seen, in memory and in the store.

use std::{sync::Arc, time::Duration};

use twinlock_core::{
    audit::{AuditEvent, Happening},
    time::Timestamp,
};
use zeroize::Zeroizing;

use super::{Engine, EngineError, is_later_by_a_minute};
use crate::{
    journal,
    store::{Change, CommitError, Store, Version},
};

/// The key of the latest time seen.
const KEY: &str = "meta/latest-time";

/// How often the latest time is looked at; it is written once a minute at the most.
const INTERVAL: Duration = Duration::from_secs(30);

/// What time it is, in both readings.
#[derive(Debug, Clone, Copy)]
pub struct Now {
    /// The later of the time of day and the latest time seen.
    pub horizon: Timestamp,
    /// The time of day.
    pub wall: Timestamp,
}

/// The latest time that the store remembers; the Unix epoch in a new store.
pub(super) async fn remembered(store: &dyn Store) -> Result<Timestamp, EngineError> {
    Ok(read(store).await?.0)
}

async fn read(store: &dyn Store) -> Result<(Timestamp, Version), EngineError> {
    let found = store.read(KEY).await?;
    let Some(bytes) = found.value else { return Ok((Timestamp::EPOCH, found.version)) };
    let seconds = <[u8; 8]>::try_from(bytes.as_slice()).map_err(|_| EngineError::Record {
        user: KEY.to_owned(),
        why: "it is not eight bytes".to_owned(),
    })?;
    Ok((Timestamp::from_secs(u64::from_be_bytes(seconds)), found.version))
}

impl Engine {
    /// What time it is.
    pub fn now(&self) -> Now {
        let clock = &*self.foundations.clock;
        Now { horizon: self.horizon.read(clock).now, wall: clock.wall() }
    }

    /// Writes the latest time to the store where it has moved on.
    ///
    /// # Errors
    /// The store failed; the time in memory still holds.
    pub async fn remember_time(&self) -> Result<(), EngineError> {
        let store = &*self.foundations.store;
        let (stored, version) = read(store).await?;
        let now = self.now().horizon;
        if !is_later_by_a_minute(now, stored) {
            return Ok(());
        }
        let value = Zeroizing::new(now.as_secs().to_be_bytes().to_vec());
        match store.commit(vec![Change::put(KEY, version, value)]).await {
            // Another daemon wrote a time of its own: that is as good.
            Ok(_) | Err(CommitError::Conflict { .. }) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Says once when the time of day falls behind the latest time seen, and remembers the time
    /// every minute, for as long as the daemon runs.
    pub async fn keep_time(self: Arc<Self>) {
        let mut was_behind = false;
        loop {
            let behind = self.horizon.read(&*self.foundations.clock).behind;
            if let (Some(behind), false) = (behind, was_behind) {
                self.audit(AuditEvent::new(
                    Happening::Trouble,
                    "",
                    format!(
                        "the clock is {} s behind the latest time seen; dates, grace and trust \
                         go by the latter",
                        behind.as_secs()
                    ),
                ));
            }
            was_behind = behind.is_some();
            if let Err(error) = self.remember_time().await {
                journal::line(&format!("the latest time could not be stored: {error}"));
            }
            tokio::time::sleep(INTERVAL).await;
        }
    }
}
