//! Asking for a code, and what its answer means.

use std::time::Duration;

use super::{Dialogue, Effect, Errand, Message, State, TRIES, Turn, Verdict, World, decide, words};
use crate::{
    audit::{AuditEvent, Happening},
    lockout::Gate,
    login::SessionCode,
    notice::{Notice, Recipient, Subject},
    policy::Method,
    record::{Proof, Trial, UserRecord, Verification},
    response::Response,
    voucher::Place,
};

impl Dialogue {
    /// The first prompt for a code, unless the source must wait.
    pub(super) fn ask_for_code(mut self, record: &mut UserRecord, world: &World<'_>) -> Turn {
        let counter = self.counter(record, world);
        let rules = &world.settings.codes.lockout;
        match record.lockout.gate(&counter, rules, world.now) {
            Gate::Open => {
                self.state = State::Code(self.default_method(record));
                self.send_unasked(record, world)
            }
            // What cannot be guessed still opens the account.
            Gate::Stopped if self.has_last_resort(record, world) => {
                let reference = world.fresh.reference();
                self.state = State::Recovery;
                let text = words::stopped_but_for_recovery(&reference);
                let cause = "only a recovery or bypass code is taken: hard limit";
                let event = AuditEvent::of_login(Happening::CodeRefused, &self.login, cause);
                let effects = vec![Effect::Audit(event.with_reference(reference))];
                self.ask(vec![Message::error(text)], effects)
            }
            closed => self.locked(closed, Vec::new(), world),
        }
    }

    fn has_last_resort(&self, record: &UserRecord, world: &World<'_>) -> bool {
        let counter = self.counter(record, world);
        let rules = &world.settings.codes.lockout;
        let waits = !record.lockout.wait(&counter, rules, world.now).is_zero();
        let bypass = self.errand == Errand::Login && self.has_bypass(record, world);
        // Imported scratch codes can be guessed, so they are no last resort of an account that is
        // stopped.
        let recovery = self.methods.contains(Method::Recovery) && !record.recovery.is_empty();
        !waits && (bypass || recovery)
    }

    /// Whether a bypass code is in force that holds here.
    pub(super) fn has_bypass(&self, record: &UserRecord, world: &World<'_>) -> bool {
        let source = &self.login.source;
        let holds_here = |place: &Place| place.contains(source);
        record
            .bypasses
            .iter()
            .any(|bypass| bypass.is_alive(world.now) && bypass.from.as_ref().is_none_or(holds_here))
    }

    /// The answer to the prompt for a code: an option, or a code.
    pub(super) fn answer_code(
        mut self,
        response: &Response,
        default: Option<Method>,
        record: &mut UserRecord,
        world: &World<'_>,
    ) -> Turn {
        let chosen = match () {
            () if response.is_word("e") => Some(Method::Email),
            () if response.is_word("s") => Some(Method::Sms),
            () if response.is_word("r") => Some(Method::Recovery),
            () if response.is_empty() => default,
            () => None,
        };
        match chosen.filter(|method| self.methods.contains(*method)) {
            _ if !self.may_ask() => self.try_code(response, record, world),
            Some(method @ (Method::Email | Method::Sms)) => self.send(method, record, world),
            Some(Method::Recovery) => {
                self.state = State::Recovery;
                self.ask(Vec::new(), Vec::new())
            }
            Some(Method::Totp) | None if response.is_word("l") => self.ask_whether_lost(),
            Some(Method::Totp) | None => self.try_code(response, record, world),
        }
    }

    /// The answer to the prompt for a recovery code; nothing typed leads back.
    pub(super) fn answer_recovery(
        mut self,
        response: &Response,
        record: &mut UserRecord,
        world: &World<'_>,
    ) -> Turn {
        let counter = self.counter(record, world);
        let rules = &world.settings.codes.lockout;
        let open = record.lockout.gate(&counter, rules, world.now) == Gate::Open;
        if response.is_empty() && open && self.may_ask() {
            self.state = State::Code(self.default_method(record));
            return self.ask(Vec::new(), Vec::new());
        }
        self.try_code(response, record, world)
    }

    /// Asks for the bypass code that is in force, unless the source must wait.
    pub(super) fn ask_for_bypass(mut self, record: &UserRecord, world: &World<'_>) -> Turn {
        let counter = self.counter(record, world);
        match record.lockout.wait(&counter, &world.settings.codes.lockout, world.now) {
            Duration::ZERO => {
                self.state = State::Bypass;
                self.ask(Vec::new(), Vec::new())
            }
            wait => self.locked(Gate::Wait(wait), Vec::new(), world),
        }
    }

    /// The answer to the prompt for a bypass code. Nothing typed goes on without one, as the policy has it
    /// by now: the user may have enrolled since the prompt, and then is asked for a code.
    pub(super) fn answer_bypass(
        self,
        response: &Response,
        record: &mut UserRecord,
        world: &World<'_>,
    ) -> Turn {
        match response.is_empty() {
            true => decide::follow(self, false, record, world),
            false => self.try_code(response, record, world),
        }
    }

    fn try_code(mut self, response: &Response, record: &mut UserRecord, world: &World<'_>) -> Turn {
        let counter = self.counter(record, world);
        let trial = Trial {
            counter: &counter,
            source: &self.login.source,
            service: &self.login.service,
            methods: self.methods,
            bypass: self.errand == Errand::Login,
            rules: &world.settings.codes,
            hashing: world.hashing,
            now: world.now,
            clock: world.clock,
        };
        let verification = record.verify(response, &trial);
        match verification {
            // The record of an unknown user has no factor; should it ever have one, it still
            // lets nobody in.
            Verification::Accepted(proof) if self.known => self.accepted(&proof, record, world),
            Verification::Accepted(_) => {
                self.refused("the user is not known", words::wrong(world), Gate::Open, world)
            }
            Verification::Used => {
                self.failed += 1;
                let message = Message::error(words::USED);
                self.refused("code used before", message, Gate::Open, world)
            }
            Verification::Spent(at) => {
                self.failed += 1;
                let message = Message::error(words::spent(at));
                self.refused("recovery code used before", message, Gate::Open, world)
            }
            Verification::Wrong { late: true, gate, .. } => {
                self.failed += 1;
                let message = Message::error(words::late(&world.fresh.reference()));
                self.refused("code whose time or tries were over", message, gate, world)
            }
            Verification::Wrong { drift, gate, late: false } => {
                self.failed += 1;
                let cause = self.cause(response, drift);
                self.refused(&cause, words::wrong(world), gate, world)
            }
            Verification::Refused(gate) => self.locked(gate, Vec::new(), world),
        }
    }

    fn accepted(mut self, proof: &Proof, record: &UserRecord, world: &World<'_>) -> Turn {
        let (message, subject) = match proof {
            Proof::Recovery { left } => (
                Some(Message::info(words::recovery_left(*left))),
                Some(Subject::RecoveryCodeUsed { left: *left }),
            ),
            Proof::Bypass { .. } => (None, Some(Subject::BypassUsed)),
            Proof::Totp { .. } | Proof::Sent(_) => (None, None),
        };
        // A bypass code stands for a factor once, not for a session.
        let proves = !matches!(proof, Proof::Bypass { .. }) && self.trust.is_some();
        let remembers = proves && !world.settings.remember.session.is_zero();
        let given = SessionCode { at: world.now, epoch: self.epoch };
        self.given = remembers.then_some(given);
        let to = Recipient::all_of(&record.contacts);
        let notice = subject.map(|s| Notice::of_login(to, s, &self.login, world.now));
        let effects = notice.into_iter().map(|notice| Effect::Notify(Box::new(notice))).collect();
        let messages = message.into_iter().collect();
        if self.errand == Errand::PasswordChange {
            let staged = self.may_renew(proof, record, world).into_iter().collect();
            return self.allow(&proof.cause(), messages, effects, staged);
        }
        self.offer_trust(proof, messages, effects, record, world)
    }

    /// After a code that was not accepted: another try, a wait, or the end.
    pub(super) fn refused(
        self,
        cause: &str,
        message: Message,
        gate: Gate,
        world: &World<'_>,
    ) -> Turn {
        let reference = world.fresh.reference();
        let event = AuditEvent::of_login(Happening::CodeRefused, &self.login, cause)
            .with_reference(reference.clone());
        let effects = vec![Effect::Audit(event)];
        // An account that was stopped before goes on taking what cannot be guessed.
        let last_resort = matches!(self.state, State::Recovery | State::Bypass);
        let goes_on = gate == Gate::Open || gate == Gate::Stopped && last_resort;
        match gate {
            _ if goes_on && self.failed < TRIES && self.may_ask() => {
                self.ask(vec![message], effects)
            }
            _ if goes_on => {
                let cause = format!("{} codes refused", self.failed);
                let messages = vec![message];
                self.finish(Verdict::Deny, &cause, messages, effects, Some(reference))
            }
            closed => self.locked(closed, effects, world),
        }
    }

    /// The prompts of this dialogue are used up.
    pub(super) fn give_up(&self, world: &World<'_>) -> Turn {
        let reference = world.fresh.reference();
        let messages = vec![Message::error(words::too_many_prompts(&reference))];
        let cause = "asked too often without a code";
        self.finish(Verdict::Deny, cause, messages, Vec::new(), Some(reference))
    }

    pub(super) fn locked(&self, gate: Gate, effects: Vec<Effect>, world: &World<'_>) -> Turn {
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

    /// Under which name wrong codes of this login are counted.
    pub(super) fn counter(&self, record: &UserRecord, world: &World<'_>) -> String {
        record.counter(&self.login, world.settings.remember.bind, self.trust, world.now)
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
