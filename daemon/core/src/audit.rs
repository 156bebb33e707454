//! What happened, for the authentication log: one event per thing that happened, one line each.
//!
//! The line is stable, for people with grep and for fail2ban:
//!
//! ```text
//! event=code.refused user="alice" service="sshd" source="203.0.113.9" cause="wrong code" reference=7F3KQ2
//! ```
//!
//! Values are quoted; quotes, backslashes and whatever could break a line or a terminal are
//! escaped. No event carries a code or a secret: there is no field for one.

mod explanation;
mod record;
mod remedy;

use std::fmt::{self, Write};

use crate::{
    login::{LoginContext, Source},
    reference::Reference,
    time::Timestamp,
};

pub use self::{
    explanation::{Explanation, explain},
    record::AuditRecord,
};

/// The longest value that a line shows, in characters: the rest of a hostile user name or
/// terminal helps nobody.
const LONGEST_VALUE: usize = 128;

/// The longest cause that a line shows, in characters: what a mail server says begins behind its name
/// and the message that it is about.
const LONGEST_SHOWN_CAUSE: usize = 256;

words! {
    /// What happened.
    pub enum Happening("event") {
        /// A login satisfied the policy.
        LoginAllowed = "login.allowed",
        /// A login was not asked for a second factor.
        LoginSkipped = "login.skipped",
        /// A login was refused.
        LoginRefused = "login.refused",
        /// A login was refused until a wait is over.
        LoginLocked = "login.locked",
        /// A login that observe mode let through would have been refused or asked.
        LoginObserved = "login.observed",
        /// A code was wrong, or used before.
        CodeRefused = "code.refused",
        /// A code was right, outside a login.
        CodeAccepted = "code.accepted",
        /// A dialogue ended without a verdict.
        LoginAbandoned = "login.abandoned",
        /// A one-time code was handed to the post.
        CodeSent = "code.sent",
        /// A factor was enrolled.
        FactorEnrolled = "factor.enrolled",
        /// A factor was removed.
        FactorRemoved = "factor.removed",
        /// A host is trusted.
        HostTrusted = "host.trusted",
        /// Hosts are trusted no longer.
        HostCleared = "host.cleared",
        /// New recovery codes were made.
        RecoveryRenewed = "recovery.renewed",
        /// A contact was set, proved or taken away.
        ContactChanged = "contact.changed",
        /// An invitation was made.
        UserInvited = "user.invited",
        /// A bypass code was issued.
        BypassIssued = "bypass.issued",
        /// A reset was asked for.
        ResetRequested = "reset.requested",
        /// A request for a reset was taken back or refused.
        ResetClosed = "reset.closed",
        /// All of a user's factors were taken away.
        UserReset = "user.reset",
        /// A user's record was deleted.
        UserForgotten = "user.forgotten",
        /// A user's counters were cleared.
        UserUnlocked = "user.unlocked",
        /// Factors of a user came from another program.
        UserImported = "user.imported",
        /// A user's own switch was turned on or off, or was cleared.
        UserSwitched = "user.switched",
        /// A user was reminded that a second factor will be required.
        UserReminded = "user.reminded",
        /// Something was asked of the daemon by somebody who may not.
        CallRefused = "call.refused",
        /// A message to a user went out.
        MessageSent = "message.sent",
        /// A server or a program takes no messages for now: the first message that has to wait.
        MessageDelayed = "message.delayed",
        /// A server or a program takes messages again.
        MessageResumed = "message.resumed",
        /// A message to a user could not be sent.
        MessageFailed = "message.failed",
        /// The records were handed out as a backup.
        BackupMade = "backup.made",
        /// The records of a backup were put into the store.
        BackupRestored = "backup.restored",
        /// A configuration was put in force.
        ConfigurationRead = "configuration.read",
        /// A configuration was refused, and the one in force stays.
        ConfigurationRefused = "configuration.refused",
        /// A record, the user database or the store could not be read.
        Trouble = "trouble",
    }
}

/// Who can make an event happen, and so how much room it may take in what is kept of a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Causer {
    /// Anybody who reaches a prompt or the bus, as often as they like.
    Anybody,
    /// Somebody who got in, or whose first factor was right: a user of the host.
    User,
    /// Somebody who administers the host.
    Administrator,
}

impl Happening {
    /// Who can make it happen.
    pub const fn causer(self) -> Causer {
        match self {
            Self::LoginSkipped
            | Self::LoginRefused
            | Self::LoginLocked
            | Self::LoginObserved
            | Self::LoginAbandoned
            | Self::CodeRefused
            | Self::CodeSent
            | Self::CallRefused
            | Self::MessageSent
            | Self::MessageDelayed
            | Self::MessageResumed
            | Self::MessageFailed
            | Self::Trouble => Causer::Anybody,
            Self::LoginAllowed
            | Self::CodeAccepted
            | Self::FactorEnrolled
            | Self::FactorRemoved
            | Self::HostTrusted
            | Self::HostCleared
            | Self::RecoveryRenewed
            | Self::ContactChanged
            | Self::ResetRequested
            | Self::ResetClosed => Causer::User,
            Self::UserInvited
            | Self::BypassIssued
            | Self::UserReset
            | Self::UserForgotten
            | Self::UserUnlocked
            | Self::UserImported
            | Self::UserSwitched
            | Self::UserReminded
            | Self::BackupMade
            | Self::BackupRestored
            | Self::ConfigurationRead
            | Self::ConfigurationRefused => Causer::Administrator,
        }
    }
}

/// One event. Fields that do not apply are left out of the line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditEvent {
    /// What happened.
    pub happening: Happening,
    /// To whom.
    pub user: String,
    /// Who did it, where that is somebody else: an administrator's name.
    pub by: Option<String>,
    /// The PAM service.
    pub service: Option<String>,
    /// Where from.
    pub source: Option<Source>,
    /// The terminal.
    pub tty: Option<String>,
    /// Why, in plain words.
    pub cause: String,
    /// What the person was told to quote.
    pub reference: Option<Reference>,
}

impl AuditEvent {
    /// An event outside of a login.
    pub fn new(happening: Happening, user: impl Into<String>, cause: impl Into<String>) -> Self {
        Self {
            happening,
            user: user.into(),
            by: None,
            service: None,
            source: None,
            tty: None,
            cause: cause.into(),
            reference: None,
        }
    }

    /// An event of a login.
    pub fn of_login(happening: Happening, login: &LoginContext, cause: impl Into<String>) -> Self {
        Self {
            service: Some(login.service.clone()),
            source: Some(login.source.clone()),
            tty: login.tty.clone(),
            ..Self::new(happening, login.user.name.clone(), cause)
        }
    }

    /// The same, with the reference that the person was told.
    pub fn with_reference(self, reference: Reference) -> Self {
        Self { reference: Some(reference), ..self }
    }

    /// The same, done by an administrator.
    pub fn done_by(self, name: impl Into<String>) -> Self {
        Self { by: Some(name.into()), ..self }
    }
}

impl fmt::Display for AuditEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The line has no time of its own: syslog has one.
        AuditRecord::new(self, Timestamp::EPOCH).fmt(f)
    }
}

fn field(f: &mut fmt::Formatter<'_>, key: &str, value: &str, longest: usize) -> fmt::Result {
    write!(f, " {key}=\"")?;
    for character in value.chars().take(longest) {
        match character {
            '"' | '\\' => write!(f, "\\{character}")?,
            _ if is_safe(character) => f.write_char(character)?,
            _ => write!(f, "{}", character.escape_unicode())?,
        }
    }
    f.write_str(if value.chars().nth(longest).is_some() { "…\"" } else { "\"" })
}

/// Neither a control character nor one that turns the direction of text around (Unicode
/// Technical Report 36, section 2.9).
fn is_safe(character: char) -> bool {
    !character.is_control()
        && !matches!(
            character,
            '\u{200b}'..='\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{feff}'
                | '\u{fff9}'..='\u{fffb}'
        )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_line_names_what_happened_to_whom_from_where_and_why() {
        let event = AuditEvent {
            service: Some("sshd".to_owned()),
            source: Some(Source::Address("203.0.113.9".parse().unwrap())),
            tty: Some("ssh".to_owned()),
            ..AuditEvent::new(Happening::CodeRefused, "alice", "wrong code")
        }
        .with_reference(Reference::from_random([1; 6]));
        assert_eq!(
            event.to_string(),
            r#"event=code.refused user="alice" service="sshd" source="203.0.113.9" tty="ssh" cause="wrong code" reference=111111"#
        );
    }

    #[test]
    fn a_hostile_name_cannot_forge_a_line() {
        let name = "bob\" cause=\"fine\nevent=login.allowed user=\"root\u{1b}[2J\u{202e}\\";
        let line = AuditEvent::new(Happening::LoginRefused, name, "no such user").to_string();
        assert_eq!(
            line,
            r#"event=login.refused user="bob\" cause=\"fine\u{a}event=login.allowed user=\"root\u{1b}[2J\u{202e}\\" cause="no such user""#
        );
    }

    #[test]
    fn a_line_has_room_for_what_a_server_said_and_an_end() {
        let said = "one-time-code to a…@mail.example.org will be tried again: \
                    submission.mail.example.org:587 answers 451 4.7.1 Service unavailable, the \
                    client host is on a list, see https://list.example.net/203.0.113.9";
        let line = AuditEvent::new(Happening::MessageDelayed, "alice", said).to_string();
        assert!(line.ends_with(&format!("cause=\"{said}\"")), "{line}");
        let line = AuditEvent::new(Happening::MessageDelayed, "alice", said.repeat(9)).to_string();
        assert!(line.ends_with("…\"") && line.chars().count() < 320, "{line}");
    }

    proptest! {
        #[test]
        fn a_line_is_one_short_line_whatever_the_values(name in any::<String>(), cause in ".*") {
            let line = AuditEvent::new(Happening::Trouble, name, cause).to_string();
            prop_assert!(!line.chars().any(char::is_control));
            prop_assert!(line.len() < 64 + 10 * (LONGEST_VALUE + LONGEST_SHOWN_CAUSE + 2));
        }
    }
}
