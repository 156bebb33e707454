//! From what went wrong to the sentence that the caller reads.

use std::time::Duration;

use twinlock_bus_api::{account::Problem, error::Error};
use twinlock_core::{
    audit::{AuditEvent, Happening},
    lockout::Gate,
    record::{TooManyFactors, UidMismatch},
    reference::Reference,
};

use crate::engine::{Engine, EngineError};

/// The daemon itself is in trouble, or a record is: the log has the cause, the caller a reference
/// to it.
pub(super) fn trouble(engine: &Engine, user: &str, error: &EngineError) -> Error {
    let reference = engine.reference();
    let event = AuditEvent::new(Happening::Trouble, user, error.to_string());
    engine.audit(event.with_reference(reference.clone()));
    if error.is_of_one_record() {
        return Error::RecordUnreadable(format!(
            "Nothing can be told of {:?} (reference {reference}): {error}",
            shown(user)
        ));
    }
    Error::Unavailable(format!(
        "The daemon cannot do that right now (reference {reference}): {} What is wrong \
         stands in its log; try again, or ask an administrator.",
        ended(&error.to_string())
    ))
}

/// Of whom a list cannot tell, each with the sentence that a call about them alone would bring.
pub(super) fn problems(engine: &Engine, unread: Vec<(String, EngineError)>) -> Vec<Problem> {
    let problem = |(user, error): (String, EngineError)| {
        let text = sentence(&trouble(engine, &user, &error));
        Problem { user, text }
    };
    unread.into_iter().map(problem).collect()
}

pub(super) fn unknown_user(name: &str) -> Error {
    Error::UnknownUser(format!("There is no user {:?} on this host; check the name.", shown(name)))
}

pub(super) fn another_name(name: &str, canonical: &str) -> Error {
    Error::InvalidArgument(format!(
        "The user database knows {:?} as {:?}; use that name.",
        shown(name),
        shown(canonical)
    ))
}

pub(super) fn ambiguous(name: &str) -> Error {
    Error::UnknownUser(format!(
        "The user database knows two accounts by the name {:?}; ask an administrator to mend it.",
        shown(name)
    ))
}

pub(super) fn mismatch(user: &str, mismatch: UidMismatch) -> Error {
    Error::RecordMismatch(format!(
        "The record of {user} is of uid {}, but {user} has uid {} now: it belongs to an earlier \
         account. 'twinlock reset {user}' empties it for the new one.",
        mismatch.recorded, mismatch.actual
    ))
}

pub(super) fn not_enrolled(user: &str) -> Error {
    Error::NotEnrolled(format!("{user} has no second factor; 'twinlock enroll' sets one up."))
}

pub(super) fn wrong_code(reference: &Reference) -> Error {
    Error::WrongCode(format!("That code is not right (reference {reference})."))
}

pub(super) fn used_code() -> Error {
    Error::UsedCode("That code was used already; wait for the next one.".to_owned())
}

pub(super) fn locked(user: &str, gate: Gate) -> Error {
    Error::Locked(match gate {
        Gate::Wait(wait) => {
            format!("Too many wrong codes. Try again in {} seconds.", at_least_one(wait))
        }
        Gate::Open | Gate::Stopped => format!(
            "Too many wrong codes for {user}. An administrator opens the account with 'twinlock \
             unlock {user}'."
        ),
    })
}

/// No enrolment on one's own word, but by an administrator.
pub(super) fn closed_to_users() -> Error {
    Error::EnrolmentClosed("Here only an administrator enrols users; ask one.".to_owned())
}

/// No enrolment without an invitation, and there is none that could be typed.
pub(super) fn uninvited(user: &str) -> Error {
    Error::EnrolmentClosed(format!(
        "Setting up a second factor takes an invitation here, and {user} has none that can still be \
         used. Ask an administrator for one ('twinlock invite {user}')."
    ))
}

/// No enrolment without the invitation that there is.
pub(super) fn invitation_required() -> Error {
    Error::InvitationRequired(
        "The invitation that you were given is needed for that; give its code.".to_owned(),
    )
}

/// The invitation that opened an enrolment does not stand any more.
pub(super) fn invitation_gone(reference: &Reference) -> Error {
    Error::NoSuchEnrolment(format!(
        "The invitation is not valid any more: it was used, replaced or withdrawn meanwhile, or its \
         time is over. Ask an administrator for another (reference {reference})."
    ))
}

pub(super) fn too_many_factors(error: TooManyFactors) -> Error {
    Error::InvalidArgument(format!("That is one factor too many: {error}."))
}

pub(super) fn too_many_enrolments() -> Error {
    Error::Unavailable(
        "Too many enrolments wait for a code; finish or cancel one, or try again in ten minutes."
            .to_owned(),
    )
}

pub(super) fn too_many_calls() -> Error {
    Error::Unavailable(
        "Too many calls wait for their turn; try again when some have ended.".to_owned(),
    )
}

/// The sentence that the caller would have read.
pub(super) fn sentence(error: &Error) -> String {
    zbus::DBusError::description(error).unwrap_or("failed").to_owned()
}

/// A sentence ends with a full stop.
fn ended(text: &str) -> String {
    format!("{}.", text.strip_suffix('.').unwrap_or(text))
}

/// A sentence begins with a capital letter.
pub(super) fn capital(text: &str) -> String {
    let mut characters = text.chars();
    let first: String = characters.next().into_iter().flat_map(char::to_uppercase).collect();
    first + characters.as_str()
}

/// A name from outside, short enough for a sentence.
fn shown(name: &str) -> String {
    name.chars().take(64).collect()
}

fn at_least_one(wait: Duration) -> u64 {
    wait.as_secs().max(1)
}
