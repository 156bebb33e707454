//! Sealing: what is on the disk says nothing without the key, and cannot be changed without it.
//!
//! A sealed value, every number big-endian:
//!
//! | bytes | what |
//! | --- | --- |
//! | 1 | the format: 1 |
//! | 8 | the version |
//! | 8 | the key id: which master key sealed it |
//! | 24 | the nonce, random |
//! | n | the value in XChaCha20-Poly1305 |
//! | 16 | its tag |
//!
//! The associated data are the first 17 bytes and the name it is stored under. So a value cannot
//! be moved to another name, be given another version, or be changed in any bit.
//!
//! What sealing does not hide: the names, the lengths, the versions. What it does not stop: that
//! an old value is put back with its old version, or a value removed. [`super::head`] and
//! [`super::witness`] find that, down to a rollback of the whole store.

use chacha20poly1305::{
    KeyInit, XChaCha20Poly1305, XNonce,
    aead::{AeadInOut, Tag},
};
use zeroize::Zeroizing;

use super::{KeyError, MasterKey, Version};

const FORMAT: u8 = 1;
const KEY_ID_LENGTH: usize = 8;
const NONCE_LENGTH: usize = 24;
const TAG_LENGTH: usize = 16;
const HEADER_LENGTH: usize = 1 + 8 + KEY_ID_LENGTH;

/// How much longer a sealed value is than the value.
pub(super) const OVERHEAD: usize = HEADER_LENGTH + NONCE_LENGTH + TAG_LENGTH;

/// Why a value was not unsealed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum UnsealError {
    #[error("it is sealed with another key")]
    OtherKey,
    #[error("it does not unseal")]
    Damaged,
}

/// The operating system gave no nonce.
#[derive(Debug, thiserror::Error)]
#[error("a value could not be sealed")]
pub(super) struct SealError;

/// Seals and unseals with one master key.
pub(super) struct Sealer {
    cipher: XChaCha20Poly1305,
    key_id: [u8; KEY_ID_LENGTH],
}

impl Sealer {
    /// # Errors
    /// [`KeyError::Derivation`].
    pub(super) fn new(key: &MasterKey) -> Result<Self, KeyError> {
        let sealing = key.derive("store: sealing")?;
        let mut key_id = [0; KEY_ID_LENGTH];
        key_id.copy_from_slice(&key.derive("store: key id")?.expose()[..KEY_ID_LENGTH]);
        Ok(Self { cipher: XChaCha20Poly1305::new(sealing.expose().into()), key_id })
    }

    /// Seals `value` for the place `name` at `version`.
    pub(super) fn seal(
        &self,
        name: &[u8],
        version: Version,
        value: &[u8],
    ) -> Result<Vec<u8>, SealError> {
        let mut nonce = [0; NONCE_LENGTH];
        getrandom::fill(&mut nonce).map_err(|_| SealError)?;
        // Never grows, so that no copy of the value stays behind.
        let mut sealed = Zeroizing::new(Vec::with_capacity(value.len() + OVERHEAD));
        sealed.push(FORMAT);
        sealed.extend_from_slice(&version.number().to_be_bytes());
        sealed.extend_from_slice(&self.key_id);
        let associated = associated(&sealed, name);
        sealed.extend_from_slice(&nonce);
        sealed.extend_from_slice(value);
        let tag = self
            .cipher
            .encrypt_inout_detached(
                &XNonce::from(nonce),
                &associated,
                (&mut sealed[HEADER_LENGTH + NONCE_LENGTH..]).into(),
            )
            .map_err(|_| SealError)?;
        sealed.extend_from_slice(&tag);
        Ok(std::mem::take(&mut *sealed))
    }

    /// Unseals what was sealed for the place `name`, and says at which version.
    pub(super) fn unseal(
        &self,
        name: &[u8],
        sealed: &[u8],
    ) -> Result<(Version, Zeroizing<Vec<u8>>), UnsealError> {
        let version = version_of(sealed).ok_or(UnsealError::Damaged)?;
        if sealed[9..HEADER_LENGTH] != self.key_id {
            return Err(UnsealError::OtherKey);
        }
        let (header, rest) = sealed.split_at(HEADER_LENGTH);
        let (nonce, rest) = rest.split_at(NONCE_LENGTH);
        let (ciphertext, tag) = rest.split_at(rest.len() - TAG_LENGTH);
        let nonce = XNonce::try_from(nonce).map_err(|_| UnsealError::Damaged)?;
        let tag = Tag::<XChaCha20Poly1305>::try_from(tag).map_err(|_| UnsealError::Damaged)?;
        let mut value = Zeroizing::new(ciphertext.to_vec());
        self.cipher
            .decrypt_inout_detached(
                &nonce,
                &associated(header, name),
                value.as_mut_slice().into(),
                &tag,
            )
            .map_err(|_| UnsealError::Damaged)?;
        Ok((version, value))
    }
}

/// The version that a sealed value claims to have, or `None` if it is none. True only once it was
/// unsealed.
pub(super) fn version_of(sealed: &[u8]) -> Option<Version> {
    if sealed.len() < OVERHEAD || sealed[0] != FORMAT {
        return None;
    }
    let number = u64::from_be_bytes(*sealed[1..].first_chunk()?);
    Some(Version::from_number(number)).filter(|version| *version != Version::ABSENT)
}

/// The header has a fixed length, so the two parts cannot be taken for one another.
fn associated(header: &[u8], name: &[u8]) -> Vec<u8> {
    [header, name].concat()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn sealer() -> Sealer {
        Sealer::new(&MasterKey::generate().unwrap()).unwrap()
    }

    #[test]
    fn a_sealed_value_unseals_only_under_its_name() {
        let sealer = sealer();
        let sealed = sealer.seal(b"user/alice", Version(7), b"secret").unwrap();
        let (version, value) = sealer.unseal(b"user/alice", &sealed).unwrap();
        assert_eq!((version, value.as_slice()), (Version(7), &b"secret"[..]));
        for name in [&b"user/bob"[..], b"user/alic", b"user/alice ", b""] {
            assert_eq!(sealer.unseal(name, &sealed), Err(UnsealError::Damaged));
        }
    }

    #[test]
    fn another_key_is_told_from_damage() {
        let sealed = sealer().seal(b"k", Version(1), b"v").unwrap();
        assert_eq!(sealer().unseal(b"k", &sealed), Err(UnsealError::OtherKey));
    }

    #[test]
    fn one_value_sealed_twice_looks_different() {
        let sealer = sealer();
        let [one, other] = [(); 2].map(|()| sealer.seal(b"k", Version(1), b"value").unwrap());
        assert_ne!(one[HEADER_LENGTH..], other[HEADER_LENGTH..]);
        assert_ne!(one[HEADER_LENGTH + NONCE_LENGTH..], other[HEADER_LENGTH + NONCE_LENGTH..]);
    }

    #[test]
    fn the_layout_is_the_documented_one() {
        let sealer = sealer();
        let sealed = sealer.seal(b"k", Version(0x0102), b"value").unwrap();
        assert_eq!(sealed.len(), 1 + 8 + 8 + 24 + 5 + 16);
        assert_eq!(sealed[..9], [1, 0, 0, 0, 0, 0, 0, 1, 2]);
        assert_eq!(sealed[9..17], sealer.key_id);
    }

    #[test]
    fn every_flipped_bit_and_every_cut_is_noticed() {
        let sealer = sealer();
        let sealed = sealer.seal(b"k", Version(3), b"value").unwrap();
        for bit in 0..sealed.len() * 8 {
            let mut changed = sealed.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            assert!(sealer.unseal(b"k", &changed).is_err(), "bit {bit}");
        }
        for length in 0..sealed.len() {
            assert!(sealer.unseal(b"k", &sealed[..length]).is_err(), "length {length}");
        }
        assert!(sealer.unseal(b"k", &[sealed, vec![0]].concat()).is_err());
    }

    proptest! {
        #[test]
        fn arbitrary_bytes_never_unseal(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            prop_assert!(sealer().unseal(b"k", &bytes).is_err());
        }

        #[test]
        fn any_value_comes_back(
            name in prop::collection::vec(any::<u8>(), 0..40),
            version in 1u64..,
            value in prop::collection::vec(any::<u8>(), 0..400),
        ) {
            let sealer = sealer();
            let sealed = sealer.seal(&name, Version(version), &value).unwrap();
            let (read, back) = sealer.unseal(&name, &sealed).unwrap();
            prop_assert_eq!((read, back.to_vec()), (Version(version), value));
        }
    }
}
