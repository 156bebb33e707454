//! Codes tried, factors removed, records unlocked.

use twinlock_bus_api::error::{Error, Result};
use twinlock_core::{
    audit::{AuditEvent, Happening},
    dialogue::{World, spent},
    login::User,
    notice::Subject,
    policy::{COMMAND, Method},
    record::{Proof, Trial, UserRecord, Verification},
    response::Response,
};

use super::{
    account::{Accounts, Authority, check_has_factor, require_code},
    caller::Caller,
    contacts::take_away,
    effects::{self, Effects},
    errors,
};

impl Accounts {
    /// Tries a code. It counts as used, and as a failure.
    pub(super) async fn verify(&self, user: &User, caller: &Caller, code: &str) -> Result<()> {
        self.change(user, |record, world, events| {
            check_has_factor(record)?;
            prove(record, world, events, user, caller, code)
        })
        .await
    }

    /// Takes one factor away; a user's own word needs a fresh code.
    pub(super) async fn remove_factor(
        &self,
        user: &User,
        caller: &Caller,
        authority: Authority,
        factor: &str,
        code: &str,
    ) -> Result<()> {
        self.change(user, |record, world, events| {
            check_has_factor(record)?;
            if authority == Authority::Own {
                prove(record, world, events, user, caller, code)?;
            }
            // A contact is the factor of its method, and no id of a factor is such a word.
            if let Some(method) =
                [Method::Email, Method::Sms].into_iter().find(|m| factor == m.as_str())
            {
                return match take_away(record, world, events, user, caller, method) {
                    true => Ok(()),
                    false => Err(no_such_factor(user, factor)),
                };
            }
            let removed = record.remove_factor(factor, world.now);
            let removed = removed.ok_or_else(|| no_such_factor(user, factor))?;
            let cause = format!("factor {}", removed.id);
            let event = AuditEvent::new(Happening::FactorRemoved, user.name.clone(), cause)
                .with_reference(world.fresh.reference());
            events.push(Self::by(caller, user, event));
            let subject = Subject::FactorRemoved { label: removed.label };
            events.tell(record, world, user, caller, subject);
            Ok(())
        })
        .await
    }

    /// Clears waits and failure counts.
    pub(super) async fn unlock(&self, user: &User, caller: &Caller) -> Result<()> {
        self.change(user, |record, _, events| {
            let cause = format!("after {} wrong codes", record.lockout.consecutive());
            record.lockout.unlock();
            let event = AuditEvent::new(Happening::UserUnlocked, user.name.clone(), cause);
            events.push(Self::by(caller, user, event));
            Ok(())
        })
        .await
    }
}

fn no_such_factor(user: &User, factor: &str) -> Error {
    Error::NoSuchFactor(format!(
        "{} has no factor {:?}; 'twinlock factor list' shows them.",
        user.name,
        factor.chars().take(16).collect::<String>()
    ))
}

/// A fresh code of the user's, used up by this; a wrong one is counted.
pub(super) fn prove(
    record: &mut UserRecord,
    world: &World<'_>,
    events: &mut Effects,
    user: &User,
    caller: &Caller,
    code: &str,
) -> Result<()> {
    require_code(code)?;
    let source = effects::source(caller);
    let response = Response::new(code.to_owned());
    let codes = &world.settings.codes;
    let mut log = |happening, cause: String| {
        let event = AuditEvent {
            source: Some(source.clone()),
            ..AuditEvent::new(happening, user.name.clone(), cause)
        };
        let event = event.with_reference(world.fresh.reference());
        events.push(Accounts::by(caller, user, event));
    };
    let trial = Trial {
        counter: &source.counter_key(),
        source: &source,
        service: COMMAND,
        methods: world.settings.policy.methods_of_own_word(user),
        bypass: false,
        rules: codes,
        hashing: world.hashing,
        now: world.now,
        clock: world.clock,
    };
    match record.verify(&response, &trial) {
        Verification::Accepted(proof) => {
            log(Happening::CodeAccepted, proof.cause());
            if let Proof::Recovery { left } = proof {
                events.tell(record, world, user, caller, Subject::RecoveryCodeUsed { left });
            }
            Ok(())
        }
        Verification::Used => {
            log(Happening::CodeRefused, "code used before".to_owned());
            Err(errors::used_code())
        }
        Verification::Spent(at) => {
            log(Happening::CodeRefused, "recovery code used before".to_owned());
            Err(Error::UsedCode(spent(at)))
        }
        Verification::Wrong { .. } => {
            log(Happening::CodeRefused, "wrong code".to_owned());
            Err(errors::wrong_code(&world.fresh.reference()))
        }
        Verification::Refused(gate) => Err(errors::locked(&user.name, gate)),
    }
}
