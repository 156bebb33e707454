//! A picture of a secret on disk: mode 0600, never through a symbolic link, never over another
//! file, and gone again when the enrolment it belongs to does not come about.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::Write;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, Mode, OFlags, open, openat, unlinkat};
use rustix::io::Errno;

use crate::failure::Failure;

/// A new file, open and empty. Dropped before [`PictureFile::keep`], it is removed.
pub struct PictureFile {
    path: PathBuf,
    name: OsString,
    // The directory stays open, so that what is removed is what was made, whatever happens to
    // the path in between.
    directory: OwnedFd,
    file: File,
    kept: bool,
}

impl PictureFile {
    /// Creates the file, so that a path that cannot be used is known before a key is made.
    ///
    /// # Errors
    /// [`Failure::Refused`]: the path exists, or cannot be created.
    pub fn create(path: &Path) -> Result<Self, Failure> {
        let refused = |cause: Errno| {
            let why = if cause == Errno::EXIST {
                "something is there already, and it is not overwritten. Remove it or name another \
                 file"
                    .to_owned()
            } else {
                format!("{}. Name another file", std::io::Error::from(cause))
            };
            Failure::refused(format!("{} cannot be created: {why}.", path.display()))
        };
        let Some(name) = path.file_name() else {
            return Err(refused(Errno::ISDIR));
        };
        let parent =
            path.parent().filter(|parent| *parent != OsStr::new("")).unwrap_or(Path::new("."));
        let close = OFlags::CLOEXEC;
        let directory = open(parent, OFlags::DIRECTORY | OFlags::RDONLY | close, Mode::empty())
            .map_err(refused)?;
        let file = openat(
            &directory,
            name,
            OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | close,
            Mode::RUSR | Mode::WUSR,
        )
        .map_err(refused)?;
        Ok(Self {
            path: path.to_owned(),
            name: name.to_owned(),
            directory,
            file: File::from(file),
            kept: false,
        })
    }

    /// Where the picture is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Writes the picture.
    ///
    /// # Errors
    /// [`Failure::Refused`]: the disk is full, or gone.
    pub fn write(&mut self, picture: &[u8]) -> Result<(), Failure> {
        self.file.write_all(picture).and_then(|()| self.file.flush()).map_err(|cause| {
            Failure::refused(format!(
                "{} cannot be written: {cause}. Name another file.",
                self.path.display()
            ))
        })
    }

    /// Leaves the file where it is.
    pub const fn keep(&mut self) {
        self.kept = true;
    }
}

impl Drop for PictureFile {
    fn drop(&mut self) {
        if !self.kept {
            // Nothing can be done about a failure, and the key in the file is of no enrolment.
            let _ = unlinkat(&self.directory, &self.name, AtFlags::empty());
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    fn refusal(path: &Path) -> String {
        PictureFile::create(path).err().unwrap().to_string()
    }

    #[test]
    fn the_file_is_for_its_owner_alone() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("code.png");
        let mut file = PictureFile::create(&path).unwrap();
        file.write(b"picture").unwrap();
        file.keep();
        drop(file);
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o7777, 0o600);
        assert_eq!(fs::read(&path).unwrap(), b"picture");
    }

    #[test]
    fn a_file_that_exists_is_not_overwritten() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("code.png");
        fs::write(&path, "before").unwrap();
        assert!(refusal(&path).contains("not overwritten"));
        assert_eq!(fs::read(&path).unwrap(), b"before");
    }

    #[test]
    fn a_symbolic_link_is_not_followed_even_into_nothing() {
        let directory = tempfile::tempdir().unwrap();
        let (path, target) = (directory.path().join("code.png"), directory.path().join("target"));
        symlink(&target, &path).unwrap();
        assert!(refusal(&path).contains("not overwritten"));
        assert!(!target.exists());
    }

    #[test]
    fn a_file_that_was_not_kept_is_removed() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("code.png");
        drop(PictureFile::create(&path).unwrap());
        assert!(!path.exists());
    }

    #[test]
    fn a_missing_directory_is_named() {
        let directory = tempfile::tempdir().unwrap();
        assert!(refusal(&directory.path().join("no/code.png")).contains("No such file"));
    }
}
