//! What every store has to do, and what the embedded one has to survive.

mod conformance;
mod damage;
mod failing;
mod files;
mod keys;
mod model;
mod sharing;
mod tampering;

use std::{
    path::{Path, PathBuf},
    task::Poll,
};

use tempfile::TempDir;
use zeroize::Zeroizing;

use super::{
    Change, CommitError, MasterKey, OpenError, Options, SledStore, Store, StoreError, Version,
    Versioned,
};

fn bytes(value: impl AsRef<[u8]>) -> Zeroizing<Vec<u8>> {
    Zeroizing::new(value.as_ref().to_vec())
}

fn put(key: &str, expected: Version, value: impl AsRef<[u8]>) -> Change {
    Change::put(key, expected, bytes(value))
}

/// Writes one key, which has to hold.
async fn write(store: &dyn Store, key: &str, expected: Version, value: &str) -> Version {
    store.commit(vec![put(key, expected, value)]).await.unwrap()
}

async fn value(store: &dyn Store, key: &str) -> Option<Vec<u8>> {
    store.read(key).await.unwrap().value.map(|value| value.to_vec())
}

/// A directory for a store, with its key, removed when the test ends.
struct Place {
    directory: TempDir,
    key: MasterKey,
}

impl Place {
    fn new() -> Self {
        Self { directory: tempfile::tempdir().unwrap(), key: MasterKey::generate().unwrap() }
    }

    fn path(&self) -> PathBuf {
        self.directory.path().join("store")
    }

    fn try_open(&self) -> Result<SledStore, OpenError> {
        SledStore::open(&self.path(), &self.key, Options::default())
    }

    fn open(&self) -> SledStore {
        self.try_open().unwrap()
    }

    /// sled on the files of a store that is closed, for whoever has the disk but not the key.
    fn raw(&self) -> ::sled::Db {
        let config =
            ::sled::Config::new().path(self.path()).segment_size(4 << 20).flush_every_ms(None);
        for _ in 0..100 {
            if let Ok(db) = config.open() {
                return db;
            }
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
        config.open().unwrap()
    }

    /// Changes the closed store with sled's own means.
    fn meddle(&self, change: impl FnOnce(&::sled::Db)) {
        let db = self.raw();
        change(&db);
        db.flush().unwrap();
    }
}

/// Drives all futures at once on this task and gives back what they came to, in order.
async fn join_all<T>(futures: impl IntoIterator<Item = impl Future<Output = T>>) -> Vec<T> {
    let mut futures: Vec<_> = futures.into_iter().map(Box::pin).collect();
    let mut results: Vec<Option<T>> = futures.iter().map(|_| None).collect();
    std::future::poll_fn(|context| {
        for (future, result) in futures.iter_mut().zip(&mut results) {
            if result.is_none()
                && let Poll::Ready(value) = future.as_mut().poll(context)
            {
                *result = Some(value);
            }
        }
        if results.iter().all(Option::is_some) { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
    results.into_iter().flatten().collect()
}

/// Copies a directory with all that is in it.
fn copy(from: &Path, to: &Path) {
    std::fs::create_dir(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}
