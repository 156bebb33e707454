//! Lock-out: what wrong codes cost, per user and source and per account.
//!
//! ```text
//!            wrong code                    wrong code, attempts reached
//!   ┌─────┐ ───────────► ┌──────────────┐ ────────────► ┌───────────────┐
//!   │ open│              │ counting 1…n │               │ waiting until │──┐ nothing is verified:
//!   └─────┘ ◄─────────── └──────────────┘ ◄──────────── └───────────────┘◄─┘ not a guess
//!      ▲     right code        ▲   time is up (one try; wrong: the wait doubles)
//!      │     24 h of quiet     │
//!      └───────────────────────┘
//!
//!   account: `hard_limit` consecutive wrong codes over all sources ──► stopped
//!            a right code ends the row; what has stopped needs a recovery code or an administrator
//!   trusted host: a counter of its own, with the same waits and the same limit; what strangers do
//!            does not touch it, and what it does does not count for the account
//! ```
//!
//! A stranger's guesses from one address make that address wait, not the owner's. The account's
//! limit bounds what any number of addresses can try (NIST SP 800-63B section 5.2.2). While a wait
//! lasts no code is verified, so trying faster learns nothing and costs nobody else anything.

use std::{collections::BTreeMap, time::Duration};

use serde::{Deserialize, Serialize};

use crate::time::Timestamp;

/// A counter is forgotten after this much time without a wrong code.
const QUIET: Duration = Duration::from_secs(24 * 60 * 60);

/// The most sources counted for one user. Past that the one that failed longest ago makes room:
/// the account's limit still counts every guess.
const MAX_SOURCES: usize = 104;

/// The longest name of a source that is kept, in bytes. An address is shorter, and so is nearly
/// every user name. Two sources that are alike so far share a counter; a record of the most sources
/// still fits the store, whatever they call themselves.
const LONGEST_SOURCE: usize = 48;

/// The `[lockout]` section.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rules {
    /// Wrong codes from one source before it must wait.
    pub attempts: u32,
    /// The first wait; each further wrong code doubles it.
    pub delay: Duration,
    /// The longest wait.
    pub max_delay: Duration,
    /// Consecutive wrong codes on the account, over all sources, before its guessable factors stop.
    pub hard_limit: u32,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            attempts: 5,
            delay: Duration::from_secs(30),
            max_delay: Duration::from_secs(60 * 60),
            hard_limit: 100,
        }
    }
}

impl Rules {
    /// How long a source waits after its n-th wrong code in a row.
    fn wait_after(&self, failures: u32) -> Duration {
        match failures.checked_sub(self.attempts) {
            None => Duration::ZERO,
            Some(doublings) => {
                let factor = 2u32.checked_pow(doublings).unwrap_or(u32::MAX);
                self.delay.saturating_mul(factor).min(self.max_delay)
            }
        }
    }
}

/// What the name of a trusted host's counter begins with. No name of another source does:
/// see [`Source::counter_key`](crate::login::Source::counter_key).
const TRUSTED: &str = "trusted:";

/// The name under which a trusted host is counted.
pub fn of_trusted_host(id: &str) -> String {
    format!("{TRUSTED}{id}")
}

fn is_trusted(source: &str) -> bool {
    source.starts_with(TRUSTED)
}

/// Whether a code may be tried now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Gate {
    /// Yes.
    Open,
    /// This source waits that long.
    Wait(Duration),
    /// The account has reached its hard limit.
    Stopped,
}

/// Wrong codes from one source.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Counter {
    failures: u32,
    last: Timestamp,
}

/// The counters of one account, part of the user's record.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lockout {
    /// Wrong codes in a row over all sources.
    #[serde(default)]
    consecutive: u32,
    /// The account has reached its hard limit; only an administrator (or a factor that cannot be
    /// guessed) opens it again.
    #[serde(default)]
    stopped: bool,
    /// By [`Source::counter_key`](crate::login::Source::counter_key).
    #[serde(default)]
    sources: BTreeMap<String, Counter>,
}

impl Lockout {
    /// Whether a code from this source may be tried now.
    pub fn gate(&self, source: &str, rules: &Rules, now: Timestamp) -> Gate {
        let stopped = match is_trusted(source) {
            true => self.failures_of(source) >= rules.hard_limit,
            false => self.stopped,
        };
        match self.wait(source, rules, now) {
            _ if stopped => Gate::Stopped,
            Duration::ZERO => Gate::Open,
            wait => Gate::Wait(wait),
        }
    }

    /// How long this source still waits, whether or not the account is stopped.
    pub fn wait(&self, source: &str, rules: &Rules, now: Timestamp) -> Duration {
        self.sources.get(&counted_as(source)).map_or(Duration::ZERO, |counter| {
            now.until(counter.last.after(rules.wait_after(counter.failures)))
        })
    }

    fn failures_of(&self, source: &str) -> u32 {
        self.sources.get(&counted_as(source)).map_or(0, |counter| counter.failures)
    }

    /// Counts a wrong code that cannot be guessed, as an invitation: it makes the source wait, and
    /// says nothing of the account.
    pub fn record_unguessable(&mut self, source: &str, rules: &Rules, now: Timestamp) -> Gate {
        let (consecutive, stopped) = (self.consecutive, self.stopped);
        let _ = self.record_failure(source, rules, now);
        (self.consecutive, self.stopped) = (consecutive, stopped);
        match self.wait(source, rules, now) {
            Duration::ZERO => Gate::Open,
            wait => Gate::Wait(wait),
        }
    }

    /// Counts a wrong code, and says what the source may do next.
    pub fn record_failure(&mut self, source: &str, rules: &Rules, now: Timestamp) -> Gate {
        self.forget_quiet(rules, now);
        if !is_trusted(source) {
            self.consecutive = self.consecutive.saturating_add(1);
            self.stopped |= self.consecutive >= rules.hard_limit;
        }
        let key = counted_as(source);
        if !self.sources.contains_key(&key) && self.sources.len() >= MAX_SOURCES {
            self.evict_oldest();
        }
        let counter = self.sources.entry(key).or_insert(Counter { failures: 0, last: now });
        counter.failures = counter.failures.saturating_add(1);
        counter.last = now;
        self.gate(source, rules, now)
    }

    /// A right code: the row on the account ends, and this source starts anew. Other sources keep
    /// their counters, or each login of the owner would hand every guesser fresh tries.
    ///
    /// From a trusted host only its own row ends: it did not lengthen the account's.
    pub fn record_success(&mut self, source: &str) {
        if !is_trusted(source) {
            self.consecutive = 0;
        }
        self.sources.remove(&counted_as(source));
    }

    /// A recovery code opens the account; the sources that wait go on waiting.
    pub const fn release(&mut self) {
        self.consecutive = 0;
        self.stopped = false;
    }

    /// Forgets the counters of hosts that are trusted no longer; `kept` are the names of the
    /// others.
    pub fn keep_trusted(&mut self, kept: &[String]) {
        self.sources.retain(|source, _| !is_trusted(source) || kept.contains(source));
    }

    /// An administrator opens the account.
    pub fn unlock(&mut self) {
        *self = Self::default();
    }

    /// Wrong codes in a row over all sources.
    pub const fn consecutive(&self) -> u32 {
        self.consecutive
    }

    /// Whether the account has reached its hard limit.
    pub const fn is_stopped(&self) -> bool {
        self.stopped
    }

    /// The sources that must wait, and until when.
    pub fn waits(&self, rules: &Rules, now: Timestamp) -> Vec<(String, Timestamp)> {
        self.sources
            .iter()
            .map(|(source, c)| (source.clone(), c.last.after(rules.wait_after(c.failures))))
            .filter(|(_, until)| *until > now)
            .collect()
    }

    fn forget_quiet(&mut self, rules: &Rules, now: Timestamp) {
        let is_quiet = |c: &Counter| c.last.after(QUIET.max(rules.wait_after(c.failures))) <= now;
        self.sources.retain(|source, counter| is_trusted(source) || !is_quiet(counter));
    }

    fn evict_oldest(&mut self) {
        let strangers = self.sources.iter().filter(|(source, _)| !is_trusted(source));
        let oldest = strangers.min_by_key(|(_, c)| c.last).map(|(key, _)| key.clone());
        if let Some(key) = oldest {
            self.sources.remove(&key);
        }
    }
}

/// The name under which a source is counted: short, and without what a stored form would have to
/// escape at length.
pub(crate) fn counted_as(source: &str) -> String {
    source
        .char_indices()
        .take_while(|(start, character)| start + character.len_utf8() <= LONGEST_SOURCE)
        .map(|(_, character)| if character.is_control() { '?' } else { character })
        .collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const NOON: Timestamp = Timestamp::from_secs(1_800_000_000);

    fn seconds(n: u64) -> Duration {
        Duration::from_secs(n)
    }

    #[test]
    fn the_fifth_wrong_code_makes_the_source_wait_and_each_further_one_doubles_it() {
        let rules = Rules::default();
        let mut lockout = Lockout::default();
        let mut now = NOON;
        for _ in 0..4 {
            assert_eq!(lockout.record_failure("203.0.113.9", &rules, now), Gate::Open);
        }
        for wait in [30, 60, 120, 240, 480, 960, 1920, 3600, 3600] {
            let gate = lockout.record_failure("203.0.113.9", &rules, now);
            assert_eq!(gate, Gate::Wait(seconds(wait)));
            now = now.after(seconds(wait - 1));
            assert_eq!(lockout.gate("203.0.113.9", &rules, now), Gate::Wait(seconds(1)));
            now = now.after(seconds(1));
            assert_eq!(lockout.gate("203.0.113.9", &rules, now), Gate::Open);
        }
    }

    #[test]
    fn a_stranger_s_wait_is_not_the_owner_s() {
        let rules = Rules::default();
        let mut lockout = Lockout::default();
        for _ in 0..20 {
            let _ = lockout.record_failure("203.0.113.9", &rules, NOON);
        }
        assert_eq!(lockout.gate("198.51.100.7", &rules, NOON), Gate::Open);
    }

    #[test]
    fn the_owner_s_success_does_not_hand_a_guesser_fresh_tries() {
        let rules = Rules::default();
        let mut lockout = Lockout::default();
        for _ in 0..5 {
            let _ = lockout.record_failure("203.0.113.9", &rules, NOON);
        }
        lockout.record_success("198.51.100.7");
        assert_eq!(lockout.consecutive(), 0);
        assert_eq!(lockout.gate("203.0.113.9", &rules, NOON), Gate::Wait(seconds(30)));
    }

    #[test]
    fn many_sources_reach_the_hard_limit_and_only_an_unlock_opens_it() {
        let rules = Rules::default();
        let mut lockout = Lockout::default();
        for n in 0..99 {
            let source = format!("203.0.113.{n}");
            assert_eq!(lockout.record_failure(&source, &rules, NOON), Gate::Open, "guess {n}");
        }
        assert_eq!(lockout.record_failure("198.51.100.7", &rules, NOON), Gate::Stopped);
        let much_later = NOON.after(seconds(365 * 86_400));
        assert_eq!(lockout.gate("192.0.2.1", &rules, much_later), Gate::Stopped);
        lockout.unlock();
        assert_eq!(lockout.gate("192.0.2.1", &rules, NOON), Gate::Open);
        assert_eq!(lockout, Lockout::default());
    }

    #[test]
    fn a_day_of_quiet_forgets_a_source() {
        let rules = Rules::default();
        let mut lockout = Lockout::default();
        for _ in 0..4 {
            let _ = lockout.record_failure("203.0.113.9", &rules, NOON);
        }
        let next_day = NOON.after(QUIET);
        assert_eq!(lockout.record_failure("203.0.113.9", &rules, next_day), Gate::Open);
    }

    #[test]
    fn the_number_of_counted_sources_is_bounded() {
        let rules = Rules { hard_limit: u32::MAX, ..Rules::default() };
        let mut lockout = Lockout::default();
        for n in 0..(2 * MAX_SOURCES as u64) {
            let _ = lockout.record_failure(&format!("s{n}"), &rules, NOON.after(seconds(n)));
        }
        assert_eq!(lockout.sources.len(), MAX_SOURCES);
        assert_eq!(lockout.consecutive(), 2 * MAX_SOURCES as u32);
    }

    #[test]
    fn a_source_with_a_long_or_hostile_name_is_counted_like_any_other() {
        let rules = Rules::default();
        for name in ["x".repeat(500), "\u{1}\n\"".repeat(100), "ü".repeat(200)] {
            let mut lockout = Lockout::default();
            for _ in 0..rules.attempts {
                let _ = lockout.record_failure(&name, &rules, NOON);
            }
            assert_eq!(lockout.gate(&name, &rules, NOON), Gate::Wait(seconds(30)));
            assert!(lockout.sources.keys().all(|key| key.len() <= LONGEST_SOURCE));
            lockout.record_success(&name);
            assert_eq!(lockout.gate(&name, &rules, NOON), Gate::Open);
        }
    }

    proptest! {
        /// Whatever the order of guesses, successes and time, a source verifies at most
        /// `attempts` codes before it waits, and after that at most one per wait.
        #[test]
        fn no_order_of_events_lets_a_source_guess_faster_than_the_rules(
            steps in proptest::collection::vec((0u64..4000, 0usize..3), 1..200),
        ) {
            let rules = Rules { hard_limit: u32::MAX, ..Rules::default() };
            let mut lockout = Lockout::default();
            let mut now = NOON;
            let mut guesses: Vec<Timestamp> = Vec::new();
            for (gap, source) in steps {
                now = now.after(seconds(gap % 600));
                if source == 2 {
                    lockout.record_success("owner");
                } else if lockout.gate("guesser", &rules, now) == Gate::Open {
                    let _ = lockout.record_failure("guesser", &rules, now);
                    guesses.push(now);
                }
            }
            for (n, pair) in guesses.windows(2).enumerate() {
                let failures = n as u32 + 1;
                prop_assert!(pair[0].until(pair[1]) >= rules.wait_after(failures).min(QUIET));
            }
            prop_assert_eq!(lockout.sources.get("owner"), None);
        }
    }
}
