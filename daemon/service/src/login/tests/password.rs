//! What follows a password change, and who gets no further than the change.

use twinlock_core::{notice::Subject, time::Timestamp};

use super::*;
use crate::clock::Clock;
use crate::store::{StoreError, memory::Fault};
use crate::testing::{CODES, RIGHT, SECRET, STEP, WRONG, alice, change, enrol, user};

const QUESTION: &str = "Set up your second factor anew? [y/N] ";

type Extra = Vec<(&'static str, Variant<'static>)>;

/// The check or the update of alice's own `passwd`.
fn passwd(more: &[(&'static str, Variant<'static>)]) -> Extra {
    let mut all = vec![
        ("service", Variant::from("passwd")),
        ("caller_uid", Variant::from(1000u32)),
        ("has_authtok", Variant::from(true)),
        ("ssh_connection", Variant::from("")),
    ];
    all.extend(more.iter().map(|(key, value)| (*key, value.try_clone().unwrap())));
    all
}

fn update(ticket: &str, more: &[(&'static str, Variant<'static>)]) -> Extra {
    let mut all = passwd(more);
    all.push(("ticket", Variant::from(ticket.to_owned())));
    all
}

/// The ticket of a check in which the code of now was right.
async fn checked(desk: &Desk) -> String {
    checked_with(desk, RIGHT).await
}

async fn checked_with(desk: &Desk, code: &str) -> String {
    let (_, open) = asked(begin(desk, "password", "alice", &passwd(&[])).await);
    let ending = done(desk.answer(open, &Response::new(code.to_owned())).await);
    assert_eq!(ending.verdict, Verdict::Allow);
    ticket(&ending)
}

async fn setup() -> (Setup, Arc<Engine>) {
    let setup = Setup::new();
    let engine = setup.engine().await;
    enrol(&engine, &alice()).await;
    (setup, engine)
}

async fn answer(desk: &Desk, open: OpenDialogue, text: &str) -> Reply {
    desk.answer(open, &Response::new(text.to_owned())).await
}

/// The first code of the key that is shown.
pub(super) fn confirmation(messages: &[Message], setup: &Setup) -> String {
    let key = messages.iter().find_map(|message| message.text.split("Key: ").nth(1)).unwrap();
    let key = data_encoding::BASE32_NOPAD.decode(key.replace(' ', "").as_bytes()).unwrap();
    assert_ne!(key, SECRET);
    let app = totp_rs::Builder::new().with_secret(key).build_noncompliant();
    app.generate(setup.clock.wall().as_secs()).to_string()
}

#[tokio::test]
async fn behind_the_new_password_the_factor_is_set_up_anew() {
    let (setup, engine) = setup().await;
    let desk = desk(&engine);
    let ticket = checked(&desk).await;
    let (messages, open) = asked(begin(&desk, "password", "alice", &update(&ticket, &[])).await);
    assert_eq!(messages.last().unwrap().text, QUESTION);
    let (messages, open) = asked(answer(&desk, open, "y").await);
    let code = confirmation(&messages, &setup);
    let (_, open) = asked(answer(&desk, open, &code).await);
    assert_eq!(engine.read("alice").await.unwrap().unwrap().factors[0].id, "7F3KQ2");
    setup.lines();
    let ending = done(answer(&desk, open, "").await);
    assert_eq!(ending.verdict, Verdict::Allow);
    assert!(ending.ticket.is_none(), "nothing comes after it");
    let record = engine.read("alice").await.unwrap().unwrap();
    assert_eq!((record.factors.len(), record.recovery.len()), (1, 10));
    assert_ne!(record.factors[0].id, "7F3KQ2");
    let lines = setup.lines();
    assert!(lines[0].starts_with("event=factor.enrolled user=\"alice\" service=\"passwd\""));
    assert!(lines[1].starts_with("event=factor.removed user=\"alice\" service=\"passwd\""));
    assert_eq!(lines.len(), 2, "{lines:?}");
    let told = setup.notices();
    assert!(matches!(told[0].subject, Subject::FactorEnrolled { .. }), "{told:?}");
    assert!(matches!(told[1].subject, Subject::FactorRemoved { .. }), "{told:?}");
    let old = asked(log_in(&desk, "alice", CODES[STEP + 1]).await).0;
    assert!(old[0].text.contains("is not right"), "{old:?}");
}

#[tokio::test]
async fn whoever_is_not_the_user_in_person_behind_a_new_password_is_offered_nothing() {
    let cases: [&[(&'static str, Variant<'static>)]; 5] = [
        // The line stands before the module that asks for the new password, or alone.
        &[("has_authtok", Variant::from(false))],
        &[("interactive", Variant::from(false))],
        &[("expired", Variant::from(true))],
        &[("caller_uid", Variant::from(0u32))],
        &[("caller_uid", Variant::from(1001u32))],
    ];
    for more in cases {
        let (_setup, engine) = setup().await;
        let desk = desk(&engine);
        let ticket = checked(&desk).await;
        let ending = done(begin(&desk, "password", "alice", &update(&ticket, more)).await);
        assert_eq!(ending.verdict, Verdict::Allow, "{:?}", more[0].0);
        assert!(texts(&ending).is_empty());
    }
    // Root's own change, with the ticket of the check that asked for nothing.
    let (_setup, engine) = setup().await;
    let desk = desk(&engine);
    let by_root = [("caller_uid", Variant::from(0u32))];
    let skipped = done(begin(&desk, "password", "alice", &passwd(&by_root)).await);
    let as_alice = update(&ticket(&skipped), &[]);
    let ending = done(begin(&desk, "password", "alice", &as_alice).await);
    assert_eq!((ending.verdict, texts(&ending).len()), (Verdict::Skip, 0));
}

#[tokio::test]
async fn an_update_without_its_own_check_is_offered_nothing() {
    let (setup, engine) = setup().await;
    let desk = desk(&engine);
    // No check at all: a code is asked for, and its answer offers nothing either.
    let (messages, open) = asked(begin(&desk, "password", "alice", &passwd(&[])).await);
    assert_eq!(messages.last().unwrap().text, "Verification code: ");
    assert_eq!(done(answer(&desk, open, RIGHT).await).verdict, Verdict::Allow);

    let bob = user("bob", 1001);
    let another = change(&engine, &bob, |record| {
        let totp = twinlock_core::factor::totp::TotpFactor::new(
            twinlock_core::factor::totp::Secret::new(SECRET),
        );
        record.enrol("B0B".to_owned(), "phone".to_owned(), totp, Timestamp::EPOCH).unwrap();
    });
    another.await;
    setup.clock.advance(60);
    for (name, uid, process, service) in [
        ("bob", 1001u32, PROCESS, "passwd"),
        ("alice", 1000, PROCESS + 1, "passwd"),
        ("alice", 1000, PROCESS, "chfn"),
    ] {
        let ticket = checked_with(&desk, &code_of_now(&setup)).await;
        setup.clock.advance(60);
        let uid = ("caller_uid", Variant::from(uid));
        let extra = update(&ticket, &[uid, ("service", Variant::from(service))]);
        let ending = done(desk.begin(request("password", name, &extra), process).await);
        assert_eq!(ending.verdict, Verdict::Deny, "{name} {process} {service}");
        assert!(texts(&ending)[0].starts_with("It is not certain that your second factor"));
        // It is used up, for its owner too.
        let ending = done(begin(&desk, "password", "alice", &update(&ticket, &[])).await);
        assert_eq!(ending.verdict, Verdict::Deny);
    }
    // The ticket of a login is none of a password change.
    let login = ticket(&done(log_in(&desk, "alice", &code_of_now(&setup)).await));
    let ending = done(begin(&desk, "password", "alice", &update(&login, &[])).await);
    assert_eq!(ending.verdict, Verdict::Deny);
    assert_eq!(engine.read("alice").await.unwrap().unwrap().factors[0].id, "7F3KQ2");
}

fn code_of_now(setup: &Setup) -> String {
    let app = totp_rs::Builder::new().with_secret(SECRET.to_vec()).build_noncompliant();
    app.generate(setup.clock.wall().as_secs()).to_string()
}

#[tokio::test]
async fn who_thinks_long_about_a_password_is_still_the_same_person() {
    let (setup, engine) = setup().await;
    let desk = desk(&engine);
    let ticket = checked(&desk).await;
    setup.clock.advance(9 * 60);
    let (messages, _open) = asked(begin(&desk, "password", "alice", &update(&ticket, &[])).await);
    assert_eq!(messages.last().unwrap().text, QUESTION);
    let ticket = checked_with(&desk, &code_of_now(&setup)).await;
    setup.clock.advance(10 * 60);
    let ending = done(begin(&desk, "password", "alice", &update(&ticket, &[])).await);
    assert_eq!(ending.verdict, Verdict::Deny);
}

#[tokio::test]
async fn trust_in_hosts_ends_with_the_old_password_whatever_the_ticket_is_worth() {
    let (setup, engine) = setup().await;
    let desk = desk(&engine);
    let epoch = || async { engine.read("alice").await.unwrap().unwrap().trust_epoch };
    assert_eq!(epoch().await, 0);
    let ticket = checked(&desk).await;
    done(begin(&desk, "password", "alice", &update(&ticket, &[("expired", true.into())])).await);
    assert_eq!(epoch().await, 1);
    setup.lines();
    let ending = done(begin(&desk, "password", "alice", &update(&ticket, &[])).await);
    assert_eq!((ending.verdict, epoch().await), (Verdict::Deny, 2));
    let lines = setup.lines();
    assert!(lines[0].contains("the ticket is not known"), "{lines:?}");
}

#[tokio::test]
async fn what_fails_behind_the_new_password_says_what_is_known_of_it() {
    let (setup, engine) = setup().await;
    let desk = desk(&engine);
    let ticket = checked(&desk).await;
    let (_, open) = asked(begin(&desk, "password", "alice", &update(&ticket, &[])).await);
    let (messages, open) = asked(answer(&desk, open, "y").await);
    let code = confirmation(&messages, &setup);
    let (again, open) = asked(answer(&desk, open, WRONG).await);
    assert!(again[0].text.contains("is not right"), "{again:?}");
    let (_, open) = asked(answer(&desk, open, &code).await);
    let broken = StoreError::OutOfService { cause: "the disk is gone".to_owned() };
    setup.store.inject(Fault::LoseAnswer(broken));
    let ending = done(answer(&desk, open, "").await);
    assert_eq!(ending.verdict, Verdict::Deny);
    assert!(texts(&ending)[0].starts_with("It is not certain that your second factor was set up"));
    assert!(texts(&ending)[0].contains("keep the old one beside it"));

    let (setup, engine) = self::setup().await;
    let desk = self::desk(&engine);
    let ticket = checked(&desk).await;
    let (_, open) = asked(begin(&desk, "password", "alice", &update(&ticket, &[])).await);
    setup.clock.advance(5 * 60);
    let late = done(answer(&desk, open, "y").await);
    assert!(texts(&late)[0].starts_with("Your second factor stays as it was"));
    assert_eq!(engine.read("alice").await.unwrap().unwrap().factors[0].id, "7F3KQ2");
}
