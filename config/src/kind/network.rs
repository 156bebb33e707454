//! Addresses and blocks of addresses.

use std::net::{IpAddr, Ipv4Addr};

use ipnet::{IpNet, Ipv4Net};

use super::Word;
use crate::{faults::Complaint, visible};

/// A literal address or a CIDR block, never a name: names would be resolved while somebody waits,
/// by servers that others command.
pub(crate) struct Network;

impl Word for Network {
    type Value = IpNet;

    fn describe(&self) -> String {
        "addresses and blocks (192.0.2.7, 192.0.2.0/24, 2001:db8::/32)".to_owned()
    }

    fn example(&self) -> String {
        "192.0.2.0/24".to_owned()
    }

    fn parse(&self, text: &str) -> Result<IpNet, Complaint> {
        let shown = visible::quote(text);
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix)),
            None => (text, None),
        };
        if let Some((bare, _)) = address.split_once('%') {
            return Err(Complaint::new(format!("{shown} has a zone"))
                .hint(format!("write {} without it", visible::quote(bare))));
        }
        let address: IpAddr = address.parse().map_err(|_| not_an_address(&shown, address))?;
        let block = match prefix {
            None => IpNet::from(address),
            Some(prefix) => block(address, prefix, &shown)?,
        };
        if block.addr() != block.network() {
            return Err(Complaint::new(format!("{shown} has bits set past its prefix")).hint(
                format!("write \"{}\", or \"{address}\" for the one address", block.trunc()),
            ));
        }
        Ok(canonical(block))
    }

    fn write(&self, value: &IpNet) -> String {
        if value.prefix_len() == value.max_prefix_len() {
            value.addr().to_string()
        } else {
            value.to_string()
        }
    }
}

fn not_an_address(shown: &str, address: &str) -> Complaint {
    let complaint = Complaint::new(format!("{shown} is not an address"));
    if address.contains(|c: char| c.is_ascii_alphabetic()) && !address.contains(':') {
        complaint.hint("names are not looked up: write the address, such as \"192.0.2.7\"")
    } else {
        complaint.hint("write an address or a block, such as \"192.0.2.0/24\" or \"2001:db8::/32\"")
    }
}

fn block(address: IpAddr, prefix: &str, shown: &str) -> Result<IpNet, Complaint> {
    // `parse` would take a sign, and 024 for 24.
    let plain = prefix.bytes().all(|byte| byte.is_ascii_digit())
        && !(prefix.len() > 1 && prefix.starts_with('0'));
    let length = prefix.parse().ok().filter(|_| plain);
    if let Some(block) = length.and_then(|length| IpNet::new(address, length).ok()) {
        return Ok(block);
    }
    let most = if address.is_ipv4() { 32 } else { 128 };
    let by_mask = prefix
        .parse::<Ipv4Addr>()
        .ok()
        .and_then(|mask| IpNet::with_netmask(address, IpAddr::V4(mask)).ok());
    Err(Complaint::new(format!("the prefix of {shown} is not a number from 0 to {most}"))
        .maybe_hint(by_mask.map(|block| format!("write \"{}\"", block.trunc()))))
}

/// A block of IPv4-mapped addresses is the IPv4 block: sources are compared as IPv4.
fn canonical(block: IpNet) -> IpNet {
    let IpNet::V6(v6) = block else { return block };
    let mapped = v6.addr().to_ipv4_mapped().zip(v6.prefix_len().checked_sub(96));
    mapped.and_then(|(address, length)| Ipv4Net::new(address, length).ok()).map_or(block, IpNet::V4)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_and_blocks_are_read() {
        for (text, block) in [
            ("192.0.2.7", "192.0.2.7/32"),
            ("10.0.0.0/8", "10.0.0.0/8"),
            ("0.0.0.0/0", "0.0.0.0/0"),
            ("2001:db8::/32", "2001:db8::/32"),
            ("2001:DB8::1", "2001:db8::1/128"),
            ("::/0", "::/0"),
            ("::ffff:192.0.2.0/120", "192.0.2.0/24"),
            ("::ffff:192.0.2.7", "192.0.2.7/32"),
        ] {
            assert_eq!(Network.parse(text), Ok(block.parse().unwrap()), "{text}");
        }
    }

    #[test]
    fn what_is_no_block_is_refused_with_the_remedy() {
        for (text, hint) in [
            ("10.0.0.1/8", "write \"10.0.0.0/8\", or \"10.0.0.1\" for the one address"),
            ("2001:db8::1/32", "write \"2001:db8::/32\", or \"2001:db8::1\" for the one address"),
            ("192.0.2.0/255.255.255.0", "write \"192.0.2.0/24\""),
            ("fe80::1%eth0", "write \"fe80::1\" without it"),
            ("mail.example.org", "names are not looked up"),
            ("localhost/8", "names are not looked up"),
            ("10.0.0", "write an address or a block"),
            ("010.0.0.0/8", "write an address or a block"),
            ("10.0.0.0 /8", "write an address or a block"),
            ("2001:db8:::1", "write an address or a block"),
        ] {
            let complaint = Network.parse(text).unwrap_err();
            let given = complaint.hint.unwrap_or_default();
            assert!(given.starts_with(hint), "{text}: {given}");
        }
        for text in [
            "10.0.0.0/",
            "10.0.0.0/33",
            "10.0.0.0/-1",
            "10.0.0.0/+8",
            "10.0.0.0/08",
            "::/129",
            "::/x",
        ] {
            let complaint = Network.parse(text).unwrap_err();
            assert!(complaint.message.contains("is not a number from 0 to"), "{text}");
        }
    }
}
