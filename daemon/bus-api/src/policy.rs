//! What `org.twinlock1.Admin` says about the policy: the per-user switch, why a login is decided as it
//! is, and which configuration is in force.

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

/// The files say what is in force.
pub const IN_FORCE: &str = "in-force";

/// The files were edited, be it by a comment that moves lines; a reload puts them in force.
pub const CHANGED: &str = "changed";

/// The files cannot be used: a reload is refused.
pub const BROKEN: &str = "broken";

/// Which configuration is in force, and what the files say meanwhile.
#[derive(Debug, Clone, Default, PartialEq, Eq, SerializeDict, DeserializeDict, Type)]
#[zbus(signature = "dict")]
pub struct ConfigurationStatus {
    /// When what is in force was read, by the time of day.
    pub read_at: u64,
    /// [`IN_FORCE`], [`CHANGED`] or [`BROKEN`].
    pub files: String,
    /// The first thing that is wrong with them, where they are broken.
    pub problem: Option<String>,
    /// Sections of which something else is in force until twinlockd is started again.
    pub wants_restart: Vec<String>,
    /// Rules in force that ask less of some, in the order in which the policy is read.
    pub exemptions: Vec<Exemption>,
}

/// A rule of the policy that lets people in without a second factor.
#[derive(Debug, Clone, Default, PartialEq, Eq, SerializeDict, DeserializeDict, Type)]
#[zbus(signature = "dict")]
pub struct Exemption {
    /// `network`, `profile` or `level`.
    pub rule: String,
    /// The block of addresses, or the name of the profile or level.
    pub name: String,
    /// Whom it is for, in words.
    pub whom: String,
    /// What is asked of them, in words.
    pub asks: String,
    /// File and line; left out where it is the default.
    pub place: Option<String>,
}
