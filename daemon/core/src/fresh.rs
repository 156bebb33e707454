//! Randomness for one step of a dialogue or one command, handed in by the daemon.

use zeroize::Zeroizing;

use crate::{
    factor::{
        one_time_code::code_from_random,
        totp::{SECRET_BYTES, Secret},
    },
    hashing::SALT_BYTES,
    printed_code::{CODE_BYTES, PrintedCode},
    record::RECOVERY_CODES,
    reference::{REFERENCE_BYTES, Reference},
};

/// Random bytes that one step can use up.
pub const FRESH_BYTES: usize = END;

/// Where in the bytes each thing lies: behind the one before it.
const REFERENCE: usize = 0;
const FACTOR: usize = REFERENCE + REFERENCE_BYTES;
const OBJECT: usize = FACTOR + REFERENCE_BYTES;
const SECRET: usize = OBJECT + REFERENCE_BYTES;
const SENT: usize = SECRET + SECRET_BYTES;
const SENT_BYTES: usize = size_of::<u64>();
const PRINTED: usize = SENT + SENT_BYTES;
const PRINTED_BYTES: usize = CODE_BYTES + SALT_BYTES;
const END: usize = PRINTED + RECOVERY_CODES * PRINTED_BYTES;

/// Bytes from the system's generator, each used for one thing only. Wiped when dropped.
pub struct Fresh(Zeroizing<[u8; FRESH_BYTES]>);

impl Fresh {
    /// Takes bytes over that nobody has seen.
    pub const fn new(bytes: Zeroizing<[u8; FRESH_BYTES]>) -> Self {
        Self(bytes)
    }

    /// The reference of this step's event.
    pub fn reference(&self) -> Reference {
        Reference::from_random(self.slice(REFERENCE))
    }

    /// The id of a factor made in this step.
    pub fn factor_id(&self) -> String {
        Reference::from_random(self.slice(FACTOR)).to_string()
    }

    /// The id of something else made in this step: a trusted host, a request, an invitation.
    pub fn object_id(&self) -> String {
        Reference::from_random(self.slice(OBJECT)).to_string()
    }

    /// A one-time code sent in this step: six digits.
    pub fn sent_code(&self) -> Zeroizing<String> {
        code_from_random(self.slice(SENT))
    }

    /// The printed codes made in this step, each with its salt: a set of recovery codes, or an
    /// invitation or a bypass code, which is the first.
    pub fn printed_codes(&self) -> impl Iterator<Item = (PrintedCode, [u8; SALT_BYTES])> + use<'_> {
        (0..RECOVERY_CODES).map(|n| self.nth_printed_code(n))
    }

    /// The first of them, where one is all that is made.
    pub fn printed_code(&self) -> (PrintedCode, [u8; SALT_BYTES]) {
        self.nth_printed_code(0)
    }

    fn nth_printed_code(&self, n: usize) -> (PrintedCode, [u8; SALT_BYTES]) {
        let from = PRINTED + n * PRINTED_BYTES;
        let bytes = Zeroizing::new(self.slice::<CODE_BYTES>(from));
        (PrintedCode::from_random(&bytes), self.slice(from + CODE_BYTES))
    }

    /// The shared secret of a factor made in this step.
    pub fn secret(&self) -> Secret {
        Secret::new(Zeroizing::new(self.slice::<SECRET_BYTES>(SECRET)).to_vec())
    }

    fn slice<const N: usize>(&self, from: usize) -> [u8; N] {
        std::array::from_fn(|n| self.0[from + n])
    }
}
