//! A store that fails, hangs or is shared.

use super::*;

fn broken() -> StoreError {
    StoreError::OutOfService { cause: "injected".to_owned() }
}

#[tokio::test(start_paused = true)]
async fn a_failing_store_loses_its_copy_and_the_loss_is_told_once_in_both_places() {
    let rig = Rig::start();
    for n in 0..3 {
        rig.store.inject(Fault::FailCommit(broken()));
        rig.trail.keep(refused("alice", n));
        rig.trail.settle().await;
    }
    assert!(rig.line().contains("do not reach the store, only this log"));
    rig.trail.keep(refused("bob", 10));
    rig.trail.settle().await;
    let told = rig.line();
    assert!(told.contains("reach the store again; it lacks 3 of them"), "{told}");
    let page = rig.page(Filter::default()).await;
    let causes: Vec<_> = page.events.iter().map(|(_, record)| record.cause.as_str()).collect();
    assert_eq!(causes, ["3 audit events are missing here; the system log has them", "a cause"]);
}

#[tokio::test(start_paused = true)]
async fn a_store_that_cannot_be_read_loses_its_copy_too() {
    let rig = Rig::start();
    rig.store.inject(Fault::FailRead(broken()));
    rig.trail.keep(refused("alice", 0));
    rig.trail.settle().await;
    assert!(rig.line().contains("do not reach the store"));
    assert_eq!(rig.store.commits(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_commit_whose_answer_is_lost_is_not_made_twice() {
    let rig = Rig::start();
    rig.trail.keep(refused("alice", 0));
    rig.trail.settle().await;
    rig.store.inject(Fault::LoseAnswer(StoreError::TimedOut { waited: Duration::from_secs(4) }));
    rig.trail.keep(refused("bob", 1));
    rig.trail.settle().await;
    rig.trail.keep(refused("carol", 2));
    rig.trail.settle().await;
    assert_eq!(rig.users(Filter::default()).await, ["alice", "bob", "", "carol"]);
}

#[tokio::test(start_paused = true)]
async fn daemons_that_share_a_store_write_beside_each_other() {
    let first = Rig::start();
    let second = Rig::on(first.store.clone(), "B");
    for n in 0..5 {
        first.trail.keep(refused("alice", n));
        second.trail.keep(refused("bob", n));
        tokio::join!(first.trail.settle(), second.trail.settle());
    }
    let users = first.users(Filter::default()).await;
    for user in ["alice", "bob"] {
        assert_eq!(users.iter().filter(|found| *found == user).count(), 5, "{users:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_conflict_is_tried_again_and_loses_nothing() {
    let rig = Rig::start();
    rig.store.inject(Fault::Conflict);
    rig.trail.keep(refused("alice", 0));
    rig.trail.settle().await;
    assert_eq!(rig.users(Filter::default()).await, ["alice"]);
}

#[tokio::test(start_paused = true)]
async fn a_store_that_hangs_holds_nobody_up_and_takes_no_memory() {
    let rig = Rig::start();
    rig.store.inject(Fault::HangCommit);
    for n in 0..10 * QUEUE as u64 {
        rig.trail.keep(refused("alice", n % 100));
        tokio::task::yield_now().await;
    }
    let lost = rig.trail.lost.load(std::sync::atomic::Ordering::Relaxed);
    assert!(lost > 8 * QUEUE as u64, "{lost}");
    rig.trail.settle().await;
}

#[tokio::test(start_paused = true)]
async fn a_flood_of_failed_logins_fills_its_part_of_the_day_and_what_matters_is_kept() {
    let rig = Rig::start();
    let long = AuditEvent::new(Happening::CodeRefused, "x".repeat(128), "y".repeat(512));
    let flood = quota::DAY / 700 + 1000;
    for n in 0..flood {
        rig.trail.keep(AuditRecord::new(&long, at(0)));
        if n % 200 == 0 {
            rig.trail.settle().await;
        }
    }
    rig.trail.keep(record(Happening::UserReset, "alice", 1));
    rig.trail.settle().await;
    let blocks = rig.store.scan("audit/").await.unwrap();
    let bytes: usize = blocks.iter().map(|block| block.value.as_ref().unwrap().len()).sum();
    assert!((quota::OPEN - 2000..quota::OPEN + 2000).contains(&bytes), "{bytes}");
    let page = rig.page(Filter { event: Some("trouble".to_owned()), ..Filter::default() }).await;
    assert_eq!(page.events.len(), 1);
    assert!(page.events[0].1.cause.contains("until midnight (UTC)"), "{:?}", page.events);
    assert!(rig.line().contains("event=trouble"));
    let reset = Filter { event: Some("user.reset".to_owned()), ..Filter::default() };
    assert_eq!(rig.users(reset).await, ["alice"]);

    // A daemon that starts anew knows what is full, and says it no second time.
    let again = Rig::on(rig.store.clone(), "B");
    again.trail.keep(AuditRecord::new(&long, at(2)));
    again.trail.settle().await;
    assert_eq!(rig.store.scan("audit/").await.unwrap().len(), blocks.len());
}
