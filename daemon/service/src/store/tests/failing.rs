//! What the store does when its disk fails, hangs, fills up, or makes sled panic.

use std::{
    path::Path,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
        mpsc,
    },
    time::Duration,
};

use super::*;
use crate::store::{committer::Medium, opening::Opened};

/// How the disk behaves from now on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mood {
    Sound,
    FailWrite,
    FailSync,
    PanicInWrite,
    PanicInSync,
    HangInSync,
}

/// A disk in a mood, in front of the real one.
struct Moody<M> {
    disk: M,
    mood: Arc<Mutex<Mood>>,
    /// Whether it has come to hang.
    hangs: Arc<AtomicBool>,
    /// Ends a hang when the test does.
    end: mpsc::Receiver<()>,
}

impl<M: Medium> Medium for Moody<M> {
    fn room(&mut self, bytes: u64) -> Result<(), StoreError> {
        self.disk.room(bytes)
    }

    fn write(&mut self, writes: Vec<(Vec<u8>, Option<Vec<u8>>)>) -> Result<(), String> {
        let mood = *self.mood.lock().unwrap();
        match mood {
            Mood::FailWrite => Err("no space left on device".into()),
            Mood::PanicInWrite => panic!("sled gave up"),
            _ => self.disk.write(writes),
        }
    }

    fn sync(&mut self, head: Version) -> Result<(), String> {
        let mood = *self.mood.lock().unwrap();
        match mood {
            Mood::FailSync => Err("input/output error".into()),
            Mood::PanicInSync => panic!("sled gave up"),
            Mood::HangInSync => {
                self.hangs.store(true, Ordering::SeqCst);
                let _ = self.end.recv();
                self.disk.sync(head)
            }
            _ => self.disk.sync(head),
        }
    }
}

struct Rig {
    /// Before the store, which waits for its thread when it is dropped.
    end: mpsc::Sender<()>,
    store: SledStore,
    mood: Arc<Mutex<Mood>>,
    hangs: Arc<AtomicBool>,
}

impl Rig {
    /// Waits until the disk hangs with a change.
    async fn hanging(&self) {
        let hangs = async {
            while !self.hangs.load(Ordering::SeqCst) {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(30), hangs).await.expect("a change on its way");
    }
}

fn rig(path: &Path, key: &MasterKey, options: Options) -> Rig {
    let opened = Opened::open(path, key, options.open_within).unwrap();
    let mood = Arc::new(Mutex::new(Mood::Sound));
    let hangs = Arc::new(AtomicBool::new(false));
    let (end_sender, end) = mpsc::channel();
    let store = SledStore::start(opened, options, |disk| Moody {
        disk,
        mood: mood.clone(),
        hangs: hangs.clone(),
        end,
    });
    Rig { end: end_sender, store: store.unwrap(), mood, hangs }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_a_failure_nothing_is_acknowledged_or_served_until_the_store_is_opened_anew() {
    for (mood, cause) in [
        (Mood::FailWrite, "no space left on device"),
        (Mood::FailSync, "input/output error"),
        (Mood::PanicInWrite, "internal error: sled gave up"),
        (Mood::PanicInSync, "internal error: sled gave up"),
    ] {
        let place = Place::new();
        let rig = rig(&place.path(), &place.key, Options::default());
        let store = &rig.store;
        let version = write(store, "k", Version::ABSENT, "acknowledged").await;
        let out = StoreError::OutOfService { cause: cause.into() };

        *rig.mood.lock().unwrap() = mood;
        let keys = ["k", "other", "third"];
        let commits = keys.map(|key| {
            let expected = if key == "k" { version } else { Version::ABSENT };
            store.commit(vec![put(key, expected, "never acknowledged")])
        });
        for result in join_all(commits).await {
            assert_eq!(result, Err(out.clone().into()), "{mood:?}");
        }
        // The disk is well again, and the store does not believe it.
        *rig.mood.lock().unwrap() = Mood::Sound;
        let later = store.commit(vec![put("later", Version::ABSENT, "1")]).await;
        assert_eq!(later, Err(out.clone().into()), "{mood:?}");
        assert_eq!(store.read("k").await, Err(out.clone()), "{mood:?}");
        assert_eq!(store.read("absent").await, Err(out.clone()), "{mood:?}");
        assert_eq!(store.scan("").await, Err(out.clone()), "{mood:?}");

        drop(rig);
        let store = place.open();
        assert_eq!(store.read("later").await, Ok(Versioned::ABSENT));
        let read = store.read("k").await.unwrap();
        if matches!(mood, Mood::FailWrite | Mood::PanicInWrite) {
            assert_eq!(read, Versioned { version, value: Some(bytes("acknowledged")) });
        }
        write(&store, "k", read.version, "again").await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hanging_disk_is_an_error_in_time_and_its_change_is_not_read() {
    let place = Place::new();
    let version = {
        // With a patience in which a disk that is sound can be slow.
        let store = place.open();
        write(&store, "other", Version::ABSENT, "durable").await;
        write(&store, "k", Version::ABSENT, "durable").await
    };
    let waited = Duration::from_millis(300);
    let options = Options { answer_within: waited, ..Options::default() };
    let rig = rig(&place.path(), &place.key, options);

    *rig.mood.lock().unwrap() = Mood::HangInSync;
    let hanging = rig.store.commit(vec![put("k", version, "not durable")]).await;
    assert_eq!(hanging, Err(StoreError::TimedOut { waited }.into()));
    rig.hanging().await;
    // sled shows the new value by now; a reader waits rather than see it.
    assert_eq!(rig.store.read("k").await, Err(StoreError::TimedOut { waited }));
    let queued = rig.store.commit(vec![put("new", Version::ABSENT, "1")]).await;
    assert_eq!(queued, Err(StoreError::TimedOut { waited }.into()));
    // What is not being written is served.
    assert_eq!(value(&rig.store, "other").await, Some(b"durable".to_vec()));
    assert_eq!(rig.store.read("absent").await, Ok(Versioned::ABSENT));
}

#[tokio::test]
async fn a_reader_waits_for_the_flush_and_sees_the_new_value() {
    let place = Place::new();
    let rig = rig(&place.path(), &place.key, Options::default());
    let version = write(&rig.store, "k", Version::ABSENT, "old").await;
    *rig.mood.lock().unwrap() = Mood::HangInSync;
    let mut commit = rig.store.commit(vec![put("k", version, "new")]);
    let first = std::future::poll_fn(|context| Poll::Ready(commit.as_mut().poll(context)));
    assert!(first.await.is_pending());
    let read = async {
        rig.hanging().await;
        let read = rig.store.read("k");
        let end = async {
            tokio::time::sleep(Duration::from_millis(100)).await;
            *rig.mood.lock().unwrap() = Mood::Sound;
            rig.end.send(()).unwrap();
        };
        tokio::join!(read, end).0
    };
    let (read, committed) = tokio::join!(read, commit);
    let version = committed.unwrap();
    assert_eq!(read, Ok(Versioned { version, value: Some(bytes("new")) }));
}

#[tokio::test]
async fn a_nearly_full_disk_refuses_commits_and_still_serves_reads() {
    let place = Place::new();
    let version = write(&place.open(), "k", Version::ABSENT, "1").await;
    let options = Options { keep_free: u64::MAX, ..Options::default() };
    let store = SledStore::open(&place.path(), &place.key, options).unwrap();
    for _ in 0..2 {
        let refused = store.commit(vec![put("k", version, "2")]).await;
        let Err(CommitError::Unavailable(StoreError::NoSpace { free, needed })) = refused else {
            panic!("{refused:?}");
        };
        assert!(free > 0 && needed == u64::MAX);
    }
    assert_eq!(value(&store, "k").await, Some(b"1".to_vec()));
    drop(store);
    // Nothing was left half done: with room, it goes on.
    write(&place.open(), "k", version, "2").await;
}
