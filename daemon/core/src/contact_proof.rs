//! A new contact, until a code that was sent there has come back.
//!
//! It stands in no record: what is not proved carries no codes. Of the code only a keyed digest is
//! kept, and the account must be as it was when the proof began: what was taken from it since then
//! was perhaps what the proof rested on.

use crate::{
    hashing::{Digest, Hashing, keyed_row, same},
    notice::Recipient,
    record::UserRecord,
    response::Response,
};

/// A contact that waits for its code.
pub struct ContactProof {
    contact: Recipient,
    digest: Digest,
    epoch: u32,
    factors: Vec<String>,
}

impl ContactProof {
    /// Begins with the code that is sent to the contact.
    pub fn begin(
        contact: Recipient,
        code: &str,
        record: &UserRecord,
        hashing: &dyn Hashing,
    ) -> Self {
        Self {
            digest: digest(&record.user, &contact, code, hashing),
            contact,
            epoch: record.trust_epoch,
            factors: record.factor_ids(),
        }
    }

    /// The contact.
    pub const fn contact(&self) -> &Recipient {
        &self.contact
    }

    /// Whether this is the code that was sent.
    pub fn is_right(&self, user: &str, response: &Response, hashing: &dyn Hashing) -> bool {
        let typed = response.digits();
        typed.is_some_and(|code| same(&digest(user, &self.contact, &code, hashing), &self.digest))
    }

    /// Whether the account has the factors and the contacts that it had.
    pub fn still_stands(&self, record: &UserRecord) -> bool {
        self.epoch == record.trust_epoch && self.factors == record.factor_ids()
    }
}

/// No text of a code for a login begins like this.
fn digest(user: &str, contact: &Recipient, code: &str, hashing: &dyn Hashing) -> Digest {
    keyed_row(&["contact proof", user, contact.as_str(), code], hashing)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{hashing::testing::Plain, login::User, time::Timestamp};

    fn alice() -> UserRecord {
        UserRecord::new(&User { name: "alice".to_owned(), uid: 1000, groups: Vec::new() })
    }

    fn typed(code: &str) -> Response {
        Response::new(code.to_owned())
    }

    fn proof(record: &UserRecord) -> ContactProof {
        let contact = Recipient::Email("alice@example.org".parse().unwrap());
        ContactProof::begin(contact, "482913", record, &Plain)
    }

    #[test]
    fn the_code_is_good_for_its_user_and_contact_only() {
        let proof = proof(&alice());
        assert!(proof.is_right("alice", &typed(" 482 913 "), &Plain));
        assert!(!proof.is_right("alice", &typed("482914"), &Plain));
        assert!(!proof.is_right("bob", &typed("482913"), &Plain));
        assert!(!proof.is_right("alice", &typed(""), &Plain));
    }

    #[test]
    fn a_proof_falls_with_what_is_taken_from_the_account() {
        let mut record = alice();
        let proof = proof(&record);
        assert!(proof.still_stands(&record));
        record.distrust();
        assert!(!proof.still_stands(&record));
        let mut record = alice();
        let totp = crate::factor::totp::TotpFactor::new(crate::factor::totp::Secret::new([7; 20]));
        let enrolled = record.enrol("7F3KQ2".to_owned(), String::new(), totp, Timestamp::EPOCH);
        enrolled.unwrap();
        assert!(!proof.still_stands(&record));
    }
}
