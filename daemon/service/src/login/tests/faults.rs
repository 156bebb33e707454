//! Whatever fails or hangs, the answer is a refusal, in time, unless the policy only observes.

use std::time::Duration;

use twinlock_core::policy::{Mode, Policy};
use zeroize::Zeroizing;

use super::*;
use crate::{
    directory::DirectoryError,
    store::{Change, Store, StoreError, memory::Fault},
    testing::{RIGHT, alice, enrol},
};

/// The module gives up after five seconds.
const MODULE_WAITS: Duration = Duration::from_secs(5);

fn broken() -> StoreError {
    StoreError::OutOfService { cause: "the disk is gone".to_owned() }
}

async fn in_time<T>(work: impl Future<Output = T>) -> T {
    match tokio::time::timeout(MODULE_WAITS, work).await {
        Ok(answer) => answer,
        Err(_) => panic!("the module would have given up"),
    }
}

fn assert_unavailable(ending: &Ending, setup: &Setup) {
    let lines = assert_refused(ending, setup);
    assert!(texts(ending)[0].starts_with("Your login cannot be checked right now"));
    assert!(lines.iter().any(|line| line.starts_with("event=trouble user=\"alice\"")), "{lines:?}");
    assert!(!lines.concat().contains("not enrolled"));
}

#[tokio::test(start_paused = true)]
async fn a_store_that_fails_or_hangs_at_begin_refuses_in_time() {
    for fault in [Fault::FailRead(broken()), Fault::HangRead] {
        for phase in ["auth", "account", "password"] {
            let setup = Setup::new();
            let engine = setup.engine().await;
            let desk = desk(&engine);
            setup.store.inject(fault.clone());
            assert_unavailable(&done(in_time(begin(&desk, phase, "alice", &[])).await), &setup);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_store_that_fails_or_hangs_at_the_right_code_lets_nobody_in() {
    for fault in [
        Fault::FailRead(broken()),
        Fault::HangRead,
        Fault::FailCommit(broken()),
        Fault::LoseAnswer(broken()),
        Fault::HangCommit,
    ] {
        let setup = Setup::new();
        let engine = setup.engine().await;
        enrol(&engine, &alice()).await;
        let desk = desk(&engine);
        let (_, open) = asked(begin(&desk, "auth", "alice", &[]).await);
        setup.store.inject(fault);
        let right = Response::new(RIGHT.to_owned());
        assert_unavailable(&done(in_time(desk.answer(open, &right)).await), &setup);
        asked(begin(&desk, "auth", "alice", &[]).await);
    }
}

#[tokio::test(start_paused = true)]
async fn logins_of_one_user_behind_a_store_that_hangs_are_all_refused_in_time() {
    let setup = Setup::new();
    let engine = setup.engine().await;
    let desk = Arc::new(desk(&engine));
    for _ in 0..8 {
        setup.store.inject(Fault::HangRead);
    }
    let logins: Vec<_> = (0..8)
        .map(|_| {
            let desk = Arc::clone(&desk);
            tokio::spawn(async move { in_time(begin(&desk, "auth", "alice", &[])).await })
        })
        .collect();
    for login in logins {
        assert_eq!(done(login.await.unwrap()).verdict, Verdict::Deny);
    }
}

#[tokio::test]
async fn a_user_database_that_fails_is_no_unknown_user() {
    let setup = Setup::new();
    let engine = setup.engine().await;
    enrol(&engine, &alice()).await;
    let desk = desk(&engine);
    for error in [
        DirectoryError::Failed("no answer from the server".to_owned()),
        DirectoryError::TimedOut,
        DirectoryError::Overloaded,
    ] {
        setup.directory.fail(Some(error));
        for phase in ["auth", "account", "password"] {
            assert_unavailable(&done(begin(&desk, phase, "alice", &[]).await), &setup);
        }
    }
    setup.directory.fail(None);
    asked(begin(&desk, "auth", "alice", &[]).await);
}

#[tokio::test]
async fn a_damaged_record_is_trouble_and_never_not_enrolled() {
    let setup =
        Setup::under(Policy { level: twinlock_core::policy::Level::Low, ..Policy::default() });
    let engine = setup.engine().await;
    enrol(&engine, &alice()).await;
    let version = setup.store.read("user/alice").await.unwrap().version;
    let garbage = Zeroizing::new(b"{\"user\":\"alice\"}".to_vec());
    setup.store.commit(vec![Change::put("user/alice", version, garbage)]).await.unwrap();
    let desk = desk(&engine);
    for phase in ["auth", "account", "password"] {
        assert_unavailable(&done(begin(&desk, phase, "alice", &[]).await), &setup);
    }
}

#[tokio::test(start_paused = true)]
async fn an_account_phase_in_passing_needs_neither_the_store_nor_the_user_database() {
    let setup = Setup::new();
    let desk = desk(&setup.engine().await);
    setup.directory.fail(Some(DirectoryError::TimedOut));
    for fault in [Fault::FailRead(broken()), Fault::HangRead] {
        setup.store.inject(fault);
        for service in ["cron", "su", "sudo"] {
            let service = [("service", Variant::from(service))];
            let reply = in_time(begin(&desk, "account", "alice", &service)).await;
            assert_eq!(done(reply).verdict, Verdict::Skip);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn not_even_a_fault_in_observe_mode_opens_the_door_to_who_has_shown_nothing() {
    let setup = Setup::under(Policy { mode: Mode::Observe, ..Policy::default() });
    let desk = desk(&setup.engine().await);
    let nothing = [("has_authtok", Variant::from(false))];
    let refused = |reply: Reply| assert_eq!(done(reply).verdict, Verdict::Deny);
    refused(begin(&desk, "auth", "alice", &nothing).await);
    refused(begin(&desk, "auth", "no-such-user", &nothing).await);
    setup.store.inject(Fault::FailRead(broken()));
    refused(begin(&desk, "auth", "alice", &nothing).await);
    setup.directory.fail(Some(DirectoryError::TimedOut));
    refused(begin(&desk, "auth", "alice", &nothing).await);
}

#[tokio::test(start_paused = true)]
async fn observe_mode_lets_everyone_through_and_asks_counts_and_changes_nothing() {
    let setup = Setup::under(Policy { mode: Mode::Observe, ..Policy::default() });
    let engine = setup.engine().await;
    enrol(&engine, &alice()).await;
    let commits = setup.store.commits();
    let desk = desk(&engine);
    let skipped = |reply: Reply| {
        let ending = done(reply);
        assert_eq!(ending.verdict, Verdict::Skip);
        assert_eq!(texts(&ending), Vec::<&str>::new());
        ending
    };
    for name in ["alice", "bob", "no-such-user"] {
        let ending = skipped(begin(&desk, "auth", name, &[]).await);
        let lines = setup.lines();
        assert!(lines[0].starts_with("event=login.observed"), "{lines:?}");
        assert_eq!(redeem(&desk, name, &ticket(&ending)).await.verdict, Verdict::Skip);
        assert_eq!(redeem(&desk, name, "00").await.verdict, Verdict::Skip);
        skipped(begin(&desk, "account", name, &[]).await);
        skipped(begin(&desk, "password", name, &[]).await);
        assert!(setup.lines().iter().all(|line| line.starts_with("event=login.observed")));
    }
    setup.directory.set("alice", 1005);
    setup.lines();
    skipped(begin(&desk, "auth", "alice", &[]).await);
    let lines = setup.lines();
    assert!(lines[0].contains(r#"cause="would deny: the record is of uid 1000"#), "{lines:?}");
    for fault in [Fault::FailRead(broken()), Fault::HangRead] {
        setup.store.inject(fault);
        skipped(in_time(begin(&desk, "auth", "bob", &[])).await);
    }
    setup.directory.fail(Some(DirectoryError::TimedOut));
    skipped(begin(&desk, "auth", "bob", &[]).await);
    assert_eq!(setup.store.commits(), commits);
}
