//! The daemon of Twinlock: it decides who is asked for a second factor, verifies it, and remembers.
#![forbid(unsafe_code)]

pub mod store;
