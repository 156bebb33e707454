//! How many calls may be under way at once: those of one caller, and all together.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

use twinlock_bus_api::error::Result;

use super::errors;

/// Calls of one connection, and calls of one user.
pub(super) const OF_ONE: usize = 16;

/// Calls of everybody.
pub(super) const OF_ALL: usize = 256;

/// Whose calls are counted together.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Whose {
    /// Those of the connection with this unique name.
    Connection(String),
    /// Those of the connections of this uid.
    User(u32),
}

type Places = Arc<Mutex<HashMap<Whose, usize>>>;

/// Counts the calls that are under way.
#[derive(Debug, Default)]
pub(super) struct Calls(Places);

/// A call's place; given back when dropped.
#[derive(Debug)]
pub(super) struct Place {
    places: Places,
    whose: Whose,
}

impl Calls {
    /// Takes a place, without waiting.
    pub(super) fn enter(&self, whose: Whose) -> Result<Place> {
        let mut places = self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        // Every call has a connection, so that each counts once.
        let all: usize = places
            .iter()
            .filter(|(whose, _)| matches!(whose, Whose::Connection(_)))
            .map(|(_, count)| count)
            .sum();
        let crowded = matches!(whose, Whose::Connection(_)) && all >= OF_ALL;
        if crowded || places.get(&whose).is_some_and(|count| *count >= OF_ONE) {
            return Err(errors::too_many_calls());
        }
        let count = places.entry(whose.clone()).or_default();
        *count = count.saturating_add(1);
        Ok(Place { places: Arc::clone(&self.0), whose })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut places = self.places.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        if let Some(count) = places.get_mut(&self.whose) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                places.remove(&self.whose);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn connection(n: usize) -> Whose {
        Whose::Connection(format!(":1.{n}"))
    }

    #[test]
    fn sixteen_calls_of_one_are_under_way_and_an_ended_one_makes_room() {
        for whose in [connection(1), Whose::User(1000)] {
            let calls = Calls::default();
            let mut places: Vec<_> =
                (0..OF_ONE).map(|_| calls.enter(whose.clone()).unwrap()).collect();
            assert!(calls.enter(whose.clone()).is_err());
            assert!(calls.enter(connection(2)).is_ok());
            assert!(calls.enter(Whose::User(1001)).is_ok());
            places.pop();
            assert!(calls.enter(whose).is_ok());
        }
    }

    #[test]
    fn two_hundred_and_fifty_six_of_all_are_under_way_and_leave_nothing_behind() {
        let calls = Calls::default();
        let places: Vec<_> = (0..OF_ALL)
            .map(|n| {
                let user = Whose::User(u32::try_from(n).unwrap());
                (calls.enter(connection(n / 8)).unwrap(), calls.enter(user).unwrap())
            })
            .collect();
        assert!(calls.enter(connection(OF_ALL)).is_err());
        drop(places);
        assert!(calls.0.lock().unwrap().is_empty());
    }
}
