//! Who logs in, through what, from where: the facts that a decision rests on.
//!
//! They are parsed here, from what the PAM module passed on, and trusted no further than this:
//! a source that cannot be read is [`Source::Unknown`], never an exempt one.

use std::{
    fmt,
    net::{IpAddr, Ipv6Addr},
};

use serde::{Deserialize, Serialize};

use crate::time::Timestamp;

/// A user as NSS says they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// Canonical name.
    pub name: String,
    /// Numeric user id.
    pub uid: u32,
    /// Names of all groups, primary and supplementary. Empty only where the policy asks for no
    /// group; a failed look-up is an error before this is made.
    pub groups: Vec<String>,
}

/// Where a login comes from.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Source {
    /// A remote address, IPv4-mapped ones as IPv4, without a zone.
    Address(IpAddr),
    /// This host itself: a console, `su`, `sudo`, cron; with the user who asks, where PAM says.
    Local {
        /// `PAM_RUSER`.
        requester: Option<String>,
    },
    /// A remote login whose address is missing or cannot be read.
    Unknown,
}

impl Source {
    /// Reads the source of a login: under sshd the first word of `SSH_CONNECTION` (`PAM_RHOST` is
    /// a name under `UseDNS yes`), else `PAM_RHOST`; names are never resolved.
    ///
    /// Only sshd sets `SSH_CONNECTION` itself. In another service's PAM environment it may come
    /// from a file of the user's (`pam_env` with `user_readenv`), so that it says nothing there.
    pub fn of_login(
        service: &str,
        ssh_connection: Option<&str>,
        rhost: Option<&str>,
        ruser: Option<&str>,
    ) -> Self {
        let is_sshd = service == "sshd";
        let stated = ssh_connection
            .filter(|_| is_sshd)
            .and_then(|connection| connection.split_ascii_whitespace().next())
            .or(rhost.filter(|host| !host.is_empty()));
        match stated {
            Some(text) => parse_address(text).map_or(Self::Unknown, Self::Address),
            None if is_sshd => Self::Unknown,
            None => Self::Local { requester: ruser.filter(|u| !u.is_empty()).map(str::to_owned) },
        }
    }

    /// The remote address, if one is known.
    pub const fn address(&self) -> Option<IpAddr> {
        match self {
            Self::Address(address) => Some(*address),
            _ => None,
        }
    }

    /// The key under which failures from this source are counted: an IPv4 address, the /64 of an
    /// IPv6 address (one host commands all of it), or the local requester.
    pub fn counter_key(&self) -> String {
        match self {
            Self::Address(IpAddr::V4(address)) => address.to_string(),
            Self::Address(IpAddr::V6(address)) => format!("{}/64", prefix_64(*address)),
            Self::Local { requester: Some(user) } => format!("local:{user}"),
            Self::Local { requester: None } => "local".to_owned(),
            Self::Unknown => "unknown".to_owned(),
        }
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address(address) => address.fmt(f),
            Self::Local { .. } => f.write_str("local"),
            Self::Unknown => f.write_str("unknown"),
        }
    }
}

/// The first 64 bits of an IPv6 address.
pub fn prefix_64(address: Ipv6Addr) -> Ipv6Addr {
    let [a, b, c, d, ..] = address.segments();
    Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0)
}

/// A literal address: the zone of an IPv6 address goes, IPv4-mapped becomes IPv4, names are none.
fn parse_address(text: &str) -> Option<IpAddr> {
    let address = match text.split_once('%') {
        Some((literal, _zone)) => literal.parse::<Ipv6Addr>().map(IpAddr::V6).ok()?,
        None => text.parse().ok()?,
    };
    Some(address.to_canonical())
}

/// A method by which the first factor was shown.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum FirstFactor {
    /// A password went through the stack (`has_authtok`) or sshd's own `password` method.
    Password,
    /// A public key or certificate, with the fingerprint of the key in OpenSSH form
    /// (`SHA256:…`), where one could be computed.
    PublicKey {
        /// As `ssh-keygen -l` prints it.
        fingerprint: Option<String>,
    },
    /// `gssapi-with-mic` or `gssapi-keyex`.
    Gssapi,
    /// `hostbased`.
    HostBased,
    /// One of the three above: PAM's auth phase did not run, and sshd does not say which.
    Key,
    /// A method that this version does not know; no list contains it.
    Other(String),
}

/// The facts of one login.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoginContext {
    /// PAM service name.
    pub service: String,
    /// The user who logs in.
    pub user: User,
    /// Where from.
    pub source: Source,
    /// The terminal, `PAM_TTY`.
    pub tty: Option<String>,
    /// How the first factor was shown, in the order of use; empty if none was.
    pub first_factors: Vec<FirstFactor>,
    /// Whether messages may be shown.
    pub interactive: bool,
    /// Whether the service's account phase reaches Twinlock, so that what a login stages can take
    /// effect.
    pub redeems: bool,
    /// When the login session that this one belongs to gave a code of the same user, for `su` and
    /// `sudo`; `None` if it gave none.
    pub session_code: Option<SessionCode>,
}

/// A code that was given in a login session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionCode {
    /// When.
    pub at: Timestamp,
    /// [`UserRecord::trust_epoch`](crate::record::UserRecord::trust_epoch) then: it counts until all
    /// trust is withdrawn.
    pub epoch: u32,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> Source {
        Source::Address(text.parse().unwrap())
    }

    fn under_sshd(connection: Option<&str>, rhost: Option<&str>) -> Source {
        Source::of_login("sshd", connection, rhost, None)
    }

    #[test]
    fn under_sshd_the_connection_goes_over_the_remote_host() {
        let connection = Some("203.0.113.9 50022 192.0.2.1 22");
        assert_eq!(under_sshd(connection, Some("host.example.org")), address("203.0.113.9"));
        assert_eq!(under_sshd(connection, Some("198.51.100.1")), address("203.0.113.9"));
        assert_eq!(under_sshd(None, Some("203.0.113.9")), address("203.0.113.9"));
        assert_eq!(under_sshd(Some(""), Some("203.0.113.9")), address("203.0.113.9"));
    }

    #[test]
    fn mapped_addresses_are_ipv4_and_zones_go() {
        assert_eq!(under_sshd(Some("::ffff:203.0.113.9 1 ::1 22"), None), address("203.0.113.9"));
        assert_eq!(under_sshd(Some("fe80::1%eth0 1 fe80::2%eth0 22"), None), address("fe80::1"));
        assert_eq!(under_sshd(Some("::FFFF:cb00:7109%lo 1 ::1 22"), None), address("203.0.113.9"));
    }

    #[test]
    fn under_sshd_a_source_that_cannot_be_read_is_unknown_and_never_local() {
        for (connection, rhost) in [
            (None, None),
            (None, Some("")),
            (None, Some("host.example.org")),
            (None, Some("UNKNOWN")),
            (Some("UNKNOWN 65535 UNKNOWN 65535"), Some("203.0.113.9")),
            (Some("203.0.113.9%eth0 1 192.0.2.1 22"), None),
            (Some("203.0.113.009 1 192.0.2.1 22"), None),
            (Some("203.0.113.9/32 1 192.0.2.1 22"), None),
            (Some("[2001:db8::1] 1 ::1 22"), None),
            (Some("203.0.113.9,198.51.100.1 1"), None),
        ] {
            assert_eq!(under_sshd(connection, rhost), Source::Unknown, "{connection:?} {rhost:?}");
        }
    }

    #[test]
    fn outside_sshd_the_environment_says_nothing_of_the_source() {
        let fake = Some("203.0.113.9 50022 192.0.2.1 22");
        let local = Source::Local { requester: Some("alice".into()) };
        assert_eq!(Source::of_login("su", fake, None, Some("alice")), local);
        assert_eq!(
            Source::of_login("login", fake, Some("198.51.100.1"), None),
            address("198.51.100.1")
        );
        let by_name = Source::of_login("login", None, Some("host.example.org"), None);
        assert_eq!(by_name, Source::Unknown);
    }
}
