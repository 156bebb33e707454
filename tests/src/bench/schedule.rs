//! Which code each login is given. Every contender refuses a code that was used, so a user has one
//! login a time step with each of them.

use std::process::Command;
use std::thread;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::rig::process::demand;

/// A time step, RFC 6238 section 4.1.
const STEP: Duration = Duration::from_secs(30);

/// A round must be over within this; its codes are accepted for at least as long.
const ROUND: Duration = Duration::from_secs(20);

/// The time steps of one round after another.
#[derive(Debug, Default)]
pub struct Schedule {
    last: Option<u32>,
}

impl Schedule {
    /// The next step that no round has used, waiting until its code is accepted: from one step
    /// before its own to one step after it (the window of one step either side).
    pub fn next(&mut self) -> u32 {
        let now = now();
        // The last moment of a step's window is the end of the step after it.
        let earliest = steps(now + ROUND).saturating_sub(1);
        let step = self.last.map_or(earliest, |last| earliest.max(last + 1));
        thread::sleep((STEP * step.saturating_sub(1)).saturating_sub(now));
        self.last = Some(step);
        step
    }
}

/// The code of a step, from `oathtool`.
pub fn code(secret: &str, step: u32) -> String {
    let time = format!("@{}", (STEP * step).as_secs());
    let mut oathtool = Command::new("oathtool");
    oathtool.args(["--totp", "--base32", "--now", &time, secret]);
    demand(&mut oathtool).trim().to_owned()
}

fn now() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).expect("the clock is past 1970")
}

fn steps(time: Duration) -> u32 {
    u32::try_from(time.as_secs() / STEP.as_secs()).expect("the year is before 6000")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounds_have_steps_of_their_own_that_the_window_holds() {
        let mut schedule = Schedule::default();
        let first = schedule.next();
        let second = schedule.next();
        assert_eq!(second, first + 1);
        for step in [first, second] {
            let (from, to) = (STEP * (step - 1), STEP * (step + 2));
            assert!(from <= now() && now() <= to, "step {step} is not accepted now");
        }
    }

    #[test]
    fn a_code_is_that_of_rfc_6238() {
        // Appendix B: the SHA-1 key, second 59, the last six of its eight digits.
        assert_eq!(code("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ", 1), "287082");
    }
}
