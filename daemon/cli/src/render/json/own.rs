//! Recovery codes, trusted hosts and contacts as JSON.

use serde::Serialize;
use twinlock_bus_api::contact::ContactInfo;
use twinlock_bus_api::trusted_host::TrustedHostInfo;

use crate::render::moment::rfc3339;
use crate::render::trusted;
use crate::secret::Secret;

/// New recovery codes: the one time that they are shown.
#[derive(Serialize)]
pub struct RecoveryCodes<'a> {
    user: &'a str,
    recovery_codes: Vec<&'a str>,
}

impl<'a> RecoveryCodes<'a> {
    /// Of this user.
    pub fn of(user: &'a str, codes: &'a [Secret]) -> Self {
        Self { user, recovery_codes: codes.iter().map(Secret::expose).collect() }
    }
}

/// How many recovery codes are left.
#[derive(Serialize)]
pub struct RecoveryCount<'a> {
    /// Whose.
    pub user: &'a str,
    /// How many.
    pub recovery_codes: u32,
}

/// A contact that is a factor now.
#[derive(Serialize)]
pub struct EnrolledContact<'a> {
    /// Whose.
    pub user: &'a str,
    /// `email` or `sms`: the id of the factor.
    pub factor: &'a str,
    /// The address or number; masked where it is one's own.
    pub address: &'a str,
    /// Recovery codes, where it is the first factor.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub recovery_codes: Vec<&'a str>,
}

/// A trusted host.
#[derive(Serialize)]
pub struct TrustedHost<'a> {
    id: &'a str,
    address: Option<&'a str>,
    key: Option<&'a str>,
    since: Option<String>,
    until: Option<String>,
    last_used_at: Option<String>,
}

impl<'a> From<&'a TrustedHostInfo> for TrustedHost<'a> {
    fn from(host: &'a TrustedHostInfo) -> Self {
        Self {
            id: &host.id,
            address: host.address.as_deref(),
            key: host.key.as_deref(),
            since: rfc3339(host.since),
            until: rfc3339(host.until),
            last_used_at: host.last_used_at.and_then(rfc3339),
        }
    }
}

/// The trusted hosts of a user.
pub fn trusted_hosts(hosts: &[TrustedHostInfo]) -> Vec<TrustedHost<'_>> {
    hosts.iter().map(TrustedHost::from).collect()
}

/// A contact.
#[derive(Serialize)]
pub struct Contact<'a> {
    method: &'a str,
    address: &'a str,
    vouched: &'a str,
    since: Option<String>,
    last_used_at: Option<String>,
}

impl<'a> From<&'a ContactInfo> for Contact<'a> {
    fn from(contact: &'a ContactInfo) -> Self {
        Self {
            method: &contact.method,
            address: &contact.address,
            vouched: &contact.vouched,
            since: rfc3339(contact.since),
            last_used_at: contact.last_used_at.and_then(rfc3339),
        }
    }
}

/// The contacts of a user.
pub fn contacts(contacts: &[ContactInfo]) -> Vec<Contact<'_>> {
    contacts.iter().map(Contact::from).collect()
}

/// How one user fared when their trust was cleared.
#[derive(Serialize)]
pub struct Cleared<'a> {
    user: &'a str,
    done: bool,
    cleared: u32,
    text: Option<&'a str>,
}

impl<'a> From<&'a trusted::Cleared> for Cleared<'a> {
    fn from(cleared: &'a trusted::Cleared) -> Self {
        Self {
            user: &cleared.user,
            done: cleared.hosts.is_ok(),
            cleared: *cleared.hosts.as_ref().unwrap_or(&0),
            text: cleared.hosts.as_ref().err().map(String::as_str),
        }
    }
}
