//! Trusting a host: the question after a right code, and the login that needs none because of it.

use std::time::Duration;

use super::{Dialogue, Effect, Errand, Message, Staged, State, Turn, World, words};
use crate::{
    login::Source,
    record::{Proof, UserRecord},
    response::Response,
    trusted_host::{Binding, TrustedHost},
};

/// Services that go on with what a login session has shown: see `[remember] session`.
const WITHIN_A_SESSION: [&str; 5] = ["su", "su-l", "sudo", "sudo-i", "doas"];

/// The last use of a host is kept this exactly: a login that changes nothing else then needs no
/// commit.
const USE_GRAIN: Duration = Duration::from_secs(60);

/// A right code, and the question that is open.
#[derive(Clone)]
pub(super) struct Trusting {
    binding: Binding,
    until: Duration,
    cause: String,
}

impl Trusting {
    pub(super) fn question(&self) -> String {
        words::trust_question(&self.binding, self.until)
    }
}

impl Dialogue {
    /// Lets a login through that comes from a trusted host, or follows a code in the same login
    /// session.
    pub(super) fn pass_without_code(&self, record: &UserRecord, world: &World<'_>) -> Option<Turn> {
        if self.errand != Errand::Login || !self.known {
            return None;
        }
        let remember = self.trust?;
        self.pass_by_session(record, world).or_else(|| self.pass_by_host(remember, record, world))
    }

    fn pass_by_host(
        &self,
        remember: Duration,
        record: &UserRecord,
        world: &World<'_>,
    ) -> Option<Turn> {
        let bind = world.settings.remember.bind;
        let host = record.trusted.of(&self.login, bind, world.now)?;
        if !host.holds(remember, world.now) {
            return None;
        }
        let noted = host.last_used_at.is_some_and(|at| world.now < at.after(USE_GRAIN));
        let staged = match noted || !self.login.redeems {
            true => Vec::new(),
            false => vec![Staged::UseTrust { host: host.id.clone(), at: world.now }],
        };
        let cause = format!("trusted host {} ({})", host.id, host.binding);
        Some(self.allow(&cause, Vec::new(), Vec::new(), staged))
    }

    fn pass_by_session(&self, record: &UserRecord, world: &World<'_>) -> Option<Turn> {
        let given = self.login.session_code?;
        let local = matches!(self.login.source, Source::Local { .. });
        let fresh = world.now < given.at.after(world.settings.remember.session)
            && given.epoch == record.trust_epoch;
        if !local || !fresh || !WITHIN_A_SESSION.contains(&self.login.service.as_str()) {
            return None;
        }
        let cause = format!("a code was given in this login session at {}", given.at);
        Some(self.allow(&cause, Vec::new(), Vec::new(), Vec::new()))
    }

    /// After a right code: the question, where this host can be trusted and is not yet.
    pub(super) fn offer_trust(
        mut self,
        proof: &Proof,
        messages: Vec<Message>,
        effects: Vec<Effect>,
        record: &UserRecord,
        world: &World<'_>,
    ) -> Turn {
        let cause = proof.cause();
        match self.trustable(proof, record, world) {
            None => self.allow(&cause, messages, effects, Vec::new()),
            Some((binding, until)) => {
                let trusting = Trusting { binding, until, cause };
                self.state = State::Trust(Box::new(trusting));
                self.ask(messages, effects)
            }
        }
    }

    fn trustable(
        &self,
        proof: &Proof,
        record: &UserRecord,
        world: &World<'_>,
    ) -> Option<(Binding, Duration)> {
        let bind = world.settings.remember.bind;
        let login = &self.login;
        // Codes of last resort say that something is amiss, not that all is well here.
        let ordinary = matches!(proof, Proof::Totp { .. } | Proof::Sent(_));
        let possible = ordinary
            && self.errand == Errand::Login
            && login.interactive
            && login.redeems
            && self.may_ask();
        let remember = self.trust.filter(|_| possible)?;
        let trusted = record.trusted.of(login, bind, world.now);
        if trusted.is_some_and(|host| host.holds(remember, world.now)) {
            return None;
        }
        Binding::of(login, bind).map(|binding| (binding, remember))
    }

    /// The answer to the question. The code was right, whatever it is.
    pub(super) fn answer_trust(
        &self,
        trusting: Trusting,
        response: &Response,
        world: &World<'_>,
    ) -> Turn {
        let Trusting { binding, until, cause } = trusting;
        if !response.is_yes() {
            return self.allow(&cause, Vec::new(), Vec::new(), Vec::new());
        }
        let host = TrustedHost {
            id: world.fresh.object_id(),
            binding,
            since: world.now,
            until: world.now.after(until),
            last_used_at: None,
        };
        let limit = world.settings.remember.limit;
        let staged = Staged::Trust { host: Box::new(host), limit, epoch: self.epoch };
        self.allow(&cause, Vec::new(), Vec::new(), vec![staged])
    }
}
