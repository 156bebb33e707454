//! What an administrator gives out on paper or by telephone: an invitation to enrol, and a bypass
//! code that stands for a factor for a while.

use std::{fmt, net::IpAddr, str::FromStr, time::Duration};

use ipnet::{IpNet, Ipv4Net};
use serde::{Deserialize, Serialize};

use crate::{
    fresh::Fresh,
    hashing::Hashing,
    login::Source,
    printed_code::{HashedCode, PrintedCode},
    time::Timestamp,
};

/// The most bypass codes of one user that are kept; past that the oldest goes.
const MAX_BYPASSES: usize = 4;

/// The longest reason of a bypass code, in bytes.
pub const LONGEST_REASON: usize = 200;

/// How long an invitation can be used, where nobody says otherwise.
pub const INVITATION_LIFETIME: Duration = Duration::from_secs(3 * DAY);

/// The longest that an invitation or a bypass code can be used: neither is a factor to live with.
pub const LONGEST_LIFETIME: Duration = Duration::from_secs(30 * DAY);

/// The most uses of one bypass code.
pub const MOST_USES: u32 = 100;

const DAY: u64 = 24 * 60 * 60;

/// An invitation: whoever knows the first factor and this code may enrol, once.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Invitation {
    /// The code.
    pub code: HashedCode,
    /// Names it to people.
    pub id: String,
    /// Until when.
    pub until: Timestamp,
}

impl Invitation {
    /// A new one, and its code in clear for whoever it is handed to.
    pub fn new(until: Timestamp, fresh: &Fresh, hashing: &dyn Hashing) -> (Self, PrintedCode) {
        let (code, salt) = fresh.printed_code();
        (Self { code: code.hashed(salt, hashing), id: fresh.object_id(), until }, code)
    }

    /// Whether this is the code, in time.
    pub fn admits(&self, code: &PrintedCode, hashing: &dyn Hashing, now: Timestamp) -> bool {
        now < self.until && self.code.matches(code, hashing)
    }
}

/// A bypass code.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bypass {
    /// Names it to people.
    pub id: String,
    /// The code.
    pub code: HashedCode,
    /// When it was issued.
    pub since: Timestamp,
    /// Until when.
    pub until: Timestamp,
    /// How often it can still be used.
    pub uses_left: u32,
    /// Where from; `None` is anywhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Place>,
    /// Why it was issued.
    pub reason: String,
    /// Who issued it.
    pub by: String,
}

impl Bypass {
    /// Whether it can be used now, from somewhere.
    pub fn is_alive(&self, now: Timestamp) -> bool {
        now < self.until && self.uses_left > 0
    }
}

/// Where a bypass code may be used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Place {
    /// From these addresses.
    Network(IpNet),
    /// On this host itself: a console, `su`, `sudo`.
    Local,
}

/// A text that names no place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("that is no address; write an address, a block like 192.0.2.0/24, or local")]
pub struct PlaceError;

impl FromStr for Place {
    type Err = PlaceError;

    fn from_str(text: &str) -> Result<Self, PlaceError> {
        let text = text.trim();
        if text == "local" {
            return Ok(Self::Local);
        }
        let network = text.parse::<IpNet>().map(|network| as_ipv4(network).trunc());
        network
            .or_else(|_| text.parse::<IpAddr>().map(|a| IpNet::from(a.to_canonical())))
            .map(Self::Network)
            .map_err(|_| PlaceError)
    }
}

/// A block of IPv4-mapped addresses as the block of IPv4 that it is: sources are never mapped.
fn as_ipv4(network: IpNet) -> IpNet {
    let IpNet::V6(v6) = network else { return network };
    let mapped = v6.addr().to_ipv4_mapped();
    let length = v6.prefix_len().checked_sub(96);
    match (mapped, length) {
        (Some(v4), Some(length)) => Ipv4Net::new(v4, length).map_or(network, IpNet::V4),
        _ => network,
    }
}

impl TryFrom<String> for Place {
    type Error = PlaceError;

    fn try_from(text: String) -> Result<Self, PlaceError> {
        text.parse()
    }
}

impl From<Place> for String {
    fn from(place: Place) -> Self {
        place.to_string()
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Network(network) if network.prefix_len() == network.max_prefix_len() => {
                network.addr().fmt(f)
            }
            Self::Network(network) => network.fmt(f),
            Self::Local => f.write_str("local"),
        }
    }
}

impl Place {
    /// Whether a login comes from there; a source that cannot be read comes from nowhere.
    pub fn contains(&self, source: &Source) -> bool {
        match (self, source) {
            (Self::Network(network), Source::Address(address)) => network.contains(address),
            (Self::Local, Source::Local { .. }) => true,
            (Self::Network(_) | Self::Local, _) => false,
        }
    }
}

/// Keeps a bypass code beside the others that are alive.
pub(crate) fn keep(bypasses: &mut Vec<Bypass>, bypass: Bypass, now: Timestamp) {
    bypasses.retain(|old| old.is_alive(now));
    if bypasses.len() >= MAX_BYPASSES {
        bypasses.remove(0);
    }
    bypasses.push(bypass);
}

/// The bypass code that was typed, if it is one that holds here and now.
pub(crate) fn find<'a>(
    bypasses: &'a mut [Bypass],
    code: &PrintedCode,
    source: &Source,
    hashing: &dyn Hashing,
    now: Timestamp,
) -> Option<&'a mut Bypass> {
    bypasses.iter_mut().find(|bypass| {
        bypass.is_alive(now)
            && bypass.from.as_ref().is_none_or(|place| place.contains(source))
            && bypass.code.matches(code, hashing)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_an_address_a_block_or_this_host() {
        let at = |text: &str| Source::Address(text.parse().unwrap());
        let local = Source::Local { requester: None };
        for (place, source, inside) in [
            ("203.0.113.9", at("203.0.113.9"), true),
            ("203.0.113.9", at("203.0.113.8"), false),
            ("203.0.113.0/24", at("203.0.113.8"), true),
            ("::ffff:203.0.113.9", at("203.0.113.9"), true),
            ("::ffff:203.0.113.0/120", at("203.0.113.9"), true),
            ("::ffff:203.0.113.0/120", at("198.51.100.9"), false),
            ("203.0.113.0/24", Source::Unknown, false),
            ("203.0.113.0/24", local.clone(), false),
            ("local", local, true),
            ("local", Source::Unknown, false),
        ] {
            assert_eq!(place.parse::<Place>().unwrap().contains(&source), inside, "{place}");
        }
        assert_eq!("host.example.org".parse::<Place>(), Err(PlaceError));
    }
}
