//! The rigs: one part of a machine a file, put together by [`host::Host`].

pub mod application;
pub mod artifacts;
pub mod authenticator;
pub mod bus;
pub mod clock;
pub mod command;
pub mod daemon;
pub mod host;
pub mod machine;
pub mod namespace;
pub mod pam_stack;
pub mod peer;
pub mod process;
pub mod ssh;
pub mod sshd;
pub mod syslog;
pub mod terminal;
pub mod transcript;
pub mod users;
