//! What people read at the prompt. Every sentence says what to do next.

use std::time::Duration;

use super::{Message, World};
use crate::{
    policy::{DenyReason, Reminder},
    reference::Reference,
};

pub(super) const CODE_PROMPT: &str = "Verification code: ";

pub(super) const USED: &str = "That code was used already; wait for the next one.";

pub(super) const CONFIRM_PROMPT: &str = "Verification code (i: redraw for a light screen): ";

pub(super) const ENTER_PROMPT: &str = "Press Enter to go on: ";

pub(super) const ENROLLED: &str = "\nDone. From now on this host asks for a code of this app.";

pub(super) const ENROL_ELSEWHERE: &str =
    "Set up two-factor authentication over SSH or with 'twinlock enroll' first.";

pub(super) fn enrol_nowhere(service: &str, reference: &Reference) -> String {
    format!(
        "Two-factor authentication cannot be set up here: the PAM service {} has no account line \
         of pam_twinlock. Set it up with 'twinlock enroll', or ask an administrator (reference \
         {reference}).",
        service.escape_debug()
    )
}

pub(super) fn offer(host: &str) -> String {
    format!(
        "\nTwo-factor authentication is required on {host}.\nScan this with an authenticator app, \
         or type the key in by hand."
    )
}

pub(super) fn key(drawing: &str, account: &str, key: &str) -> String {
    format!("\n{drawing}\n\nAccount: {account}    Key: {key}")
}

pub(super) fn wrong(world: &World<'_>) -> Message {
    Message::error(format!("That code is not right (reference {}).", world.fresh.reference()))
}

pub(super) fn wait(wait: Duration) -> String {
    format!("Too many wrong codes. Try again in {}.", duration(wait))
}

pub(super) fn stopped(reference: &Reference) -> String {
    format!(
        "Too many wrong codes for this account. Ask an administrator to unlock it (reference \
         {reference})."
    )
}

/// The login cannot be decided: a store, a user database or a clock that fails.
pub fn unavailable(reference: &Reference) -> Message {
    Message::error(format!(
        "Your login cannot be checked right now (reference {reference}). Try again in a minute; \
         if it stays so, tell an administrator."
    ))
}

/// The dialogue waited five minutes for an answer.
pub fn too_late() -> Message {
    Message::error("That took too long. Log in again.")
}

pub(super) fn no_first_factor(reference: &Reference) -> String {
    format!(
        "This login has shown neither a password nor a key. An administrator must put pam_twinlock \
         behind the first factor, or set AuthenticationMethods publickey,keyboard-interactive in \
         sshd_config (reference {reference})."
    )
}

/// A stored record belongs to an earlier account of the same name.
pub(super) fn other_account(reference: &Reference) -> String {
    format!(
        "Your second factor belongs to an earlier account of this name. Ask an administrator to \
         reset it (reference {reference})."
    )
}

pub(super) fn not_enrolled(host: &str, user: &str, reference: &Reference) -> String {
    format!(
        "Two-factor authentication is required on {host} and is not set up for {user}. Ask an \
         administrator to enrol you (reference {reference})."
    )
}

pub(super) fn denied(reason: &DenyReason, host: &str, reference: &Reference) -> String {
    match reason {
        DenyReason::DeniedNetwork { .. }
        | DenyReason::NetworkNotAllowed { .. }
        | DenyReason::UnknownSource => format!(
            "Logins to {host} are not allowed from where you are. Try from another network, or \
             ask an administrator (reference {reference})."
        ),
        DenyReason::KeyAlone { .. } => format!(
            "A second factor is required on {host}, and a key alone is none. An administrator \
             must set AuthenticationMethods publickey,keyboard-interactive in sshd_config \
             (reference {reference})."
        ),
        DenyReason::NoUsableMethod { .. } => format!(
            "None of your second factors can be used right now. Ask an administrator (reference \
             {reference})."
        ),
        DenyReason::MethodsNotPermitted { .. } => format!(
            "None of your second factors counts here. Ask an administrator to enrol you anew \
             (reference {reference})."
        ),
        DenyReason::NoFirstFactor | DenyReason::EnrolmentByAdmin | DenyReason::NothingToEnrol => {
            format!(
                "Two-factor authentication is required on {host} and is not set up for you. Ask \
                 an administrator to enrol you (reference {reference})."
            )
        }
    }
}

pub(super) fn reminder(reminder: &Reminder, host: &str) -> String {
    let how = "set it up with 'twinlock enroll'";
    match (reminder.required_from, reminder.deadline) {
        (Some(from), _) => format!(
            "Two-factor authentication will be required on {host} from {}; {how}.",
            from.date()
        ),
        (None, Some(deadline)) => format!(
            "Two-factor authentication is required on {host} from {} on; {how} before.",
            deadline.date()
        ),
        (None, None) => format!("Two-factor authentication is offered on {host}; {how}."),
    }
}

/// In the largest unit that says it exactly enough: waits are short, and people count in them.
pub(super) fn duration(duration: Duration) -> String {
    let seconds = duration.as_secs();
    let (count, unit) = match seconds {
        0..=119 => (seconds, "second"),
        120..=7199 => (seconds.div_ceil(60), "minute"),
        _ => (seconds.div_ceil(3600), "hour"),
    };
    format!("{count} {unit}{}", if count == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_is_said_in_the_unit_people_count_in_and_never_too_short() {
        for (seconds, text) in [
            (1, "1 second"),
            (40, "40 seconds"),
            (119, "119 seconds"),
            (121, "3 minutes"),
            (3600, "60 minutes"),
            (7201, "3 hours"),
        ] {
            assert_eq!(duration(Duration::from_secs(seconds)), text);
        }
    }
}
