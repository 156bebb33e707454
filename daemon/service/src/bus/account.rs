//! Accounts, as the bus sees them: whose they are, and how they are changed.

use std::{sync::Arc, time::Duration};

use twinlock_bus_api::error::{Error, Result};
use twinlock_core::{audit::AuditEvent, dialogue::World, login::User, record::UserRecord};
use zbus::{Connection, message::Header};

use super::{
    caller::{Caller, Identity},
    calls::Calls,
    contacts::PendingContact,
    effects::Effects,
    enrolments::Enrolments,
    errors,
    transfers::Transfers,
};
use crate::configuration::Configuration;
use crate::engine::{Done, Engine, EngineError, UserLocks, within};

/// How long a change may wait for its turn and for the store: less than a client waits.
pub(super) const DEADLINE: Duration = Duration::from_secs(10);

/// Whose word a change rests on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Authority {
    /// The user's own, so that a fresh code is asked where one can be.
    Own,
    /// An administrator's.
    Administrator,
}

/// What is done to accounts over the bus, whoever asks for it.
pub struct Accounts {
    pub(super) engine: Arc<Engine>,
    pub(super) configuration: Arc<Configuration>,
    pub(super) enrolments: Enrolments,
    pub(super) proofs: Enrolments<PendingContact>,
    pub(super) transfers: Transfers,
    pub(super) backup_key: Option<crate::backup::file::FileKey>,
    turns: UserLocks,
    calls: Calls,
}

impl Accounts {
    /// Over this engine, which this configuration is in force in.
    pub fn new(engine: Arc<Engine>, configuration: Arc<Configuration>) -> Self {
        Self {
            engine,
            configuration,
            enrolments: Enrolments::default(),
            proofs: Enrolments::default(),
            transfers: Transfers::default(),
            backup_key: None,
            turns: UserLocks::default(),
            calls: Calls::default(),
        }
    }

    /// With the key that backups are sealed with where no passphrase is given.
    #[must_use]
    pub fn with_backup_key(self, key: &crate::store::DerivedKey) -> Self {
        Self { backup_key: Some(zeroize::Zeroizing::new(*key.expose())), ..self }
    }

    /// Forgets all that waits for a certain connection: the bus that knew them is gone, and the next
    /// one gives out the same names again.
    pub(super) fn forget_connections(&self) {
        self.enrolments.clear();
        self.proofs.clear();
        self.transfers.clear();
    }

    /// Who sent this message, when it is their turn.
    pub(super) async fn caller(
        &self,
        header: &Header<'_>,
        connection: &Connection,
    ) -> Result<Caller> {
        Ok(self.in_turn(self.identify(header, connection).await?).await)
    }

    /// Who sent this message, before their turn.
    pub(super) async fn identify(
        &self,
        header: &Header<'_>,
        connection: &Connection,
    ) -> Result<Identity> {
        Identity::of(header, connection, &self.calls).await
    }

    /// Waits for the turn of a caller.
    pub(super) async fn in_turn(&self, known: Identity) -> Caller {
        known.in_turn(&self.turns).await
    }

    /// The user of this name.
    pub(super) async fn user(&self, name: &str) -> Result<User> {
        let found = self.engine.find_user(name).await;
        found
            .map_err(|error| errors::trouble(&self.engine, name, &error))?
            .ok_or_else(|| errors::unknown_user(name))
    }

    /// The caller's own account.
    pub(super) async fn own(&self, caller: &Caller) -> Result<User> {
        let found = self.engine.find_uid(caller.uid).await;
        let user = found
            .map_err(|error| errors::trouble(&self.engine, "", &error))?
            .ok_or_else(|| errors::unknown_user(&format!("uid {}", caller.uid)))?;
        // By name once more, for the groups that the policy may ask for. Where two sources of the
        // user database disagree, the name may be another's.
        let named = self.user(&user.name).await?;
        if named.uid == caller.uid { Ok(named) } else { Err(errors::ambiguous(&named.name)) }
    }

    /// Changes the record of a user, if it is this user's. What `change` did to the record and what
    /// it led to hold also where it returns an error: a wrong code is counted.
    pub(super) async fn change<T>(
        &self,
        user: &User,
        mut change: impl FnMut(&mut UserRecord, &World<'_>, &mut Effects) -> Result<T>,
    ) -> Result<T> {
        let step = |record: &mut UserRecord, world: &World<'_>| {
            run(|events| match record.check_owner(user) {
                Ok(()) => change(record, world, events),
                Err(other) => Err(errors::mismatch(&user.name, other)),
            })
        };
        self.answer(user, self.engine.step(user, step)).await
    }

    /// As [`Self::change`], also a record of an earlier account of the name and, as an empty one,
    /// a record that cannot be read.
    pub(super) async fn change_any<T>(
        &self,
        user: &User,
        mut change: impl FnMut(&mut UserRecord, &World<'_>, &mut Effects) -> Result<T>,
    ) -> Result<T> {
        let step = |record: &mut UserRecord, world: &World<'_>| {
            run(|events| change(record, world, events))
        };
        self.answer(user, self.engine.step_afresh(user, step)).await
    }

    async fn answer<T>(
        &self,
        user: &User,
        step: impl Future<Output = std::result::Result<Result<T>, EngineError>>,
    ) -> Result<T> {
        match within(DEADLINE, step).await {
            Ok(answer) => answer,
            Err(error) => Err(errors::trouble(&self.engine, &user.name, &error)),
        }
    }

    /// The event as the caller's doing, where the caller is not the user.
    pub(super) fn by(caller: &Caller, user: &User, event: AuditEvent) -> AuditEvent {
        match caller.name_to(user) {
            None => event,
            Some(name) => event.done_by(name),
        }
    }
}

/// The answer of a change, with what it brought about.
fn run<T>(change: impl FnOnce(&mut Effects) -> Result<T>) -> Done<Result<T>> {
    let mut effects = Effects::default();
    let answer = change(&mut effects);
    Done { answer, effects: effects.into() }
}

pub(super) fn check_has_factor(record: &UserRecord) -> Result<()> {
    if record.has_factor() { Ok(()) } else { Err(errors::not_enrolled(&record.user)) }
}

pub(super) fn require_code(code: &str) -> Result<()> {
    if code.trim().is_empty() {
        return Err(Error::CodeRequired(
            "A code of a factor that you have is needed for that; give one.".to_owned(),
        ));
    }
    Ok(())
}
