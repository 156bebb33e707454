//! The policy as a whole: who is asked, from where, since when.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod abuse;
mod explain;
mod lists;
mod oracle;
mod order;
mod outlook;
mod properties;
mod random;
mod setup;
mod table;
mod warnings;
