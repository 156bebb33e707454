//! The engine: every change of a user's record goes lock user → load → core → commit → effects →
//! reply, in this order.
//!
//! The lock makes one host's logins of one user take turns, so that the compare-and-swap below it
//! seldom has to be tried again; the compare-and-swap is what holds where several daemons share a
//! store. A verdict leaves the engine only after everything it rests on is durable.

mod backup;
mod forget;
mod locks;
mod predecessors;
pub(crate) mod random;
mod records;
mod reminders;
mod strangers;
#[cfg(test)]
mod tests;
mod time;

use std::{
    sync::{Arc, RwLock},
    time::Duration,
};

use thiserror::Error;
use twinlock_core::{
    audit::AuditEvent,
    dialogue::{Effect, Settings, World},
    fresh::Fresh,
    hashing::Hashing,
    login::User,
    record::UserRecord,
    reference::Reference,
    time::Timestamp,
};
use zeroize::Zeroizing;

pub use self::{
    backup::Restored, forget::Forgotten, locks::UserLocks, records::Records, time::Now,
};
use self::{predecessors::Predecessors, strangers::Strangers};
use crate::{
    audit_log::AuditLog,
    audit_trail::History,
    clock::{Clock, Horizon},
    directory::{Directory, DirectoryError},
    post::Post,
    store::{Change, CommitError, Store, StoreError, Version},
};

/// How often a step is run again because another daemon changed the record in between. Between two
/// that race for one record each try is lost half of the time, so that a few are not enough.
const ATTEMPTS: usize = 64;

/// What a record's key begins with.
const USER_PREFIX: &str = "user/";

/// Why a step could not be carried out. Nothing was changed, and nobody is let in.
#[derive(Debug, Error)]
pub enum EngineError {
    /// The store cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The store cannot be written.
    #[error(transparent)]
    Commit(#[from] CommitError),
    /// The user database cannot be read.
    #[error(transparent)]
    Directory(#[from] DirectoryError),
    /// A record is there and cannot be understood.
    #[error(
        "the record of {user:?} cannot be read: {why}; restore it from a backup or reset the user"
    )]
    Record {
        /// Whose.
        user: String,
        /// What is wrong with it, without any of its values.
        why: String,
    },
    /// Something that the step waited for took too long.
    #[error("no answer within {} ms", .0.as_millis())]
    TooLate(Duration),
    /// A record cannot be written down.
    #[error("the record of {0:?} cannot be written down")]
    Unwritable(String),
    /// Others changed the record faster than this step could.
    #[error("the record of {0:?} changes too fast")]
    Contended(String),
    /// The policy asks for other groups than when the user was looked up.
    #[error("the configuration was read again in the middle, and names other groups; log in again")]
    OtherGroups,
    /// The system has no randomness.
    #[error("the system's random generator failed: {0}")]
    Random(String),
}

impl EngineError {
    /// Whether the record of one user is concerned and those of others can be read.
    pub const fn is_of_one_record(&self) -> bool {
        match self {
            Self::Record { .. } => true,
            Self::Store(error) => error.is_of_one_record(),
            _ => false,
        }
    }
}

/// What the daemon rests on. Tests put their own in.
pub struct Foundations {
    /// Where records are kept.
    pub store: Arc<dyn Store>,
    /// Who users are.
    pub directory: Arc<dyn Directory>,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
    /// Where events go.
    pub audit: AuditLog,
    /// How users are told.
    pub post: Arc<dyn Post>,
    /// Digests of codes.
    pub hashing: Arc<dyn Hashing>,
}

/// The heart of the daemon.
pub struct Engine {
    foundations: Foundations,
    settings: RwLock<Arc<Settings>>,
    horizon: Horizon,
    locks: UserLocks,
    strangers: Strangers,
    predecessors: Predecessors,
}

/// What becomes of a record that cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Unreadable {
    /// The step is refused.
    Refuse,
    /// An empty one takes its place.
    Replace,
}

/// What a step returns, and what happens once its change is durable.
pub struct Done<T> {
    /// For the caller.
    pub answer: T,
    /// For others.
    pub effects: Vec<Effect>,
}

impl Engine {
    /// Starts with the latest time that the store remembers.
    ///
    /// # Errors
    /// The store cannot be read.
    pub async fn start(foundations: Foundations, settings: Settings) -> Result<Self, EngineError> {
        let remembered = time::remembered(&*foundations.store).await?;
        Ok(Self {
            horizon: Horizon::from_remembered(remembered, &*foundations.clock),
            settings: RwLock::new(Arc::new(settings)),
            locks: UserLocks::default(),
            strangers: Strangers::default(),
            predecessors: Predecessors::default(),
            foundations,
        })
    }

    /// The settings as of now. A step uses one set from beginning to end.
    pub fn settings(&self) -> Arc<Settings> {
        self.settings.read().unwrap_or_else(|poisoned| poisoned.into_inner()).clone()
    }

    /// Puts new settings in force, for every step that begins from now on.
    pub fn replace_settings(&self, settings: Settings) {
        *self.settings.write().unwrap_or_else(|poisoned| poisoned.into_inner()) =
            Arc::new(settings);
    }

    /// The user of this name, with groups where the policy asks for any; `None` if NSS knows none.
    ///
    /// # Errors
    /// The look-up failed.
    pub async fn find_user(&self, name: &str) -> Result<Option<User>, EngineError> {
        let named = self.settings().policy.group_names();
        Ok(self.foundations.directory.user_by_name(name, named).await?)
    }

    /// The user of this uid; `None` if NSS knows none.
    ///
    /// # Errors
    /// The look-up failed.
    pub async fn find_uid(&self, uid: u32) -> Result<Option<User>, EngineError> {
        Ok(self.foundations.directory.user_by_uid(uid).await?)
    }

    /// Runs one step on a user's record: what the step changed is durable, and its effects have
    /// begun, before the answer is returned. The step may be run several times, each time on a
    /// fresh record; only the last run counts.
    ///
    /// # Errors
    /// Nothing was changed that anybody was told of.
    pub async fn step<T>(
        &self,
        user: &User,
        step: impl FnMut(&mut UserRecord, &World<'_>) -> Done<T>,
    ) -> Result<T, EngineError> {
        self.step_on(user, Unreadable::Refuse, step).await
    }

    /// As [`Self::step`], on an empty record where the stored one cannot be read: the way out of
    /// one that is damaged, for an administrator who takes everything away anyhow.
    ///
    /// # Errors
    /// As [`Self::step`].
    pub async fn step_afresh<T>(
        &self,
        user: &User,
        step: impl FnMut(&mut UserRecord, &World<'_>) -> Done<T>,
    ) -> Result<T, EngineError> {
        self.step_on(user, Unreadable::Replace, step).await
    }

    async fn step_on<T>(
        &self,
        user: &User,
        unreadable: Unreadable,
        mut step: impl FnMut(&mut UserRecord, &World<'_>) -> Done<T>,
    ) -> Result<T, EngineError> {
        let _turn = self.locks.lock(&user.name).await;
        let settings = self.settings();
        for _ in 0..ATTEMPTS {
            let (stored, version) = self.load(user, unreadable).await?;
            let empty = self.empty(user, version)?;
            let mut record = stored.clone().unwrap_or_else(|| empty.clone());
            let fresh = random::fresh()?;
            let now = self.now();
            let world = self.world(&settings, now, &fresh);
            let done = step(&mut record, &world);
            let unchanged = match &stored {
                Some(stored) => *stored == record,
                None => version == Version::ABSENT && record == empty,
            };
            if !unchanged {
                match self.save(&record, version).await {
                    Ok(()) => {}
                    Err(EngineError::Commit(CommitError::Conflict { .. })) => continue,
                    Err(error) => return Err(error),
                }
            }
            self.carry_out(done.effects);
            return Ok(done.answer);
        }
        Err(EngineError::Contended(user.name.clone()))
    }

    /// Runs a step of a user whom NSS does not know. What it counts is kept in memory only.
    ///
    /// # Errors
    /// The system has no randomness.
    pub fn step_of_stranger<T>(
        &self,
        user: &User,
        step: impl FnOnce(&mut UserRecord, &World<'_>) -> Done<T>,
    ) -> Result<T, EngineError> {
        let settings = self.settings();
        let fresh = random::fresh()?;
        let now = self.now();
        let world = self.world(&settings, now, &fresh);
        let done = self.strangers.step(user, self.steady(), |record| step(record, &world));
        self.carry_out(done.effects);
        Ok(done.answer)
    }

    fn world<'a>(&'a self, settings: &'a Settings, now: Now, fresh: &'a Fresh) -> World<'a> {
        let hashing = &*self.foundations.hashing;
        World { settings, now: now.horizon, clock: now.wall, fresh, hashing }
    }

    /// The record of a user; `None` if there is none.
    ///
    /// # Errors
    /// It cannot be read.
    pub async fn read(&self, user: &str) -> Result<Option<UserRecord>, EngineError> {
        let found = self.foundations.store.read(&key(user)).await?;
        found.value.map(|bytes| decode(user, &bytes)).transpose()
    }

    /// Writes an event to the authentication log and the audit trail, with the time of day.
    pub fn audit(&self, event: AuditEvent) {
        self.foundations.audit.record(event, self.foundations.clock.wall());
    }

    /// The events so far, those of this moment included.
    pub async fn history(&self) -> History {
        self.foundations.audit.settle().await;
        History::new(Arc::clone(&self.foundations.store))
    }

    /// A reference for something that went wrong outside a step; it is only ever read aloud, so
    /// without randomness it is a fixed one.
    pub fn reference(&self) -> Reference {
        random::fresh().map_or_else(|_| Reference::from_random([0; 6]), |f| f.reference())
    }

    /// Random bytes for a secret.
    ///
    /// # Errors
    /// The system has no randomness.
    pub fn fresh(&self) -> Result<Fresh, EngineError> {
        random::fresh()
    }

    /// The steady clock, for ages.
    pub fn steady(&self) -> std::time::Duration {
        self.foundations.clock.steady()
    }

    async fn load(
        &self,
        user: &User,
        unreadable: Unreadable,
    ) -> Result<(Option<UserRecord>, Version), EngineError> {
        let found = match self.foundations.store.read(&key(&user.name)).await {
            Err(StoreError::Damaged { version, .. }) if unreadable == Unreadable::Replace => {
                return Ok((None, version));
            }
            found => found?,
        };
        match found.value.map(|bytes| decode(&user.name, &bytes)).transpose() {
            Err(_) if unreadable == Unreadable::Replace => Ok((None, found.version)),
            record => Ok((record?, found.version)),
        }
    }

    async fn save(&self, record: &UserRecord, expected: Version) -> Result<(), EngineError> {
        let change = Change::put(key(&record.user), expected, encode(record)?);
        self.foundations.store.commit(vec![change]).await?;
        Ok(())
    }

    fn carry_out(&self, effects: Vec<Effect>) {
        for effect in effects {
            match effect {
                Effect::Audit(event) => self.audit(event),
                Effect::Notify(notice) => self.foundations.post.send(*notice),
            }
        }
    }
}

/// Runs `work`, but no longer than `limit`. What is broken off may still have been carried out, and
/// nobody is told that it was.
///
/// # Errors
/// Those of `work`, and [`EngineError::TooLate`].
pub async fn within<T>(
    limit: Duration,
    work: impl Future<Output = Result<T, EngineError>>,
) -> Result<T, EngineError> {
    match tokio::time::timeout(limit, work).await {
        Ok(result) => result,
        Err(_) => Err(EngineError::TooLate(limit)),
    }
}

fn key(user: &str) -> String {
    format!("{USER_PREFIX}{user}")
}

/// Reserved at once, so that the buffer does not move and leave copies of secrets behind.
fn encode(record: &UserRecord) -> Result<Zeroizing<Vec<u8>>, EngineError> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(crate::store::MAX_VALUE));
    serde_json::to_writer(&mut *bytes, record)
        .map_err(|_| EngineError::Unwritable(record.user.clone()))?;
    Ok(bytes)
}

fn decode(user: &str, bytes: &[u8]) -> Result<UserRecord, EngineError> {
    let problem = |why: String| EngineError::Record { user: user.to_owned(), why };
    // serde_json's message may quote a value; its category and place do not.
    let record: UserRecord = serde_json::from_slice(bytes).map_err(|error| {
        problem(format!("{:?} error at column {}", error.classify(), error.column()))
    })?;
    if record.user == user { Ok(record) } else { Err(problem("it names another user".to_owned())) }
}

/// Whether a time is worth remembering again.
pub(crate) const fn is_later_by_a_minute(now: Timestamp, than: Timestamp) -> bool {
    now.as_secs() >= than.as_secs().saturating_add(60)
}
