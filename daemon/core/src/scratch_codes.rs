//! Scratch codes of another program, which count as recovery codes: eight digits each, once.
//!
//! Twinlock's own recovery codes have 80 bits. These have 27, so they obey the rules of what can be
//! guessed: each try counts, a source that waits is not heard, and an account that is stopped is
//! not opened by one. They are kept as argon2id digests under one salt for the set, so that a wrong
//! answer costs one slow digest and not one for each code; a selector in clear, as printed codes
//! have, would give half of the digits away.

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::{
    hashing::{Digest, Hashing, SALT_BYTES, same},
    printed_code::Hex,
};

/// The most codes of a set.
pub const MOST_CODES: usize = 10;

/// Digits of a code.
const DIGITS: usize = 8;

/// Why codes are not a set of scratch codes. It does not say which.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum ScratchCodeError {
    /// A code is not eight digits.
    #[error("a scratch code has {DIGITS} digits")]
    Form,
    /// Each makes a guess more likely to be right.
    #[error("there are at most {MOST_CODES} scratch codes")]
    TooMany,
}

/// A set of codes, as it is stored.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScratchCodes {
    salt: Hex<SALT_BYTES>,
    digests: Vec<Hex<{ size_of::<Digest>() }>>,
}

impl Default for ScratchCodes {
    fn default() -> Self {
        Self { salt: Hex([0; SALT_BYTES]), digests: Vec::new() }
    }
}

impl ScratchCodes {
    /// A set of these codes. One that is given twice is one code.
    ///
    /// # Errors
    /// [`ScratchCodeError`].
    pub fn new<'a>(
        codes: impl IntoIterator<Item = &'a str>,
        salt: [u8; SALT_BYTES],
        hashing: &dyn Hashing,
    ) -> Result<Self, ScratchCodeError> {
        let codes: std::collections::BTreeSet<_> = codes.into_iter().collect();
        if codes.len() > MOST_CODES {
            return Err(ScratchCodeError::TooMany);
        }
        if !codes.iter().all(|code| has_form(code)) {
            return Err(ScratchCodeError::Form);
        }
        let digest = |code: &str| Hex(hashing.slow(code.as_bytes(), &salt));
        Ok(Self { salt: Hex(salt), digests: codes.into_iter().map(digest).collect() })
    }

    /// Which of them this is. Costs a slow digest only where it can be one.
    pub fn find(&self, code: &str, hashing: &dyn Hashing) -> Option<usize> {
        if self.is_empty() || !has_form(code) {
            return None;
        }
        let digest = hashing.slow(code.as_bytes(), &self.salt.0);
        self.digests.iter().position(|stored| same(&stored.0, &digest))
    }

    /// Takes away what [`Self::find`] found: it is used.
    pub fn spend(&mut self, index: usize) {
        if index < self.digests.len() {
            self.digests.remove(index);
        }
    }

    /// Keeps those that another state of the same set has not used either.
    pub fn keep(&mut self, other: &Self) {
        if self.salt != other.salt {
            self.digests.clear();
        }
        self.digests.retain(|digest| other.digests.contains(digest));
    }

    /// How many have not been used.
    pub const fn len(&self) -> usize {
        self.digests.len()
    }

    /// Whether there are none.
    pub const fn is_empty(&self) -> bool {
        self.digests.is_empty()
    }
}

fn has_form(code: &str) -> bool {
    code.len() == DIGITS && code.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hashing::testing::Plain;

    fn set(codes: &[&str]) -> Result<ScratchCodes, ScratchCodeError> {
        ScratchCodes::new(codes.iter().copied(), [3; SALT_BYTES], &Plain)
    }

    #[test]
    fn each_code_is_found_until_it_is_spent() {
        let mut codes = set(&["12345678", "00000001"]).unwrap();
        let index = codes.find("12345678", &Plain).unwrap();
        codes.spend(index);
        assert_eq!(codes.find("12345678", &Plain), None);
        assert!(codes.find("00000001", &Plain).is_some());
        assert_eq!(codes.len(), 1);
    }

    #[test]
    fn a_code_that_is_given_twice_works_once() {
        let mut codes = set(&["12345678", "12345678"]).unwrap();
        codes.spend(codes.find("12345678", &Plain).unwrap());
        assert!(codes.is_empty());
    }

    #[test]
    fn what_is_no_code_and_more_than_ten_are_refused() {
        for code in ["", "1234567", "123456789", "1234567a", "１２３４５６７８"] {
            assert_eq!(set(&[code]).err(), Some(ScratchCodeError::Form), "{code}");
        }
        let many: Vec<_> = (0..11).map(|n| format!("{n:08}")).collect();
        let many: Vec<_> = many.iter().map(String::as_str).collect();
        assert_eq!(set(&many).err(), Some(ScratchCodeError::TooMany));
    }

    #[test]
    fn the_stored_form_shows_no_digit_of_a_code_and_reads_back() {
        let codes = set(&["12345678"]).unwrap();
        let json = serde_json::to_string(&codes).unwrap();
        assert!(!json.contains("1234") && !json.contains("5678"), "{json}");
        assert!(serde_json::from_str::<ScratchCodes>(&json).unwrap() == codes);
    }
}
