//! The requests about what happened, and waiting for more of it.

use std::time::Duration;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::time::sleep;
use twinlock_bus_api::account::AdminProxy;
use twinlock_bus_api::history::{DamagedDay, LogEvent, LogFilter};

use super::{CallError, Client};
use crate::failure::Failure;

/// A part of the log.
pub struct LogPage {
    /// The events, in order.
    pub events: Vec<LogEvent>,
    /// Where to go on.
    pub next: String,
    /// Whether there may be more by now.
    pub is_cut: bool,
    /// What cannot be read of the days that were looked at.
    pub damaged: Vec<DamagedDay>,
}

impl Client {
    /// Events of the past.
    ///
    /// # Errors
    /// [`CallError`].
    pub fn log(&mut self, filter: &LogFilter) -> Result<LogPage, CallError> {
        let filter = filter.clone();
        let (events, next, is_cut, damaged) =
            self.call_admin(async |bus| AdminProxy::new(bus).await?.log(filter).await)?;
        Ok(LogPage { events, next, is_cut, damaged })
    }

    /// The login of a reference, empty if no event has it; and what cannot be read of where it is.
    ///
    /// # Errors
    /// [`CallError`].
    pub fn find(&mut self, reference: &str) -> Result<(Vec<LogEvent>, Vec<DamagedDay>), CallError> {
        self.call_admin(async |bus| AdminProxy::new(bus).await?.find(reference).await)
    }

    /// From now on Ctrl-C ends a call or a pause with [`CallError::Interrupted`], and not the
    /// process in the middle of a line.
    ///
    /// # Errors
    /// The system has no resources for it.
    pub fn heed_interrupts(&mut self) -> Result<(), Failure> {
        let _inside = self.runtime.enter();
        let interrupts = signal(SignalKind::interrupt()).map_err(|cause| {
            Failure::refused(format!("Ctrl-C cannot be waited for: {cause}. Try again."))
        })?;
        self.interrupts = Some(interrupts);
        Ok(())
    }

    /// Waits.
    ///
    /// # Errors
    /// [`CallError::Interrupted`].
    pub fn pause(&mut self, time: Duration) -> Result<(), CallError> {
        let Self { runtime, interrupts, .. } = self;
        runtime.block_on(async {
            tokio::select! {
                () = sleep(time) => Ok(()),
                () = interrupted(interrupts) => Err(CallError::Interrupted),
            }
        })
    }
}

/// Ends with Ctrl-C; never, where nobody heeds it.
pub(super) async fn interrupted(interrupts: &mut Option<Signal>) {
    match interrupts {
        Some(interrupts) => {
            interrupts.recv().await;
        }
        None => std::future::pending().await,
    }
}
