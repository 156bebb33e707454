//! One user of a report.

use jiff::Timestamp;
use twinlock_bus_api::account::{Problem, UserStatus};
use twinlock_bus_api::voucher::BypassInfo;

use super::METHODS;
use crate::render::{count, rfc3339};

/// The state of a user whose record cannot be read.
pub const UNREADABLE: &str = "unreadable";

const DAY: u64 = 86_400;

/// What is told of one user.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Person {
    /// Canonical name.
    pub user: String,
    /// Numeric user id; none where the record cannot be read.
    pub uid: Option<u32>,
    /// `enrolled`, `pending`, `unenrolled`, `locked`, `mismatch` or [`UNREADABLE`].
    pub state: String,
    /// Whether the user database of the host has them.
    pub known: bool,
    /// Whether they have set up a second factor, which a lock leaves as it is.
    pub enrolled: bool,
    /// What the policy demands of them; none where it was not asked.
    pub second_factor: Option<String>,
    /// By which they can show a second factor, in the order of [`METHODS`].
    pub methods: Vec<String>,
    /// Since when they have had one of today's factors.
    pub enrolled_since: Option<u64>,
    /// When a factor was last used.
    pub last_used_at: Option<u64>,
    /// Recovery codes that are left.
    pub recovery_codes: u32,
    /// Until when they can put an enrolment off.
    pub deadline: Option<u64>,
    /// Why they are let in without a second factor now, wherever they come from.
    pub exemptions: Vec<String>,
    /// Bypass codes that can be used, without the codes.
    pub bypasses: Vec<BypassInfo>,
    /// Hosts from which no code is asked.
    pub trusted_hosts: usize,
    /// Consecutive wrong codes.
    pub failures: u32,
    /// Why nothing else is known of them.
    pub problem: Option<String>,
}

impl Person {
    /// A user by their status. `known` says whether the user database has them, and so whether the policy
    /// was asked.
    pub fn new(status: &UserStatus, known: bool, now: Timestamp) -> Self {
        let enrolled = match status.state.as_str() {
            "enrolled" => true,
            "locked" if known => status.enrolment.is_none(),
            "locked" => !status.factors.is_empty(),
            _ => false,
        };
        let since = status.factors.iter().map(|factor| factor.enrolled_at).min();
        let recovery_codes = status.recovery_codes.unwrap_or_default();
        let has = |method: &str| match method {
            "recovery" => recovery_codes > 0,
            other => status.factors.iter().any(|factor| factor.method == other),
        };
        Self {
            user: status.user.clone(),
            uid: Some(status.uid),
            state: status.state.clone(),
            known,
            enrolled,
            second_factor: status.second_factor.clone(),
            methods: METHODS
                .map(|(method, _)| method.to_owned())
                .into_iter()
                .filter(|m| has(m))
                .collect(),
            enrolled_since: since.filter(|_| enrolled),
            last_used_at: status.factors.iter().filter_map(|factor| factor.last_used_at).max(),
            recovery_codes,
            deadline: status.deadline,
            exemptions: exemptions(status, enrolled, now),
            bypasses: status.bypasses.clone().unwrap_or_default(),
            trusted_hosts: status.trusted_hosts.as_ref().map_or(0, Vec::len),
            failures: status.failures,
            problem: None,
        }
    }

    /// A user whose record cannot be read, and whether it once could.
    pub fn unreadable(problem: &Problem, recorded: Option<&UserStatus>) -> Self {
        Self {
            user: problem.user.clone(),
            uid: recorded.map(|status| status.uid),
            state: UNREADABLE.to_owned(),
            known: true,
            problem: Some(problem.text.clone()),
            ..Self::default()
        }
    }

    /// What a reader has to know besides the columns, a phrase each, not yet escaped.
    pub fn notes(&self) -> Vec<String> {
        let mut notes = self.exemptions.clone();
        notes.extend(self.bypasses.iter().map(bypass));
        match self.state.as_str() {
            "mismatch" => notes.push("the record is of another user id".to_owned()),
            "locked" if self.failures > 0 => {
                notes.push(format!("{} in a row", count(self.failures as usize, "wrong code")));
            }
            _ => {}
        }
        if !self.known {
            notes.push("not in the user database".to_owned());
        }
        notes.extend(self.problem.clone());
        notes
    }
}

/// The day of a time in UTC, `2026-11-18`; `never` where there is none.
pub fn day(at: Option<u64>) -> String {
    at.and_then(rfc3339).map_or_else(|| "never".to_owned(), |at| at.chars().take(10).collect())
}

/// `bypass code B1 until 2026-11-21T12:06:40Z, 1 use left, from 203.0.113.9, by root: lost the phone`
pub fn bypass(bypass: &BypassInfo) -> String {
    let BypassInfo { id, until, uses_left, from, reason, by, .. } = bypass;
    let until = rfc3339(*until).unwrap_or_default();
    let uses = count(*uses_left as usize, "use");
    let from = from.as_ref().map(|from| format!(", from {from} only")).unwrap_or_default();
    format!("bypass code {id} until {until}, {uses} left{from}, by {by}: {reason}")
}

/// By the switch of the user, by what the policy demands of them, or for now.
fn exemptions(status: &UserStatus, enrolled: bool, now: Timestamp) -> Vec<String> {
    if status.switch == Some(false) {
        return vec!["switched off for this user".to_owned()];
    }
    let reason = match status.second_factor.as_deref() {
        Some("off") => "the policy asks for nothing".to_owned(),
        Some("voluntary") if !enrolled => "not enrolled, and need not be".to_owned(),
        Some("enrolled") if !enrolled => "not enrolled; only who is enrolled is asked".to_owned(),
        Some(_) if !enrolled => return putting_off(status, now).into_iter().collect(),
        _ => return Vec::new(),
    };
    vec![reason]
}

/// A second factor is required, and not yet.
fn putting_off(status: &UserStatus, now: Timestamp) -> Option<String> {
    let to_come = |at: &u64| i64::try_from(*at).is_ok_and(|at| at > now.as_second());
    if let Some(deadline) = status.deadline.filter(to_come) {
        return Some(format!("need not enrol before {}", day(Some(deadline))));
    }
    if let Some(from) = status.required_from.filter(to_come) {
        return Some(format!("need not enrol before {}", day(Some(from))));
    }
    let days = usize::try_from(status.grace?.div_ceil(DAY)).ok()?;
    Some(format!("{} of grace from the next login on", count(days, "day")))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: u64 = 1_795_262_400;

    fn of(status: &UserStatus) -> Person {
        Person::new(status, true, Timestamp::from_second(NOW.cast_signed()).unwrap())
    }

    fn demanded(second_factor: &str) -> UserStatus {
        UserStatus { second_factor: Some(second_factor.to_owned()), ..UserStatus::default() }
    }

    #[test]
    fn who_is_let_in_without_a_second_factor_has_a_reason() {
        let (soon, past) = (Some(NOW + DAY), Some(NOW - DAY));
        for (status, reason) in [
            (demanded("off"), Some("the policy asks for nothing")),
            (demanded("voluntary"), Some("not enrolled, and need not be")),
            (demanded("enrolled"), Some("not enrolled; only who is enrolled is asked")),
            (demanded("required"), None),
            (UserStatus { deadline: past, ..demanded("always") }, None),
            (
                UserStatus { deadline: soon, ..demanded("required") },
                Some("need not enrol before 2026-11-22"),
            ),
            (
                UserStatus { required_from: soon, ..demanded("required") },
                Some("need not enrol before 2026-11-22"),
            ),
            (
                UserStatus { grace: Some(DAY), ..demanded("required") },
                Some("1 day of grace from the next login on"),
            ),
            (
                UserStatus { switch: Some(false), ..demanded("off") },
                Some("switched off for this user"),
            ),
            (UserStatus { switch: Some(true), ..demanded("required") }, None),
        ] {
            let person = of(&status);
            assert_eq!(person.exemptions.first().map(String::as_str), reason, "{status:?}");
            let enrolled = UserStatus { state: "enrolled".to_owned(), ..status };
            let is_off = matches!(enrolled.second_factor.as_deref(), Some("off"));
            assert_eq!(of(&enrolled).exemptions.is_empty(), !is_off, "{enrolled:?}");
        }
    }

    #[test]
    fn a_lock_takes_nobody_s_enrolment_away() {
        let locked = UserStatus { state: "locked".to_owned(), ..demanded("required") };
        assert!(of(&locked).enrolled);
        let none = UserStatus { enrolment: Some("at-login".to_owned()), ..locked };
        assert!(!of(&none).enrolled);
    }
}
