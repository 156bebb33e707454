//! Concurrent commits share a flush, and none of them is lost by it.

use std::sync::Arc;

use super::*;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn concurrent_commits_share_flushes_and_none_is_lost() {
    const TASKS: u64 = 64;
    const EACH: u64 = 20;
    let place = Place::new();
    let store = Arc::new(place.open());
    let tasks: Vec<_> = (0..TASKS)
        .map(|task| {
            let store = Arc::clone(&store);
            tokio::spawn(async move {
                let key = format!("user/{task}");
                let mut version = Version::ABSENT;
                for round in 0..EACH {
                    version = write(&*store, &key, version, &round.to_string()).await;
                }
                (key, version)
            })
        })
        .collect();
    let mut written = Vec::new();
    for task in tasks {
        written.push(task.await.unwrap());
    }
    let flushes = store.flushes();
    assert!(flushes >= EACH, "each task waits for its own flush each time: {flushes}");
    assert!(flushes <= TASKS * EACH / 4, "{flushes} flushes for {} commits", TASKS * EACH);

    drop(store);
    let store = place.open();
    for (key, version) in written {
        let read = store.read(&key).await.unwrap();
        let last = bytes((EACH - 1).to_string());
        assert_eq!(read, Versioned { version, value: Some(last) }, "{key}");
    }
    assert_eq!(store.scan("user/").await.unwrap().len() as u64, TASKS);
}

#[tokio::test]
async fn a_commit_whose_caller_went_away_is_carried_out_or_not_but_never_in_part() {
    let place = Place::new();
    let store = place.open();
    for round in 0..50 {
        let [a, b] = ["a", "b"].map(|key| format!("{round}/{key}"));
        let changes = vec![put(&a, Version::ABSENT, "1"), put(&b, Version::ABSENT, "1")];
        let mut commit = store.commit(changes);
        // One poll puts it into the queue.
        let first = std::future::poll_fn(|context| Poll::Ready(commit.as_mut().poll(context)));
        drop(first.await);
        drop(commit);
    }
    // Whatever was queued comes before this.
    write(&store, "end", Version::ABSENT, "1").await;
    for round in 0..50 {
        let found = store.scan(&format!("{round}/")).await.unwrap().len();
        assert!(found == 0 || found == 2, "{found} of 2 in round {round}");
    }
}

#[tokio::test]
async fn a_store_that_is_closed_finishes_what_is_queued() {
    let place = Place::new();
    let store = place.open();
    let mut commits: Vec<_> =
        (0..10).map(|n| store.commit(vec![put(&format!("k{n}"), Version::ABSENT, "1")])).collect();
    for commit in &mut commits {
        let first = std::future::poll_fn(|context| Poll::Ready(commit.as_mut().poll(context)));
        drop(first.await);
    }
    drop(commits);
    drop(store);
    assert_eq!(place.open().scan("k").await.unwrap().len(), 10);
}
