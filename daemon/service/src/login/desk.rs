//! The desk at which logins arrive: from a request to a verdict.
//!
//! ```text
//! auth      ──► dialogue ──► allow or skip: a ticket
//! account   ──► ticket: what was staged takes effect  |  no ticket: the policy decides again
//! password  ──► dialogue in the preliminary check, ticket in the update
//! session   ──► nothing to decide: what happened since the last login is told
//! ```

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use twinlock_bus_api::login::Phase;
use twinlock_core::{
    dialogue::{self, Dialogue, Message, Outcome, Staged, Step, Turn, Verdict, decide_account},
    login::{LoginContext, User},
    record::UserRecord,
    response::Response,
};
use zeroize::Zeroizing;

pub use super::reply::{Ending, OpenDialogue, Reply};
use super::{
    doors::{Doors, Inside},
    reply::without_prompt,
    request::Request,
    sessions::Sessions,
    slots::{Slot, Slots},
    stack::Stacks,
    staging,
    tickets::{Binding, Errand, Grant, Secret, TICKET_BYTES, Tickets},
};
use crate::engine::{Done, Engine, EngineError, random, within};

/// How long a dialogue may stay open.
pub const LIFETIME: Duration = Duration::from_secs(5 * 60);

/// How long one call may take, whatever it waits for: the user database, its turn, the store. The
/// PAM module waits five seconds, and is to hear why.
const DEADLINE: Duration = Duration::from_millis(4500);

/// A program that has been given a ticket brings it to the account phase within this, or has none.
const BETWEEN_PHASES: Duration = Duration::from_secs(1);

/// An answer is written to its connection within this.
const WRITTEN: Duration = Duration::from_millis(50);

/// How often it is looked whether such a program is still on its way.
const GLANCE: Duration = Duration::from_millis(10);

/// The uid that stands for a user whom NSS does not know; no account may have it (`(uid_t) -1`).
const NO_UID: u32 = u32::MAX;

/// Takes logins in.
pub struct Desk {
    pub(super) engine: Arc<Engine>,
    tickets: Tickets,
    slots: Slots,
    pub(super) sessions: Sessions,
    stacks: Stacks,
    dialogues: AtomicU64,
    doors: Doors,
}

/// One login as it stands at the desk.
pub(super) struct Caller {
    pub(super) login: LoginContext,
    pub(super) known: bool,
    pub(super) binding: Binding,
}

impl Desk {
    /// Opens.
    pub fn new(engine: Arc<Engine>, stacks: Stacks) -> Self {
        Self {
            engine,
            stacks,
            tickets: Tickets::default(),
            slots: Slots::new(LIFETIME),
            sessions: Sessions::default(),
            dialogues: AtomicU64::new(0),
            doors: Doors::default(),
        }
    }

    /// Takes no further code, and returns when no login is on its way from its auth to its account
    /// phase: a ticket does not outlive the daemon, and its login would be refused. The caller says how
    /// long to wait.
    pub async fn lull(&self) {
        self.doors.stop();
        while !self.doors.is_empty()
            || self.tickets.in_flight(BETWEEN_PHASES, self.engine.steady()) > 0
        {
            tokio::time::sleep(GLANCE).await;
        }
        // What was answered last is on the wire by then.
        tokio::time::sleep(WRITTEN).await;
    }

    /// Lets a call of `Begin` in; what is returned goes when it is answered.
    pub(super) async fn admit(&self, request: &Request) -> Inside<'_> {
        let begins = matches!(request.phase, Phase::Auth | Phase::Password);
        self.doors.enter(begins && request.ticket.is_none()).await
    }

    /// Lets a call of `Answer` in.
    pub(super) async fn admit_answer(&self, open: &OpenDialogue) -> Inside<'_> {
        self.doors.enter(open.dialogue.takes_code()).await
    }

    /// Ends every connection. Whoever is at a prompt is asked again by the next daemon.
    pub fn close(&self) {
        self.doors.close();
    }

    /// Returns when every connection has to end.
    pub(super) async fn closed(&self) {
        self.doors.closed().await;
    }

    /// One call of `Begin`. `process` is the peer's process id.
    pub async fn begin(&self, request: Request, process: i32) -> Reply {
        let (phase, name) = (request.phase, request.user.clone());
        let open_door =
            phase == Phase::Auth && self.is_open_door(&request.service, &request.first_factors);
        // Elsewhere nobody says what was shown before PAM.
        let tells = request.service == "sshd";
        if open_door && tells && !self.stacks.check_first_factor(&request.service) {
            return self.shut(&name, "a code alone is no login: no first factor was shown");
        }
        let settings = self.engine.settings();
        let decided = async {
            match phase {
                Phase::Session => self.session(request, process).await,
                Phase::Auth => self.auth(request, process).await,
                Phase::Account => self.account(request, process).await,
                Phase::Password => self.password(request, process).await,
            }
        };
        let reply = within(DEADLINE, decided).await;
        let reply = reply.unwrap_or_else(|error| Reply::Done(self.trouble(&name, &error)));
        let reply = match phase {
            Phase::Auth | Phase::Account => self.with_all_groups(&settings, &name, reply),
            Phase::Password | Phase::Session => reply,
        };
        self.keep_shut(open_door, &name, reply)
    }

    /// One call of `Answer`.
    pub async fn answer(&self, open: OpenDialogue, response: &Response) -> Reply {
        if self.engine.steady().saturating_sub(open.opened) >= LIFETIME {
            return Reply::Done(self.too_late(&open));
        }
        let OpenDialogue { dialogue, known, binding, opened, settings, slot } = open;
        let login = dialogue.login();
        let user = login.user.clone();
        let is_login = binding.errand == Errand::Login;
        let open_door = is_login && self.is_open_door(&login.service, &login.first_factors);
        let step =
            self.step(&user, known, |record, world| dialogue.answer(response, record, world));
        let reply = match within(DEADLINE, step).await {
            Err(error) if binding.errand == Errand::Renewal => {
                Reply::Done(self.spoiled(login, &error, dialogue::maybe_renewed))
            }
            Err(error) => Reply::Done(self.trouble(&user.name, &error)),
            Ok(step) => self.reply(step, known, binding, opened, slot),
        };
        let reply = match is_login {
            true => self.with_all_groups(&settings, &user.name, reply),
            false => reply,
        };
        self.keep_shut(open_door, &user.name, reply)
    }

    /// A dialogue ended without a verdict.
    pub fn abandon(&self, open: OpenDialogue, why: &str) {
        self.engine.audit(open.dialogue.abandoned(why));
    }

    async fn auth(&self, request: Request, process: i32) -> Result<Reply, EngineError> {
        let caller = self.recognise(&request, process).await?;
        self.dialogue(caller, Dialogue::open).await
    }

    async fn account(&self, request: Request, process: i32) -> Result<Reply, EngineError> {
        if request.ticket.is_none() && !self.is_account_service(&request.service) {
            return self.account_in_passing(&request);
        }
        let caller = self.recognise(&request, process).await?;
        if request.ticket.is_some() {
            return self.redeem(&request, caller).await;
        }
        let Caller { mut login, known, .. } = caller;
        login.first_factors = vec![twinlock_core::login::FirstFactor::Key];
        let user = login.user.clone();
        let step = self
            .step(&user, known, |record, world| decide_account(login.clone(), known, record, world))
            .await?;
        Ok(Reply::Done(without_prompt(step)))
    }

    /// The account phase of a service whose auth phase nothing can stand for: cron, `su` from root,
    /// `sudo` without a password. Only the deny list holds, which needs neither the record nor the
    /// user database; so neither can be in the way of whoever comes to mend them.
    fn account_in_passing(&self, request: &Request) -> Result<Reply, EngineError> {
        let user = User { name: request.user.clone(), uid: NO_UID, groups: Vec::new() };
        let login = LoginContext {
            service: request.service.clone(),
            user: user.clone(),
            source: request.source.clone(),
            tty: request.tty.clone(),
            first_factors: Vec::new(),
            interactive: request.interactive,
            redeems: true,
            session_code: None,
        };
        let step = self.engine.step_of_stranger(&user, |record, world| {
            let Turn { step, effects } = decide_account(login, true, record, world);
            Done { answer: step, effects }
        })?;
        Ok(Reply::Done(without_prompt(step)))
    }

    /// A place for one more dialogue of this user and source.
    pub(super) fn take_place(&self, login: &LoginContext, now: Duration) -> Option<Slot> {
        let number = self.dialogues.fetch_add(1, Ordering::Relaxed);
        self.slots.take(&login.user.name, &login.source.counter_key(), number, now)
    }

    /// Opens a dialogue, if the user and source have not too many open already.
    pub(super) async fn dialogue(
        &self,
        caller: Caller,
        open: impl Fn(LoginContext, bool, &mut UserRecord, &dialogue::World<'_>) -> Turn,
    ) -> Result<Reply, EngineError> {
        let Caller { login, known, binding } = caller;
        let now = self.engine.steady();
        let Some(slot) = self.take_place(&login, now) else {
            return Ok(Reply::Done(self.too_many(&login)));
        };
        let user = login.user.clone();
        let step = self
            .step(&user, known, |record, world| open(login.clone(), known, record, world))
            .await?;
        Ok(self.reply(step, known, binding, now, slot))
    }

    /// Who logs in, as NSS says. A user whom it does not know gets a dialogue like any other.
    pub(super) async fn recognise(
        &self,
        request: &Request,
        process: i32,
    ) -> Result<Caller, EngineError> {
        let found = self.engine.find_user(&request.user).await?;
        let known = found.is_some();
        let user = found.unwrap_or_else(|| User {
            name: request.user.clone(),
            uid: NO_UID,
            groups: Vec::new(),
        });
        let session_code = self.session_code(request, user.uid);
        let binding = Binding {
            errand: Errand::of(request.phase),
            user: user.name.clone(),
            uid: user.uid,
            service: request.service.clone(),
            source: request.source.clone(),
            process,
        };
        let login = LoginContext {
            service: request.service.clone(),
            user,
            source: request.source.clone(),
            tty: request.tty.clone(),
            first_factors: request.first_factors.clone(),
            interactive: request.interactive,
            redeems: self.stacks.redeem(&request.service),
            session_code,
        };
        Ok(Caller { login, known, binding })
    }

    /// What the ticket of this request stands for, or why it stands for nothing.
    pub(super) fn take_ticket(&self, request: &Request, caller: &Caller) -> Result<Grant, String> {
        let ticket = request.ticket.as_ref().map_or("", |ticket| ticket.as_str());
        match self.tickets.redeem(ticket, &caller.binding, self.engine.steady()) {
            Ok(grant) if caller.known => Ok(grant),
            Ok(_) => Err("no such user".to_owned()),
            Err(refusal) => Err(refusal.to_string()),
        }
    }

    async fn redeem(&self, request: &Request, caller: Caller) -> Result<Reply, EngineError> {
        let grant = match self.take_ticket(request, &caller) {
            Ok(grant) => grant,
            Err(cause) => return Ok(Reply::Done(self.refuse(&caller.login, &cause))),
        };
        if !grant.staged.is_empty() {
            let login = &caller.login;
            let apply = |record: &mut UserRecord, world: &dialogue::World<'_>| {
                staging::take_effect(record, login, &grant.staged, world)
            };
            match self.engine.step(&login.user, apply).await {
                Ok(Ok(())) => self.note_session(request, login, &grant.staged),
                Ok(Err(superseded)) => {
                    return Ok(Reply::Done(self.refuse(login, &superseded.to_string())));
                }
                Err(error) => return Err(error),
            }
        }
        Ok(Reply::Done(Ending::without_ticket(grant.verdict, Vec::new())))
    }

    async fn step(
        &self,
        user: &User,
        known: bool,
        mut step: impl FnMut(&mut UserRecord, &dialogue::World<'_>) -> Turn,
    ) -> Result<Step, EngineError> {
        let run = |record: &mut UserRecord, world: &dialogue::World<'_>| {
            let Turn { step, effects } = step(record, world);
            Done { answer: step, effects }
        };
        if known {
            self.engine.step(user, run).await
        } else {
            self.engine.step_of_stranger(user, run)
        }
    }

    pub(super) fn reply(
        &self,
        step: Step,
        known: bool,
        binding: Binding,
        opened: Duration,
        slot: Slot,
    ) -> Reply {
        match step {
            Step::Ask(messages, dialogue) => {
                let settings = self.engine.settings();
                let open = OpenDialogue { dialogue, known, binding, opened, settings, slot };
                Reply::Ask(messages, Box::new(open))
            }
            Step::Done(Outcome { verdict: Verdict::Allow, .. }) if !known => {
                // Nothing in the core lets an unknown user in; should it ever, this does not.
                Reply::Done(Ending::without_ticket(Verdict::Deny, Vec::new()))
            }
            Step::Done(Outcome { verdict: Verdict::Skip, .. }) if !known && !self.observes() => {
                Reply::Done(Ending::without_ticket(Verdict::Deny, Vec::new()))
            }
            Step::Done(outcome) => Reply::Done(self.conclude(outcome, binding)),
        }
    }

    fn conclude(&self, outcome: Outcome, binding: Binding) -> Ending {
        let Outcome { verdict, messages, reference, staged } = outcome;
        match verdict {
            // The ticket of the check is used, and nothing comes after this.
            _ if binding.errand == Errand::Renewal => {
                Ending { verdict, messages, reference, ticket: None }
            }
            Verdict::Allow | Verdict::Skip => {
                let user = binding.user.clone();
                self.ending(binding, Grant { verdict, staged }, messages)
                    .unwrap_or_else(|error| self.trouble(&user, &error))
            }
            Verdict::Deny | Verdict::Locked => {
                Ending { verdict, messages, reference, ticket: None }
            }
        }
    }

    /// An allow or a skip, with its ticket.
    pub(super) fn ending(
        &self,
        binding: Binding,
        mut grant: Grant,
        messages: Vec<Message>,
    ) -> Result<Ending, EngineError> {
        if binding.errand == Errand::PasswordChange {
            grant.staged.push(Staged::ChangePassword);
        }
        let mut secret = Zeroizing::new([0; TICKET_BYTES]);
        random::fill(&mut *secret)?;
        let verdict = grant.verdict;
        let ticket = self.tickets.issue(Secret::new(*secret), binding, grant, self.engine.steady());
        Ok(Ending { verdict, messages, reference: None, ticket: Some(ticket) })
    }
}
