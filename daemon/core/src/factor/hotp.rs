//! Counter-based one-time passwords, RFC 4226: tokens that show a further code at each press. They
//! are imported and never enrolled here, because an authenticator app does better.
//!
//! ```text
//!    used          next            look-ahead             resynchronisation
//!  ──────────────┼──────┬────────────────────┬─────────────────────────────────────┬───────
//!   10 looked at │ one code is enough (§7.2) │ two codes in a row are needed (§7.4) │ wrong
//! ```
//!
//! The counter is that of the next code and only rises, so each value is accepted once, and codes
//! that were passed over die with it.

use serde::{Deserialize, Serialize};
use totp_rs::{Builder, Totp};

use super::totp::{ParameterError, Secret};

/// How many codes a token may be ahead for one code to be enough: `s` of RFC 4226 section 7.2.
pub const LOOK_AHEAD: u64 = 10;

/// How many codes a token may be ahead to be found again by two codes in a row, section 7.4.
pub const RESYNCHRONISATION: u64 = 100;

/// How many codes back a used one is told from a wrong one.
const LOOK_BACK: u64 = 10;

/// The greatest counter: far beyond what a finger reaches, and far from an overflow.
const GREATEST: u64 = 1 << 62;

/// The verifier's side of one token.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Stored")]
pub struct HotpFactor {
    secret: Secret,
    digits: u8,
    /// The counter of the next code.
    counter: u64,
    /// A code of this counter came, out of the look-ahead: the one behind it brings the two sides
    /// together again.
    #[serde(skip_serializing_if = "Option::is_none")]
    ahead: Option<u64>,
}

/// What a record holds, before it has been checked.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Stored {
    secret: Secret,
    digits: u8,
    counter: u64,
    #[serde(default)]
    ahead: Option<u64>,
}

impl TryFrom<Stored> for HotpFactor {
    type Error = ParameterError;

    fn try_from(stored: Stored) -> Result<Self, ParameterError> {
        let factor = Self::imported(stored.secret, stored.digits, stored.counter)?;
        Ok(Self { ahead: stored.ahead.filter(|ahead| *ahead < GREATEST), ..factor })
    }
}

/// What a code turned out to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Check {
    /// Right and fresh. Nothing is accepted before the counter has been moved with
    /// [`HotpFactor::accept`] and the record committed.
    Fresh {
        /// The matched counter.
        counter: u64,
    },
    /// Right, but of a counter that has passed.
    Used,
    /// Refused, but it may be the first of two that bring the token back.
    Ahead {
        /// The matched counter.
        counter: u64,
    },
    /// Wrong.
    Wrong,
}

impl HotpFactor {
    /// A token whose next code is that of `counter`.
    ///
    /// # Errors
    /// [`ParameterError`].
    pub fn imported(secret: Secret, digits: u8, counter: u64) -> Result<Self, ParameterError> {
        if !(6..=8).contains(&digits) {
            return Err(ParameterError::Digits(digits));
        }
        if secret.bytes().is_empty() {
            return Err(ParameterError::EmptySecret);
        }
        if counter >= GREATEST {
            return Err(ParameterError::Counter(counter));
        }
        Ok(Self { secret, digits, counter, ahead: None })
    }

    /// Tries a code. Says what it is and changes nothing.
    pub fn check(&self, code: &str) -> Check {
        let generator = self.generator();
        let find = |mut counters: std::ops::Range<u64>| {
            counters.find(|counter| generator.check(code, *counter).is_some())
        };
        let next = self.counter;
        let near = next.saturating_add(LOOK_AHEAD).saturating_add(1);
        let far = next.saturating_add(RESYNCHRONISATION).saturating_add(1);
        let awaited = self.ahead.map_or(0..0, |ahead| {
            let second = ahead.saturating_add(1);
            second..second.saturating_add(1)
        });
        if let Some(counter) = find(next..near).or_else(|| find(awaited)) {
            return Check::Fresh { counter };
        }
        if find(next.saturating_sub(LOOK_BACK)..next).is_some() {
            return Check::Used;
        }
        find(near..far).map_or(Check::Wrong, |counter| Check::Ahead { counter })
    }

    /// Moves behind an accepted counter. It never goes back.
    pub fn accept(&mut self, counter: u64) {
        self.counter = self.counter.max(counter.saturating_add(1));
        self.ahead = None;
    }

    /// Moves past every code that one is enough for now, as if it had been accepted.
    pub fn accept_look_ahead(&mut self) {
        let last = self.counter.saturating_add(LOOK_AHEAD).min(GREATEST - 2);
        self.accept(last);
    }

    /// Whether it is the same key.
    pub fn is_same_token(&self, other: &Self) -> bool {
        self.secret == other.secret
    }

    /// Moves as far as another record of the same token has come.
    pub fn go_on_from(&mut self, other: &Self) {
        if self.is_same_token(other) {
            self.counter = self.counter.max(other.counter);
            // A code that was passed over brings no side together any more.
            self.ahead = self.ahead.filter(|ahead| *ahead >= self.counter);
        }
    }

    /// Remembers a code that was refused, as far as the next one depends on it.
    pub fn refuse(&mut self, check: Check) {
        self.ahead = match check {
            Check::Ahead { counter } => Some(counter),
            Check::Fresh { .. } | Check::Used | Check::Wrong => None,
        };
    }

    /// RFC 6238 is RFC 4226 with the time step for a counter: with steps of one second the time is
    /// the counter.
    fn generator(&self) -> Totp {
        Builder::new()
            .with_algorithm(totp_rs::Algorithm::SHA1)
            .with_digits(self.digits)
            .with_skew(0)
            .with_step_duration(1)
            .with_secret(self.secret.bytes().to_vec().into_boxed_slice())
            .build_noncompliant()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// RFC 4226 appendix D, counters 0 to 9.
    const CODES: [&str; 10] = [
        "755224", "287082", "359152", "969429", "338314", "254676", "287922", "162583", "399871",
        "520489",
    ];

    fn secret() -> Secret {
        Secret::new(b"12345678901234567890".to_vec())
    }

    fn token(counter: u64) -> HotpFactor {
        HotpFactor::imported(secret(), 6, counter).unwrap()
    }

    fn code(counter: u64) -> String {
        token(0).generator().generate(counter).to_string()
    }

    #[test]
    fn the_vectors_of_rfc_4226_pass_one_after_the_other() {
        let mut token = token(0);
        for (counter, code) in (0u64..).zip(CODES) {
            assert_eq!(token.check(code), Check::Fresh { counter });
            token.accept(counter);
        }
    }

    #[test]
    fn seven_and_eight_digits_are_the_last_of_the_truncated_value() {
        // Appendix D: the truncated value of counter 0 is 1284755224.
        for (digits, code) in [(7, "4755224"), (8, "84755224")] {
            let token = HotpFactor::imported(secret(), digits, 0).unwrap();
            assert_eq!(token.check(code), Check::Fresh { counter: 0 });
            assert_eq!(token.check(CODES[0]), Check::Wrong);
        }
    }

    #[test]
    fn a_counter_is_accepted_once_and_those_passed_over_die_with_it() {
        let mut token = token(0);
        assert_eq!(token.check(CODES[4]), Check::Fresh { counter: 4 });
        token.accept(4);
        for used in &CODES[..=4] {
            assert_eq!(token.check(used), Check::Used);
        }
        token.accept(1);
        assert_eq!(token.check(CODES[4]), Check::Used, "the counter never goes back");
        assert_eq!(token.check(CODES[5]), Check::Fresh { counter: 5 });
    }

    #[test]
    fn ten_codes_ahead_one_is_enough_and_beyond_two_in_a_row_are_needed() {
        let mut token = token(0);
        assert_eq!(token.check(&code(10)), Check::Fresh { counter: 10 });
        let first = token.check(&code(11));
        assert_eq!(first, Check::Ahead { counter: 11 });
        token.refuse(first);
        assert_eq!(token.check(&code(13)), Check::Ahead { counter: 13 }, "not the one behind");
        assert_eq!(token.check(&code(12)), Check::Fresh { counter: 12 });
        token.accept(12);
        assert_eq!(token.check(&code(12)), Check::Used);
        assert_eq!(token.check(&code(13)), Check::Fresh { counter: 13 });
    }

    #[test]
    fn a_wrong_code_in_between_ends_a_resynchronisation() {
        let mut token = token(0);
        token.refuse(token.check(&code(50)));
        token.refuse(token.check("000000"));
        assert_eq!(token.check(&code(51)), Check::Ahead { counter: 51 });
    }

    #[test]
    fn a_token_too_far_ahead_is_not_found_again() {
        assert_eq!(token(0).check(&code(100)), Check::Ahead { counter: 100 });
        assert_eq!(token(0).check(&code(101)), Check::Wrong);
    }

    #[test]
    fn a_stored_token_reads_back_and_one_that_cannot_be_is_refused() {
        let mut token = token(7);
        token.refuse(Check::Ahead { counter: 30 });
        let json = serde_json::to_string(&token).unwrap();
        assert!(serde_json::from_str::<HotpFactor>(&json).unwrap() == token);
        for (digits, counter) in [(9, 0), (6, u64::MAX)] {
            let json = format!(r#"{{"secret":"GEZDGNBV","digits":{digits},"counter":{counter}}}"#);
            assert!(serde_json::from_str::<HotpFactor>(&json).is_err(), "{json}");
        }
    }

    proptest! {
        /// Whatever codes come, no counter is accepted twice.
        #[test]
        fn accepted_counters_strictly_increase(tries in proptest::collection::vec(0u64..60, 1..60)) {
            let mut token = token(0);
            let mut accepted = Vec::new();
            for counter in tries {
                match token.check(&code(counter)) {
                    Check::Fresh { counter } => {
                        token.accept(counter);
                        accepted.push(counter);
                    }
                    refused => token.refuse(refused),
                }
            }
            prop_assert!(accepted.windows(2).all(|pair| pair[0] < pair[1]));
        }

        #[test]
        fn no_answer_panics(code in ".*", counter in 0..GREATEST) {
            let _ = token(counter).check(&code);
        }
    }
}
