//! One suite for every store.

use super::*;
use crate::store::{MAX_KEY, MAX_VALUE, memory::MemoryStore};

macro_rules! for_each_store {
    ($($behaviour:ident),* $(,)?) => {
        mod in_memory {
            use super::*;
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $behaviour() {
                super::$behaviour(&MemoryStore::new()).await;
            })*
        }
        mod embedded {
            use super::*;
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $behaviour() {
                super::$behaviour(&Place::new().open()).await;
            })*
        }
    };
}

for_each_store!(
    an_unwritten_key_is_absent,
    what_was_written_is_read_with_its_version,
    an_expectation_that_does_not_hold_is_a_conflict,
    a_commit_is_whole_or_not_at_all,
    a_deleted_key_is_absent_and_never_has_an_old_version_again,
    versions_rise_across_all_keys,
    a_commit_may_only_assert_an_absence,
    a_scan_finds_the_prefix_in_order,
    keys_are_any_text,
    values_are_any_bytes,
    what_does_not_fit_is_refused_and_changes_nothing,
    of_many_that_race_for_a_version_one_wins,
    no_increment_is_lost,
);

async fn an_unwritten_key_is_absent(store: &dyn Store) {
    assert_eq!(store.read("user/alice").await, Ok(Versioned::ABSENT));
    assert_eq!(store.scan("").await, Ok(vec![]));
}

async fn what_was_written_is_read_with_its_version(store: &dyn Store) {
    let version = write(store, "user/alice", Version::ABSENT, "one").await;
    assert_ne!(version, Version::ABSENT);
    let read = store.read("user/alice").await.unwrap();
    assert_eq!(read, Versioned { version, value: Some(bytes("one")) });
    let later = write(store, "user/alice", version, "two").await;
    assert!(later > version);
    let read = store.read("user/alice").await.unwrap();
    assert_eq!(read, Versioned { version: later, value: Some(bytes("two")) });
}

async fn an_expectation_that_does_not_hold_is_a_conflict(store: &dyn Store) {
    let conflict = Err(CommitError::Conflict { key: "k".into() });
    let never = Version::from_number(1_000_000);
    assert_eq!(store.commit(vec![put("k", never, "early")]).await, conflict);
    let first = write(store, "k", Version::ABSENT, "1").await;
    let second = write(store, "k", first, "2").await;
    for stale in [Version::ABSENT, first, Version::from_number(second.number() + 1)] {
        assert_eq!(store.commit(vec![put("k", stale, "late")]).await, conflict);
        assert_eq!(store.commit(vec![Change::delete("k", stale)]).await, conflict);
    }
    assert_eq!(value(store, "k").await, Some(b"2".to_vec()));
}

async fn a_commit_is_whole_or_not_at_all(store: &dyn Store) {
    let version = write(store, "a", Version::ABSENT, "1").await;
    let changes = |expected| {
        vec![
            put("b", Version::ABSENT, "new"),
            put("a", expected, "2"),
            Change::delete("c", expected),
        ]
    };
    let conflict = store.commit(changes(version)).await;
    assert_eq!(conflict, Err(CommitError::Conflict { key: "c".into() }));
    assert_eq!(value(store, "a").await, Some(b"1".to_vec()));
    assert_eq!(value(store, "b").await, None);

    let whole = vec![put("b", Version::ABSENT, "new"), put("a", version, "2")];
    let version = store.commit(whole).await.unwrap();
    for (key, expected) in [("a", "2"), ("b", "new")] {
        let read = store.read(key).await.unwrap();
        assert_eq!(read, Versioned { version, value: Some(bytes(expected)) });
    }
}

async fn a_deleted_key_is_absent_and_never_has_an_old_version_again(store: &dyn Store) {
    let first = write(store, "k", Version::ABSENT, "1").await;
    store.commit(vec![Change::delete("k", first)]).await.unwrap();
    assert_eq!(store.read("k").await, Ok(Versioned::ABSENT));
    let anew = write(store, "k", Version::ABSENT, "1").await;
    assert!(anew > first);
    let stale = store.commit(vec![put("k", first, "2")]).await;
    assert_eq!(stale, Err(CommitError::Conflict { key: "k".into() }));
}

async fn versions_rise_across_all_keys(store: &dyn Store) {
    let mut last = Version::ABSENT;
    for key in ["a", "b", "c", "d"] {
        let version = write(store, key, Version::ABSENT, "v").await;
        assert!(version > last);
        last = version;
        if key != "d" {
            last = store.commit(vec![Change::delete(key, version)]).await.unwrap();
            assert!(last > version);
        }
    }
}

async fn a_commit_may_only_assert_an_absence(store: &dyn Store) {
    let absent = || Change::delete("b", Version::ABSENT);
    let changes = vec![put("a", Version::ABSENT, "1"), absent()];
    let version = store.commit(changes).await.unwrap();
    assert_eq!(store.read("b").await, Ok(Versioned::ABSENT));
    write(store, "b", Version::ABSENT, "1").await;
    let refused = store.commit(vec![put("a", version, "2"), absent()]).await;
    assert_eq!(refused, Err(CommitError::Conflict { key: "b".into() }));
    assert_eq!(value(store, "a").await, Some(b"1".to_vec()));
}

async fn a_scan_finds_the_prefix_in_order(store: &dyn Store) {
    let mut versions = Vec::new();
    for key in ["user/bob", "user/alice", "users", "user", "log/1", "user/\u{10ffff}", "usr"] {
        versions.push((key, write(store, key, Version::ABSENT, key).await));
    }
    let found = store.scan("user/").await.unwrap();
    let keys: Vec<_> = found.iter().map(|entry| entry.key.as_str()).collect();
    assert_eq!(keys, ["user/alice", "user/bob", "user/\u{10ffff}"]);
    for entry in &found {
        assert_eq!(entry.value, Ok(bytes(&entry.key)));
        assert!(versions.contains(&(entry.key.as_str(), entry.version)));
    }
    assert_eq!(store.scan("").await.unwrap().len(), 7);
    assert_eq!(store.scan("none").await, Ok(vec![]));
}

async fn keys_are_any_text(store: &dyn Store) {
    let longest = "k".repeat(MAX_KEY);
    let keys = ["/", "..", "head", "record/", "\0", "a\nb", "é", " ", longest.as_str()];
    for key in keys {
        write(store, key, Version::ABSENT, key).await;
    }
    for key in keys {
        assert_eq!(value(store, key).await, Some(key.as_bytes().to_vec()), "{key:?}");
    }
    assert_eq!(store.scan("").await.unwrap().len(), keys.len());
}

async fn values_are_any_bytes(store: &dyn Store) {
    let all: Vec<u8> = (0..=255).collect();
    for (key, bytes_of) in [("empty", vec![]), ("all", all), ("largest", vec![7; MAX_VALUE])] {
        store.commit(vec![put(key, Version::ABSENT, &bytes_of)]).await.unwrap();
        assert_eq!(value(store, key).await, Some(bytes_of), "{key}");
    }
}

async fn what_does_not_fit_is_refused_and_changes_nothing(store: &dyn Store) {
    let long = "k".repeat(MAX_KEY + 1);
    let size = MAX_VALUE + 1;
    let sound = || put("sound", Version::ABSENT, "1");
    for (changes, error) in [
        (vec![sound(), put("", Version::ABSENT, "1")], StoreError::InvalidKey { length: 0 }),
        (
            vec![sound(), put(&long, Version::ABSENT, "1")],
            StoreError::InvalidKey { length: MAX_KEY + 1 },
        ),
        (
            vec![sound(), put("big", Version::ABSENT, vec![0; size])],
            StoreError::TooLarge { key: "big".into(), size },
        ),
        (vec![sound(), sound()], StoreError::Repeated { key: "sound".into() }),
    ] {
        assert_eq!(store.commit(changes).await, Err(error.into()));
    }
    assert_eq!(store.read("").await, Err(StoreError::InvalidKey { length: 0 }));
    assert_eq!(store.read(&long).await, Err(StoreError::InvalidKey { length: MAX_KEY + 1 }));
    assert_eq!(store.scan("").await, Ok(vec![]));
    let version = store.commit(vec![]).await.unwrap();
    assert!(write(store, "k", Version::ABSENT, "1").await > version);
}

async fn of_many_that_race_for_a_version_one_wins(store: &dyn Store) {
    let mut version = Version::ABSENT;
    for _ in 0..10 {
        let names: Vec<_> = (0..16).map(|n| n.to_string()).collect();
        let tries = names.iter().map(|name| store.commit(vec![put("k", version, name)]));
        let results = join_all(tries).await;
        let winners: Vec<_> = (0..16).filter(|n| results[*n].is_ok()).collect();
        let [winner] = winners[..] else { panic!("{} commits won", winners.len()) };
        version = *results[winner].as_ref().unwrap();
        let read = store.read("k").await.unwrap();
        assert_eq!(read, Versioned { version, value: Some(bytes(&names[winner])) });
        let conflict = Err(CommitError::Conflict { key: "k".into() });
        assert_eq!(results.iter().filter(|result| **result == conflict).count(), 15);
    }
}

async fn no_increment_is_lost(store: &dyn Store) {
    join_all((0..8).map(|_| async {
        for _ in 0..10 {
            loop {
                let Versioned { version, value } = store.read("count").await.unwrap();
                let next = value.map_or(1, |value| value[0] + 1);
                match store.commit(vec![put("count", version, [next])]).await {
                    Ok(_) => break,
                    Err(CommitError::Conflict { .. }) => {}
                    Err(error) => panic!("{error}"),
                }
            }
        }
    }))
    .await;
    assert_eq!(value(store, "count").await, Some(vec![80]));
}
