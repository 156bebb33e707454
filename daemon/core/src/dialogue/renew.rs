//! Setting the second factor up anew, once the password has changed.
//!
//! ```text
//!   check before the change: a right code ──► Staged::MayRenew
//!                                                  │ the password changes
//!   anew? ──► yes ──► key and QR code ──► code ──► recovery codes, Press Enter ──► the new factor
//!     └─ no          └─ five wrong, broken off ─────┴─► the old factor             replaces the old
//! ```
//!
//! The verdict was the check's, and the password is written: whatever happens here, the dialogue ends
//! in `allow`. Nothing is in the record before the last Enter, and then all of it at once.

use super::{
    Dialogue, Effect, Errand, Message, Outcome, Staged, State, Step, Turn, Verdict, World,
    enrol::{Enrolling, shows_text},
    words,
};
use crate::{
    audit::{AuditEvent, Happening},
    login::LoginContext,
    notice::{Notice, Recipient, Subject},
    policy::Method,
    record::{DEFAULT_LABEL, Proof, UserRecord},
    response::Response,
};

/// Whether the check before this password change took a code that allows a renewal, of the record as
/// it still is. Asked before the change itself takes effect, which voids trust.
pub fn may_renew(record: &UserRecord, staged: &[Staged]) -> bool {
    staged.iter().any(|staged| match staged {
        Staged::MayRenew { epoch, beside } => {
            *epoch == record.trust_epoch && *beside == record.factor_ids()
        }
        _ => false,
    })
}

/// The offer, to somebody who may renew; nothing where it cannot be shown, or where no authenticator
/// counts.
pub fn offer_renewal(login: LoginContext, record: &UserRecord, world: &World<'_>) -> Option<Turn> {
    let counts = world.settings.policy.counts_somewhere(&login.user, Method::Totp);
    let in_place = counts && !record.factors.is_empty() && shows_text(&login);
    if !in_place || record.check_owner(&login.user).is_err() {
        return None;
    }
    let labels: Vec<_> = record.factors.iter().map(|factor| factor.label.clone()).collect();
    let mut dialogue = Dialogue::new(login, true, Errand::Renewal, record);
    dialogue.state = State::Renew;
    Some(dialogue.ask(vec![Message::info(words::renewal(&labels))], Vec::new()))
}

impl Dialogue {
    /// What a right code in the check leaves for the time after the change: a code that would be
    /// enough for `twinlock enroll`, of somebody who has an authenticator.
    pub(super) fn may_renew(
        &self,
        proof: &Proof,
        record: &UserRecord,
        world: &World<'_>,
    ) -> Option<Staged> {
        let method = match proof {
            Proof::Totp { .. } => Method::Totp,
            Proof::Sent(method) => *method,
            Proof::Recovery { .. } => Method::Recovery,
            Proof::Bypass { .. } => return None,
        };
        let counts = world.settings.policy.methods_of_own_word(&self.login.user).contains(method);
        let beside = record.factor_ids();
        (counts && !beside.is_empty())
            .then_some(Staged::MayRenew { epoch: record.trust_epoch, beside })
    }

    /// The answer to the offer: anything but a yes leaves everything as it is.
    pub(super) fn answer_renew(
        self,
        response: &Response,
        record: &UserRecord,
        world: &World<'_>,
    ) -> Turn {
        if !response.is_yes() {
            return self.end_renewal(Vec::new(), Vec::new());
        }
        let nothing = vec![words::not_renewed(&world.fresh.reference())];
        let refusal = self.end_renewal(nothing, Vec::new());
        self.show_key(words::RENEWAL_KEY.to_owned(), None, record, world).unwrap_or(refusal)
    }

    /// The person has read the end, and pressed Enter: the new factor takes the place of the old
    /// ones. Whatever else comes, such as the end of the input, is no consent.
    pub(super) fn replace(
        &self,
        enrolling: Enrolling,
        response: &Response,
        record: &mut UserRecord,
        world: &World<'_>,
    ) -> Turn {
        let reference = world.fresh.reference();
        if !response.is_empty() && !response.is_yes() {
            return self.end_renewal(vec![words::not_renewed(&reference)], Vec::new());
        }
        let enrolment = enrolling.confirmed(world);
        let old = match record.renew_factors(&enrolment, world.hashing) {
            Ok(old) => old,
            Err(superseded) => {
                let cause = format!("no new factor after a password change: {superseded}");
                let event = AuditEvent::of_login(Happening::LoginAbandoned, &self.login, cause);
                let effects = vec![Effect::Audit(event.with_reference(reference.clone()))];
                return self.end_renewal(vec![words::not_renewed(&reference)], effects);
            }
        };
        let mut effects = Vec::new();
        let mut tell = |happening, cause: String, subject| {
            let event = AuditEvent::of_login(happening, &self.login, cause);
            effects.push(Effect::Audit(event.with_reference(reference.clone())));
            let to = Recipient::all_of(&record.contacts);
            let notice = Notice::of_login(to, subject, &self.login, world.now);
            let notice = Notice { reference: Some(reference.clone()), ..notice };
            effects.push(Effect::Notify(Box::new(notice)));
        };
        let new = enrolment.factor;
        let subject = Subject::FactorEnrolled { label: DEFAULT_LABEL.to_owned() };
        tell(Happening::FactorEnrolled, format!("factor {new} after a password change"), subject);
        for factor in old {
            let cause = format!("factor {}, in whose place is {new}", factor.id);
            let subject = Subject::FactorRemoved { label: factor.label };
            tell(Happening::FactorRemoved, cause, subject);
        }
        self.end_renewal(vec![Message::info(words::RENEWED)], effects)
    }

    /// The end, without a word about a login: the password change was decided by its check.
    pub(super) fn end_renewal(&self, messages: Vec<Message>, effects: Vec<Effect>) -> Turn {
        let (verdict, reference, staged) = (Verdict::Allow, None, Vec::new());
        let outcome = Outcome { verdict, messages, reference, staged };
        Turn { step: Step::Done(outcome), effects }
    }
}
