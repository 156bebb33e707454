//! What happens once a change is durable: lines of the log, and messages to the user.

use twinlock_core::{audit::AuditEvent, dialogue::Effect, notice::Notice};

/// What a change has brought about so far, in order.
#[derive(Default)]
pub(super) struct Effects(Vec<Effect>);

impl Effects {
    /// Something that the log has a line for.
    pub(super) fn push(&mut self, event: AuditEvent) {
        self.0.push(Effect::Audit(event));
    }

    /// Something that the user is told.
    pub(super) fn notify(&mut self, notice: Notice) {
        self.0.push(Effect::Notify(Box::new(notice)));
    }
}

impl From<Effects> for Vec<Effect> {
    fn from(effects: Effects) -> Self {
        effects.0
    }
}
