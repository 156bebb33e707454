//! The pure heart of Twinlock: policy, factors, lock-out and the dialogue of one login.
//!
//! Everything here is a function of its arguments: no file, no socket, no clock, no randomness but
//! what is handed in. The daemon loads a record, asks the core, commits what it answers, and only
//! then replies; so whatever can be wrong here can be shown in a test without a process.
#![forbid(unsafe_code)]

// Test code that unit tests and integration tests share names the crate as the latter do.
#[cfg(test)]
extern crate self as twinlock_core;

#[macro_use]
mod words;

pub mod audit;
pub mod contact;
pub mod contact_proof;
pub mod dialogue;
pub mod factor;
pub mod first_factor;
pub mod fresh;
pub mod hashing;
pub mod lockout;
pub mod login;
pub mod news;
pub mod notice;
pub mod policy;
pub mod printed_code;
pub mod record;
pub mod reference;
pub mod reminder;
pub mod reset_request;
pub mod response;
pub mod scratch_codes;
pub mod time;
pub mod trusted_host;
pub mod voucher;
