//! The master key: 32 random bytes, from which a key of its own is derived for each use.
//!
//! Nothing is ever encrypted or hashed with the master key itself. [`MasterKey::derive`] is
//! HKDF-SHA256 (RFC 5869) with the use as its `info`, so that what one use leaks or weakens says
//! nothing about another.

use data_encoding::BASE32_NOPAD;
use hkdf::Hkdf;
use sha2::Sha256;
use zeroize::Zeroizing;

use super::KeyError;

/// The length of the master key and of each derived key, in bytes.
pub const KEY_LENGTH: usize = 32;

/// What the key's line begins with: the name and version of the format.
const LINE_PREFIX: &str = "twinlock-key-1:";

/// What stands above the line, for whoever finds the file.
const COMMENT: &str = "\
# The master key of Twinlock's store. Without it the store cannot be read; whoever has it and the
# store has every secret in it. Keep a copy where backups are kept, and never in the same place.
";

const SALT: &[u8] = b"twinlock";

/// The key of the whole store; wiped on drop, and without `Debug`.
pub struct MasterKey(Zeroizing<[u8; KEY_LENGTH]>);

/// A key for one use; wiped on drop, and without `Debug`.
pub struct DerivedKey(Zeroizing<[u8; KEY_LENGTH]>);

impl DerivedKey {
    /// The key itself, for the algorithm that uses it.
    pub fn expose(&self) -> &[u8; KEY_LENGTH] {
        &self.0
    }
}

impl MasterKey {
    /// A new key from the operating system's generator.
    ///
    /// # Errors
    /// [`KeyError::NoRandomness`].
    pub fn generate() -> Result<Self, KeyError> {
        let mut key = Zeroizing::new([0; KEY_LENGTH]);
        getrandom::fill(key.as_mut_slice()).map_err(|cause| KeyError::NoRandomness { cause })?;
        Ok(Self(key))
    }

    /// The key for one use. `label` names the use, and never changes once something was stored.
    ///
    /// # Errors
    /// [`KeyError::Derivation`], which this length of key never gives.
    pub fn derive(&self, label: &str) -> Result<DerivedKey, KeyError> {
        let mut derived = Zeroizing::new([0; KEY_LENGTH]);
        Hkdf::<Sha256>::new(Some(SALT), self.0.as_slice())
            .expand(label.as_bytes(), derived.as_mut_slice())
            .map_err(|_| KeyError::Derivation)?;
        Ok(DerivedKey(derived))
    }

    /// The key as a file holds it: comment lines, and one line `twinlock-key-1:` with the key in
    /// base32 (RFC 4648) without padding.
    pub fn to_text(&self) -> Zeroizing<String> {
        let length = COMMENT.len() + LINE_PREFIX.len() + BASE32_NOPAD.encode_len(KEY_LENGTH) + 1;
        // Never grows, so that no copy of the key stays behind.
        let mut text = Zeroizing::new(String::with_capacity(length));
        text.push_str(COMMENT);
        text.push_str(LINE_PREFIX);
        BASE32_NOPAD.encode_append(self.0.as_slice(), &mut text);
        text.push('\n');
        text
    }

    /// Reads what [`MasterKey::to_text`] wrote. Comment lines, empty lines, white space around the
    /// line and the case of its letters do not matter.
    ///
    /// `None` if there is not exactly one line with a key, or anything else in it.
    pub fn from_text(text: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(text).ok()?;
        let mut lines =
            text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
        let (line, None) = (lines.next()?, lines.next()) else { return None };
        let encoded = line.get(LINE_PREFIX.len()..)?;
        if !line.get(..LINE_PREFIX.len())?.eq_ignore_ascii_case(LINE_PREFIX) {
            return None;
        }
        let mut encoded = Zeroizing::new(encoded.trim().to_owned());
        encoded.make_ascii_uppercase();
        if BASE32_NOPAD.decode_len(encoded.len()).ok()? != KEY_LENGTH {
            return None;
        }
        let mut key = Zeroizing::new([0; KEY_LENGTH]);
        match BASE32_NOPAD.decode_mut(encoded.as_bytes(), key.as_mut_slice()) {
            Ok(KEY_LENGTH) => Some(Self(key)),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn same(one: &MasterKey, other: &MasterKey) -> bool {
        one.0 == other.0
    }

    #[test]
    fn a_key_survives_its_text() {
        let key = MasterKey::generate().unwrap();
        let read = MasterKey::from_text(key.to_text().as_bytes()).unwrap();
        assert!(same(&key, &read));
    }

    #[test]
    fn a_key_survives_what_editors_do_to_a_line() {
        let key = MasterKey::generate().unwrap();
        let line = key.to_text().lines().last().unwrap().to_owned();
        for text in [
            line.clone(),
            format!("{line}\n"),
            format!("{line}\r\n"),
            format!("\n  {line}  \n\n"),
            format!("# a comment\n#another\n{line}\n# and one more"),
            line.to_lowercase(),
        ] {
            let read = MasterKey::from_text(text.as_bytes());
            assert!(read.is_some_and(|read| same(&key, &read)), "{} bytes", text.len());
        }
    }

    #[test]
    fn what_is_not_exactly_one_key_is_none() {
        let key = MasterKey::generate().unwrap();
        let line = key.to_text().lines().last().unwrap().to_owned();
        for text in [
            String::new(),
            "# twinlock-key-1:".to_owned(),
            LINE_PREFIX.to_owned(),
            format!("{line}\n{line}"),
            format!("{line}A"),
            line[..line.len() - 1].to_owned(),
            line.replace("-1:", "-2:"),
            line[LINE_PREFIX.len()..].to_owned(),
            format!("{LINE_PREFIX}{}", "1".repeat(52)),
            format!("{LINE_PREFIX}{}", "é".repeat(26)),
        ] {
            assert!(MasterKey::from_text(text.as_bytes()).is_none(), "{} bytes", text.len());
        }
        assert!(MasterKey::from_text(&[0xff; 67]).is_none());
    }

    #[test]
    fn derived_keys_differ_by_label_and_are_not_the_master_key() {
        let key = MasterKey::generate().unwrap();
        let [sealing, codes, again] =
            ["sealing", "codes", "sealing"].map(|label| *key.derive(label).unwrap().expose());
        assert_eq!(sealing, again);
        assert_ne!(sealing, codes);
        assert_ne!(sealing, *key.0);
    }

    #[test]
    fn derivation_never_changes() {
        // HKDF-SHA256 with salt "twinlock" over 32 zero bytes, computed by an independent
        // implementation (see the shape in RFC 5869, section 2).
        let key = MasterKey(Zeroizing::new([0; KEY_LENGTH]));
        let derived = data_encoding::HEXLOWER.encode(key.derive("test").unwrap().expose());
        assert_eq!(derived, "6298aa33eb2e37d307c4bc9e17f0dd6a56a826d80448e87b53d52d5e67e6fd0c");
    }
}
