//! Why a hook ends without a verdict: the line for the log, the sentence for the person, the code
//! for libpam.

use std::fmt;

use pamsm::PamError;
use twinlock_bus_api::login::Phase;

use crate::client::CallError;
use crate::context::ContextError;
use crate::conversation::ConversationError;
use crate::guard::Panicked;
use crate::log::Severity;
use crate::reply::Nonsense;
use twinlock_bus_api::module_arguments::ArgumentError;

/// What the person reads where the password of a change may be written already.
pub const BEHIND_A_CHANGE: &str = "It is not certain that your second factor was set up anew. If your app has a new entry, keep the \
     old one beside it until a login has shown which one counts. This does not concern the new \
     password.";

/// A hook that ends without a verdict. Never `PAM_SUCCESS`, never `PAM_IGNORE`.
#[derive(Debug)]
pub enum Failure {
    /// An argument in the PAM stack is wrong.
    Argument(ArgumentError),
    /// The login cannot be described to the daemon.
    Context(ContextError),
    /// The daemon cannot be asked.
    Call(CallError),
    /// The daemon's reply breaks the contract.
    Nonsense(Nonsense),
    /// The application does not pass messages on to the person.
    Conversation(ConversationError),
    /// libpam does not keep the ticket.
    Ticket(PamError),
    /// `pam_sm_chauthtok` came without its two flags.
    PasswordFlags,
    /// The process has no room for the descriptors of a call.
    Descriptors(std::io::Error),
    /// The module has a bug.
    Panic(Panicked),
}

impl Failure {
    /// The return code in this phase.
    ///
    /// What the person's own input or terminal brings about is not `PAM_AUTHINFO_UNAVAIL`: a stack
    /// that, against all advice, lets people in while the daemon is away is not to be opened by
    /// breaking off at the prompt.
    pub const fn return_code(&self, phase: Phase) -> PamError {
        match (self, phase) {
            (Self::Conversation(_), _) => PamError::CONV_ERR,
            (Self::Context(_), Phase::Account) => PamError::PERM_DENIED,
            (Self::Context(_), _) => PamError::AUTH_ERR,
            _ => PamError::AUTHINFO_UNAVAIL,
        }
    }

    /// What the person reads: what happened to them and what to do.
    pub const fn advice(&self) -> &'static str {
        match self {
            Self::Argument(_) | Self::PasswordFlags | Self::Panic(_) => {
                "Two-factor authentication is not set up correctly on this host. Ask its \
                 administrator to look at the authentication log."
            }
            Self::Context(_) => "This login cannot be checked. Check the user name and try again.",
            Self::Conversation(_) => {
                "No verification code was entered. If this program did not ask for one, log in \
                 another way, for example over SSH with keyboard-interactive authentication."
            }
            Self::Call(CallError::Closed { answering: true }) => {
                "The login took too long or was interrupted. Start it again."
            }
            Self::Call(_) | Self::Nonsense(_) | Self::Ticket(_) | Self::Descriptors(_) => {
                "Two-factor authentication is not available at the moment. Try again in a \
                 minute, and tell the administrator if it stays so."
            }
        }
    }

    /// How the log ranks it.
    pub const fn severity(&self) -> Severity {
        match self {
            Self::Context(_) | Self::Conversation(_) => Severity::Notice,
            _ => Severity::Error,
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Argument(error) => error.fmt(out),
            Self::Context(error) => write!(out, "the login cannot be passed on: {error}"),
            Self::Call(error) => error.fmt(out),
            Self::Nonsense(error) => {
                write!(out, "the daemon's answer makes no sense: {error}")
            }
            Self::Conversation(error) => error.fmt(out),
            Self::Ticket(code) => write!(out, "libpam does not keep the ticket: {code}"),
            Self::PasswordFlags => {
                out.write_str("a password change is neither checked nor made (PAM flags)")
            }
            Self::Descriptors(error) => {
                write!(out, "the process cannot open another descriptor: {error}")
            }
            Self::Panic(panic) => {
                write!(out, "a bug in the module, please report it: panic at {}", panic.place)
            }
        }
    }
}

impl std::error::Error for Failure {}

macro_rules! failure_from {
    ($($error:ty => $variant:ident),* $(,)?) => {
        $(impl From<$error> for Failure {
            fn from(error: $error) -> Self {
                Self::$variant(error)
            }
        })*
    };
}

failure_from! {
    ArgumentError => Argument,
    ContextError => Context,
    CallError => Call,
    Nonsense => Nonsense,
    ConversationError => Conversation,
    Panicked => Panic,
}

#[cfg(test)]
mod tests {
    use super::*;

    const PHASES: [Phase; 4] = [Phase::Auth, Phase::Account, Phase::Password, Phase::Session];

    fn failures() -> Vec<Failure> {
        vec![
            ArgumentError::Unknown("nullok".to_owned()).into(),
            ContextError::Missing("PAM_USER").into(),
            CallError::Closed { answering: false }.into(),
            CallError::Closed { answering: true }.into(),
            CallError::Stranger(1000).into(),
            Nonsense::NoPrompt.into(),
            ConversationError::Refused(19).into(),
            Failure::Ticket(PamError::BUF_ERR),
            Failure::PasswordFlags,
            Failure::Descriptors(std::io::Error::from_raw_os_error(24)),
            Panicked { place: "src/login.rs:1".to_owned() }.into(),
        ]
    }

    #[test]
    fn no_failure_lets_anybody_in() {
        for failure in failures() {
            for phase in PHASES {
                let code = failure.return_code(phase);
                assert!(code != PamError::SUCCESS && code != PamError::IGNORE, "{failure}");
            }
        }
    }

    #[test]
    fn what_a_person_can_bring_about_is_not_an_absent_daemon() {
        let conversation = Failure::from(ConversationError::NoFunction);
        let context = Failure::from(ContextError::NotUtf8("PAM_USER"));
        for phase in PHASES {
            assert_eq!(conversation.return_code(phase), PamError::CONV_ERR);
            assert_ne!(context.return_code(phase), PamError::AUTHINFO_UNAVAIL);
        }
        assert_eq!(context.return_code(Phase::Account), PamError::PERM_DENIED);
    }

    #[test]
    fn every_other_failure_is_authinfo_unavail() {
        for failure in failures() {
            if !matches!(failure, Failure::Conversation(_) | Failure::Context(_)) {
                assert_eq!(failure.return_code(Phase::Auth), PamError::AUTHINFO_UNAVAIL);
            }
        }
    }

    #[test]
    fn a_person_reads_one_or_two_short_sentences_without_the_cause() {
        for failure in failures() {
            let advice = failure.advice();
            assert!(advice.ends_with('.') && !advice.contains("  "), "{advice}");
            assert!((1..=2).contains(&advice.matches(". ").count().saturating_add(1)), "{advice}");
            assert!(!advice.contains("sock") && !advice.contains("daemon"), "{advice}");
        }
    }

    #[test]
    fn each_cause_has_a_line_of_its_own() {
        let mut lines: Vec<_> = failures().iter().map(ToString::to_string).collect();
        let count = lines.len();
        lines.sort();
        lines.dedup();
        assert_eq!(lines.len(), count);
    }
}
