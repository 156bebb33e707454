//! The password phase: a code before the change, and what follows it.
//!
//! ```text
//! preliminary check ──► dialogue ──► allow or skip: a ticket
//! update            ──► ticket: trust ends  ──► was a new password typed? set the factor up anew?
//! ```
//!
//! Where the module's line stands, the update comes before the new password is written or after it.
//! libpam says by `PAM_AUTHTOK` whether one was typed already; only then is anything offered. Nothing
//! that happens in the update can undo a password that was written.

use twinlock_core::{
    audit::{AuditEvent, Happening},
    dialogue::{
        self, Message, Staged, Step, Turn, Verdict, may_renew, offer_renewal, open_password,
    },
    login::LoginContext,
    record::UserRecord,
    reference::Reference,
};

use super::{
    desk::{Caller, Desk, Ending, Reply},
    request::Request,
    staging,
    tickets::{Errand, Grant},
};
use crate::engine::{Done, EngineError};

impl Desk {
    pub(super) async fn password(
        &self,
        request: Request,
        process: i32,
    ) -> Result<Reply, EngineError> {
        let caller = self.recognise(&request, process).await?;
        if request.ticket.is_some() {
            return self.update(&request, caller).await;
        }
        // Root sets passwords without knowing codes, and so do sshd and login for one that has
        // expired, after a login that was already decided. That a password has expired is not
        // enough: any user can say so (passwd -k).
        if request.caller_uid == Some(0) {
            let grant = Grant { verdict: Verdict::Skip, staged: Vec::new() };
            return Ok(Reply::Done(self.ending(caller.binding, grant, Vec::new())?));
        }
        self.dialogue(caller, open_password).await
    }

    /// The second call. Trust in hosts ends, whatever the ticket is worth: it rested on the old
    /// password, and libpam comes here only where the check let the change happen.
    async fn update(&self, request: &Request, mut caller: Caller) -> Result<Reply, EngineError> {
        let taken = self.take_ticket(request, &caller);
        let only_change = [Staged::ChangePassword];
        let staged = taken.as_ref().map_or(&only_change[..], |grant| &grant.staged);
        let step = match caller.known {
            true => self.change_password(request, &caller.login, staged).await,
            false => Ok(None),
        };
        let grant = match (taken, &step) {
            // It may have been spent, on a renewal whose reply was lost.
            (Err(cause), _) => {
                let ending = self.spoiled(&caller.login, &cause, dialogue::maybe_renewed);
                return Ok(Reply::Done(ending));
            }
            // Root sets passwords whatever becomes of the store; that trust in hosts outlives the
            // old password is told.
            (Ok(grant), Err(error)) if request.caller_uid == Some(0) => {
                let _ = self.trouble(&caller.login.user.name, error);
                grant
            }
            (Ok(_), Err(error)) => {
                return Ok(Reply::Done(self.spoiled(&caller.login, error, dialogue::not_renewed)));
            }
            (Ok(grant), Ok(_)) => grant,
        };
        match step {
            Ok(Some(step)) => {
                let now = self.engine.steady();
                caller.binding.errand = Errand::Renewal;
                let Some(slot) = self.take_place(&caller.login, now) else {
                    return Ok(Reply::Done(Ending::without_ticket(grant.verdict, Vec::new())));
                };
                Ok(self.reply(step, caller.known, caller.binding, now, slot))
            }
            _ => Ok(Reply::Done(Ending::without_ticket(grant.verdict, Vec::new()))),
        }
    }

    /// What was staged takes effect, and the offer is made where it has its place.
    async fn change_password(
        &self,
        request: &Request,
        login: &LoginContext,
        staged: &[Staged],
    ) -> Result<Option<Step>, EngineError> {
        let offers = is_offered(request, login);
        let apply = |record: &mut UserRecord, world: &dialogue::World<'_>| {
            let offers = offers && may_renew(record, staged);
            let Done { answer, mut effects } = staging::take_effect(record, login, staged, world);
            let turn = match answer {
                Ok(()) if offers => offer_renewal(login.clone(), record, world),
                _ => None,
            };
            let step = turn.map(|Turn { step, effects: more }| {
                effects.extend(more);
                step
            });
            Done { answer: (answer, step), effects }
        };
        let (applied, step) = self.engine.step(&login.user, apply).await?;
        if applied.is_ok() {
            self.note_session(request, login, staged);
        }
        Ok(step)
    }

    /// What follows the password change came to nothing; `told` says what is left of it.
    pub(super) fn spoiled(
        &self,
        login: &LoginContext,
        cause: &impl ToString,
        told: fn(&Reference) -> Message,
    ) -> Ending {
        let reference = self.engine.reference();
        let event = AuditEvent::of_login(Happening::Trouble, login, cause.to_string());
        self.engine.audit(event.with_reference(reference.clone()));
        let messages = vec![told(&reference)];
        Ending { verdict: Verdict::Deny, messages, reference: Some(reference), ticket: None }
    }
}

/// Whether the second factor can be set up anew behind this update: a new password was typed, by the
/// user in person, who was not made to.
fn is_offered(request: &Request, login: &LoginContext) -> bool {
    request.has_authtok
        && request.interactive
        && !request.expired
        && request.caller_uid == Some(login.user.uid)
        && login.user.uid != 0
}
