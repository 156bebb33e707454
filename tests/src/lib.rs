//! End-to-end tests of Twinlock, and the rigs that they stand on.
//!
//! Nothing is mocked: sshd, su, sudo, login, libpam, dbus-daemon and the store on disk are the
//! real ones. Each test is a machine of its own made of Linux namespaces ([`rig::host::Host`]),
//! so that the tests run side by side and leave the machine under them as it was.
//!
//! What is trusted: the kernel's namespaces, and `oathtool` as the independent generator of codes.
#![forbid(unsafe_code)]
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a rig that cannot be set up fails its test at once, with a sentence; it is no part of the product"
)]

pub mod bench;
pub mod demo;
pub mod login;
pub mod rig;
