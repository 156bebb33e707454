//! The directory of an embedded store: whose it is, who may read it, and who has it open.

use std::{
    fs::{self, DirBuilder, File, OpenOptions, TryLockError},
    io,
    os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
};

use nix::{
    errno::Errno,
    fcntl::OFlag,
    sys::{
        stat::{Mode, umask},
        statvfs::fstatvfs,
    },
    unistd::geteuid,
};

use super::OpenError;

/// Lets every file that this process makes from now on be its owner's alone (umask 077). For the
/// start of the process: the mask is one for all its threads.
pub fn keep_new_files_private() {
    umask(Mode::S_IRWXG | Mode::S_IRWXO);
}

/// The name of the [witness](super::witness)'s file, and of what is not yet one.
pub(super) const WITNESS: &str = "witness";
pub(super) const WITNESS_DRAFT: &str = "witness.new";

/// A directory that is this process's alone until it is dropped.
#[derive(Debug)]
pub(super) struct Directory {
    path: PathBuf,
    /// Holds the lock, which the kernel lets go with the process, however that ends.
    handle: File,
}

/// Whether there is no store in the directory: it does not exist, or is empty but for the first
/// file of a store that was never begun.
pub(super) fn is_vacant(path: &Path) -> io::Result<bool> {
    let entries = match fs::read_dir(path) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(true),
        Err(error) => return Err(error),
    };
    for entry in entries {
        if entry?.file_name() != WITNESS_DRAFT {
            return Ok(false);
        }
    }
    Ok(true)
}

impl Directory {
    /// Takes the directory, made with mode 0700 if it is not there.
    ///
    /// # Errors
    /// [`OpenError::InUse`], [`OpenError::Owner`], [`OpenError::Foreign`], [`OpenError::Disk`].
    pub(super) fn take(path: &Path) -> Result<Self, OpenError> {
        let failed = |cause: io::Error| match Errno::from_raw(cause.raw_os_error().unwrap_or(0)) {
            Errno::ELOOP | Errno::ENOTDIR => OpenError::Foreign { path: path.to_owned() },
            _ => OpenError::Disk { path: path.to_owned(), cause },
        };
        create(path).map_err(failed)?;
        let flags = OFlag::O_DIRECTORY | OFlag::O_NOFOLLOW;
        let handle =
            OpenOptions::new().read(true).custom_flags(flags.bits()).open(path).map_err(failed)?;
        let about = handle.metadata().map_err(failed)?;
        check_owner(path, about.uid())?;
        match handle.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(OpenError::InUse { path: path.to_owned() });
            }
            Err(TryLockError::Error(cause)) => return Err(failed(cause)),
        }
        handle.set_permissions(PermissionsExt::from_mode(0o700)).map_err(failed)?;
        Ok(Self { path: path.to_owned(), handle })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Closes every file to others, and refuses what is not the store's.
    ///
    /// # Errors
    /// As [`Directory::take`].
    pub(super) fn make_private(&self) -> Result<(), OpenError> {
        each_entry(&self.path, &mut |path, about| {
            check_owner(path, about.uid())?;
            let mode = match about.file_type() {
                kind if kind.is_dir() => 0o700,
                kind if kind.is_file() => 0o600,
                _ => return Err(OpenError::Foreign { path: path.to_owned() }),
            };
            if about.mode() & 0o7777 == mode {
                return Ok(());
            }
            fs::set_permissions(path, PermissionsExt::from_mode(mode))
                .map_err(|cause| OpenError::Disk { path: path.to_owned(), cause })
        })
    }

    /// Brings every file and name in the directory to the disk.
    ///
    /// # Errors
    /// [`OpenError::Disk`].
    pub(super) fn sync(&self) -> Result<(), OpenError> {
        each_entry(&self.path, &mut |path, _| {
            File::open(path)
                .and_then(|file| file.sync_all())
                .map_err(|cause| OpenError::Disk { path: path.to_owned(), cause })
        })?;
        self.handle.sync_all().map_err(|cause| OpenError::Disk { path: self.path.clone(), cause })
    }

    /// What is free on the file system for this process, in KiB.
    #[allow(clippy::useless_conversion)] // the count has 32 bits on some architectures
    pub(super) fn free(&self) -> io::Result<u64> {
        let about = fstatvfs(&self.handle)?;
        Ok(u64::from(about.blocks_available()).saturating_mul(about.fragment_size()) / 1024)
    }
}

/// Makes the directory and those above it, each on the disk before the next.
fn create(path: &Path) -> io::Result<()> {
    let parent = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    match DirBuilder::new().mode(0o700).create(path) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Ok(()),
        Err(error) if error.kind() == io::ErrorKind::NotFound && parent != Path::new(".") => {
            create(parent)?;
            DirBuilder::new().mode(0o700).create(path)?;
        }
        Err(error) => return Err(error),
    }
    File::open(parent)?.sync_all()
}

fn check_owner(path: &Path, owner: u32) -> Result<(), OpenError> {
    let own = geteuid().as_raw();
    if owner == own { Ok(()) } else { Err(OpenError::Owner { path: path.to_owned(), owner, own }) }
}

/// Visits what is in the directory and in the directories within, without following links.
fn each_entry(
    directory: &Path,
    visit: &mut dyn FnMut(&Path, &fs::Metadata) -> Result<(), OpenError>,
) -> Result<(), OpenError> {
    let failed = |cause| OpenError::Disk { path: directory.to_owned(), cause };
    for entry in fs::read_dir(directory).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        let about = fs::symlink_metadata(&path)
            .map_err(|cause| OpenError::Disk { path: path.clone(), cause })?;
        visit(&path, &about)?;
        if about.is_dir() {
            each_entry(&path, visit)?;
        }
    }
    Ok(())
}
