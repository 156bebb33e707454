//! Enrolments that wait for their confirming code.
//!
//! The secret of one is shown to the connection that opened it, once, and lives in memory only:
//! nothing of it is stored before a code proves that the app has it. A new contact waits for the code
//! that was sent there in the same way.

use std::{collections::HashMap, sync::Mutex, time::Duration};

use twinlock_core::{factor::totp::TotpFactor, login::User};

use super::caller::Caller;

/// How long an enrolment waits for its code.
pub(super) const LIFETIME: Duration = Duration::from_secs(10 * 60);

/// Enrolments that one connection may have open.
const LIMIT_EACH: usize = 4;

/// Enrolments that one user but root may have open, over all connections: nobody can use up the
/// places of the others.
const LIMIT_OF_USER: usize = 16;

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
    /// How often all trust had been withdrawn when it was offered: a reset voids it.
    pub(super) epoch: u32,
    /// The invitation that opened it, which it uses up; one that is void by then enrols nobody.
    pub(super) invitation: Option<String>,
}

struct Open<P> {
    connection: String,
    uid: u32,
    opened: Duration,
    failed: u8,
    pending: P,
}

/// All that wait.
pub(super) struct Enrolments<P = Pending> {
    open: Mutex<Table<P>>,
}

struct Table<P> {
    last: u64,
    entries: HashMap<u64, Open<P>>,
}

impl<P> Default for Enrolments<P> {
    fn default() -> Self {
        Self { open: Mutex::new(Table { last: 0, entries: HashMap::new() }) }
    }
}

impl<P> Open<P> {
    /// The uid as well as the connection: a bus that was restarted gives out the same names again.
    fn is_of(&self, caller: &Caller) -> bool {
        self.connection == caller.connection && self.uid == caller.uid
    }
}

impl<P> Enrolments<P> {
    /// Keeps one for this connection; `None` if there are too many. `now` is the steady clock.
    pub(super) fn open(&self, caller: &Caller, pending: P, now: Duration) -> Option<u64> {
        let mut table = self.table();
        table.entries.retain(|_, open| now.saturating_sub(open.opened) < LIFETIME);
        let open = |wanted: &dyn Fn(&Open<P>) -> bool| {
            table.entries.values().filter(|open| wanted(open)).count()
        };
        if open(&|open| open.is_of(caller)) >= LIMIT_EACH
            || (!caller.is_root() && open(&|open| open.uid == caller.uid) >= LIMIT_OF_USER)
            || table.entries.len() >= LIMIT
        {
            return None;
        }
        table.last += 1;
        let number = table.last;
        let connection = caller.connection.clone();
        let open = Open { connection, uid: caller.uid, opened: now, failed: 0, pending };
        table.entries.insert(number, open);
        Some(number)
    }

    /// Takes one of this connection's out.
    pub(super) fn take(&self, caller: &Caller, number: u64, now: Duration) -> Option<Taken<P>> {
        let mut table = self.table();
        let open = table.entries.get(&number)?;
        if !open.is_of(caller) {
            return None;
        }
        let open = table.entries.remove(&number)?;
        (now.saturating_sub(open.opened) < LIFETIME).then_some(Taken { number, open })
    }

    /// Puts one back that something else than its code ended; it has as many tries as before.
    pub(super) fn give_back(&self, taken: Taken<P>) {
        self.table().entries.insert(taken.number, taken.open);
    }

    /// Forgets all: the bus that knew their connections is gone.
    pub(super) fn clear(&self) {
        self.table().entries.clear();
    }

    /// Puts one back after a wrong code; says whether there are tries left.
    pub(super) fn put_back(&self, taken: Taken<P>) -> bool {
        let Taken { number, mut open } = taken;
        open.failed += 1;
        let has_tries = open.failed < TRIES;
        if has_tries {
            self.table().entries.insert(number, open);
        }
        has_tries
    }

    fn table(&self) -> std::sync::MutexGuard<'_, Table<P>> {
        self.open.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

impl Enrolments {
    /// Whose the factor of one that this connection has open will be.
    pub(super) fn user_of(&self, connection: &str, number: u64) -> Option<String> {
        let table = self.table();
        let open = table.entries.get(&number).filter(|open| open.connection == connection)?;
        Some(open.pending.user.name.clone())
    }
}

/// One that was taken out.
pub(super) struct Taken<P = Pending> {
    number: u64,
    open: Open<P>,
}

impl<P> Taken<P> {
    /// What it is about.
    pub(super) const fn pending(&self) -> &P {
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
            epoch: 0,
            invitation: None,
        }
    }

    fn alice(connection: &str) -> Caller {
        Caller::supposed(connection, 1000)
    }

    #[test]
    fn another_connection_cannot_name_an_enrolment() {
        let enrolments = <Enrolments>::default();
        let number = enrolments.open(&alice(":1.1"), pending(), Duration::ZERO).unwrap();
        assert_eq!(enrolments.user_of(":1.1", number).as_deref(), Some("alice"));
        assert_eq!(enrolments.user_of(":1.2", number), None);
        assert!(enrolments.take(&alice(":1.2"), number, Duration::ZERO).is_none());
        assert!(enrolments.take(&alice(":1.1"), number, Duration::ZERO).is_some());
        assert!(enrolments.take(&alice(":1.1"), number, Duration::ZERO).is_none());
    }

    #[test]
    fn an_enrolment_ends_after_five_wrong_codes_and_after_ten_minutes() {
        let enrolments = <Enrolments>::default();
        let number = enrolments.open(&alice(":1.1"), pending(), Duration::ZERO).unwrap();
        for left in [true, true, true, true, false] {
            let taken = enrolments.take(&alice(":1.1"), number, Duration::ZERO).unwrap();
            assert_eq!(enrolments.put_back(taken), left);
        }
        assert!(enrolments.take(&alice(":1.1"), number, Duration::ZERO).is_none());
        let number = enrolments.open(&alice(":1.1"), pending(), Duration::ZERO).unwrap();
        assert!(enrolments.take(&alice(":1.1"), number, LIFETIME).is_none());
    }

    #[test]
    fn open_enrolments_are_bounded_and_expired_ones_make_room() {
        let enrolments = <Enrolments>::default();
        for _ in 0..LIMIT_EACH {
            assert!(enrolments.open(&alice(":1.1"), pending(), Duration::ZERO).is_some());
        }
        assert!(enrolments.open(&alice(":1.1"), pending(), Duration::ZERO).is_none());
        assert!(enrolments.open(&alice(":1.2"), pending(), Duration::ZERO).is_some());
        assert!(enrolments.open(&alice(":1.1"), pending(), LIFETIME).is_some());
    }

    #[test]
    fn the_same_name_on_another_bus_is_another_caller() {
        let enrolments = <Enrolments>::default();
        let number = enrolments.open(&alice(":1.1"), pending(), Duration::ZERO).unwrap();
        let stranger = Caller::supposed(":1.1", 1001);
        assert!(enrolments.take(&stranger, number, Duration::ZERO).is_none());
        enrolments.clear();
        assert!(enrolments.take(&alice(":1.1"), number, Duration::ZERO).is_none());
    }

    #[test]
    fn one_user_cannot_use_up_the_places_of_the_others() {
        let enrolments = <Enrolments>::default();
        let open = |caller: &Caller| enrolments.open(caller, pending(), Duration::ZERO).is_some();
        let opened = (0..LIMIT).filter(|n| open(&alice(&format!(":1.{n}")))).count();
        assert_eq!(opened, LIMIT_OF_USER);
        assert!(open(&Caller::supposed(":1.5000", 1001)));
        let by_root = (0..LIMIT).filter(|n| open(&Caller::supposed(&format!(":2.{n}"), 0)));
        assert_eq!(by_root.count(), LIMIT - LIMIT_OF_USER - 1);
    }
}
