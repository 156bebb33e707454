//! The disk takes no more in the middle of a write: an error in words, no panic, nothing
//! acknowledged is lost.
//!
//! The test runs itself under a limit of the file size (`ulimit -f`), with the signal ignored that
//! would end the process, so that a write fails as it does on a full disk or an exhausted quota.

#![allow(clippy::unwrap_used)] // a test ends where something fails

use std::{path::Path, process::Command};

use twinlock_service::store::{
    Change, CommitError, KeySources, Options, SledStore, Store, StoreError, Version,
};
use zeroize::Zeroizing;

const DIRECTORY: &str = "TWINLOCK_TEST_FULL_DIRECTORY";

fn open(directory: &Path) -> SledStore {
    let sources = KeySources { credentials: None, file: directory.join("key") };
    let path = directory.join("store");
    let key = sources.load_or_make(&path).unwrap();
    SledStore::open(&path, &key, Options::default()).unwrap()
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap()
}

async fn write(store: &SledStore, number: u32) -> Result<Version, CommitError> {
    let value = Zeroizing::new(vec![7; 40_000]);
    store.commit(vec![Change::put(format!("k{number}"), Version::ABSENT, value)]).await
}

/// Writes until it cannot, says how far it came, and ends as it should.
#[test]
#[allow(clippy::disallowed_methods, clippy::print_stdout)] // the environment is this test's own
fn writes_until_refused() {
    let Some(directory) = std::env::var_os(DIRECTORY) else { return };
    runtime().block_on(async {
        let store = open(Path::new(&directory));
        let mut number = 0;
        let error = loop {
            match write(&store, number).await {
                Ok(_) => number += 1,
                Err(error) => break error,
            }
        };
        assert!(matches!(error, CommitError::Unavailable(StoreError::OutOfService { .. })));
        assert_eq!(write(&store, number).await, Err(error.clone()));
        assert!(store.read("k0").await.is_err());
        println!("\nacknowledged={number}\nrefused={error}");
    });
}

#[test]
fn a_disk_that_takes_no_more_is_an_error_and_loses_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let output = Command::new("sh")
        .args(["-c", "trap '' XFSZ; ulimit -f 20000; exec \"$0\" \"$@\""])
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", "writes_until_refused", "--nocapture"])
        .env(DIRECTORY, directory.path())
        .output()
        .unwrap();
    let (out, err) =
        (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{out}{err}");
    assert!(!err.contains("panicked"), "{err}");
    let field = |name: &str| out.lines().find_map(|line| line.strip_prefix(name)).unwrap();
    let refused = field("refused=");
    assert!(refused.contains("out of service") && refused.contains("restart"), "{refused}");
    let acknowledged: u32 = field("acknowledged=").parse().unwrap();
    assert!(acknowledged > 10, "{acknowledged}");

    runtime().block_on(async {
        let store = open(directory.path());
        for number in 0..acknowledged {
            let read = store.read(&format!("k{number}")).await.unwrap();
            assert_eq!(read.value, Some(Zeroizing::new(vec![7; 40_000])), "k{number}");
        }
        // With room again it goes on, after what may have been the last write before the end.
        write(&store, acknowledged + 1).await.unwrap();
    });
}
