//! One-way functions that the daemon lends: the keys and the memory that they need are not the
//! core's.

use zeroize::Zeroizing;

/// A digest, 256 bits.
pub type Digest = [u8; 32];

/// Bytes of the salt of a slow digest.
pub const SALT_BYTES: usize = 16;

/// Digests of what must not be stored in clear.
pub trait Hashing: Send + Sync {
    /// A digest that costs time and memory (argon2id, RFC 9106), for codes of which the store holds
    /// everything that is needed to try one.
    fn slow(&self, text: &[u8], salt: &[u8; SALT_BYTES]) -> Digest;

    /// A digest under a key that the store does not hold (HMAC, RFC 2104), for codes that are too
    /// short for any other.
    fn keyed(&self, text: &[u8]) -> Digest;
}

/// The keyed digest of several texts, each with its length before it, so that no two rows of texts
/// have one digest.
pub(crate) fn keyed_row(parts: &[&str], hashing: &dyn Hashing) -> Digest {
    let length: usize = parts.iter().map(|part| part.len() + size_of::<u64>()).sum();
    let mut text = Zeroizing::new(Vec::with_capacity(length));
    for part in parts {
        text.extend_from_slice(&(part.len() as u64).to_be_bytes());
        text.extend_from_slice(part.as_bytes());
    }
    hashing.keyed(&text)
}

/// Whether two digests are equal, in a time that does not say where they differ.
pub(crate) fn same(one: &Digest, other: &Digest) -> bool {
    one.iter().zip(other).fold(0, |differences, (a, b)| differences | (a ^ b)) == 0
}

#[cfg(test)]
#[path = "../tests/support/hashing.rs"]
pub(crate) mod testing;
