//! `org.twinlock1.Login`: one login is one dialogue of `Begin`, `Answer`… and a verdict.
//!
//! ```text
//! Begin ──► messages, verdict ""      ──► Answer ──► … ──► verdict allow | skip | deny | locked
//!       └─► messages, verdict at once
//! ```
//!
//! While the verdict is empty, the last message is the dialogue's one prompt.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use zbus::{OwnedVariant, Type, Variant};

/// The PAM phase that asks. `auth`, `account`, `password`, `session` on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Phase {
    /// `pam_sm_authenticate`.
    Auth,
    /// `pam_sm_acct_mgmt`.
    Account,
    /// `pam_sm_chauthtok`: the preliminary check asks, the update redeems the ticket.
    Password,
    /// `pam_sm_open_session`.
    Session,
}

impl Phase {
    /// The word on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Auth => "auth",
            Self::Account => "account",
            Self::Password => "password",
            Self::Session => "session",
        }
    }

    /// The phase that a word on the wire names.
    pub fn from_wire(word: &str) -> Option<Self> {
        [Self::Auth, Self::Account, Self::Password, Self::Session]
            .into_iter()
            .find(|phase| phase.as_str() == word)
    }
}

/// How a message is shown: the message styles of `pam_conv(3)`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// `PAM_PROMPT_ECHO_OFF`.
    PromptSilent = 1,
    /// `PAM_PROMPT_ECHO_ON`.
    PromptEcho = 2,
    /// `PAM_ERROR_MSG`.
    Error = 3,
    /// `PAM_TEXT_INFO`.
    Info = 4,
}

impl Style {
    /// The style that a number on the wire names.
    pub const fn from_wire(number: u32) -> Option<Self> {
        match number {
            1 => Some(Self::PromptSilent),
            2 => Some(Self::PromptEcho),
            3 => Some(Self::Error),
            4 => Some(Self::Info),
            _ => None,
        }
    }

    /// Whether the person is expected to type an answer.
    pub const fn is_prompt(self) -> bool {
        matches!(self, Self::PromptSilent | Self::PromptEcho)
    }
}

/// One message to the person: `(us)`. It may show the key of an enrolment, which its `Debug` does
/// not.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct Message {
    /// A [`Style`] by its number.
    pub style: u32,
    /// The text, without a trailing newline.
    pub text: String,
}

impl std::fmt::Debug for Message {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Message({}, {} bytes)", self.style, self.text.len())
    }
}

impl Message {
    /// A message of this style.
    pub fn new(style: Style, text: impl Into<String>) -> Self {
        Self { style: style as u32, text: text.into() }
    }
}

/// How a login ended. `allow`, `skip`, `deny`, `locked` on the wire; an empty word there means
/// that the dialogue goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[must_use]
pub enum Verdict {
    /// A code, a trusted host or a bypass satisfied the policy.
    Allow,
    /// No second factor is asked of this login.
    Skip,
    /// Refused.
    Deny,
    /// Refused until a waiting time is over.
    Locked,
}

impl Verdict {
    /// The word on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::Skip => "skip",
            Self::Deny => "deny",
            Self::Locked => "locked",
        }
    }

    /// The verdict that a word on the wire names.
    pub fn from_wire(word: &str) -> Option<Self> {
        [Self::Allow, Self::Skip, Self::Deny, Self::Locked]
            .into_iter()
            .find(|verdict| verdict.as_str() == word)
    }
}

/// Keys of the `context` argument of `Begin`. A key whose value is not known is left out.
pub mod context {
    /// `s`: the PAM service name, `PAM_SERVICE`.
    pub const SERVICE: &str = "service";
    /// `s`: the user who logs in, `PAM_USER`.
    pub const USER: &str = "user";
    /// `s`: the remote host or address, `PAM_RHOST`.
    pub const RHOST: &str = "rhost";
    /// `s`: the requesting user, `PAM_RUSER`.
    pub const RUSER: &str = "ruser";
    /// `s`: the terminal, `PAM_TTY`.
    pub const TTY: &str = "tty";
    /// `s`: `SSH_CONNECTION` of the PAM environment (never of the process).
    pub const SSH_CONNECTION: &str = "ssh_connection";
    /// `s`: `SSH_AUTH_INFO_0` of the PAM environment.
    pub const SSH_AUTH_INFO: &str = "ssh_auth_info";
    /// `b`: a first factor typed a password (the old one in the check of a password change, the new
    /// one in its update); its value is never sent.
    pub const HAS_AUTHTOK: &str = "has_authtok";
    /// `b`: messages may be shown (no `PAM_SILENT`).
    pub const INTERACTIVE: &str = "interactive";
    /// `s`: the ticket of an earlier phase, hexadecimal.
    pub const TICKET: &str = "ticket";
    /// `u`: the real user id of the calling process, which tells root's `passwd alice` from
    /// alice's own.
    pub const CALLER_UID: &str = "caller_uid";
    /// `b`: an expired password is being changed (`PAM_CHANGE_EXPIRED_AUTHTOK`).
    pub const EXPIRED: &str = "expired";
    /// `u`: the audit session of the calling process, as the kernel counts it (`pam_loginuid(8)`).
    pub const AUDIT_SESSION: &str = "audit_session";
}

/// Keys of the `details` result.
pub mod details {
    /// `s`: the ticket of an `allow` or `skip` in the auth phase, hexadecimal.
    pub const TICKET: &str = "ticket";
    /// `s`: the reference by which an administrator finds the cause in the log.
    pub const REFERENCE: &str = "reference";
}

/// What the module sends as the ticket where the auth phase of the same PAM handle ran and gave
/// none. It is never honoured.
pub const VOID_TICKET: &str = "00";

/// The most bytes of one answer that the module sends; a longer one is sent as an empty,
/// and so wrong, answer.
pub const MAX_RESPONSE: usize = 512;

/// What `Begin` returns: dialogue, messages, verdict, details.
pub type BeginReply = (u64, Vec<Message>, String, HashMap<String, OwnedVariant>);

/// What `Answer` returns: messages, verdict, details.
pub type AnswerReply = (Vec<Message>, String, HashMap<String, OwnedVariant>);

/// The client of the login interface.
#[zbus::proxy(
    interface = "org.twinlock1.Login",
    default_service = "org.twinlock1",
    default_path = "/org/twinlock1"
)]
pub trait Login {
    /// Opens a dialogue.
    fn begin(&self, phase: &str, context: HashMap<&str, Variant<'_>>) -> zbus::Result<BeginReply>;

    /// Answers the dialogue's prompt.
    fn answer(&self, dialogue: u64, response: &str) -> zbus::Result<AnswerReply>;

    /// Ends a dialogue without a verdict.
    fn cancel(&self, dialogue: u64) -> zbus::Result<()>;
}
