//! Resets: everything goes by which a user could pass, and an invitation is the way back in.

use twinlock_bus_api::{
    error::{Error, Result},
    voucher::ResetOutcome,
};
use twinlock_core::{
    audit::{AuditEvent, Happening},
    login::User,
    notice::Subject,
    policy::EnrolmentMode,
    record::UserRecord,
    voucher::INVITATION_LIFETIME,
};

use super::{
    account::Accounts,
    caller::Caller,
    errors,
    vouchers::{Made, make_invitation, notice, reachable},
};

/// Users in one call; their names fit into a message that is taken in.
const MOST_USERS: usize = 1_000;

impl Accounts {
    /// Resets these users, each on their own: one that fails does not hold up the others.
    pub(super) async fn reset_all(
        &self,
        names: Vec<String>,
        caller: &Caller,
        print: bool,
    ) -> Result<Vec<ResetOutcome>> {
        if names.len() > MOST_USERS {
            return Err(Error::InvalidArgument(format!("At most {MOST_USERS} users at once.")));
        }
        let mut outcomes = Vec::with_capacity(names.len());
        for name in names {
            let done = async { self.reset(&self.user(&name).await?, caller, print).await };
            outcomes.push(match done.await {
                Ok(done) => ResetOutcome { user: name, ..done },
                Err(error) => ResetOutcome {
                    user: name,
                    text: errors::sentence(&error),
                    ..ResetOutcome::default()
                },
            });
        }
        Ok(outcomes)
    }

    /// Takes everything away, also from a record of an earlier account of the name.
    pub(super) async fn reset(
        &self,
        user: &User,
        caller: &Caller,
        print: bool,
    ) -> Result<ResetOutcome> {
        let by = self.name_of(caller).await;
        self.change_any(user, |record, world, effects| {
            let lost = inventory(record);
            let enrolment = world.settings.enrolment_after_reset;
            record.reset(user, Some(enrolment), world.now);
            let reference = world.fresh.reference();
            let event = AuditEvent::new(Happening::UserReset, user.name.clone(), lost.clone());
            effects.push(Self::by(caller, user, event).with_reference(reference.clone()));
            let mut told = notice(record, reachable(record, world), Subject::Reset, &by, world.now);
            told.reference = Some(reference);
            effects.notify(told);
            let made = (enrolment == EnrolmentMode::Invitation).then(|| {
                let lifetime = INVITATION_LIFETIME;
                let made = make_invitation(record, world, effects, lifetime, print, &by);
                let cause = format!("invitation {} until {}", made.id, made.until);
                let event = AuditEvent::new(Happening::UserInvited, user.name.clone(), cause);
                effects.push(Self::by(caller, user, event));
                made
            });
            Ok(outcome(user, &lost, made))
        })
        .await
    }
}

fn outcome(user: &User, lost: &str, made: Option<Made>) -> ResetOutcome {
    let mut outcome = ResetOutcome {
        user: user.name.clone(),
        done: true,
        text: format!("Taken away: {lost}."),
        ..ResetOutcome::default()
    };
    if let Some(made) = made {
        outcome.invitation = Some(made.id);
        outcome.code = made.code;
        outcome.until = Some(made.until.as_secs());
        outcome.sent_to = (!made.sent_to.is_empty()).then_some(made.sent_to);
    }
    outcome
}

/// What a reset is about to take, in words.
fn inventory(record: &UserRecord) -> String {
    let counted = [
        (record.factors.len(), "factor"),
        (record.recovery.len(), "recovery code"),
        (record.trusted.iter().count(), "trusted host"),
        (record.bypasses.len(), "bypass code"),
    ];
    let named: Vec<_> = counted
        .iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, what)| format!("{count} {what}{}", if *count == 1 { "" } else { "s" }))
        .collect();
    if named.is_empty() { "nothing, for there was nothing".to_owned() } else { named.join(", ") }
}
