//! A backup on the disk: whole and on the disk, or not there.

use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use twinlock_bus_api::backup::MAX_FILE;

use crate::failure::Failure;
use crate::input_file;

/// Says no where there is something already, before anybody is asked for a passphrase.
///
/// # Errors
/// [`Failure::Refused`].
pub fn check_new(path: &Path, replace: bool) -> Result<(), Failure> {
    match fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(not_written(path, &error)),
        Ok(about) if !about.is_file() => Err(Failure::refused(format!(
            "{} is no regular file, and nothing was written. Name another.",
            path.display()
        ))),
        Ok(_) if replace => Ok(()),
        Ok(_) => Err(exists(path)),
    }
}

/// Writes a file that its owner alone reads: under another name beside it, to the disk, and then into
/// its place. A failure leaves what was there before.
///
/// # Errors
/// [`Failure::Refused`]: there is something already, or the disk does not take it.
pub fn write(path: &Path, bytes: &[u8], replace: bool) -> Result<(), Failure> {
    put(path, bytes, replace).map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => exists(path),
        _ => not_written(path, &error),
    })
}

/// The same for any file that is to be whole or not there.
///
/// # Errors
/// As the system tells it; `AlreadyExists` without `replace`.
pub fn put(path: &Path, bytes: &[u8], replace: bool) -> io::Result<()> {
    let directory = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let draft = draft(directory)?;
    let placed = write_draft(&draft, bytes).and_then(|()| {
        if replace { fs::rename(&draft, path) } else { fs::hard_link(&draft, path) }
    });
    // After a rename there is none; a draft that stays is no harm but its room.
    let _ = fs::remove_file(&draft);
    placed.and_then(|()| File::open(directory)?.sync_all())
}

/// Reads a file, as far as a daemon takes it in.
///
/// # Errors
/// [`Failure::Refused`].
pub fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    let unreadable = |cause: io::Error| {
        Failure::refused(format!(
            "{} cannot be read: {cause}. Nothing was changed.",
            path.display()
        ))
    };
    let file = input_file::open(path).map_err(unreadable)?;
    let mut bytes = Vec::new();
    file.take(MAX_FILE + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    if bytes.len() as u64 > MAX_FILE {
        return Err(Failure::refused(format!(
            "{} is larger than any backup. Nothing was changed; name another.",
            path.display()
        )));
    }
    Ok(bytes)
}

fn draft(directory: &Path) -> io::Result<PathBuf> {
    let mut bytes = [0; 8];
    random(&mut bytes)?;
    let name: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    Ok(directory.join(format!(".twinlock-draft-{name}")))
}

fn write_draft(draft: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(draft)?;
    // Whatever the umask: a backup that its owner cannot read is none.
    file.set_permissions(Permissions::from_mode(0o600))?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// Random bytes of the system.
///
/// # Errors
/// The system has none.
pub fn random(bytes: &mut [u8]) -> io::Result<()> {
    let mut filled = 0;
    while filled < bytes.len() {
        match rustix::rand::getrandom(&mut bytes[filled..], rustix::rand::GetRandomFlags::empty()) {
            Ok(count) => filled += count,
            Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

fn exists(path: &Path) -> Failure {
    Failure::refused(format!(
        "{} exists, and nothing was written. Name another, or add --replace.",
        path.display()
    ))
}

fn not_written(path: &Path, cause: &io::Error) -> Failure {
    Failure::refused(format!(
        "{} cannot be written: {cause}. No backup was made; name another place.",
        path.display()
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_its_owner_s_and_nothing_else_is_left() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("backup");
        write(&path, b"first", false).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o7777, 0o600);
        let failure = write(&path, b"second", false).unwrap_err();
        assert!(failure.to_string().contains("add --replace"), "{failure}");
        assert_eq!(read(&path).unwrap(), b"first");
        write(&path, b"third", true).unwrap();
        assert_eq!(read(&path).unwrap(), b"third");
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1);
    }

    #[test]
    fn what_is_there_is_not_overwritten_without_a_word() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("backup");
        check_new(&path, false).unwrap();
        write(&path, b"first", false).unwrap();
        assert!(check_new(&path, false).is_err());
        check_new(&path, true).unwrap();
        assert!(check_new(directory.path(), true).is_err(), "a directory");
    }
}
