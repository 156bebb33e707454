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

    /// Whether it is the same key, and used in the same way.
    pub fn is_same_key(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Totp(one), Self::Totp(other)) => one.is_same_app(other),
            (Self::Hotp(one), Self::Hotp(other)) => one.is_same_token(other),
            (Self::Totp(_), Self::Hotp(_)) | (Self::Hotp(_), Self::Totp(_)) => false,
        }
    }

    /// What another factor of the same key knows to be used is used.
    pub fn go_on_from(&mut self, known: &Self) {
        match (self, known) {
            (Self::Totp(app), Self::Totp(known)) => app.go_on_from(known),
            (Self::Hotp(token), Self::Hotp(known)) => token.go_on_from(known),
            (Self::Totp(_), Self::Hotp(_)) | (Self::Hotp(_), Self::Totp(_)) => {}
        }
    }
}
