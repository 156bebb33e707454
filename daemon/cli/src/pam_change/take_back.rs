//! Taking a change back: each file as it was, or, where somebody else has changed it since, without
//! what was put there.

use std::fs;
use std::path::PathBuf;

use super::place::without;
use super::record::{Changed, Record};
use super::write::{self, WriteError};

/// What became of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Restored {
    /// It is as it was, byte for byte.
    AsBefore(PathBuf),
    /// It was not there before, and is gone.
    Gone(PathBuf),
    /// Somebody else has changed it; what was put there is taken out.
    LinesOut(PathBuf),
    /// There was nothing of ours in it.
    Untouched(PathBuf),
}

/// Takes every file of a change back, the last one first. A file that cannot be is left for a further
/// try, and does not keep the others.
///
/// # Errors
/// The [`WriteError`] of each file that is not as it should be.
pub fn take_back(record: &Record, owner: u32) -> Result<Vec<Restored>, Vec<WriteError>> {
    let mut done = Vec::new();
    let mut failed = Vec::new();
    for file in record.files.iter().rev() {
        match restore(file, owner) {
            Ok(restored) => done.push(restored),
            Err(error) => failed.push(error),
        }
    }
    if failed.is_empty() { Ok(done) } else { Err(failed) }
}

/// What a file has to become; nothing where it has to go.
pub fn wanted(file: &Changed, current: &[u8]) -> Option<Vec<u8>> {
    let clean = |before: &[u8]| without(before) == before;
    if current == file.after {
        match &file.before {
            None => return None,
            Some(before) if clean(before) => return Some(before.clone()),
            // Our lines were there before, in part or put in by hand.
            Some(_) => {}
        }
    }
    if is_stack(file) {
        return Some(without(current));
    }
    Some(lines_out(&file.after, file.before.as_deref().unwrap_or_default(), current))
}

fn restore(file: &Changed, owner: u32) -> Result<Restored, WriteError> {
    let path = file.path.clone();
    let Some(current) = write::read(&path, owner)? else { return Ok(Restored::Untouched(path)) };
    if file.before.as_ref() == Some(&current) {
        return Ok(Restored::Untouched(path));
    }
    match wanted(file, &current) {
        None => {
            write::remove(&path)?;
            Ok(Restored::Gone(path))
        }
        Some(bytes) if bytes == current => Ok(Restored::Untouched(path)),
        Some(bytes) => {
            write::replace(&path, &bytes, None)?;
            Ok(match file.before.as_ref() == Some(&bytes) {
                true => Restored::AsBefore(path),
                false => Restored::LinesOut(path),
            })
        }
    }
}

/// Whether a file is one of PAM's, rather than of sshd's.
fn is_stack(file: &Changed) -> bool {
    file.path.extension().is_none_or(|ending| ending != "conf")
}

/// A file without the lines that were written and are not in what was there before.
fn lines_out(after: &[u8], before: &[u8], current: &[u8]) -> Vec<u8> {
    let lines = |bytes: &[u8]| -> Vec<Vec<u8>> {
        bytes.split_inclusive(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect()
    };
    let (written, kept) = (lines(after), lines(before));
    lines(current)
        .into_iter()
        .filter(|line| {
            line.trim_ascii().is_empty() || !written.contains(line) || kept.contains(line)
        })
        .flatten()
        .collect()
}

impl Restored {
    /// The sentence for a person.
    pub fn sentence(&self) -> String {
        match self {
            Self::AsBefore(path) => format!("{} is as it was.", path.display()),
            Self::Gone(path) => format!("{} is gone; it was not there before.", path.display()),
            Self::LinesOut(path) => format!(
                "{} was changed by somebody else too; only Twinlock's lines are out.",
                path.display()
            ),
            Self::Untouched(path) => format!("{} had nothing to take out.", path.display()),
        }
    }
}

/// Whether a file is there, for what is said about it.
pub fn exists(path: &std::path::Path) -> bool {
    fs::symlink_metadata(path).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const BEFORE: &str = "@include common-auth\n@include common-account";
    const AFTER: &str = "@include common-auth\nauth required pam_twinlock.so\naccount required \
                         pam_twinlock.so\n@include common-account";

    fn record(directory: &std::path::Path, before: Option<&str>, after: &str) -> Record {
        Record {
            service: "sshd".to_owned(),
            id: "1".to_owned(),
            at: 1,
            confirm_by: 2,
            is_confirmed: false,
            files: vec![Changed {
                path: directory.join("sshd"),
                before: before.map(|before| before.as_bytes().to_vec()),
                after: after.as_bytes().to_vec(),
            }],
        }
    }

    /// What a file that stands so becomes.
    fn taken_back(before: Option<&str>, current: Option<&str>) -> (Restored, Option<String>) {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("sshd");
        if let Some(current) = current {
            fs::write(&file, current).unwrap();
        }
        let record = record(directory.path(), before, AFTER);
        let owner = rustix::process::geteuid().as_raw();
        let restored = take_back(&record, owner).unwrap().remove(0);
        (restored, fs::read_to_string(&file).ok())
    }

    #[test]
    fn a_file_that_nobody_else_changed_is_as_before_to_the_last_byte() {
        let (restored, text) = taken_back(Some(BEFORE), Some(AFTER));
        assert!(matches!(restored, Restored::AsBefore(_)));
        assert_eq!(text.as_deref(), Some(BEFORE));
    }

    #[test]
    fn what_somebody_else_wrote_stays() {
        let edited = AFTER.replace("pam_twinlock.so\n", "pam_twinlock.so debug\n# note\n");
        let (restored, text) = taken_back(Some(BEFORE), Some(&edited));
        assert!(matches!(restored, Restored::LinesOut(_)));
        assert_eq!(
            text.as_deref(),
            Some("@include common-auth\n# note\n# note\n@include common-account")
        );
    }

    #[test]
    fn a_file_that_was_not_there_goes_unless_somebody_else_changed_it() {
        let (restored, text) = taken_back(None, Some(AFTER));
        assert!(matches!(restored, Restored::Gone(_)));
        assert_eq!(text, None);
        let (_, text) = taken_back(None, Some(&format!("# note\n{AFTER}")));
        assert_eq!(text.unwrap(), format!("# note\n{BEFORE}"));
    }

    #[test]
    fn a_change_that_was_never_made_is_none_to_take_back() {
        for current in [None, Some(BEFORE)] {
            let (restored, text) = taken_back(Some(BEFORE), current);
            assert!(matches!(restored, Restored::Untouched(_)));
            assert_eq!(text.as_deref(), current);
        }
    }

    #[test]
    fn lines_that_were_there_before_the_change_go_too() {
        let half = "@include common-auth\nauth required pam_twinlock.so\n@include common-account";
        let (_, text) = taken_back(Some(half), Some(AFTER));
        assert_eq!(text.as_deref(), Some(BEFORE));
    }

    #[test]
    fn of_an_sshd_file_only_what_was_written_goes() {
        let after = b"# Twinlock\nUsePAM yes\n\nAuthenticationMethods any\n";
        let current = b"Port 22\nUsePAM yes\n\nAuthenticationMethods any\n";
        assert_eq!(lines_out(after, b"", current), b"Port 22\n\n");
    }
}
