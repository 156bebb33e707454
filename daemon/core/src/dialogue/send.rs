//! Sending a one-time code, by e-mail or as a text message.

use super::{Dialogue, Effect, Message, State, Turn, World, words};
use crate::{
    audit::{AuditEvent, Happening},
    factor::one_time_code::Scope,
    notice::{Notice, SecretText, Subject},
    policy::Method,
    record::UserRecord,
};

impl Dialogue {
    /// The method that an empty answer asks for: one that sends, if it was used last or if there is
    /// no authenticator. Codes of an authenticator need not be asked for.
    pub(super) fn default_method(&self, record: &UserRecord) -> Option<Method> {
        let sends = |method: &Method| matches!(method, Method::Email | Method::Sms);
        let last = record.last_method.filter(|last| self.methods.contains(*last));
        match last {
            Some(last) => Some(last).filter(sends),
            None if self.methods.contains(Method::Totp) => None,
            None => self.methods.iter().find(sends),
        }
    }

    /// Where no authenticator can give a code, one is sent unasked, unless one that can be used is
    /// on its way already.
    pub(super) fn send_unasked(self, record: &mut UserRecord, world: &World<'_>) -> Turn {
        let State::Code(Some(method)) = self.state else {
            return self.ask(Vec::new(), Vec::new());
        };
        if self.methods.contains(Method::Totp) {
            return self.ask(Vec::new(), Vec::new());
        }
        let source = self.login.source.counter_key();
        match record.one_time.alive_since(method, self.scope(&source), world.now) {
            Some(since) => {
                let message = Message::info(words::sent_before(method, since));
                self.ask(vec![message], Vec::new())
            }
            None => self.send(method, record, world),
        }
    }

    fn scope<'a>(&'a self, source: &'a str) -> Scope<'a> {
        Scope { user: &self.login.user.name, service: &self.login.service, source }
    }

    /// Sends a code, where the rules let one be sent, and asks again.
    pub(super) fn send(self, method: Method, record: &mut UserRecord, world: &World<'_>) -> Turn {
        let Some(recipient) = record.contact(method) else {
            return self.ask(Vec::new(), Vec::new());
        };
        // Who has shown nothing at all is not to send the owner messages.
        if self.login.first_factors.is_empty() {
            let message = Message::error(words::NOTHING_SENT);
            return self.ask(vec![message], Vec::new());
        }
        let rules = &world.settings.one_time_code;
        let source = self.login.source.counter_key();
        let scope = self.scope(&source);
        if let Err(withheld) = record.one_time.may_send(method, scope, rules, world.now) {
            let message = Message::error(words::withheld(withheld));
            return self.ask(vec![message], Vec::new());
        }
        let code = world.fresh.sent_code();
        record.one_time.issue(scope, method, &code, world.hashing, rules, world.now);
        let shown = recipient.masked();
        let event = AuditEvent::of_login(
            Happening::CodeSent,
            &self.login,
            format!("by {} to {shown}", words::carrier(method)),
        );
        let subject =
            Subject::OneTimeCode { code: SecretText::new(code.as_str()), lifetime: rules.lifetime };
        let notice = Notice::of_login(vec![recipient], subject, &self.login, world.now);
        let effects = vec![Effect::Audit(event), Effect::Notify(Box::new(notice))];
        self.ask(vec![Message::info(words::sent(&shown, rules.lifetime))], effects)
    }
}
