//! The embedded store: sled, made durable.
//!
//! sled's `flush` hands its log to the kernel and does not survive a power cut; `sync_data` on its
//! file `db` after it does. So a commit is a batch, a flush and a `sync_data`, in the one thread of
//! [`super::committer`]. Readers ask [`super::index`] first, which knows what is on the disk, and
//! then sled, on the runtime's blocking threads, where a slow disk stops nobody else.
//!
//! sled panics on some damage and may wait for ever behind a panic of its own threads. So every
//! call of it is caught, and every wait for it ends.

use std::{
    io,
    path::Path,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
        mpsc as sync_mpsc,
    },
    thread,
    time::Duration,
};

use tokio::{
    sync::{mpsc, oneshot},
    task::spawn_blocking,
    time::timeout,
};
use zeroize::Zeroizing;

use super::{
    Change, CommitError, Entry, MasterKey, OpenError, Pending, Store, StoreError, Version,
    Versioned, check_key, check_request,
    committer::{Committer, Medium, QUEUE, Request, record_name},
    database::{Database, Failure},
    disk::Disk,
    index::{Index, Sight},
    opening::Opened,
    seal::Sealer,
};

/// How many records a scan reads on one visit to the blocking threads.
const SCAN_STRETCH: usize = 256;

/// How long a store that is dropped waits for its last commits.
const CLOSE_WITHIN: Duration = Duration::from_secs(5);

/// What may differ between stores.
#[derive(Debug, Clone)]
pub struct Options {
    /// How long a read or a commit may take; a scan may take ten times as long.
    pub answer_within: Duration,
    /// How long reading and checking the files at the start may take.
    pub open_within: Duration,
    /// Commits are refused while less than this is free on the file system, in KiB.
    pub keep_free: u64,
}

impl Default for Options {
    /// 4 s for an answer (the module waits 5 s for the daemon), 60 s to open, 16 MiB to keep free.
    fn default() -> Self {
        Self {
            answer_within: Duration::from_secs(4),
            open_within: Duration::from_secs(60),
            keep_free: 16 * 1024,
        }
    }
}

/// An open store. Its calls need a tokio runtime with time.
pub struct SledStore {
    reader: Arc<Reader>,
    /// `None` only while it is dropped.
    queue: Option<mpsc::Sender<Request>>,
    ended: Mutex<sync_mpsc::Receiver<()>>,
    flushes: Arc<AtomicU64>,
    options: Options,
}

impl SledStore {
    /// Opens the store in the directory `path`, made if it is not there. Blocks.
    ///
    /// # Errors
    /// Whatever is wrong with the key, the directory or what is in it: nothing is served then.
    pub fn open(path: &Path, key: &MasterKey, options: Options) -> Result<Self, OpenError> {
        let opened = Opened::open(path, key, options.open_within)?;
        Self::start(opened, options, |medium| medium)
            .map_err(|cause| OpenError::Disk { path: path.to_owned(), cause })
    }

    /// Starts the committer, on what `wrap` makes of the disk.
    pub(super) fn start<M: Medium>(
        opened: Opened,
        options: Options,
        wrap: impl FnOnce(Disk) -> M,
    ) -> io::Result<Self> {
        let Opened { disk, sealer, digester, head, versions } = opened;
        let index = Arc::new(Index::new(versions));
        let (database, flushes) = (disk.database(), disk.flushes());
        let committer = Committer {
            medium: wrap(disk.keep_free(options.keep_free)),
            index: Arc::clone(&index),
            sealer: Arc::clone(&sealer),
            digester,
            head,
        };
        let (queue, requests) = mpsc::channel(QUEUE);
        let (end, ended) = sync_mpsc::channel();
        thread::Builder::new().name("store-commit".to_owned()).spawn(move || {
            committer.run(requests);
            drop(end);
        })?;
        let reader = Arc::new(Reader { database, sealer, index });
        Ok(Self { reader, queue: Some(queue), ended: Mutex::new(ended), flushes, options })
    }

    /// How many times the store was brought to the disk since it was opened.
    pub fn flushes(&self) -> u64 {
        self.flushes.load(Ordering::Relaxed)
    }

    async fn within<T, E: From<StoreError>>(
        &self,
        times: u32,
        work: impl Future<Output = Result<T, E>>,
    ) -> Result<T, E> {
        let waited = self.options.answer_within.saturating_mul(times);
        match timeout(waited, work).await {
            Ok(result) => result,
            Err(_) => Err(StoreError::TimedOut { waited }.into()),
        }
    }

    async fn commit_now(&self, changes: Vec<Change>) -> Result<Version, CommitError> {
        check_request(&changes)?;
        self.reader.index.check()?;
        let (answer, result) = oneshot::channel();
        let Some(queue) = &self.queue else { return Err(self.reader.ended().into()) };
        let sent = queue.send(Request { changes, answer }).await;
        sent.map_err(|_| self.reader.ended())?;
        result.await.map_err(|_| self.reader.ended())?
    }
}

impl Store for SledStore {
    fn read<'a>(&'a self, key: &'a str) -> Pending<'a, Result<Versioned, StoreError>> {
        Box::pin(self.within(1, self.reader.read(key)))
    }

    fn commit(&self, changes: Vec<Change>) -> Pending<'_, Result<Version, CommitError>> {
        Box::pin(self.within(1, self.commit_now(changes)))
    }

    fn scan<'a>(&'a self, prefix: &'a str) -> Pending<'a, Result<Vec<Entry>, StoreError>> {
        Box::pin(self.within(10, self.reader.scan(prefix)))
    }
}

impl Drop for SledStore {
    /// Waits for the commits that are queued, as long as the disk answers.
    fn drop(&mut self) {
        self.queue = None;
        let ended = self.ended.get_mut().unwrap_or_else(PoisonError::into_inner);
        // An error either way: the thread let go of its end, or the time ran out.
        let _ = ended.recv_timeout(CLOSE_WITHIN);
    }
}

/// The reading half, shared with the blocking threads.
struct Reader {
    database: Arc<Database>,
    sealer: Arc<Sealer>,
    index: Arc<Index>,
}

impl Reader {
    async fn read(self: &Arc<Self>, key: &str) -> Result<Versioned, StoreError> {
        check_key(key)?;
        let mut settled = self.index.watch();
        loop {
            let version = match self.index.sight(key)? {
                Sight::Settled(Version::ABSENT) => return Ok(Versioned::ABSENT),
                Sight::Settled(version) => version,
                Sight::InFlight => {
                    settled.changed().await.map_err(|_| self.ended())?;
                    continue;
                }
            };
            let (reader, owned) = (Arc::clone(self), key.to_owned());
            let fetched = self.blocking(move || reader.fetch(&owned, version)).await?;
            match fetched {
                Ok(value) => return Ok(Versioned { version, value: Some(value) }),
                Err(error) if self.index.sight(key)? == Sight::Settled(version) => {
                    return Err(error);
                }
                // A commit came in between.
                Err(_) => {}
            }
        }
    }

    async fn scan(self: &Arc<Self>, prefix: &str) -> Result<Vec<Entry>, StoreError> {
        let keys = self.index.keys(prefix)?;
        let mut entries = Vec::with_capacity(keys.len());
        for stretch in keys.chunks(SCAN_STRETCH) {
            let (reader, stretch) = (Arc::clone(self), stretch.to_vec());
            let fetched = self
                .blocking(move || stretch.into_iter().map(|key| reader.glance(key)).collect())
                .await?;
            let fetched: Vec<_> = fetched;
            for (key, found) in fetched {
                let found = match found {
                    Some(found) => Ok(found),
                    None => self.read(&key).await,
                };
                match found {
                    Ok(Versioned { version, value: Some(value) }) => {
                        entries.push(Entry { key, version, value: Ok(value) });
                    }
                    Ok(Versioned { value: None, .. }) => {}
                    Err(error) if error.is_of_one_record() => {
                        let version = self.index.version(&key);
                        if version != Version::ABSENT {
                            entries.push(Entry { key, version, value: Err(error) });
                        }
                    }
                    Err(error) => return Err(error),
                }
            }
        }
        Ok(entries)
    }

    /// What is there at once; `None` if that takes a wait, or a second look at what is wrong.
    fn glance(&self, key: String) -> (String, Option<Versioned>) {
        let found = match self.index.sight(&key) {
            Ok(Sight::Settled(Version::ABSENT)) => Some(Versioned::ABSENT),
            Ok(Sight::Settled(version)) => self
                .fetch(&key, version)
                .ok()
                .map(|value| Versioned { version, value: Some(value) }),
            Ok(Sight::InFlight) | Err(_) => None,
        };
        (key, found)
    }

    /// Reads and unseals the value that `key` has at `version`.
    fn fetch(&self, key: &str, version: Version) -> Result<Zeroizing<Vec<u8>>, StoreError> {
        let damaged = || StoreError::Damaged { key: key.to_owned(), version };
        let name = record_name(key);
        let sealed = match self.database.call(|db| db.get(&name)) {
            Ok(Some(sealed)) => sealed,
            Ok(None) | Err(Failure::Damaged(_)) => return Err(damaged()),
            Err(Failure::Refused(cause)) => {
                return Err(StoreError::Unreadable { key: key.to_owned(), cause });
            }
            Err(failure @ Failure::Panicked(_)) => {
                return Err(self.index.stop(failure.into_text()));
            }
        };
        match self.sealer.unseal(&name, &sealed) {
            Ok((found, value)) if found == version => Ok(value),
            _ => Err(damaged()),
        }
    }

    async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, StoreError> {
        spawn_blocking(work).await.map_err(|_| self.ended())
    }

    /// What to say where no answer comes any more.
    fn ended(&self) -> StoreError {
        match self.index.check() {
            Err(error) => error,
            Ok(()) => StoreError::OutOfService { cause: "the daemon is stopping".to_owned() },
        }
    }
}
