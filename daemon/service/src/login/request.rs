//! What the PAM module says of a login, read and bounded.
//!
//! The module runs as root and is trusted to say what PAM said; what PAM said came from a network
//! peer. So every text has a longest length, and a text that is too long is refused rather than
//! cut: a cut user name is another user's.

use std::collections::HashMap;

use thiserror::Error;
use twinlock_bus_api::login::{Phase, context};
use twinlock_core::login::{FirstFactor, Source};
use zbus::OwnedVariant;
use zeroize::Zeroizing;

/// The longest text in bytes but for `ssh_auth_info`, which holds whole keys.
const LONGEST: usize = 512;

/// The longest `ssh_auth_info` in bytes: several RSA keys of 16384 bits.
const LONGEST_AUTH_INFO: usize = 64 * 1024;

/// A call that is not of the form that the interface demands.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum RequestError {
    /// An unknown phase.
    #[error("unknown phase")]
    Phase,
    /// A key that must be there is not.
    #[error("{0} is missing")]
    Missing(&'static str),
    /// A value has another type than its key demands.
    #[error("{0} has the wrong type")]
    Type(&'static str),
    /// A text is too long.
    #[error("{0} is too long")]
    TooLong(&'static str),
}

/// One call of `Begin`.
pub struct Request {
    /// The PAM phase.
    pub phase: Phase,
    /// PAM service name.
    pub service: String,
    /// The name as the module has it; NSS gives the canonical one.
    pub user: String,
    /// Where from.
    pub source: Source,
    /// The terminal.
    pub tty: Option<String>,
    /// How the first factor was shown.
    pub first_factors: Vec<FirstFactor>,
    /// Whether a password was typed: in the update of a password change the new one.
    pub has_authtok: bool,
    /// Whether messages may be shown.
    pub interactive: bool,
    /// The ticket of an earlier phase.
    pub ticket: Option<Zeroizing<String>>,
    /// The real uid of the process that runs PAM.
    pub caller_uid: Option<u32>,
    /// An expired password is being changed.
    pub expired: bool,
    /// Both ends of the connection as sshd names them: one name for all phases of a login.
    pub connection: Option<String>,
    /// The audit session of the process that runs PAM.
    pub audit_session: Option<u32>,
}

impl Request {
    /// Reads the arguments of `Begin`. Keys that this version does not know are passed over, so
    /// that a newer module can talk to an older daemon.
    ///
    /// # Errors
    /// The call is not of the form that the interface demands.
    pub fn read(
        phase: &str,
        context: &HashMap<String, OwnedVariant>,
    ) -> Result<Self, RequestError> {
        let fields = Fields(context);
        let service = fields.text(context::SERVICE, LONGEST)?;
        let service = service.ok_or(RequestError::Missing(context::SERVICE))?;
        let user = fields.text(context::USER, LONGEST)?;
        let ssh_connection = fields.text(context::SSH_CONNECTION, LONGEST)?;
        let rhost = fields.text(context::RHOST, LONGEST)?;
        let ruser = fields.text(context::RUSER, LONGEST)?;
        let auth_info = fields.text(context::SSH_AUTH_INFO, LONGEST_AUTH_INFO)?;
        let has_authtok = fields.flag(context::HAS_AUTHTOK)?.unwrap_or(false);
        Ok(Self {
            phase: Phase::from_wire(phase).ok_or(RequestError::Phase)?,
            source: Source::of_login(
                &service,
                ssh_connection.as_deref(),
                rhost.as_deref(),
                ruser.as_deref(),
            ),
            user: user.ok_or(RequestError::Missing(context::USER))?,
            tty: fields.text(context::TTY, LONGEST)?,
            first_factors: FirstFactor::of_login(
                auth_info.as_deref().filter(|_| service == "sshd"),
                has_authtok,
            ),
            has_authtok,
            interactive: fields.flag(context::INTERACTIVE)?.unwrap_or(true),
            ticket: fields.text(context::TICKET, LONGEST)?.map(Zeroizing::new),
            caller_uid: fields.number(context::CALLER_UID)?,
            expired: fields.flag(context::EXPIRED)?.unwrap_or(false),
            audit_session: fields.number(context::AUDIT_SESSION)?,
            // Elsewhere it may come from a file of the user's.
            connection: ssh_connection.filter(|_| service == "sshd"),
            service,
        })
    }
}

struct Fields<'a>(&'a HashMap<String, OwnedVariant>);

impl Fields<'_> {
    fn text(&self, key: &'static str, longest: usize) -> Result<Option<String>, RequestError> {
        let Some(value) = self.0.get(key) else { return Ok(None) };
        let text = <&str>::try_from(value).map_err(|_| RequestError::Type(key))?;
        if text.len() > longest {
            return Err(RequestError::TooLong(key));
        }
        Ok(Some(text.to_owned()))
    }

    fn flag(&self, key: &'static str) -> Result<Option<bool>, RequestError> {
        let value = self.0.get(key).map(bool::try_from);
        value.transpose().map_err(|_| RequestError::Type(key))
    }

    fn number(&self, key: &'static str) -> Result<Option<u32>, RequestError> {
        let value = self.0.get(key).map(u32::try_from);
        value.transpose().map_err(|_| RequestError::Type(key))
    }
}

#[cfg(test)]
mod tests {
    use zbus::Variant;

    use super::*;

    fn context(extra: &[(&str, Variant<'static>)]) -> HashMap<String, OwnedVariant> {
        let base = [("service", Variant::from("sshd")), ("user", Variant::from("alice"))];
        base.iter()
            .chain(extra)
            .map(|(key, value)| {
                ((*key).to_owned(), OwnedVariant::try_from(value.try_clone().unwrap()).unwrap())
            })
            .collect()
    }

    fn read(extra: &[(&str, Variant<'static>)]) -> Result<Request, RequestError> {
        Request::read("auth", &context(extra))
    }

    #[test]
    fn under_sshd_the_address_of_the_connection_counts_and_not_the_name() {
        let request = read(&[
            ("ssh_connection", Variant::from("203.0.113.9 50000 192.0.2.1 22")),
            ("rhost", Variant::from("gateway.example.org")),
        ])
        .unwrap();
        assert_eq!(request.source, Source::Address("203.0.113.9".parse().unwrap()));
    }

    #[test]
    fn elsewhere_what_only_sshd_can_say_is_not_believed() {
        let said = |service: &'static str| {
            read(&[
                ("service", Variant::from(service)),
                ("ssh_connection", Variant::from("203.0.113.9 50000 192.0.2.1 22")),
                ("ssh_auth_info", Variant::from("password")),
            ])
            .unwrap()
        };
        let sshd = said("sshd");
        assert_eq!((sshd.first_factors.len(), sshd.connection.is_some()), (1, true));
        let sudo = said("sudo");
        assert_eq!((sudo.first_factors.len(), sudo.connection), (0, None));
        assert_eq!(sudo.source, Source::Local { requester: None });
    }

    #[test]
    fn a_text_that_is_too_long_is_refused_and_never_cut() {
        let long = "x".repeat(LONGEST + 1);
        let refused = read(&[("user", Variant::from(long))]).err();
        assert_eq!(refused, Some(RequestError::TooLong("user")));
    }

    #[test]
    fn values_of_another_type_are_refused() {
        for (key, value) in [
            ("user", Variant::from(7u32)),
            ("has_authtok", Variant::from("yes")),
            ("caller_uid", Variant::from("0")),
        ] {
            assert_eq!(read(&[(key, value)]).err(), Some(RequestError::Type(key)));
        }
    }

    #[test]
    fn a_call_names_phase_user_and_service() {
        let empty = HashMap::new();
        assert_eq!(Request::read("auth", &empty).err(), Some(RequestError::Missing("service")));
        assert_eq!(Request::read("AUTH", &context(&[])).err(), Some(RequestError::Phase));
        assert!(read(&[("unheard_of", Variant::from(1u8))]).is_ok());
    }
}
