//! How long a login connection may last, whatever it does.

use std::time::Duration;

use super::wire::{PATIENCE, Served, login_of};
use crate::{login::listener::LONGEST, testing::WRONG};

/// Sets the timers of the runtime forward; what is on the wire meanwhile goes on as before.
async fn advance(by: Duration) {
    tokio::time::pause();
    tokio::time::advance(by).await;
    tokio::time::resume();
}

#[tokio::test]
async fn a_connection_that_lives_too_long_is_closed_with_its_dialogue() {
    let served = Served::start().await;
    let (connection, login) = served.connect().await;
    let (dialogue, _, verdict, _) = login.begin("auth", login_of("alice")).await.unwrap();
    assert_eq!(verdict, "");
    advance(LONGEST / 2).await;
    let (_, verdict, _) = login.answer(dialogue, WRONG).await.unwrap();
    assert_eq!(verdict, "", "a call does not make it younger, nor is it closed too early");
    advance(LONGEST / 2).await;
    let closed = tokio::time::timeout(PATIENCE, connection.closed()).await;
    assert!(closed.is_ok(), "the connection is still open");
    let line = served.line("event=login.abandoned").await;
    assert!(line.contains("the connection was closed"), "{line}");

    let (_connection, login) = served.connect().await;
    let (_, _, verdict, _) = login.begin("auth", login_of("alice")).await.unwrap();
    assert_eq!(verdict, "", "others are served");
}

/// The PAM module takes that for a restart, and asks the next daemon.
#[tokio::test]
async fn of_a_daemon_that_stops_a_call_that_comes_too_late_hears_nothing_and_connections_end() {
    let served = Served::start().await;
    let (connection, login) = served.connect().await;
    served.desk.lull().await;
    let late = login.begin("auth", login_of("alice"));
    tokio::pin!(late);
    assert!(tokio::time::timeout(Duration::from_millis(100), &mut late).await.is_err());
    served.desk.close();
    let closed = tokio::time::timeout(PATIENCE, connection.closed()).await;
    assert!(closed.is_ok(), "the connection is still open");
    assert!(late.await.is_err());
}
