//! What goes wrong with a call, and the sentence for it.

use std::time::Duration;

use twinlock_bus_api::error::Error;
use zbus::{DBusError, fdo};

use crate::failure::Failure;
use crate::render::count;

/// Where an administrator looks when the daemon does not answer.
const LOOK: &str = "'systemctl status twinlockd' says how it is";

/// Why a call brought no result.
#[derive(Debug)]
pub enum CallError {
    /// The daemon, or the bus for it, said no.
    Refused(Error),
    /// Nobody answered; the sentence says who and where.
    Unreachable(String),
    /// The person did not want to wait for the answer.
    Interrupted,
}

impl CallError {
    /// No connection: nothing was asked of the daemon.
    pub(super) fn from_connect(cause: zbus::Error) -> Self {
        match cause {
            zbus::Error::Address(reason) => Self::Refused(Error::InvalidArgument(format!(
                "The bus address of the configuration cannot be used: {reason}. Mend '[bus] \
                 address'."
            ))),
            zbus::Error::Connection(cause, address) => Self::Unreachable(format!(
                "The bus cannot be reached at {address}: {cause}. Check that D-Bus is running and \
                 that '[bus] address' of the configuration is right."
            )),
            other => Self::Unreachable(format!(
                "The bus let no connection through: {other}. Check that D-Bus is running and that \
                 '[bus] address' of the configuration is right."
            )),
        }
    }

    /// An error reply, or a connection that ended under the call.
    pub(super) fn from_reply(error: Error) -> Self {
        let Error::Bus(cause) = error else {
            return Self::Refused(error);
        };
        match &cause {
            zbus::Error::InputOutput(_) => Self::Unreachable(vanished()),
            zbus::Error::FDO(reply) => match Standing::of(reply) {
                Standing::Absent => Self::Unreachable(format!(
                    "twinlockd is not running, so nothing was done. Start it with 'systemctl \
                     start twinlockd'; {LOOK}."
                )),
                Standing::Vanished => Self::Unreachable(vanished()),
                Standing::Answered => Self::Refused(Error::Bus(cause)),
            },
            _ => Self::Refused(Error::Bus(cause)),
        }
    }

    /// The bus accepted a connection and said no word.
    pub(super) fn silent_bus(patience: Duration) -> Self {
        Self::Unreachable(format!(
            "The bus did not answer within {}, so nothing was done. Check that D-Bus is \
             well and that '[bus] address' of the configuration is right.",
            seconds(patience)
        ))
    }

    /// The daemon took the request and said no word.
    pub(super) fn silent_daemon(patience: Duration) -> Self {
        Self::Unreachable(format!(
            "twinlockd did not answer within {}; whether the request took effect is not \
             known. {LOOK}; try again when it is well.",
            seconds(patience)
        ))
    }

    /// Whether the daemon itself decided, so that a further call has a chance.
    pub const fn is_answer(&self) -> bool {
        matches!(self, Self::Refused(_))
    }

    /// The sentence of it, not yet escaped.
    pub fn sentence(&self) -> String {
        match self {
            Self::Unreachable(sentence) => sentence.clone(),
            Self::Interrupted => "Interrupted.".to_owned(),
            Self::Refused(Error::Bus(cause)) => bus_sentence(cause),
            Self::Refused(error) => match error.description() {
                Some(sentence) if !sentence.is_empty() => sentence.to_owned(),
                _ => format!("twinlockd refused with {} and no further word.", error.name()),
            },
        }
    }
}

impl From<CallError> for Failure {
    fn from(error: CallError) -> Self {
        match error {
            CallError::Unreachable(sentence) => Self::unreachable(sentence),
            CallError::Refused(_) | CallError::Interrupted => Self::refused(error.sentence()),
        }
    }
}

/// What a standard error of D-Bus says about the daemon.
enum Standing {
    /// Nobody has the name, and nobody could be started for it.
    Absent,
    /// It had the name when the call was sent and has it no more.
    Vanished,
    /// It is there; the error is an answer.
    Answered,
}

impl Standing {
    fn of(reply: &fdo::Error) -> Self {
        use fdo::Error as E;
        match reply {
            E::ServiceUnknown(_)
            | E::NameHasNoOwner(_)
            | E::SpawnExecFailed(_)
            | E::SpawnForkFailed(_)
            | E::SpawnChildExited(_)
            | E::SpawnChildSignaled(_)
            | E::SpawnFailed(_)
            | E::SpawnServiceNotFound(_)
            | E::NoServer(_) => Self::Absent,
            E::NoReply(_) | E::Timeout(_) | E::TimedOut(_) | E::Disconnected(_) => Self::Vanished,
            _ => Self::Answered,
        }
    }
}

fn seconds(patience: Duration) -> String {
    count(usize::try_from(patience.as_secs()).unwrap_or(usize::MAX), "second")
}

fn vanished() -> String {
    format!(
        "twinlockd went away before it answered; whether the request took effect is not known. \
         {LOOK}; try again when it is well."
    )
}

/// Errors that the bus made, or that no peer of this version sends.
fn bus_sentence(cause: &zbus::Error) -> String {
    let zbus::Error::FDO(reply) = cause else {
        return format!(
            "The answer of twinlockd cannot be read: {cause}. Check that twinlock and twinlockd \
             are of one version."
        );
    };
    match &**reply {
        fdo::Error::AccessDenied(_) => "This is for administrators, and the bus did not let it \
             through. Run it as root, or leave USER out to do it to yourself."
            .to_owned(),
        fdo::Error::UnknownMethod(_)
        | fdo::Error::UnknownInterface(_)
        | fdo::Error::UnknownObject(_)
        | fdo::Error::InvalidArgs(_) => "The running twinlockd does not know this request. \
             Restart it with 'systemctl restart twinlockd', so that it is of the same version as \
             twinlock."
            .to_owned(),
        other => format!("The bus refused the request: {other}. Try again later."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reply(error: fdo::Error) -> CallError {
        CallError::from_reply(Error::from(zbus::Error::FDO(Box::new(error))))
    }

    #[test]
    fn a_name_that_nobody_has_is_a_daemon_that_is_not_running() {
        for error in [
            fdo::Error::ServiceUnknown(String::new()),
            fdo::Error::NameHasNoOwner(String::new()),
            fdo::Error::SpawnChildExited(String::new()),
        ] {
            let failure = Failure::from(reply(error));
            assert_eq!(failure.code(), 3);
            assert!(failure.to_string().contains("is not running"), "{failure}");
        }
    }

    #[test]
    fn a_daemon_that_vanishes_leaves_the_outcome_open() {
        let broken = std::io::Error::from(std::io::ErrorKind::BrokenPipe);
        let broken = CallError::from_reply(Error::from(zbus::Error::from(broken)));
        for error in [reply(fdo::Error::NoReply(String::new())), broken] {
            let failure = Failure::from(error);
            assert_eq!(failure.code(), 3);
            assert!(failure.to_string().contains("is not known"), "{failure}");
        }
    }

    #[test]
    fn what_the_bus_denies_is_for_administrators() {
        let failure = Failure::from(reply(fdo::Error::AccessDenied("1 matched rules".to_owned())));
        assert_eq!(failure.code(), 1);
        assert!(failure.to_string().contains("leave USER out"), "{failure}");
    }

    #[test]
    fn a_refusal_without_a_word_still_makes_a_sentence() {
        let failure = Failure::from(CallError::from_reply(Error::Unavailable(String::new())));
        assert_eq!(failure.code(), 1);
        assert!(failure.to_string().contains("org.twinlock1.Error.Unavailable"), "{failure}");
    }

    #[test]
    fn the_daemons_words_are_escaped() {
        let failure = Failure::from(CallError::from_reply(Error::Locked("a\x1b[2J".to_owned())));
        assert_eq!(failure.to_string(), "a\\u{1b}[2J");
    }
}
