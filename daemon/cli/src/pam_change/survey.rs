//! Which files of a host name Twinlock's module, and how each service stands.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use twinlock_pam_stack::siblings::{self, Sibling};
use twinlock_pam_stack::stack::{Stack, StackError};
use twinlock_pam_stack::verdict::{Demand, check};
use twinlock_pam_stack::{Content, Control, PamFile, Phase};

use super::Machine;
use super::place::is_ours;
use super::record::Record;
use crate::failure::Failure;

/// What packages and editors leave beside a file; libpam reads it for no program.
const LEFT_BEHIND: [&str; 8] =
    ["~", ".dpkg-old", ".dpkg-dist", ".dpkg-new", ".dpkg-bak", ".rpmsave", ".rpmnew", ".rpmorig"];

/// The files that have lines of ours: in the folders of stacks, and those elsewhere that they include.
/// A link is followed to the file that it names.
///
/// # Errors
/// [`Failure::Refused`]: a folder or a file cannot be read, so that one may be missing.
pub fn files(machine: &Machine) -> Result<Vec<PathBuf>, Failure> {
    let mut waiting: Vec<PathBuf> = Vec::new();
    for folder in &machine.folders {
        let entries = match fs::read_dir(folder) {
            Ok(entries) => entries,
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => continue,
            Err(cause) => return Err(unreadable(folder, &cause)),
        };
        for entry in entries {
            let path = entry.map_err(|cause| unreadable(folder, &cause))?.path();
            let name = path.to_string_lossy();
            if !LEFT_BEHIND.iter().any(|ending| name.ends_with(ending)) {
                waiting.push(path);
            }
        }
    }
    let (mut seen, mut found) = (BTreeSet::new(), BTreeSet::new());
    while let Some(path) = waiting.pop() {
        let real = match fs::canonicalize(&path) {
            Ok(real) => real,
            // A link that leads nowhere names no module.
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => continue,
            Err(cause) => return Err(unreadable(&path, &cause)),
        };
        if !real.is_file() || !seen.insert(real.clone()) {
            continue;
        }
        let bytes = fs::read(&real).map_err(|cause| unreadable(&real, &cause))?;
        let file = PamFile::parse(&bytes);
        if file.lines().iter().any(is_ours) {
            found.insert(real);
        }
        waiting.extend(elsewhere(&file));
    }
    Ok(found.into_iter().collect())
}

/// Files that another one includes by their path.
fn elsewhere(file: &PamFile) -> Vec<PathBuf> {
    let target = |content: &Content| match content {
        Content::IncludeFile(target) => Some(PathBuf::from(target)),
        Content::Rule(rule) if !matches!(rule.control, Control::Module(_)) => {
            Some(PathBuf::from(&rule.target))
        }
        _ => None,
    };
    let targets = file.lines().iter().filter_map(|line| target(line.content()));
    targets.filter(|target| target.is_absolute()).collect()
}

fn unreadable(path: &Path, cause: &io::Error) -> Failure {
    Failure::refused(format!(
        "{} cannot be read: {cause}. It may name pam_twinlock.so; look into it.",
        path.display()
    ))
}

/// How a service stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// A change of it waits to be confirmed.
    Pending,
    /// Twinlock is asked, and nobody gets past it.
    Enabled,
    /// Lines are there, and something is wrong with them.
    Flawed,
}

impl State {
    /// The word in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Enabled => "enabled",
            Self::Flawed => "flawed",
        }
    }
}

/// A service that Twinlock has to do with.
#[derive(Debug, Clone)]
pub struct Standing {
    /// The PAM service.
    pub service: String,
    /// The file that libpam reads for it.
    pub file: PathBuf,
    /// The phases whose stacks name the module, included files counted.
    pub phases: Vec<Phase>,
    /// How it stands.
    pub state: State,
    /// What is wrong with it.
    pub flaw: Option<String>,
    /// Until when a change waits to be confirmed, in seconds since the epoch.
    pub confirm_by: Option<u64>,
    /// Whether the lines are from `twinlock pam enable`, rather than put in by hand.
    pub is_recorded: bool,
    /// The other service of the same program, where it asks for no code.
    pub unasked: Option<Sibling>,
}

/// Every service that asks Twinlock, or has a change that waits.
///
/// # Errors
/// [`Failure::Refused`]: the folders or the records cannot be read.
pub fn standings(machine: &Machine, records: &[Record]) -> Result<Vec<Standing>, Failure> {
    let stacks = machine.stacks();
    let mut services = stacks.services().map_err(|why| Failure::refused(format!("{why}.")))?;
    services.extend(records.iter().map(|record| record.service.clone()));
    services.sort();
    services.dedup();
    let mut standings = Vec::new();
    for service in services {
        if LEFT_BEHIND.iter().any(|ending| service.ends_with(ending)) {
            continue;
        }
        let record = records.iter().find(|record| record.service == service);
        let standing = standing(machine, service, record)?;
        if !standing.phases.is_empty() || standing.confirm_by.is_some() {
            standings.push(standing);
        }
    }
    Ok(standings)
}

fn standing(
    machine: &Machine,
    service: String,
    record: Option<&Record>,
) -> Result<Standing, Failure> {
    let stacks = machine.stacks();
    let file = stacks.read(&service).map_or_else(|_| machine.file_of(&service), |(path, _)| path);
    let (mut phases, mut flaw) = (Vec::new(), None);
    for phase in Phase::ALL {
        match Stack::read(&stacks, &service, phase) {
            Ok(stack) => {
                let asks = stack
                    .entries()
                    .iter()
                    .any(|entry| entry.rule.names(twinlock_pam_stack::MODULE));
                if asks {
                    phases.push(phase);
                    flaw = flaw.or_else(|| flaw_of(&stack));
                }
            }
            Err(StackError::NoFile(_)) => {}
            Err(error) => flaw = Some(error.to_string()),
        }
    }
    if flaw.is_none() && phases.contains(&Phase::Auth) && !phases.contains(&Phase::Account) {
        flaw = Some("the account line is missing: nobody can enrol or trust a host".to_owned());
    }
    let unasked = siblings::unasked(&stacks, &service);
    let pending = record.filter(|record| !record.is_confirmed);
    Ok(Standing {
        state: match (&pending, &flaw) {
            (Some(_), _) => State::Pending,
            (None, None) => State::Enabled,
            (None, Some(_)) => State::Flawed,
        },
        service,
        file,
        phases,
        flaw,
        confirm_by: pending.map(|record| record.confirm_by),
        is_recorded: record.is_some(),
        unasked,
    })
}

/// What is wrong with a stack that has Twinlock's line. A stack without a first factor is not: of a
/// key and a code, sshd has checked the key.
fn flaw_of(stack: &Stack) -> Option<String> {
    match stack.phase {
        Phase::Auth | Phase::Account => check(stack, Demand::Nothing)
            .err()
            .map(|flaw| format!("in the {} stack, {flaw}", stack.phase)),
        Phase::Password | Phase::Session => None,
    }
}
