//! What stands of users: what their record says, and what the policy demands of them.
//!
//! The policy is asked for the strictest of what a login through one of `account_services` can
//! meet, from any source and with any first factor: see [`Policy::outlook`].
//!
//! [`Policy::outlook`]: twinlock_core::policy::Policy::outlook

use std::time::Duration;

use twinlock_bus_api::{
    account::{FactorInfo, Problem, UserStatus},
    error::{Error, Result},
    voucher::{BypassInfo, InvitationInfo},
};
use twinlock_core::{
    factor::Factor,
    login::User,
    policy::{Outlook, Timing},
    record::UserRecord,
    time::Timestamp,
    voucher::{Invitation, Place},
};

use super::{
    account::{Accounts, Authority},
    contacts::contacts,
    errors,
    fresh_code::usable,
    requests::waiting,
    trust::trusted_hosts,
};

/// Users in one call of `Statuses`.
const MOST_STATUSES: usize = 1_000;

/// How long the user database may take over one call of `Statuses`: less than a client waits.
const LONGEST: Duration = Duration::from_secs(20);

impl Accounts {
    /// What stands of one user, for themselves or for an administrator.
    pub(super) async fn status(&self, user: &User, authority: Authority) -> Result<UserStatus> {
        let found = self.engine.read(&user.name).await;
        let record = found.map_err(|error| errors::trouble(&self.engine, &user.name, &error))?;
        Ok(self.describe(user, record, authority))
    }

    /// What stands of everyone who has a record, and whose record cannot be read. The user database
    /// is not asked, so neither is the policy.
    pub(super) async fn list(&self) -> Result<(Vec<UserStatus>, Vec<Problem>)> {
        let records = self.engine.read_all().await;
        let records = records.map_err(|error| errors::trouble(&self.engine, "", &error))?;
        let summary = |record| self.summary(record, Authority::Administrator);
        let users = records.read.iter().map(summary).collect();
        Ok((users, errors::problems(&self.engine, records.unread)))
    }

    /// What stands of those of these users whom NSS knows, and of whom it cannot be told.
    ///
    /// One after the other, so that the look-ups of logins never wait for these; the first that
    /// fails ends the call, because the next would fail as slowly.
    pub(super) async fn statuses(
        &self,
        names: &[String],
    ) -> Result<(Vec<UserStatus>, Vec<Problem>)> {
        if names.len() > MOST_STATUSES {
            return Err(Error::InvalidArgument(format!(
                "At most {MOST_STATUSES} users at once; ask for the others in a further call."
            )));
        }
        tokio::time::timeout(LONGEST, self.look_through(names)).await.unwrap_or_else(|_| {
            Err(Error::Unavailable(format!(
                "The user database takes longer than {} seconds over {} users; ask for fewer at \
                 once.",
                LONGEST.as_secs(),
                names.len()
            )))
        })
    }

    async fn look_through(&self, names: &[String]) -> Result<(Vec<UserStatus>, Vec<Problem>)> {
        let (mut statuses, mut problems) = (Vec::new(), Vec::new());
        for name in names {
            let found = self.engine.find_user(name).await;
            let found = found.map_err(|error| errors::trouble(&self.engine, name, &error))?;
            let Some(user) = found else { continue };
            match self.engine.read(&user.name).await {
                Ok(record) => {
                    statuses.push(self.describe(&user, record, Authority::Administrator));
                }
                Err(error) if error.is_of_one_record() => problems.push(Problem {
                    user: name.clone(),
                    text: errors::sentence(&errors::trouble(&self.engine, &user.name, &error)),
                }),
                Err(error) => return Err(errors::trouble(&self.engine, &user.name, &error)),
            }
        }
        Ok((statuses, problems))
    }

    /// The status of a user whose record is this one.
    pub(super) fn describe(
        &self,
        user: &User,
        record: Option<UserRecord>,
        authority: Authority,
    ) -> UserStatus {
        let record = record.unwrap_or_else(|| UserRecord::new(user));
        let mut status = self.summary(&record, authority);
        let settings = self.engine.settings();
        let policy = &settings.policy;
        status.mode = (authority == Authority::Administrator).then(|| policy.mode.to_string());
        if record.check_owner(user).is_err() {
            "mismatch".clone_into(&mut status.state);
            if authority == Authority::Own {
                // Everything else is somebody else's.
                let UserStatus { user: name, state, .. } = status;
                return UserStatus { user: name, uid: user.uid, state, ..UserStatus::default() };
            }
            return status;
        }
        let standing = record.standing(settings.channels);
        let outlook = policy.outlook(user, &standing, self.engine.now().horizon);
        if !record.is_enrolled() {
            status.enrolment = Some(policy.enrolment_on_own_word(user, &standing).to_string());
        }
        tell(&outlook, &mut status);
        let methods = usable(&record, &settings, user);
        let words = methods.iter().map(|method| method.as_str().to_owned());
        status.code_methods = Some(words.collect());
        status
    }

    fn summary(&self, record: &UserRecord, authority: Authority) -> UserStatus {
        let settings = self.engine.settings();
        let now = self.engine.now().horizon;
        let waits = record.lockout.waits(&settings.codes.lockout, now);
        let state = match record {
            _ if record.lockout.is_stopped() || !waits.is_empty() => "locked",
            _ if record.is_enrolled() => "enrolled",
            _ => "unenrolled",
        };
        UserStatus {
            user: record.user.clone(),
            uid: record.uid,
            state: state.to_owned(),
            factors: factors(record),
            failures: record.lockout.consecutive(),
            stopped: record.lockout.is_stopped(),
            waits: waits.into_iter().map(|(source, until)| (source, until.as_secs())).collect(),
            switch: record.mfa,
            invitation: record.invitation.as_ref().filter(|i| now < i.until).map(invited),
            bypasses: bypasses(record, now),
            reset_request: waiting(record, now),
            recovery_codes: Some(u32::try_from(record.recovery_left()).unwrap_or(u32::MAX)),
            contacts: Some(contacts(record, authority)),
            trusted_hosts: Some(trusted_hosts(record, now)),
            ..UserStatus::default()
        }
    }
}

/// What the policy demands, in the keys of a status.
fn tell(outlook: &Outlook, status: &mut UserStatus) {
    status.second_factor = Some(outlook.demand.to_string());
    let Some(due) = outlook.due else { return };
    if status.state == "unenrolled" {
        "pending".clone_into(&mut status.state);
    }
    let seconds = |time: Timestamp| Some(time.as_secs());
    match due {
        Timing::Enforced => {}
        Timing::BeforeDate { from, deadline } => {
            (status.required_from, status.deadline) = (seconds(from), seconds(deadline));
        }
        Timing::Grace { deadline, begins: false } => status.deadline = seconds(deadline),
        Timing::Grace { begins: true, .. } => {
            status.grace = outlook.terms.schedule.grace.map(|grace| grace.as_secs());
        }
    }
}

/// An invitation without its code.
fn invited(invitation: &Invitation) -> InvitationInfo {
    InvitationInfo { id: invitation.id.clone(), until: invitation.until.as_secs() }
}

/// The bypass codes that can be used, without the codes.
fn bypasses(record: &UserRecord, now: Timestamp) -> Option<Vec<BypassInfo>> {
    let alive: Vec<_> = record
        .bypasses
        .iter()
        .filter(|bypass| bypass.is_alive(now))
        .map(|bypass| BypassInfo {
            id: bypass.id.clone(),
            since: bypass.since.as_secs(),
            until: bypass.until.as_secs(),
            uses_left: bypass.uses_left,
            from: bypass.from.as_ref().map(Place::to_string),
            reason: bypass.reason.clone(),
            by: bypass.by.clone(),
        })
        .collect();
    (!alive.is_empty()).then_some(alive)
}

/// The factors, and the contacts that carry codes.
fn factors(record: &UserRecord) -> Vec<FactorInfo> {
    let carriers = contacts(record, Authority::Own)
        .into_iter()
        .filter(|contact| record.methods().iter().any(|method| method.as_str() == contact.method));
    let carriers = carriers.map(|contact| FactorInfo {
        id: contact.method.clone(),
        method: contact.method,
        label: contact.address,
        enrolled_at: contact.since,
        last_used_at: contact.last_used_at,
    });
    record.factors.iter().map(info).chain(carriers).collect()
}

/// A factor without its secret.
pub(super) fn info(factor: &Factor) -> FactorInfo {
    FactorInfo {
        id: factor.id.clone(),
        method: factor.kind.method().to_owned(),
        label: factor.label.clone(),
        enrolled_at: factor.enrolled_at.as_secs(),
        last_used_at: factor.last_used_at.map(|time| time.as_secs()),
    }
}
