//! The file: a [`Head`], and behind it what is sealed, in pieces.
//!
//! A piece is 64 KiB in XChaCha20-Poly1305, the last one shorter, with the head as associated data. Its
//! nonce is the head's 19 bytes, its number (4 bytes), and 1 for the last and 0 for any other: the STREAM
//! construction (Hoang, Reyhanitabar, Rogaway and Vizár, 2015). So pieces cannot be changed, moved, left
//! out or cut off. The key is HKDF-SHA256 (RFC 5869) of what the passphrase or the store gives, with the
//! head's salt, so that no two files share one; the check in the head comes out of the same.

use chacha20poly1305::{
    KeyInit, XChaCha20Poly1305, XNonce,
    aead::{AeadInOut, Tag},
};
use hkdf::Hkdf;
use sha2::Sha256;
use twinlock_bus_api::backup::{HEAD, Head, HeadError, KEY, KeySource, MAX_FILE, SALT};
use zeroize::Zeroizing;

use super::BackupError;

const PIECE: usize = 64 * 1024;
const TAG: usize = 16;

/// The key of a file, before its salt.
pub type FileKey = Zeroizing<[u8; KEY]>;

/// Seals the contents of a backup.
///
/// # Errors
/// [`BackupError::TooLarge`], [`BackupError::NoRandomness`].
pub fn seal(
    contents: &[u8],
    key: &FileKey,
    source: KeySource,
    salt: [u8; SALT],
) -> Result<Vec<u8>, BackupError> {
    let pieces = contents.len().div_ceil(PIECE).max(1);
    let body = (contents.len() + pieces * TAG) as u64;
    if HEAD as u64 + body > MAX_FILE {
        return Err(BackupError::TooLarge);
    }
    let (cipher, check) = unlock(key, salt)?;
    let mut nonce = [0; 19];
    getrandom::fill(&mut nonce).map_err(|_| BackupError::NoRandomness)?;
    let head = Head { source, salt, nonce, check, body }.to_bytes();
    // Never grows, so that no copy of a secret stays behind; what is in it in the end is sealed.
    let mut file = Zeroizing::new(Vec::with_capacity(HEAD + contents.len() + pieces * TAG));
    file.extend_from_slice(&head);
    for number in 0..pieces {
        let piece = &contents[number * PIECE..contents.len().min((number + 1) * PIECE)];
        let start = file.len();
        file.extend_from_slice(piece);
        let nonce = nonce_of(&nonce, number, number + 1 == pieces);
        let tag = cipher
            .encrypt_inout_detached(&nonce, &head, (&mut file[start..]).into())
            .map_err(|_| BackupError::TooLarge)?;
        file.extend_from_slice(&tag);
    }
    Ok(std::mem::take(&mut *file))
}

/// Unseals a file.
///
/// # Errors
/// [`BackupError`]: each of what can be wrong with it.
pub fn open(file: &[u8], key: &FileKey) -> Result<Zeroizing<Vec<u8>>, BackupError> {
    let head = Head::read(file)?;
    let (cipher, check) = unlock(key, head.salt)?;
    if check != head.check {
        return Err(match head.source {
            KeySource::Store => BackupError::OtherStore,
            KeySource::Passphrase(_) => BackupError::WrongPassphrase,
        });
    }
    let (associated, body) = file.split_at(HEAD);
    let pieces = body.len().div_ceil(PIECE + TAG);
    if pieces == 0 {
        return Err(HeadError::Truncated.into());
    }
    let mut contents = Zeroizing::new(Vec::with_capacity(body.len()));
    for (number, sealed) in body.chunks(PIECE + TAG).enumerate() {
        let at = sealed.len().checked_sub(TAG).ok_or(BackupError::Damaged)?;
        let (sealed, tag) = sealed.split_at(at);
        let tag = Tag::<XChaCha20Poly1305>::try_from(tag).map_err(|_| BackupError::Damaged)?;
        let start = contents.len();
        contents.extend_from_slice(sealed);
        let nonce = nonce_of(&head.nonce, number, number + 1 == pieces);
        cipher
            .decrypt_inout_detached(&nonce, associated, (&mut contents[start..]).into(), &tag)
            .map_err(|_| BackupError::Damaged)?;
    }
    Ok(contents)
}

/// The cipher of a file, and the check of its key.
fn unlock(key: &FileKey, salt: [u8; SALT]) -> Result<(XChaCha20Poly1305, [u8; 16]), BackupError> {
    let derivation = Hkdf::<Sha256>::new(Some(&salt), key.as_slice());
    let (mut sealing, mut check) = (Zeroizing::new([0; KEY]), [0; 16]);
    // HKDF gives up to 255 times 32 bytes (RFC 5869 section 2.3).
    derivation
        .expand(b"backup: sealing", sealing.as_mut_slice())
        .and_then(|()| derivation.expand(b"backup: check", &mut check))
        .map_err(|_| BackupError::TooLarge)?;
    Ok((XChaCha20Poly1305::new((&*sealing).into()), check))
}

fn nonce_of(beginning: &[u8; 19], number: usize, is_last: bool) -> XNonce {
    let mut nonce = [0; 24];
    nonce[..19].copy_from_slice(beginning);
    // A file is shorter than 2^32 pieces by far.
    nonce[19..23].copy_from_slice(&u32::try_from(number).unwrap_or(u32::MAX).to_be_bytes());
    nonce[23] = u8::from(is_last);
    XNonce::from(nonce)
}

#[cfg(test)]
mod tests {
    use twinlock_bus_api::backup::Cost;

    use super::*;

    const PASSPHRASE: KeySource = KeySource::Passphrase(Cost::USUAL);

    fn key(byte: u8) -> FileKey {
        Zeroizing::new([byte; KEY])
    }

    fn sealed(length: usize) -> Vec<u8> {
        seal(&vec![b'x'; length], &key(1), PASSPHRASE, [5; SALT]).unwrap()
    }

    #[test]
    fn what_was_sealed_is_opened_and_shows_nothing() {
        for length in [0, 1, PIECE - 1, PIECE, PIECE + 1, 3 * PIECE] {
            let file = sealed(length);
            assert_eq!(open(&file, &key(1)).unwrap().to_vec(), vec![b'x'; length]);
            assert!(!file.windows(8).any(|window| window == b"xxxxxxxx"));
        }
        assert_ne!(sealed(9), sealed(9), "no nonce is used twice");
    }

    #[test]
    fn another_key_is_told_from_damage() {
        let file = sealed(100);
        assert_eq!(open(&file, &key(2)).err(), Some(BackupError::WrongPassphrase));
        let file = seal(b"x", &key(1), KeySource::Store, [5; SALT]).unwrap();
        assert_eq!(open(&file, &key(2)).err(), Some(BackupError::OtherStore));
    }

    #[test]
    fn no_flipped_bit_goes_unnoticed() {
        let file = sealed(50);
        for bit in 0..file.len() * 8 {
            let mut file = file.clone();
            file[bit / 8] ^= 1 << (bit % 8);
            let error = open(&file, &key(1)).err().unwrap();
            let expected = match bit / 8 {
                0..16 => BackupError::Head(HeadError::Foreign),
                16..HEAD => BackupError::Head(HeadError::Damaged),
                _ => BackupError::Damaged,
            };
            assert_eq!(error, expected, "bit {bit}");
        }
    }

    #[test]
    fn a_file_that_was_cut_off_anywhere_is_not_whole() {
        let file = sealed(2 * PIECE);
        for length in [1, 16, HEAD - 1, HEAD, HEAD + 1, HEAD + PIECE + TAG, file.len() - 1] {
            let error = open(&file[..length], &key(1)).err();
            assert_eq!(error, Some(BackupError::Head(HeadError::Truncated)), "{length}");
        }
    }

    #[test]
    fn pieces_cannot_be_left_out_or_change_places() {
        let file = sealed(3 * PIECE);
        let (first, second) = (HEAD, HEAD + PIECE + TAG);
        let mut swapped = file.clone();
        swapped[first..].rotate_left(PIECE + TAG);
        assert_eq!(open(&swapped, &key(1)).err(), Some(BackupError::Damaged));
        // A head that says so: the sum is no secret, the head is associated data.
        let mut head = Head::read(&file).unwrap();
        head.body -= (PIECE + TAG) as u64;
        let shorter = [&head.to_bytes()[..], &file[second..]].concat();
        assert_eq!(open(&shorter, &key(1)).err(), Some(BackupError::Damaged));
    }
}
