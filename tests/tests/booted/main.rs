//! The packages on whole machines: a Debian with its own systemd, D-Bus, sshd and rsyslog, booted in
//! a container, on which the package manager installs what users get. One binary, one behaviour a
//! module.
//!
//! `scripts/test-installed` builds the packages and the root file system, says in the environment
//! where they are, and runs these tests.
#![forbid(unsafe_code)]
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "this is all test code"
)]

mod credential;
mod deb;
mod outages;
mod readme;
mod revert;
mod rpm;
mod site;
mod snapshot;
mod unit;
