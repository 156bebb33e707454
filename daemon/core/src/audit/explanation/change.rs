//! Changes of an account, and codes that were sent for them.

use super::{AuditRecord, Explanation};

/// What follows from a change, where an administrator may wonder why a user is asked again.
pub(super) fn change(record: &AuditRecord, cause: &str) -> Option<Explanation> {
    let user = &record.user;
    Some(match record.event.as_str() {
        "contact.changed" => Explanation::new(
            format!(
                "A contact of {user} was changed ({cause}). Hosts that {user} trusted and codes on \
                 their way to the old contact are void since then, so that the next login asks for \
                 a code."
            ),
            format!(
                "The old contact and the new one were told. If nobody knows of it, somebody else \
                 can use the account: 'twinlock reset {user}'."
            ),
        ),
        "host.cleared" => Explanation::new(
            format!("The trust of {user} in {cause} was withdrawn: logins from there ask again."),
            "Nothing needs to be done: who gives a code can trust a host anew.",
        ),
        "recovery.renewed" => Explanation::new(
            format!("Recovery codes of {user} were made: {cause}. Earlier ones work no longer."),
            format!(
                "If {user} knows of none, 'twinlock recovery new {user}' makes these void too."
            ),
        ),
        "code.sent" => Explanation::new(
            format!("A code was handed to the post {cause}."),
            "If it did not arrive, look at what the daemon logged just after: it says which server \
             or gateway did not take it.",
        ),
        "code.refused" if cause == "wrong code for a new contact" => Explanation::new(
            "The code was not the one that was sent to a contact that was about to be set; nothing \
             was changed.",
            "Type the code of the latest message, or begin again with 'twinlock contact set'.",
        ),
        "code.refused" if cause == "code whose time or tries were over" => Explanation::new(
            "The code had been sent, and came back after its time, or after five wrong tries.",
            "Ask for another one at the prompt.",
        ),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        audit::{AuditEvent, Happening, explain},
        time::Timestamp,
    };

    #[test]
    fn each_change_says_what_follows_from_it() {
        for (happening, cause, told) in [
            (Happening::ContactChanged, "mobile number: +…23, before: none", "asks for a code"),
            (Happening::HostCleared, "host H00001 (203.0.113.7)", "logins from there ask again"),
            (Happening::RecoveryRenewed, "10 new codes", "Earlier ones work no longer"),
            (Happening::CodeSent, "by e-mail to a…@example.org", "by e-mail to a…@example.org"),
            (Happening::CodeRefused, "wrong code for a new contact", "nothing was changed"),
        ] {
            let event = AuditEvent::new(happening, "alice", cause);
            let explained = explain(&AuditRecord::new(&event, Timestamp::EPOCH));
            assert!(explained.meaning.contains(told), "{}", explained.meaning);
            assert!(!explained.advice.is_empty(), "{happening:?}");
        }
    }
}
