//! The mail server and the sender of messages.

use std::{fmt, net::Ipv6Addr, path::PathBuf};

use twinlock_core::contact::EmailAddress;

use super::{AbsolutePath, Word};
use crate::{faults::Complaint, visible};

/// How a connection to a mail server is encrypted. There is none without.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MailTls {
    /// From the first byte, `smtps://` (RFC 8314).
    Implicit,
    /// By STARTTLS, `smtp://` (RFC 3207). A server that does not offer it gets no message.
    StartTls,
}

/// Where e-mail is handed in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MailServer {
    /// A server that is spoken to.
    Smtp {
        /// How the connection is encrypted.
        tls: MailTls,
        /// The user to log in as; none where the server takes mail without.
        user: Option<String>,
        /// The name or address of the server, an IPv6 address without its brackets.
        host: String,
        /// Its port.
        port: u16,
    },
    /// A program that takes a message on standard input, as sendmail does.
    Sendmail(PathBuf),
}

/// Where sendmail is on every system that has one (FHS 3.0 section 4.4).
const SENDMAIL: &str = "/usr/sbin/sendmail";

/// Submission without and with TLS from the first byte (RFC 8314 section 7.3 and RFC 6409).
const PORT_STARTTLS: u16 = 587;
const PORT_IMPLICIT: u16 = 465;

/// The longest name of a mail user, in bytes.
const LONGEST_USER: usize = 255;

/// `smtps://user@host:port`, `smtp://…`, `sendmail` or the path of a program like it.
pub(crate) struct Server;

impl Word for Server {
    type Value = MailServer;

    fn describe(&self) -> String {
        "smtps://[user@]host[:port], smtp://[user@]host[:port], \"sendmail\", or the absolute path \
         of a program like it"
            .to_owned()
    }

    fn example(&self) -> String {
        "smtps://user@mail.example.org".to_owned()
    }

    fn parse(&self, text: &str) -> Result<MailServer, Complaint> {
        if text == "sendmail" {
            return Ok(MailServer::Sendmail(SENDMAIL.into()));
        }
        if text.starts_with('/') {
            return AbsolutePath::FILE.parse(text).map(MailServer::Sendmail);
        }
        let form = || format!("write \"{}\" or \"sendmail\"", self.example());
        let (tls, rest) = if let Some(rest) = text.strip_prefix("smtps://") {
            (MailTls::Implicit, rest)
        } else if let Some(rest) = text.strip_prefix("smtp://") {
            (MailTls::StartTls, rest)
        } else {
            let message = format!("{} is no mail server", visible::quote(text));
            return Err(Complaint::new(message).hint(form()));
        };
        let (user, address) = match rest.rsplit_once('@') {
            Some((user, address)) => (Some(mail_user(user)?), address),
            None => (None, rest),
        };
        let (host, port) = host_and_port(address).ok_or_else(|| {
            let message = format!("{} is no name or address of a server", visible::quote(address));
            Complaint::new(message).hint(form())
        })?;
        let usual = if tls == MailTls::Implicit { PORT_IMPLICIT } else { PORT_STARTTLS };
        Ok(MailServer::Smtp { tls, user, host, port: port.unwrap_or(usual) })
    }

    fn write(&self, value: &MailServer) -> String {
        match value {
            MailServer::Sendmail(path) => path.display().to_string(),
            MailServer::Smtp { tls, user, host, port } => {
                let scheme = if *tls == MailTls::Implicit { "smtps" } else { "smtp" };
                let user = user.as_ref().map(|user| format!("{user}@")).unwrap_or_default();
                let host = if host.contains(':') { format!("[{host}]") } else { host.clone() };
                format!("{scheme}://{user}{host}:{port}")
            }
        }
    }
}

fn mail_user(user: &str) -> Result<String, Complaint> {
    if user.contains(':') {
        return Err(Complaint::new("the password stands in a file of its own, not here")
            .hint("name that file in password_file"));
    }
    let fits = (1..=LONGEST_USER).contains(&user.len()) && visible::escape(user) == user;
    if fits && !user.contains([' ', '/']) {
        Ok(user.to_owned())
    } else {
        Err(Complaint::new(format!("{} is no name of a mail user", visible::quote(user))))
    }
}

/// `host`, `host:port`, `[address]` or `[address]:port`.
fn host_and_port(text: &str) -> Option<(String, Option<u16>)> {
    let (host, port) = match text.strip_prefix('[') {
        Some(rest) => {
            let (address, port) = rest.split_once(']')?;
            address.parse::<Ipv6Addr>().ok()?;
            (address, port.strip_prefix(':').or_else(|| port.is_empty().then_some("")))
        }
        None => match text.split_once(':') {
            Some((host, port)) => (host, Some(port).filter(|port| !port.is_empty())),
            None => (text, Some("")),
        },
    };
    let port = match port? {
        "" if text.ends_with(':') => return None,
        "" => None,
        digits if digits.bytes().all(|byte| byte.is_ascii_digit()) => {
            Some(digits.parse().ok().filter(|port| *port > 0)?)
        }
        _ => return None,
    };
    (host.contains(':') || is_host(host)).then(|| (host.to_owned(), port))
}

/// Labels of letters, digits and hyphens (RFC 1123 section 2.1), or an IPv4 address.
fn is_host(host: &str) -> bool {
    host.len() <= 253
        && host.split('.').all(|label| {
            (1..=63).contains(&label.len())
                && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
                && !label.starts_with('-')
                && !label.ends_with('-')
        })
}

/// Whom a message is from: `Login security <security@example.org>`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sender {
    /// The name that is shown.
    pub name: Option<String>,
    /// The address.
    pub address: EmailAddress,
}

impl fmt::Display for Sender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.name {
            Some(name) => write!(f, "{name} <{}>", self.address),
            None => self.address.fmt(f),
        }
    }
}

/// An address, with or without a name before it.
pub(crate) struct From;

impl From {
    /// The most characters of a name.
    const LONGEST: usize = 80;
}

impl Word for From {
    type Value = Sender;

    fn describe(&self) -> String {
        "e-mail address, or name <e-mail address>".to_owned()
    }

    fn example(&self) -> String {
        "Login security <security@example.org>".to_owned()
    }

    fn parse(&self, text: &str) -> Result<Sender, Complaint> {
        let form = || format!("write \"{}\"", self.example());
        let (name, address) = match text.strip_suffix('>').and_then(|text| text.split_once('<')) {
            Some((name, address)) => (Some(name.trim()), address),
            None => (None, text),
        };
        let address = address.parse::<EmailAddress>().ok().filter(|read| read.as_str() == address);
        let address = address.ok_or_else(|| {
            Complaint::new(format!("{} is no e-mail address", visible::quote(text))).hint(form())
        })?;
        let Some(name) = name.filter(|name| !name.is_empty()) else {
            return Ok(Sender { name: None, address });
        };
        let is_plain = visible::escape(name) == name && !name.contains(['"', '\\', '<', '>', '@']);
        if !is_plain || name.chars().count() > Self::LONGEST {
            let message =
                format!("the name {} cannot stand before an address", visible::quote(name));
            return Err(Complaint::new(message)
                .hint("letters, digits and spaces, without quotation marks; up to 80 characters"));
        }
        Ok(Sender { name: Some(name.to_owned()), address })
    }

    fn write(&self, value: &Sender) -> String {
        value.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn smtp(tls: MailTls, user: Option<&str>, host: &str, port: u16) -> MailServer {
        MailServer::Smtp { tls, user: user.map(str::to_owned), host: host.to_owned(), port }
    }

    #[test]
    fn servers_are_urls_or_programs() {
        use MailTls::{Implicit, StartTls};
        for (text, server) in [
            ("smtps://mail.example.org", smtp(Implicit, None, "mail.example.org", 465)),
            ("smtp://mail.example.org", smtp(StartTls, None, "mail.example.org", 587)),
            ("smtp://localhost:25", smtp(StartTls, None, "localhost", 25)),
            (
                "smtps://alice@example.org@mail.example.org",
                smtp(Implicit, Some("alice@example.org"), "mail.example.org", 465),
            ),
            ("smtps://a@[2001:db8::1]:4650", smtp(Implicit, Some("a"), "2001:db8::1", 4650)),
            ("smtps://[2001:db8::1]", smtp(Implicit, None, "2001:db8::1", 465)),
            ("sendmail", MailServer::Sendmail("/usr/sbin/sendmail".into())),
            ("/usr/bin/msmtp", MailServer::Sendmail("/usr/bin/msmtp".into())),
        ] {
            assert_eq!(Server.parse(text), Ok(server.clone()), "{text}");
            assert_eq!(Server.parse(&Server.write(&server)), Ok(server), "{text}");
        }
    }

    #[test]
    fn what_is_no_server_is_refused() {
        for text in [
            "",
            "mail.example.org",
            "http://mail.example.org",
            "SMTPS://mail.example.org",
            "smtps://",
            "smtps://@mail.example.org",
            "smtps://user:secret@mail.example.org",
            "smtps://us er@mail.example.org",
            "smtps://mail.example.org/",
            "smtps://mail.example.org:",
            "smtps://mail.example.org:0",
            "smtps://mail.example.org:65536",
            "smtps://mail.example.org:+25",
            "smtps://mail_.example.org",
            "smtps://[2001:db8::1",
            "smtps://[::1]25",
            "smtps://2001:db8::1",
            "smtps://mail.example.org\r\nRCPT TO:<bob@example.org>",
            "usr/sbin/sendmail",
            "/usr/sbin/../sendmail",
        ] {
            assert!(Server.parse(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn a_sender_is_an_address_with_or_without_a_name() {
        for text in ["security@example.org", "Login security <security@example.org>", "Zoë <z@x.y>"]
        {
            assert_eq!(From.parse(text).unwrap().to_string(), text);
        }
        for text in [
            "",
            "security",
            "a@example.org, b@example.org",
            "a@example.org b@example.org",
            "\"x\" <a@example.org>",
            "x\nBcc: b@example.org <a@example.org>",
            "x\u{202e} <a@example.org>",
            "<<a@example.org>",
            "b@example.org <a@example.org>",
            " a@example.org",
        ] {
            assert!(From.parse(text).is_err(), "{text:?}");
        }
    }
}
