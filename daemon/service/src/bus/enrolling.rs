//! Enrolment over the bus: an offer that shows the key once, then a code that proves it.

use twinlock_bus_api::{
    account::{EnrolledFactor, EnrolmentOffer, EnrolmentOptions, FactorInfo},
    error::{Error, Result},
};
use twinlock_core::{
    audit::{AuditEvent, Happening},
    dialogue::World,
    factor::totp::{Check, TotpFactor},
    login::User,
    notice::Subject,
    record::{DEFAULT_LABEL, MAX_FACTORS, TooManyFactors, UserRecord},
    response::Response,
    time::Timestamp,
};

use super::{
    account::{Accounts, Authority},
    caller::Caller,
    effects::Effects,
    enrolments::Pending,
    errors,
    own_word::may_enrol,
    recovery,
    status::info,
};

/// The longest label, in characters.
const LONGEST_LABEL: usize = 64;

impl Accounts {
    /// Opens an enrolment, or enrols at once where an administrator wants no confirming code.
    pub(super) async fn begin_enrolment(
        &self,
        user: &User,
        caller: &Caller,
        authority: Authority,
        options: &EnrolmentOptions,
    ) -> Result<EnrolmentOffer> {
        let label = label(&options.label)?;
        if options.unconfirmed && authority == Authority::Own {
            return Err(Error::NotAuthorized(
                "Only an administrator enrols without a confirming code; give one, or use sudo."
                    .to_owned(),
            ));
        }
        let (pending, mut offer) = self
            .change(user, |record, world, events| {
                let invitation = match authority {
                    Authority::Administrator => None,
                    Authority::Own => {
                        may_enrol(record, world, events, user, caller, &options.code)?
                    }
                };
                if record.factors.len() >= MAX_FACTORS {
                    return Err(errors::too_many_factors(TooManyFactors));
                }
                let pending = Pending {
                    user: user.clone(),
                    factor: world.fresh.factor_id(),
                    label: label.clone(),
                    totp: TotpFactor::new(world.fresh.secret()),
                    beside: record.factor_ids(),
                    epoch: record.trust_epoch,
                    invitation,
                };
                let offer = offer(&pending, world)?;
                if options.unconfirmed {
                    enrol(record, &pending, pending.totp.clone(), world.now)?;
                    tell(record, world, events, caller, &pending, "without a confirming code");
                }
                Ok((pending, offer))
            })
            .await?;
        if !options.unconfirmed {
            let number = self.enrolments.open(caller, pending, self.engine.steady());
            offer.enrolment = number.ok_or_else(errors::too_many_enrolments)?;
        }
        Ok(offer)
    }

    /// Enrols what a code has proved.
    pub(super) async fn confirm_enrolment(
        &self,
        caller: &Caller,
        number: u64,
        code: &str,
    ) -> Result<EnrolledFactor> {
        let now = self.engine.steady();
        let taken = self.enrolments.take(caller, number, now).ok_or_else(gone)?;
        let pending = taken.pending();
        let digits = Response::new(code.to_owned()).digits().unwrap_or_default();
        let window = self.engine.settings().codes.window;
        let check = pending.totp.check(&digits, window, self.engine.now().wall);
        let Check::Fresh { step } = check else {
            let reference = self.engine.reference();
            let event = AuditEvent::new(
                Happening::CodeRefused,
                pending.user.name.clone(),
                "wrong code for an enrolment",
            );
            let event = Self::by(caller, &pending.user, event);
            self.engine.audit(event.with_reference(reference.clone()));
            self.enrolments.put_back(taken);
            return Err(errors::wrong_code(&reference));
        };
        let mut totp = pending.totp.clone();
        totp.accept(step);
        let enrolled = self.change(&pending.user, |record, world, events| {
            if record.factor_ids() != pending.beside || record.trust_epoch != pending.epoch {
                return Err(gone());
            }
            if let Some(id) = &pending.invitation
                && let Err(superseded) = record.check_invitation(id, world.now)
            {
                let reference = world.fresh.reference();
                let (name, cause) = (pending.user.name.clone(), superseded.to_string());
                let event = AuditEvent::new(Happening::CodeRefused, name, cause);
                let event = Self::by(caller, &pending.user, event);
                events.push(event.with_reference(reference.clone()));
                return Err(errors::invitation_gone(&reference));
            }
            let is_first = !record.is_enrolled();
            let factor = enrol(record, pending, totp.clone(), world.now)?;
            if pending.invitation.is_some() {
                record.invitation = None;
            }
            tell(record, world, events, caller, pending, "confirmed with a code");
            let recovery_codes = is_first
                .then(|| recovery::with_first_factor(record, world, events, &pending.user, caller))
                .flatten();
            Ok(EnrolledFactor { recovery_codes, ..factor })
        });
        let enrolled = enrolled.await;
        if matches!(enrolled, Err(Error::Unavailable(_))) {
            self.enrolments.give_back(taken);
        }
        enrolled
    }

    /// Forgets an open enrolment.
    pub(super) fn cancel_enrolment(&self, caller: &Caller, number: u64) {
        drop(self.enrolments.take(caller, number, self.engine.steady()));
    }
}

/// What an enrolment shows, without the number of one that stays open.
fn offer(pending: &Pending, world: &World<'_>) -> Result<EnrolmentOffer> {
    let account = format!("{}@{}", pending.user.name, world.settings.host);
    let uri = pending.totp.uri(&world.settings.issuer, &account).ok_or_else(|| {
        Error::InvalidArgument(
            "This account's name does not fit into an URI; ask an administrator to shorten it."
                .to_owned(),
        )
    })?;
    Ok(EnrolmentOffer {
        enrolment: 0,
        user: pending.user.name.clone(),
        factor: pending.factor.clone(),
        account,
        secret: pending.totp.secret().to_base32().to_string(),
        uri: uri.to_string(),
    })
}

fn enrol(
    record: &mut UserRecord,
    pending: &Pending,
    totp: TotpFactor,
    now: Timestamp,
) -> Result<EnrolledFactor> {
    record
        .enrol(pending.factor.clone(), pending.label.clone(), totp, now)
        .map_err(errors::too_many_factors)?;
    let FactorInfo { id, method, label, enrolled_at, last_used_at } =
        record.factors.last().map(info).ok_or_else(gone)?;
    Ok(EnrolledFactor { id, method, label, enrolled_at, last_used_at, recovery_codes: None })
}

/// The log and the user hear of a new factor.
fn tell(
    record: &UserRecord,
    world: &World<'_>,
    effects: &mut Effects,
    caller: &Caller,
    pending: &Pending,
    how: &str,
) {
    let Pending { user, label, .. } = pending;
    let cause = format!("factor {} {how}", pending.factor);
    let event = AuditEvent::new(Happening::FactorEnrolled, user.name.clone(), cause);
    effects.push(Accounts::by(caller, user, event).with_reference(world.fresh.reference()));
    let subject = Subject::FactorEnrolled { label: label.clone() };
    effects.tell(record, world, user, caller, subject);
}

fn gone() -> Error {
    Error::NoSuchEnrolment(
        "That enrolment is not open any more; begin again with 'twinlock enroll'.".to_owned(),
    )
}

/// A label as it is kept: short, and without what could break a line or a terminal.
pub(super) fn label(text: &str) -> Result<String> {
    let text = text.trim();
    if text.chars().count() > LONGEST_LABEL || text.chars().any(char::is_control) {
        return Err(Error::InvalidArgument(format!(
            "A label has at most {LONGEST_LABEL} characters, none of them a control character; \
             give another."
        )));
    }
    Ok(if text.is_empty() { DEFAULT_LABEL.to_owned() } else { text.to_owned() })
}
