//! The configuration as the daemon and the command use it.

use twinlock_core::{lockout, policy::Policy};

use crate::sections::{audit::Audit, bus::Bus, login::Login, store::Store, totp::Totp};

/// Everything that the configuration says. The default is what an empty file means.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Config {
    /// Who needs a second factor, from where, since when: the keys at the top, `[network]`,
    /// `[[profile]]` and `[levels]`.
    pub policy: Policy,
    /// `[totp]`
    pub totp: Totp,
    /// `[lockout]`
    pub lockout: lockout::Rules,
    /// `[store]`
    pub store: Store,
    /// `[login]`
    pub login: Login,
    /// `[bus]`
    pub bus: Bus,
    /// `[audit]`
    pub audit: Audit,
}
