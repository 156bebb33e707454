//! What a login changes once the whole of it has gone through: in the account phase, when the
//! ticket comes back. A stranger who knows no password gets no further than the auth phase, and so
//! cannot cause any of it.

use std::fmt;

use crate::{
    factor::totp::TotpFactor, hashing::SALT_BYTES, login::SessionCode, printed_code::PrintedCode,
    time::Timestamp, trusted_host::TrustedHost,
};

/// A change of the record that waits for the account phase. It may hold a secret, which its
/// `Debug` does not show.
#[derive(Clone, PartialEq, Eq)]
pub enum Staged {
    /// Grace begins with this login.
    BeginGrace {
        /// When it was.
        at: Timestamp,
    },
    /// An authenticator that a code has confirmed.
    Enrol(Box<StagedEnrolment>),
    /// A host to be trusted.
    Trust {
        /// The host, with its timer.
        host: Box<TrustedHost>,
        /// `[remember] limit`.
        limit: u32,
        /// [`UserRecord::trust_epoch`](crate::record::UserRecord::trust_epoch) when the code was
        /// accepted: if all trust was withdrawn since, this comes too late.
        epoch: u32,
    },
    /// A trusted host spared the user a code.
    UseTrust {
        /// Its id.
        host: String,
        /// When.
        at: Timestamp,
    },
    /// A code was given in this login: [`LoginContext::session_code`] of `su` and `sudo` in the
    /// session that follows. Nothing of it is in the record.
    ///
    /// [`LoginContext::session_code`]: crate::login::LoginContext::session_code
    GiveCode(SessionCode),
    /// The password changes: every trust in a host rested on the old one.
    ChangePassword,
    /// A code was right in the check before a password changes: once it has changed, the second
    /// factor can be set up anew, while the record is what it was. Nothing of it is in the record.
    MayRenew {
        /// [`UserRecord::trust_epoch`](crate::record::UserRecord::trust_epoch) at the code.
        epoch: u32,
        /// The factors that there were.
        beside: Vec<String>,
    },
}

/// An enrolment at login.
#[derive(Clone, PartialEq, Eq)]
pub struct StagedEnrolment {
    /// The id that the factor will have.
    pub factor: String,
    /// The key, with the step of the confirming code.
    pub totp: TotpFactor,
    /// The recovery codes that were shown, each with its salt; empty where they do not count. Their
    /// digests cost time that only a login which has gone through is worth.
    pub recovery: Vec<(PrintedCode, [u8; SALT_BYTES])>,
    /// The invitation that it uses up.
    pub invitation: Option<String>,
    /// The factors that there were when it was offered.
    pub beside: Vec<String>,
    /// [`UserRecord::trust_epoch`](crate::record::UserRecord::trust_epoch) when it was offered: a
    /// reset since then demands what it demands.
    pub epoch: u32,
    /// When it was confirmed.
    pub at: Timestamp,
}

impl fmt::Debug for Staged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BeginGrace { at } => write!(f, "BeginGrace({at})"),
            Self::Enrol(enrolment) => write!(f, "Enrol({}, {})", enrolment.factor, enrolment.at),
            Self::Trust { host, .. } => write!(f, "Trust({})", host.id),
            Self::UseTrust { host, at } => write!(f, "UseTrust({host}, {at})"),
            Self::GiveCode(code) => write!(f, "GiveCode({})", code.at),
            Self::ChangePassword => f.write_str("ChangePassword"),
            Self::MayRenew { epoch, .. } => write!(f, "MayRenew({epoch})"),
        }
    }
}
