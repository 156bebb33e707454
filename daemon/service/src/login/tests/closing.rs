//! A daemon that stops: no code is used up for a ticket that nobody can redeem.

use std::time::Duration;

use super::*;
use crate::store::memory::Fault;
use crate::testing::{CODES, RIGHT, STEP, alice, enrol};

const SHORT: Duration = Duration::from_millis(100);

async fn enrolled() -> (Setup, Arc<Engine>) {
    let setup = Setup::new();
    let engine = setup.engine().await;
    enrol(&engine, &alice()).await;
    (setup, engine)
}

#[tokio::test]
async fn who_stops_takes_no_code_and_serves_who_has_a_ticket() {
    let (setup, engine) = enrolled().await;
    let desk = desk(&engine);
    let given = ticket(&done(log_in(&desk, "alice", RIGHT).await));
    setup.clock.advance(30);
    let (_, open) = asked(begin(&desk, "auth", "alice", &[]).await);

    let lull = desk.lull();
    tokio::pin!(lull);
    // Its ticket is old by this clock, and nobody else is on the way.
    tokio::time::timeout(SHORT, &mut lull).await.expect("nobody is waited for");
    let before = setup.store.commits();
    let right = Response::new(CODES[STEP + 1].to_owned());
    assert!(tokio::time::timeout(SHORT, desk.answer(open, &right)).await.is_err());
    assert!(tokio::time::timeout(SHORT, begin(&desk, "auth", "alice", &[])).await.is_err());
    assert!(tokio::time::timeout(SHORT, begin(&desk, "password", "alice", &[])).await.is_err());
    assert_eq!(setup.store.commits(), before, "the code is as good as before");
    assert_eq!(redeem(&desk, "alice", &given).await.verdict, Verdict::Allow);

    assert!(tokio::time::timeout(SHORT, desk.closed()).await.is_err(), "connections go on");
    desk.close();
    tokio::time::timeout(SHORT, desk.closed()).await.expect("and end");
}

#[tokio::test]
async fn a_fresh_ticket_is_waited_for() {
    let (_setup, engine) = enrolled().await;
    let desk = desk(&engine);
    let given = ticket(&done(log_in(&desk, "alice", RIGHT).await));
    let lull = desk.lull();
    tokio::pin!(lull);
    assert!(tokio::time::timeout(SHORT, &mut lull).await.is_err(), "it is on its way");
    assert_eq!(redeem(&desk, "alice", &given).await.verdict, Verdict::Allow);
    tokio::time::timeout(SHORT, &mut lull).await.expect("nobody is on the way any more");
}

#[tokio::test]
async fn a_code_that_is_being_checked_is_waited_for() {
    let (setup, engine) = enrolled().await;
    let desk = desk(&engine);
    let (_, open) = asked(begin(&desk, "auth", "alice", &[]).await);
    setup.store.inject(Fault::HangCommit);
    let right = Response::new(RIGHT.to_owned());
    let mut answer = Box::pin(desk.answer(open, &right));
    assert!(tokio::time::timeout(SHORT, &mut answer).await.is_err(), "the store holds it up");
    let lull = desk.lull();
    tokio::pin!(lull);
    assert!(tokio::time::timeout(SHORT, &mut lull).await.is_err(), "it may end in a ticket");
    drop(answer);
    tokio::time::timeout(SHORT, &mut lull).await.expect("it has ended");
}
