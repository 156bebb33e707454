//! What holds whatever is typed, whatever the policy says and whatever is in the record.

use proptest::prelude::*;
use twinlock_core::{
    dialogue::{
        Dialogue, Effect, MAX_PROMPTS, Outcome, Settings, Staged, Step, Style, Turn, Verdict, World,
    },
    factor::{
        Kind,
        totp::{Secret, TotpFactor},
    },
    lockout::Rules,
    login::{FirstFactor, LoginContext, Source, User},
    policy::{Level, Mode, NetworkRules, Policy, Profile},
    record::UserRecord,
    response::Response,
};

use super::setup::{NOW, alice, code_of, here, login, run, settings};

const SECRETS: [&[u8]; 3] =
    [b"canary-one-canary-on", b"canary-two-canary-tw", b"canary-six-canary-si"];

/// What somebody types.
#[derive(Debug, Clone)]
enum Answer {
    /// A code of one of the secrets, so many steps from now.
    Code(usize, i64),
    /// The code of the key on the screen, where one was shown.
    Shown,
    /// Anything.
    Text(String),
}

fn answers() -> impl Strategy<Value = Vec<Answer>> {
    let answer = prop_oneof![
        3 => (0..SECRETS.len(), -3i64..=3).prop_map(|(secret, steps)| Answer::Code(secret, steps)),
        1 => Just(Answer::Shown),
        1 => Just(Answer::Text("i".to_owned())),
        2 => "[0-9]{6}".prop_map(Answer::Text),
        1 => any::<String>().prop_map(Answer::Text),
    ];
    proptest::collection::vec(answer, 2 * usize::from(MAX_PROMPTS))
}

fn policies() -> impl Strategy<Value = Policy> {
    let level = prop_oneof![
        1 => Just(Level::Low),
        1 => Just(Level::Medium),
        3 => Just(Level::High),
        1 => Just(Level::VeryHigh)
    ];
    let network = prop_oneof![
        6 => Just(NetworkRules::default()),
        1 => Just(NetworkRules { deny: here(), ..NetworkRules::default() }),
        1 => Just(NetworkRules { exempt: here(), ..NetworkRules::default() }),
    ];
    let profile =
        proptest::option::of((any::<Option<bool>>(), any::<bool>()).prop_map(|(mfa, grace)| {
            Profile {
                name: "some".to_owned(),
                mfa,
                grace: grace.then_some(std::time::Duration::from_secs(86_400)),
                ..Profile::default()
            }
        }));
    let observe = proptest::bool::weighted(0.1);
    (level, network, profile, observe).prop_map(|(level, network, profile, observe)| Policy {
        level,
        network,
        profiles: profile.into_iter().collect(),
        mode: if observe { Mode::Observe } else { Mode::Enforce },
        ..Policy::default()
    })
}

/// What a record is made of; the record itself has no `Debug`, because it holds secrets.
#[derive(Debug, Clone)]
struct Plan {
    /// The last accepted step of each factor, from now; 0 for none.
    factors: Vec<i64>,
    uid: u32,
    failures: u32,
    mfa: Option<bool>,
}

impl Plan {
    fn record(&self) -> UserRecord {
        let mut record = UserRecord::new(&User { uid: self.uid, ..alice() });
        for (n, last) in self.factors.iter().enumerate() {
            let mut totp = TotpFactor::new(Secret::new(SECRETS[n]));
            if *last != 0 {
                totp.accept((NOW.as_secs() / 30).saturating_add_signed(*last));
            }
            record.enrol(format!("ZZZZZ{n}"), "phone".to_owned(), totp, NOW).unwrap();
        }
        for _ in 0..self.failures {
            let _ = record.lockout.record_failure("203.0.113.9", &Rules::default(), NOW);
        }
        record.mfa = self.mfa;
        record
    }
}

fn plans() -> impl Strategy<Value = Plan> {
    let factors = proptest::collection::vec(-2i64..=2, 0..=2);
    let uid = prop_oneof![9 => Just(1000u32), 1 => Just(1001u32)];
    let mfa = proptest::option::weighted(0.2, any::<bool>());
    (factors, uid, 0..6u32, mfa).prop_map(|(factors, uid, failures, mfa)| Plan {
        factors,
        uid,
        failures,
        mfa,
    })
}

fn logins() -> impl Strategy<Value = (LoginContext, bool)> {
    let service = prop_oneof![Just("sshd"), Just("su"), Just("gdm-password")];
    let remote = proptest::bool::weighted(0.8);
    let flags = (any::<bool>(), any::<bool>(), any::<bool>());
    let known = proptest::bool::weighted(0.9);
    (service, remote, flags, known).prop_map(
        |(service, remote, (shown, interactive, redeems), known)| {
            let source = if remote { login().source } else { Source::Local { requester: None } };
            let first_factors = if shown { vec![FirstFactor::Password] } else { Vec::new() };
            let service = service.to_owned();
            let login =
                LoginContext { service, source, first_factors, interactive, redeems, ..login() };
            (login, known)
        },
    )
}

/// One step, run twice on equal records: a step keeps nothing of its own.
fn twice(
    settings: &Settings,
    record: &mut UserRecord,
    step: impl Fn(&mut UserRecord, &World<'_>) -> Turn,
) -> Turn {
    let mut again = record.clone();
    let turn = run(settings, |world| step(record, world));
    let repeated = run(settings, |world| step(&mut again, world));
    assert!(*record == again, "the records differ");
    assert_eq!(turn.effects, repeated.effects);
    match (&turn.step, &repeated.step) {
        (Step::Ask(one, _), Step::Ask(other, _)) => assert_eq!(one, other),
        (Step::Done(one), Step::Done(other)) => assert_eq!(one, other),
        _ => panic!("asked once, and ended once"),
    }
    turn
}

/// Whether a code of a factor in the record, of a step that is not used up, is this text.
fn is_fresh_code(record: &UserRecord, text: &str) -> bool {
    let now = NOW.as_secs() / 30;
    record.factors.iter().zip(SECRETS).any(|(factor, secret)| {
        let Kind::Totp(totp) = &factor.kind else { return false };
        (-1i64..=1).any(|steps| {
            let step = now.saturating_add_signed(steps);
            let mut later = totp.clone();
            later.accept(step);
            code_of(secret, steps) == text.trim() && later != *totp
        })
    })
}

fn event_line(effect: &Effect) -> Option<String> {
    match effect {
        Effect::Audit(event) => Some(event.to_string()),
        Effect::Notify(_) => None,
    }
}

fn refused_codes(turn: &Turn) -> usize {
    let lines = turn.effects.iter().filter_map(event_line);
    lines
        .filter(|line| line.starts_with("event=code.refused"))
        .filter(|line| !line.contains("code used before") && !line.contains("for an enrolment"))
        .filter(|line| !line.contains("invitation"))
        .count()
}

fn enrols(outcome: &Outcome) -> bool {
    outcome.staged.iter().any(|staged| matches!(staged, Staged::Enrol { .. }))
}

/// The secret of the key on the screen.
fn shown_key(text: &str) -> Option<Vec<u8>> {
    let key = text.split("Key: ").nth(1)?.lines().next()?.replace(' ', "");
    data_encoding::BASE32_NOPAD.decode(key.as_bytes()).ok()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3000))]

    #[test]
    fn no_dialogue_lets_in_without_a_fresh_code_or_goes_on_for_ever(
        policy in policies(),
        plan in plans(),
        (login, known) in logins(),
        answers in answers(),
    ) {
        let settings = settings(policy);
        let mut record = if known { plan.record() } else { UserRecord::new(&login.user) };
        let observes = settings.policy.mode == Mode::Observe;
        let owned = record.uid == login.user.uid;
        let first = record.clone();
        let mut turn = twice(&settings, &mut record, |record, world| {
            Dialogue::open(login.clone(), known, record, world)
        });
        if !login.redeems {
            // No account phase will come, so that grace begins at once.
            record.first_seen = first.first_seen;
        }
        prop_assert!(record == first, "opening a dialogue changes nothing");
        let mut answers = answers.into_iter();
        let (mut prompts, mut typed, mut key) = (0u8, String::new(), None);
        let mut before = first.clone();
        // What was right, where a question follows it.
        let mut accepted = None;
        loop {
            let (messages, dialogue) = match turn.step.clone() {
                Step::Ask(messages, dialogue) => (messages, Some(dialogue)),
                Step::Done(outcome) => (outcome.messages, None),
            };
            for message in &messages {
                let leaks = SECRETS.iter().any(|secret| {
                    message.text.contains(&data_encoding::BASE32_NOPAD.encode(secret))
                });
                prop_assert!(!leaks, "{}", message.text);
                key = shown_key(&message.text).or(key);
            }
            for line in turn.effects.iter().filter_map(event_line) {
                prop_assert!(typed.len() != 6 || !line.contains(&typed), "{line}: {typed}");
                prop_assert!(!line.contains("canary"), "{line}");
            }
            let prompted = messages.iter().filter(|message| message.style == Style::Prompt).count();
            let Some(dialogue) = dialogue else {
                prop_assert_eq!(prompted, 0);
                break;
            };
            if messages.last().unwrap().text.starts_with("Do not ask again") {
                accepted = Some((before.clone(), typed.clone()));
            }
            prop_assert!(prompted == 1 && messages.last().unwrap().style == Style::Prompt);
            prop_assert!(!observes && (owned || !known));
            prompts += 1;
            prop_assert!(prompts <= MAX_PROMPTS, "{prompts} prompts");
            typed = match answers.next().unwrap() {
                Answer::Code(secret, steps) => code_of(SECRETS[secret], steps),
                Answer::Shown => key.as_deref().map(|key| code_of(key, 0)).unwrap_or_default(),
                Answer::Text(text) => text,
            };
            before = record.clone();
            let response = Response::new(typed.clone());
            turn = twice(&settings, &mut record, |record, world| {
                dialogue.answer(&response, record, world)
            });
            let failures = record.lockout.consecutive() as usize;
            if failures != 0 || refused_codes(&turn) > 0 {
                prop_assert_eq!(failures, before.lockout.consecutive() as usize + refused_codes(&turn));
            }
        }
        let Step::Done(outcome) = turn.step else { panic!("it ended") };
        match outcome.verdict {
            Verdict::Allow if enrols(&outcome) => {
                prop_assert!(known && owned && login.redeems && login.interactive);
                prop_assert!(!before.is_enrolled() && key.is_some());
                prop_assert!(record == before, "it is staged");
            }
            Verdict::Allow => {
                let (before, typed) = accepted.unwrap_or((before, typed));
                prop_assert!(known && owned && is_fresh_code(&before, &typed), "{typed}");
                prop_assert!(!is_fresh_code(&record, &typed), "and it is used up");
            }
            Verdict::Skip if observes => prop_assert!(record == first && prompts == 0),
            Verdict::Skip => prop_assert!(known && owned && prompts == 0 && record == first),
            Verdict::Deny | Verdict::Locked => prop_assert!(outcome.staged.is_empty()),
        }
    }
}
