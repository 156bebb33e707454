//! What the rigs' daemon says where it refuses: the daemon's own sentences, word for word, which
//! `daemon_sentences` holds against its sources.

use twinlock_bus_api::error::Error;

/// The daemon's own trouble.
fn trouble(why: &str) -> Error {
    Error::Unavailable(format!(
        "The daemon cannot do that right now (reference 7F3KQ2): {why} What is wrong \
         stands in its log; try again, or ask an administrator."
    ))
}

pub fn unreadable_directory() -> Error {
    trouble("the user database did not answer within 5 s.")
}

pub fn unwritable_store() -> Error {
    trouble("The store gave no answer within 5 s. Check the disk and the load of the host.")
}

/// What the daemon says of a record that does not unseal.
pub fn damage(user: &str) -> String {
    let key = format!("user/{user}");
    let error = format!(
        "The record {key:?} in the store is damaged or was tampered with, and is not used. Delete \
         it ('twinlock user forget' for a user), or bring the store back with 'twinlock restore'."
    );
    format!("Nothing can be told of {user:?} (reference 7F3KQ2): {error}")
}

pub fn forbidden() -> Error {
    let why = "polkit does not allow it";
    Error::NotAuthorized(format!("Only an administrator may do that ({why}); use sudo."))
}

pub fn unknown_user(name: &str) -> Error {
    Error::UnknownUser(format!("There is no user {name:?} on this host; check the name."))
}

pub fn no_record(name: &str) -> Error {
    Error::UnknownUser(format!(
        "There is no record of {name:?}; 'twinlock user list' shows those that there are."
    ))
}

pub fn not_enrolled(name: &str) -> Error {
    Error::NotEnrolled(format!("{name} has no second factor; 'twinlock enroll' sets one up."))
}

pub fn enrolled_already(name: &str) -> Error {
    Error::AlreadyEnrolled(format!(
        "{name} has a second factor already, and an invitation is for who has none. 'twinlock \
         reset {name}' takes it away and makes one."
    ))
}

pub fn code_required() -> Error {
    Error::CodeRequired("A code of a factor that you have is needed for that; give one.".to_owned())
}

pub fn wrong_code() -> Error {
    Error::WrongCode("That code is not right (reference 7F3KQ2).".to_owned())
}

pub fn used_code() -> Error {
    Error::UsedCode("That code was used already; wait for the next one.".to_owned())
}

pub fn locked() -> Error {
    Error::Locked("Too many wrong codes. Try again in 40 seconds.".to_owned())
}

pub fn uninvited(name: &str) -> Error {
    Error::EnrolmentClosed(format!(
        "Setting up a second factor takes an invitation here, and {name} has none that can still be \
         used. Ask an administrator for one ('twinlock invite {name}')."
    ))
}

pub fn invitation_required() -> Error {
    Error::InvitationRequired(
        "The invitation that you were given is needed for that; give its code.".to_owned(),
    )
}

pub fn not_invited() -> Error {
    Error::WrongCode(
        "That invitation code is not right, or its time is over. Ask an administrator for another \
         (reference 7F3KQ2)."
            .to_owned(),
    )
}

pub fn throttled() -> Error {
    Error::Throttled("A code was sent a moment ago. Ask for another in 20 seconds.".to_owned())
}

pub fn no_enrolment() -> Error {
    Error::NoSuchEnrolment(
        "That enrolment is not open any more; begin again with 'twinlock enroll'.".to_owned(),
    )
}

pub fn no_address(given: &str) -> Error {
    let why = "that is no address; write an address, a block like 192.0.2.0/24, or local";
    Error::InvalidArgument(format!("A bypass code cannot be for {given:?}: {why}."))
}

pub fn no_e_mail_address() -> Error {
    let sentence = "That is no e-mail address; it looks like alice@example.org.";
    Error::InvalidArgument(sentence.to_owned())
}

pub fn requested_already(id: &str) -> Error {
    let until = "2026-11-25 11:06 UTC";
    Error::ResetRequested(format!(
        "Request {id} waits for an administrator already, until {until}; 'twinlock reset request \
         --cancel' takes it back."
    ))
}

pub fn nothing_requested(name: &str) -> Error {
    Error::NoSuchRequest(format!(
        "No request for a reset of {name} is open; 'twinlock reset request' makes one."
    ))
}

pub fn no_request(id: &str) -> Error {
    Error::NoSuchRequest(format!(
        "No request {id:?} is open: it was decided, taken back or has lapsed. 'twinlock reset list' \
         shows those that are."
    ))
}

pub fn no_host(name: &str, host: &str) -> Error {
    Error::NoSuchHost(format!(
        "{name} trusts no host {host:?}; 'twinlock trusted list' shows them."
    ))
}

/// The sentence of an error.
pub fn sentence(error: &Error) -> String {
    zbus::DBusError::description(error).unwrap().to_owned()
}
