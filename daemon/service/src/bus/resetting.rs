//! Resets: everything goes by which a user could pass, and an invitation is the way back in.

use twinlock_bus_api::{
    error::{Error, Result},
    voucher::ResetOutcome,
};
use twinlock_core::{
    audit::{AuditEvent, Happening},
    dialogue::World,
    login::User,
    notice::Subject,
    policy::EnrolmentMode,
    record::UserRecord,
    voucher::INVITATION_LIFETIME,
};

use super::{
    account::Accounts,
    caller::Caller,
    effects::Effects,
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
            return Err(Error::InvalidArgument(format!(
                "At most {MOST_USERS} users at once; reset the others in a further call."
            )));
        }
        let mut outcomes = Vec::with_capacity(names.len());
        for name in names {
            let done = async { self.reset(&self.user(&name).await?, caller, print).await };
            outcomes.push(match done.await {
                Ok(done) => ResetOutcome { user: name, ..done },
                Err(error) => ResetOutcome {
                    text: self.why_not(&name, &error).await,
                    user: name,
                    ..ResetOutcome::default()
                },
            });
        }
        Ok(outcomes)
    }

    /// The sentence of a reset that failed; of a user who is gone, with what becomes of the record.
    async fn why_not(&self, name: &str, error: &Error) -> String {
        let sentence = errors::sentence(error);
        let has_record = matches!(self.engine.read(name).await, Ok(Some(_)) | Err(_));
        match error {
            Error::UnknownUser(_) if has_record => {
                format!("{sentence} There is a record; 'twinlock user forget {name}' deletes it.")
            }
            _ => sentence,
        }
    }

    /// Takes everything away, also from a record of an earlier account of the name.
    pub(super) async fn reset(
        &self,
        user: &User,
        caller: &Caller,
        print: bool,
    ) -> Result<ResetOutcome> {
        let taker = Taker { by: self.name_of(caller).await, print };
        self.change_any(user, |record, world, effects| {
            let event = |event| Self::by(caller, user, event);
            Ok(take_away(record, world, effects, user, &taker, None, event))
        })
        .await
    }
}

/// Who resets, and how.
pub(super) struct Taker {
    /// Their name, as the user is told it.
    pub(super) by: String,
    /// They pass the invitation on themselves.
    pub(super) print: bool,
}

/// Takes everything away, tells the user and makes the invitation that the next enrolment needs;
/// `request` is what it answers.
pub(super) fn take_away(
    record: &mut UserRecord,
    world: &World<'_>,
    effects: &mut Effects,
    user: &User,
    taker: &Taker,
    request: Option<&str>,
    by_caller: impl Fn(AuditEvent) -> AuditEvent,
) -> ResetOutcome {
    let lost = inventory(record);
    let enrolment = world.settings.enrolment_after_reset;
    record.reset(user, Some(enrolment), world.now);
    let cause = match request {
        Some(id) => format!("request {id} approved; {lost}"),
        None => lost.clone(),
    };
    let reference = world.fresh.reference();
    let event = AuditEvent::new(Happening::UserReset, user.name.clone(), cause);
    effects.push(by_caller(event).with_reference(reference.clone()));
    let to = reachable(record, world);
    let mut told = notice(record, to, Subject::Reset, &taker.by, world.now);
    told.reference = Some(reference);
    effects.notify(told);
    let made = (enrolment == EnrolmentMode::Invitation).then(|| {
        let Taker { by, print } = taker;
        let made = make_invitation(record, world, effects, INVITATION_LIFETIME, *print, by);
        let cause = format!("invitation {} until {}", made.id, made.until);
        effects.push(by_caller(AuditEvent::new(Happening::UserInvited, user.name.clone(), cause)));
        made
    });
    outcome(user, &lost, made)
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
        (record.recovery_left(), "recovery code"),
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
