//! What the rigs' daemon knows and has been asked, and how it answers.

use std::collections::BTreeMap;

use twinlock_bus_api::account::{
    EnrolledFactor, EnrolmentOffer, EnrolmentOptions, Problem, UserStatus,
};
use twinlock_bus_api::error::{Error, Result};
use twinlock_bus_api::history::{DamagedDay, LogEvent};
use twinlock_bus_api::import::AccountImport;
use twinlock_bus_api::policy::ConfigurationStatus;
use twinlock_bus_api::voucher::{
    BypassOptions, InvitationOptions, ResetOutcome, ResetRequestInfo, Voucher,
};

use super::daemon::{LOCKING, NOW, RIGHT, SECRET, USED};
use super::refusals;
use super::users::{enrolled, factor};

/// The code of every invitation and bypass.
pub const PRINTED: &str = "7F3K-Q2M8-1040-G208";

/// What the daemon knows and has been asked.
#[derive(Default)]
pub struct State {
    pub(super) users: BTreeMap<String, UserStatus>,
    /// Those who have no record.
    pub(super) strangers: BTreeMap<String, UserStatus>,
    /// Those whom the user database has no more.
    pub(super) lost: Vec<String>,
    /// Whether the user database fails.
    pub(super) has_no_directory: bool,
    /// Whom `Self` is about.
    pub(super) caller: String,
    /// Whether `Admin` refuses the caller.
    pub(super) forbids: bool,
    /// The open enrolment's user.
    pub(super) open: Option<(String, String)>,
    /// Its version where that is not the command's; empty where it does not know the question.
    pub version: Option<&'static str>,
    /// Whose record is damaged.
    pub damaged: Vec<String>,
    /// What happened.
    pub log: Vec<LogEvent>,
    /// What cannot be read of it; `log` tells it once.
    pub damaged_days: Vec<DamagedDay>,
    /// What is in force; the files say the same where it does not tell.
    pub configuration: ConfigurationStatus,
    /// The requests for a reset that wait.
    pub requested: Vec<ResetRequestInfo>,
    /// Its time of day where that is not the person's.
    pub clock: Option<u64>,
    /// The backup that is made or handed over.
    pub transfer: Vec<u8>,
    /// The requests that change something, in order.
    pub requests: Vec<String>,
}

impl State {
    pub fn import(&mut self, user: &str, import: &AccountImport) -> Result<()> {
        self.user(user)?;
        if user == "slow" {
            return Err(refusals::unwritable_store());
        }
        let factors = import.factors.as_deref().unwrap_or_default();
        let told = factors.iter().map(|factor| {
            let secret = factor.secret.as_deref().unwrap_or_default();
            let what =
                factor.counter.map_or("app".to_owned(), |counter| format!("token {counter}"));
            format!(" {what} {} {secret}", factor.digits.unwrap_or_default())
        });
        let told: String = told.collect();
        let codes = import.scratch_codes.as_deref().unwrap_or_default().join(" ");
        let replace = import.replace.unwrap_or_default();
        self.requests.push(format!("import {user}{told} [{codes}] {replace}"));
        Ok(())
    }

    pub(super) fn version(&self) -> zbus::fdo::Result<String> {
        match self.version.unwrap_or(env!("CARGO_PKG_VERSION")) {
            "" => Err(zbus::fdo::Error::UnknownMethod("Unknown method 'Version'".to_owned())),
            version => Ok(version.to_owned()),
        }
    }

    /// Of whom a list cannot tell.
    pub(super) fn problems(&self) -> Vec<Problem> {
        let problem = |user: &String| Problem { user: user.clone(), text: refusals::damage(user) };
        self.damaged.iter().map(problem).collect()
    }

    /// No user has a record, and nobody else is known.
    pub fn forget_everybody(&mut self) {
        self.users.clear();
        self.strangers.clear();
    }

    /// The user database has this user no more; the record stays.
    pub fn lose(&mut self, name: &str) {
        self.lost.push(name.to_owned());
    }

    /// What stands of one of its users, to be changed by a test.
    pub fn status_mut(&mut self, name: &str) -> &mut UserStatus {
        self.user(name).unwrap()
    }

    pub(super) fn user(&mut self, name: &str) -> Result<&mut UserStatus> {
        if self.damaged.iter().any(|user| user == name) {
            return Err(Error::RecordUnreadable(refusals::damage(name)));
        }
        let found = self.users.get_mut(name).or_else(|| self.strangers.get_mut(name));
        found.ok_or_else(|| refusals::unknown_user(name))
    }

    pub(super) fn check(&mut self, name: &str, code: &str) -> Result<()> {
        if self.user(name)?.factors.is_empty() {
            return Err(refusals::not_enrolled(name));
        }
        match code {
            RIGHT => Ok(()),
            USED => Err(refusals::used_code()),
            LOCKING => Err(refusals::locked()),
            _ => Err(refusals::wrong_code()),
        }
    }

    pub(super) fn begin(
        &mut self,
        name: &str,
        options: EnrolmentOptions,
    ) -> Result<EnrolmentOffer> {
        self.requests.push(format!("begin {name} '{}'", options.label));
        if !self.user(name)?.factors.is_empty() {
            if options.code.is_empty() {
                return Err(refusals::code_required());
            }
            self.check(name, &options.code)?;
        }
        let enrolment = if options.unconfirmed { 0 } else { 7 };
        self.open = Some((name.to_owned(), options.label));
        Ok(EnrolmentOffer {
            enrolment,
            user: name.to_owned(),
            factor: "k2".to_owned(),
            account: format!("{name}@web1"),
            secret: SECRET.to_owned(),
            uri: format!("otpauth://totp/web1:{name}?secret={SECRET}&issuer=web1"),
        })
    }

    /// That a user who enrols with an invitation gives it.
    pub(super) fn check_invited(&mut self, name: &str, options: &EnrolmentOptions) -> Result<()> {
        let status = self.user(name)?;
        if status.enrolment.as_deref() != Some("invitation") || !status.factors.is_empty() {
            return Ok(());
        }
        match (options.code.as_str(), &status.invitation) {
            ("", None) => Err(refusals::uninvited(name)),
            ("", Some(_)) => Err(refusals::invitation_required()),
            (PRINTED, Some(_)) => Ok(()),
            (LOCKING, _) => Err(refusals::locked()),
            _ => Err(refusals::not_invited()),
        }
    }

    pub(super) fn confirm(&mut self, enrolment: u64, code: &str) -> Result<EnrolledFactor> {
        let Some((user, label)) = self.open.clone().filter(|_| enrolment == 7) else {
            return Err(refusals::no_enrolment());
        };
        if code != RIGHT {
            return Err(refusals::wrong_code());
        }
        self.open = None;
        let factor = factor("k2", &label);
        let factors = &mut self.user(&user)?.factors;
        let enrolled = enrolled(&factor, factors.is_empty());
        factors.push(factor);
        self.requests.push(format!("enrol {user} '{label}'"));
        Ok(enrolled)
    }

    pub(super) fn admit(&self) -> Result<()> {
        if self.forbids {
            return Err(refusals::forbidden());
        }
        Ok(())
    }

    pub(super) fn invite(&mut self, user: &str, options: &InvitationOptions) -> Result<Voucher> {
        let InvitationOptions { seconds, print } = options;
        self.requests.push(format!("invite {user} {seconds:?} {print:?}"));
        if !self.user(user)?.factors.is_empty() {
            return Err(refusals::enrolled_already(user));
        }
        let code = code_for(user, print.unwrap_or_default());
        Ok(Voucher {
            user: user.to_owned(),
            id: "N1".to_owned(),
            sent_to: sent_to(code.as_ref()),
            code,
            until: NOW + seconds.unwrap_or_default(),
        })
    }

    pub(super) fn bypass(&mut self, user: &str, options: &BypassOptions) -> Result<Voucher> {
        let BypassOptions { seconds, uses, from, reason } = options;
        self.requests.push(format!("bypass {user} {seconds} {uses:?} {from:?} {reason:?}"));
        self.user(user)?;
        if let Some(name) = from.as_deref().filter(|from| from.contains("web")) {
            return Err(refusals::no_address(name));
        }
        Ok(Voucher {
            user: user.to_owned(),
            id: "B1".to_owned(),
            code: Some(PRINTED.to_owned()),
            until: NOW + seconds,
            sent_to: sent_to(code_for(user, false).as_ref()),
        })
    }

    pub(super) fn request(&mut self, reason: &str) -> Result<ResetRequestInfo> {
        let user = self.caller.clone();
        self.requests.push(format!("request {user} {reason:?}"));
        if self.requested.iter().any(|request| request.user == user) {
            return Err(refusals::requested_already("Q1"));
        }
        let request = request("Q1", &user, (!reason.is_empty()).then_some(reason));
        self.requested.push(request.clone());
        Ok(request)
    }

    pub(super) fn cancel(&mut self) -> Result<()> {
        let user = self.caller.clone();
        self.requests.push(format!("cancel request of {user}"));
        let before = self.requested.len();
        self.requested.retain(|request| request.user != user);
        if self.requested.len() == before {
            return Err(refusals::nothing_requested(&user));
        }
        Ok(())
    }

    pub(super) fn decide(&mut self, how: &str, id: &str) -> Result<String> {
        self.requests.push(format!("{how} {id}"));
        let found = self.requested.iter().position(|request| request.id == id);
        let found = found.ok_or_else(|| refusals::no_request(id))?;
        Ok(self.requested.remove(found).user)
    }

    pub(super) fn reset(&mut self, user: String, print: bool) -> ResetOutcome {
        self.damaged.retain(|damaged| *damaged != user);
        let lost = match self.user(&user) {
            Ok(status) => std::mem::take(&mut status.factors).len(),
            Err(error) => {
                let text = refusals::sentence(&error);
                return ResetOutcome { user, text, ..ResetOutcome::default() };
            }
        };
        let lost = match lost {
            0 => "nothing, for there was nothing".to_owned(),
            1 => "1 factor".to_owned(),
            more => format!("{more} factors"),
        };
        let code = code_for(&user, print);
        ResetOutcome {
            text: format!("Taken away: {lost}."),
            done: true,
            // dave's host needs no invitation after a reset.
            invitation: (user != "dave").then(|| "N1".to_owned()),
            until: Some(NOW + 3 * 86_400),
            sent_to: Some(sent_to(code.as_ref())),
            code,
            user,
        }
    }
}

/// A request that was made three days ago.
pub fn request(id: &str, user: &str, reason: Option<&str>) -> ResetRequestInfo {
    ResetRequestInfo {
        id: id.to_owned(),
        user: user.to_owned(),
        since: NOW - 3 * 86_400,
        expires: NOW + 4 * 86_400,
        source: "203.0.113.9".to_owned(),
        service: "sshd".to_owned(),
        reason: reason.map(str::to_owned),
    }
}

/// Only alice can be written to.
fn code_for(user: &str, print: bool) -> Option<String> {
    (print || user != "alice").then(|| PRINTED.to_owned())
}

fn sent_to(code: Option<&String>) -> Vec<String> {
    let to = ["a…@example.org", "+…23"];
    if code.is_some() { Vec::new() } else { to.map(str::to_owned).to_vec() }
}
