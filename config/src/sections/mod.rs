//! The sections of the configuration, one a file: their keys, and what two keys cannot say at
//! once.

pub(crate) mod audit;
pub(crate) mod bus;
pub(crate) mod email;
pub(crate) mod general;
pub(crate) mod level;
pub(crate) mod lockout;
pub(crate) mod login;
pub(crate) mod network;
pub(crate) mod one_time_code;
pub(crate) mod profile;
pub(crate) mod remember;
pub(crate) mod reset;
pub(crate) mod sms;
pub(crate) mod store;
pub(crate) mod totp;
