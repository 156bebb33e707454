//! Messages to users, by e-mail and as text messages.
//!
//! A message is handed over after the commit that it tells of, and nobody waits for it: a server
//! that is slow, full or gone costs the message, never the login.

use twinlock_core::notice::Notice;

/// Takes messages over and sees to it that they are sent.
pub trait Post: Send + Sync {
    /// Takes one over. Returns at once, whatever becomes of it.
    fn send(&self, notice: Notice);
}

/// The post of a host that has neither a mail server nor a gateway for text messages.
pub struct NoPost;

impl Post for NoPost {
    fn send(&self, _: Notice) {}
}
