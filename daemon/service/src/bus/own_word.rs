//! Whether users enrol on their own word, and with what.
//!
//! ```text
//!   a factor ──► a fresh code of it, and nothing else
//!   none ──► at will, at login ──► open
//!        ├─► invitation ──► the invitation; a wrong one is counted, enough of them wait
//!        └─► admin ──► closed
//! ```

use twinlock_bus_api::error::{Error, Result};
use twinlock_core::{
    audit::{AuditEvent, Happening},
    dialogue::{World, not_invited},
    lockout::Gate,
    login::User,
    policy::EnrolmentMode,
    record::{Admission, UserRecord},
    response::Response,
};

use super::{
    account::Accounts,
    caller::Caller,
    effects::{self, Effects},
    errors,
    verbs::prove,
};

/// Lets a user open an enrolment: with a code where they have a factor, and else as the policy and
/// the record say. Returns the id of the invitation that it is to use up.
pub(super) fn may_enrol(
    record: &mut UserRecord,
    world: &World<'_>,
    events: &mut Effects,
    user: &User,
    caller: &Caller,
    code: &str,
) -> Result<Option<String>> {
    // An invitation never stands for a code of a factor that is there.
    if record.has_factor() {
        return prove(record, world, events, user, caller, code).map(|()| None);
    }
    let standing = record.standing(world.settings.channels);
    match world.settings.policy.enrolment_on_own_word(user, &standing) {
        EnrolmentMode::AtWill | EnrolmentMode::AtLogin => Ok(None),
        EnrolmentMode::Invitation => admit(record, world, events, user, caller, code).map(Some),
        EnrolmentMode::Admin => Err(errors::closed_to_users()),
    }
}

/// The invitation of a user who enrols with one. A wrong one costs the caller what it costs at the
/// prompt of a login.
fn admit(
    record: &mut UserRecord,
    world: &World<'_>,
    events: &mut Effects,
    user: &User,
    caller: &Caller,
    code: &str,
) -> Result<String> {
    let source = effects::source(caller);
    let counter = source.counter_key();
    let rules = &world.settings.codes.lockout;
    if code.trim().is_empty() {
        let wait = record.lockout.wait(&counter, rules, world.now);
        return Err(match &record.invitation {
            Some(_) if !wait.is_zero() => errors::locked(&user.name, Gate::Wait(wait)),
            Some(invitation) if world.now < invitation.until => errors::invitation_required(),
            _ => errors::uninvited(&user.name),
        });
    }
    let typed = Response::new(code.to_owned());
    match record.try_invitation(&typed, &counter, rules, world.hashing, world.now) {
        Admission::Admitted { id } => Ok(id),
        Admission::Waits(wait) => Err(errors::locked(&user.name, Gate::Wait(wait))),
        Admission::Refused { cause, .. } => {
            let reference = world.fresh.reference();
            let event = AuditEvent::new(Happening::CodeRefused, user.name.clone(), cause);
            let event = AuditEvent { source: Some(source), ..event };
            events.push(Accounts::by(caller, user, event.with_reference(reference.clone())));
            Err(Error::WrongCode(not_invited(&reference)))
        }
    }
}
