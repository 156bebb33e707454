//! Decisions, and the reasons that come with each.
//!
//! A reason has a stable word (`word`) that scripts and the log's `cause` rest on, and a `Display`
//! that an administrator reads. What the person at the prompt reads is the dialogue's to write, out
//! of the data in the reason.

use std::{fmt, net::IpAddr};

use ipnet::IpNet;
use serde::Serialize;

use crate::time::Timestamp;

use super::{
    Methods,
    schedule::{rfc3339, rfc3339_opt},
};

/// What the policy says of a login.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "decision", content = "because", rename_all = "kebab-case")]
#[must_use]
pub enum Decision {
    /// No second factor is asked of this login.
    Skip(SkipReason),
    /// One of these methods must be shown; never empty. The preferred one stands first.
    Require(Methods),
    /// The user must enrol now.
    Enrol(EnrolHow),
    /// The login is refused.
    Deny(DenyReason),
}

impl Decision {
    /// The stable word: that of the reason, or `require`.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Skip(reason) => reason.word(),
            Self::Require(_) => "require",
            Self::Enrol(how) => how.word(),
            Self::Deny(reason) => reason.word(),
        }
    }

    /// Whether the login is let through without a prompt.
    pub const fn is_skip(&self) -> bool {
        matches!(self, Self::Skip(_))
    }
}

impl fmt::Display for Decision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Skip(reason @ SkipReason::Observed { .. }) => reason.fmt(f),
            Self::Skip(reason) => write!(f, "skip: {reason}"),
            Self::Require(methods) => write!(f, "require: {methods}"),
            Self::Enrol(how) => write!(f, "enrol: {how}"),
            Self::Deny(reason) => write!(f, "deny: {reason}"),
        }
    }
}

/// Why no second factor is asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "word", rename_all = "kebab-case")]
pub enum SkipReason {
    /// The source is in `[network] exempt`.
    Exempt {
        /// The block that takes it in.
        network: IpNet,
    },
    /// An administrator switched the second factor off for this user.
    UserSwitchedOff,
    /// The profile has `mfa = false`.
    ProfileSwitchedOff {
        /// Its name.
        profile: String,
    },
    /// The level's switch is off.
    LevelSwitchedOff,
    /// Nobody has to enrol, and this user has not.
    Voluntary,
    /// Only those who are enrolled are asked, and this user is not; a reminder is due.
    NotEnrolled,
    /// The date has not come; a reminder is due.
    BeforeDate {
        /// `enforce_from`.
        #[serde(serialize_with = "rfc3339")]
        from: Timestamp,
        /// When grace ends after it; the date itself where there is none.
        #[serde(serialize_with = "rfc3339")]
        deadline: Timestamp,
    },
    /// The user may still put it off; a reminder is due.
    Grace {
        /// Until then.
        #[serde(serialize_with = "rfc3339")]
        deadline: Timestamp,
        /// Grace begins with this login: the record must keep the first login, once the login
        /// has gone through.
        begins: bool,
    },
    /// The account phase of a service in which nothing but the deny list holds.
    AccountPhase,
    /// `mode = "observe"`: what would have been decided.
    Observed {
        /// That decision; never itself observed.
        would_be: Box<Decision>,
    },
}

impl SkipReason {
    /// The stable word.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Exempt { .. } => "exempt",
            Self::UserSwitchedOff => "user-switched-off",
            Self::ProfileSwitchedOff { .. } => "profile-switched-off",
            Self::LevelSwitchedOff => "level-switched-off",
            Self::Voluntary => "voluntary",
            Self::NotEnrolled => "not-enrolled",
            Self::BeforeDate { .. } => "before-date",
            Self::Grace { .. } => "grace",
            Self::AccountPhase => "account-phase",
            Self::Observed { .. } => "observed",
        }
    }

    /// The reminder that the person is owed with this reason. Observed logins hear nothing.
    pub const fn reminder(&self) -> Option<Reminder> {
        match self {
            Self::NotEnrolled => Some(Reminder { required_from: None, deadline: None }),
            Self::BeforeDate { from, deadline } => {
                Some(Reminder { required_from: Some(*from), deadline: Some(*deadline) })
            }
            Self::Grace { deadline, .. } => {
                Some(Reminder { required_from: None, deadline: Some(*deadline) })
            }
            _ => None,
        }
    }
}

impl fmt::Display for SkipReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exempt { network } => write!(f, "the source is in the exempt network {network}"),
            Self::UserSwitchedOff => f.write_str("switched off for this user"),
            Self::ProfileSwitchedOff { profile } => {
                write!(f, "switched off by the profile \"{}\"", profile.escape_debug())
            }
            Self::LevelSwitchedOff => f.write_str("switched off by the level"),
            Self::Voluntary => f.write_str("not enrolled, and nobody has to be"),
            Self::NotEnrolled => f.write_str("not enrolled; only enrolled users are asked"),
            Self::BeforeDate { from, deadline } if from == deadline => {
                write!(f, "not enrolled; required from {} on", from.date())
            }
            Self::BeforeDate { from, deadline } => write!(
                f,
                "not enrolled; required from {} on, with grace until {deadline}",
                from.date()
            ),
            Self::Grace { deadline, begins: true } => {
                write!(f, "not enrolled; grace begins and ends {deadline}")
            }
            Self::Grace { deadline, begins: false } => {
                write!(f, "not enrolled; grace until {deadline}")
            }
            Self::AccountPhase => f.write_str("nothing is asked in this service's account phase"),
            Self::Observed { would_be } => write!(f, "would {would_be}"),
        }
    }
}

/// What a person who was let in without a second factor must hear.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Reminder {
    /// The date from which a second factor is required, where it has not come.
    #[serde(serialize_with = "rfc3339_opt")]
    pub required_from: Option<Timestamp>,
    /// When the person must have enrolled, where they must.
    #[serde(serialize_with = "rfc3339_opt")]
    pub deadline: Option<Timestamp>,
}

/// How the user enrols.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(tag = "word", rename_all = "kebab-case")]
pub enum EnrolHow {
    /// With the first factor that the login has shown.
    #[serde(rename = "enrol")]
    AtLogin {
        /// The methods to choose from; never empty, never recovery codes.
        methods: Methods,
    },
    /// With an invitation code besides.
    #[serde(rename = "enrol-invitation")]
    Invitation {
        /// The methods to choose from; never empty, never recovery codes.
        methods: Methods,
        /// Why the first factor alone will not do.
        cause: InvitationCause,
    },
}

impl EnrolHow {
    /// The stable word.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::AtLogin { .. } => "enrol",
            Self::Invitation { .. } => "enrol-invitation",
        }
    }

    /// The methods to choose from.
    pub const fn methods(&self) -> Methods {
        match self {
            Self::AtLogin { methods } | Self::Invitation { methods, .. } => *methods,
        }
    }
}

impl fmt::Display for EnrolHow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AtLogin { methods } => write!(f, "one of {methods}, at this login"),
            Self::Invitation { methods, cause } => {
                write!(f, "one of {methods}, with an invitation ({cause})")
            }
        }
    }
}

words! {
    /// Why an enrolment needs an invitation.
    pub enum InvitationCause("cause of an invitation") {
        /// The terms of the login say so.
        Terms = "terms",
        /// The user's record says so, as after a reset.
        Record = "record",
        /// The user has factors, none of which counts here. Who knows the password alone must not
        /// be able to set up a factor beside them.
        MethodsNotPermitted = "methods-not-permitted",
    }
}

/// Why a login is refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "word", rename_all = "kebab-case")]
pub enum DenyReason {
    /// The source is in `[network] deny`.
    DeniedNetwork {
        /// The block that takes it in.
        network: IpNet,
    },
    /// `[network] allow` is set, and the source is not in it.
    NetworkNotAllowed {
        /// The source.
        address: IpAddr,
    },
    /// An address list is set, and the source of a remote login cannot be read.
    UnknownSource,
    /// The user would have to enrol, and the login has shown no first factor.
    NoFirstFactor,
    /// The user is not enrolled, and only an administrator enrols here.
    EnrolmentByAdmin,
    /// The user has factors, but none that counts here, and only an administrator enrols.
    MethodsNotPermitted {
        /// What the user has.
        enrolled: Methods,
        /// What counts.
        permitted: Methods,
    },
    /// The user has factors that count, but none can be used now.
    NoUsableMethod {
        /// Those that count.
        enrolled: Methods,
    },
    /// The user would have to enrol, and no method that counts can be set up.
    NothingToEnrol,
    /// A login by key alone, where a second factor is wanted: sshd never ran PAM's auth phase.
    KeyAlone {
        /// The PAM service.
        service: String,
    },
}

impl DenyReason {
    /// The stable word.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::DeniedNetwork { .. } => "denied-network",
            Self::NetworkNotAllowed { .. } => "network-not-allowed",
            Self::UnknownSource => "unknown-source",
            Self::NoFirstFactor => "no-first-factor",
            Self::EnrolmentByAdmin => "enrolment-by-admin",
            Self::MethodsNotPermitted { .. } => "methods-not-permitted",
            Self::NoUsableMethod { .. } => "no-usable-method",
            Self::NothingToEnrol => "nothing-to-enrol",
            Self::KeyAlone { .. } => "key-alone",
        }
    }
}

impl fmt::Display for DenyReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::DeniedNetwork { network } => {
                write!(f, "the source is in the denied network {network}")
            }
            Self::NetworkNotAllowed { address } => {
                write!(f, "{address} is in no allowed network")
            }
            Self::UnknownSource => {
                f.write_str("an address list is set, and the source cannot be read")
            }
            Self::NoFirstFactor => {
                f.write_str("not enrolled, and the login has shown no first factor to enrol with")
            }
            Self::EnrolmentByAdmin => {
                f.write_str("not enrolled, and only an administrator enrols here")
            }
            Self::MethodsNotPermitted { enrolled, permitted } => {
                write!(f, "enrolled with {enrolled}, but only {permitted} count here")
            }
            Self::NoUsableMethod { enrolled } => {
                write!(f, "enrolled with {enrolled}, none of which can be used now")
            }
            Self::NothingToEnrol => {
                f.write_str("not enrolled, and no method that counts here can be set up")
            }
            Self::KeyAlone { service } => write!(
                f,
                "a second factor is required, and {} asked for a key alone; set \
                 \"AuthenticationMethods publickey,keyboard-interactive\" in sshd_config",
                service.escape_debug()
            ),
        }
    }
}

words! {
    /// The rules, in the order in which they are asked.
    pub enum Rule("rule") {
        /// `[network] deny`.
        DenyList = "network.deny",
        /// `[network] allow`.
        AllowList = "network.allow",
        /// `account_services`.
        AccountServices = "account_services",
        /// A profile.
        Profile = "profile",
        /// A level.
        Level = "level",
        /// `[network] exempt`.
        ExemptList = "network.exempt",
        /// The per-user switch.
        UserSwitch = "user-switch",
    }
}
