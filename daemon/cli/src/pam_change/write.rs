//! Files changed in one step: whoever logs in meanwhile reads the old one or the new one, and after a
//! power cut one of them is there.

use std::fmt;
use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt, fchown};
use std::path::{Path, PathBuf};

use rustix::fs::{OFlags, XattrFlags, fgetxattr, flistxattr, fsetxattr};
use rustix::io::Errno;

/// The most of a file that is read, and of its extended attributes, in bytes.
const LARGEST: usize = 1 << 20;

/// Why a file is left alone.
#[derive(Debug)]
pub enum WriteError {
    /// It is a link to this.
    Link(PathBuf, PathBuf),
    /// It, or a directory above it, is somebody else's, or others can write to it.
    Foreign(PathBuf),
    /// It is no regular file.
    Irregular(PathBuf),
    /// The system did not do it.
    System(PathBuf, io::Error),
}

impl fmt::Display for WriteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Link(path, to) => write!(
                f,
                "{} is a symbolic link to {}: some other program keeps it. Change it there, or put \
                 a file of its own in its place.",
                path.display(),
                to.display()
            ),
            Self::Foreign(path) => write!(
                f,
                "{} does not belong to root, or others can write to it. Whoever can, decides who \
                 logs in: mend that first.",
                path.display()
            ),
            Self::Irregular(path) => {
                write!(f, "{} is no regular file. Look what it is.", path.display())
            }
            Self::System(path, cause) => {
                write!(f, "{} cannot be read or written: {cause}.", path.display())
            }
        }
    }
}

impl std::error::Error for WriteError {}

/// A file's bytes; nothing where there is none.
///
/// # Errors
/// [`WriteError`]: it is a link, no regular file, not `owner`'s alone, or cannot be read.
pub fn read(path: &Path, owner: u32) -> Result<Option<Vec<u8>>, WriteError> {
    let system = |cause| WriteError::System(path.to_owned(), cause);
    check_directory(path, owner)?;
    match fs::symlink_metadata(path) {
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(cause) => return Err(system(cause)),
        Ok(found) if found.is_symlink() => {
            let to = fs::read_link(path).map_err(system)?;
            return Err(WriteError::Link(path.to_owned(), to));
        }
        Ok(_) => {}
    }
    let (found, bytes) = regular(path, OFlags::NOFOLLOW)?;
    if is_foreign(&found, owner) {
        return Err(WriteError::Foreign(path.to_owned()));
    }
    Ok(Some(bytes))
}

/// What libpam finds at a path, whoever decides it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// Nothing, or a link that leads nowhere.
    Nothing,
    /// A file with these bytes.
    File(Vec<u8>),
    /// A link to a file with these bytes.
    Link(Vec<u8>),
}

/// What is at a path, for taking something out of it: no link, owner or mode is in the way.
///
/// # Errors
/// [`WriteError`]: it is no regular file, or cannot be read.
pub fn look(path: &Path) -> Result<Found, WriteError> {
    let nothing = |cause: &io::Error| cause.kind() == io::ErrorKind::NotFound;
    let is_link = match fs::symlink_metadata(path) {
        Err(cause) if nothing(&cause) => return Ok(Found::Nothing),
        Err(cause) => return Err(WriteError::System(path.to_owned(), cause)),
        Ok(found) => found.is_symlink(),
    };
    let flags = if is_link { OFlags::empty() } else { OFlags::NOFOLLOW };
    match regular(path, flags) {
        Ok((_, bytes)) if is_link => Ok(Found::Link(bytes)),
        Ok((_, bytes)) => Ok(Found::File(bytes)),
        Err(WriteError::System(_, cause)) if nothing(&cause) => Ok(Found::Nothing),
        Err(error) => Err(error),
    }
}

/// A regular file's facts and bytes.
fn regular(path: &Path, flags: OFlags) -> Result<(fs::Metadata, Vec<u8>), WriteError> {
    let system = |cause| WriteError::System(path.to_owned(), cause);
    let file = OpenOptions::new()
        .read(true)
        .custom_flags((flags | OFlags::NONBLOCK).bits().cast_signed())
        .open(path)
        .map_err(system)?;
    let found = file.metadata().map_err(system)?;
    if !found.is_file() {
        return Err(WriteError::Irregular(path.to_owned()));
    }
    let mut bytes = Vec::new();
    let most = u64::try_from(LARGEST).unwrap_or(u64::MAX);
    file.take(most + 1).read_to_end(&mut bytes).map_err(system)?;
    if bytes.len() > LARGEST {
        return Err(system(io::Error::from(io::ErrorKind::FileTooLarge)));
    }
    Ok((found, bytes))
}

/// Whether somebody else than this user, or root, decides what stands in it.
fn is_foreign(found: &fs::Metadata, owner: u32) -> bool {
    (found.uid() != owner && found.uid() != 0) || found.mode() & 0o022 != 0
}

fn check_directory(path: &Path, owner: u32) -> Result<(), WriteError> {
    let directory = directory_of(path);
    let found = match fs::metadata(directory) {
        Ok(found) => found,
        Err(cause) => return Err(WriteError::System(directory.to_owned(), cause)),
    };
    if is_foreign(&found, owner) {
        return Err(WriteError::Foreign(directory.to_owned()));
    }
    Ok(())
}

/// Writes a file in one step, durably: a new one beside it takes its place. Owner, mode and extended
/// attributes (an SELinux label, an access list) are those of the file that was there; of a new one,
/// owner and mode those of `model` where it is given, else root's and 0644. A link gives way to a new
/// file: what it leads to is left alone, and decides nothing of that.
///
/// # Errors
/// [`WriteError`]; the file is as it was then.
pub fn replace(path: &Path, bytes: &[u8], model: Option<&Path>) -> Result<(), WriteError> {
    let is_link = fs::symlink_metadata(path).is_ok_and(|found| found.is_symlink());
    let old = (!is_link).then_some(path);
    let beside = directory_of(path).join(temporary_name(path));
    // Left behind by a crash in the middle of an earlier change.
    let _ = fs::remove_file(&beside);
    let written = write_beside(&beside, old, bytes, model).and_then(|()| fs::rename(&beside, path));
    if let Err(cause) = written {
        let _ = fs::remove_file(&beside);
        return Err(WriteError::System(path.to_owned(), cause));
    }
    sync_directory(path)
}

fn write_beside(
    beside: &Path,
    old: Option<&Path>,
    bytes: &[u8],
    model: Option<&Path>,
) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(beside)?;
    file.write_all(bytes)?;
    let old = match old.map(File::open).transpose() {
        Ok(old) => old,
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => None,
        Err(cause) => return Err(cause),
    };
    let pattern = match (&old, model) {
        (Some(old), _) => Some(old.metadata()?),
        (None, Some(model)) => Some(fs::metadata(model)?),
        (None, None) => None,
    };
    if let Some(pattern) = &pattern {
        fchown(&file, Some(pattern.uid()), Some(pattern.gid()))?;
    }
    let mode = pattern.map_or(0o644, |pattern| pattern.mode() & 0o7777);
    file.set_permissions(Permissions::from_mode(mode))?;
    if let Some(old) = &old {
        copy_attributes(old, &file)?;
    }
    file.sync_all()
}

/// The extended attributes of one file for another: with them a label that the policy wants there.
fn copy_attributes(from: &File, to: &File) -> io::Result<()> {
    let mut names = vec![0; 64 * 1024];
    let length = match flistxattr(from, &mut names[..]) {
        Ok(length) => length,
        Err(Errno::NOTSUP) => return Ok(()),
        Err(cause) => return Err(cause.into()),
    };
    names.truncate(length);
    for name in names.split(|byte| *byte == 0).filter(|name| !name.is_empty()) {
        let mut value = vec![0; 64 * 1024];
        let length = fgetxattr(from, name, &mut value[..])?;
        value.truncate(length);
        // The kernel may have given the new file the same one already, and not let it be set.
        let mut set = vec![0; 64 * 1024];
        if fgetxattr(to, name, &mut set[..]).is_ok_and(|length| set.get(..length) == Some(&value)) {
            continue;
        }
        fsetxattr(to, name, &value, XattrFlags::empty())?;
    }
    Ok(())
}

/// Takes a file away, durably. One that is gone already is well.
///
/// # Errors
/// [`WriteError::System`].
pub fn remove(path: &Path) -> Result<(), WriteError> {
    match fs::remove_file(path) {
        Err(cause) if cause.kind() != io::ErrorKind::NotFound => {
            Err(WriteError::System(path.to_owned(), cause))
        }
        _ => sync_directory(path),
    }
}

/// Makes a change of a directory durable.
fn sync_directory(path: &Path) -> Result<(), WriteError> {
    let directory = directory_of(path);
    File::open(directory)
        .and_then(|directory| directory.sync_all())
        .map_err(|cause| WriteError::System(directory.to_owned(), cause))
}

fn directory_of(path: &Path) -> &Path {
    path.parent().unwrap_or(Path::new("/"))
}

/// No program has a name like this, so that libpam never reads it as a service.
fn temporary_name(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    format!(".{name}.twinlock-new")
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    fn own() -> u32 {
        rustix::process::geteuid().as_raw()
    }

    fn folder() -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        fs::set_permissions(&folder, Permissions::from_mode(0o755)).unwrap();
        folder
    }

    #[test]
    fn mode_and_attributes_stay_and_nothing_is_left_beside() {
        let folder = folder();
        let file = folder.path().join("sshd");
        fs::write(&file, "old").unwrap();
        fs::set_permissions(&file, Permissions::from_mode(0o640)).unwrap();
        let set = fsetxattr(File::open(&file).unwrap(), "user.note", b"kept", XattrFlags::empty());
        replace(&file, b"new", None).unwrap();
        assert_eq!(read(&file, own()).unwrap().unwrap(), b"new");
        assert_eq!(fs::metadata(&file).unwrap().mode() & 0o7777, 0o640);
        // Not every file system of a build machine has attributes of users.
        if set.is_ok() {
            let mut value = [0; 16];
            let length =
                fgetxattr(File::open(&file).unwrap(), "user.note", &mut value[..]).unwrap();
            assert_eq!(&value[..length], b"kept");
        }
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_new_file_is_like_its_model() {
        let folder = folder();
        let (model, file) = (folder.path().join("model"), folder.path().join("file"));
        fs::write(&model, "").unwrap();
        fs::set_permissions(&model, Permissions::from_mode(0o600)).unwrap();
        replace(&file, b"x", Some(&model)).unwrap();
        assert_eq!(fs::metadata(&file).unwrap().mode() & 0o7777, 0o600);
        remove(&file).unwrap();
        remove(&file).unwrap();
        assert_eq!(read(&file, own()).unwrap(), None);
        replace(&file, b"x", None).unwrap();
        assert_eq!(fs::metadata(&file).unwrap().mode() & 0o7777, 0o644);
    }

    #[test]
    fn a_file_that_somebody_else_decides_is_left_alone() {
        let folder = folder();
        let file = folder.path().join("file");
        fs::write(&file, "").unwrap();
        fs::set_permissions(&file, Permissions::from_mode(0o666)).unwrap();
        assert!(matches!(read(&file, own()), Err(WriteError::Foreign(_))));
        let link = folder.path().join("link");
        symlink(&file, &link).unwrap();
        assert!(matches!(read(&link, own()), Err(WriteError::Link(..))));
        assert!(matches!(
            read(folder.path(), own()),
            Err(WriteError::Foreign(_) | WriteError::Irregular(_))
        ));
        fs::set_permissions(folder.path(), Permissions::from_mode(0o777)).unwrap();
        assert!(matches!(read(&folder.path().join("new"), own()), Err(WriteError::Foreign(_))));
    }
}
