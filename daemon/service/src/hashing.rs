//! Digests of codes: argon2id for codes that are printed, a keyed digest for those that are sent.
//!
//! argon2id (RFC 9106) runs with 19 MiB, two passes and one lane, which OWASP's password storage
//! recommendations name. Its memory is one buffer that is used again: digests take turns, so that
//! no number of them at once takes more memory or more than one processor from the logins.

use std::sync::{Mutex, PoisonError};

use argon2::{Algorithm, Argon2, Block, Params, Version};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use twinlock_core::hashing::{Digest, Hashing, SALT_BYTES};
use zeroize::Zeroize;

use crate::store::{DerivedKey, KeyError, MasterKey};

/// KiB of memory of one digest.
const MEMORY: u32 = 19 * 1024;

/// Passes over the memory.
const PASSES: u32 = 2;

/// Digests for the core.
pub struct CodeHashing {
    key: DerivedKey,
    params: Params,
    memory: Mutex<Vec<Block>>,
}

impl CodeHashing {
    /// With a key of its own, derived from the store's: whoever has the store alone cannot search
    /// for the six digits that were sent.
    ///
    /// # Errors
    /// [`KeyError::Derivation`].
    pub fn new(key: &MasterKey) -> Result<Self, KeyError> {
        Self::with_cost(key, MEMORY, PASSES)
    }

    fn with_cost(key: &MasterKey, memory: u32, passes: u32) -> Result<Self, KeyError> {
        Ok(Self {
            key: key.derive("codes: keyed digest")?,
            params: Params::new(memory, passes, 1, None).map_err(|_| KeyError::Derivation)?,
            memory: Mutex::default(),
        })
    }

    /// Quick, for tests of what rests on it.
    #[cfg(test)]
    pub(crate) fn for_tests() -> Self {
        Self::with_cost(&MasterKey::generate().unwrap(), Params::MIN_M_COST, 1).unwrap()
    }

    fn argon2id(&self, text: &[u8], salt: &[u8; SALT_BYTES]) -> Result<Digest, argon2::Error> {
        let mut digest = Digest::default();
        let mut memory = self.memory.lock().unwrap_or_else(PoisonError::into_inner);
        memory.resize(self.params.block_count(), Block::default());
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, self.params.clone());
        let done = argon2.hash_password_into_with_memory(text, salt, &mut digest, &mut **memory);
        memory.iter_mut().for_each(Zeroize::zeroize);
        done.map(|()| digest)
    }
}

impl Hashing for CodeHashing {
    fn slow(&self, text: &[u8], salt: &[u8; SALT_BYTES]) -> Digest {
        // Tens of milliseconds: other logins of this thread go on elsewhere in the meantime.
        let digest = aside(|| self.argon2id(text, salt));
        // The parameters are constants that argon2 takes. Should it ever not, what stands in their
        // place still differs from text to text.
        digest.unwrap_or_else(|_| self.keyed(text))
    }

    fn keyed(&self, text: &[u8]) -> Digest {
        match Hmac::<Sha256>::new_from_slice(self.key.expose()) {
            Ok(mut mac) => {
                mac.update(text);
                mac.finalize().into_bytes().into()
            }
            // HMAC takes keys of any length (RFC 2104 section 3).
            Err(_) => Digest::default(),
        }
    }
}

/// Runs work that takes a while, so that the runtime's other tasks need not wait for it.
fn aside<T>(work: impl FnOnce() -> T) -> T {
    use tokio::runtime::{Handle, RuntimeFlavor};
    match Handle::try_current().map(|handle| handle.runtime_flavor()) {
        Ok(RuntimeFlavor::MultiThread) => tokio::task::block_in_place(work),
        _ => work(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slow_digest_is_argon2id_of_the_text_and_its_salt() {
        let hashing = CodeHashing::for_tests();
        let digest = hashing.slow(b"7F3KQ2M87F3KQ2M8", &[1; SALT_BYTES]);
        assert_eq!(digest, hashing.slow(b"7F3KQ2M87F3KQ2M8", &[1; SALT_BYTES]));
        assert_ne!(digest, hashing.slow(b"7F3KQ2M87F3KQ2M8", &[2; SALT_BYTES]));
        assert_ne!(digest, hashing.slow(b"7F3KQ2M87F3KQ2M9", &[1; SALT_BYTES]));
        let other = CodeHashing::for_tests();
        assert_eq!(digest, other.slow(b"7F3KQ2M87F3KQ2M8", &[1; SALT_BYTES]), "no key is in it");
    }

    #[test]
    fn a_keyed_digest_says_nothing_without_the_key() {
        let (one, other) = (CodeHashing::for_tests(), CodeHashing::for_tests());
        assert_eq!(one.keyed(b"482913"), one.keyed(b"482913"));
        assert_ne!(one.keyed(b"482913"), other.keyed(b"482913"));
    }

    #[test]
    fn no_text_stays_in_the_memory_that_is_used_again() {
        let hashing = CodeHashing::for_tests();
        let _ = hashing.slow(b"7F3KQ2M87F3KQ2M8", &[1; SALT_BYTES]);
        let memory = hashing.memory.lock().unwrap();
        assert!(!memory.is_empty());
        assert!(memory.iter().all(|block| block.as_ref().iter().all(|word| *word == 0)));
    }
}
