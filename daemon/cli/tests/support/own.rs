//! Fresh codes, recovery codes, trusted hosts and contacts, as the rigs' daemon has them.

use twinlock_bus_api::account::{FactorInfo, UserStatus};
use twinlock_bus_api::contact::{ConfirmedContact, ContactInfo};
use twinlock_bus_api::error::Result;
use twinlock_bus_api::trusted_host::TrustedHostInfo;

use super::daemon::{NOW, RIGHT, THEN};
use super::refusals;
use super::state::State;
use super::users::{RECOVERY, user};

/// The code that is sent, and the one that proves a contact.
pub const SENT: &str = "246810";

/// The fingerprint of the key of nina's second host.
pub const KEY: &str = "SHA256:uNiVztksCsDhcc0u9e8BrrUbSHZmB7oBXRRzOOtvJEo";

const DAY: u64 = 86_400;

/// Somebody without an app: codes by e-mail, two recovery codes, two trusted hosts.
pub fn nina() -> UserStatus {
    let contact = |method: &str, address: &str, vouched: &str| ContactInfo {
        method: method.to_owned(),
        address: address.to_owned(),
        vouched: vouched.to_owned(),
        since: THEN,
        last_used_at: None,
    };
    let host = |id: &str, address: &str, key: Option<&str>| TrustedHostInfo {
        id: id.to_owned(),
        address: Some(address.to_owned()),
        key: key.map(str::to_owned),
        since: THEN,
        until: NOW + 11 * DAY,
        last_used_at: key.map(|_| NOW - 3_600),
    };
    let factor = FactorInfo {
        id: "email".to_owned(),
        method: "email".to_owned(),
        label: "n…@example.org".to_owned(),
        enrolled_at: THEN,
        last_used_at: Some(NOW - DAY),
    };
    UserStatus {
        factors: vec![factor],
        recovery_codes: Some(2),
        contacts: Some(vec![
            contact("email", "n…@example.org", "user"),
            contact("sms", "+…23", "administrator"),
        ]),
        trusted_hosts: Some(vec![
            host("H1", "203.0.113.7", None),
            host("H2", "2001:db8::/64", Some(KEY)),
        ]),
        code_methods: Some(["email", "recovery"].map(str::to_owned).to_vec()),
        ..user("nina", 1020, "enrolled")
    }
}

impl State {
    /// A code that was typed or sent.
    fn fresh(&mut self, name: &str, code: &str) -> Result<()> {
        match code {
            "" => Err(refusals::code_required()),
            SENT if self.requests.iter().any(|request| request.starts_with("send ")) => Ok(()),
            code => self.check(name, code),
        }
    }

    pub(super) fn send(&mut self, name: &str, method: &str) -> Result<(String, u64)> {
        if self.requests.iter().any(|request| request.starts_with("send ")) {
            return Err(refusals::throttled());
        }
        self.requests.push(format!("send {name} {method}"));
        Ok(("n…@example.org".to_owned(), 600))
    }

    pub(super) fn renew(&mut self, name: &str, code: Option<&str>) -> Result<Vec<String>> {
        if self.user(name)?.factors.is_empty() {
            return Err(refusals::not_enrolled(name));
        }
        if let Some(code) = code {
            self.fresh(name, code)?;
        }
        self.requests.push(format!("renew {name}"));
        Ok(RECOVERY.map(str::to_owned).to_vec())
    }

    pub(super) fn clear(&mut self, name: &str, host: &str) -> Result<u32> {
        let hosts = self.user(name)?.trusted_hosts.get_or_insert_default();
        let before = hosts.len();
        hosts.retain(|trusted| !host.is_empty() && trusted.id != host);
        let cleared = u32::try_from(before - hosts.len()).unwrap();
        if cleared == 0 && !host.is_empty() {
            return Err(refusals::no_host(name, host));
        }
        self.requests.push(format!("clear {name} '{host}'"));
        Ok(cleared)
    }

    pub(super) fn offer(
        &mut self,
        name: &str,
        method: &str,
        address: &str,
        code: &str,
    ) -> Result<(u64, String)> {
        self.fresh(name, code)?;
        self.requests.push(format!("offer {name} {method} '{address}'"));
        if address.is_empty() {
            Ok((0, String::new()))
        } else {
            Ok((9, "n…@example.net".to_owned()))
        }
    }

    pub(super) fn prove(&mut self, proof: u64, code: &str) -> Result<ConfirmedContact> {
        if proof != 9 || code != RIGHT {
            return Err(refusals::wrong_code());
        }
        self.requests.push("prove".to_owned());
        Ok(ConfirmedContact {
            method: "email".to_owned(),
            address: "n…@example.net".to_owned(),
            recovery_codes: None,
        })
    }

    pub(super) fn set(&mut self, name: &str, method: &str, address: &str) -> Result<bool> {
        self.user(name)?;
        if address == "nonsense" {
            return Err(refusals::no_e_mail_address());
        }
        self.requests.push(format!("set {name} {method} '{address}'"));
        Ok(address != "same@example.org")
    }
}
