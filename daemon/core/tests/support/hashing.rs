//! One-way functions for tests: quick, and good enough to tell texts apart.

use twinlock_core::hashing::{Digest, Hashing, SALT_BYTES};

pub struct Plain;

impl Hashing for Plain {
    fn slow(&self, text: &[u8], salt: &[u8; SALT_BYTES]) -> Digest {
        let mut digest = self.keyed(text);
        for (byte, salt) in digest.iter_mut().zip(salt.iter().cycle()) {
            *byte ^= salt;
        }
        digest
    }

    fn keyed(&self, text: &[u8]) -> Digest {
        let mut digest = [0; 32];
        for (n, byte) in text.iter().enumerate() {
            let mixed: u8 = digest[n % 32];
            digest[n % 32] = mixed.wrapping_mul(31).wrapping_add(*byte);
        }
        digest
    }
}
