//! The dialogue of one login, as a state machine.
//!
//! ```text
//!                 ┌───────── skip, deny, locked; a trusted host: allow ───────┐
//!                 │                                                           ▼
//!   open ──► decision ──► code ◄──┐ wrong or used, tries left ──┘         ┌──────┐
//!                           │     │ e, s: a code is sent                  │ done │
//!                           │     │ r: a recovery code  l: lost everything│      │
//!                           │     └───────────────────────────────        │      │
//!                           ├── right ──► trust this host? ───────► allow─►│      │
//!                           ├── third try ──────────────────────► deny  ─►│      │
//!                           └── the source must wait now ───────► locked ►└──────┘
//! ```
//!
//! A user who must enrol gets the offer of `enrol.rs` in the place of the prompt for a code.
//!
//! Every step is a function of the dialogue, the record and the world; it changes the record it is
//! handed and says what to show. The daemon commits the record before it shows anything, and runs
//! the step again on a fresh record if somebody else changed it in between. So a step must not
//! keep anything of its own.

mod code;
mod decide;
mod enrol;
mod lost;
mod renew;
mod send;
mod session;
mod settings;
mod staged;
mod trust;
mod words;

use std::{fmt, time::Duration};

use self::{enrol::Enrolling, trust::Trusting};
use crate::{
    audit::{AuditEvent, Happening},
    fresh::Fresh,
    hashing::Hashing,
    login::{LoginContext, SessionCode},
    notice::Notice,
    policy::{Method, Methods},
    record::UserRecord,
    reference::Reference,
    response::Response,
    time::Timestamp,
};

pub use decide::{decide_account, open_password};
pub use renew::{may_renew, offer_renewal};
pub use session::greet;
pub use settings::Settings;
pub use staged::{Staged, StagedEnrolment};
pub use words::{
    duration, maybe_renewed, no_first_factor, not_invited, not_renewed, spent, too_late,
    unavailable, withheld,
};

/// Answers that one dialogue takes before it ends, whatever they were.
pub const MAX_PROMPTS: u8 = 10;

/// Wrong or used codes that one dialogue takes.
const TRIES: u8 = 3;

/// What a step knows of the world outside the record.
pub struct World<'a> {
    /// How the daemon is set up.
    pub settings: &'a Settings,
    /// For dates, waits and grace: never earlier than the latest time seen.
    pub now: Timestamp,
    /// The time of day as the system has it, for TOTP.
    pub clock: Timestamp,
    /// Randomness for this step.
    pub fresh: &'a Fresh,
    /// One-way functions.
    pub hashing: &'a dyn Hashing,
}

/// How a message is shown, in the words of `pam_conv(3)`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// A prompt with echo. A code is worth nothing once typed, and sshd's `password` method
    /// answers every silent prompt with the user's password.
    Prompt,
    /// An error.
    Error,
    /// Information.
    Info,
}

/// One message to the person. It may show the key of an enrolment, which its `Debug` does not.
#[derive(Clone, PartialEq, Eq)]
pub struct Message {
    /// How it is shown.
    pub style: Style,
    /// The text, without a trailing newline.
    pub text: String,
}

impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Message({:?}, {} bytes)", self.style, self.text.len())
    }
}

impl Message {
    fn prompt(text: impl Into<String>) -> Self {
        Self { style: Style::Prompt, text: text.into() }
    }

    fn error(text: impl Into<String>) -> Self {
        Self { style: Style::Error, text: text.into() }
    }

    fn info(text: impl Into<String>) -> Self {
        Self { style: Style::Info, text: text.into() }
    }
}

/// How a login ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Verdict {
    /// A second factor satisfied the policy.
    Allow,
    /// None is asked of this login.
    Skip,
    /// Refused.
    Deny,
    /// Refused until a wait is over.
    Locked,
}

/// The end of a dialogue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// How it ended.
    pub verdict: Verdict,
    /// What the person reads.
    pub messages: Vec<Message>,
    /// What the person was told to quote.
    pub reference: Option<Reference>,
    /// What takes effect once the whole login has gone through: in the account phase.
    pub staged: Vec<Staged>,
}

/// What comes next.
#[derive(Clone)]
pub enum Step {
    /// Show these and wait for an answer; the last message is the one prompt.
    Ask(Vec<Message>, Box<Dialogue>),
    /// The dialogue is over.
    Done(Outcome),
}

/// A step, and what is to be told to others once the record is committed.
#[derive(Clone)]
pub struct Turn {
    /// What comes next.
    pub step: Step,
    /// In the order in which they are to happen.
    pub effects: Vec<Effect>,
}

/// What the daemon does after the commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Write this to the authentication log.
    Audit(AuditEvent),
    /// Send this to the user.
    Notify(Box<Notice>),
}

/// What a login is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Errand {
    /// Getting in.
    Login,
    /// Changing the password: trust does not stand for a code here.
    PasswordChange,
    /// Setting the second factor up anew, after the password has changed.
    Renewal,
}

/// An open dialogue: what was decided, and what has been asked so far.
#[derive(Clone)]
pub struct Dialogue {
    login: LoginContext,
    /// A user whom NSS does not know is asked like any other, and never let in.
    known: bool,
    errand: Errand,
    /// [`UserRecord::trust_epoch`] when it was opened. A reset, a new address or a password change since
    /// then voids whatever was decided and shown before.
    epoch: u32,
    /// The methods that count in this login and can be used.
    methods: Methods,
    /// For how long this host may be trusted.
    trust: Option<Duration>,
    failed: u8,
    prompts: u8,
    /// When a code was accepted, where the login session is to remember it.
    given: Option<SessionCode>,
    state: State,
}

/// What the last prompt asked for.
#[derive(Clone)]
enum State {
    /// A code of a factor; what an empty answer asks for.
    Code(Option<Method>),
    /// A recovery code.
    Recovery,
    /// A bypass code, or what is decided without one.
    Bypass,
    /// Whether everything is lost.
    Lost,
    /// Whether this host is to be trusted.
    Trust(Box<Trusting>),
    /// Whether the second factor is to be set up anew.
    Renew,
    /// An invitation.
    Invitation,
    /// The first code of a new authenticator.
    Enrolling(Box<Enrolling>),
    /// That the end of an enrolment was read.
    Farewell(Box<Enrolling>),
}

impl Dialogue {
    const fn new(login: LoginContext, known: bool, errand: Errand, record: &UserRecord) -> Self {
        Self {
            login,
            known,
            errand,
            epoch: record.trust_epoch,
            methods: Methods::NONE,
            trust: None,
            failed: 0,
            prompts: 1,
            given: None,
            state: State::Code(None),
        }
    }

    /// Whether the next answer can use up a code. Behind an accepted one nothing is asked that can.
    pub const fn takes_code(&self) -> bool {
        !matches!(self.state, State::Trust(_) | State::Farewell(_))
    }

    /// Begins the auth phase of a login. `known` is whether NSS knows the user; the record of a
    /// user it does not know is empty and is not kept.
    pub fn open(
        login: LoginContext,
        known: bool,
        record: &mut UserRecord,
        world: &World<'_>,
    ) -> Turn {
        decide::open(Self::new(login, known, Errand::Login, record), record, world)
    }

    /// Takes the answer to the prompt that was asked last.
    pub fn answer(&self, response: &Response, record: &mut UserRecord, world: &World<'_>) -> Turn {
        if let Some(turn) = decide::refuse_other_account(self, record, world) {
            return turn;
        }
        if self.epoch != record.trust_epoch {
            return self.withdrawn(world);
        }
        let next = Self { prompts: self.prompts.saturating_add(1), ..self.clone() };
        match self.state.clone() {
            State::Code(default) => next.answer_code(response, default, record, world),
            State::Recovery => next.answer_recovery(response, record, world),
            State::Bypass => next.answer_bypass(response, record, world),
            State::Lost => next.answer_lost(response, record, world),
            State::Trust(trusting) => next.answer_trust(*trusting, response, world),
            State::Renew => next.answer_renew(response, record, world),
            State::Invitation => next.answer_invitation(response, record, world),
            State::Enrolling(enrolling) => next.confirm(*enrolling, response, world),
            State::Farewell(enrolling) if self.errand == Errand::Renewal => {
                next.replace(*enrolling, response, record, world)
            }
            State::Farewell(enrolling) => next.part(*enrolling, world),
        }
    }

    /// Who logs in.
    pub const fn login(&self) -> &LoginContext {
        &self.login
    }

    /// The event of a dialogue that ended without a verdict.
    pub fn abandoned(&self, why: &str) -> AuditEvent {
        AuditEvent::of_login(Happening::LoginAbandoned, &self.login, why)
    }

    fn prompt(&self) -> String {
        match &self.state {
            State::Code(default) => words::code_prompt(self.methods, *default, self.says_lost()),
            State::Recovery => words::RECOVERY_PROMPT.to_owned(),
            State::Bypass => words::BYPASS_PROMPT.to_owned(),
            State::Lost => words::LOST_PROMPT.to_owned(),
            State::Trust(trusting) => trusting.question(),
            State::Renew => words::RENEW_PROMPT.to_owned(),
            State::Invitation => words::INVITATION_PROMPT.to_owned(),
            State::Enrolling(_) => words::CONFIRM_PROMPT.to_owned(),
            State::Farewell(_) if self.errand == Errand::Renewal => {
                words::REPLACE_PROMPT.to_owned()
            }
            State::Farewell(_) => words::ENTER_PROMPT.to_owned(),
        }
    }

    /// Whether the prompt says how to ask for a reset: not to who has shown no first factor, since
    /// nothing would come of it, and where there is one method only to who has tried it in vain.
    fn says_lost(&self) -> bool {
        let others = self.methods.iter().any(|method| method != Method::Totp);
        !self.login.first_factors.is_empty() && (others || self.failed > 0)
    }

    fn ask(self, mut messages: Vec<Message>, effects: Vec<Effect>) -> Turn {
        messages.push(Message::prompt(self.prompt()));
        Turn { step: Step::Ask(messages, Box::new(self)), effects }
    }

    /// Whether a further prompt is within what one dialogue may ask.
    const fn may_ask(&self) -> bool {
        self.prompts <= MAX_PROMPTS
    }

    fn finish(
        &self,
        verdict: Verdict,
        cause: &str,
        messages: Vec<Message>,
        mut effects: Vec<Effect>,
        reference: Option<Reference>,
    ) -> Turn {
        let happening = match verdict {
            Verdict::Allow => Happening::LoginAllowed,
            Verdict::Skip => Happening::LoginSkipped,
            Verdict::Deny => Happening::LoginRefused,
            Verdict::Locked => Happening::LoginLocked,
        };
        let event = AuditEvent::of_login(happening, &self.login, cause);
        effects.push(Effect::Audit(AuditEvent { reference: reference.clone(), ..event }));
        let outcome = Outcome { verdict, messages, reference, staged: Vec::new() };
        Turn { step: Step::Done(outcome), effects }
    }

    /// What the dialogue rests on is there no longer.
    fn withdrawn(&self, world: &World<'_>) -> Turn {
        let reference = world.fresh.reference();
        if self.errand == Errand::Renewal {
            return self.end_renewal(vec![words::not_renewed(&reference)], Vec::new());
        }
        let messages = vec![Message::error(words::withdrawn(&reference))];
        let cause = "trust or factors were withdrawn while the login was open";
        self.finish(Verdict::Deny, cause, messages, Vec::new(), Some(reference))
    }

    /// Lets the login through; `staged` waits for the account phase.
    fn allow(
        &self,
        cause: &str,
        messages: Vec<Message>,
        effects: Vec<Effect>,
        mut staged: Vec<Staged>,
    ) -> Turn {
        staged.extend(self.given.map(Staged::GiveCode));
        let mut turn = self.finish(Verdict::Allow, cause, messages, effects, None);
        if let Step::Done(outcome) = &mut turn.step {
            outcome.staged = staged;
        }
        turn
    }
}
