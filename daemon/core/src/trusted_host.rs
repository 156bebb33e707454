//! Trusted hosts: where a user is not asked again for a while.
//!
//! ```text
//!   right code ──► question ──► yes ──► staged ──► account phase ──► trusted until …
//!                                                                      │ until is over, the user
//!                                                                      ▼ or an administrator says
//!                                                                   asked again
//! ```
//!
//! One timer for each user and host: a host is what the trust is bound to, an address, an SSH key
//! or both. What is bound must be known and match in full. Loopback and link-local addresses are
//! never bound: behind them stands whoever is on this host or in its segment.

use std::{
    fmt,
    net::{IpAddr, Ipv6Addr},
    time::Duration,
};

use ipnet::{IpNet, Ipv6Net};
use serde::{Deserialize, Serialize};

use crate::{
    login::{FirstFactor, LoginContext, Source, prefix_64},
    time::Timestamp,
};

/// The longest text that names a key, in bytes: two fingerprints of OpenSSH fit.
const LONGEST_KEY: usize = 128;

words! {
    /// What of a login the trust in a host is bound to. It must be known, and match in full.
    pub enum Bind("binding") {
        /// The SSH key where one was used, else the address.
        Auto = "auto",
        /// The address; of IPv6 the first 64 bits.
        Address = "address",
        /// The SSH key, wherever it comes from.
        Key = "key",
        /// Both.
        AddressAndKey = "address+key",
    }
}

/// The `[remember]` section.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rules {
    /// What is bound.
    pub bind: Bind,
    /// Trusted hosts of one user; the oldest makes room.
    pub limit: u32,
    /// How long `su` and `sudo` in a login session that gave a code ask no second one.
    pub session: Duration,
}

impl Default for Rules {
    fn default() -> Self {
        Self { bind: Bind::Auto, limit: 20, session: Duration::ZERO }
    }
}

/// What a host is known by: at least one of the two.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Binding {
    /// The address; of IPv6 its /64.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<IpNet>,
    /// The fingerprint of the SSH key, or of each where sshd asked for several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
}

impl Binding {
    /// What this login could be known by; `None` where it cannot be trusted: no first factor was
    /// shown, it does not come over a network, or what is to be bound is not known.
    pub fn of(login: &LoginContext, bind: Bind) -> Option<Self> {
        let Source::Address(source) = login.source else { return None };
        if login.first_factors.is_empty() {
            return None;
        }
        let address = bindable(source);
        match (bind, key(login)) {
            (Bind::Key, key) => Some(Self { address: None, key: Some(key?) }),
            (Bind::AddressAndKey, key) => Some(Self { address: Some(address?), key: Some(key?) }),
            (Bind::Auto, Some(key)) => Some(Self { address: None, key: Some(key) }),
            // A key that sshd took and that cannot be read is not the same as none.
            (Bind::Auto, None) if used_key(login) => None,
            (Bind::Auto | Bind::Address, _) => Some(Self { address: Some(address?), key: None }),
        }
    }
}

impl Binding {
    /// The address as people read it, without the length of its prefix where it is a single one.
    pub fn shown_address(&self) -> Option<String> {
        self.address.as_ref().map(|address| Shown(address).to_string())
    }
}

impl fmt::Display for Binding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.address, &self.key) {
            (Some(address), Some(key)) => write!(f, "{} with {key}", Shown(address)),
            (Some(address), None) => write!(f, "{}", Shown(address)),
            (None, Some(key)) => f.write_str(key),
            (None, None) => f.write_str("nothing"),
        }
    }
}

/// An address without the length of its prefix where it is a single one.
pub(crate) struct Shown<'a>(pub(crate) &'a IpNet);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            IpNet::V4(network) if network.prefix_len() == 32 => network.addr().fmt(f),
            network => network.fmt(f),
        }
    }
}

/// A host that a user trusts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrustedHost {
    /// Names it to people.
    pub id: String,
    /// What it is known by.
    pub binding: Binding,
    /// Since when.
    pub since: Timestamp,
    /// Until when.
    pub until: Timestamp,
    /// When it last spared the user a code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_used_at: Option<Timestamp>,
}

impl TrustedHost {
    /// Whether the trust holds now, for logins that may be remembered this long: a policy that
    /// became stricter holds for hosts that were trusted before.
    pub fn holds(&self, remember: Duration, now: Timestamp) -> bool {
        now < self.until && now < self.since.after(remember)
    }
}

/// The hosts that one user trusts, part of the record.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TrustedHosts(Vec<TrustedHost>);

impl TrustedHosts {
    /// Whether there is none.
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// All of them, oldest first, those whose time is over included.
    pub fn iter(&self) -> impl Iterator<Item = &TrustedHost> {
        self.0.iter()
    }

    /// The host of this login, while its time lasts. Trust that was bound otherwise than is in
    /// force now does not count.
    pub fn of(&self, login: &LoginContext, bind: Bind, now: Timestamp) -> Option<&TrustedHost> {
        let binding = Binding::of(login, bind)?;
        self.0.iter().find(|host| now < host.until && host.binding == binding)
    }

    /// Trusts a host: its timer starts anew; past the limit the oldest makes room.
    pub fn trust(&mut self, host: TrustedHost, limit: u32, now: Timestamp) {
        self.0.retain(|old| now < old.until && old.binding != host.binding);
        let most = usize::try_from(limit).unwrap_or(usize::MAX).max(1);
        while self.0.len() >= most {
            self.0.remove(0);
        }
        self.0.push(host);
    }

    /// A host spared the user a code.
    pub fn note_use(&mut self, id: &str, now: Timestamp) {
        if let Some(host) = self.0.iter_mut().find(|host| host.id == id) {
            host.last_used_at = Some(now);
        }
    }

    /// Trusts one host no longer; says whether it was trusted.
    pub fn clear(&mut self, id: &str) -> bool {
        let before = self.0.len();
        self.0.retain(|host| !host.id.eq_ignore_ascii_case(id));
        self.0.len() < before
    }

    /// Trusts no host any longer; says how many there were.
    pub fn clear_all(&mut self) -> usize {
        std::mem::take(&mut self.0).len()
    }
}

/// The fingerprints of all keys that the login showed; `None` if it showed none, or one that could
/// not be read.
fn key(login: &LoginContext) -> Option<String> {
    let keys = login.first_factors.iter().filter_map(|factor| match factor {
        FirstFactor::PublicKey { fingerprint } => Some(fingerprint.clone()),
        _ => None,
    });
    let keys: Vec<_> = keys.collect::<Option<_>>()?;
    let key = keys.join(" and ");
    (!key.is_empty() && key.len() <= LONGEST_KEY).then_some(key)
}

fn used_key(login: &LoginContext) -> bool {
    login.first_factors.iter().any(|factor| matches!(factor, FirstFactor::PublicKey { .. }))
}

/// The address as it is bound; `None` where it names no single host or network.
fn bindable(address: IpAddr) -> Option<IpNet> {
    let nobody_s = address.is_loopback() || address.is_unspecified() || address.is_multicast();
    match address {
        _ if nobody_s => None,
        IpAddr::V4(v4) if v4.is_link_local() || v4.is_broadcast() => None,
        IpAddr::V4(_) => Some(IpNet::from(address)),
        IpAddr::V6(v6) if is_unicast_link_local(v6) => None,
        IpAddr::V6(v6) => Ipv6Net::new(prefix_64(v6), 64).ok().map(IpNet::V6),
    }
}

/// fe80::/10 (RFC 4291 section 2.5.6).
const fn is_unicast_link_local(address: Ipv6Addr) -> bool {
    address.segments()[0] & 0xffc0 == 0xfe80
}
