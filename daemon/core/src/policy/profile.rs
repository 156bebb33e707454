//! Profiles: whom a rule is for, and what it changes.

use std::time::Duration;

use ipnet::IpNet;

use crate::{login::FirstFactor, time::Timestamp};

use super::{EnrolmentMode, Level, List, Methods, Place, Remember};

words! {
    /// A word of a profile's `first_factor`.
    pub enum FirstFactorKind("first factor") {
        /// A password.
        Password = "password",
        /// A public key or a certificate.
        PublicKey = "publickey",
        /// GSSAPI, such as Kerberos.
        Gssapi = "gssapi",
        /// The client host vouched for the user.
        HostBased = "hostbased",
        /// Any of the three that come without a password: publickey, gssapi, hostbased.
        Key = "key",
    }
}

impl FirstFactorKind {
    /// What [`FirstFactorKind::Key`] stands for.
    pub(super) const KEYS: [Self; 3] = [Self::PublicKey, Self::Gssapi, Self::HostBased];

    /// The methods that a kind may be: sshd does not tell those of `key` apart.
    pub(super) const fn candidates(self) -> &'static [Self] {
        match self {
            Self::Password => &[Self::Password],
            Self::PublicKey => &[Self::PublicKey],
            Self::Gssapi => &[Self::Gssapi],
            Self::HostBased => &[Self::HostBased],
            Self::Key => &Self::KEYS,
        }
    }

    /// The kind of a method that was used; `None` for one that no list can name.
    pub(super) const fn of(factor: &FirstFactor) -> Option<Self> {
        match factor {
            FirstFactor::Password => Some(Self::Password),
            FirstFactor::PublicKey { .. } => Some(Self::PublicKey),
            FirstFactor::Gssapi => Some(Self::Gssapi),
            FirstFactor::HostBased => Some(Self::HostBased),
            FirstFactor::Key => Some(Self::Key),
            FirstFactor::Other(_) => None,
        }
    }
}

/// A `[[profile]]`: the lists must all match; what it leaves out comes from its level.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Profile {
    /// Its name, unique within a policy.
    pub name: String,
    /// Where it stands.
    pub place: Place,
    /// PAM service names.
    pub services: List<String>,
    /// Canonical user names.
    pub users: List<String>,
    /// Groups, primary or supplementary.
    pub groups: List<String>,
    /// Addresses; a list that is not empty matches no login without one.
    pub networks: List<IpNet>,
    /// How the first factor was shown.
    pub first_factor: List<FirstFactorKind>,
    /// The level that the rest comes from; the policy's own where there is none.
    pub level: Option<Level>,
    /// Overrides the level's switch: `true` requires a second factor, `false` asks none.
    pub mfa: Option<bool>,
    /// The methods that count.
    pub methods: Option<Methods>,
    /// For how long a host is trusted.
    pub remember: Option<Remember>,
    /// From then on a second factor is required; a date means its beginning in UTC.
    pub enforce_from: Option<Timestamp>,
    /// For how long users may put it off.
    pub grace: Option<Duration>,
    /// How users come to be enrolled (`enrol`).
    pub enrolment: Option<EnrolmentMode>,
}

impl Profile {
    /// Whether the profile itself switches the second factor off.
    pub fn is_off(&self) -> bool {
        self.mfa == Some(false)
    }
}
