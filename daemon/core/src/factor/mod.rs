//! Factors: what a user can show beside the first factor. One file a kind.

pub mod hotp;
pub mod one_time_code;
pub mod totp;

use serde::{Deserialize, Serialize};

use self::{hotp::HotpFactor, totp::TotpFactor};
use crate::time::Timestamp;

/// One enrolled factor.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Factor {
    /// Stable within the user's record, shown to people: six characters without look-alikes.
    pub id: String,
    /// What the user called it.
    pub label: String,
    /// When it was enrolled.
    pub enrolled_at: Timestamp,
    /// When a code of it was last accepted.
    #[serde(default)]
    pub last_used_at: Option<Timestamp>,
    /// What it is.
    pub kind: Kind,
}

/// The kinds of factor.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// An authenticator app or token, RFC 6238.
    Totp(TotpFactor),
    /// A token that counts, RFC 4226; only ever imported.
    Hotp(HotpFactor),
}

impl Kind {
    /// The word on the bus. The policy takes either for its method `totp`: an authenticator.
    pub const fn method(&self) -> &'static str {
        match self {
            Self::Totp(_) => "totp",
            Self::Hotp(_) => "hotp",
        }
    }
}
