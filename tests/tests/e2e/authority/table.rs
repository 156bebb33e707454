//! The verbs, one a row: what root may do, and what users may do to themselves.

use std::fs;

use serde_json::Value;
use twinlock_tests::rig::command::show;

use super::stage::Stage;

type Words = &'static [&'static str];

/// What a user may do to themselves.
#[derive(Clone, Copy)]
pub enum Own {
    /// Nothing of it.
    Nothing,
    /// At any time; it says this.
    Freely(Words, &'static str),
    /// With a fresh code; then it says this.
    WithCode(Words, &'static str),
}

/// A verb. The words in capitals are those of [`Stage`].
#[derive(Clone, Copy)]
pub struct Row {
    /// The words that lead to it.
    pub verb: &'static str,
    /// What has to have happened.
    pub given: fn(&mut Stage),
    /// What root may do and nobody else; nothing where there is no such form.
    pub admin: Words,
    /// What root reads.
    pub says: &'static str,
    /// How it ends for root.
    pub code: i32,
    /// What others read.
    pub refused: &'static str,
    /// Whether it has done it.
    pub does: fn() -> bool,
    /// For oneself.
    pub own: Own,
}

impl Row {
    const fn new(verb: &'static str, admin: Words, says: &'static str) -> Self {
        Self {
            verb,
            given: |_| {},
            admin,
            says,
            code: 0,
            refused: "Only an administrator may do that",
            does: || true,
            own: Own::Nothing,
        }
    }

    const fn own(verb: &'static str, arguments: Words, says: &'static str) -> Self {
        Self { own: Own::Freely(arguments, says), ..Self::new(verb, &[], "") }
    }

    /// Of the host's files, which the daemon has no part in.
    const fn pam(verb: &'static str, admin: Words, says: &'static str) -> Self {
        Self {
            refused: "Only root reads and changes what PAM asks",
            ..Self::new(verb, admin, says)
        }
    }

    const fn given(self, given: fn(&mut Stage)) -> Self {
        Self { given, ..self }
    }

    const fn does(self, does: fn() -> bool) -> Self {
        Self { does, ..self }
    }

    const fn freely(self, arguments: Words, says: &'static str) -> Self {
        Self { own: Own::Freely(arguments, says), ..self }
    }

    const fn with_code(self, arguments: Words, says: &'static str) -> Self {
        Self { own: Own::WithCode(arguments, says), ..self }
    }

    /// How it ends for a user who gave a right code. An enrolment wants one more, of the new key; a
    /// contact is proved with the code of a message, which nobody reads here.
    pub fn own_code(&self) -> i32 {
        i32::from(matches!(self.verb, "enroll" | "contact set"))
    }
}

/// What asks nothing of the daemon, or nothing that is not everybody's to know.
pub const EVERYBODY: &[(&str, Words)] = &[
    ("config check", &["config", "check"]),
    ("doctor", &["doctor"]),
    ("completions", &["completions", "bash"]),
];

fn count(user: &str, what: &str) -> usize {
    show(user)[what].as_array().map_or(usize::MAX, Vec::len)
}

fn is(user: &str, what: &str, value: impl Into<Value>) -> bool {
    show(user)[what] == value.into()
}

fn su_asks() -> bool {
    fs::read_to_string("/etc/pam.d/su").unwrap().contains("pam_twinlock.so")
}

/// All of them, in an order in which each finds what it needs.
pub fn table() -> Vec<Row> {
    let mut rows = reading();
    rows.extend(factors());
    rows.extend(standing());
    rows.extend(resets());
    rows.extend(whole());
    rows
}

fn reading() -> Vec<Row> {
    vec![
        Row::new("status", &["status", "bob"], "bob").freely(&["status"], "alice"),
        Row::new("user show", &["user", "show", "bob"], "bob"),
        Row::new("user list", &["user", "list"], "gone"),
        Row::new("factor list", &["factor", "list", "bob"], "authenticator app")
            .freely(&["factor", "list", "--json"], "\"totp\""),
        Row::new("recovery count", &["recovery", "count", "bob"], "bob")
            .freely(&["recovery", "count"], "alice: 10"),
        Row::new("trusted list", &["trusted", "list", "bob"], "bob")
            .freely(&["trusted", "list", "--json"], "[]"),
        Row::new("contact show", &["contact", "show", "bob"], "bob")
            .freely(&["contact", "show", "--json"], "[]"),
        Row::new("reset list", &["reset", "list"], "No"),
        Row::new("policy explain", &["policy", "explain", "bob"], "bob over sshd"),
        Row::new("why", &["why", "REFERENCE"], "not right").given(Stage::wrong_code),
        Row::new("log", &["log"], "bob"),
        Row::new("report", &["report"], "bob"),
        Row::new("unlock", &["unlock", "bob"], "may log in again")
            .does(|| is("bob", "failures", 0)),
    ]
}

fn factors() -> Vec<Row> {
    vec![
        Row::new("verify", &["verify", "bob", "CODE"], "is right")
            .given(Stage::code)
            .with_code(&["verify"], "is right"),
        Row::new("enroll", &["enroll", "bob", "--no-confirm", "--qr", "none"], "Key: ")
            .does(|| count("bob", "factors") == 2)
            .with_code(&["enroll", "--qr", "none"], "Key: "),
        Row::new("factor remove", &["factor", "remove", "bob", "FACTOR", "--yes"], "no longer")
            .given(Stage::own_factor)
            .does(|| count("bob", "factors") == 1)
            .with_code(&["factor", "remove", "OWN", "--yes"], "no longer"),
        Row::new("contact set", &["contact", "set", "bob", "--email", "bob@example.org"], "bob")
            .does(|| count("bob", "contacts") == 1)
            .with_code(&["contact", "set", "--email", "alice@example.org"], "on its way"),
        Row::new("recovery new", &["recovery", "new", "bob", "--yes"], "10 new recovery codes")
            .does(|| is("bob", "recovery_codes", 10))
            .with_code(&["recovery", "new", "--yes", "--json"], "recovery_codes"),
        Row::new("trusted clear", &["trusted", "clear", "bob", "--yes"], "bob")
            .given(Stage::trust)
            .does(|| count("bob", "trusted_hosts") == 0)
            .freely(&["trusted", "clear", "--yes"], "alice"),
    ]
}

fn standing() -> Vec<Row> {
    vec![
        Row::new("mfa on", &["mfa", "on", "bob"], "bob").does(|| is("bob", "switch", "on")),
        Row::new("mfa off", &["mfa", "off", "bob", "--yes"], "bob")
            .does(|| is("bob", "switch", "off")),
        Row::new("mfa default", &["mfa", "default", "bob", "--yes"], "bob")
            .does(|| is("bob", "switch", Value::Null)),
        Row::new("bypass", &["bypass", "bob", "--for", "1h", "--reason", "phone lost"], "-")
            .does(|| count("bob", "bypasses") == 1),
    ]
}

fn resets() -> Vec<Row> {
    vec![
        Row::own("reset request", &["reset", "request", "--reason", "phone lost"], "administrator"),
        Row::new("reset refuse", &["reset", "refuse", "REQUEST"], "dan")
            .given(|stage| stage.request_of("dan"))
            .does(|| is("dan", "reset_request", Value::Null)),
        Row::new("reset approve", &["reset", "approve", "REQUEST", "--yes"], "bob")
            .given(|stage| stage.request_of("bob"))
            .does(|| count("bob", "factors") == 0 && is("bob", "reset_request", Value::Null)),
        Row::new("invite", &["invite", "bob", "--print"], "-")
            .does(|| show("bob")["invitation"]["id"].is_string()),
        Row::new("reset", &["reset", "bob", "--yes"], "1 factor")
            .given(Stage::enrolled)
            .does(|| count("bob", "factors") == 0),
    ]
}

/// What is of everybody, or of the whole host.
fn whole() -> Vec<Row> {
    vec![
        Row::new("import oath", &["import", "oath", "FOLDER/users.oath", "--yes"], "1 of 1")
            .does(|| count("dan", "factors") == 1),
        Row::new(
            "import google-authenticator",
            &["import", "google-authenticator", "FOLDER", "--yes"],
            "1 of 1",
        )
        .does(|| count("root", "factors") == 1),
        Row::new("backup", &["backup", "FOLDER/backup", "--store-key"], "The backup is in").does(
            || {
                let is_there = |who| fs::exists(format!("/run/open/{who}/backup")).unwrap();
                is_there("root") && !is_there("alice") && !is_there("carol")
            },
        ),
        Row::new("user forget", &["user", "forget", "bob", "--yes"], "is deleted")
            .given(|stage| {
                stage.enrolled();
                stage.backup();
            })
            .does(|| count("bob", "factors") == 0),
        Row::new("restore", &["restore", "/run/open/backup", "--yes"], "1 user")
            .does(|| count("bob", "factors") > 0),
        Row::pam("pam status", &["pam", "status"], ""),
        Row::pam("pam enable", &["pam", "enable", "su", "--yes"], "It is taken back").does(su_asks),
        // Nobody has logged in through it: `pam_command` has the login that confirms.
        Row {
            code: 1,
            ..Row::pam("pam confirm", &["pam", "confirm", "su"], "Nobody has logged in")
        }
        .does(su_asks),
        Row::pam("pam revert", &["pam", "revert", "su"], "Taken back").does(|| !su_asks()),
        Row::pam("pam disable", &["pam", "disable", "su", "--yes"], "nothing was changed")
            .does(|| !su_asks()),
    ]
}
