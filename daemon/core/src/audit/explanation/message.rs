//! Messages that were sent, or were not, in plain words.

use super::{Explanation, sentence};
use crate::audit::AuditRecord;

/// What stands in the cause of a message that waits, before `: why`.
const WAITS: &str = " will be tried again";

/// What a message to a user has come to. The cause is `TEMPLATE to RECIPIENT: why`.
pub(super) fn explain(record: &AuditRecord) -> Explanation {
    let (message, why) = record.cause.split_once(": ").unwrap_or((&record.cause, ""));
    if record.event == "message.sent" {
        return Explanation::new(
            format!(
                "A message to the user went out ({message}): the server, gateway or program took \
                 it. Whether it arrived is in their logs."
            ),
            String::new(),
        );
    }
    if record.event == "message.resumed" {
        return Explanation::new(
            format!("{}. Messages that waited are sent.", record.cause),
            String::new(),
        );
    }
    if record.event == "message.delayed" {
        let message = message.strip_suffix(WAITS).unwrap_or(message);
        return Explanation::new(
            format!(
                "A message to the user could not be sent at once ({message}). {} It is tried again \
                 a few times. Other messages that fail meanwhile are not told of before they are \
                 given up.",
                sentence(why)
            ),
            advice(why),
        );
    }
    Explanation::new(
        format!("A message to the user was not sent ({message}). {}", sentence(why)),
        advice(why),
    )
}

/// What the cause of a failure contains, and what can be done about it.
const ADVICE: &[(&[&str], &str)] = &[
    (
        &["the certificate of", "no encrypted connection", "certificate of an authority"],
        "Look at the certificate ('openssl s_client -connect HOST:PORT', with -starttls smtp for \
         smtp://), at ca_file, and at the clock of this host. Nothing is sent without a certificate \
         that can be verified.",
    ),
    (
        &["STARTTLS is not supported"],
        "The server offers no encryption, or somebody on the way took its offer out. Nothing is \
         sent in the clear: use a server that has STARTTLS, or smtps://.",
    ),
    (
        &["refuses the user or the password"],
        "Compare the user in [email] server and what password_file holds with what the mail server \
         knows, and reload.",
    ),
    (
        &[
            "cannot be read",
            "does not hold a password",
            "is open to every user",
            "no certificate in PEM",
        ],
        "Mend the file, which the user twinlock must be able to read, and run 'systemctl reload \
         twinlockd'.",
    ),
    (
        &["redirects"],
        "If the new place is the right one, write it into [sms] url. Codes are never sent where the \
         configuration does not say.",
    ),
    (
        &["it is no gateway", "does not speak"],
        "Look at what [email] server or [sms] url names: something else answers there.",
    ),
    (
        &["answers with status"],
        "Compare [sms] url, method, headers and body with what the gateway wants; its own log says \
         more.",
    ),
    (
        &["cannot be run", "ended with status", "did not end within", "asks to try again later"],
        "Run the program by hand as the user twinlock. The unit's sandbox keeps set-uid and set-gid \
         programs from their rights.",
    ),
    (
        &["too many messages wait"],
        "The server or gateway is slower than messages come: look at it, and at the events before \
         this one.",
    ),
    (
        &[
            "did not answer in time",
            "cannot be reached",
            "no such host",
            "broke off",
            "nobody answers",
        ],
        "See whether the server runs and can be reached from this host. The user can log in with \
         another factor, or ask for a new code later.",
    ),
];

fn advice(why: &str) -> String {
    let found = ADVICE.iter().find(|(signs, _)| signs.iter().any(|sign| why.contains(sign)));
    found
        .map_or(
            "Look at [email] and [sms], and at the log of the server or gateway.",
            |(_, advice)| *advice,
        )
        .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        audit::{AuditEvent, Happening},
        time::Timestamp,
    };

    fn told(happening: Happening, cause: &str) -> Explanation {
        let event = AuditEvent::new(happening, "alice", cause);
        super::super::explain(&AuditRecord::new(&event, Timestamp::EPOCH))
    }

    #[test]
    fn a_message_that_was_not_sent_is_explained_with_what_to_do() {
        for (why, advice) in [
            ("mail.example.org:587 refuses the user or the password (535)", "password_file"),
            ("given up: mail.example.org:465 cannot be reached: nobody answers", "can be reached"),
            ("the certificate of mail.example.org:465 is not accepted: it has expired", "openssl"),
            ("the gateway sms.example.org redirects (302), and no redirect is followed", "url"),
            ("something new", "log of the server"),
        ] {
            let told = told(Happening::MessageFailed, &format!("one-time-code to a…@x.org: {why}"));
            assert!(told.meaning.contains("one-time-code to a…@x.org"), "{}", told.meaning);
            assert!(told.meaning.contains(&why[1..]), "{}", told.meaning);
            assert!(told.advice.contains(advice), "{why}: {}", told.advice);
        }
    }

    #[test]
    fn a_message_that_waits_is_explained_by_what_the_server_said() {
        let cause = "one-time-code to a…@x.org will be tried again: mail.example.org:587 cannot be \
                     reached: nobody answers";
        let told = told(Happening::MessageDelayed, cause);
        assert!(
            told.meaning.contains(
                "at once (one-time-code to a…@x.org). Mail.example.org:587 cannot be reached: nobody \
                 answers. It is tried again"
            ),
            "{}",
            told.meaning
        );
        assert!(told.advice.contains("can be reached"), "{}", told.advice);
    }

    #[test]
    fn a_server_that_works_again_needs_nothing() {
        let told = told(Happening::MessageResumed, "mail.example.org:587 takes messages again");
        assert_eq!(
            told.meaning,
            "mail.example.org:587 takes messages again. Messages that waited are sent."
        );
        assert_eq!(told.advice, "");
    }

    #[test]
    fn a_message_that_was_sent_needs_nothing() {
        let told = told(Happening::MessageSent, "one-time-code to +…23");
        assert!(told.meaning.contains("(one-time-code to +…23)"), "{}", told.meaning);
        assert_eq!(told.advice, "");
    }
}
