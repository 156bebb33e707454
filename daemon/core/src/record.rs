//! One user's record: everything that Twinlock remembers of them, so that one login is one
//! compare-and-swap.

use serde::{Deserialize, Serialize};

use crate::{
    dialogue::Staged,
    factor::{
        Factor, Kind,
        totp::{Check, TotpFactor},
    },
    lockout::{Gate, Lockout, Rules, counted_as},
    login::User,
    news::{Change, News},
    policy::{Method, Methods, Standing},
    response::Response,
    time::Timestamp,
};

/// The most factors of one user: what a person can keep apart, and a bound on a guess's chance.
pub const MAX_FACTORS: usize = 10;

/// The label of a factor that was given none.
pub const DEFAULT_LABEL: &str = "authenticator";

/// An enrolment came second.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("another enrolment came first")]
pub struct Superseded;

/// What stands of one user. It has no `Debug`: it holds secrets.
///
/// A field that this version does not know is an error: to pass over it would be to lose, with the
/// next change, what a later version rests on.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UserRecord {
    /// Canonical name.
    pub user: String,
    /// The uid that the name had when the record was made. A record whose uid no longer matches
    /// belongs to an earlier account of the same name.
    pub uid: u32,
    /// Enrolled factors, oldest first.
    #[serde(default)]
    pub factors: Vec<Factor>,
    /// Counters of wrong codes.
    #[serde(default)]
    pub lockout: Lockout,
    /// The per-user switch: `None` leaves it to the policy.
    #[serde(default)]
    pub mfa: Option<bool>,
    /// What the user has not been told yet.
    #[serde(default)]
    pub news: News,
    /// The first login that Twinlock saw of the user, from which a grace period runs.
    #[serde(default)]
    pub first_seen: Option<Timestamp>,
}

/// The record is another account's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UidMismatch {
    /// The uid in the record.
    pub recorded: u32,
    /// The uid that NSS gives the name now.
    pub actual: u32,
}

/// How codes are tried.
#[derive(Debug, Clone)]
pub struct CodeRules {
    /// `[totp] window`: time steps either side of now.
    pub window: u16,
    /// `[lockout]`.
    pub lockout: Rules,
}

/// What a typed code turned out to be; the record has taken note of it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub enum Verification {
    /// Right and fresh: it is used up now.
    Accepted {
        /// The factor's id.
        factor: String,
    },
    /// Right, but used before. Not counted as a guess.
    Used,
    /// Wrong, and counted.
    Wrong {
        /// It would have been right this many time steps from now.
        drift: Option<i64>,
        /// What the source may do next.
        gate: Gate,
    },
    /// Not looked at: the source waits, or the account is stopped.
    Refused(Gate),
}

impl UserRecord {
    /// An empty record.
    pub fn new(user: &User) -> Self {
        Self {
            user: user.name.clone(),
            uid: user.uid,
            factors: Vec::new(),
            lockout: Lockout::default(),
            mfa: None,
            news: News::default(),
            first_seen: None,
        }
    }

    /// That the record is this user's.
    pub fn check_owner(&self, user: &User) -> Result<(), UidMismatch> {
        if self.uid == user.uid {
            Ok(())
        } else {
            Err(UidMismatch { recorded: self.uid, actual: user.uid })
        }
    }

    /// Whether any second factor is enrolled.
    pub fn is_enrolled(&self) -> bool {
        !self.factors.is_empty()
    }

    /// What the policy needs to know of the record.
    pub fn standing(&self) -> Standing {
        let methods: Methods = self.factors.iter().map(|_| Method::Totp).collect();
        Standing { switch: self.mfa, first_login: self.first_seen, ..Standing::with(methods) }
    }

    /// What waited for the account phase takes effect.
    ///
    /// # Errors
    /// An enrolment was offered because there was no factor, and now there is one: of two
    /// enrolments at once the first wins.
    pub fn apply(&mut self, staged: &Staged) -> Result<(), Superseded> {
        match staged {
            Staged::BeginGrace { at } => self.first_seen = self.first_seen.or(Some(*at)),
            Staged::Enrol { .. } if self.is_enrolled() => return Err(Superseded),
            Staged::Enrol { factor, totp, at } => {
                let label = DEFAULT_LABEL.to_owned();
                self.enrol(factor.clone(), label, (**totp).clone(), *at).map_err(|_| Superseded)?;
            }
        }
        Ok(())
    }

    /// Tries a code and takes note of it: a right one is used up, a wrong one counted. Nothing
    /// counts before the record is committed.
    pub fn verify(
        &mut self,
        response: &Response,
        source: &str,
        rules: &CodeRules,
        now: Timestamp,
        clock: Timestamp,
    ) -> Verification {
        match self.lockout.gate(source, &rules.lockout, now) {
            Gate::Open => {}
            closed => return Verification::Refused(closed),
        }
        match self.check_totp(response, rules.window, clock) {
            Tried::Fresh { index, step } => self.accept(index, step, source, now),
            Tried::Used => Verification::Used,
            Tried::Wrong { drift } => {
                self.news.wrong_code(&counted_as(source), now);
                let gate = self.lockout.record_failure(source, &rules.lockout, now);
                Verification::Wrong { drift, gate }
            }
        }
    }

    /// Enrols a factor.
    pub fn enrol(
        &mut self,
        id: String,
        label: String,
        totp: TotpFactor,
        now: Timestamp,
    ) -> Result<(), TooManyFactors> {
        if self.factors.len() >= MAX_FACTORS {
            return Err(TooManyFactors);
        }
        self.news.change(Change::Enrolled(label.clone()), now);
        self.factors.push(Factor {
            id,
            label,
            enrolled_at: now,
            last_used_at: totp.is_confirmed().then_some(now),
            kind: Kind::Totp(totp),
        });
        Ok(())
    }

    /// Takes one factor away; says whether there was one.
    pub fn remove_factor(&mut self, id: &str, now: Timestamp) -> bool {
        let wanted = |factor: &Factor| factor.id.eq_ignore_ascii_case(id);
        let Some(index) = self.factors.iter().position(wanted) else { return false };
        let removed = self.factors.remove(index);
        self.news.change(Change::Removed(removed.label), now);
        true
    }

    /// Takes every factor away and clears the counters; the record becomes this user's. What was
    /// said of an earlier account of the name is not said of this one.
    pub fn reset(&mut self, user: &User, now: Timestamp) {
        let empty = Self::new(user);
        *self = match self.check_owner(user) {
            Ok(()) => Self { mfa: self.mfa, first_seen: self.first_seen, ..empty },
            Err(_) => empty,
        };
        self.news.change(Change::Reset, now);
    }

    fn check_totp(&self, response: &Response, window: u16, clock: Timestamp) -> Tried {
        let Some(code) = response.digits() else { return Tried::Wrong { drift: None } };
        let mut outcome = Tried::Wrong { drift: None };
        for (index, factor) in self.factors.iter().enumerate() {
            let Kind::Totp(totp) = &factor.kind;
            match (totp.check(&code, window, clock), &outcome) {
                (Check::Fresh { step }, _) => return Tried::Fresh { index, step },
                (Check::Used, _) => outcome = Tried::Used,
                (Check::Wrong { drift: Some(drift) }, Tried::Wrong { drift: None }) => {
                    outcome = Tried::Wrong { drift: Some(drift) };
                }
                (Check::Wrong { .. }, _) => {}
            }
        }
        outcome
    }

    fn accept(&mut self, index: usize, step: u64, source: &str, now: Timestamp) -> Verification {
        let factor = &mut self.factors[index];
        let Kind::Totp(totp) = &mut factor.kind;
        totp.accept(step);
        factor.last_used_at = Some(now);
        let factor = factor.id.clone();
        self.lockout.record_success(source);
        Verification::Accepted { factor }
    }
}

/// What a code is to all factors of a record together.
enum Tried {
    Fresh { index: usize, step: u64 },
    Used,
    Wrong { drift: Option<i64> },
}

/// A user has [`MAX_FACTORS`] already.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("there are {MAX_FACTORS} factors already; remove one first")]
pub struct TooManyFactors;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::factor::totp::Secret;

    const NOW: Timestamp = Timestamp::from_secs(60);

    fn alice() -> User {
        User { name: "alice".to_owned(), uid: 1000, groups: Vec::new() }
    }

    fn rules() -> CodeRules {
        CodeRules { window: 1, lockout: Rules::default() }
    }

    fn enrolled() -> UserRecord {
        let mut record = UserRecord::new(&alice());
        let totp = TotpFactor::new(Secret::new(b"12345678901234567890".to_vec()));
        record.enrol("7F3KQ2".to_owned(), "phone".to_owned(), totp, NOW).unwrap();
        record
    }

    fn verify(record: &mut UserRecord, code: &str) -> Verification {
        record.verify(&Response::new(code.to_owned()), "local", &rules(), NOW, NOW)
    }

    #[test]
    fn a_right_code_is_used_up_and_its_second_use_is_no_guess() {
        let mut record = enrolled();
        assert_eq!(
            verify(&mut record, "359152"),
            Verification::Accepted { factor: "7F3KQ2".to_owned() }
        );
        assert_eq!(verify(&mut record, "359152"), Verification::Used);
        assert_eq!(record.lockout.consecutive(), 0);
    }

    #[test]
    fn while_a_source_waits_even_the_right_code_is_not_looked_at() {
        let mut record = enrolled();
        for _ in 0..5 {
            assert!(matches!(verify(&mut record, "000000"), Verification::Wrong { .. }));
        }
        let before = record.clone();
        assert!(matches!(verify(&mut record, "359152"), Verification::Refused(Gate::Wait(_))));
        assert!(record == before, "a refused code changes nothing");
        let code = Response::new("359152".to_owned());
        let elsewhere = record.verify(&code, "203.0.113.9", &rules(), NOW, NOW);
        assert!(matches!(elsewhere, Verification::Accepted { .. }));
    }

    #[test]
    fn without_a_factor_every_code_is_wrong() {
        let mut record = UserRecord::new(&alice());
        for code in ["", "000000", "359152"] {
            assert!(matches!(verify(&mut record, code), Verification::Wrong { .. }), "{code:?}");
        }
    }

    #[test]
    fn a_second_authenticator_does_not_hide_that_a_code_was_used() {
        let mut record = enrolled();
        let other = TotpFactor::new(Secret::new(b"another secret of 20".to_vec()));
        record.enrol("ZZZZZZ".to_owned(), "tablet".to_owned(), other, NOW).unwrap();
        assert!(matches!(verify(&mut record, "359152"), Verification::Accepted { .. }));
        assert_eq!(verify(&mut record, "359152"), Verification::Used);
    }

    #[test]
    fn a_record_survives_its_stored_form() {
        let mut record = enrolled();
        let _ = verify(&mut record, "359152");
        let _ = verify(&mut record, "000000");
        let stored = serde_json::to_vec(&record).unwrap();
        assert!(serde_json::from_slice::<UserRecord>(&stored).unwrap() == record);
    }

    #[test]
    fn another_account_of_the_same_name_is_not_the_owner() {
        let newcomer = User { uid: 1001, ..alice() };
        let mismatch = UidMismatch { recorded: 1000, actual: 1001 };
        assert_eq!(enrolled().check_owner(&newcomer), Err(mismatch));
        let mut record = enrolled();
        record.reset(&newcomer, NOW);
        assert_eq!(record.check_owner(&newcomer), Ok(()));
        assert!(!record.is_enrolled());
    }
}
