//! A process that commits is killed at random moments; whatever it had acknowledged is there.
//!
//! The test runs itself as the process to be killed: this binary again, with one test selected that
//! finds in its environment where to write.

#![allow(clippy::unwrap_used)] // a test ends where something fails

use std::{
    collections::HashMap,
    io::{BufRead, BufReader, Write},
    path::Path,
    process::{Child, Command, Stdio},
    sync::{Arc, mpsc},
    thread,
    time::Duration,
};

use tokio::task::JoinSet;
use twinlock_service::store::{Change, KeySources, Options, SledStore, Store, Version, Versioned};
use zeroize::Zeroizing;

const ROUNDS: u64 = 30;
const WRITERS: usize = 8;
const DIRECTORY: &str = "TWINLOCK_TEST_CRASH_DIRECTORY";

fn open(directory: &Path) -> SledStore {
    let sources = KeySources { credentials: None, file: directory.join("key") };
    let path = directory.join("store");
    let key = sources.load_or_make(&path).unwrap();
    SledStore::open(&path, &key, Options::default()).unwrap()
}

/// Each writer counts up two keys in one commit, and says so on standard output once it is done.
#[test]
#[allow(clippy::disallowed_methods)] // the environment is the one that this test made
fn writes_until_killed() {
    let Some(directory) = std::env::var_os(DIRECTORY) else { return };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_time().build().unwrap();
    runtime.block_on(async {
        let store = Arc::new(open(Path::new(&directory)));
        let mut writers = JoinSet::new();
        for writer in 0..WRITERS {
            let store = Arc::clone(&store);
            writers.spawn(async move {
                loop {
                    let next = count_up(&*store, writer).await;
                    let mut out = std::io::stdout().lock();
                    writeln!(out, "done {writer} {next}").unwrap();
                    out.flush().unwrap();
                }
            });
        }
        // None of them ends but by failing.
        writers.join_next().await.unwrap().unwrap();
    });
}

async fn count_up(store: &dyn Store, writer: usize) -> u64 {
    let [key_a, key_b] = ["a", "b"].map(|half| format!("writer/{writer}/{half}"));
    let (a, b) = (count(store, &key_a).await, count(store, &key_b).await);
    let next = a.1 + 1;
    let changes = vec![change(key_a, a.0, next), change(key_b, b.0, next)];
    store.commit(changes).await.unwrap();
    next
}

async fn count(store: &dyn Store, key: &str) -> (Version, u64) {
    let Versioned { version, value } = store.read(key).await.unwrap();
    (version, value.map_or(0, |value| u64::from_be_bytes(value[..8].try_into().unwrap())))
}

fn change(key: String, expected: Version, next: u64) -> Change {
    // Padding makes the log turn over within the test.
    let value = [&next.to_be_bytes()[..], &[7; 2000]].concat();
    Change::put(key, expected, Zeroizing::new(value))
}

fn start(directory: &Path) -> (Child, mpsc::Receiver<(usize, u64)>) {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "writes_until_killed", "--nocapture"])
        .env(DIRECTORY, directory)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let (send, receive) = mpsc::channel();
    thread::spawn(move || {
        for line in lines.map_while(Result::ok) {
            if let Some((writer, next)) =
                line.split_once("done ").and_then(|(_, rest)| rest.split_once(' '))
            {
                send.send((writer.parse().unwrap(), next.parse().unwrap())).unwrap();
            }
        }
    });
    (child, receive)
}

#[test]
fn every_acknowledged_change_survives_a_kill_at_any_moment() {
    let directory = tempfile::tempdir().unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let mut acknowledged: HashMap<usize, u64> = HashMap::new();
    for round in 0..ROUNDS {
        let (mut child, done) = start(directory.path());
        // The first answer shows that it is under way; some rounds do not wait for it, and kill it
        // while it opens the store.
        if round % 5 != 4 {
            acknowledged.extend([done.recv_timeout(Duration::from_secs(60)).unwrap()]);
        }
        let mut random = [0; 1];
        getrandom::fill(&mut random).unwrap();
        thread::sleep(Duration::from_millis(u64::from(random[0])));
        child.kill().unwrap();
        child.wait().unwrap();
        // The pipe is read to its end: what was written to it was acknowledged.
        acknowledged.extend(done.iter());

        runtime.block_on(async {
            let store = open(directory.path());
            for (writer, last) in &acknowledged {
                let a = count(&store, &format!("writer/{writer}/a")).await.1;
                let b = count(&store, &format!("writer/{writer}/b")).await.1;
                assert_eq!(a, b, "round {round}: one commit, both keys");
                // Each child that was killed may have left one commit that it could not tell of.
                let untold = last + round + 1;
                assert!((*last..=untold).contains(&a), "round {round}: {a}, acknowledged {last}");
            }
        });
    }
    let total: u64 = acknowledged.values().sum();
    assert!(acknowledged.len() == WRITERS && total > ROUNDS * 10, "{total} commits");
}
