//! The page on the disk: whole, and for its owner alone.

use std::fs;
use std::io;
use std::path::Path;

use crate::backup_file;
use crate::failure::Failure;

/// Says no before anything is gathered where the page could not stand.
///
/// # Errors
/// [`Failure::Refused`]: there is something that is no file, or no directory for it.
pub fn check(path: &Path) -> Result<(), Failure> {
    match fs::symlink_metadata(path) {
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => {}
        Err(cause) => return Err(not_written(path, &cause)),
        Ok(about) if about.is_file() => return Ok(()),
        Ok(_) => {
            return Err(Failure::refused(format!(
                "{} is no regular file, and nothing was written. Name another.",
                path.display()
            )));
        }
    }
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    match fs::metadata(parent.unwrap_or(Path::new("."))) {
        Ok(about) if about.is_dir() => Ok(()),
        Ok(_) => Err(not_written(path, &io::ErrorKind::NotADirectory.into())),
        Err(cause) => Err(not_written(path, &cause)),
    }
}

/// Writes the page, over an earlier one too. A failure leaves what was there before.
///
/// # Errors
/// [`Failure::Refused`]: the disk does not take it.
pub fn write(path: &Path, page: &str) -> Result<(), Failure> {
    backup_file::put(path, page.as_bytes(), true).map_err(|cause| not_written(path, &cause))
}

fn not_written(path: &Path, cause: &io::Error) -> Failure {
    Failure::refused(format!(
        "{} cannot be written: {cause}. No report was made; name another place.",
        path.display()
    ))
}
