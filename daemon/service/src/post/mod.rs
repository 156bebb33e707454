//! Messages to users, by e-mail and as text messages.
//!
//! A message is handed over after the commit that it tells of, and nobody waits for it: a server
//! that is slow, full or gone costs the message, never the login.
//!
//! ```text
//! Notice ─► Outbox: a place in a lane ─► Wording ─► email: SMTP, or a program
//!              │ full: dropped, logged      │        sms: a gateway, or a program
//!              │                            ▼
//!              └──── again, a few times ◄─ failure, passing or lasting ─► the log
//!                                           (passing: once for each outage of the server)
//! ```
//!
//! What servers and programs answer is not trusted: it is bounded in time and size, and only its
//! status is looked at. No log line has a text or a code in it.

mod email;
mod failure;
mod gateway;
mod outages;
mod outbox;
mod program;
mod secret_file;
mod sending;
mod sms;
mod tls;
mod wording;

use twinlock_core::{notice::Notice, time::Timestamp};

pub use self::{outbox::Outbox, sending::Sending};

/// Takes messages over and sees to it that they are sent.
pub trait Post: Send + Sync {
    /// Takes one over. Returns at once, whatever becomes of it.
    fn send(&self, notice: Notice);
}

/// A server took the reminder of this date.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// Who was reminded: the canonical name.
    pub user: String,
    /// The date of the policy.
    pub date: Timestamp,
}

/// The post of a host that has neither a mail server nor a gateway for text messages.
pub struct NoPost;

impl Post for NoPost {
    fn send(&self, _: Notice) {}
}

#[cfg(test)]
mod tests;
