//! A daemon that stops: no code is used up for a ticket that nobody can redeem.

use std::time::Duration;

use super::wire::PATIENCE;
use super::*;
use crate::{
    login::request::Request,
    testing::{RIGHT, alice, enrol, request},
};

const SHORT: Duration = Duration::from_millis(100);

async fn enrolled() -> (Setup, Arc<Engine>) {
    let setup = Setup::new();
    let engine = setup.engine().await;
    enrol(&engine, &alice()).await;
    (setup, engine)
}

/// Whether a call hears nothing, or is held up.
async fn hangs<T>(call: impl Future<Output = T>) -> bool {
    tokio::time::timeout(SHORT, call).await.is_err()
}

fn with_ticket(phase: &str, ticket: &str) -> Request {
    request(phase, "alice", &[("ticket", Variant::from(ticket))])
}

#[tokio::test]
async fn who_stops_takes_no_code_and_serves_who_has_a_ticket() {
    let (setup, engine) = enrolled().await;
    let desk = desk(&engine);
    let given = ticket(&done(log_in(&desk, "alice", RIGHT).await));
    // Its ticket is old by this clock, and nobody else is on the way.
    setup.clock.advance(30);
    let (_, open) = asked(begin(&desk, "auth", "alice", &[]).await);
    tokio::time::timeout(PATIENCE, desk.lull()).await.expect("nobody is waited for");
    assert!(hangs(desk.admit_answer(&open)).await);
    for phase in ["auth", "password"] {
        assert!(hangs(desk.admit(&request(phase, "alice", &[]))).await, "{phase}");
    }
    for phase in ["account", "password"] {
        assert!(!hangs(desk.admit(&with_ticket(phase, &given))).await, "{phase}");
    }
    assert!(!hangs(desk.admit(&request("session", "alice", &[]))).await);
    assert_eq!(redeem(&desk, "alice", &given).await.verdict, Verdict::Allow);

    assert!(hangs(desk.closed()).await, "connections go on");
    desk.close();
    tokio::time::timeout(PATIENCE, desk.closed()).await.expect("and end");
}

#[tokio::test]
async fn a_fresh_ticket_is_waited_for_until_its_login_has_gone_through() {
    let (setup, engine) = enrolled().await;
    let desk = desk(&engine);
    let given = ticket(&done(log_in(&desk, "alice", RIGHT).await));
    let lull = desk.lull();
    tokio::pin!(lull);
    assert!(hangs(&mut lull).await, "it is on its way");
    let inside = desk.admit(&with_ticket("account", &given)).await;
    assert_eq!(redeem(&desk, "alice", &given).await.verdict, Verdict::Allow);
    setup.clock.advance(2);
    assert!(hangs(&mut lull).await, "what it staged may still be on its way to the disk");
    drop(inside);
    tokio::time::timeout(PATIENCE, &mut lull).await.expect("nobody is on the way any more");
}

#[tokio::test]
async fn a_code_that_is_being_checked_is_waited_for() {
    let (_setup, engine) = enrolled().await;
    let desk = desk(&engine);
    let (_, open) = asked(begin(&desk, "auth", "alice", &[]).await);
    let inside = desk.admit_answer(&open).await;
    let lull = desk.lull();
    tokio::pin!(lull);
    assert!(hangs(&mut lull).await, "it may end in a ticket");
    drop(inside);
    tokio::time::timeout(PATIENCE, &mut lull).await.expect("it has ended");
}

/// The code is used up: a question behind it is still answered.
#[tokio::test]
async fn who_has_given_a_code_may_say_whether_to_trust_the_host() {
    let (_setup, engine) = enrolled().await;
    let stacks = tempfile::tempdir().unwrap();
    std::fs::write(stacks.path().join("sshd"), "account required pam_twinlock.so\n").unwrap();
    let desk = Desk::new(engine, Stacks::in_folders(vec![stacks.path().to_owned()]));
    let (messages, open) = asked(log_in(&desk, "alice", RIGHT).await);
    assert!(messages.last().unwrap().text.starts_with("Do not ask again"), "{messages:?}");
    let lull = desk.lull();
    tokio::pin!(lull);
    assert!(!hangs(&mut lull).await);
    assert!(!hangs(desk.admit_answer(&open)).await);
    let ending = done(desk.answer(open, &Response::new("n".to_owned())).await);
    assert_eq!(ending.verdict, Verdict::Allow);
}
