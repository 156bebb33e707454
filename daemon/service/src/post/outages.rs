//! Which servers are out of order, so that the log tells it at the first failure, once, and not with
//! every try.
//!
//! ```text
//!             a try fails, and may not fail later: told
//!   working ─────────────────────────────────────────────► out
//!      ▲                                                    │ other tries fail: nothing new
//!      └────────────────────────────────────────────────────┘
//!                    a message goes out: told
//! ```
//!
//! A server that puts off each message once (grey-listing) goes round with each of them: it is told
//! of [once a minute](QUIET) at the most.

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use twinlock_core::notice::Recipient;

/// How long after an outage was told of the next one of the same server is not.
const QUIET: Duration = Duration::from_secs(60);

/// The server for e-mail, and the one for text messages.
#[derive(Default)]
pub(super) struct Outages([Mutex<Server>; 2]);

#[derive(Default)]
struct Server {
    /// What the log calls it. A reload can put another one in its place.
    name: String,
    is_out: bool,
    told: Option<Duration>,
}

impl Outages {
    /// A try to reach somebody by this server failed in passing. Whether that is news. `now` is of
    /// the steady clock.
    #[must_use]
    pub fn failed(&self, to: &Recipient, server: &str, now: Duration) -> bool {
        self.of(to, |known| {
            if known.name != server {
                *known = Server { name: server.to_owned(), ..Server::default() };
            }
            let is_quiet = known.told.is_some_and(|told| now.saturating_sub(told) < QUIET);
            if known.is_out || is_quiet {
                return false;
            }
            known.is_out = true;
            known.told = Some(now);
            true
        })
    }

    /// This server took a message. Whether that is news: the log said that it is out of order.
    #[must_use]
    pub fn worked(&self, to: &Recipient, server: &str) -> bool {
        self.of(to, |known| known.name == server && std::mem::take(&mut known.is_out))
    }

    fn of<T>(&self, to: &Recipient, look: impl FnOnce(&mut Server) -> T) -> T {
        let [email, mobile] = &self.0;
        let server = match to {
            Recipient::Email(_) => email,
            Recipient::Mobile(_) => mobile,
        };
        look(&mut server.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAIL: &str = "mail.example.org:587";
    const GATEWAY: &str = "the gateway sms.example.org";

    fn email() -> Recipient {
        Recipient::Email("alice@example.org".parse().unwrap())
    }

    fn mobile() -> Recipient {
        Recipient::Mobile("+14155550123".parse().unwrap())
    }

    fn at(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn an_outage_is_news_once_and_so_is_its_end() {
        let outages = Outages::default();
        assert!(!outages.worked(&email(), MAIL), "it was never out");
        assert!(outages.failed(&email(), MAIL, at(0)));
        assert!(!outages.failed(&email(), MAIL, at(1)) && !outages.failed(&email(), MAIL, at(999)));
        assert!(outages.worked(&email(), MAIL));
        assert!(!outages.worked(&email(), MAIL));
        assert!(outages.failed(&email(), MAIL, at(1000)), "the next outage");
    }

    #[test]
    fn each_server_has_outages_of_its_own_also_one_that_a_reload_named() {
        let outages = Outages::default();
        assert!(outages.failed(&email(), MAIL, at(0)));
        assert!(outages.failed(&mobile(), GATEWAY, at(0)));
        assert!(!outages.worked(&email(), "other.example.org:587"), "that one was not out");
        assert!(outages.failed(&email(), "other.example.org:587", at(1)));
        assert!(outages.worked(&mobile(), GATEWAY));
    }

    #[test]
    fn a_server_that_fails_every_other_try_is_told_of_once_a_minute() {
        let outages = Outages::default();
        let mut told = 0;
        for second in 0..600 {
            told += usize::from(outages.failed(&email(), MAIL, at(second)));
            told += usize::from(outages.worked(&email(), MAIL));
        }
        assert_eq!(told, 20, "ten outages in ten minutes, and their ends");
    }
}
