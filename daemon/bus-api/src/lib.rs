//! The words that travel between the PAM module, the daemon and the command.
//!
//! - [`names`]: paths, bus names, interfaces.
//! - [`login`]: `org.twinlock1.Login`, peer to peer on the login socket.
//! - [`module_arguments`]: what can stand behind `pam_twinlock.so` in a PAM stack.
//! - [`account`] (feature `admin`): `org.twinlock1.Self` and `org.twinlock1.Admin` on the system bus.
//! - [`contact`], [`trusted_host`] (feature `admin`): what else stands of a user there.
//! - [`policy`] (feature `admin`): words and types of the policy on `org.twinlock1.Admin`.
//! - [`history`] (feature `admin`): what happened, on `org.twinlock1.Admin`.
//! - [`voucher`] (feature `admin`): invitations, bypass codes and resets on `org.twinlock1.Admin`.
//! - [`import`] (feature `admin`): factors from elsewhere, on `org.twinlock1.Admin`.
//! - [`backup`] (feature `admin`): backups on `org.twinlock1.Admin`, and the head of their file.
//! - [`error`]: the errors that the system-bus interfaces answer with.
//!
//! The installed interface XML documents each method for readers of other languages; a test holds
//! it against the daemon's introspection.
#![forbid(unsafe_code)]

#[cfg(feature = "admin")]
pub mod account;
#[cfg(feature = "admin")]
pub mod backup;
#[cfg(feature = "admin")]
pub mod contact;
#[cfg(feature = "admin")]
pub mod error;
#[cfg(feature = "admin")]
pub mod history;
#[cfg(feature = "admin")]
pub mod import;
pub mod login;
pub mod module_arguments;
pub mod names;
#[cfg(feature = "admin")]
pub mod policy;
#[cfg(feature = "admin")]
pub mod trusted_host;
#[cfg(feature = "admin")]
pub mod voucher;
