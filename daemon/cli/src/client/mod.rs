//! The daemon as the verbs see it: one call, one answer, bounded time.
//!
//! ```text
//! verb ──► calls.rs ──► Client::call ──► connect (once) ──► D-Bus call ──► answer
//!                            └── one deadline over both; a line after a second of waiting
//! ```

mod backups;
mod calls;
mod history;
mod own;
mod refusal;
mod vouchers;

use std::pin::pin;
use std::time::Duration;

use tokio::runtime::{Builder, Runtime};
use tokio::signal::unix::Signal;
use tokio::time::timeout;
use twinlock_bus_api::error::Error;
use zbus::Connection;
use zbus::connection;

pub use calls::{Enrolled, Offer, Subject};
pub use history::LogPage;
pub use own::{Confirmed, Sent};
pub use refusal::CallError;
pub use vouchers::{Issued, ResetEnd};

use crate::failure::Failure;
use crate::progress::Progress;

/// How long connecting and one call may take together.
pub const PATIENCE: Duration = Duration::from_secs(25);

/// How much longer a call may take in which polkit asks for a password: more than twinlockd gives it.
const TYPING: Duration = Duration::from_secs(130);

/// How long a person waits before the command says what it waits for.
const SILENCE: Duration = Duration::from_secs(1);

/// A client of `org.twinlock1.Self` and `org.twinlock1.Admin`. It connects at the first call.
pub struct Client {
    // Before the runtime: a connection ends on the runtime that carries it.
    connection: Option<Connection>,
    runtime: Runtime,
    address: String,
    patience: Duration,
    typing: Duration,
    progress: Progress,
    interrupts: Option<Signal>,
}

impl Client {
    /// A client on the bus at this D-Bus address, whose calls take `patience` at the most. The
    /// environment has no say in where the bus is.
    ///
    /// # Errors
    /// The system has no resources for an event loop.
    pub fn new(address: String, patience: Duration, progress: Progress) -> Result<Self, Failure> {
        let runtime = Builder::new_current_thread().enable_all().build().map_err(|cause| {
            Failure::refused(format!(
                "The system has no resources left: {cause}. Close something and try again."
            ))
        })?;
        let typing = Duration::ZERO;
        Ok(Self {
            connection: None,
            runtime,
            address,
            patience,
            typing,
            progress,
            interrupts: None,
        })
    }

    /// The same for a caller who is not root, whom polkit may ask for a password.
    #[must_use]
    pub fn with_time_to_type(self) -> Self {
        Self { typing: TYPING, ..self }
    }

    /// The line that says what is being waited for.
    pub const fn progress(&mut self) -> &mut Progress {
        &mut self.progress
    }

    /// A request to `Self`, as [`Self::call_within`].
    fn call<T>(
        &mut self,
        request: impl AsyncFnOnce(&Connection) -> Result<T, Error>,
    ) -> Result<T, CallError> {
        self.call_within(self.patience, request)
    }

    /// A request to `Admin`, as [`Self::call_within`]: somebody may have to type a password.
    fn call_admin<T>(
        &mut self,
        request: impl AsyncFnOnce(&Connection) -> Result<T, Error>,
    ) -> Result<T, CallError> {
        self.call_within(self.patience.saturating_add(self.typing), request)
    }

    /// A request to either, by whom it is about.
    fn call_about<T>(
        &mut self,
        subject: &Subject,
        request: impl AsyncFnOnce(&Connection) -> Result<T, Error>,
    ) -> Result<T, CallError> {
        match subject {
            Subject::Oneself => self.call(request),
            Subject::User(_) => self.call_admin(request),
        }
    }

    /// Connects where there is no connection yet, and makes one request.
    fn call_within<T>(
        &mut self,
        patience: Duration,
        request: impl AsyncFnOnce(&Connection) -> Result<T, Error>,
    ) -> Result<T, CallError> {
        let Self { connection, runtime, address, progress, interrupts, .. } = self;
        let mut connected = connection.is_some();
        let answer = runtime.block_on(async {
            let work = async {
                let connection = match connection.take() {
                    Some(connection) => connection,
                    None => connection::Builder::address(address.as_str())
                        .build()
                        .await
                        .map_err(CallError::from_connect)?,
                };
                connected = true;
                let answer = request(&connection).await.map_err(CallError::from_reply);
                Ok((connection, answer))
            };
            let work = timeout(patience, announced(work, progress));
            tokio::select! {
                answer = work => Some(answer),
                () = history::interrupted(interrupts) => None,
            }
        });
        progress.clear();
        let Some(answer) = answer else { return Err(CallError::Interrupted) };
        match answer {
            Ok(Ok((open, answer))) => {
                *connection = Some(open);
                answer
            }
            Ok(Err(unconnected)) => Err(unconnected),
            Err(_) if connected => Err(CallError::silent_daemon(patience)),
            Err(_) => Err(CallError::silent_bus(patience)),
        }
    }
}

/// Does the work, and says so when it takes longer than a moment.
async fn announced<T>(work: impl Future<Output = T>, progress: &mut Progress) -> T {
    let mut work = pin!(work);
    if let Ok(done) = timeout(SILENCE, work.as_mut()).await {
        return done;
    }
    progress.show("Waiting for twinlockd...");
    work.await
}
