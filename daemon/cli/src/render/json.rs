//! JSON, one value a line. Keys are stable: they are added, never renamed.

mod own;
mod report;
mod voucher;

use std::io;

use serde::Serialize;
use serde_json::ser::{CompactFormatter, Formatter, Serializer};
use twinlock_bus_api::account::{FactorInfo, Problem, UserStatus};
use twinlock_bus_api::policy::Switch;
use twinlock_config::Diagnostic;
use zeroize::Zeroizing;

pub use self::own::{
    Cleared, EnrolledContact, RecoveryCodes, RecoveryCount, contacts, trusted_hosts,
};
use self::own::{Contact, TrustedHost};
pub use self::report::Report;
pub use self::voucher::{Bypass, Invitation, Reset, ResetRequest, Voucher};
use super::moment::rfc3339;
use crate::client::Offer;
use crate::escape;
use crate::failure::Failure;

/// A factor.
#[derive(Serialize)]
pub struct Factor<'a> {
    id: &'a str,
    method: &'a str,
    label: &'a str,
    enrolled_at: Option<String>,
    last_used_at: Option<String>,
}

impl<'a> From<&'a FactorInfo> for Factor<'a> {
    fn from(factor: &'a FactorInfo) -> Self {
        Self {
            id: &factor.id,
            method: &factor.method,
            label: &factor.label,
            enrolled_at: rfc3339(factor.enrolled_at),
            last_used_at: factor.last_used_at.and_then(rfc3339),
        }
    }
}

#[derive(Serialize)]
struct Wait<'a> {
    source: &'a str,
    until: Option<String>,
}

/// A user.
#[derive(Serialize)]
pub struct User<'a> {
    user: &'a str,
    uid: u32,
    state: &'a str,
    factors: Vec<Factor<'a>>,
    failures: u32,
    stopped: bool,
    waits: Vec<Wait<'a>>,
    switch: Option<&'static str>,
    second_factor: Option<&'a str>,
    enrolment: Option<&'a str>,
    required_from: Option<String>,
    deadline: Option<String>,
    grace_seconds: Option<u64>,
    mode: Option<&'a str>,
    invitation: Option<Invitation<'a>>,
    bypasses: Vec<Bypass<'a>>,
    reset_request: Option<ResetRequest<'a>>,
    recovery_codes: Option<u32>,
    contacts: Vec<Contact<'a>>,
    trusted_hosts: Vec<TrustedHost<'a>>,
    code_methods: Option<&'a [String]>,
}

impl<'a> From<&'a UserStatus> for User<'a> {
    fn from(status: &'a UserStatus) -> Self {
        Self {
            user: &status.user,
            uid: status.uid,
            state: &status.state,
            factors: factors(&status.factors),
            failures: status.failures,
            stopped: status.stopped,
            waits: status
                .waits
                .iter()
                .map(|(source, until)| Wait { source, until: rfc3339(*until) })
                .collect(),
            switch: status.switch.map(|on| if on { Switch::On } else { Switch::Off }.as_str()),
            second_factor: status.second_factor.as_deref(),
            enrolment: status.enrolment.as_deref(),
            required_from: status.required_from.and_then(rfc3339),
            deadline: status.deadline.and_then(rfc3339),
            grace_seconds: status.grace,
            mode: status.mode.as_deref(),
            invitation: status.invitation.as_ref().map(Invitation::from),
            bypasses: status.bypasses.iter().flatten().map(Bypass::from).collect(),
            reset_request: status.reset_request.as_ref().map(ResetRequest::from),
            recovery_codes: status.recovery_codes,
            contacts: contacts(status.contacts.as_deref().unwrap_or_default()),
            trusted_hosts: trusted_hosts(status.trusted_hosts.as_deref().unwrap_or_default()),
            code_methods: status.code_methods.as_deref(),
        }
    }
}

/// A user of whom a list cannot tell.
#[derive(Serialize)]
pub struct Untold<'a> {
    user: &'a str,
    problem: &'a str,
}

/// One entry of a list.
#[derive(Serialize)]
#[serde(untagged)]
pub enum Listed<'a, T> {
    /// What the list is of.
    Told(T),
    /// Why somebody is missing.
    Untold(Untold<'a>),
}

/// A list, and behind it whom it cannot tell of.
pub fn listed<T>(told: impl Iterator<Item = T>, problems: &[Problem]) -> Vec<Listed<'_, T>> {
    let untold = problems.iter().map(|one| Untold { user: &one.user, problem: &one.text });
    told.map(Listed::Told).chain(untold.map(Listed::Untold)).collect()
}

/// The factors of a user.
pub fn factors(factors: &[FactorInfo]) -> Vec<Factor<'_>> {
    factors.iter().map(Factor::from).collect()
}

/// An enrolment, secret included: the one time that it is shown.
#[derive(Serialize)]
pub struct Enrolment<'a> {
    user: &'a str,
    factor: &'a str,
    secret: &'a str,
    uri: &'a str,
}

impl<'a> From<&'a Offer> for Enrolment<'a> {
    fn from(offer: &'a Offer) -> Self {
        Self {
            user: &offer.user,
            factor: &offer.factor,
            secret: offer.secret.expose(),
            uri: offer.uri.expose(),
        }
    }
}

/// What is wrong with a configuration.
#[derive(Serialize)]
pub struct Check<'a> {
    /// Whether the daemon would start with it.
    pub valid: bool,
    /// Errors and warnings, by file and line.
    pub diagnostics: Vec<&'a Diagnostic>,
    /// How many more there were.
    pub omitted: usize,
}

/// A value on a line of its own. The text may hold a secret and is wiped on drop.
///
/// # Errors
/// [`Failure::Output`]: the value cannot be written as JSON.
pub fn line(value: &impl Serialize) -> Result<Zeroizing<Vec<u8>>, Failure> {
    // Room for an enrolment, so that the buffer does not move and leave a secret behind.
    let mut text = Zeroizing::new(Vec::with_capacity(4096));
    let mut serializer = Serializer::with_formatter(&mut *text, Visible(CompactFormatter));
    value.serialize(&mut serializer).map_err(io::Error::from)?;
    text.push(b'\n');
    Ok(text)
}

/// JSON that the daemon wrote, on a line of its own with its keys in their order, deceptive
/// characters escaped as by [`line`]. The text is JSON already, so that a control character in it
/// stands between two tokens.
pub fn relayed(json: &str) -> String {
    let mut text = String::with_capacity(json.len() + 1);
    let mut units = [0; 2];
    for character in json.chars() {
        if character.is_ascii_control() && character != '\u{7f}' {
            text.push(' ');
        } else if escape::is_deceptive(character) {
            for unit in character.encode_utf16(&mut units) {
                text.push_str(&format!("\\u{unit:04x}"));
            }
        } else {
            text.push(character);
        }
    }
    text.push('\n');
    text
}

/// Compact JSON in which a deceptive character stands as its `\u` escape: the value is the same,
/// and a terminal shows it as it is.
struct Visible(CompactFormatter);

impl Formatter for Visible {
    fn write_string_fragment<W>(&mut self, writer: &mut W, fragment: &str) -> io::Result<()>
    where
        W: ?Sized + io::Write,
    {
        let mut units = [0; 2];
        for character in fragment.chars() {
            if escape::is_deceptive(character) {
                for unit in character.encode_utf16(&mut units) {
                    write!(writer, "\\u{unit:04x}")?;
                }
            } else {
                self.0.write_string_fragment(writer, character.encode_utf8(&mut [0; 4]))?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_daemon_wrote_means_the_same_on_one_line() {
        let value = "a\u{202e}b\u{7f}\u{e0041}\n";
        let written = serde_json::to_string_pretty(&[value]).unwrap();
        let shown = relayed(&written);
        assert_eq!(shown, "[   \"a\\u202eb\\u007f\\udb40\\udc41\\n\" ]\n");
        assert_eq!(serde_json::from_str::<[String; 1]>(&shown).unwrap(), [value]);
    }

    #[test]
    fn deceptive_characters_are_escaped_and_mean_the_same() {
        let value = "a\u{202e}b\u{7f}c\u{e0041}\n\"\\ä";
        let text = line(&value).unwrap();
        let shown = std::str::from_utf8(&text).unwrap();
        assert_eq!(shown, "\"a\\u202eb\\u007fc\\udb40\\udc41\\n\\\"\\\\ä\"\n");
        assert_eq!(serde_json::from_str::<String>(shown).unwrap(), value);
    }
}
