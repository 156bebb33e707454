//! What a call at the desk comes to.

use std::{sync::Arc, time::Duration};

use twinlock_core::{
    dialogue::{Dialogue, Message, Outcome, Settings, Step, Verdict},
    reference::Reference,
};
use zeroize::Zeroizing;

use super::{slots::Slot, tickets::Binding};

/// What the PAM module is told.
pub enum Reply {
    /// Show these, and come back with an answer.
    Ask(Vec<Message>, Box<OpenDialogue>),
    /// The login is decided.
    Done(Ending),
}

/// The end of a dialogue, with the ticket for the next phase.
pub struct Ending {
    /// How it ended.
    pub verdict: Verdict,
    /// What the person reads.
    pub messages: Vec<Message>,
    /// What the person was told to quote.
    pub reference: Option<Reference>,
    /// For the account phase.
    pub ticket: Option<Zeroizing<String>>,
}

impl Ending {
    pub(super) fn without_ticket(verdict: Verdict, messages: Vec<Message>) -> Self {
        Self { verdict, messages, reference: None, ticket: None }
    }
}

/// A dialogue that waits for an answer. Dropped, it is over.
pub struct OpenDialogue {
    pub(super) dialogue: Box<Dialogue>,
    pub(super) known: bool,
    pub(super) binding: Binding,
    pub(super) opened: Duration,
    /// In force when the user was looked up.
    pub(super) settings: Arc<Settings>,
    pub(super) slot: Slot,
}

/// The account phase has no prompts; a step that asks one anyway lets nobody in.
pub(super) fn without_prompt(step: Step) -> Ending {
    match step {
        Step::Done(Outcome { verdict, messages, reference, .. }) => {
            Ending { verdict, messages, reference, ticket: None }
        }
        Step::Ask(..) => Ending::without_ticket(Verdict::Deny, Vec::new()),
    }
}
