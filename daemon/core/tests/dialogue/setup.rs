//! A login of alice to web1, step by step.

use std::time::Duration;

use twinlock_core::{
    dialogue::{Dialogue, Effect, Message, Outcome, Settings, Step, Style, Turn, World},
    factor::totp::{Secret, TotpFactor},
    fresh::{FRESH_BYTES, Fresh},
    login::LoginContext,
    notice::Notice,
    policy::{NetworkList, Policy},
    printed_code::PrintedCode,
    record::UserRecord,
    reference::REFERENCE_BYTES,
    response::Response,
    time::Timestamp,
    voucher::Bypass,
};
use zeroize::Zeroizing;

use crate::hashing::Plain;
pub use crate::web1::{alice, login, settings};

pub const NOW: Timestamp = Timestamp::from_secs(1_800_000_000);

/// The secret of the factor that alice has.
pub const SECRET: &[u8] = b"canary-canary-canary";

/// No code of [`SECRET`] within ten minutes of [`NOW`].
pub const WRONG: &str = "000000";

/// The reference of every step.
pub const REFERENCE: &str = "777777";

/// The code that an app with this secret shows, so many steps from now.
pub fn code_of(secret: &[u8], steps: i64) -> String {
    let app = totp_rs::Builder::new().with_secret(secret.to_vec()).build_noncompliant();
    app.generate(NOW.as_secs().saturating_add_signed(30 * steps)).to_string()
}

pub fn right() -> String {
    code_of(SECRET, 0)
}

pub fn enrolled() -> UserRecord {
    let mut record = UserRecord::new(&alice());
    let totp = TotpFactor::new(Secret::new(SECRET));
    record.enrol("7F3KQ2".to_owned(), "phone".to_owned(), totp, NOW).unwrap();
    record
}

/// The recovery codes of [`with_recovery`].
pub fn recovery_code(n: u8) -> String {
    PrintedCode::from_random(&[n; 10]).shown().to_string()
}

/// With ten recovery codes.
pub fn with_recovery() -> UserRecord {
    let mut record = enrolled();
    let hashed = |n| PrintedCode::from_random(&[n; 10]).hashed([n; 16], &Plain);
    record.renew_recovery((1..=10).map(hashed).collect(), NOW);
    record
}

/// The network of [`login`].
pub fn here() -> NetworkList {
    std::iter::once("203.0.113.0/24".parse().unwrap()).collect()
}

/// Randomness whose reference is [`REFERENCE`].
pub fn fresh() -> Fresh {
    let mut bytes = [3; FRESH_BYTES];
    bytes[..REFERENCE_BYTES].fill(7);
    Fresh::new(Zeroizing::new(bytes))
}

/// Runs a step now.
pub fn run<T>(settings: &Settings, step: impl FnOnce(&World<'_>) -> T) -> T {
    run_at(NOW, settings, step)
}

fn run_at<T>(now: Timestamp, settings: &Settings, step: impl FnOnce(&World<'_>) -> T) -> T {
    let fresh = fresh();
    step(&World { settings, now, clock: now, fresh: &fresh, hashing: &Plain })
}

/// The login of one user.
pub struct Login {
    pub settings: Settings,
    pub record: UserRecord,
    pub now: Timestamp,
    /// What users were sent so far.
    pub notices: Vec<Notice>,
    step: Option<Step>,
    events: Vec<String>,
}

impl Login {
    /// Begins one of a user whom NSS knows.
    pub fn begin(policy: Policy, record: UserRecord, login: LoginContext) -> Self {
        Self::of(settings(policy), record, login, true)
    }

    pub fn of(settings: Settings, record: UserRecord, login: LoginContext, known: bool) -> Self {
        Self::with(settings, record, |record, world| {
            Dialogue::open(login.clone(), known, record, world)
        })
    }

    /// Begins with another first step.
    pub fn with(
        settings: Settings,
        record: UserRecord,
        first: impl FnOnce(&mut UserRecord, &World<'_>) -> Turn,
    ) -> Self {
        Self::at(NOW, settings, record, first)
    }

    /// Begins at another time.
    pub fn at(
        now: Timestamp,
        settings: Settings,
        record: UserRecord,
        first: impl FnOnce(&mut UserRecord, &World<'_>) -> Turn,
    ) -> Self {
        let (notices, events) = (Vec::new(), Vec::new());
        let mut this = Self { settings, record, now, notices, step: None, events };
        this.take(first);
        this
    }

    /// Begins another login, on the record that this one left.
    pub fn again(&self, now: Timestamp, login: LoginContext) -> Self {
        Self::at(now, self.settings.clone(), self.record.clone(), |record, world| {
            Dialogue::open(login, true, record, world)
        })
    }

    /// What was staged takes effect, as in the account phase.
    pub fn redeem(&mut self) -> &mut Self {
        for staged in self.outcome().staged.clone() {
            self.record.apply(&staged, &Plain, self.now).unwrap();
        }
        self
    }

    pub fn answer(&mut self, text: &str) -> &mut Self {
        let Some(Step::Ask(_, dialogue)) = self.step.clone() else { panic!("nothing was asked") };
        let response = Response::new(text.to_owned());
        self.take(|record, world| dialogue.answer(&response, record, world));
        self
    }

    fn take(&mut self, step: impl FnOnce(&mut UserRecord, &World<'_>) -> Turn) {
        let record = &mut self.record;
        let turn = run_at(self.now, &self.settings, |world| step(record, world));
        for effect in turn.effects {
            match effect {
                Effect::Audit(event) => self.events.push(event.to_string()),
                Effect::Notify(notice) => self.notices.push(*notice),
            }
        }
        self.step = Some(turn.step);
    }

    fn messages(&self) -> &[Message] {
        match self.step.as_ref().unwrap() {
            Step::Ask(messages, _) => messages,
            Step::Done(outcome) => &outcome.messages,
        }
    }

    /// The last messages, each with its style: `?` a prompt, `!` an error, `i` information.
    pub fn shown(&self) -> Vec<String> {
        let style = |style| match style {
            Style::Prompt => '?',
            Style::Error => '!',
            Style::Info => 'i',
        };
        self.messages().iter().map(|it| format!("{} {}", style(it.style), it.text)).collect()
    }

    pub fn outcome(&self) -> &Outcome {
        match self.step.as_ref().unwrap() {
            Step::Done(outcome) => outcome,
            Step::Ask(..) => panic!("asked instead: {:?}", self.shown()),
        }
    }

    pub fn dialogue(&self) -> Dialogue {
        match self.step.clone().unwrap() {
            Step::Ask(_, dialogue) => *dialogue,
            Step::Done(outcome) => panic!("over: {outcome:?}"),
        }
    }

    pub fn is_asking(&self) -> bool {
        matches!(self.step, Some(Step::Ask(..)))
    }

    /// Word and cause of each event so far.
    pub fn events(&self) -> Vec<String> {
        let brief = |line: &String| {
            let (word, rest) = line.strip_prefix("event=").unwrap().split_once(' ').unwrap();
            let (_, cause) = rest.split_once("cause=\"").unwrap();
            let cause = cause.split(" reference=").next().unwrap();
            format!("{word}: {}", cause.strip_suffix('"').unwrap())
        };
        self.events.iter().map(brief).collect()
    }

    /// The lines of the log.
    pub fn lines(&self) -> &[String] {
        &self.events
    }
}

/// A bypass code that works once, within the hour.
pub fn bypass(code: &PrintedCode) -> Bypass {
    Bypass {
        id: "B1".to_owned(),
        code: code.hashed([9; 16], &Plain),
        since: NOW,
        until: NOW.after(Duration::from_secs(3600)),
        uses_left: 1,
        from: None,
        reason: "phone in repair".to_owned(),
        by: "root".to_owned(),
    }
}
