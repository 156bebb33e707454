//! Where a user can be reached: an e-mail address and a mobile number, checked when they are set.
//!
//! Both end in headers, command lines and URLs of other programs. So what is not plainly an address
//! or a number is refused here, once, and nothing behind this file has to ask again.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::time::Timestamp;

/// The longest address in bytes (RFC 5321 section 4.5.3.1.3, without the angle brackets).
const LONGEST_ADDRESS: usize = 254;

/// The longest local part in bytes (RFC 5321 section 4.5.3.1.1).
const LONGEST_LOCAL_PART: usize = 64;

/// The longest label of a domain in bytes (RFC 1035 section 2.3.4).
const LONGEST_LABEL: usize = 63;

/// A mobile number has at most 15 digits (E.164 section 6.2.1), and none that can be sent a text
/// has fewer than 7.
const DIGITS: std::ops::RangeInclusive<usize> = 7..=15;

/// A text that is no address or number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ContactError {
    /// Not an e-mail address.
    #[error("that is no e-mail address; it looks like alice@example.org")]
    Email,
    /// Not a mobile number.
    #[error("that is no mobile number; write it with the country code, like +14155550123 (E.164)")]
    Mobile,
}

/// An e-mail address: `dot-string@domain` of RFC 5321 section 4.1.2, without quoted local parts and
/// address literals, which no mailbox of a person has.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct EmailAddress(String);

impl EmailAddress {
    /// The address.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// As it is shown to somebody who may not be its owner: `a…@example.org`.
    pub fn masked(&self) -> String {
        let (local, domain) = self.0.split_once('@').unwrap_or((&self.0, ""));
        let first: String = local.chars().take(1).collect();
        format!("{first}…@{domain}")
    }
}

impl FromStr for EmailAddress {
    type Err = ContactError;

    fn from_str(text: &str) -> Result<Self, ContactError> {
        let text = text.trim();
        let (local, domain) = text.rsplit_once('@').ok_or(ContactError::Email)?;
        let fits = text.len() <= LONGEST_ADDRESS && local.len() <= LONGEST_LOCAL_PART;
        let atoms = local.split('.').all(|atom| !atom.is_empty() && atom.chars().all(is_atext));
        // A leading hyphen would be an option to a program that is handed the address.
        if fits && atoms && !local.starts_with('-') && is_domain(domain) {
            Ok(Self(text.to_owned()))
        } else {
            Err(ContactError::Email)
        }
    }
}

/// A mobile number in E.164: `+`, country code, number.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct MobileNumber(String);

impl MobileNumber {
    /// The number, `+` first.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// As it is shown to somebody who may not be its owner: `+…23`.
    pub fn masked(&self) -> String {
        format!("+…{}", self.0.get(self.0.len().saturating_sub(2)..).unwrap_or_default())
    }
}

impl FromStr for MobileNumber {
    type Err = ContactError;

    /// Takes the ways in which people write numbers: with spaces, hyphens, dots and brackets.
    fn from_str(text: &str) -> Result<Self, ContactError> {
        let digits = text.trim().strip_prefix('+').ok_or(ContactError::Mobile)?;
        let mut number = String::from("+");
        for character in digits.chars() {
            match character {
                '0'..='9' => number.push(character),
                ' ' | '-' | '.' | '(' | ')' | '\u{a0}' => {}
                _ => return Err(ContactError::Mobile),
            }
        }
        // No country code begins with 0.
        if DIGITS.contains(&(number.len() - 1)) && !number.starts_with("+0") {
            Ok(Self(number))
        } else {
            Err(ContactError::Mobile)
        }
    }
}

macro_rules! as_text {
    ($type:ident) => {
        impl TryFrom<String> for $type {
            type Error = ContactError;

            fn try_from(text: String) -> Result<Self, ContactError> {
                text.parse()
            }
        }

        impl From<$type> for String {
            fn from(contact: $type) -> Self {
                contact.0
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

as_text!(EmailAddress);
as_text!(MobileNumber);

/// Who vouches for a contact.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Vouched {
    /// An administrator set it.
    Administrator,
    /// The user proved it with a code that was sent there, behind a factor.
    User,
}

/// One contact.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Contact<T> {
    /// The address or number.
    pub value: T,
    /// Who vouches for it.
    pub vouched: Vouched,
    /// Since when.
    pub since: Timestamp,
    /// When a code that was sent there was last accepted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_used_at: Option<Timestamp>,
}

/// The contacts of one user. All of them can carry codes: what is not proved yet does not stand
/// here.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Contacts {
    /// The e-mail address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<Contact<EmailAddress>>,
    /// The mobile number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mobile: Option<Contact<MobileNumber>>,
}

impl Contacts {
    /// Whether there is none.
    pub const fn is_empty(&self) -> bool {
        self.email.is_none() && self.mobile.is_none()
    }
}

/// `atext` of RFC 5322 section 3.2.3.
fn is_atext(character: char) -> bool {
    character.is_ascii_alphanumeric() || "!#$%&'*+-/=?^_`{|}~".contains(character)
}

/// Labels of letters, digits and hyphens (RFC 1123 section 2.1); names in other scripts are written
/// in their ASCII form (RFC 5890).
fn is_domain(domain: &str) -> bool {
    domain.split('.').all(|label| {
        (1..=LONGEST_LABEL).contains(&label.len())
            && label.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn addresses_of_people_are_taken_and_masked() {
        for (text, masked) in [
            ("alice@example.org", "a…@example.org"),
            (" alice.b+twinlock@mail.example.org ", "a…@mail.example.org"),
            ("root@localhost", "r…@localhost"),
        ] {
            assert_eq!(text.parse::<EmailAddress>().unwrap().masked(), masked);
        }
    }

    #[test]
    fn what_could_become_a_header_an_option_or_a_second_recipient_is_no_address() {
        for text in [
            "",
            "alice",
            "@example.org",
            "alice@",
            "alice@@example.org",
            "alice@example.org\nBcc: bob@example.org",
            "alice@example.org, bob@example.org",
            "Alice <alice@example.org>",
            "\"alice b\"@example.org",
            "-oQ/tmp@example.org",
            ".alice@example.org",
            "alice@-example.org",
            "alice@example..org",
            "alice@[203.0.113.9]",
            "alicé@example.org",
            &format!("{}@example.org", "a".repeat(65)),
        ] {
            assert_eq!(text.parse::<EmailAddress>(), Err(ContactError::Email), "{text:?}");
        }
    }

    #[test]
    fn numbers_are_taken_as_people_write_them() {
        let number: MobileNumber = "+1 (415) 555-0123".parse().unwrap();
        assert_eq!(number.as_str(), "+14155550123");
        assert_eq!(number.masked(), "+…23");
    }

    #[test]
    fn what_is_no_number_with_a_country_code_is_refused() {
        for text in [
            "",
            "+",
            "0415550123",
            "+0415550123",
            "+1234567890123456",
            "+12345",
            "+1415x",
            "+1&to=2",
        ] {
            assert_eq!(text.parse::<MobileNumber>(), Err(ContactError::Mobile), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn nothing_that_is_taken_has_a_space_a_control_character_or_a_second_at(text in ".*") {
            if let Ok(address) = text.parse::<EmailAddress>() {
                let plain = address.as_str().chars().all(|c| c.is_ascii_graphic());
                prop_assert!(plain && address.as_str().matches('@').count() == 1);
            }
        }
    }
}
