//! `l: lost everything`: a request to an administrator, once the person has said so twice.

use super::{Dialogue, Effect, Message, State, Turn, Verdict, World, words};
use crate::{
    audit::{AuditEvent, Happening},
    lockout::counted_as,
    notice::{Notice, Recipient, Subject},
    record::UserRecord,
    reset_request::ResetRequest,
    response::Response,
};

impl Dialogue {
    pub(super) fn ask_whether_lost(mut self) -> Turn {
        self.state = State::Lost;
        self.ask(vec![Message::info(words::LOST_ABOUT)], Vec::new())
    }

    pub(super) fn answer_lost(
        mut self,
        response: &Response,
        record: &mut UserRecord,
        world: &World<'_>,
    ) -> Turn {
        if !response.is_yes() {
            self.state = State::Code(self.default_method(record));
            return match self.may_ask() {
                true => self.ask(Vec::new(), Vec::new()),
                false => self.give_up(world),
            };
        }
        // Who has shown nothing at all is not to send mail to the owner's contacts.
        if self.login.first_factors.is_empty() {
            let reference = world.fresh.reference();
            let message = words::no_first_factor(&reference);
            let cause = "asks for a reset without a first factor";
            return self.finish(Verdict::Deny, cause, vec![message], Vec::new(), Some(reference));
        }
        let source = self.login.source.to_string();
        match &record.reset_request {
            Some(request) if request.is_open(world.now) => {
                let text = words::request_open(request);
                self.refuse_request("a reset request is open already", text, world)
            }
            Some(request) if request.pauses(&source, world.now) => {
                let text = words::request_pauses().to_owned();
                self.refuse_request("a reset was asked for less than a day ago", text, world)
            }
            _ => {
                let request = ResetRequest {
                    id: world.fresh.object_id(),
                    since: world.now,
                    source,
                    service: counted_as(&self.login.service),
                    reason: None,
                    closed: false,
                };
                // A user whom NSS does not know reads the same, and nobody is told.
                let effects = match self.known {
                    true => self.tell_of(&request, record, world),
                    false => Vec::new(),
                };
                record.reset_request = Some(request);
                self.request_noted(effects, world)
            }
        }
    }

    fn tell_of(
        &self,
        request: &ResetRequest,
        record: &UserRecord,
        world: &World<'_>,
    ) -> Vec<Effect> {
        let cause = format!("request {}", request.id);
        let event = AuditEvent::of_login(Happening::ResetRequested, &self.login, cause);
        let subject = Subject::ResetRequested {
            id: request.id.clone(),
            expires: request.expires(),
            reason: None,
        };
        let to = Recipient::all_of(&record.contacts);
        let notice = Notice::of_login(to, subject, &self.login, world.now);
        vec![Effect::Audit(event), Effect::Notify(Box::new(notice))]
    }

    /// A user whom NSS does not know reads the same.
    fn request_noted(&self, effects: Vec<Effect>, world: &World<'_>) -> Turn {
        let reference = world.fresh.reference();
        let text = words::request_noted(&world.fresh.object_id(), &world.settings.host);
        let messages = vec![Message::info(text)];
        let cause = if self.known { "asks for a reset" } else { "no such user" };
        self.finish(Verdict::Deny, cause, messages, effects, Some(reference))
    }

    fn refuse_request(&self, cause: &str, text: String, world: &World<'_>) -> Turn {
        let reference = world.fresh.reference();
        let messages = vec![Message::error(text)];
        self.finish(Verdict::Deny, cause, messages, Vec::new(), Some(reference))
    }
}
