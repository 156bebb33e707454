//! Messages through real servers: what arrives, and what becomes of them where a server fails.
//!
//! The outbox of the daemon is driven by itself, so that no login is needed and every server can
//! misbehave; the whole way from a login stands in the end-to-end tests. Everything is on loopback.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panic")]
#![allow(clippy::disallowed_methods, reason = "a test measures how long something takes")]

mod gateway;
mod smtp;

use std::os::unix::net::UnixDatagram;
use std::sync::Arc;
use std::time::Duration;

use twinlock_config::templates::Overrides;
use twinlock_core::notice::{Notice, Recipient, SecretText, Subject};
use twinlock_core::time::Timestamp;
use twinlock_service::audit_log::AuditLog;
use twinlock_service::clock::SystemClock;
use twinlock_service::post::{Outbox, Post, Sending};

/// Longer than one try may take.
const PATIENCE: Duration = Duration::from_secs(45);

/// A host with nothing but an outbox and a system log.
struct Host {
    outbox: Outbox,
    log: UnixDatagram,
    _directory: tempfile::TempDir,
    _runtime: tokio::runtime::Runtime,
}

impl Host {
    fn new(config: &str) -> Self {
        let text = format!("version = 1\n{config}\n");
        let loaded = twinlock_config::parse(&[("twinlock.toml", &text)]);
        let loaded = loaded.unwrap_or_else(|wrong| panic!("{wrong}"));
        let sending = Sending::new(&loaded.config, &Overrides::new(), "web1");
        let directory = tempfile::tempdir().unwrap();
        let log = UnixDatagram::bind(directory.path().join("log")).unwrap();
        log.set_read_timeout(Some(PATIENCE)).unwrap();
        let audit = AuditLog::start(&directory.path().join("log")).unwrap();
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
        let clock = Arc::new(SystemClock::start());
        let outbox = Outbox::new(sending, audit, clock, runtime.handle().clone());
        Self { outbox, log, _directory: directory, _runtime: runtime }
    }

    /// Sends a code with this lifetime in seconds, and returns what the log says of it.
    fn code(&self, to: &str, lifetime: u64) -> String {
        let to = match to.parse() {
            Ok(address) => Recipient::Email(address),
            Err(_) => Recipient::Mobile(to.parse().unwrap()),
        };
        let code = SecretText::new("482913");
        let subject = Subject::OneTimeCode { code, lifetime: Duration::from_secs(lifetime) };
        self.send(vec![to], subject)
    }

    fn send(&self, to: Vec<Recipient>, subject: Subject) -> String {
        let at = Timestamp::from_secs(1_800_000_000);
        self.outbox.send(Notice::new(to, subject, "alice", at));
        self.next_line()
    }

    /// The next line of the log.
    fn next_line(&self) -> String {
        let mut buffer = [0; 4096];
        let length = self.log.recv(&mut buffer).expect("an event in time");
        let line = String::from_utf8(buffer[..length].to_vec()).unwrap();
        assert!(!line.contains("482913"), "{line}");
        line
    }
}

/// That the log says a message failed, and these words.
#[track_caller]
fn failed(line: &str, words: &str) {
    assert!(line.contains("event=message.failed") && line.contains(words), "{words}: {line}");
}

/// That the log says, at the first failure, that a message waits, and these words.
#[track_caller]
fn delayed(line: &str, words: &str) {
    let is_whole = line.contains("event=message.delayed user=\"alice\"")
        && line.contains("will be tried again: ")
        && line.contains(words);
    assert!(is_whole, "{words}: {line}");
}

/// That the log says that this server takes messages again.
#[track_caller]
fn resumed(line: &str, server: &str) {
    let words = format!("cause=\"{server} takes messages again\"");
    assert!(line.contains("event=message.resumed") && line.contains(&words), "{words}: {line}");
}

/// That the log says a message went out.
#[track_caller]
fn sent(line: &str) {
    assert!(line.contains("event=message.sent"), "{line}");
}

/// A file with a password, as the configuration names one.
fn password(text: &str) -> (tempfile::TempDir, String) {
    use std::os::unix::fs::PermissionsExt;

    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("password");
    std::fs::write(&path, format!("{text}\n")).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
    (directory, path.display().to_string())
}
