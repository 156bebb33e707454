//! Accounts, as the bus sees them: whose they are, and how they are changed.

use std::sync::Arc;

use twinlock_bus_api::error::{Error, Result};
use twinlock_core::{
    audit::AuditEvent,
    dialogue::{Effect, World},
    login::User,
    record::UserRecord,
};

use super::{caller::Caller, enrolments::Enrolments, errors};
use crate::engine::{Done, Engine};

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
    pub(super) enrolments: Enrolments,
}

impl Accounts {
    /// Over this engine.
    pub fn new(engine: Arc<Engine>) -> Self {
        Self { engine, enrolments: Enrolments::default() }
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
        // By name once more, for the groups that the policy may ask for.
        self.user(&user.name).await
    }

    /// Changes the record of a user, if it is this user's. What `change` did to the record and
    /// the events it pushed hold also where it returns an error: a wrong code is counted.
    pub(super) async fn change<T>(
        &self,
        user: &User,
        mut change: impl FnMut(&mut UserRecord, &World<'_>, &mut Vec<AuditEvent>) -> Result<T>,
    ) -> Result<T> {
        self.change_any(user, |record, world, events| match record.check_owner(user) {
            Ok(()) => change(record, world, events),
            Err(other) => Err(errors::mismatch(&user.name, other)),
        })
        .await
    }

    /// As [`Self::change`], also a record of an earlier account of the name.
    pub(super) async fn change_any<T>(
        &self,
        user: &User,
        mut change: impl FnMut(&mut UserRecord, &World<'_>, &mut Vec<AuditEvent>) -> Result<T>,
    ) -> Result<T> {
        let step = |record: &mut UserRecord, world: &World<'_>| {
            let mut events = Vec::new();
            let answer = change(record, world, &mut events);
            Done { answer, effects: events.into_iter().map(Effect::Audit).collect() }
        };
        match self.engine.step(user, step).await {
            Ok(answer) => answer,
            Err(error) => Err(errors::trouble(&self.engine, &user.name, &error)),
        }
    }

    /// The event as the caller's doing, where the caller is not the user.
    pub(super) fn by(caller: &Caller, user: &User, event: AuditEvent) -> AuditEvent {
        match caller.uid {
            uid if uid == user.uid => event,
            0 => event.done_by("root"),
            uid => event.done_by(format!("uid {uid}")),
        }
    }
}

pub(super) fn check_enrolled(record: &UserRecord) -> Result<()> {
    if record.is_enrolled() { Ok(()) } else { Err(errors::not_enrolled(&record.user)) }
}

pub(super) fn require_code(code: &str) -> Result<()> {
    if code.trim().is_empty() {
        return Err(Error::CodeRequired(
            "A code of a factor that you have is needed for that.".to_owned(),
        ));
    }
    Ok(())
}
