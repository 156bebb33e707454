//! The head: one sealed value that says what else there is, written in one batch with each change.
//!
//! It holds the number of the last commit, which is where versions come from, the count of the
//! records, and a digest over every record's key and version. The digest is the exclusive or of
//! one HMAC-SHA256 a record under a key of its own (an XOR-MAC over a set), so that it moves with
//! a change at the cost of two HMACs. What it is compared with at the opening of a store is the
//! set of records that are there. So a record that was put back to an older version, removed, or
//! brought back after its deletion is noticed, though each of these is sealed correctly.
//!
//! Whoever puts back all of it, the head and the [witness](super::witness) included, is not found
//! out: nothing within a store can tell yesterday's store from today's.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use super::{KeyError, MasterKey, Version};

const LENGTH: usize = 8 + 8 + 32;

/// What the head of a store says about it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Head {
    /// The version that the last commit gave.
    pub(super) last: u64,
    /// How many records there are.
    records: u64,
    digest: [u8; 32],
}

/// Digests records under a key of its own.
#[derive(Clone)]
pub(super) struct Digester(Hmac<Sha256>);

impl Digester {
    /// # Errors
    /// [`KeyError::Derivation`].
    pub(super) fn new(key: &MasterKey) -> Result<Self, KeyError> {
        let key = key.derive("store: head")?;
        Hmac::new_from_slice(key.expose()).map(Self).map_err(|_| KeyError::Derivation)
    }

    fn digest(&self, key: &str, version: Version) -> [u8; 32] {
        let mut mac = self.0.clone();
        mac.update(&version.number().to_be_bytes());
        mac.update(key.as_bytes());
        mac.finalize().into_bytes().into()
    }
}

impl Head {
    /// Moves `key` from one version to another, either of which may be [`Version::ABSENT`].
    pub(super) fn change(&mut self, digester: &Digester, key: &str, from: Version, to: Version) {
        for (version, one) in [(from, u64::MAX), (to, 1)] {
            if version != Version::ABSENT {
                self.records = self.records.wrapping_add(one);
                let digest = digester.digest(key, version);
                self.digest.iter_mut().zip(digest).for_each(|(byte, other)| *byte ^= other);
            }
        }
    }

    /// Whether these records are there, all of them, and no others.
    pub(super) fn holds<'a>(
        &self,
        digester: &Digester,
        records: impl IntoIterator<Item = (&'a str, Version)>,
    ) -> bool {
        let mut found = Self { last: self.last, ..Self::default() };
        let mut latest = 0;
        for (key, version) in records {
            found.change(digester, key, Version::ABSENT, version);
            latest = latest.max(version.number());
        }
        found == *self && latest <= self.last
    }

    /// The version that the next commit gives, or `None` once all were given.
    pub(super) fn next(&self) -> Option<Version> {
        // The head's own version is one more.
        self.last.checked_add(1).filter(|number| *number < u64::MAX).map(Version)
    }

    /// The version that the head itself is sealed with.
    pub(super) fn version(&self) -> Version {
        Version(self.last.saturating_add(1))
    }

    pub(super) fn to_bytes(&self) -> [u8; LENGTH] {
        let mut bytes = [0; LENGTH];
        bytes[..8].copy_from_slice(&self.last.to_be_bytes());
        bytes[8..16].copy_from_slice(&self.records.to_be_bytes());
        bytes[16..].copy_from_slice(&self.digest);
        bytes
    }

    pub(super) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let bytes: &[u8; LENGTH] = bytes.try_into().ok()?;
        Some(Self {
            last: u64::from_be_bytes(*bytes.first_chunk()?),
            records: u64::from_be_bytes(*bytes[8..].first_chunk()?),
            digest: *bytes.last_chunk()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RECORDS: [(&str, Version); 3] =
        [("a", Version(1)), ("b", Version(4)), ("ab", Version(3))];

    fn head(digester: &Digester) -> Head {
        let mut head = Head { last: 5, ..Head::default() };
        // The order of changes does not matter, nor what was there in between.
        head.change(digester, "b", Version::ABSENT, Version(2));
        head.change(digester, "a", Version::ABSENT, Version(1));
        head.change(digester, "gone", Version::ABSENT, Version(3));
        head.change(digester, "ab", Version::ABSENT, Version(3));
        head.change(digester, "b", Version(2), Version(4));
        head.change(digester, "gone", Version(3), Version::ABSENT);
        head
    }

    #[test]
    fn a_head_holds_its_records_and_no_others() {
        let digester = Digester::new(&MasterKey::generate().unwrap()).unwrap();
        let head = head(&digester);
        assert!(head.holds(&digester, RECORDS));
        for (what, records) in [
            ("one put back to an older version", vec![RECORDS[0], ("b", Version(2)), RECORDS[2]]),
            ("one removed", RECORDS[..2].to_vec()),
            ("one brought back", [&RECORDS[..], &[("gone", Version(3))]].concat()),
            ("one under another key", vec![RECORDS[0], RECORDS[1], ("ba", Version(3))]),
            ("two exchanged", vec![("a", Version(4)), ("b", Version(1)), RECORDS[2]]),
            ("one three times", [&RECORDS[..], &[RECORDS[0]; 2]].concat()),
            ("none", vec![]),
        ] {
            assert!(!head.holds(&digester, records), "{what}");
        }
    }

    #[test]
    fn a_head_of_another_key_holds_nothing() {
        let [one, other] =
            [(); 2].map(|()| Digester::new(&MasterKey::generate().unwrap()).unwrap());
        assert!(!head(&one).holds(&other, RECORDS));
    }

    #[test]
    fn a_record_later_than_the_last_commit_is_not_held() {
        let digester = Digester::new(&MasterKey::generate().unwrap()).unwrap();
        let head = Head { last: 3, ..head(&digester) };
        assert!(!head.holds(&digester, RECORDS));
    }

    #[test]
    fn a_head_survives_its_bytes() {
        let digester = Digester::new(&MasterKey::generate().unwrap()).unwrap();
        let head = head(&digester);
        assert_eq!(Head::from_bytes(&head.to_bytes()), Some(head));
        assert_eq!(Head::from_bytes(&[0; LENGTH - 1]), None);
        assert_eq!(Head::from_bytes(&[0; LENGTH + 1]), None);
    }
}
