//! What people read at the prompt. Every sentence says what to do next.

use std::time::Duration;

use zeroize::Zeroizing;

use super::{Message, World};
use crate::{
    factor::one_time_code::Withheld,
    policy::{DenyReason, EnrolmentMode, Method, Methods, Remember, Reminder},
    reference::Reference,
    reset_request::ResetRequest,
    time::Timestamp,
    trusted_host::{Binding, Shown},
};

pub(super) const RECOVERY_PROMPT: &str = "Recovery code: ";

pub(super) const NOTHING_SENT: &str =
    "This login has shown neither a password nor a key, so no code is sent.";

pub(super) const BYPASS_PROMPT: &str = "Bypass code (Enter: go on without one): ";

pub(super) const INVITATION_PROMPT: &str = "Invitation code: ";

const LOST_OPTION: &str = "l: lost everything";

pub(super) const LOST_PROMPT: &str = "Ask for it? [y/N] ";

pub(super) const LOST_ABOUT: &str = "\nAn administrator can take your second factors away, so that you can set them up anew. The \
     request goes into the log, and mail to all of your contacts; nobody is let in by it.";

pub(super) const USED: &str = "That code was used already; wait for the next one.";

pub(super) const CONFIRM_PROMPT: &str = "Verification code (i: redraw for a light screen): ";

pub(super) const ENTER_PROMPT: &str = "Press Enter to go on: ";

pub(super) const RENEW_PROMPT: &str = "Set up your second factor anew? [y/N] ";

pub(super) const REPLACE_PROMPT: &str = "Press Enter to put it in the place of the old one: ";

pub(super) const RENEWED: &str =
    "Your new second factor counts from now on; the old one and its recovery codes are void.";

pub(super) const RENEWAL_KEY: &str = "\nScan this with an authenticator app, or type the key in by hand. If you see no square, type \
     a to have it drawn in plain ASCII. The old one counts until you have confirmed the new one.";

/// What the recovery codes of an enrolment stand behind.
pub(super) const DONE: &str = "\nDone.";

/// The same where the last Enter is still to come.
pub(super) const CONFIRMED: &str = "\nThat code is right.";

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
         or type the key in by hand. If you see no square, type a to have it drawn in plain ASCII."
    )
}

pub(super) fn key(drawing: &str, account: &str, key: &str) -> String {
    format!("\n{drawing}\n\nAccount: {account}    Key: {key}")
}

/// The prompt for a code, with what else can be typed. `default` is what nothing typed asks for, and
/// `lost` whether a reset can be asked for.
pub(super) fn code_prompt(methods: Methods, default: Option<Method>, lost: bool) -> String {
    let options = methods.iter().filter_map(|method| option(method, default));
    let options: Vec<_> = options.chain(lost.then(|| LOST_OPTION.to_owned())).collect();
    match options.as_slice() {
        [] => "Verification code: ".to_owned(),
        options => format!("Verification code (or {}): ", options.join(", ")),
    }
}

fn option(method: Method, default: Option<Method>) -> Option<String> {
    let (key, name) = match method {
        Method::Totp => return None,
        Method::Email => ("e", "e-mail"),
        Method::Sms => ("s", "text message"),
        Method::Recovery => ("r", "recovery code"),
    };
    let key = if default == Some(method) { "Enter" } else { key };
    Some(format!("{key}: {name}"))
}

pub(super) const fn carrier(method: Method) -> &'static str {
    match method {
        Method::Sms => "text message",
        _ => "e-mail",
    }
}

pub(super) fn sent(shown: &str, lifetime: Duration) -> String {
    format!("A code is on its way to {shown}. It works once, for {}.", duration(lifetime))
}

pub(super) fn sent_before(method: Method, since: Timestamp) -> String {
    format!(
        "The code that was sent by {} at {} still works; press Enter to have another one sent.",
        carrier(method),
        since.to_minute()
    )
}

/// Why no code is sent now, and when one is again.
pub fn withheld(withheld: Withheld) -> String {
    match withheld {
        Withheld::TooSoon(wait) => {
            format!("A code was sent a moment ago. Ask for another in {}.", duration(wait))
        }
        Withheld::Void(wait) => format!(
            "The last code had too many wrong tries. Ask for another in {}.",
            duration(wait)
        ),
        Withheld::DailyLimit(wait) => format!(
            "No more codes are sent to you today; in {} they are again. Use another method, or \
             ask an administrator.",
            duration(wait)
        ),
    }
}

pub(super) fn late(reference: &Reference) -> String {
    format!("That code is not good any more; ask for another (reference {reference}).")
}

/// A recovery code that was used before.
pub fn spent(at: Timestamp) -> String {
    format!("This recovery code was used on {}; take another one.", at.to_minute())
}

pub(super) fn recovery_left(left: usize) -> String {
    match left {
        0 => "That was the last recovery code. Make new ones with 'twinlock recovery new'."
            .to_owned(),
        1 => "One recovery code is left. Make new ones with 'twinlock recovery new'.".to_owned(),
        2 => "2 recovery codes are left. Make new ones with 'twinlock recovery new'.".to_owned(),
        left => format!("{left} recovery codes are left."),
    }
}

pub(super) fn trust_question(binding: &Binding, remember: Duration) -> String {
    let host = match (&binding.address, &binding.key) {
        (Some(address), Some(_)) => format!("from {} with this key", Shown(address)),
        (Some(address), None) => format!("from {}", Shown(address)),
        (None, _) => "with this key".to_owned(),
    };
    format!("Do not ask again {host} for {}? [y/N] ", Remember::For(remember))
}

pub(super) fn stopped_but_for_recovery(reference: &Reference) -> String {
    format!(
        "Too many wrong codes for this account. Only a recovery or bypass code is taken, or ask an administrator \
         (reference {reference})."
    )
}

pub(super) fn withdrawn(reference: &Reference) -> String {
    format!("Your second factors were changed just now. Log in again (reference {reference}).")
}

pub(super) fn too_many_prompts(reference: &Reference) -> String {
    format!("That was asked too often. Log in again (reference {reference}).")
}

pub(super) fn invitation_needed(host: &str) -> String {
    format!(
        "\nTwo-factor authentication is required on {host}. To set it up you need an invitation \
         code; an administrator gives you one."
    )
}

/// A wrong invitation code, one that is late, and one where there is none: they look alike.
pub fn not_invited(reference: &Reference) -> String {
    format!(
        "That invitation code is not right, or its time is over. Ask an administrator for another \
         (reference {reference})."
    )
}

pub(super) fn with_recovery(opening: &str, codes: &[Zeroizing<String>]) -> String {
    let length = codes.iter().map(|code| code.len() + 4).sum::<usize>() + 160;
    let mut text = String::with_capacity(opening.len() + length);
    text.push_str(opening);
    text.push_str(" Each of these recovery codes works once; keep them where your phone is not:\n");
    for pair in codes.chunks(2) {
        text.push('\n');
        for code in pair {
            text.push_str("  ");
            text.push_str(code);
        }
    }
    text.push('\n');
    text
}

pub(super) fn request_noted(id: &str, host: &str) -> String {
    format!(
        "Request {id} waits for an administrator of {host}; your second factors stay as they are until \
         then. If one turns up again, 'twinlock reset request --cancel' takes the request back."
    )
}

pub(super) fn request_open(request: &ResetRequest) -> String {
    format!(
        "A request of {} waits for an administrator already; it lapses {}.",
        request.since.to_minute(),
        request.expires().to_minute()
    )
}

pub(super) const fn request_pauses() -> &'static str {
    "A reset was asked for less than a day ago. Ask an administrator, or try again tomorrow."
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

/// What a renewal would replace, before it is asked for.
pub(super) fn renewal(labels: &[String]) -> String {
    let quoted: Vec<_> = labels.iter().map(|label| format!("'{}'", label.escape_debug())).collect();
    format!(
        "\nA new password was given. If somebody else may have had it, or your phone, a new second \
         factor can take the place of {}, with new recovery codes.",
        quoted.join(", ")
    )
}

/// A renewal came to nothing, for whatever reason; the password change stands.
pub fn not_renewed(reference: &Reference) -> Message {
    Message::error(format!(
        "Your second factor stays as it was (reference {reference}). This does not concern the new \
         password."
    ))
}

/// A renewal broke off where nobody can say whether it was stored.
pub fn maybe_renewed(reference: &Reference) -> Message {
    Message::error(format!(
        "It is not certain that your second factor was set up anew (reference {reference}). If your \
         app has a new entry, keep the old one beside it until a login has shown which one counts. \
         This does not concern the new password."
    ))
}

/// The dialogue waited five minutes for an answer.
pub fn too_late() -> Message {
    Message::error("That took too long. Log in again.")
}

/// A login has shown nothing at all.
pub fn no_first_factor(reference: &Reference) -> Message {
    Message::error(format!(
        "This login has shown neither a password nor a key. An administrator must put pam_twinlock \
         behind the first factor, or set AuthenticationMethods publickey,keyboard-interactive in \
         sshd_config (reference {reference})."
    ))
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

/// What a person without factors is reminded of, and how they come by one. It does not say whether
/// there is an invitation: it may be a stranger who reads it.
pub(super) fn reminder(reminder: &Reminder, mode: EnrolmentMode, host: &str) -> String {
    let how = match mode {
        EnrolmentMode::Admin => "ask an administrator to set it up",
        _ => "set it up with 'twinlock enroll'",
    };
    let mut text = match (reminder.required_from, reminder.deadline) {
        (Some(from), _) => format!(
            "Two-factor authentication will be required on {host} from {}; {how}.",
            from.date()
        ),
        (None, Some(deadline)) => format!(
            "Two-factor authentication is required on {host} from {} on; {how} before.",
            deadline.date()
        ),
        (None, None) => format!("Two-factor authentication is offered on {host}; {how}."),
    };
    if mode == EnrolmentMode::Invitation {
        text.push_str(" It asks for an invitation code, which an administrator gives you.");
    }
    text
}

/// In the largest unit that says it exactly enough: waits are short, and people count in them.
pub fn duration(duration: Duration) -> String {
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
