//! References and identifiers that people read aloud: Crockford's alphabet, without I, L, O and U.

use std::fmt;

use serde::{Deserialize, Serialize};

pub(crate) const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// Random bytes that make one reference.
pub const REFERENCE_BYTES: usize = 6;

/// Names one event in the log, so that a person at a prompt can be helped: `7F3KQ2`. Thirty bits:
/// unique enough to be looked up, worth nothing to a guesser.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Reference(String);

impl Reference {
    /// Made of random bytes that the caller hands in.
    pub fn from_random(bytes: [u8; REFERENCE_BYTES]) -> Self {
        Self(bytes.iter().map(|byte| char::from(ALPHABET[usize::from(byte & 31)])).collect())
    }

    /// As it is read aloud.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_has_six_characters_without_look_alikes() {
        for byte in 0..=255 {
            let text = Reference::from_random([byte; REFERENCE_BYTES]).to_string();
            assert_eq!(text.len(), 6);
            assert!(!text.contains(['I', 'L', 'O', 'U']), "{text}");
        }
    }
}
