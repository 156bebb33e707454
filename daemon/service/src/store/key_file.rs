//! Where the master key is kept: a systemd credential, else a file that only its owner can read.
//!
//! The credential is `twinlock.key` in the directory that systemd names (systemd.exec(5),
//! `LoadCredential=`). systemd made that file for this process, with an access list that shows in
//! its mode as group bits; it is enough that others cannot read it. The file of the configuration
//! is made by people, and has to be mode 0600 and root's or the daemon's own.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read, Write},
    os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
};

use data_encoding::HEXLOWER;
use nix::{fcntl::OFlag, unistd::geteuid};
use zeroize::Zeroizing;

use super::{KeyError, MasterKey, directory};

/// The name of the credential, and of its file.
pub const CREDENTIAL: &str = "twinlock.key";

/// A key and its comment fit many times over.
const MAX_FILE: u64 = 4096;

/// Where to look for the key, in this order.
#[derive(Debug, Clone)]
pub struct KeySources {
    /// What `$CREDENTIALS_DIRECTORY` says, if systemd started the daemon.
    pub credentials: Option<PathBuf>,
    /// `[store] key_file` of the configuration.
    pub file: PathBuf,
}

impl KeySources {
    /// Reads the key.
    ///
    /// # Errors
    /// [`KeyError::Absent`] if there is none; anything else if there is one and it is not to be
    /// used. A credential that is not to be used is not made up for by the file.
    pub fn load(&self) -> Result<MasterKey, KeyError> {
        if let Some(directory) = &self.credentials
            && let Some(key) = read(&directory.join(CREDENTIAL), 0o007)?
        {
            return Ok(key);
        }
        read(&self.file, 0o077)?.ok_or_else(|| KeyError::Absent { path: self.file.clone() })
    }

    /// Reads the key, or makes the file where there is none and the store in `store` is empty.
    ///
    /// # Errors
    /// As [`KeySources::load`] and [`KeySources::make`].
    pub fn load_or_make(&self, store: &Path) -> Result<MasterKey, KeyError> {
        match self.load() {
            Err(KeyError::Absent { .. }) => match self.make(store) {
                // Another process was quicker; its key is the key.
                Err(KeyError::Exists { .. }) => self.load(),
                made => made,
            },
            loaded => loaded,
        }
    }

    /// Makes a new key file with mode 0600, on the disk when this returns.
    ///
    /// # Errors
    /// [`KeyError::StoreNotEmpty`] if the directory `store` holds a store, whose key is then
    /// another; [`KeyError::Exists`] if the file is there already, whatever is in it.
    pub fn make(&self, store: &Path) -> Result<MasterKey, KeyError> {
        match directory::is_vacant(store) {
            Ok(true) => {}
            Ok(false) => {
                let (path, store) = (self.file.clone(), store.to_owned());
                return Err(KeyError::StoreNotEmpty { path, store });
            }
            Err(cause) => return Err(KeyError::Unreadable { path: store.to_owned(), cause }),
        }
        let key = MasterKey::generate()?;
        write_new(&self.file, &key)?;
        Ok(key)
    }
}

/// Reads the key at `path`, or `None` if there is no file. `forbidden` are the mode bits that it
/// must not have.
fn read(path: &Path, forbidden: u32) -> Result<Option<MasterKey>, KeyError> {
    let unreadable = |cause| KeyError::Unreadable { path: path.to_owned(), cause };
    // Without O_NONBLOCK a FIFO in the file's place would hang the daemon here.
    let flags = OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK | OFlag::O_NOCTTY;
    let file = match OpenOptions::new().read(true).custom_flags(flags.bits()).open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) if error.raw_os_error() == Some(nix::errno::Errno::ELOOP as i32) => {
            return Err(KeyError::NotRegular { path: path.to_owned() });
        }
        Err(cause) => return Err(unreadable(cause)),
    };
    let about = file.metadata().map_err(unreadable)?;
    if !about.is_file() {
        return Err(KeyError::NotRegular { path: path.to_owned() });
    }
    let own = geteuid().as_raw();
    if about.uid() != 0 && about.uid() != own {
        return Err(KeyError::Owner { path: path.to_owned(), owner: about.uid(), own });
    }
    let mode = about.permissions().mode() & 0o7777;
    if mode & forbidden != 0 {
        return Err(KeyError::Mode { path: path.to_owned(), mode });
    }
    // One allocation that never grows: no copy of the key stays behind.
    let mut text = Zeroizing::new(Vec::with_capacity(MAX_FILE as usize + 64));
    file.take(MAX_FILE + 1).read_to_end(&mut text).map_err(unreadable)?;
    if text.len() as u64 > MAX_FILE {
        return Err(KeyError::NoKey { path: path.to_owned() });
    }
    match MasterKey::from_text(&text) {
        Some(key) => Ok(Some(key)),
        None => Err(KeyError::NoKey { path: path.to_owned() }),
    }
}

/// The file is written under another name and linked into place, which fails where it exists: a
/// crash leaves no half of a key behind.
fn write_new(path: &Path, key: &MasterKey) -> Result<(), KeyError> {
    let not_written = |cause: io::Error| match cause.kind() {
        io::ErrorKind::AlreadyExists => KeyError::Exists { path: path.to_owned() },
        _ => KeyError::NotWritten { path: path.to_owned(), cause },
    };
    let parent = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let mut random = [0; 8];
    getrandom::fill(&mut random).map_err(|cause| KeyError::NoRandomness { cause })?;
    let draft = parent.join(format!(".twinlock-key-{}", HEXLOWER.encode(&random)));
    let linked = write_draft(&draft, key).and_then(|()| fs::hard_link(&draft, path));
    let removed = fs::remove_file(&draft);
    linked.map_err(not_written)?;
    removed.and_then(|()| File::open(parent)?.sync_all()).map_err(not_written)
}

fn write_draft(draft: &Path, key: &MasterKey) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(draft)?;
    file.set_permissions(PermissionsExt::from_mode(0o600))?;
    file.write_all(key.to_text().as_bytes())?;
    file.sync_all()
}
