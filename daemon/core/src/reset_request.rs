//! A user says that everything is lost, and asks an administrator to decide.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::time::Timestamp;

/// How long a request waits for an administrator.
pub const LIFETIME: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// How long after a request another can be made at the prompt: mail goes to every contact, and who
/// knows the first factor must not be able to send it at will.
pub const PAUSE: Duration = Duration::from_secs(24 * 60 * 60);

/// A request, open or over. The last one is kept, so that its pause holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ResetRequest {
    /// Names it to people.
    pub id: String,
    /// When it was made.
    pub since: Timestamp,
    /// Where from: an address, `local` or `unknown`.
    pub source: String,
    /// The PAM service, or `twinlock`.
    pub service: String,
    /// What the user gave as the reason.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Taken back by the user, or refused by an administrator.
    #[serde(default)]
    pub closed: bool,
}

impl ResetRequest {
    /// When it lapses.
    pub const fn expires(&self) -> Timestamp {
        self.since.after(LIFETIME)
    }

    /// Whether it waits for an administrator.
    pub fn is_open(&self, now: Timestamp) -> bool {
        !self.closed && now < self.expires()
    }

    /// The request of this id, if it waits for an administrator; case does not count in an id.
    pub fn open<'a>(
        requests: &'a mut Option<Self>,
        id: &str,
        now: Timestamp,
    ) -> Option<&'a mut Self> {
        requests
            .as_mut()
            .filter(|request| request.is_open(now) && request.id.eq_ignore_ascii_case(id))
    }

    /// Whether the pause after it is still on for whoever asks from there. It holds for the place
    /// that asked: a stranger's request that was refused must not keep the owner's away.
    pub fn pauses(&self, source: &str, now: Timestamp) -> bool {
        self.source == source && now < self.since.after(PAUSE)
    }
}
