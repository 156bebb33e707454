//! The module's file: whether it is where libpam looks, and root's alone.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use twinlock_pam_stack::Entry;

use super::faults::place;
use crate::doctor::finding::{Area, Finding, Place, Severity};

/// Where libpam's own modules are, by distribution; in the first it looks for a bare name.
const FOLDERS: [&str; 6] = [
    "/usr/lib64/security",
    "/lib64/security",
    "/usr/lib/security",
    "/lib/security",
    "/usr/lib/pam",
    "/usr/lib/pam/security",
];

/// What is wrong with the file that a line names.
pub(super) fn check(line: &Entry) -> Option<Finding> {
    let named = Path::new(&line.rule.target);
    let paths = if named.is_absolute() {
        vec![named.to_owned()]
    } else {
        folders().into_iter().map(|folder| folder.join(named)).collect()
    };
    let Some(path) = paths.iter().find(|path| path.exists()) else {
        let shown = paths.first().map(|path| path.display().to_string()).unwrap_or_default();
        return Some(Finding {
            area: Area::Pam,
            fault: "pam-module-absent",
            severity: Severity::Severe,
            place: Some(place(line)),
            what: format!("the line names a module that is not installed: {}", line.rule.target),
            why: "libpam refuses every login whose stack names a module that is missing."
                .to_owned(),
            mend: format!(
                "Install the package again (the module belongs at {shown}), or put a '#' before {}",
                line.origin
            ),
        });
    };
    open_to_others(path).map(|at| Finding {
        area: Area::Pam,
        fault: "pam-module-open",
        severity: Severity::Severe,
        place: Some(Place::file(&at)),
        what: "others than root can change the module".to_owned(),
        why: "It runs as root in every login: whoever changes it is root, and sees every password."
            .to_owned(),
        mend: format!("chown root:root {0} && chmod go-w {0}", at.display()),
    })
}

/// The file or the first directory above it that is not root's, or that others may write to.
fn open_to_others(path: &Path) -> Option<PathBuf> {
    let real = fs::canonicalize(path).ok()?;
    real.ancestors()
        .find(|part| {
            fs::metadata(part).is_ok_and(|facts| {
                let writable = facts.mode() & 0o022 != 0 && facts.mode() & 0o1000 == 0;
                facts.uid() != 0 || writable
            })
        })
        .map(Path::to_owned)
}

/// The folders in which there are modules of libpam, those by architecture first.
fn folders() -> Vec<PathBuf> {
    let by_architecture = fs::read_dir("/usr/lib").into_iter().flatten().flatten();
    let mut folders: Vec<PathBuf> =
        by_architecture.map(|entry| entry.path().join("security")).collect();
    folders.sort();
    folders.extend(FOLDERS.map(PathBuf::from));
    folders.retain(|folder| folder.join("pam_permit.so").exists());
    folders
}
