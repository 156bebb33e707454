//! How logins end that the core did not decide: something is broken, late or one too many.
//!
//! Nobody is let in because of it, unless the policy only observes.

use twinlock_core::{
    audit::{AuditEvent, Happening},
    dialogue::{self, Message, Settings, Verdict},
    login::{FirstFactor, LoginContext},
    policy::Mode,
    reference::Reference,
};

use super::{
    desk::{Desk, Ending, OpenDialogue, Reply},
    tickets::Errand,
};
use crate::engine::EngineError;

impl Desk {
    /// A step that could not be carried out.
    pub(super) fn trouble(&self, user: &str, error: &EngineError) -> Ending {
        let reference = self.engine.reference();
        let event = AuditEvent::new(Happening::Trouble, user, error.to_string());
        self.engine.audit(event.with_reference(reference.clone()));
        self.end_in_deny(dialogue::unavailable(&reference), reference)
    }

    pub(super) fn too_late(&self, open: &OpenDialogue) -> Ending {
        self.engine.audit(open.dialogue.abandoned("no answer within five minutes"));
        let reference = self.engine.reference();
        let message = match open.binding.errand {
            Errand::Renewal => dialogue::not_renewed(&reference),
            Errand::Login | Errand::PasswordChange => dialogue::too_late(),
        };
        self.end_in_deny(message, reference)
    }

    pub(super) fn too_many(&self, login: &LoginContext) -> Ending {
        self.refuse(login, "too many logins of this user wait for an answer")
    }

    pub(super) fn refuse(&self, login: &LoginContext, cause: &str) -> Ending {
        let reference = self.engine.reference();
        let event = if self.observes() {
            let cause = format!("would deny: {cause}");
            AuditEvent::of_login(Happening::LoginObserved, login, cause)
        } else {
            AuditEvent::of_login(Happening::LoginRefused, login, cause)
        };
        self.engine.audit(event.with_reference(reference.clone()));
        self.end_in_deny(dialogue::unavailable(&reference), reference)
    }

    fn end_in_deny(&self, message: Message, reference: Reference) -> Ending {
        if self.observes() {
            return Ending::without_ticket(Verdict::Skip, Vec::new());
        }
        Ending {
            verdict: Verdict::Deny,
            messages: vec![message],
            reference: Some(reference),
            ticket: None,
        }
    }

    /// Whether PAM's auth phase runs in a service whose key may stand for it, with nothing shown.
    pub(super) fn is_open_door(&self, service: &str, first_factors: &[FirstFactor]) -> bool {
        first_factors.is_empty() && self.is_account_service(service)
    }

    pub(super) fn is_account_service(&self, service: &str) -> bool {
        self.engine.settings().policy.account_services.iter().any(|known| known == service)
    }

    /// Whatever said skip, observe mode and broken parts included: a login that has shown nothing
    /// is not let through a stack that might ask it for nothing else.
    pub(super) fn keep_shut(&self, open_door: bool, user: &str, reply: Reply) -> Reply {
        match reply {
            Reply::Done(Ending { verdict: Verdict::Skip, .. }) if open_door => {
                self.shut(user, "no first factor was shown, and no second one could be asked")
            }
            reply => reply,
        }
    }

    /// Refuses where the policy, read again since the user was looked up under `before`, asks for other
    /// groups than were looked up: those who are in one of them would be taken for somebody who is not.
    pub(super) fn with_all_groups(&self, before: &Settings, user: &str, reply: Reply) -> Reply {
        let groups_now = self.engine.settings().policy.group_names();
        if groups_now == before.policy.group_names() {
            return reply;
        }
        Reply::Done(self.trouble(user, &EngineError::OtherGroups))
    }

    /// Refuses a login that has shown nothing.
    pub(super) fn shut(&self, user: &str, cause: &str) -> Reply {
        let reference = self.engine.reference();
        let event = AuditEvent::new(Happening::LoginRefused, user, cause);
        self.engine.audit(event.with_reference(reference.clone()));
        Reply::Done(Ending {
            verdict: Verdict::Deny,
            messages: vec![dialogue::no_first_factor(&reference)],
            reference: Some(reference),
            ticket: None,
        })
    }

    pub(super) fn observes(&self) -> bool {
        self.engine.settings().policy.mode == Mode::Observe
    }
}
