//! The phone of a user: codes from `oathtool`, a generator that shares no code with Twinlock.

use std::process::Command;
use std::thread;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::process::demand;

/// Seconds of a time step, RFC 6238 section 4.1.
const STEP: u64 = 30;

/// A login that is given a code of an ending step must come to its end within this.
const MARGIN: u64 = 4;

/// An authenticator app with one account.
#[derive(Debug)]
pub struct Authenticator {
    secret: String,
    /// The last step whose code was handed out.
    last: u64,
}

impl Authenticator {
    /// An app that has been given this base32 key.
    pub fn new(secret: &str) -> Self {
        Self { secret: secret.replace(' ', ""), last: 0 }
    }

    /// The key, base32.
    pub fn secret(&self) -> &str {
        &self.secret
    }

    /// A code that no earlier call gave and that the window of one step either side accepts now:
    /// three of them are to be had at once, a further one every 30 seconds.
    pub fn fresh(&mut self) -> String {
        let step = loop {
            let (now, left) = now();
            let oldest = if left > MARGIN { now - 1 } else { now };
            let step = oldest.max(self.last + 1);
            if step <= now + 1 {
                break step;
            }
            thread::sleep(Duration::from_secs(left.max(1)));
        };
        self.last = step;
        self.of_step(step)
    }

    /// A code that no earlier call gave and that is accepted for a whole step to come, for a test
    /// that uses it late.
    pub fn lasting(&mut self) -> String {
        let mut now = settled();
        while self.last > now {
            thread::sleep(Duration::from_secs(1));
            now = settled();
        }
        self.last = now.max(self.last + 1);
        self.of_step(self.last)
    }

    /// The code of the current step, given when it stays current for the next few seconds.
    pub fn current(&self) -> String {
        self.of_step(settled())
    }

    /// The code of a step so many away from the current one.
    pub fn away(&self, steps: i64) -> String {
        self.of_step(settled().saturating_add_signed(steps))
    }

    /// Six digits that are no code of any step near now.
    pub fn wrong(&self) -> String {
        let step = settled();
        let near: Vec<_> = (step - 3..=step + 3).map(|step| self.of_step(step)).collect();
        ["000000", "123456", "271828", "314159", "161803", "141421", "577215", "693147"]
            .into_iter()
            .find(|guess| !near.iter().any(|code| code == guess))
            .expect("eight guesses are not seven codes")
            .to_owned()
    }

    fn of_step(&self, step: u64) -> String {
        let time = format!("@{}", step * STEP);
        let mut oathtool = Command::new("oathtool");
        oathtool.args(["--totp", "--base32", "--now", &time, &self.secret]);
        demand(&mut oathtool).trim().to_owned()
    }
}

/// The step of now, and how many seconds are left of it.
fn now() -> (u64, u64) {
    let time = SystemTime::now().duration_since(UNIX_EPOCH).expect("the clock is past 1970");
    let time = time.as_secs();
    (time / STEP, STEP - time % STEP)
}

/// The step of now, once it is not about to end.
fn settled() -> u64 {
    loop {
        match now() {
            (step, left) if left > MARGIN => return step,
            (_, left) => thread::sleep(Duration::from_millis(left * 1000 - 900)),
        }
    }
}
