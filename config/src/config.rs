//! The configuration as the daemon and the command use it.

use twinlock_core::{lockout, policy::Policy};

use crate::sections::{
    audit::Audit, bus::Bus, email::Email, login::Login, one_time_code::OneTimeCode,
    remember::Remember, reset::Reset, sms::Sms, store::Store, totp::Totp,
};

/// Everything that the configuration says. The default is what an empty file means.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Config {
    /// Who needs a second factor, from where, since when: the keys at the top, `[network]`,
    /// `[[profile]]` and `[levels]`.
    pub policy: Policy,
    /// `[totp]`
    pub totp: Totp,
    /// `[one_time_code]`
    pub one_time_code: OneTimeCode,
    /// `[remember]`
    pub remember: Remember,
    /// `[lockout]`
    pub lockout: lockout::Rules,
    /// `[reset]`
    pub reset: Reset,
    /// `[email]`; none where no e-mail is sent.
    pub email: Option<Email>,
    /// `[sms]`; none where no text messages are sent.
    pub sms: Option<Sms>,
    /// `[store]`
    pub store: Store,
    /// `[login]`
    pub login: Login,
    /// `[bus]`
    pub bus: Bus,
    /// `[audit]`
    pub audit: Audit,
}
