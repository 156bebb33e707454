//! Asking for a code, and what its answer means.

use super::{Dialogue, Effect, MAX_PROMPTS, Message, TRIES, Turn, Verdict, World, words};
use crate::{
    audit::{AuditEvent, Happening},
    lockout::Gate,
    record::{UserRecord, Verification},
    response::Response,
};

impl Dialogue {
    /// The first prompt for a code, unless the source must wait.
    pub(super) fn ask_for_code(self, record: &UserRecord, world: &World<'_>) -> Turn {
        let source = self.login.source.counter_key();
        match record.lockout.gate(&source, &world.settings.codes.lockout, world.now) {
            Gate::Open => self.ask(Vec::new(), Vec::new()),
            closed => self.locked(closed, Vec::new(), world),
        }
    }

    /// The answer to the prompt for a code.
    pub(super) fn try_code(
        mut self,
        response: &Response,
        record: &mut UserRecord,
        world: &World<'_>,
    ) -> Turn {
        let source = self.login.source.counter_key();
        let codes = &world.settings.codes;
        let verification = record.verify(response, &source, codes, world.now, world.clock);
        match verification {
            // The record of an unknown user has no factor; should it ever have one, it still
            // lets nobody in.
            Verification::Accepted { factor } if self.known => {
                let cause = format!("code of factor {factor}");
                self.finish(Verdict::Allow, &cause, Vec::new(), Vec::new(), None)
            }
            Verification::Accepted { .. } => {
                self.refused("the user is not known", words::wrong(world), Gate::Open, world)
            }
            Verification::Used => {
                self.failed += 1;
                let message = Message::error(words::USED);
                self.refused("code used before", message, Gate::Open, world)
            }
            Verification::Wrong { drift, gate } => {
                self.failed += 1;
                let cause = self.cause(response, drift);
                self.refused(&cause, words::wrong(world), gate, world)
            }
            Verification::Refused(gate) => self.locked(gate, Vec::new(), world),
        }
    }

    /// After a code that was not accepted: another try, a wait, or the end.
    fn refused(self, cause: &str, message: Message, gate: Gate, world: &World<'_>) -> Turn {
        let reference = world.fresh.reference();
        let event = AuditEvent::of_login(Happening::CodeRefused, &self.login, cause)
            .with_reference(reference.clone());
        let effects = vec![Effect::Audit(event)];
        match gate {
            Gate::Open if self.failed < TRIES && self.prompts <= MAX_PROMPTS => {
                self.ask(vec![message], effects)
            }
            Gate::Open => {
                let cause = format!("{} codes refused", self.failed);
                let messages = vec![message];
                self.finish(Verdict::Deny, &cause, messages, effects, Some(reference))
            }
            closed => self.locked(closed, effects, world),
        }
    }

    fn locked(&self, gate: Gate, effects: Vec<Effect>, world: &World<'_>) -> Turn {
        let reference = world.fresh.reference();
        let (cause, text) = match gate {
            Gate::Stopped => {
                ("the account has reached its hard limit".to_owned(), words::stopped(&reference))
            }
            Gate::Open => (String::new(), String::new()),
            Gate::Wait(wait) => {
                (format!("the source waits {} s", wait.as_secs()), words::wait(wait))
            }
        };
        self.finish(Verdict::Locked, &cause, vec![Message::error(text)], effects, Some(reference))
    }

    fn cause(&self, response: &Response, drift: Option<i64>) -> String {
        if !self.known {
            return "no such user".to_owned();
        }
        match (drift, response.digits()) {
            (Some(steps), _) => format!("right code for another time: {steps:+} steps of 30 s"),
            (None, None) => "not a code".to_owned(),
            (None, Some(_)) => "wrong code".to_owned(),
        }
    }
}
