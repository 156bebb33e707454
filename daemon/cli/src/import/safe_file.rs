//! Files with secrets that nobody but their owner can have read or written.

use std::fs::OpenOptions;
use std::io::{self, Read};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;

use rustix::fs::OFlags;
use zeroize::Zeroizing;

/// The largest file, in bytes: tens of thousands of lines.
const LARGEST: u64 = 4 << 20;

/// A file that is safe to read.
pub(super) struct SafeFile {
    /// Whose it is.
    pub(super) owner: u32,
    /// What stands in it.
    pub(super) text: Zeroizing<String>,
}

/// Reads a file, if its owner is as expected and alone can read and write it. A clause says why
/// not.
pub(super) fn read(path: &Path, is_expected: impl Fn(u32) -> bool) -> Result<SafeFile, String> {
    let system =
        |cause: io::Error| match cause.raw_os_error().map(rustix::io::Errno::from_raw_os_error) {
            Some(rustix::io::Errno::LOOP) => "it is a symbolic link".to_owned(),
            _ => cause.to_string(),
        };
    // A FIFO or a device is opened without waiting, and seen for what it is.
    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY;
    let file = OpenOptions::new().read(true).custom_flags(flags.bits().cast_signed()).open(path);
    let file = file.map_err(system)?;
    let found = file.metadata().map_err(system)?;
    if !found.is_file() {
        return Err("it is not a regular file".to_owned());
    }
    if found.nlink() != 1 {
        return Err("it has several names (hard links), and another may be somebody else's".into());
    }
    if !is_expected(found.uid()) {
        return Err(format!("its owner is uid {}, which it should not be", found.uid()));
    }
    if found.mode() & 0o077 != 0 {
        let mode = found.mode() & 0o7777;
        return Err(format!("others than its owner have access (mode {mode:04o}); chmod 0600 it"));
    }
    let mut bytes = Zeroizing::new(Vec::with_capacity(
        usize::try_from(found.len().min(LARGEST) + 1).unwrap_or_default(),
    ));
    file.take(LARGEST + 1).read_to_end(&mut bytes).map_err(system)?;
    if bytes.len() as u64 > LARGEST {
        return Err(format!("it is larger than {} MiB", LARGEST >> 20));
    }
    let text = std::str::from_utf8(&bytes).map_err(|_| "it is not text")?;
    Ok(SafeFile { owner: found.uid(), text: Zeroizing::new(text.to_owned()) })
}

#[cfg(test)]
mod tests {
    use std::fs::{self, Permissions};
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    fn refused(path: &Path) -> String {
        read(path, |_| true).err().unwrap_or_default()
    }

    #[test]
    fn a_file_of_its_owner_alone_is_read_and_every_other_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("users.oath");
        fs::write(&path, "text").unwrap();
        for mode in [0o640, 0o620, 0o604, 0o602, 0o601] {
            fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
            assert!(refused(&path).contains("others than its owner"), "{mode:o}");
        }
        for mode in [0o600, 0o400] {
            fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
            assert_eq!(*read(&path, |_| true).ok().unwrap().text, "text");
        }
        assert!(read(&path, |_| false).err().unwrap().contains("its owner is uid"));
        let link = folder.path().join("link");
        symlink(&path, &link).unwrap();
        assert_eq!(refused(&link), "it is a symbolic link");
        fs::hard_link(&path, folder.path().join("hard")).unwrap();
        assert!(refused(&path).contains("hard links"));
        assert_eq!(refused(folder.path()), "it is not a regular file");
        assert_eq!(refused(Path::new("/dev/null")), "it is not a regular file");
        assert!(refused(&folder.path().join("none")).contains("No such file"));
    }

    #[test]
    fn what_is_too_large_or_no_text_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("users.oath");
        fs::write(&path, [0xff; 9]).unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
        assert_eq!(refused(&path), "it is not text");
        fs::write(&path, vec![b'#'; (4 << 20) + 1]).unwrap();
        assert!(refused(&path).contains("larger than 4 MiB"));
    }
}
