//! Calls that the daemon took in and has yet to answer, whatever they call.
//!
//! Each costs a task, its message and, until the bus has taken it, its answer. Those of one
//! connection and all together have a limit; it lies above those of [`Calls`](super::calls::Calls),
//! so that who goes past those only is told so.

use std::{
    collections::HashMap,
    num::NonZeroU32,
    sync::{Mutex, MutexGuard},
};

/// Of one connection to the bus.
const OF_ONE: usize = 64;

/// Of all of them: with messages of the longest, 32 MiB.
const OF_ALL: usize = 512;

/// The calls, by connection and serial number.
#[derive(Debug, Default)]
pub(crate) struct Unanswered(Mutex<Open>);

#[derive(Debug, Default)]
struct Open {
    all: usize,
    by_caller: HashMap<String, Vec<NonZeroU32>>,
}

impl Unanswered {
    /// Notes a call, if there is room for it.
    pub(crate) fn note(&self, caller: &str, serial: NonZeroU32) -> bool {
        let mut open = self.open();
        let its = open.by_caller.get(caller).map_or(0, Vec::len);
        if open.all >= OF_ALL || its >= OF_ONE {
            return false;
        }
        open.all = open.all.saturating_add(1);
        open.by_caller.entry(caller.to_owned()).or_default().push(serial);
        true
    }

    /// Strikes out a call that was answered.
    pub(crate) fn strike(&self, caller: &str, serial: NonZeroU32) {
        let mut open = self.open();
        let Some(serials) = open.by_caller.get_mut(caller) else { return };
        let Some(at) = serials.iter().position(|open| *open == serial) else { return };
        serials.swap_remove(at);
        if serials.is_empty() {
            open.by_caller.remove(caller);
        }
        open.all = open.all.saturating_sub(1);
    }

    fn open(&self) -> MutexGuard<'_, Open> {
        self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn serial(n: usize) -> NonZeroU32 {
        NonZeroU32::new(u32::try_from(n).unwrap() + 1).unwrap()
    }

    #[test]
    fn one_connection_has_its_share_and_an_answer_makes_room() {
        let unanswered = Unanswered::default();
        assert!((0..OF_ONE).all(|n| unanswered.note(":1.1", serial(n))));
        assert!(!unanswered.note(":1.1", serial(OF_ONE)));
        assert!(unanswered.note(":1.2", serial(0)));
        unanswered.strike(":1.1", serial(OF_ONE));
        assert!(!unanswered.note(":1.1", serial(OF_ONE)), "no answer to an open call");
        unanswered.strike(":1.1", serial(3));
        assert!(unanswered.note(":1.1", serial(OF_ONE)));
    }

    #[test]
    fn all_together_have_a_limit_and_leave_nothing_behind() {
        let unanswered = Unanswered::default();
        let calls: Vec<_> = (0..OF_ALL).map(|n| (format!(":1.{}", n / 8), serial(n))).collect();
        assert!(calls.iter().all(|(caller, serial)| unanswered.note(caller, *serial)));
        assert!(!unanswered.note(":1.9999", serial(0)));
        calls.iter().for_each(|(caller, serial)| unanswered.strike(caller, *serial));
        let open = unanswered.open();
        assert_eq!((open.all, open.by_caller.len()), (0, 0));
    }
}
