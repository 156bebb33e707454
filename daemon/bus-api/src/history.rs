//! What happened, as `org.twinlock1.Admin` tells it.

use zbus::{DeserializeDict, SerializeDict, Type};

/// The word of an event that observe mode let through.
pub const OBSERVED: &str = "login.observed";

/// The most events that one call of `Log` brings.
pub const LOG_LIMIT: u32 = 1000;

/// Which events are wanted; what is absent does not matter.
#[derive(Debug, Clone, Default, PartialEq, Eq, SerializeDict, DeserializeDict, Type)]
#[zbus(signature = "dict")]
pub struct LogFilter {
    /// Of this user.
    pub user: Option<String>,
    /// With this word for what happened, [`OBSERVED`] for one.
    pub event: Option<String>,
    /// Not before this time.
    pub since: Option<u64>,
    /// Before this time, and not at it.
    pub until: Option<u64>,
    /// After the place that an earlier call gave.
    pub after: Option<String>,
    /// This many at the most; at most [`LOG_LIMIT`], which holds where it is absent.
    pub limit: Option<u32>,
}

/// A day of the audit trail of which a part cannot be read.
#[derive(Debug, Clone, Default, PartialEq, Eq, SerializeDict, DeserializeDict, Type)]
#[zbus(signature = "dict")]
pub struct DamagedDay {
    /// The day in UTC, `2026-11-21`.
    pub day: String,
    /// How many blocks of events of it cannot be read.
    pub blocks: u32,
}

/// One event. It has no field for a code or a secret.
#[derive(Debug, Clone, Default, PartialEq, Eq, SerializeDict, DeserializeDict, Type)]
#[zbus(signature = "dict")]
pub struct LogEvent {
    /// When it happened, by the host's time of day.
    pub at: u64,
    /// The word for what happened, `code.refused` for one.
    pub event: String,
    /// To whom; empty where it concerns nobody.
    pub user: String,
    /// Who did it, where that is somebody else.
    pub by: Option<String>,
    /// The PAM service.
    pub service: Option<String>,
    /// Where from: an address, `local` or `unknown`.
    pub source: Option<String>,
    /// Who asked, where the source is this host.
    pub requester: Option<String>,
    /// The terminal.
    pub tty: Option<String>,
    /// Why, in the words of the log.
    pub cause: String,
    /// What the person was told to quote.
    pub reference: Option<String>,
    /// Whether it has the reference that was asked for. From `Find` alone, as what follows.
    pub is_named: Option<bool>,
    /// The line of the system log, without its time.
    pub line: Option<String>,
    /// What happened and why, in plain words.
    pub meaning: Option<String>,
    /// What to do about it; empty where nothing needs to be done.
    pub advice: Option<String>,
}
