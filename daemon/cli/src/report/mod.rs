//! What an auditor asks: who has a second factor, since when, who has none and why, and how logins went.
//!
//! ```text
//! statuses ──► person.rs ─────┐
//! exemptions ─────────────────┼─► Report ─► csv.rs, html/ with plot/, render/report.rs, render/json/report.rs
//! log ───────► logins.rs ─────┘
//! ```
//!
//! It holds no secret and no code: the statuses and events of the bus have none.

pub mod csv;
pub mod file;
pub mod html;
pub mod logins;
pub mod person;
pub mod plot;

use jiff::Timestamp;
use twinlock_bus_api::history::DamagedDay;
use twinlock_bus_api::policy::Exemption;

pub use logins::{Day, Logins};
pub use person::Person;

use crate::render::{count, history};

/// The ways in which a second factor can be shown, by their words on the wire, and what people call them.
pub const METHODS: [(&str, &str); 5] = [
    ("totp", "authenticator app"),
    ("hotp", "counting token"),
    ("email", "code by e-mail"),
    ("sms", "code by text message"),
    ("recovery", "recovery codes"),
];

/// All that is told.
pub struct Report {
    /// The name of the host.
    pub host: String,
    /// When it was made.
    pub made: Timestamp,
    /// Since when logins are counted.
    pub since: Timestamp,
    /// `enforce` or `observe`; none where no user could be looked at.
    pub mode: Option<String>,
    /// Everybody, by name.
    pub people: Vec<Person>,
    /// Rules of the policy in force that let people in without a second factor.
    pub policy: Vec<Exemption>,
    /// Logins by day.
    pub logins: Logins,
    /// Days of whose log a part cannot be read, so that logins of them may be missing.
    pub damaged: Vec<DamagedDay>,
}

/// How many of each.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Totals {
    /// Users.
    pub users: usize,
    /// Users with a second factor, locked ones among them.
    pub enrolled: usize,
    /// Users of whom one is or will be required, and who have none.
    pub pending: usize,
    /// Users who must wait or be unlocked.
    pub locked: usize,
    /// Users who are let in without one now, wherever they come from.
    pub exempt: usize,
    /// Bypass codes that can be used.
    pub bypasses: usize,
    /// Trusted hosts, of all users together.
    pub trusted_hosts: usize,
    /// Users who could not be looked at.
    pub unreadable: usize,
}

impl Report {
    /// Whether nobody is asked for anything: `mode = "observe"`.
    pub fn only_observes(&self) -> bool {
        self.mode.as_deref() == Some("observe")
    }

    /// How many of each.
    pub fn totals(&self) -> Totals {
        let count =
            |is_one: &dyn Fn(&Person) -> bool| self.people.iter().filter(|it| is_one(it)).count();
        Totals {
            users: self.people.len(),
            enrolled: count(&|person| person.enrolled),
            pending: count(&|person| person.state == "pending"),
            locked: count(&|person| person.state == "locked"),
            exempt: count(&|person| !person.exemptions.is_empty()),
            bypasses: self.people.iter().map(|person| person.bypasses.len()).sum(),
            trusted_hosts: self.people.iter().map(|person| person.trusted_hosts).sum(),
            unreadable: count(&|person| person.problem.is_some()),
        }
    }

    /// What is missing in it; empty where it is complete.
    pub fn missing(&self) -> Vec<String> {
        let unreadable = self.totals().unreadable;
        let users = (unreadable > 0)
            .then(|| format!("{} could not be looked at", count(unreadable, "user")));
        let logins = (!self.damaged.is_empty()).then(|| {
            format!(
                "{} could not be read, so logins may be missing",
                history::blocks(&self.damaged)
            )
        });
        users.into_iter().chain(logins).collect()
    }

    /// How many users can show a second factor by this method.
    pub fn with_method(&self, method: &str) -> usize {
        self.people.iter().filter(|person| person.methods.iter().any(|it| it == method)).count()
    }
}
