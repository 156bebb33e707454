//! Codes that people keep on paper or are told: recovery codes, invitations, bypass codes.
//!
//! ```text
//!   7F3K-Q2M8-…       16 characters of Crockford's alphabet, 80 bits
//!   ▔▔▔▔
//!   selector: kept in clear, so that a try costs one slow digest and not one for each code
//! ```
//!
//! All three look alike and are entered alike: case, spaces and hyphens do not count, and the
//! letters that look like a digit are taken for it. What is stored is the selector and an argon2id
//! digest of the whole code.

use std::fmt;

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::{
    hashing::{Digest, Hashing, SALT_BYTES, same},
    reference::ALPHABET,
    response::Response,
    time::Timestamp,
};

/// Random bytes of one code: 80 bits.
pub const CODE_BYTES: usize = 10;

/// Characters of one code, 5 bits each.
const CHARACTERS: usize = CODE_BYTES * 8 / 5;

/// Characters of the selector, and of each group that is shown.
const GROUP: usize = 4;

/// A code in clear. Wiped when dropped; shown once, to its owner, and by `Debug` never.
#[derive(Clone, PartialEq, Eq)]
pub struct PrintedCode(Zeroizing<String>);

impl PrintedCode {
    /// Made of random bytes that the caller hands in.
    pub fn from_random(bytes: &[u8; CODE_BYTES]) -> Self {
        let mut code = Zeroizing::new(String::with_capacity(CHARACTERS));
        let (mut bits, mut held) = (0u32, 0u32);
        for byte in bytes {
            bits = (bits << 8) | u32::from(*byte);
            held += 8;
            while held >= 5 {
                held -= 5;
                let index = (bits >> held) & 31;
                code.push(char::from(ALPHABET[index as usize]));
            }
            bits &= (1 << held) - 1;
        }
        Self(code)
    }

    /// What a person typed, if it has the form of a code.
    pub fn read(response: &Response) -> Option<Self> {
        let mut code = Zeroizing::new(String::with_capacity(CHARACTERS));
        for character in response.characters() {
            let character = match character {
                ' ' | '\u{a0}' | '\u{202f}' | '\u{3000}' | '-' | '\u{2010}'..='\u{2013}' => {
                    continue;
                }
                'o' | 'O' => '0',
                'i' | 'I' | 'l' | 'L' => '1',
                other => other.to_ascii_uppercase(),
            };
            let known = u8::try_from(character).is_ok_and(|byte| ALPHABET.contains(&byte));
            if !known || code.len() == CHARACTERS {
                return None;
            }
            code.push(character);
        }
        (code.len() == CHARACTERS).then_some(Self(code))
    }

    /// In groups of four, as it is shown.
    pub fn shown(&self) -> Zeroizing<String> {
        let mut text = Zeroizing::new(String::with_capacity(CHARACTERS + CHARACTERS / GROUP));
        for (n, character) in self.0.chars().enumerate() {
            if n > 0 && n % GROUP == 0 {
                text.push('-');
            }
            text.push(character);
        }
        text
    }

    /// What is stored of it.
    pub fn hashed(&self, salt: [u8; SALT_BYTES], hashing: &dyn Hashing) -> HashedCode {
        let digest = hashing.slow(self.0.as_bytes(), &salt);
        HashedCode { selector: self.selector().to_owned(), salt: Hex(salt), digest: Hex(digest) }
    }

    fn selector(&self) -> &str {
        self.0.get(..GROUP).unwrap_or_default()
    }
}

impl fmt::Debug for PrintedCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PrintedCode(…)")
    }
}

/// A code as it is stored.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HashedCode {
    selector: String,
    salt: Hex<SALT_BYTES>,
    digest: Hex<{ size_of::<Digest>() }>,
}

impl HashedCode {
    /// Whether this is the code. Costs a slow digest only where the selector is right.
    pub fn matches(&self, code: &PrintedCode, hashing: &dyn Hashing) -> bool {
        self.selector == code.selector()
            && same(&hashing.slow(code.0.as_bytes(), &self.salt.0), &self.digest.0)
    }
}

/// A code that was used.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SpentCode {
    /// The code.
    pub code: HashedCode,
    /// When it was used.
    pub at: Timestamp,
}

/// Bytes, hexadecimal in a record.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Hex<const N: usize>(pub(crate) [u8; N]);

impl<const N: usize> Serialize for Hex<N> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&data_encoding::HEXLOWER.encode(&self.0))
    }
}

impl<'de, const N: usize> Deserialize<'de> for Hex<N> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let bytes = data_encoding::HEXLOWER.decode(text.as_bytes()).ok();
        let bytes = bytes.and_then(|bytes| bytes.try_into().ok());
        bytes.map(Self).ok_or_else(|| serde::de::Error::custom("a digest is not hexadecimal"))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use proptest::prelude::*;

    use super::*;

    /// Cheap, and counts how often it was asked.
    #[derive(Default)]
    struct Counting(AtomicUsize);

    impl Counting {
        fn take(&self) -> usize {
            self.0.swap(0, Ordering::Relaxed)
        }
    }

    impl Hashing for Counting {
        fn slow(&self, text: &[u8], salt: &[u8; SALT_BYTES]) -> Digest {
            self.0.fetch_add(1, Ordering::Relaxed);
            std::array::from_fn(|n| text[n % text.len()] ^ salt[n % SALT_BYTES])
        }

        fn keyed(&self, _: &[u8]) -> Digest {
            [0; 32]
        }
    }

    fn read(text: &str) -> Option<PrintedCode> {
        PrintedCode::read(&Response::new(text.to_owned()))
    }

    #[test]
    fn a_code_is_read_back_as_people_copy_it() {
        let code = PrintedCode::from_random(&[0x08; CODE_BYTES]);
        let shown = code.shown();
        assert_eq!(*shown, "1040-G208-1040-G208");
        for text in
            ["1040-g208-1040-g208", " lO40 G2O8 I040G208 ", "1040\u{2013}G208\u{a0}1040G208"]
        {
            assert!(read(text) == Some(code.clone()), "{text}");
        }
    }

    #[test]
    fn what_is_too_short_too_long_or_of_another_alphabet_is_no_code() {
        for text in
            ["", "123456", "1040-G208-1040-G20", "1040-G208-1040-G208-1", "1040-G208-1040-G20U"]
        {
            assert!(read(text).is_none(), "{text}");
        }
    }

    #[test]
    fn only_the_right_selector_costs_a_slow_digest() {
        let (stored, hashing) = (PrintedCode::from_random(&[7; CODE_BYTES]), Counting::default());
        let hashed = stored.hashed([1; SALT_BYTES], &hashing);
        assert_eq!(hashing.take(), 1);
        assert!(!hashed.matches(&PrintedCode::from_random(&[8; CODE_BYTES]), &hashing));
        assert_eq!(hashing.take(), 0);
        let mut near = [7; CODE_BYTES];
        near[9] = 8;
        assert!(!hashed.matches(&PrintedCode::from_random(&near), &hashing));
        assert!(hashed.matches(&stored, &hashing));
        assert_eq!(hashing.take(), 2);
    }

    #[test]
    fn the_stored_form_shows_no_more_than_the_selector() {
        let code = PrintedCode::from_random(&[7; CODE_BYTES]);
        let stored = serde_json::to_string(&code.hashed([1; SALT_BYTES], &Counting::default()));
        let (stored, shown) = (stored.unwrap(), code.shown());
        let groups: Vec<_> = shown.split('-').collect();
        assert!(stored.contains(groups[0]) && !stored.contains(groups[1]), "{stored}");
    }

    proptest! {
        #[test]
        fn every_code_is_its_own_and_reads_back(bytes: [u8; CODE_BYTES], other: [u8; CODE_BYTES]) {
            let code = PrintedCode::from_random(&bytes);
            prop_assert!(read(&code.shown()) == Some(code.clone()));
            prop_assert!((code == PrintedCode::from_random(&other)) == (bytes == other));
        }
    }
}
