//! An event as it is kept and read back: its time, and text.
//!
//! Words are kept as they were written, so that an earlier version of the program shows the events
//! of a later one. Like [`AuditEvent`] it has no field for a code or a secret.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{AuditEvent, Causer, Happening, LONGEST_VALUE, field};
use crate::{login::Source, time::Timestamp};

/// The most that is kept of a cause, in characters: a few sentences.
const LONGEST_CAUSE: usize = 512;

/// The most that is kept of every other value, in characters.
const LONGEST_TEXT: usize = 128;

/// Stands where something was cut off.
const ELLIPSIS: char = '…';

/// One event of the past. In JSON it has at most 9 KiB, whatever came from outside.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditRecord {
    /// When it happened, by the time of day as the host had it.
    pub at: Timestamp,
    /// What happened: the word of a [`super::Happening`], or one that this version does not know.
    pub event: String,
    /// To whom; empty where it concerns nobody.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub user: String,
    /// Who did it, where that is somebody else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// The PAM service.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service: Option<String>,
    /// Where from: an address, `local` or `unknown`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// Who asked, where the source is this host.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requester: Option<String>,
    /// The terminal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tty: Option<String>,
    /// Why, in the words of the log.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub cause: String,
    /// What the person was told to quote.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
}

impl AuditRecord {
    /// What is kept of an event that happened at this time.
    pub fn new(event: &AuditEvent, at: Timestamp) -> Self {
        let optional =
            |text: &Option<String>| text.as_deref().map(|text| clipped(text, LONGEST_TEXT));
        let requester = match &event.source {
            Some(Source::Local { requester: Some(requester) }) => Some(requester.clone()),
            _ => None,
        };
        Self {
            at,
            event: event.happening.as_str().to_owned(),
            user: clipped(&event.user, LONGEST_TEXT),
            by: optional(&event.by),
            service: optional(&event.service),
            source: event.source.as_ref().map(Source::to_string),
            requester: optional(&requester),
            tty: optional(&event.tty),
            cause: clipped(&event.cause, LONGEST_CAUSE),
            reference: event.reference.as_ref().map(ToString::to_string),
        }
    }

    /// Who can make such an event happen; anybody, where this version does not know it.
    pub fn causer(&self) -> Causer {
        let causer = self.event.parse().map_or(Causer::Anybody, Happening::causer);
        match self.by {
            Some(_) if causer == Causer::User => Causer::Administrator,
            _ => causer,
        }
    }

    /// Whether both belong to one login, as far as can be told: same user, service, source and
    /// terminal.
    pub fn is_of_the_login_of(&self, other: &Self) -> bool {
        self.user == other.user
            && self.service == other.service
            && self.source == other.source
            && self.requester == other.requester
            && self.tty == other.tty
    }
}

impl fmt::Display for AuditRecord {
    /// The line of the authentication log.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "event={}", self.event)?;
        field(f, "user", &self.user, LONGEST_VALUE)?;
        for (key, value) in [
            ("by", &self.by),
            ("service", &self.service),
            ("source", &self.source),
            ("requester", &self.requester),
            ("tty", &self.tty),
        ] {
            if let Some(value) = value {
                field(f, key, value, LONGEST_VALUE)?;
            }
        }
        field(f, "cause", &self.cause, super::LONGEST_SHOWN_CAUSE)?;
        match &self.reference {
            Some(reference) => write!(f, " reference={reference}"),
            None => Ok(()),
        }
    }
}

/// As many characters as fit, the last one an ellipsis if there were more.
fn clipped(text: &str, longest: usize) -> String {
    match text.char_indices().nth(longest) {
        None => text.to_owned(),
        Some(_) => text.chars().take(longest - 1).chain([ELLIPSIS]).collect(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::reference::Reference;

    const NOON: Timestamp = Timestamp::from_secs(1_795_262_400);

    fn event(user: &str, cause: &str) -> AuditEvent {
        AuditEvent {
            by: Some("root".to_owned()),
            service: Some("su".to_owned()),
            source: Some(Source::Local { requester: Some("bob".to_owned()) }),
            tty: Some("pts/1".to_owned()),
            ..AuditEvent::new(Happening::CodeRefused, user, cause)
        }
        .with_reference(Reference::from_random([1; 6]))
    }

    #[test]
    fn a_record_is_read_back_as_it_was_and_shows_the_line_of_its_event() {
        let event = event("alice", "wrong code");
        let record = AuditRecord::new(&event, NOON);
        let json = serde_json::to_string(&record).unwrap();
        assert_eq!(serde_json::from_str::<AuditRecord>(&json).unwrap(), record);
        assert_eq!(record.to_string(), event.to_string());
        assert_eq!(record.requester.as_deref(), Some("bob"));
    }

    #[test]
    fn an_event_of_a_later_version_is_read_as_text() {
        let json = r#"{"at":1795262400,"event":"phone.stolen","cause":"?","colour":"red"}"#;
        let record: AuditRecord = serde_json::from_str(json).unwrap();
        assert_eq!(record.event, "phone.stolen");
        assert_eq!(record.to_string(), r#"event=phone.stolen user="" cause="?""#);
        assert_eq!(record.causer(), Causer::Anybody);
    }

    #[test]
    fn what_an_administrator_does_to_a_user_is_told_from_what_users_do() {
        let causer = |event: AuditEvent| AuditRecord::new(&event, NOON).causer();
        let own = AuditEvent::new(Happening::FactorRemoved, "alice", "");
        assert_eq!(causer(own.clone()), Causer::User);
        assert_eq!(causer(own.done_by("root")), Causer::Administrator);
        let refused = AuditEvent::new(Happening::CallRefused, "alice", "").done_by("bob");
        assert_eq!(causer(refused), Causer::Anybody);
        for happening in Happening::ALL {
            let event = AuditEvent::new(*happening, "", "");
            assert_eq!(causer(event), happening.causer(), "{happening}");
        }
    }

    proptest! {
        #[test]
        fn a_record_is_bounded_whatever_came_from_outside(
            user in "\\PC{0,300}|[\u{0}\u{1f}\"\\\\]{0,300}",
            cause in "[\u{0}\u{10ffff}]{0,900}",
        ) {
            let hostile = AuditEvent {
                by: Some(user.clone()),
                service: Some(user.clone()),
                source: Some(Source::Local { requester: Some(user.clone()) }),
                tty: Some(user.clone()),
                ..event(&user, &cause)
            };
            let record = AuditRecord::new(&hostile, NOON);
            prop_assert!(serde_json::to_vec(&record).unwrap().len() < 9 * 1024);
        }
    }
}
