//! The sections of the configuration, one a file: their keys, and what two keys cannot say at
//! once.

pub(crate) mod audit;
pub(crate) mod bus;
pub(crate) mod general;
pub(crate) mod level;
pub(crate) mod lockout;
pub(crate) mod login;
pub(crate) mod network;
pub(crate) mod profile;
pub(crate) mod store;
pub(crate) mod totp;
