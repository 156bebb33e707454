//! `su` and `sudo` in a login session that gave a code.

use std::time::Duration;

use super::*;
use crate::testing::{CODES, RIGHT, STEP, alice, enrol};

/// The connection of every login of these tests.
const SESSION: u32 = 7;

fn setup(session: Duration) -> Setup {
    let mut setup = Setup::new();
    setup.settings.remember.session = session;
    setup
}

/// A login over SSH with this code, up to its session.
async fn session(desk: &Desk, code: &str, number: u32) {
    session_within(desk, code, None, number).await;
}

/// As [`session`], where sshd is in this audit session itself.
async fn session_within(desk: &Desk, code: &str, within: Option<u32>, number: u32) {
    let ending = done(log_in(desk, "alice", code).await);
    assert_eq!(ending.verdict, Verdict::Allow);
    let mut account = vec![("ticket", Variant::from(ticket(&ending)))];
    account.extend(within.map(|number| ("audit_session", Variant::from(number))));
    let ending = done(begin(desk, "account", "alice", &account).await);
    assert_eq!(ending.verdict, Verdict::Allow);
    let number = [("audit_session", Variant::from(number))];
    done(begin(desk, "session", "alice", &number).await);
}

/// `sudo` of this user in this session.
async fn is_asked(desk: &Desk, user: &str, service: &str, number: u32) -> bool {
    let local = [
        ("service", Variant::from(service)),
        ("ruser", Variant::from(user)),
        ("ssh_connection", Variant::from("")),
        ("audit_session", Variant::from(number)),
    ];
    match begin(desk, "auth", user, &local).await {
        Reply::Ask(..) => true,
        Reply::Done(ending) => {
            assert_eq!(ending.verdict, Verdict::Allow);
            false
        }
    }
}

#[tokio::test]
async fn sudo_in_the_session_of_a_login_that_gave_a_code_asks_none_for_as_long_as_the_file_says() {
    let setup = setup(Duration::from_secs(600));
    let engine = setup.engine().await;
    enrol(&engine, &alice()).await;
    let desk = desk(&engine);
    session(&desk, RIGHT, SESSION).await;
    for service in ["sudo", "su"] {
        assert!(!is_asked(&desk, "alice", service, SESSION).await, "{service}");
    }
    assert!(is_asked(&desk, "alice", "sudo", SESSION + 1).await, "another session");
    assert!(is_asked(&desk, "alice", "login", SESSION).await, "another service");
    enrol(&engine, &crate::testing::user("bob", 1001)).await;
    assert!(is_asked(&desk, "bob", "su", SESSION).await, "another user's factor");
    setup.clock.advance(600);
    assert!(is_asked(&desk, "alice", "sudo", SESSION).await, "the time is over");
}

#[tokio::test]
async fn where_the_file_says_nothing_every_sudo_asks() {
    let setup = setup(Duration::ZERO);
    let engine = setup.engine().await;
    enrol(&engine, &alice()).await;
    let desk = desk(&engine);
    session(&desk, RIGHT, SESSION).await;
    assert!(is_asked(&desk, "alice", "sudo", SESSION).await);
}

#[tokio::test]
async fn a_login_that_did_not_go_through_spares_nobody_a_code() {
    let setup = setup(Duration::from_secs(600));
    let engine = setup.engine().await;
    enrol(&engine, &alice()).await;
    let desk = desk(&engine);
    let ending = done(log_in(&desk, "alice", RIGHT).await);
    assert_eq!(ending.verdict, Verdict::Allow);
    // The ticket is never redeemed, as after a wrong password.
    done(begin(&desk, "session", "alice", &[("audit_session", Variant::from(SESSION))]).await);
    assert!(is_asked(&desk, "alice", "sudo", SESSION).await);
}

#[tokio::test]
async fn a_new_password_ends_what_the_session_was_spared() {
    let setup = setup(Duration::from_secs(600));
    let engine = setup.engine().await;
    enrol(&engine, &alice()).await;
    let desk = desk(&engine);
    session(&desk, RIGHT, SESSION).await;
    let passwd = [("service", Variant::from("passwd"))];
    let (_, open) = asked(begin(&desk, "password", "alice", &passwd).await);
    let ending = done(desk.answer(open, &Response::new(CODES[STEP + 1].to_owned())).await);
    let ticket = ticket(&ending);
    let update = [("service", Variant::from("passwd")), ("ticket", Variant::from(ticket))];
    assert_eq!(done(begin(&desk, "password", "alice", &update).await).verdict, Verdict::Allow);
    assert!(is_asked(&desk, "alice", "sudo", SESSION).await);
}

/// As in a container that was started from a login shell.
#[tokio::test]
async fn where_every_process_has_one_audit_session_every_sudo_asks() {
    let setup = setup(Duration::from_secs(600));
    let engine = setup.engine().await;
    enrol(&engine, &alice()).await;
    let desk = desk(&engine);
    session_within(&desk, RIGHT, Some(SESSION), SESSION).await;
    assert!(is_asked(&desk, "alice", "sudo", SESSION).await, "cron has the same number");
    session_within(&desk, CODES[STEP + 1], Some(SESSION), SESSION + 1).await;
    assert!(!is_asked(&desk, "alice", "sudo", SESSION + 1).await, "a session of its own");
}

#[tokio::test]
async fn a_session_from_before_the_record_was_forgotten_spares_the_next_enrolment_no_code() {
    let setup = setup(Duration::from_secs(600));
    let engine = setup.engine().await;
    enrol(&engine, &alice()).await;
    let desk = desk(&engine);
    session(&desk, RIGHT, SESSION).await;
    engine.forget("alice").await.unwrap();
    enrol(&engine, &alice()).await;
    assert!(is_asked(&desk, "alice", "sudo", SESSION).await);
}
