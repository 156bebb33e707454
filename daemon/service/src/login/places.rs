//! The places of login connections: so many at once, and none for those who only sit there.
//!
//! A local user can start programs of root's, such as `su`, that connect and then stand still before a
//! dialogue has begun or after it has ended. When every place is taken, the connection that has been
//! without one for longest gives up its own; a login needs a connection without a dialogue for
//! milliseconds. How many dialogues there can be is the business of [`super::slots`].

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

use tokio::sync::Notify;

/// How often a newcomer looks again whether somebody has to go.
const GLANCE: Duration = Duration::from_millis(50);

/// A connection that has just come, or whose dialogue has just ended, keeps its place for so many
/// glances of newcomers, half a second: its call or its last reply is on the way.
const GRACE: u32 = 10;

/// All places.
pub struct Places {
    limit: usize,
    taken: Mutex<Taken>,
    freed: Notify,
}

#[derive(Default)]
struct Taken {
    last: u64,
    /// How often somebody became idle: the order in which they did.
    turns: u64,
    by_number: BTreeMap<u64, Standing>,
}

struct Standing {
    /// Since which turn no dialogue is open; none while one is.
    idle_since: Option<u64>,
    /// How often a newcomer has found it idle.
    glances: u32,
    leaving: bool,
    told: Arc<Notify>,
}

/// A place; given back when dropped.
pub struct Place {
    occupant: Occupant,
    told: Arc<Notify>,
}

/// Whoever has a place. Without one, as in a test, nothing depends on it.
#[derive(Clone, Default)]
pub struct Occupant(Option<(Arc<Places>, u64)>);

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
            // Whether somebody has become idle meanwhile is looked for, not waited for.
            if tokio::time::timeout(GLANCE, freed).await.is_err() {
                self.taken().glance();
            }
        }
    }

    fn take_free(self: &Arc<Self>) -> Option<Place> {
        let mut taken = self.taken();
        if taken.by_number.len() >= self.limit {
            taken.ask_one_to_leave();
            return None;
        }
        taken.last += 1;
        let (number, told) = (taken.last, Arc::<Notify>::default());
        let idle_since = Some(taken.turn());
        let standing = Standing { idle_since, glances: 0, leaving: false, told: Arc::clone(&told) };
        taken.by_number.insert(number, standing);
        Some(Place { occupant: Occupant(Some((Arc::clone(self), number))), told })
    }

    fn taken(&self) -> MutexGuard<'_, Taken> {
        self.taken.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

impl Taken {
    const fn turn(&mut self) -> u64 {
        self.turns += 1;
        self.turns
    }

    fn glance(&mut self) {
        for standing in self.by_number.values_mut().filter(|it| it.idle_since.is_some()) {
            standing.glances = standing.glances.saturating_add(1);
        }
    }

    /// One at a time: whoever was asked is on the way out.
    fn ask_one_to_leave(&mut self) {
        if self.by_number.values().any(|standing| standing.leaving) {
            return;
        }
        let idle =
            |standing: &&mut Standing| standing.idle_since.is_some() && standing.glances >= GRACE;
        let longest =
            self.by_number.values_mut().filter(idle).min_by_key(|standing| standing.idle_since);
        if let Some(standing) = longest {
            standing.leaving = true;
            standing.told.notify_one();
        }
    }
}

impl Place {
    /// Who has it.
    pub fn occupant(&self) -> Occupant {
        self.occupant.clone()
    }

    /// Returns when it has to be given up.
    pub async fn wanted(&self) {
        self.told.notified().await;
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if let Some((places, number)) = &self.occupant.0 {
            places.taken().by_number.remove(number);
            places.freed.notify_one();
        }
    }
}

impl Occupant {
    /// Says whether a call is answered or a dialogue is open: then the place is kept.
    pub fn set_busy(&self, busy: bool) {
        let Some((places, number)) = &self.0 else { return };
        let mut taken = places.taken();
        let turn = taken.turn();
        if let Some(standing) = taken.by_number.get_mut(number) {
            (standing.idle_since, standing.glances) = ((!busy).then_some(turn), 0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONG: Duration = Duration::from_secs(60);

    async fn soon<T>(future: impl Future<Output = T>) -> Option<T> {
        tokio::time::timeout(LONG, future).await.ok()
    }

    fn newcomer(places: &Arc<Places>) -> tokio::task::JoinHandle<Place> {
        let places = Arc::clone(places);
        tokio::spawn(async move { places.take().await })
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_has_been_idle_longest_makes_room_and_who_is_busy_does_not() {
        let places = Places::new(3);
        let first = places.take().await;
        let second = places.take().await;
        let third = places.take().await;
        first.occupant().set_busy(true);
        second.occupant().set_busy(true);
        second.occupant().set_busy(false);
        let newcomer = newcomer(&places);
        assert!(soon(third.wanted()).await.is_some());
        assert!(soon(second.wanted()).await.is_none(), "one place is enough");
        assert!(soon(first.wanted()).await.is_none());
        drop(third);
        assert!(soon(newcomer).await.is_some());
    }

    #[tokio::test(start_paused = true)]
    async fn who_becomes_idle_while_somebody_waits_makes_room_after_a_moment() {
        let places = Places::new(2);
        let (first, second) = (places.take().await, places.take().await);
        first.occupant().set_busy(true);
        second.occupant().set_busy(true);
        let newcomer = newcomer(&places);
        tokio::time::sleep(LONG).await;
        second.occupant().set_busy(false);
        let at_once = tokio::time::timeout(GLANCE * (GRACE - 2), second.wanted());
        assert!(at_once.await.is_err(), "the last reply is on its way");
        assert!(soon(second.wanted()).await.is_some());
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

    #[tokio::test(start_paused = true)]
    async fn a_place_that_was_given_back_before_costs_nobody_theirs() {
        let places = Places::new(2);
        drop(places.take().await);
        let (first, second) = (places.take().await, places.take().await);
        let newcomer = newcomer(&places);
        assert!(soon(first.wanted()).await.is_some());
        assert!(soon(second.wanted()).await.is_none());
        drop(first);
        assert!(soon(newcomer).await.is_some());
    }
}
