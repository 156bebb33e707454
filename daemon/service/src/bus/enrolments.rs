//! Enrolments that wait for their confirming code.
//!
//! The secret of one is shown to the connection that opened it, once, and lives in memory only:
//! nothing of it is stored before a code proves that the app has it.

use std::{collections::HashMap, sync::Mutex, time::Duration};

use twinlock_core::{factor::totp::TotpFactor, login::User};

/// How long an enrolment waits for its code.
const LIFETIME: Duration = Duration::from_secs(10 * 60);

/// Enrolments that one connection may have open.
const LIMIT_EACH: usize = 4;

/// Enrolments open at once.
const LIMIT: usize = 1024;

/// Wrong codes after which an enrolment is over.
const TRIES: u8 = 5;

/// One that waits.
pub(super) struct Pending {
    /// Whose factor it will be.
    pub(super) user: User,
    /// The id that the factor will have.
    pub(super) factor: String,
    /// What it will be called.
    pub(super) label: String,
    /// The key, and the step of the confirming code.
    pub(super) totp: TotpFactor,
    /// The factors that the user had when it was opened. If they are others by the time of the
    /// code, the enrolment is void: of two at once the first wins, and one that was opened
    /// without a code because there was no factor does not join one that came since.
    pub(super) beside: Vec<String>,
}

struct Open {
    owner: String,
    opened: Duration,
    failed: u8,
    pending: Pending,
}

/// All that wait.
#[derive(Default)]
pub(super) struct Enrolments {
    open: Mutex<Table>,
}

#[derive(Default)]
struct Table {
    last: u64,
    entries: HashMap<u64, Open>,
}

impl Enrolments {
    /// Keeps one for this connection; `None` if there are too many. `now` is the steady clock.
    pub(super) fn open(&self, owner: &str, pending: Pending, now: Duration) -> Option<u64> {
        let mut table = self.table();
        table.entries.retain(|_, open| now.saturating_sub(open.opened) < LIFETIME);
        let own = table.entries.values().filter(|open| open.owner == owner).count();
        if own >= LIMIT_EACH || table.entries.len() >= LIMIT {
            return None;
        }
        table.last += 1;
        let number = table.last;
        let open = Open { owner: owner.to_owned(), opened: now, failed: 0, pending };
        table.entries.insert(number, open);
        Some(number)
    }

    /// Takes one of this connection's out.
    pub(super) fn take(&self, owner: &str, number: u64, now: Duration) -> Option<Taken> {
        let mut table = self.table();
        let open = table.entries.get(&number)?;
        if open.owner != owner {
            return None;
        }
        let open = table.entries.remove(&number)?;
        (now.saturating_sub(open.opened) < LIFETIME).then_some(Taken { number, open })
    }

    /// Puts one back after a wrong code; says whether there are tries left.
    pub(super) fn put_back(&self, taken: Taken) -> bool {
        let Taken { number, mut open } = taken;
        open.failed += 1;
        let has_tries = open.failed < TRIES;
        if has_tries {
            self.table().entries.insert(number, open);
        }
        has_tries
    }

    fn table(&self) -> std::sync::MutexGuard<'_, Table> {
        self.open.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

/// One that was taken out.
pub(super) struct Taken {
    number: u64,
    open: Open,
}

impl Taken {
    /// What it is about.
    pub(super) const fn pending(&self) -> &Pending {
        &self.open.pending
    }
}

#[cfg(test)]
mod tests {
    use twinlock_core::factor::totp::Secret;

    use super::*;

    fn pending() -> Pending {
        Pending {
            user: User { name: "alice".to_owned(), uid: 1000, groups: Vec::new() },
            factor: "7F3KQ2".to_owned(),
            label: String::new(),
            totp: TotpFactor::new(Secret::new(vec![7; 20])),
            beside: Vec::new(),
        }
    }

    #[test]
    fn another_connection_cannot_name_an_enrolment() {
        let enrolments = Enrolments::default();
        let number = enrolments.open(":1.1", pending(), Duration::ZERO).unwrap();
        assert!(enrolments.take(":1.2", number, Duration::ZERO).is_none());
        assert!(enrolments.take(":1.1", number, Duration::ZERO).is_some());
        assert!(enrolments.take(":1.1", number, Duration::ZERO).is_none());
    }

    #[test]
    fn an_enrolment_ends_after_five_wrong_codes_and_after_ten_minutes() {
        let enrolments = Enrolments::default();
        let number = enrolments.open(":1.1", pending(), Duration::ZERO).unwrap();
        for left in [true, true, true, true, false] {
            let taken = enrolments.take(":1.1", number, Duration::ZERO).unwrap();
            assert_eq!(enrolments.put_back(taken), left);
        }
        assert!(enrolments.take(":1.1", number, Duration::ZERO).is_none());
        let number = enrolments.open(":1.1", pending(), Duration::ZERO).unwrap();
        assert!(enrolments.take(":1.1", number, LIFETIME).is_none());
    }

    #[test]
    fn open_enrolments_are_bounded_and_expired_ones_make_room() {
        let enrolments = Enrolments::default();
        for _ in 0..LIMIT_EACH {
            assert!(enrolments.open(":1.1", pending(), Duration::ZERO).is_some());
        }
        assert!(enrolments.open(":1.1", pending(), Duration::ZERO).is_none());
        assert!(enrolments.open(":1.2", pending(), Duration::ZERO).is_some());
        assert!(enrolments.open(":1.1", pending(), LIFETIME).is_some());
    }
}
