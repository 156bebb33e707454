//! What `org.twinlock1.Admin` says about the policy: the per-user switch, and why a login is
//! decided as it is.

use zbus::{DeserializeDict, SerializeDict, Type};

/// The per-user switch: `on`, `off`, `default` on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Switch {
    /// A second factor is required, whatever profile and level say.
    On,
    /// None is asked, whatever profile and level say.
    Off,
    /// Profile and level decide.
    Default,
}

impl Switch {
    /// The word on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::On => "on",
            Self::Off => "off",
            Self::Default => "default",
        }
    }

    /// The switch that a word on the wire names.
    pub fn from_wire(word: &str) -> Option<Self> {
        [Self::On, Self::Off, Self::Default].into_iter().find(|switch| switch.as_str() == word)
    }
}

/// A login that has not happened, for `ExplainPolicy`. What is left out has a default.
#[derive(Debug, Clone, Default, PartialEq, Eq, SerializeDict, DeserializeDict, Type)]
#[zbus(signature = "dict")]
pub struct SupposedLogin {
    /// The PAM service; `sshd` where it is left out.
    pub service: Option<String>,
    /// A literal address, or `unknown` for a remote login whose address cannot be read; a login
    /// without an address where it is left out.
    pub from: Option<String>,
    /// `password`, `publickey`, `gssapi`, `hostbased`, `key`; a password in the auth phase and
    /// none in the account phase where it is left out.
    pub first_factors: Option<Vec<String>>,
    /// `auth` or `account`; `auth` where it is left out.
    pub phase: Option<String>,
}
