//! The rigs: one part of a machine a file, put together by [`host::Host`].

pub mod application;
pub mod artifacts;
pub mod authenticator;
pub mod browser;
pub mod bus;
pub mod camera;
pub mod certificates;
pub mod clients;
pub mod clock;
pub mod command;
pub mod daemon;
pub mod gateway;
pub mod host;
pub mod kannel;
pub mod machine;
pub mod mailbox;
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
