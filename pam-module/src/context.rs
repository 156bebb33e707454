//! What the daemon is told about a login: the `context` argument of `Begin`.

use std::collections::HashMap;
use std::ffi::CStr;
use std::fmt;

use twinlock_bus_api::login::context as key;
use zbus::Variant;

use crate::ticket::Ticket;

/// The longest value that is sent, in bytes. A certificate in `SSH_AUTH_INFO_0` takes a few
/// kilobytes a method; nothing honest comes near.
const MAX_VALUE: usize = 64 * 1024;

/// The facts of one login, taken from the PAM handle and from nowhere else.
#[derive(Default)]
pub struct Context {
    /// `PAM_SERVICE`.
    pub service: String,
    /// `PAM_USER`.
    pub user: String,
    /// `PAM_RHOST`.
    pub rhost: Option<String>,
    /// `PAM_RUSER`.
    pub ruser: Option<String>,
    /// `PAM_TTY`.
    pub tty: Option<String>,
    /// `SSH_CONNECTION` of the PAM environment.
    pub ssh_connection: Option<String>,
    /// `SSH_AUTH_INFO_0` of the PAM environment.
    pub ssh_auth_info: Option<String>,
    /// Whether a first factor typed a password.
    pub has_authtok: bool,
    /// Whether texts may be shown.
    pub interactive: bool,
    /// The ticket of an earlier phase.
    pub ticket: Option<Ticket>,
    /// The real user id of the process.
    pub caller_uid: u32,
    /// Whether an expired password is being changed.
    pub expired: bool,
    /// The audit session of the process; `None` where it belongs to none.
    pub audit_session: Option<u32>,
}

/// A fact of the login that cannot be passed on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ContextError {
    /// The item is not set, or empty, and the login makes no sense without it.
    Missing(&'static str),
    /// The item names something exactly and is not UTF-8, so it cannot be sent as it is.
    NotUtf8(&'static str),
    /// The item is too long to be honest.
    TooLong(&'static str),
    /// libpam does not hand the item out.
    Unreadable(&'static str),
}

impl fmt::Display for ContextError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing(item) => write!(out, "{item} is not set"),
            Self::NotUtf8(item) => write!(out, "{item} is not UTF-8"),
            Self::TooLong(item) => write!(out, "{item} is longer than {MAX_VALUE} bytes"),
            Self::Unreadable(item) => write!(out, "libpam does not hand out {item}"),
        }
    }
}

impl std::error::Error for ContextError {}

/// A value that names a user or a service: sent to the letter or not at all.
///
/// # Errors
/// Missing, empty, not UTF-8 or too long.
pub fn exact(item: &'static str, value: Option<&CStr>) -> Result<String, ContextError> {
    let value = value.filter(|value| !value.is_empty()).ok_or(ContextError::Missing(item))?;
    let text = value.to_str().map_err(|_| ContextError::NotUtf8(item))?;
    if text.len() > MAX_VALUE { Err(ContextError::TooLong(item)) } else { Ok(text.to_owned()) }
}

/// A value that describes where a login comes from. One that is not UTF-8 is sent with replacement
/// characters: left out, it would pass for a login without a source.
///
/// # Errors
/// Too long.
pub fn described(item: &'static str, value: Option<&CStr>) -> Result<Option<String>, ContextError> {
    match value {
        None => Ok(None),
        Some(value) if value.is_empty() => Ok(None),
        Some(value) if value.to_bytes().len() > MAX_VALUE => Err(ContextError::TooLong(item)),
        Some(value) => Ok(Some(value.to_string_lossy().into_owned())),
    }
}

/// The audit session of this process, by what the kernel says in `/proc/self/sessionid`: no file,
/// but the only name under which the kernel tells it. `None` where there is no audit, no `/proc` or
/// no session.
pub fn audit_session() -> Option<u32> {
    use std::io::Read;
    let mut text = [0; 16];
    let read = std::fs::File::open("/proc/self/sessionid").ok()?.read(&mut text).ok()?;
    let session = std::str::from_utf8(text.get(..read)?).ok()?.trim().parse().ok()?;
    // (uid_t) -1 stands for none.
    (session != u32::MAX).then_some(session)
}

impl Context {
    /// The context on the wire. What is not known is left out.
    pub fn to_wire(&self) -> HashMap<&'static str, Variant<'_>> {
        let texts = [
            (key::SERVICE, Some(&self.service)),
            (key::USER, Some(&self.user)),
            (key::RHOST, self.rhost.as_ref()),
            (key::RUSER, self.ruser.as_ref()),
            (key::TTY, self.tty.as_ref()),
            (key::SSH_CONNECTION, self.ssh_connection.as_ref()),
            (key::SSH_AUTH_INFO, self.ssh_auth_info.as_ref()),
        ];
        let mut wire: HashMap<_, _> = texts
            .into_iter()
            .filter_map(|(key, text)| Some((key, Variant::from(text?.as_str()))))
            .collect();
        wire.insert(key::HAS_AUTHTOK, Variant::from(self.has_authtok));
        wire.insert(key::INTERACTIVE, Variant::from(self.interactive));
        wire.insert(key::CALLER_UID, Variant::from(self.caller_uid));
        wire.insert(key::EXPIRED, Variant::from(self.expired));
        if let Some(session) = self.audit_session {
            wire.insert(key::AUDIT_SESSION, Variant::from(session));
        }
        if let Some(ticket) = &self.ticket {
            wire.insert(key::TICKET, Variant::from(ticket.as_str()));
        }
        wire
    }
}

#[cfg(test)]
mod tests {
    use zeroize::Zeroizing;

    use super::*;

    #[test]
    fn a_name_is_sent_to_the_letter_or_not_at_all() {
        assert_eq!(exact("PAM_USER", Some(c"alice")), Ok("alice".to_owned()));
        assert_eq!(exact("PAM_USER", Some(c"../\n\x1b")), Ok("../\n\x1b".to_owned()));
        assert_eq!(exact("PAM_USER", Some(c"")), Err(ContextError::Missing("PAM_USER")));
        assert_eq!(exact("PAM_USER", None), Err(ContextError::Missing("PAM_USER")));
        assert_eq!(exact("PAM_USER", Some(c"al\xffice")), Err(ContextError::NotUtf8("PAM_USER")));
        let long = std::ffi::CString::new(vec![b'a'; MAX_VALUE + 1]).unwrap();
        assert_eq!(exact("PAM_USER", Some(&long)), Err(ContextError::TooLong("PAM_USER")));
    }

    #[test]
    fn a_source_that_is_not_utf8_is_not_mistaken_for_none() {
        assert_eq!(described("PAM_RHOST", Some(c"\xff")), Ok(Some("\u{fffd}".to_owned())));
        assert_eq!(described("PAM_RHOST", Some(c"")), Ok(None));
        assert_eq!(described("PAM_RHOST", None), Ok(None));
        let long = std::ffi::CString::new(vec![b'a'; MAX_VALUE + 1]).unwrap();
        assert_eq!(described("PAM_RHOST", Some(&long)), Err(ContextError::TooLong("PAM_RHOST")));
    }

    #[test]
    fn what_is_not_known_is_left_out() {
        let context = Context { service: "su".into(), user: "bob".into(), ..Context::default() };
        let wire = context.to_wire();
        let mut keys: Vec<_> = wire.keys().copied().collect();
        keys.sort_unstable();
        assert_eq!(
            keys,
            ["caller_uid", "expired", "has_authtok", "interactive", "service", "user"]
        );
    }

    #[test]
    fn every_fact_travels_under_its_key() {
        let context = Context {
            service: "sshd".into(),
            user: "alice".into(),
            rhost: Some("203.0.113.9".into()),
            ruser: Some("bob".into()),
            tty: Some("ssh".into()),
            ssh_connection: Some("203.0.113.9 1 203.0.113.1 22".into()),
            ssh_auth_info: Some("publickey ssh-ed25519 AAAA".into()),
            has_authtok: true,
            interactive: true,
            ticket: Ticket::parse(Zeroizing::new("c0ffee".to_owned())),
            caller_uid: 1000,
            expired: true,
            audit_session: Some(7),
        };
        let wire = context.to_wire();
        for (key, text) in [
            ("service", "sshd"),
            ("user", "alice"),
            ("rhost", "203.0.113.9"),
            ("ruser", "bob"),
            ("tty", "ssh"),
            ("ssh_connection", "203.0.113.9 1 203.0.113.1 22"),
            ("ssh_auth_info", "publickey ssh-ed25519 AAAA"),
            ("ticket", "c0ffee"),
        ] {
            assert_eq!(wire[key], Variant::from(text), "{key}");
        }
        for key in ["has_authtok", "interactive", "expired"] {
            assert_eq!(wire[key], Variant::from(true), "{key}");
        }
        assert_eq!(wire["caller_uid"], Variant::from(1000_u32));
        assert_eq!(wire["audit_session"], Variant::from(7_u32));
    }
}
