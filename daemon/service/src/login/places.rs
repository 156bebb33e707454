//! The places of login connections: so many at once, and none for those who only sit there.
//!
//! A local user can start programs of root's, such as `su`, that connect and then stand still before a
//! dialogue has begun or after it has ended. When every place is taken, the connection that has had
//! none open for longest gives up its own; a login needs a connection without a dialogue for
//! milliseconds. How many dialogues there can be is the business of [`super::slots`].

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, MutexGuard,
        atomic::{AtomicBool, Ordering},
    },
};

use tokio::sync::Notify;

/// All places.
pub struct Places {
    limit: usize,
    taken: Mutex<Taken>,
    freed: Notify,
}

#[derive(Default)]
struct Taken {
    last: u64,
    /// In the order of arrival.
    by_arrival: BTreeMap<u64, Arc<Occupant>>,
}

/// Whoever has a place.
#[derive(Default)]
pub struct Occupant {
    busy: AtomicBool,
    leaving: AtomicBool,
    told: Notify,
}

/// A place; given back when dropped.
pub struct Place {
    places: Arc<Places>,
    number: u64,
    occupant: Arc<Occupant>,
}

impl Places {
    /// So many, all free.
    pub fn new(limit: usize) -> Arc<Self> {
        Arc::new(Self { limit, taken: Mutex::default(), freed: Notify::new() })
    }

    /// Takes a place, which somebody idle may have to give up first.
    pub async fn take(self: &Arc<Self>) -> Place {
        loop {
            let freed = self.freed.notified();
            if let Some(place) = self.take_free() {
                return place;
            }
            freed.await;
        }
    }

    fn take_free(self: &Arc<Self>) -> Option<Place> {
        let mut taken = self.taken();
        if taken.by_arrival.len() >= self.limit {
            let idle = |occupant: &&Arc<Occupant>| {
                !occupant.busy.load(Ordering::Relaxed) && !occupant.leaving.load(Ordering::Relaxed)
            };
            if let Some(occupant) = taken.by_arrival.values().find(idle) {
                occupant.leaving.store(true, Ordering::Relaxed);
                occupant.told.notify_one();
            }
            return None;
        }
        taken.last += 1;
        let (number, occupant) = (taken.last, Arc::new(Occupant::default()));
        taken.by_arrival.insert(number, Arc::clone(&occupant));
        Some(Place { places: Arc::clone(self), number, occupant })
    }

    fn taken(&self) -> MutexGuard<'_, Taken> {
        self.taken.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

impl Place {
    /// Who has it.
    pub fn occupant(&self) -> Arc<Occupant> {
        Arc::clone(&self.occupant)
    }

    /// Returns when it has to be given up.
    pub async fn wanted(&self) {
        self.occupant.told.notified().await;
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.places.taken().by_arrival.remove(&self.number);
        self.places.freed.notify_one();
    }
}

impl Occupant {
    /// Says whether a call is answered or a dialogue is open: then the place is kept.
    pub fn set_busy(&self, busy: bool) {
        self.busy.store(busy, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    async fn soon<T>(future: impl Future<Output = T>) -> Option<T> {
        tokio::time::timeout(Duration::from_secs(60), future).await.ok()
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_has_been_idle_longest_makes_room_and_who_is_busy_does_not() {
        let places = Places::new(3);
        let first = places.take().await;
        let second = places.take().await;
        let third = places.take().await;
        first.occupant().set_busy(true);
        let waiting = Arc::clone(&places);
        let newcomer = tokio::spawn(async move { waiting.take().await });
        assert!(soon(second.wanted()).await.is_some());
        assert!(soon(third.wanted()).await.is_none(), "one place is enough");
        assert!(soon(first.wanted()).await.is_none());
        drop(second);
        assert!(soon(newcomer).await.is_some());
    }

    #[tokio::test(start_paused = true)]
    async fn where_all_are_busy_the_first_that_leaves_makes_room() {
        let places = Places::new(2);
        let (first, second) = (places.take().await, places.take().await);
        first.occupant().set_busy(true);
        second.occupant().set_busy(true);
        assert!(soon(places.take()).await.is_none());
        drop(second);
        assert!(soon(places.take()).await.is_some());
    }
}
