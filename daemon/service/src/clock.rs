//! The daemon's only clocks.
//!
//! Three readings, for three uses:
//! - [`Clock::wall`]: the time of day as the system has it. TOTP and the log use it as it is.
//! - [`Clock::steady`]: never goes back; ages of dialogues and tickets.
//! - [`Horizon`]: the later of the time of day and the latest time ever seen. Dates, grace, trust
//!   and waits use it, so that a host that boots in 1970 switches nothing off.

use std::{
    sync::Mutex,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use twinlock_core::time::Timestamp;

/// What the daemon reads time from.
pub trait Clock: Send + Sync {
    /// The time of day; the Unix epoch if the system is set before it.
    fn wall(&self) -> Timestamp;
    /// Time since some fixed moment; never goes back.
    fn steady(&self) -> Duration;
}

/// The system's clocks.
pub struct SystemClock {
    start: Instant,
}

impl SystemClock {
    /// Starts the steady clock.
    #[expect(clippy::disallowed_methods, reason = "the one place that reads a clock")]
    pub fn start() -> Self {
        Self { start: Instant::now() }
    }
}

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the one place that reads a clock")]
    fn wall(&self) -> Timestamp {
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Timestamp::from_secs(since_epoch.as_secs())
    }

    fn steady(&self) -> Duration {
        self.start.elapsed()
    }
}

/// How far the time of day may fall behind the horizon before it is a regression, and not the
/// slewing of a time service.
const TOLERANCE: Duration = Duration::from_secs(60);

/// The latest time seen, which goes on at the pace of the steady clock even where the time of
/// day stands still or went back: waits end, dates hold.
pub struct Horizon {
    latest: Mutex<Latest>,
}

struct Latest {
    time: Timestamp,
    at: Duration,
}

/// A reading of the horizon.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reading {
    /// The later of the time of day and the latest time seen.
    pub now: Timestamp,
    /// How far the time of day is behind, where that is more than slewing.
    pub behind: Option<Duration>,
}

impl Horizon {
    /// Begins at a time that the store remembers.
    pub fn from_remembered(time: Timestamp, clock: &dyn Clock) -> Self {
        Self { latest: Mutex::new(Latest { time, at: clock.steady() }) }
    }

    /// Reads the clocks.
    pub fn read(&self, clock: &dyn Clock) -> Reading {
        let (wall, steady) = (clock.wall(), clock.steady());
        let mut latest = self.latest.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        let carried = latest.time.after(steady.saturating_sub(latest.at));
        if wall >= carried {
            *latest = Latest { time: wall, at: steady };
            return Reading { now: wall, behind: None };
        }
        let behind = wall.until(carried);
        Reading { now: carried, behind: (behind > TOLERANCE).then_some(behind) }
    }
}

#[cfg(test)]
pub(crate) mod testing {
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::*;

    /// A clock that a test sets.
    pub(crate) struct TestClock {
        wall: AtomicU64,
        steady: AtomicU64,
    }

    impl TestClock {
        pub(crate) fn at(seconds: u64) -> Self {
            Self { wall: AtomicU64::new(seconds), steady: AtomicU64::new(0) }
        }

        /// Both clocks go on.
        pub(crate) fn advance(&self, seconds: u64) {
            self.wall.fetch_add(seconds, Ordering::SeqCst);
            self.steady.fetch_add(seconds, Ordering::SeqCst);
        }

        /// Somebody sets the time of day.
        pub(crate) fn set_wall(&self, seconds: u64) {
            self.wall.store(seconds, Ordering::SeqCst);
        }
    }

    impl Clock for TestClock {
        fn wall(&self) -> Timestamp {
            Timestamp::from_secs(self.wall.load(Ordering::SeqCst))
        }

        fn steady(&self) -> Duration {
            Duration::from_secs(self.steady.load(Ordering::SeqCst))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{testing::TestClock, *};

    const TODAY: u64 = 1_800_000_000;

    #[test]
    fn a_host_that_boots_in_1970_still_knows_the_latest_time_and_it_goes_on() {
        let clock = TestClock::at(10);
        let horizon = Horizon::from_remembered(Timestamp::from_secs(TODAY), &clock);
        let reading = horizon.read(&clock);
        assert_eq!(reading.now, Timestamp::from_secs(TODAY));
        assert_eq!(reading.behind, Some(Duration::from_secs(TODAY - 10)));
        clock.advance(90);
        assert_eq!(horizon.read(&clock).now, Timestamp::from_secs(TODAY + 90));
        clock.set_wall(TODAY + 500);
        let caught_up = Reading { now: Timestamp::from_secs(TODAY + 500), behind: None };
        assert_eq!(horizon.read(&clock), caught_up);
    }

    #[test]
    fn slewing_is_no_regression_but_time_never_goes_back() {
        let clock = TestClock::at(TODAY);
        let horizon = Horizon::from_remembered(Timestamp::EPOCH, &clock);
        assert_eq!(horizon.read(&clock).now, Timestamp::from_secs(TODAY));
        clock.set_wall(TODAY - 5);
        let slewed = Reading { now: Timestamp::from_secs(TODAY), behind: None };
        assert_eq!(horizon.read(&clock), slewed);
    }
}
