//! Randomness for one step of a dialogue or one command, handed in by the daemon.

use zeroize::Zeroizing;

use crate::{
    factor::totp::{SECRET_BYTES, Secret},
    reference::{REFERENCE_BYTES, Reference},
};

/// Random bytes that one step can use up.
pub const FRESH_BYTES: usize = 64;

/// Bytes from the system's generator, each used for one thing only. Wiped when dropped.
pub struct Fresh(Zeroizing<[u8; FRESH_BYTES]>);

impl Fresh {
    /// Takes bytes over that nobody has seen.
    pub const fn new(bytes: Zeroizing<[u8; FRESH_BYTES]>) -> Self {
        Self(bytes)
    }

    /// The reference of this step's event.
    pub fn reference(&self) -> Reference {
        Reference::from_random(self.slice(0))
    }

    /// The id of a factor made in this step.
    pub fn factor_id(&self) -> String {
        Reference::from_random(self.slice::<REFERENCE_BYTES>(REFERENCE_BYTES)).to_string()
    }

    /// The shared secret of a factor made in this step.
    pub fn secret(&self) -> Secret {
        Secret::new(Zeroizing::new(self.slice::<SECRET_BYTES>(2 * REFERENCE_BYTES)).to_vec())
    }

    fn slice<const N: usize>(&self, from: usize) -> [u8; N] {
        std::array::from_fn(|n| self.0[from + n])
    }
}
