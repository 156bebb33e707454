//! Backups on their way: files in pieces, because a message is bounded.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use super::caller::Caller;

/// How long a file may be on its way.
const LIFETIME: Duration = Duration::from_secs(10 * 60);

/// Files on their way at once; past that the oldest is forgotten. Each may have 256 MiB.
const LIMIT: usize = 2;

/// What is on its way.
pub(super) enum Transfer {
    /// A backup that is read from the daemon, sealed.
    Out(Arc<Vec<u8>>),
    /// One that is handed to it, so far.
    In {
        /// Its length, in bytes.
        size: usize,
        /// The pieces so far.
        file: Vec<u8>,
    },
    /// One that was opened.
    Planned(Arc<crate::backup::contents::Contents>),
}

struct Open {
    connection: String,
    uid: u32,
    transfer: Transfer,
}

impl Open {
    /// The uid as well as the connection: a bus that was restarted gives out the same names again.
    fn is_of(&self, caller: &Caller) -> bool {
        self.connection == caller.connection && self.uid == caller.uid
    }
}

#[derive(Default)]
struct Table {
    last: u64,
    open: BTreeMap<u64, Open>,
}

/// All that are on their way.
#[derive(Clone, Default)]
pub(super) struct Transfers(Arc<Mutex<Table>>);

impl Transfers {
    /// Begins one, which is forgotten after its lifetime whatever becomes of the caller.
    pub(super) fn begin(&self, caller: &Caller, transfer: Transfer) -> u64 {
        let mut table = self.table();
        while table.open.len() >= LIMIT {
            table.open.pop_first();
        }
        table.last += 1;
        let number = table.last;
        let connection = caller.connection.clone();
        table.open.insert(number, Open { connection, uid: caller.uid, transfer });
        drop(table);
        let transfers = self.clone();
        tokio::spawn(async move {
            tokio::time::sleep(LIFETIME).await;
            transfers.table().open.remove(&number);
        });
        number
    }

    /// Looks at one of this caller's, or changes it; `None` if it is not on its way any more.
    pub(super) fn with<T>(
        &self,
        caller: &Caller,
        number: u64,
        work: impl FnOnce(&mut Transfer) -> T,
    ) -> Option<T> {
        let mut table = self.table();
        let open = table.open.get_mut(&number)?;
        open.is_of(caller).then(|| work(&mut open.transfer))
    }

    /// Forgets one of this caller's.
    pub(super) fn end(&self, caller: &Caller, number: u64) {
        let mut table = self.table();
        if table.open.get(&number).is_some_and(|open| open.is_of(caller)) {
            table.open.remove(&number);
        }
    }

    /// Forgets all: the bus that knew their connections is gone.
    pub(super) fn clear(&self) {
        self.table().open.clear();
    }

    fn table(&self) -> MutexGuard<'_, Table> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn out() -> Transfer {
        Transfer::Out(Arc::new(b"sealed".to_vec()))
    }

    #[tokio::test(start_paused = true)]
    async fn another_connection_cannot_name_one_and_it_ends_by_itself() {
        let (transfers, root) = (Transfers::default(), Caller::supposed(":1.1", 0));
        let number = transfers.begin(&root, out());
        for other in [Caller::supposed(":1.2", 0), Caller::supposed(":1.1", 1000)] {
            transfers.end(&other, number);
            assert!(transfers.with(&other, number, |_| ()).is_none());
        }
        assert!(transfers.with(&root, number, |_| ()).is_some());
        tokio::time::sleep(LIFETIME + Duration::from_secs(1)).await;
        assert!(transfers.with(&root, number, |_| ()).is_none());
    }

    #[tokio::test]
    async fn the_oldest_makes_room() {
        let (transfers, root) = (Transfers::default(), Caller::supposed(":1.1", 0));
        let numbers: Vec<_> = (0..=LIMIT).map(|_| transfers.begin(&root, out())).collect();
        let alive = numbers.iter().map(|number| transfers.with(&root, *number, |_| ()).is_some());
        assert_eq!(alive.collect::<Vec<_>>(), [false, true, true]);
    }
}
