//! Opening the embedded store: take the directory, read what is there, believe none of it unseen.

use std::{
    collections::BTreeMap,
    fs::File,
    io,
    path::Path,
    sync::{Arc, mpsc},
    thread,
    time::Duration,
};

use super::{
    MasterKey, OpenError, Version,
    caught::{Panicked, caught},
    committer::HEAD_NAME,
    database::{Contents, Database},
    directory::{Directory, is_vacant},
    disk::Disk,
    head::{Digester, Head},
    seal::{Sealer, UnsealError},
    witness::Witness,
};

/// A store that was found sound.
pub(super) struct Opened {
    pub(super) disk: Disk,
    pub(super) sealer: Arc<Sealer>,
    pub(super) digester: Digester,
    pub(super) head: Head,
    pub(super) versions: BTreeMap<String, Version>,
}

impl Opened {
    /// Opens the store in `path` and checks it against its head.
    ///
    /// # Errors
    /// See [`OpenError`]. After [`OpenError::TimedOut`] a thread may go on trying, and keep the
    /// store locked, until the process ends.
    pub(super) fn open(path: &Path, key: &MasterKey, within: Duration) -> Result<Self, OpenError> {
        let sealer = Arc::new(Sealer::new(key)?);
        let digester = Digester::new(key)?;
        let directory = Directory::take(path)?;
        let (send, receive) = mpsc::channel();
        thread::Builder::new()
            .name("store-open".to_owned())
            .spawn(move || {
                let path = directory.path().to_owned();
                let opened = caught(|| Self::check(directory, sealer, digester));
                // Nobody waits any more after a time-out.
                drop(send.send(opened.unwrap_or_else(|Panicked(text)| {
                    Err(OpenError::Damaged { path, cause: text })
                })));
            })
            .map_err(|cause| OpenError::Disk { path: path.to_owned(), cause })?;
        receive
            .recv_timeout(within)
            .unwrap_or_else(|_| Err(OpenError::TimedOut { path: path.to_owned(), waited: within }))
    }

    fn check(
        directory: Directory,
        sealer: Arc<Sealer>,
        digester: Digester,
    ) -> Result<Self, OpenError> {
        directory.make_private()?;
        let path = directory.path().to_owned();
        let disk = |cause| OpenError::Disk { path: path.clone(), cause };
        let damaged = |cause: &str| OpenError::Damaged { path: path.clone(), cause: cause.into() };
        if is_vacant(&path).map_err(disk)? {
            Witness::begin(&directory, &sealer, Head::default().version())?;
        }
        let (witness, known) = Witness::open(&directory, Arc::clone(&sealer))?;
        let database = Database::open(directory)?;
        // The process may have run with another umask, and may have died before its files were on
        // the disk.
        database.directory().make_private()?;
        database.directory().sync()?;
        let sync_handle = File::open(path.join("db")).map_err(disk)?;

        let Contents { head, versions } = database.contents()?;
        let head = match head {
            Some(sealed) => match sealer.unseal(HEAD_NAME, &sealed) {
                Ok((_, bytes)) => {
                    Head::from_bytes(&bytes).ok_or_else(|| damaged("its head has no meaning"))?
                }
                Err(UnsealError::OtherKey) => return Err(OpenError::WrongKey { path }),
                Err(UnsealError::Damaged) => return Err(damaged("its head does not unseal")),
            },
            None if versions.is_empty() && known == Head::default().version() => {
                Self::begin(&database, &sync_handle, &sealer, &path)?
            }
            None => return Err(damaged("its head is missing")),
        };
        if head.version() < known {
            return Err(damaged("its last commits are missing"));
        }
        if !head.holds(&digester, versions.iter().map(|(key, version)| (key.as_str(), *version))) {
            return Err(damaged("its records are not those of its last commit"));
        }
        let disk = Disk::new(Arc::new(database), sync_handle, witness);
        Ok(Self { disk, sealer, digester, head, versions })
    }

    /// Binds an empty store to its key, before it holds anything.
    fn begin(
        database: &Database,
        sync_handle: &File,
        sealer: &Sealer,
        path: &Path,
    ) -> Result<Head, OpenError> {
        let failed = |cause: String| OpenError::Disk {
            path: path.to_owned(),
            cause: io::Error::other(cause),
        };
        let head = Head::default();
        let sealed = sealer
            .seal(HEAD_NAME, head.version(), &head.to_bytes())
            .map_err(|error| failed(error.to_string()))?;
        database
            .call(|db| db.insert(HEAD_NAME, sealed).and_then(|_| db.flush()))
            .map_err(|failure| failed(failure.into_text()))?;
        sync_handle.sync_data().map_err(|cause| failed(cause.to_string()))?;
        Ok(head)
    }
}
