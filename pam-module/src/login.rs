//! The dialogue of one login: the daemon's messages go to the person, the person's answers to the
//! daemon, until the daemon says how it ends.
//!
//! ```text
//!            ┌──────────── answer ◄──────────┐
//!            ▼                               │
//! begin ─► reply ─► texts and one prompt ─► person
//!            └────► texts and a verdict ──► end
//! ```
//!
//! A daemon that is restarted meanwhile, by an upgrade for one, takes its dialogues with it. The
//! login then begins anew, once, and the person is asked again: nothing had been decided, and a code
//! that was accepted before its reply was lost is used up.
//!
//! Both sides are traits, so that the tests script them. Neither side is believed: a reply of the
//! daemon that breaks the contract ends the login without a verdict, and whatever a person types
//! that cannot be a code is passed on as an empty, and so wrong, answer.

use twinlock_bus_api::login::{MAX_RESPONSE, Message, Phase, Style, Verdict};
use zeroize::Zeroizing;

use crate::client::CallError;
use crate::context::Context;
use crate::conversation::ConversationError;
use crate::failure::Failure;
use crate::reply::{Details, Line, Nonsense, Step};
use crate::ticket::Ticket;

#[cfg(test)]
mod tests;

/// The most prompts of one dialogue: more than the daemon's own limit, few enough that a login
/// which never ends is noticed.
pub const MAX_PROMPTS: usize = 16;

/// Why somebody is asked again for what they have just typed.
const RESTARTED: &str =
    "The service that checks codes was restarted meanwhile, and has not seen your answer.";

/// The person, through the application's conversation function: `pam_conv(3)`.
pub trait Conversation {
    /// Shows texts that need no answer.
    ///
    /// # Errors
    /// The application did not show them.
    fn show(&mut self, texts: &[Line]) -> Result<(), ConversationError>;

    /// Shows texts and then the prompt, which is the last line, and returns what was typed: its
    /// bytes, at most one more than [`MAX_RESPONSE`], or nothing where the application gave no
    /// answer.
    ///
    /// # Errors
    /// The application did not ask.
    fn ask(&mut self, lines: &[Line]) -> Result<Option<Zeroizing<Vec<u8>>>, ConversationError>;
}

/// One reply of the daemon as it came, nothing of it checked yet.
pub struct Reply {
    /// The messages to show.
    pub messages: Vec<Message>,
    /// The verdict's word, empty while the dialogue goes on.
    pub verdict: String,
    /// The details.
    pub details: Details,
}

/// The daemon, over one connection.
pub trait Daemon {
    /// Opens the dialogue, and returns its number with the first reply.
    ///
    /// # Errors
    /// See [`CallError`].
    fn begin(&mut self, phase: Phase, context: &Context) -> Result<(u64, Reply), CallError>;

    /// Answers the dialogue's prompt.
    ///
    /// # Errors
    /// See [`CallError`].
    fn answer(&mut self, dialogue: u64, response: &str) -> Result<Reply, CallError>;

    /// Nothing more is asked: the connection goes. Whoever reads the last texts may take their time.
    fn close(&mut self);
}

/// How a dialogue ended.
pub struct Ended {
    /// What the daemon decided.
    pub verdict: Verdict,
    /// The ticket for the account phase, or for the second call of a password change.
    pub ticket: Option<Ticket>,
}

/// Runs the dialogue of one phase.
///
/// # Errors
/// Whatever keeps the daemon from a verdict; see [`Failure`].
pub fn run(
    phase: Phase,
    context: &Context,
    conversation: &mut dyn Conversation,
    daemon: &mut dyn Daemon,
) -> Result<Ended, Failure> {
    let mut restarted = false;
    let (mut dialogue, mut step) = begin(phase, context, daemon, &mut restarted)?;
    for _ in 0..MAX_PROMPTS {
        let lines = match step {
            Step::Ask(lines) if phase == Phase::Session => {
                return Err(Nonsense::PromptInSession { messages: lines.len() }.into());
            }
            Step::Ask(lines) => lines,
            Step::Done { texts, verdict, ticket } => {
                daemon.close();
                show(conversation, context.interactive, &texts);
                return Ok(Ended { verdict, ticket });
            }
        };
        let response = ask(conversation, context.interactive, lines)?;
        step = match daemon.answer(dialogue, &response) {
            Err(CallError::Closed { .. }) if !restarted => {
                let (another, step) = begin(phase, context, daemon, &mut restarted)?;
                restarted = true;
                dialogue = another;
                step.told(RESTARTED)
            }
            reply => Step::read(reply?)?,
        };
    }
    match step {
        Step::Done { texts, verdict, ticket } => {
            daemon.close();
            show(conversation, context.interactive, &texts);
            Ok(Ended { verdict, ticket })
        }
        Step::Ask(_) => Err(Nonsense::TooManyPrompts.into()),
    }
}

/// Opens the dialogue. A daemon that ends before it answers is asked once more, when it is back:
/// systemd keeps the connection waiting until then.
fn begin(
    phase: Phase,
    context: &Context,
    daemon: &mut dyn Daemon,
    restarted: &mut bool,
) -> Result<(u64, Step), Failure> {
    let begun = match daemon.begin(phase, context) {
        Err(CallError::Closed { .. }) if !*restarted => {
            *restarted = true;
            daemon.begin(phase, context)
        }
        begun => begun,
    };
    let (dialogue, reply) = begun?;
    Ok((dialogue, Step::read(reply)?))
}

/// Shows the texts that come with a verdict. The verdict stands even where they cannot be shown: a
/// job that cron starts has nobody to read them.
fn show(conversation: &mut dyn Conversation, interactive: bool, texts: &[Line]) {
    if interactive && !texts.is_empty() {
        let _ = conversation.show(texts);
    }
}

fn ask(
    conversation: &mut dyn Conversation,
    interactive: bool,
    mut lines: Vec<Line>,
) -> Result<Zeroizing<String>, Failure> {
    if !interactive {
        fold_into_prompt(&mut lines);
    }
    Ok(response(conversation.ask(&lines)?))
}

/// `PAM_SILENT`, which sudo always sets, forbids texts. A prompt is no text, and without it nobody
/// gets in; why it comes again is part of it, or nobody knows what to do.
fn fold_into_prompt(lines: &mut Vec<Line>) {
    lines.retain(|line| line.style.is_prompt() || line.style == Style::Error);
    if let Some(mut prompt) = lines.pop() {
        for error in lines.drain(..).rev() {
            prompt.text = format!("{}\n{}", error.text, prompt.text);
        }
        lines.push(prompt);
    }
}

/// What was typed, as it is sent. No factor has control characters or is longer than
/// [`MAX_RESPONSE`] bytes, so such an answer is sent as a question mark, which is wrong everywhere: the
/// empty answer can stand for a choice.
fn response(typed: Option<Zeroizing<Vec<u8>>>) -> Zeroizing<String> {
    match typed.as_deref().map(|typed| std::str::from_utf8(typed)) {
        Some(Ok(text)) if text.len() <= MAX_RESPONSE && !text.contains(char::is_control) => {
            Zeroizing::new(text.to_owned())
        }
        _ => Zeroizing::new("?".to_owned()),
    }
}
