//! Taking a change back: each file as it was, or, where somebody else has changed it since, without
//! what was put there.

use std::path::PathBuf;

use super::place::without;
use super::record::{Changed, Record};
use super::write::{self, Found, WriteError};

/// What became of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Restored {
    /// It is as it was, byte for byte.
    AsBefore(PathBuf),
    /// It was not there before, and is gone.
    Gone(PathBuf),
    /// Somebody else has changed it; what was put there is taken out.
    LinesOut(PathBuf),
    /// Somebody has put a link in its place; what was there before the change is there instead of that.
    InsteadOfLink(PathBuf),
    /// There was nothing of ours in it.
    Untouched(PathBuf),
}

/// Takes every file of a change back, the last one first. A file that cannot be is left for a further
/// try, and does not keep the others.
///
/// # Errors
/// The [`WriteError`] of each file that is not as it should be.
pub fn take_back(record: &Record) -> Result<Vec<Restored>, Vec<WriteError>> {
    let mut done = Vec::new();
    let mut failed = Vec::new();
    for file in record.files.iter().rev() {
        match restore(file) {
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

/// Whoever is locked out waits for this, so a file that would not be changed, for its link, owner or mode,
/// is taken back nevertheless. Each is replaced in its folder; nothing is written through a link.
fn restore(file: &Changed) -> Result<Restored, WriteError> {
    let path = file.path.clone();
    let current = match write::look(&path)? {
        Found::Nothing => return Ok(Restored::Untouched(path)),
        Found::File(current) => current,
        Found::Link(current) => return restore_link(file, &current),
    };
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

/// Behind a link is a file of which nobody knows who else uses it, or decides it: the link goes.
fn restore_link(file: &Changed, current: &[u8]) -> Result<Restored, WriteError> {
    let path = file.path.clone();
    if wanted(file, current).is_some_and(|wanted| wanted == current) {
        return Ok(Restored::Untouched(path));
    }
    match &file.before {
        None => write::remove(&path)?,
        Some(before) if is_stack(file) => write::replace(&path, &without(before), None)?,
        Some(before) => write::replace(&path, before, None)?,
    }
    Ok(Restored::InsteadOfLink(path))
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
            Self::InsteadOfLink(path) => format!(
                "{} had become a symbolic link to a file with Twinlock's lines; what was there before \
                 the change is there again.",
                path.display()
            ),
            Self::Untouched(path) => format!("{} had nothing to take out.", path.display()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs::{self, Permissions};
    use std::os::unix::fs::{PermissionsExt, symlink};

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
        let restored = take_back(&record).unwrap().remove(0);
        (restored, fs::read_to_string(&file).ok())
    }

    #[test]
    fn a_file_that_nobody_else_changed_is_as_before_to_the_last_byte() {
        let (restored, text) = taken_back(Some(BEFORE), Some(AFTER));
        assert!(matches!(restored, Restored::AsBefore(_)));
        assert_eq!(text.as_deref(), Some(BEFORE));
    }

    #[test]
    fn a_file_that_others_may_write_to_is_taken_back_and_keeps_its_mode() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("sshd");
        fs::write(&file, AFTER).unwrap();
        fs::set_permissions(&file, Permissions::from_mode(0o664)).unwrap();
        fs::set_permissions(&directory, Permissions::from_mode(0o777)).unwrap();
        let restored = take_back(&record(directory.path(), Some(BEFORE), AFTER)).unwrap();
        assert_eq!(restored, [Restored::AsBefore(file.clone())]);
        assert_eq!(fs::read_to_string(&file).unwrap(), BEFORE);
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o664);
    }

    #[test]
    fn a_link_with_what_was_put_there_gives_way_and_its_target_stays_as_it_is() {
        for before in [Some(BEFORE), None] {
            let directory = tempfile::tempdir().unwrap();
            let (file, target) = (directory.path().join("sshd"), directory.path().join("target"));
            fs::write(&target, AFTER).unwrap();
            fs::set_permissions(&target, Permissions::from_mode(0o666)).unwrap();
            symlink(&target, &file).unwrap();
            let restored = take_back(&record(directory.path(), before, AFTER)).unwrap();
            assert_eq!(restored, [Restored::InsteadOfLink(file.clone())]);
            assert_eq!(fs::read_to_string(&target).unwrap(), AFTER);
            assert_eq!(fs::read_to_string(&file).ok().as_deref(), before);
            if before.is_some() {
                let found = fs::symlink_metadata(&file).unwrap();
                assert!(found.is_file() && found.permissions().mode() & 0o777 == 0o644);
            }
        }
    }

    #[test]
    fn a_link_to_something_else_or_to_nothing_stays() {
        let directory = tempfile::tempdir().unwrap();
        let (file, target) = (directory.path().join("sshd"), directory.path().join("target"));
        symlink(&target, &file).unwrap();
        for text in [None, Some("auth required pam_unix.so\n")] {
            if let Some(text) = text {
                fs::write(&target, text).unwrap();
            }
            let restored = take_back(&record(directory.path(), Some(BEFORE), AFTER)).unwrap();
            assert_eq!(restored, [Restored::Untouched(file.clone())]);
            assert!(file.is_symlink());
        }
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
