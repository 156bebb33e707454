//! What was tried under names that NSS does not know.
//!
//! A user who exists has to wait after a few wrong codes. One who does not must have to wait alike,
//! or the wait would tell a stranger who exists. Nothing of it is stored: anybody can make up names,
//! and a restart that forgets them tells nobody anything.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use twinlock_core::{login::User, record::UserRecord};

/// Names remembered at once; the one that was tried longest ago makes room.
const LIMIT: usize = 1024;

/// The records of names without a user, in memory.
#[derive(Default)]
pub(super) struct Strangers {
    records: Mutex<HashMap<String, Tried>>,
}

struct Tried {
    record: UserRecord,
    at: Duration,
}

impl Strangers {
    /// Runs a step on the record of a name. `now` is the steady clock.
    pub(super) fn step<T>(
        &self,
        user: &User,
        now: Duration,
        step: impl FnOnce(&mut UserRecord) -> T,
    ) -> T {
        let mut records = self.records.lock().unwrap_or_else(PoisonError::into_inner);
        let empty = UserRecord::new(user);
        let mut record =
            records.get(&user.name).map_or_else(|| empty.clone(), |it| it.record.clone());
        let answer = step(&mut record);
        if record != empty {
            if records.len() >= LIMIT && !records.contains_key(&user.name) {
                let oldest = records.iter().min_by_key(|(_, tried)| tried.at);
                if let Some(name) = oldest.map(|(name, _)| name.clone()) {
                    records.remove(&name);
                }
            }
            records.insert(user.name.clone(), Tried { record, at: now });
        }
        answer
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user(name: &str) -> User {
        User { name: name.to_owned(), uid: u32::MAX, groups: Vec::new() }
    }

    fn mark(strangers: &Strangers, name: &str, at: u64) {
        strangers.step(&user(name), Duration::from_secs(at), |record| record.mfa = Some(true));
    }

    fn is_marked(strangers: &Strangers, name: &str) -> bool {
        strangers.step(&user(name), Duration::ZERO, |record| record.mfa.is_some())
    }

    #[test]
    fn what_was_tried_under_a_name_is_remembered_and_what_was_not_costs_nothing() {
        let strangers = Strangers::default();
        assert!(!is_marked(&strangers, "mallory"));
        assert!(strangers.records.lock().unwrap().is_empty());
        mark(&strangers, "mallory", 1);
        assert!(is_marked(&strangers, "mallory"));
        assert!(!is_marked(&strangers, "trudy"));
    }

    #[test]
    fn the_names_are_bounded_and_the_oldest_makes_room() {
        let strangers = Strangers::default();
        for n in 0..=LIMIT as u64 {
            mark(&strangers, &format!("name{n}"), n);
        }
        assert_eq!(strangers.records.lock().unwrap().len(), LIMIT);
        assert!(!is_marked(&strangers, "name0") && is_marked(&strangers, "name1"));
    }
}
