//! Tickets: what an auth phase hands to the account phase of the same login.
//!
//! A ticket is a secret of 32 bytes, good once, for two minutes (ten where a password changes), for
//! the same user, service, source and process. It lives in memory: after a restart of the daemon the login starts anew.

use std::{collections::HashMap, sync::Mutex, time::Duration};

use twinlock_bus_api::login::Phase;
use twinlock_bus_api::login::VOID_TICKET;
use twinlock_core::{
    dialogue::{Staged, Verdict},
    login::Source,
};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

/// How long the ticket of a login is good.
pub const LIFETIME: Duration = Duration::from_secs(120);

/// Tickets kept at once. A login that was let in makes one, so thousands of them are a flood;
/// the oldest make room.
const LIMIT: usize = 8192;

/// Bytes of a ticket.
pub const TICKET_BYTES: usize = 32;

/// Which hooks a ticket ties together. A password change that root makes, or that an expired
/// password demands, asks for no code: its ticket must open no login.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Errand {
    /// The auth phase and the account phase.
    Login,
    /// The preliminary check and the update of a password change.
    PasswordChange,
    /// What follows a password change, which has no ticket of its own.
    Renewal,
}

impl Errand {
    /// What a phase is a part of.
    pub const fn of(phase: Phase) -> Self {
        match phase {
            Phase::Password => Self::PasswordChange,
            Phase::Auth | Phase::Account | Phase::Session => Self::Login,
        }
    }

    /// How long its tickets are good. Between the phases of a password change a person thinks of a
    /// password and types it twice.
    const fn lifetime(self) -> Duration {
        match self {
            Self::Login => LIFETIME,
            Self::PasswordChange | Self::Renewal => LIFETIME.saturating_mul(5),
        }
    }
}

/// What a ticket is bound to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Binding {
    /// What it is for.
    pub errand: Errand,
    /// Canonical name.
    pub user: String,
    /// Numeric user id.
    pub uid: u32,
    /// PAM service.
    pub service: String,
    /// Where from.
    pub source: Source,
    /// The process that the PAM module runs in.
    pub process: i32,
}

/// What a ticket stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// The verdict of the auth phase: allow or skip.
    pub verdict: Verdict,
    /// What takes effect now.
    pub staged: Vec<Staged>,
}

/// Why a ticket is not good.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// It was never given out, was used, or is from before a restart.
    #[error("the ticket is not known")]
    Unknown,
    /// The auth phase ran and gave no ticket.
    #[error("the auth phase of this login ended without a verdict that lets in")]
    Void,
    /// Its time is over.
    #[error("the ticket has expired")]
    Expired,
    /// Another user, service, source or process shows it.
    #[error("the ticket belongs to another login")]
    Foreign,
}

struct Ticket {
    binding: Binding,
    grant: Grant,
    made: Duration,
}

impl Ticket {
    fn is_alive(&self, now: Duration) -> bool {
        now.saturating_sub(self.made) < self.binding.errand.lifetime()
    }
}

/// What makes a ticket hard to guess. Wiped when dropped, never printed.
#[derive(Clone, PartialEq, Eq, Hash, Zeroize, ZeroizeOnDrop)]
pub struct Secret([u8; TICKET_BYTES]);

impl Secret {
    /// Takes fresh randomness over.
    pub const fn new(bytes: [u8; TICKET_BYTES]) -> Self {
        Self(bytes)
    }
}

/// All tickets that are out.
#[derive(Default)]
pub struct Tickets {
    tickets: Mutex<HashMap<Secret, Ticket>>,
}

impl Tickets {
    /// Gives a ticket out. `secret` is fresh randomness, `now` the steady clock.
    pub fn issue(
        &self,
        secret: Secret,
        binding: Binding,
        grant: Grant,
        now: Duration,
    ) -> Zeroizing<String> {
        let text = Zeroizing::new(data_encoding::HEXLOWER.encode(&secret.0));
        let mut tickets = self.tickets.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        tickets.retain(|_, ticket| ticket.is_alive(now));
        if tickets.len() >= LIMIT {
            let oldest = tickets.iter().min_by_key(|(_, ticket)| ticket.made);
            if let Some(secret) = oldest.map(|(secret, _)| secret.clone()) {
                tickets.remove(&secret);
            }
        }
        tickets.insert(secret, Ticket { binding, grant, made: now });
        text
    }

    /// How many tickets are out that are younger than `age`: of logins that are between their two
    /// phases right now, and not of programs that have no second one.
    pub fn in_flight(&self, age: Duration, now: Duration) -> usize {
        let tickets = self.tickets.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        tickets.values().filter(|ticket| now.saturating_sub(ticket.made) < age).count()
    }

    /// Takes a ticket back. Whoever shows a ticket has used it, whether or not it is theirs.
    ///
    /// # Errors
    /// It is not good for this login.
    pub fn redeem(&self, text: &str, binding: &Binding, now: Duration) -> Result<Grant, Refusal> {
        if text == VOID_TICKET {
            return Err(Refusal::Void);
        }
        let bytes = data_encoding::HEXLOWER.decode(text.as_bytes()).map(Zeroizing::new);
        let secret = bytes
            .ok()
            .and_then(|bytes| <[u8; TICKET_BYTES]>::try_from(bytes.as_slice()).ok())
            .map(Secret)
            .ok_or(Refusal::Unknown)?;
        let mut tickets = self.tickets.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        let ticket = tickets.remove(&secret).ok_or(Refusal::Unknown)?;
        if !ticket.is_alive(now) {
            return Err(Refusal::Expired);
        }
        if ticket.binding != *binding {
            return Err(Refusal::Foreign);
        }
        Ok(ticket.grant)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Duration = Duration::from_secs(1000);

    #[test]
    fn a_login_between_its_phases_is_in_flight_until_it_comes_back_or_takes_too_long() {
        let (tickets, age) = (Tickets::default(), Duration::from_secs(1));
        let grant = Grant { verdict: Verdict::Allow, staged: Vec::new() };
        assert_eq!(tickets.in_flight(age, START), 0);
        let text = tickets.issue(Secret::new([7; TICKET_BYTES]), binding(), grant.clone(), START);
        assert_eq!(tickets.in_flight(age, START), 1);
        assert!(tickets.redeem(&text, &binding(), START).is_ok());
        assert_eq!(tickets.in_flight(age, START), 0);
        tickets.issue(Secret::new([8; TICKET_BYTES]), binding(), grant, START);
        assert_eq!(tickets.in_flight(age, START + age), 0);
    }

    fn binding() -> Binding {
        Binding {
            errand: Errand::Login,
            user: "alice".to_owned(),
            uid: 1000,
            service: "sshd".to_owned(),
            source: Source::Address("203.0.113.9".parse().unwrap()),
            process: 4711,
        }
    }

    fn grant() -> Grant {
        Grant { verdict: Verdict::Allow, staged: Vec::new() }
    }

    fn issue(tickets: &Tickets, byte: u8) -> Zeroizing<String> {
        tickets.issue(Secret([byte; TICKET_BYTES]), binding(), grant(), START)
    }

    #[test]
    fn a_ticket_is_good_once() {
        let tickets = Tickets::default();
        let ticket = issue(&tickets, 1);
        assert_eq!(tickets.redeem(&ticket, &binding(), START), Ok(grant()));
        assert_eq!(tickets.redeem(&ticket, &binding(), START), Err(Refusal::Unknown));
    }

    #[test]
    fn a_ticket_is_good_for_two_minutes() {
        let tickets = Tickets::default();
        let (early, late) = (issue(&tickets, 1), issue(&tickets, 2));
        let last = START + LIFETIME - Duration::from_secs(1);
        assert_eq!(tickets.redeem(&early, &binding(), last), Ok(grant()));
        let over = START + LIFETIME;
        assert_eq!(tickets.redeem(&late, &binding(), over), Err(Refusal::Expired));
    }

    #[test]
    fn a_ticket_is_good_for_its_own_login_only_and_gone_once_another_showed_it() {
        let others = [
            Binding { errand: Errand::PasswordChange, ..binding() },
            Binding { user: "bob".to_owned(), ..binding() },
            Binding { uid: 1001, ..binding() },
            Binding { service: "su".to_owned(), ..binding() },
            Binding { source: Source::Unknown, ..binding() },
            Binding { process: 4712, ..binding() },
        ];
        for other in others {
            let tickets = Tickets::default();
            let ticket = issue(&tickets, 1);
            assert_eq!(tickets.redeem(&ticket, &other, START), Err(Refusal::Foreign));
            assert_eq!(tickets.redeem(&ticket, &binding(), START), Err(Refusal::Unknown));
        }
    }

    #[test]
    fn a_void_ticket_is_never_honoured() {
        let tickets = Tickets::default();
        assert_eq!(tickets.redeem(VOID_TICKET, &binding(), START), Err(Refusal::Void));
    }

    #[test]
    fn nonsense_is_no_ticket() {
        let tickets = Tickets::default();
        issue(&tickets, 1);
        for text in ["", "01", "zz", &"01".repeat(31), &"01".repeat(33), &"01".repeat(10_000)] {
            assert_eq!(tickets.redeem(text, &binding(), START), Err(Refusal::Unknown));
        }
    }

    #[test]
    fn the_number_of_tickets_is_bounded() {
        let tickets = Tickets::default();
        for n in 0..(LIMIT as u64 + 10) {
            let mut secret = [0; TICKET_BYTES];
            secret[..8].copy_from_slice(&n.to_be_bytes());
            let _ = tickets.issue(Secret(secret), binding(), grant(), START);
        }
        assert_eq!(tickets.tickets.lock().unwrap().len(), LIMIT);
    }
}
