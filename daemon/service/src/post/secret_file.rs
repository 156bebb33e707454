//! A password in a file of its own.

use std::{fs::File, io::Read, os::unix::fs::MetadataExt, path::Path};

use zeroize::Zeroizing;

/// The longest password, in bytes.
const LONGEST: u64 = 1024;

/// Permission for others than owner and group.
const OTHERS: u32 = 0o007;

/// Reads the one line of a file. The error is for the log, and has nothing of the file in it.
pub(super) fn read(path: &Path) -> Result<Zeroizing<String>, String> {
    let shown = path.display();
    let cannot = |error: std::io::Error| format!("{shown} cannot be read: {error}");
    // Opening a FIFO would wait for its other end.
    if !std::fs::metadata(path).map_err(cannot)?.is_file() {
        return Err(format!("{shown} is not a regular file"));
    }
    let file = File::open(path).map_err(cannot)?;
    if file.metadata().map_err(cannot)?.mode() & OTHERS != 0 {
        return Err(format!("{shown} is open to every user of the host: chmod o= {shown}"));
    }
    let mut text = Zeroizing::new(String::with_capacity(LONGEST as usize + 1));
    file.take(LONGEST + 1).read_to_string(&mut text).map_err(cannot)?;
    let line = text.strip_suffix('\n').unwrap_or(&text);
    let line = line.strip_suffix('\r').unwrap_or(line);
    if line.is_empty() || line.len() as u64 > LONGEST || line.chars().any(char::is_control) {
        return Err(format!("{shown} does not hold a password on one line"));
    }
    Ok(Zeroizing::new(line.to_owned()))
}

#[cfg(test)]
mod tests {
    use std::{fs, os::unix::fs::PermissionsExt};

    use super::*;

    #[test]
    fn one_line_that_is_not_open_to_everybody_is_a_password() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("password");
        let with = |text: &str, mode: u32| {
            fs::write(&path, text).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            read(&path)
        };
        assert_eq!(with("open sesame\n", 0o640).unwrap().as_str(), "open sesame");
        assert_eq!(with("sesame\r\n", 0o600).unwrap().as_str(), "sesame");
        assert!(with("sesame\n", 0o644).unwrap_err().contains("chmod o="));
        let long = "x".repeat(2000);
        for text in ["", "\n", "a\nb\n", "a\0b", &long] {
            let error = with(text, 0o600).unwrap_err();
            assert!(error.ends_with("does not hold a password on one line"), "{error}");
        }
        assert!(read(directory.path()).unwrap_err().contains("regular file"));
        assert!(read(&directory.path().join("x")).unwrap_err().contains("cannot be read"));
    }
}
