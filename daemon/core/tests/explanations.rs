//! What real dialogues write to the log is explained in plain words: the causes that the dialogue
//! writes and those that the explanation knows are the same.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

#[path = "support/hashing.rs"]
mod hashing;
#[path = "support/web1.rs"]
mod web1;

use twinlock_core::{
    audit::{AuditEvent, AuditRecord, Explanation, Happening, explain},
    dialogue::{Dialogue, Effect, Settings, Step, Turn, World, decide_account},
    factor::totp::{Secret, TotpFactor},
    fresh::{FRESH_BYTES, Fresh},
    lockout::Rules,
    login::{FirstFactor, LoginContext, User},
    policy::{Mode, Policy},
    record::UserRecord,
    response::Response,
    time::Timestamp,
};
use zeroize::Zeroizing;

use hashing::Plain;

/// The codes of the key below, "12345678901234567890", at the steps 0 to 9: RFC 4226 appendix D.
const CODES: [&str; 10] = [
    "755224", "287082", "359152", "969429", "338314", "254676", "287922", "162583", "399871",
    "520489",
];

/// The third time step.
const NOW: Timestamp = Timestamp::from_secs(3 * 30);

fn user(name: &str) -> User {
    User { name: name.to_owned(), uid: 1000, groups: Vec::new() }
}

fn login(user: &User, first_factors: &[FirstFactor]) -> LoginContext {
    let (user, first_factors) = (user.clone(), first_factors.to_vec());
    LoginContext { user, first_factors, ..web1::login() }
}

fn settings() -> Settings {
    web1::settings(Policy::default())
}

fn enrolled() -> UserRecord {
    let mut record = UserRecord::new(&user("alice"));
    let totp = TotpFactor::new(Secret::new(*b"12345678901234567890"));
    record.enrol("A7".to_owned(), "phone".to_owned(), totp, NOW).unwrap();
    record
}

/// Runs a step, and notes what it writes to the log.
fn turn(
    settings: &Settings,
    record: &mut UserRecord,
    log: &mut Vec<AuditEvent>,
    step: impl FnOnce(&mut UserRecord, &World<'_>) -> Turn,
) -> Step {
    let fresh = Fresh::new(Zeroizing::new([7; FRESH_BYTES]));
    let world = World { settings, now: NOW, clock: NOW, fresh: &fresh, hashing: &Plain };
    let Turn { step, effects } = step(record, &world);
    log.extend(effects.into_iter().filter_map(|effect| match effect {
        Effect::Audit(event) => Some(event),
        Effect::Notify(_) => None,
    }));
    step
}

/// What a login writes to the log that gives these answers.
fn logged(record: &mut UserRecord, known: bool, answers: &[&str]) -> Vec<AuditEvent> {
    let (settings, mut log) = (settings(), Vec::new());
    let context = login(&user("alice"), &[FirstFactor::Password]);
    let mut step = turn(&settings, record, &mut log, |record, world| {
        Dialogue::open(context, known, record, world)
    });
    for answer in answers {
        let Step::Ask(_, dialogue) = step else { break };
        let response = Response::new((*answer).to_owned());
        step = turn(&settings, record, &mut log, |record, world| {
            dialogue.answer(&response, record, world)
        });
    }
    log
}

fn told(event: &AuditEvent) -> Explanation {
    explain(&AuditRecord::new(event, NOW))
}

/// That the first event means this, and that something can be done about it.
fn first_means(log: &[AuditEvent], words: &str) {
    let told = told(log.first().unwrap());
    assert!(told.meaning.contains(words), "{log:?}: {}", told.meaning);
    assert!(!told.advice.is_empty(), "{log:?}");
}

#[test]
fn each_way_in_which_a_code_is_refused_has_its_own_words() {
    first_means(&logged(&mut enrolled(), true, &["000000"]), "not right for any factor");
    first_means(&logged(&mut enrolled(), true, &["secret"]), "no code");
    first_means(&logged(&mut enrolled(), true, &[CODES[9]]), "3 minutes ahead");
    first_means(&logged(&mut enrolled(), true, &[CODES[0]]), "90 seconds behind");
    first_means(&logged(&mut enrolled(), false, &["000000"]), "knows no user");

    let mut record = enrolled();
    let accepted = logged(&mut record, true, &[CODES[3], "n"]);
    assert_eq!(told(&accepted[0]).advice, "", "{accepted:?}");
    first_means(&logged(&mut record, true, &[CODES[3]]), "A code works once");
}

#[test]
fn the_end_of_a_login_has_words_too() {
    let mut record = enrolled();
    let log = logged(&mut record, true, &["000000", "000001", "000002"]);
    first_means(&log[3..], "after 3 codes");
    let log = logged(&mut record, true, &["000003", "000004"]);
    assert_eq!(log.last().unwrap().happening, Happening::LoginLocked);
    first_means(&log[log.len() - 1..], "another 30 seconds");

    let mut stopped = enrolled();
    for n in 0..100 {
        let _ = stopped.lockout.record_failure(&format!("s{n}"), &Rules::default(), NOW);
    }
    first_means(&logged(&mut stopped, true, &[]), "hard_limit");

    let mut foreign = enrolled();
    foreign.uid = 999;
    first_means(&logged(&mut foreign, true, &[]), "uid 999, and the name has uid 1000");
}

#[test]
fn a_key_alone_and_what_would_have_been_have_words() {
    for (mode, words) in [(Mode::Enforce, "by a key alone"), (Mode::Observe, "Nobody was refused")]
    {
        let mut settings = settings();
        settings.policy.mode = mode;
        let mut log = Vec::new();
        let context = login(&user("alice"), &[FirstFactor::Key]);
        turn(&settings, &mut enrolled(), &mut log, |record, world| {
            decide_account(context, true, record, world)
        });
        let told = told(&log[0]);
        assert!(told.meaning.contains(words), "{log:?}: {}", told.meaning);
    }
}
