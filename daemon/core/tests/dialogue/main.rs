//! The dialogue of a login: what people read on each path, and what holds on all of them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

mod account;
mod codes;
mod decisions;
mod factors;
#[path = "../support/hashing.rs"]
mod hashing;
mod invitation;
mod lost;
mod meanwhile;
mod properties;
mod renewal;
mod setup;
mod timers;
mod trust;
#[path = "../support/web1.rs"]
mod web1;
mod withdrawn;
