//! How the daemon is set up: the configuration, as steps look at it.

use std::time::Duration;

use crate::{
    factor::one_time_code,
    notice::Channels,
    policy::{EnrolmentMode, Policy},
    record::CodeRules,
    trusted_host,
};

/// How the daemon is set up, as far as a login is concerned.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Who is asked.
    pub policy: Policy,
    /// How codes are tried and counted.
    pub codes: CodeRules,
    /// What authenticator apps show as the issuer of a key.
    pub issuer: String,
    /// The name of this host, as people know it.
    pub host: String,
    /// Which kinds of message can be sent.
    pub channels: Channels,
    /// `[one_time_code]`.
    pub one_time_code: one_time_code::Rules,
    /// `[remember]`.
    pub remember: trusted_host::Rules,
    /// `[reset] enrol`: what the enrolment after a reset needs.
    pub enrolment_after_reset: EnrolmentMode,
    /// `[email] reminder`: how long before the date of a profile its users are written to.
    pub reminder: Option<Duration>,
}

impl Default for Settings {
    /// What an empty configuration means, on a host that has no name of its own.
    fn default() -> Self {
        let host = "localhost".to_owned();
        Self {
            policy: Policy::default(),
            codes: CodeRules::default(),
            issuer: host.clone(),
            host,
            channels: Channels::default(),
            one_time_code: one_time_code::Rules::default(),
            remember: trusted_host::Rules::default(),
            enrolment_after_reset: EnrolmentMode::Invitation,
            reminder: None,
        }
    }
}
