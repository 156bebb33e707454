//! What a change leads to once it is durable: lines of the log, and messages to the user.

use twinlock_core::{
    audit::AuditEvent,
    dialogue::{Effect, World},
    login::{Source, User},
    notice::{Notice, Recipient, Subject},
    record::UserRecord,
};

use super::caller::Caller;

/// What a change has led to so far.
#[derive(Default)]
pub(super) struct Effects(Vec<Effect>);

impl Effects {
    /// Something that the log has a line for.
    pub(super) fn push(&mut self, event: AuditEvent) {
        self.0.push(Effect::Audit(event));
    }

    /// A message.
    pub(super) fn notify(&mut self, notice: Notice) {
        self.0.push(Effect::Notify(Box::new(notice)));
    }

    /// Tells every contact in the record what was done, by whom, and the reference under which the
    /// log has it.
    pub(super) fn tell(
        &mut self,
        record: &UserRecord,
        world: &World<'_>,
        user: &User,
        caller: &Caller,
        subject: Subject,
    ) {
        let to = Recipient::all_of(&record.contacts);
        self.notify(notice(to, world, user, caller, subject));
    }
}

impl From<Effects> for Vec<Effect> {
    fn from(effects: Effects) -> Self {
        effects.0
    }
}

/// A message about what this caller did.
pub(super) fn notice(
    to: Vec<Recipient>,
    world: &World<'_>,
    user: &User,
    caller: &Caller,
    subject: Subject,
) -> Notice {
    Notice {
        by: caller.name_to(user),
        source: Some(source(caller)),
        reference: Some(world.fresh.reference()),
        ..Notice::new(to, subject, user.name.clone(), world.now)
    }
}

/// Where what a caller does comes from. Guesses of one caller make that caller wait, whoever's
/// codes they guess at.
pub(super) fn source(caller: &Caller) -> Source {
    Source::Local { requester: Some(format!("uid {}", caller.uid)) }
}
