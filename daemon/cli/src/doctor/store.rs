//! The key and the store: who can read them, and whether there is room.

use std::fs::{self, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::finding::{Area, Finding, Place, Report, Severity};

/// Where systemd finds the key in place of the file.
const CREDENTIALS: [&str; 2] =
    ["/etc/credstore/twinlock.key", "/etc/credstore.encrypted/twinlock.key"];

/// What has to be free before the store takes a change, in KiB, several times over.
const ROOM: u64 = 64 * 1024;

/// Looks at both. `is_served` says that a daemon answers, and so has found its key.
pub(super) fn check(key: &Path, store: &Path, is_served: bool, is_root: bool, report: &mut Report) {
    if !is_root {
        report.omit_for_root(Area::Store, "the key and the store are closed to this user");
        return;
    }
    report.examined.push(Area::Store);
    report.findings.extend(faults_of_key(key, is_served));
    report.findings.extend(faults_of_store(store));
    report.findings.extend(little_room(store));
}

fn finding(fault: &'static str, at: &Path) -> Finding {
    Finding {
        area: Area::Store,
        fault,
        severity: Severity::Severe,
        place: Some(Place::file(at)),
        what: String::new(),
        why: String::new(),
        mend: String::new(),
    }
}

fn faults_of_key(key: &Path, is_served: bool) -> Vec<Finding> {
    let shown = key.display();
    let facts = match fs::symlink_metadata(key) {
        Ok(facts) => facts,
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => {
            return absent_key(key, is_served).into_iter().collect();
        }
        Err(cause) => {
            return vec![Finding {
                what: format!("the key cannot be looked at: {cause}"),
                why: "Without it the store is not served.".to_owned(),
                mend: format!("ls -l {shown}"),
                ..finding("key-unreadable", key)
            }];
        }
    };
    let mut found = Vec::new();
    if facts.uid() != 0 || facts.mode() & 0o077 != 0 {
        found.push(Finding {
            what: format!("the key of the store {}", whose(&facts)),
            why: "Whoever reads it and a copy of the store knows every secret, and can make codes \
                  for everybody."
                .to_owned(),
            mend: format!("chown root:root {shown} && chmod 0600 {shown}"),
            ..finding("key-open", key)
        });
    }
    let directory = key.parent().unwrap_or(Path::new("/"));
    if let Ok(facts) = fs::metadata(directory)
        && (facts.uid() != 0 || facts.mode() & 0o022 != 0)
    {
        let shown = directory.display();
        found.push(Finding {
            what: "others than root can write to the directory of the key".to_owned(),
            why: "They can put a key and a configuration of their own there.".to_owned(),
            mend: format!("chown root:root {shown} && chmod go-w {shown}"),
            ..finding("key-directory-open", directory)
        });
    }
    found
}

/// A file that is absent is well where the daemon has the key from elsewhere.
fn absent_key(key: &Path, is_served: bool) -> Option<Finding> {
    let elsewhere = CREDENTIALS.iter().any(|credential| Path::new(credential).exists());
    (!is_served && !elsewhere).then(|| Finding {
        what: "there is no key".to_owned(),
        why: "The daemon does not serve a store whose key is absent. A lost key is not to be made \
              again: the store cannot be read with another one."
            .to_owned(),
        mend: format!(
            "Put the key back from your backup as {}; where there never was a store: systemctl \
             start twinlockd",
            key.display()
        ),
        ..finding("key-absent", key)
    })
}

fn whose(facts: &Metadata) -> String {
    format!(
        "belongs to the user with id {} and has mode {:04o}",
        facts.uid(),
        facts.mode() & 0o7777
    )
}

fn faults_of_store(store: &Path) -> Option<Finding> {
    let facts = fs::symlink_metadata(store).ok()?;
    let open = open_below(store, &facts)?;
    let shown = store.display();
    Some(Finding {
        what: format!(
            "others than the daemon reach into the store: {} {}",
            open.0.display(),
            open.1
        ),
        why: "The records are sealed, and yet who can read or write them can keep a copy, put an \
              old one back, or destroy them."
            .to_owned(),
        mend: format!(
            "systemctl stop twinlockd; chown -R --reference={shown} {shown}; chmod -R \
             u=rwX,go= {shown}; systemctl start twinlockd"
        ),
        ..finding("store-open", store)
    })
}

/// The first of the directory and its files that others may use, or that is somebody else's.
fn open_below(store: &Path, facts: &Metadata) -> Option<(PathBuf, String)> {
    if facts.mode() & 0o077 != 0 {
        return Some((store.to_owned(), whose(facts)));
    }
    let entries = fs::read_dir(store).ok()?.flatten();
    entries
        .filter_map(|entry| Some((entry.path(), fs::symlink_metadata(entry.path()).ok()?)))
        .find_map(|(path, about)| {
            let open = about.mode() & 0o077 != 0 || about.uid() != facts.uid();
            open.then(|| (path, whose(&about)))
        })
}

fn little_room(store: &Path) -> Option<Finding> {
    let room = rustix::fs::statvfs(store).ok()?;
    let free = room.f_bavail.saturating_mul(room.f_frsize) / 1024;
    (free < ROOM).then(|| Finding {
        severity: Severity::Warning,
        what: format!("{} MiB are free where the store is", free / 1024),
        why: "A store without room takes no change, and a login that must change something is \
              refused."
            .to_owned(),
        mend: format!("Make room on the file system: df -h {}", store.display()),
        ..finding("store-full", store)
    })
}
