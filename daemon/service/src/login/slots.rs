//! How many dialogues one user may have open from one source at once.
//!
//! Each open dialogue costs the daemon memory and may cost the account a guess; a person has one
//! or two. A dialogue that outlived its time no longer holds a place: a forgotten `su` prompt must
//! not keep its user out.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
    time::Duration,
};

/// Dialogues open at once for one user and source.
pub const LIMIT: usize = 8;

/// Dialogues open at once for one source, whoever they are about: far more than one who sits there
/// needs, enough for a bastion from which many log in, and a quarter of what the daemon serves.
pub const LIMIT_OF_SOURCE: usize = 256;

type Open = Arc<Mutex<HashMap<(String, String), Vec<Place>>>>;

struct Place {
    number: u64,
    opened: Duration,
}

/// Counts open dialogues.
pub struct Slots {
    open: Open,
    lifetime: Duration,
}

/// A place taken; given back when dropped.
pub struct Slot {
    open: Open,
    key: (String, String),
    number: u64,
}

impl Slots {
    /// All places free. A place is held for `lifetime` at the most.
    pub fn new(lifetime: Duration) -> Self {
        Self { open: Open::default(), lifetime }
    }

    /// Takes a place for the dialogue of this number, or `None` if all are taken. `now` is the
    /// steady clock.
    pub fn take(&self, user: &str, source: &str, number: u64, now: Duration) -> Option<Slot> {
        let key = (user.to_owned(), source.to_owned());
        let mut open = self.open.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        for ((_, from), places) in open.iter_mut() {
            if from == source {
                places.retain(|place| now.saturating_sub(place.opened) < self.lifetime);
            }
        }
        let here: usize =
            open.iter().filter(|((_, from), _)| from == source).map(|(_, it)| it.len()).sum();
        let of_user = open.get(&key).map_or(0, Vec::len);
        if of_user >= LIMIT || here >= LIMIT_OF_SOURCE {
            return None;
        }
        open.entry(key.clone()).or_default().push(Place { number, opened: now });
        Some(Slot { open: Arc::clone(&self.open), key, number })
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let mut open = self.open.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        if let Some(places) = open.get_mut(&self.key) {
            places.retain(|place| place.number != self.number);
            if places.is_empty() {
                open.remove(&self.key);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIFETIME: Duration = Duration::from_secs(300);

    fn take(slots: &Slots, user: &str, source: &str, number: u64) -> Option<Slot> {
        slots.take(user, source, number, Duration::ZERO)
    }

    #[test]
    fn eight_dialogues_are_open_at_once_and_an_ended_one_makes_room() {
        let slots = Slots::new(LIFETIME);
        let mut taken: Vec<_> =
            (0..LIMIT as u64).map(|n| take(&slots, "alice", "local", n).unwrap()).collect();
        assert!(take(&slots, "alice", "local", 100).is_none());
        assert!(take(&slots, "alice", "203.0.113.9", 101).is_some());
        assert!(take(&slots, "bob", "local", 102).is_some());
        taken.pop();
        assert!(take(&slots, "alice", "local", 103).is_some());
    }

    #[test]
    fn one_source_takes_a_quarter_of_all_places_whomever_it_asks_for() {
        let slots = Slots::new(LIFETIME);
        let user = |n: u64| format!("user{}", n / LIMIT as u64);
        let taken: Vec<_> = (0..LIMIT_OF_SOURCE as u64)
            .map(|n| take(&slots, &user(n), "local:mallory", n).unwrap())
            .collect();
        let before = slots.open.lock().unwrap().len();
        assert!(take(&slots, "alice", "local:mallory", 1000).is_none());
        assert_eq!(slots.open.lock().unwrap().len(), before, "nothing is kept of who is refused");
        assert!(take(&slots, "alice", "203.0.113.9", 1001).is_some());
        drop(taken);
        assert!(take(&slots, "alice", "local:mallory", 1002).is_some());
    }

    #[test]
    fn a_forgotten_dialogue_holds_no_place_for_ever() {
        let slots = Slots::new(LIFETIME);
        let forgotten: Vec<_> =
            (0..LIMIT as u64).map(|n| take(&slots, "alice", "local", n).unwrap()).collect();
        let late = slots.take("alice", "local", 100, LIFETIME);
        assert!(late.is_some());
        drop(forgotten);
        assert_eq!(slots.open.lock().unwrap().len(), 1, "the late one still has its place");
    }

    #[test]
    fn ended_dialogues_leave_nothing_behind() {
        let slots = Slots::new(LIFETIME);
        drop(take(&slots, "alice", "local", 1));
        assert!(slots.open.lock().unwrap().is_empty());
    }
}
