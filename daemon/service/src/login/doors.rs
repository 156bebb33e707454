//! How the desk closes: no login loses a code that was right.
//!
//! ```text
//! open ──► stopping: who brings a ticket, or has given a ──► closed: every connection goes, and the
//!          code, is served; who would give one waits         PAM module asks the next daemon anew
//! ```
//!
//! A ticket does not outlive the daemon. A code that is taken while it stops would be used up for nothing:
//! the login would be refused in its account phase.

use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::watch;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Open,
    Stopping,
    Closed,
}

/// The way in.
pub(super) struct Doors {
    stage: watch::Sender<Stage>,
    inside: AtomicUsize,
}

impl Default for Doors {
    fn default() -> Self {
        Self { stage: watch::Sender::new(Stage::Open), inside: AtomicUsize::new(0) }
    }
}

/// A call, until it is answered.
pub(super) struct Inside<'a>(&'a AtomicUsize);

impl Drop for Inside<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Doors {
    /// Lets a call in. One that may use up a code and comes too late hears nothing, until its
    /// connection goes.
    pub(super) async fn enter(&self, takes_code: bool) -> Inside<'_> {
        // Counted before the stage is read: whoever stops does it the other way round.
        self.inside.fetch_add(1, Ordering::SeqCst);
        let inside = Inside(&self.inside);
        if !takes_code || *self.stage.borrow() == Stage::Open {
            return inside;
        }
        drop(inside);
        std::future::pending().await
    }

    /// Lets no further call in.
    pub(super) fn stop(&self) {
        self.stage.send_replace(Stage::Stopping);
    }

    /// Ends every connection.
    pub(super) fn close(&self) {
        self.stage.send_replace(Stage::Closed);
    }

    /// Returns when every connection has to end.
    pub(super) async fn closed(&self) {
        let mut stage = self.stage.subscribe();
        if stage.wait_for(|stage| *stage == Stage::Closed).await.is_err() {
            std::future::pending::<()>().await;
        }
    }

    /// Whether nobody is inside.
    pub(super) fn is_empty(&self) -> bool {
        self.inside.load(Ordering::SeqCst) == 0
    }
}
