//! The witness: a file beside sled's that knows how far the store had come.
//!
//! sled takes damage in its log for the torn end of a crash: it goes back to what was there before
//! and says nothing. An emptied file is to it a new store, in which nobody is enrolled. Each such
//! state is sound in itself, so the [head](super::head) does not tell. The witness does: it has
//! the number of the last commit, and a store that has not come that far is not served.
//!
//! It is written after each group of commits is on the disk, so it is never ahead; and it is not
//! brought to the disk by itself, so it costs no flush. After a power cut it may be behind by what
//! the kernel had not written yet, some seconds, and then it sees damage only if that goes back
//! further.
//!
//! The file has two slots, written in turn, so that one is whole whatever happens to the other. A
//! slot is a sealed value without content, whose version is that of the head.

use std::{
    fs::{self, File, OpenOptions},
    io,
    os::unix::fs::{FileExt, OpenOptionsExt},
    sync::Arc,
};

use super::{
    OpenError, Version,
    directory::{Directory, WITNESS, WITNESS_DRAFT},
    seal::{self, Sealer, UnsealError},
};

const NAME: &[u8] = b"witness";

/// Further apart than what a disk writes at once.
const SLOTS: [u64; 2] = [0, 4096];

/// The open file.
pub(super) struct Witness {
    file: File,
    sealer: Arc<Sealer>,
    next: usize,
}

impl Witness {
    /// Puts a witness into a directory that holds nothing, on the disk when this returns.
    pub(super) fn begin(
        directory: &Directory,
        sealer: &Sealer,
        version: Version,
    ) -> Result<(), OpenError> {
        let (draft, path) = (directory.path().join(WITNESS_DRAFT), directory.path().join(WITNESS));
        let sealed = seal(sealer, version);
        let made = sealed.and_then(|sealed| {
            let mut options = OpenOptions::new();
            let file = options.write(true).create(true).truncate(true).mode(0o600).open(&draft)?;
            for slot in SLOTS {
                file.write_all_at(&sealed, slot)?;
            }
            file.sync_all()?;
            fs::rename(&draft, &path)
        });
        made.map_err(|cause| OpenError::Disk { path, cause })?;
        directory.sync()
    }

    /// Opens the witness, and reads the version of the last head that it knows of.
    pub(super) fn open(
        directory: &Directory,
        sealer: Arc<Sealer>,
    ) -> Result<(Self, Version), OpenError> {
        let path = directory.path().join(WITNESS);
        let damaged = |cause: &str| OpenError::Damaged {
            path: directory.path().to_owned(),
            cause: cause.to_owned(),
        };
        let file = match OpenOptions::new().read(true).write(true).open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(damaged("its witness is missing"));
            }
            Err(cause) => return Err(OpenError::Disk { path, cause }),
        };
        let mut versions = [Version::ABSENT; 2];
        for (slot, version) in SLOTS.into_iter().zip(&mut versions) {
            let mut sealed = [0; seal::OVERHEAD];
            match file.read_exact_at(&mut sealed, slot) {
                Ok(()) => {}
                Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => continue,
                Err(cause) => return Err(OpenError::Disk { path, cause }),
            }
            match sealer.unseal(NAME, &sealed) {
                Ok((found, _)) => *version = found,
                Err(UnsealError::OtherKey) => {
                    return Err(OpenError::WrongKey { path: directory.path().to_owned() });
                }
                Err(UnsealError::Damaged) => {}
            }
        }
        let [first, second] = versions;
        match first.max(second) {
            Version::ABSENT => Err(damaged("its witness does not unseal")),
            last => Ok((Self { file, sealer, next: usize::from(first >= second) }, last)),
        }
    }

    /// Takes down the version of a head that is on the disk.
    pub(super) fn note(&mut self, version: Version) -> io::Result<()> {
        self.file.write_all_at(&seal(&self.sealer, version)?, SLOTS[self.next])?;
        self.next = 1 - self.next;
        Ok(())
    }
}

impl Drop for Witness {
    /// A store that is closed in order leaves a witness that a power cut does not set back. Where
    /// this fails, the witness is as it would be after a crash.
    fn drop(&mut self) {
        let _ = self.file.sync_data();
    }
}

fn seal(sealer: &Sealer, version: Version) -> io::Result<Vec<u8>> {
    sealer.seal(NAME, version, &[]).map_err(io::Error::other)
}
