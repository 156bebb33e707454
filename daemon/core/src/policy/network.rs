//! Networks: which addresses a block takes in, and the lists that hold over every profile.

use std::net::{IpAddr, Ipv4Addr};

use ipnet::{IpNet, Ipv4Net};

use super::{List, Place};

/// One of the address lists of `[network]`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NetworkList {
    /// The blocks.
    pub networks: Vec<IpNet>,
    /// Where the list stands; `None` where it is the default.
    pub place: Option<Place>,
}

impl NetworkList {
    /// The first block that takes the address in.
    pub fn find(&self, address: IpAddr) -> Option<IpNet> {
        self.networks.iter().copied().find(|&network| contains(network, address))
    }

    /// Whether the list has no block.
    pub const fn is_empty(&self) -> bool {
        self.networks.is_empty()
    }
}

impl FromIterator<IpNet> for NetworkList {
    fn from_iter<I: IntoIterator<Item = IpNet>>(networks: I) -> Self {
        Self { networks: networks.into_iter().collect(), place: None }
    }
}

/// The address lists of `[network]`. They concern remote logins; local ones have no address.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NetworkRules {
    /// Where not empty, remote logins from anywhere else are refused.
    pub allow: NetworkList,
    /// Refused before any prompt, in the account phase too.
    pub deny: NetworkList,
    /// No second factor is asked from here, except where the level knows no exemption.
    pub exempt: NetworkList,
}

/// Whether the block takes the address in; an IPv4-mapped block is the IPv4 block that it maps.
pub(super) fn contains(network: IpNet, address: IpAddr) -> bool {
    match (network, address.to_canonical()) {
        (IpNet::V4(block), IpAddr::V4(address)) => block.contains(&address),
        (IpNet::V6(block), IpAddr::V6(address)) => block.contains(&address),
        (IpNet::V6(_), address @ IpAddr::V4(_)) => canonical(network).contains(&address),
        (IpNet::V4(_), IpAddr::V6(_)) => false,
    }
}

/// An IPv4-mapped block as the IPv4 block that it maps, without host bits.
///
/// Sources are canonical, so that a `deny` of `::ffff:203.0.113.0/120` would never match otherwise.
pub(super) fn canonical(network: IpNet) -> IpNet {
    let network = network.trunc();
    let mapped = match network {
        IpNet::V6(block) if block.prefix_len() >= 96 => {
            block.addr().to_ipv4_mapped().and_then(|v4| v4_block(v4, block.prefix_len() - 96))
        }
        _ => None,
    };
    mapped.unwrap_or(network)
}

fn v4_block(address: Ipv4Addr, prefix: u8) -> Option<IpNet> {
    Ipv4Net::new(address, prefix).ok().map(IpNet::V4)
}

/// Whether every address of `inner` is in `outer`.
pub(super) fn covers(outer: IpNet, inner: IpNet) -> bool {
    canonical(outer).contains(&canonical(inner))
}

/// Whether the two blocks have an address in common.
pub(super) fn overlap(a: IpNet, b: IpNet) -> bool {
    covers(a, b) || covers(b, a)
}

impl List<IpNet> {
    /// The exclusion that names the address.
    pub(super) fn excluding(&self, address: IpAddr) -> Option<&IpNet> {
        self.excluded.iter().find(|&&network| contains(network, address))
    }

    /// Whether the address is in the list; see [`List`] for what exclusions mean.
    pub(super) fn takes(&self, address: IpAddr) -> bool {
        let included = |&network: &IpNet| contains(network, address);
        self.excluding(address).is_none()
            && (self.included.is_empty() || self.included.iter().any(included))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn net(text: &str) -> IpNet {
        text.parse().unwrap()
    }

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn a_block_takes_in_its_addresses_and_no_other() {
        for (network, inside, outside) in [
            ("203.0.113.0/24", "203.0.113.255", "203.0.114.0"),
            ("203.0.113.7/24", "203.0.113.9", "203.0.112.7"),
            ("2001:db8:1::/48", "2001:db8:1:ffff::1", "2001:db8:2::1"),
            ("203.0.113.9/32", "203.0.113.9", "203.0.113.8"),
            ("::ffff:203.0.113.0/120", "203.0.113.9", "203.0.114.9"),
            ("203.0.113.0/24", "::ffff:203.0.113.9", "::203.0.113.9"),
            ("0.0.0.0/0", "203.0.113.9", "2001:db8::1"),
            ("::/0", "2001:db8::1", "203.0.113.9"),
        ] {
            assert!(contains(net(network), address(inside)), "{network} has {inside}");
            assert!(!contains(net(network), address(outside)), "{network} has not {outside}");
        }
    }

    #[test]
    fn a_block_covers_what_lies_within_it() {
        assert!(covers(net("203.0.113.0/24"), net("203.0.113.128/25")));
        assert!(!covers(net("203.0.113.128/25"), net("203.0.113.0/24")));
        assert!(covers(net("203.0.113.0/24"), net("::ffff:203.0.113.9/128")));
        assert!(!covers(net("0.0.0.0/0"), net("2001:db8::/32")));
        assert!(overlap(net("203.0.113.128/25"), net("203.0.113.0/24")));
        assert!(!overlap(net("203.0.113.0/25"), net("203.0.113.128/25")));
    }

    #[test]
    fn an_exclusion_takes_a_part_out_of_a_list() {
        let list = List::parse(["203.0.113.0/24", "!203.0.113.128/25"]).unwrap();
        assert!(list.takes(address("203.0.113.1")));
        assert!(!list.takes(address("203.0.113.200")));
        let others = List::parse(["!203.0.113.0/24"]).unwrap();
        assert!(others.takes(address("2001:db8::1")));
        assert!(!others.takes(address("203.0.113.1")));
    }
}
