//! The daemon of Twinlock: it decides who is asked for a second factor, verifies it, and remembers.
#![forbid(unsafe_code)]

pub mod arguments;
pub mod audit_log;
pub mod audit_trail;
pub mod backup;
pub mod bus;
pub mod clock;
pub mod configuration;
pub mod daemon;
pub mod directory;
pub mod engine;
pub mod hashing;
pub mod journal;
pub mod login;
pub mod notify;
pub mod post;
mod socket;
pub mod store;

#[cfg(test)]
mod testing;
mod unanswered;
