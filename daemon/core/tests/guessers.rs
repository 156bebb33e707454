//! A thousand sources guess at one account, as fast as they are let. The owner is not in their
//! hands, and their chance stays below the bound that SECURITY.md derives.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

#[path = "support/hashing.rs"]
mod hashing;
#[path = "support/web1.rs"]
mod web1;

use std::{net::Ipv4Addr, time::Duration};

use hashing::Plain;
use twinlock_core::{
    dialogue::{Dialogue, Settings, Step, Turn, Verdict, World},
    factor::totp::{Secret, TotpFactor},
    fresh::{FRESH_BYTES, Fresh},
    login::{LoginContext, Source},
    record::UserRecord,
    response::Response,
    time::Timestamp,
};
use zeroize::Zeroizing;

const START: Timestamp = Timestamp::from_secs(1_800_000_000);
const SECRET: &[u8] = b"canary-canary-canary";
const SOURCES: u32 = 1_000;

/// Codes of six digits, and how many of them are right at any moment with `[totp] window = 1`.
const CODES: f64 = 1e6;
const RIGHT_AT_ONCE: f64 = 3.0;

/// The chance of `guesses` wrong guesses to have been right, by the union bound.
fn chance(guesses: u32) -> f64 {
    f64::from(guesses) * RIGHT_AT_ONCE / CODES
}

/// Strangers are taken to know the password, which is the worst case.
fn from(address: Ipv4Addr) -> LoginContext {
    LoginContext { source: Source::Address(address.into()), ..web1::login() }
}

fn source(n: u32) -> Ipv4Addr {
    Ipv4Addr::from_bits(Ipv4Addr::new(198, 18, 0, 0).to_bits() + n)
}

const OWNER: Ipv4Addr = Ipv4Addr::new(203, 0, 113, 9);

/// The account, and what has been tried at it.
struct Account {
    settings: Settings,
    record: UserRecord,
    /// Codes of strangers that were looked at.
    guesses: u32,
    random: u64,
}

impl Account {
    fn new() -> Self {
        let login = from(OWNER);
        let mut record = UserRecord::new(&login.user);
        let totp = TotpFactor::new(Secret::new(SECRET));
        record.enrol("7F3KQ2".to_owned(), "phone".to_owned(), totp, START).unwrap();
        Self { settings: Settings::default(), record, guesses: 0, random: 42 }
    }

    fn step(
        &mut self,
        now: Timestamp,
        step: impl FnOnce(&mut UserRecord, &World<'_>) -> Turn,
    ) -> Step {
        let fresh = Fresh::new(Zeroizing::new([7; FRESH_BYTES]));
        let settings = &self.settings;
        let world = World { settings, now, clock: now, fresh: &fresh, hashing: &Plain };
        step(&mut self.record, &world).step
    }

    /// A login with these answers; what was staged takes effect where it is let in.
    fn login(&mut self, now: Timestamp, login: &LoginContext, answers: &[&str]) -> Verdict {
        let mut answers = answers.iter();
        let mut step =
            self.step(now, |record, world| Dialogue::open(login.clone(), true, record, world));
        loop {
            match step {
                Step::Ask(_, dialogue) => {
                    let Some(answer) = answers.next() else { return Verdict::Deny };
                    let response = Response::new((*answer).to_owned());
                    step =
                        self.step(now, |record, world| dialogue.answer(&response, record, world));
                }
                Step::Done(outcome) => {
                    for staged in outcome.staged {
                        self.record.apply(&staged, &Plain, now).unwrap();
                    }
                    return outcome.verdict;
                }
            }
        }
    }

    /// Three guesses of one stranger, as many as a dialogue takes. Each is a code that is not right
    /// now: what is counted is how many are looked at.
    fn guess(&mut self, now: Timestamp, n: u32) {
        let before = self.record.lockout.consecutive();
        let guesses: Vec<String> = (0..3).map(|_| self.wrong_code(now)).collect();
        let guesses: Vec<_> = guesses.iter().map(String::as_str).collect();
        assert_ne!(self.login(now, &from(source(n)), &guesses), Verdict::Allow);
        self.guesses += self.record.lockout.consecutive() - before;
    }

    fn wrong_code(&mut self, now: Timestamp) -> String {
        loop {
            // Knuth's generator (MMIX): any will do that repeats itself.
            self.random = self.random.wrapping_mul(6_364_136_223_846_793_005);
            self.random = self.random.wrapping_add(1_442_695_040_888_963_407);
            let code = format!("{:06}", (self.random >> 32) % 1_000_000);
            if (-1..=1).all(|steps| code != code_at(now, steps)) {
                return code;
            }
        }
    }
}

fn code_at(now: Timestamp, steps: i64) -> String {
    let app = totp_rs::Builder::new().with_secret(SECRET.to_vec()).build_noncompliant();
    app.generate(now.as_secs().saturating_add_signed(30 * steps)).to_string()
}

fn hours(n: u64) -> Timestamp {
    START.after(Duration::from_secs(n * 3600))
}

#[test]
fn the_owner_on_a_trusted_host_gets_in_at_the_first_try_whatever_a_thousand_sources_do() {
    let mut account = Account::new();
    let code = code_at(START, 0);
    assert_eq!(account.login(START, &from(OWNER), &[&code, "y"]), Verdict::Allow);
    for hour in 1..24 {
        for n in 0..SOURCES {
            account.guess(hours(hour), n);
        }
        let unasked = account.login(hours(hour), &from(OWNER), &[]);
        assert_eq!(unasked, Verdict::Allow, "after {hour} hours and {} guesses", account.guesses);
    }
    assert!(account.record.lockout.is_stopped());
    assert_eq!(account.guesses, account.settings.codes.lockout.hard_limit);
    assert!(chance(account.guesses) <= 3e-4, "{}", chance(account.guesses));
}

#[test]
fn between_two_right_codes_of_the_owner_no_more_than_the_hard_limit_is_looked_at() {
    let mut account = Account::new();
    let mut rows = 0;
    let mut in_this_row = 0;
    for hour in 0..72 {
        let now = hours(hour);
        for n in (0..SOURCES).step_by(31) {
            let before = account.guesses;
            account.guess(now, n);
            in_this_row += account.guesses - before;
        }
        assert!(in_this_row <= account.settings.codes.lockout.hard_limit, "{in_this_row}");
        if account.record.lockout.is_stopped() {
            account.record.lockout.unlock();
            (rows, in_this_row) = (rows + 1, 0);
        }
        let elsewhere = from(Ipv4Addr::new(192, 0, 2, 1));
        let code = code_at(now, 0);
        if account.login(now, &elsewhere, &[&code, "n"]) == Verdict::Allow {
            (rows, in_this_row) = (rows + 1, 0);
        }
    }
    let bound = chance(account.settings.codes.lockout.hard_limit) * f64::from(rows + 1);
    assert!(rows > 10 && chance(account.guesses) <= bound, "{rows} {}", account.guesses);
}

/// What SECURITY.md derives: five at once. Then one after each wait of 30, 60, 120, 240, 480, 960 and
/// 1920 s, the last of them 3810 s after the fifth. Then one an hour: 22 in the 82,590 s that are left
/// of the day.
const ON_THE_FIRST_DAY: u32 = 5 + 7 + 22;

#[test]
fn a_single_source_looks_at_34_codes_on_the_first_day_and_24_on_each_further_one() {
    let mut account = Account::new();
    let mut looked_at = Vec::new();
    for day in 0..3 {
        let before = account.guesses;
        // Every wait is a multiple of 30 s.
        for second in (0..86_400).step_by(30) {
            account.guess(START.after(Duration::from_secs(day * 86_400 + second)), 0);
        }
        looked_at.push(account.guesses - before);
    }
    assert_eq!(looked_at, [ON_THE_FIRST_DAY, 24, 24]);
}
