//! What becomes of each user whose factors were found.

use std::collections::HashMap;

use twinlock_bus_api::account::UserStatus;
use twinlock_bus_api::import::{AccountImport, ImportedFactor};

use super::{Account, Factor, Moving};
use crate::secret::Secret;

/// The most factors of one user, and the most codes: what a record holds.
const MOST: usize = 10;

/// What will be done about a user.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub enum Verdict {
    /// Everything is taken.
    Take,
    /// It takes the place of so many factors.
    Replace(usize),
    /// Nothing is done, and nothing need be: why.
    Skip(String),
    /// It cannot be done: why.
    Refuse(String),
}

impl Verdict {
    /// Whether the user is imported.
    pub const fn goes_ahead(&self) -> bool {
        matches!(self, Self::Take | Self::Replace(_))
    }

    /// What becomes of an account, by what the daemon says of its user.
    pub fn of(account: &Account, standing: &Standing, replace: bool) -> Self {
        if account.factors.len() > MOST || account.scratch.len() > MOST {
            return Self::Refuse(format!("at most {MOST} factors and {MOST} codes of one user"));
        }
        if let Some(problem) = standing.problems.get(&account.user) {
            return Self::Refuse(problem.clone());
        }
        match standing.statuses.get(&account.user) {
            None => Self::Skip("no such user on this host".to_owned()),
            Some(status) if status.state == "mismatch" => Self::Refuse(format!(
                "the record is an earlier account's; 'twinlock reset {}' first",
                account.user
            )),
            Some(status) if status.factors.is_empty() => Self::Take,
            Some(status) if replace => Self::Replace(status.factors.len()),
            Some(_) => Self::Skip("has a factor already (--replace takes its place)".to_owned()),
        }
    }
}

/// What the daemon says of the users.
#[derive(Default)]
pub struct Standing {
    /// By name; who is not there is no user.
    pub statuses: HashMap<String, UserStatus>,
    /// Why it cannot be told, by name.
    pub problems: HashMap<String, String>,
}

/// What is sent to the daemon for one user.
pub fn request(account: &Account, origin: &str, replace: bool) -> AccountImport {
    let mut import = AccountImport::default();
    import.origin = Some(origin.to_owned());
    import.factors = Some(account.factors.iter().map(|factor| imported(factor, origin)).collect());
    let codes = account.scratch.iter().map(|code| code.expose().to_owned());
    import.scratch_codes = Some(codes.collect());
    import.replace = Some(replace);
    import
}

fn imported(factor: &Factor, label: &str) -> ImportedFactor {
    let mut imported = ImportedFactor::default();
    imported.secret = Some(factor.secret.expose().to_owned());
    imported.label = Some(label.to_owned());
    imported.digits = Some(factor.digits);
    match factor.moving {
        Moving::Time(period) => imported.period = Some(period),
        Moving::Counter(counter) => imported.counter = Some(counter),
    }
    imported.last_step = factor.last_step;
    imported.last_code = factor.last_code.as_ref().map(Secret::expose).map(str::to_owned);
    imported
}
