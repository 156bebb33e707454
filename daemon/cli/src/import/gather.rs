//! From the paths that were typed to the users whose factors lie there.

use std::collections::HashMap;
use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::{
    Account, Broken, Factor, Fault, Findings, google_authenticator, safe_file, users_oath,
};
use crate::failure::Failure;
use crate::secret::Secret;
use crate::surroundings::NamesOf;

/// What google-authenticator calls its file in a home directory.
const IN_HOME: &str = ".google_authenticator";

/// Why a factor is not taken a second time.
const TWIN: &str = "a key that is there twice, which is taken once";

/// A file of google-authenticator, and who has to own it: whose home it was found in.
struct Candidate {
    path: PathBuf,
    owner: Option<u32>,
}

/// Reads files of google-authenticator: each path is one, a home directory, or a directory of home
/// directories. The owner of a file is the user.
///
/// # Errors
/// [`Failure`]: the user database does not answer.
pub fn google_authenticator(paths: &[PathBuf], names: &NamesOf) -> Result<Findings, Failure> {
    let mut findings = Findings::default();
    let mut read = Vec::new();
    for path in paths {
        for Candidate { path, owner } in candidates(path, &mut findings.broken) {
            let expected = |uid: u32| owner.is_none_or(|owner| owner == uid);
            let file = match safe_file::read(&path, expected) {
                Ok(file) => file,
                Err(why) => {
                    findings.broken.push(Broken { file: path, line: None, why });
                    continue;
                }
            };
            match google_authenticator::parse(&file.text) {
                Ok(parsed) => read.push((path, file.owner, parsed)),
                Err(faults) => findings.breaks(&path, faults),
            }
        }
    }
    let uids: Vec<u32> = read.iter().map(|(_, uid, _)| *uid).collect();
    let names = if uids.is_empty() { HashMap::new() } else { names(&uids)? };
    for (path, uid, parsed) in read {
        match names.get(&uid) {
            Some(user) => findings.takes(Account {
                user: user.clone(),
                factors: vec![parsed.factor],
                scratch: parsed.scratch,
                left: parsed.left,
                from: path.display().to_string(),
            }),
            None => {
                let why = format!("its owner, uid {uid}, is no user of this host");
                findings.broken.push(Broken { file: path, line: None, why });
            }
        }
    }
    Ok(findings)
}

/// Reads files of pam_oath, which belong to root or to `uid`, who asks.
pub fn users_oath(paths: &[PathBuf], uid: u32) -> Findings {
    let mut findings = Findings::default();
    for path in paths {
        let file = match safe_file::read(path, |owner| owner == 0 || owner == uid) {
            Ok(file) => file,
            Err(why) => {
                findings.broken.push(Broken { file: path.clone(), line: None, why });
                continue;
            }
        };
        match users_oath::parse(&file.text) {
            Ok(lines) => {
                for line in lines {
                    let left = line.has_pin.then(|| users_oath::PIN.to_owned());
                    findings.takes(Account {
                        user: line.user,
                        factors: vec![line.factor],
                        scratch: Vec::new(),
                        left: left.into_iter().collect(),
                        from: format!("{}:{}", path.display(), line.number),
                    });
                }
            }
            Err(faults) => findings.breaks(path, faults),
        }
    }
    findings
}

impl Account {
    /// Takes one more factor; gives back one that is there already, whose codes would otherwise be good
    /// once for each. Of the two the one that has come further is kept.
    fn join(&mut self, more: Factor) -> Option<Factor> {
        let Some(twin) = self.factors.iter_mut().find(|factor| factor.is_twin(&more)) else {
            self.factors.push(more);
            return None;
        };
        if twin.progress() < more.progress() {
            Some(std::mem::replace(twin, more))
        } else {
            Some(more)
        }
    }
}

impl Findings {
    /// Adds what a user brings to what they bring already.
    fn takes(&mut self, more: Account) {
        let Some(account) = self.accounts.iter_mut().find(|account| account.user == more.user)
        else {
            self.accounts.push(more);
            return;
        };
        let twins = more.factors.into_iter().filter_map(|factor| account.join(factor)).count();
        if twins > 0 {
            account.left.push(TWIN.to_owned());
        }
        let has = |code: &Secret| account.scratch.iter().any(|it| it.expose() == code.expose());
        let scratch: Vec<_> = more.scratch.into_iter().filter(|code| !has(code)).collect();
        account.scratch.extend(scratch);
        account.left.extend(more.left);
        account.from.push_str(", ");
        account.from.push_str(&more.from);
    }

    fn breaks(&mut self, path: &Path, faults: Vec<Fault>) {
        self.broken.extend(faults.into_iter().map(|fault| Broken {
            file: path.to_owned(),
            line: Some(fault.line),
            why: fault.why,
        }));
    }
}

/// The files that a path stands for.
fn candidates(path: &Path, broken: &mut Vec<Broken>) -> Vec<Candidate> {
    match fs::symlink_metadata(path) {
        Ok(found) if found.is_dir() => {}
        _ => return vec![Candidate { path: path.to_owned(), owner: None }],
    }
    let mut breaks = |file: &Path, why: String| {
        broken.push(Broken { file: file.to_owned(), line: None, why });
    };
    match in_home(path) {
        Ok(Some(file)) => return vec![file],
        Ok(None) => {}
        Err(cause) => breaks(path, cause.to_string()),
    }
    let entries = match fs::read_dir(path).and_then(Iterator::collect::<io::Result<Vec<_>>>) {
        Ok(entries) => entries,
        Err(cause) => {
            breaks(path, cause.to_string());
            return Vec::new();
        }
    };
    let mut homes: Vec<_> = entries.into_iter().map(|entry| entry.path()).collect();
    homes.sort();
    let mut files = Vec::new();
    for home in homes {
        match in_home(&home) {
            Ok(file) => files.extend(file),
            Err(cause) => breaks(&home, cause.to_string()),
        }
    }
    if files.is_empty() {
        breaks(path, format!("there is no {IN_HOME} in it, nor in a directory in it"));
    }
    files
}

/// The file in a home directory, if it is one and has one.
fn in_home(home: &Path) -> io::Result<Option<Candidate>> {
    let found = fs::symlink_metadata(home)?;
    if !found.is_dir() {
        return Ok(None);
    }
    let path = home.join(IN_HOME);
    match fs::symlink_metadata(&path) {
        Ok(_) => Ok(Some(Candidate { path, owner: Some(found.uid()) })),
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(cause) => Err(cause),
    }
}
