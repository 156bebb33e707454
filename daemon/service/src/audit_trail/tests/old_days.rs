//! How long events are kept.

use super::*;

const DAY: u64 = 86_400;

async fn days(store: &MemoryStore) -> Vec<String> {
    let markers = store.scan("audit-days/").await.unwrap();
    markers.into_iter().map(|entry| entry.key.replace("audit-days/", "")).collect()
}

async fn with_events_of(days: impl IntoIterator<Item = u64>) -> Rig {
    let rig = Rig::start();
    for day in days {
        rig.trail.keep(refused("alice", day * DAY));
    }
    rig.trail.settle().await;
    rig
}

#[tokio::test(start_paused = true)]
async fn a_day_is_kept_for_as_long_as_the_configuration_says() {
    let rig = with_events_of(0..5).await;
    let clock = Arc::new(TestClock::at(NOON + 4 * DAY));
    let keep = Duration::from_secs(2 * DAY);
    let mut retention = Retention::new(rig.store.clone(), clock.clone(), keep);
    // Noon of the fifth day: the first two are over for more than two days.
    clock.advance(3600);
    retention.look().await.unwrap();
    assert_eq!(days(&rig.store).await, ["2026-11-23", "2026-11-24", "2026-11-25"]);
    assert_eq!(rig.users(Filter::default()).await.len(), 3);
    assert_eq!(rig.store.scan("").await.unwrap().len(), 6);
    // At midnight the third is.
    clock.advance(12 * 3600);
    retention.look().await.unwrap();
    assert_eq!(days(&rig.store).await, ["2026-11-24", "2026-11-25"]);
}

#[tokio::test(start_paused = true)]
async fn a_clock_that_was_just_set_deletes_nothing() {
    let rig = with_events_of(0..3).await;
    let clock = Arc::new(TestClock::at(NOON + 3 * DAY));
    let keep = Duration::from_secs(30 * DAY);
    let mut retention = Retention::new(rig.store.clone(), clock.clone(), keep);
    clock.advance(3600);
    // 2099, for less than an hour.
    clock.set_wall(4_070_908_800);
    retention.look().await.unwrap();
    clock.advance(3600);
    clock.set_wall(NOON + 3 * DAY + 7200);
    retention.look().await.unwrap();
    assert_eq!(days(&rig.store).await.len(), 3);
    // It goes on being the time of day, so it is believed.
    clock.set_wall(NOON + 60 * DAY);
    retention.look().await.unwrap();
    clock.advance(3600);
    retention.look().await.unwrap();
    assert!(days(&rig.store).await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_full_day_goes_in_small_commits() {
    let rig = Rig::start();
    for n in 0..200 {
        let key = format!("audit/2026-11-21/000000-{n:06}-A");
        let value = Zeroizing::new(b"{}\n".to_vec());
        rig.store.commit(vec![Change::put(key, Version::ABSENT, value)]).await.unwrap();
    }
    let marker = Change::put("audit-days/2026-11-21", Version::ABSENT, Zeroizing::default());
    rig.store.commit(vec![marker]).await.unwrap();
    let before = rig.store.commits();
    prune(&*rig.store, Day::parse("2026-11-21").unwrap().end()).await.unwrap();
    assert_eq!(rig.store.commits() - before, 7 + 1);
    assert!(rig.store.scan("").await.unwrap().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_day_that_was_half_deleted_is_found_again() {
    let rig = with_events_of(0..1).await;
    let broken = StoreError::OutOfService { cause: "injected".to_owned() };
    rig.store.inject(Fault::FailCommit(broken));
    let end = Day::parse("2026-11-21").unwrap().end();
    assert!(prune(&*rig.store, end).await.is_err());
    prune(&*rig.store, end).await.unwrap();
    assert!(rig.store.scan("").await.unwrap().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_damaged_block_of_an_old_day_is_deleted_with_it() {
    let rig = with_events_of(0..1).await;
    let block = rig.store.scan("audit/").await.unwrap().remove(0);
    rig.store.damage(&block.key);
    prune(&*rig.store, Day::parse("2026-11-21").unwrap().end()).await.unwrap();
    assert!(rig.store.scan("").await.unwrap().is_empty());
}
