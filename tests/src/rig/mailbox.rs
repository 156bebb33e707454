//! A mail server with STARTTLS and AUTH, and the messages that it took: python3-aiosmtpd.

use std::path::Path;
use std::time::Duration;

use serde::Deserialize;

use super::certificates::Certificate;
use super::process::{PATIENCE, Process, guarded};

const SERVER: &str = include_str!("mailbox.py");

/// How the server behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// It offers STARTTLS, and takes nothing without.
    StartTls,
    /// TLS from the first byte.
    Implicit,
    /// It offers no STARTTLS, and would take everything in the clear.
    Stripped,
    /// As `StartTls`, but the first message is put off with 451.
    Busy,
    /// As `StartTls`, but every message is refused with 552.
    Full,
}

impl Mode {
    const fn as_str(self) -> &'static str {
        match self {
            Self::StartTls => "starttls",
            Self::Implicit => "implicit",
            Self::Stripped => "stripped",
            Self::Busy => "busy",
            Self::Full => "full",
        }
    }
}

/// A message as the server took it.
#[derive(Debug, Clone, Deserialize)]
pub struct Mail {
    /// The sender of the envelope.
    pub from: String,
    /// The recipients of the envelope.
    pub to: Vec<String>,
    /// Whether it came over TLS.
    pub encrypted: bool,
    /// Who had logged in.
    pub user: Option<String>,
    /// Headers and body.
    pub text: String,
}

impl Mail {
    /// The value of a header that stands on one line.
    pub fn header(&self, name: &str) -> Option<&str> {
        let head = self.text.split("\r\n\r\n").next().unwrap_or_default();
        let prefix = format!("{name}: ");
        head.lines().find_map(|line| line.strip_prefix(&prefix)).map(str::trim_end)
    }

    /// The first line of the text that is six digits.
    pub fn code(&self) -> Option<&str> {
        let is_code = |line: &&str| line.len() == 6 && line.bytes().all(|b| b.is_ascii_digit());
        self.text.lines().map(str::trim_end).find(is_code)
    }
}

/// A running mail server.
pub struct Mailbox {
    process: Process,
    port: u16,
}

impl Mailbox {
    /// Starts a server that everybody can use.
    pub fn start(mode: Mode, certificate: &Certificate) -> Self {
        Self::for_user(mode, certificate, "", "")
    }

    /// Starts a server that wants this user and password.
    pub fn for_user(mode: Mode, certificate: &Certificate, user: &str, password: &str) -> Self {
        // The system's Python is the one that has the package.
        let mut command = guarded("/usr/bin/python3");
        command.args(["-c", SERVER, mode.as_str()]);
        command.args([&certificate.certificate, &certificate.key] as [&Path; 2]);
        command.args([user, password]);
        let process = Process::start("the mail server", command);
        let first = process.stdout().find(0, "\n", PATIENCE);
        assert!(first.is_some(), "the mail server did not start: {}", process.stderr().text());
        let port = process.stdout().text().lines().next().and_then(|line| line.parse().ok());
        Self { port: port.expect("its port"), process }
    }

    /// Its port on 127.0.0.1.
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// The messages so far.
    pub fn mails(&self) -> Vec<Mail> {
        let text = self.process.stdout().text();
        let whole = text.rsplit_once('\n').map_or("", |(whole, _)| whole);
        whole.lines().skip(1).map(|line| serde_json::from_str(line).expect("a message")).collect()
    }

    /// The message that comes after so many, waiting for it.
    pub fn wait_for(&self, earlier: usize, timeout: Duration) -> Mail {
        super::process::eventually(timeout, || self.mails().len() > earlier);
        let found = self.mails().into_iter().nth(earlier);
        found.unwrap_or_else(|| {
            panic!("no e-mail within {timeout:?}: {}", self.process.stderr().text())
        })
    }
}
