//! What the committer writes on: sled, and the system calls that make it durable.

use std::{
    fs::File,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use super::{
    StoreError, Version,
    caught::one_line,
    committer::Medium,
    database::{Database, Failure},
    witness::Witness,
};

/// How many times its size a value takes in sled's log, which writes a leaf of its tree anew now and
/// then. It matters where a restore commits everything at once; else what is kept free covers it.
const AMPLIFICATION: u64 = 8;

/// An open store's disk.
pub(super) struct Disk {
    database: Arc<Database>,
    /// The file `db`, opened before anything was written, so that no error is missed.
    sync_handle: File,
    witness: Witness,
    flushes: Arc<AtomicU64>,
    /// In KiB.
    keep_free: u64,
}

impl Disk {
    pub(super) fn new(database: Arc<Database>, sync_handle: File, witness: Witness) -> Self {
        Self { database, sync_handle, witness, flushes: Arc::default(), keep_free: 0 }
    }

    /// Refuses groups while less than this is free, in KiB.
    pub(super) fn keep_free(self, keep_free: u64) -> Self {
        Self { keep_free, ..self }
    }

    pub(super) fn database(&self) -> Arc<Database> {
        Arc::clone(&self.database)
    }

    /// Counts the flushes from now on.
    pub(super) fn flushes(&self) -> Arc<AtomicU64> {
        Arc::clone(&self.flushes)
    }
}

impl Medium for Disk {
    fn room(&mut self, bytes: u64) -> Result<(), StoreError> {
        let needed = self.keep_free.max(bytes.saturating_mul(AMPLIFICATION) / 1024);
        let free =
            self.database.directory().free().map_err(|cause| StoreError::OutOfService {
                cause: one_line(&cause.to_string()),
            })?;
        if free < needed {
            return Err(StoreError::NoSpace { free, needed });
        }
        Ok(())
    }

    fn write(&mut self, writes: Vec<(Vec<u8>, Option<Vec<u8>>)>) -> Result<(), String> {
        let mut batch = ::sled::Batch::default();
        for (name, value) in writes {
            match value {
                Some(value) => batch.insert(name, value),
                None => batch.remove(name),
            }
        }
        self.database.call(|db| db.apply_batch(batch)).map_err(Failure::into_text)
    }

    fn sync(&mut self, head: Version) -> Result<(), String> {
        self.database.call(|db| db.flush()).map_err(Failure::into_text)?;
        self.sync_handle.sync_data().map_err(|error| one_line(&error.to_string()))?;
        self.flushes.fetch_add(1, Ordering::Relaxed);
        self.witness.note(head).map_err(|error| one_line(&error.to_string()))
    }
}
