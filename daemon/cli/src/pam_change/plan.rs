//! Which files a change of a service concerns, and what they become.

use std::fmt;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use twinlock_pam_stack::MODULE;
use twinlock_pam_stack::stack::{Folders, StackError};

use super::Machine;
use super::place::{self, Form, Misplaced};
use super::record::Changed;
use super::write::{self, WriteError};

/// A module that every libpam has: where it is, libpam looks.
const BESIDE: &str = "pam_unix.so";

/// Why there is no plan.
#[derive(Debug)]
pub enum NoPlan {
    /// The module is not where libpam looks; the directories.
    NoModule(Vec<PathBuf>),
    /// The module can be changed by others than root.
    ForeignModule(PathBuf),
    /// No folder has a file of the service.
    NoService(String),
    /// A file is to be left alone.
    File(WriteError),
    /// The stack has no place for the lines.
    Misplaced(PathBuf, Misplaced),
}

impl fmt::Display for NoPlan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoModule(directories) => {
                let directories: Vec<_> =
                    directories.iter().map(|path| path.display().to_string()).collect();
                write!(
                    f,
                    "{MODULE} is not installed where libpam looks ({}), so every login would be \
                     refused. Install it first.",
                    directories.join(", ")
                )
            }
            Self::ForeignModule(path) => write!(
                f,
                "{} does not belong to root, or others can write to it. Install it anew.",
                path.display()
            ),
            Self::NoService(service) => write!(
                f,
                "There is no PAM file of a service {service}, in /etc/pam.d or /usr/lib/pam.d. \
                 'ls /etc/pam.d' shows which there are."
            ),
            Self::File(error) => error.fmt(f),
            Self::Misplaced(path, why) => {
                write!(f, "Twinlock cannot go into {}: {why}", path.display())
            }
        }
    }
}

impl From<WriteError> for NoPlan {
    fn from(error: WriteError) -> Self {
        Self::File(error)
    }
}

/// Whether libpam would find the module, and nobody but root could have changed it.
///
/// # Errors
/// [`NoPlan::NoModule`], [`NoPlan::ForeignModule`].
pub fn check_module(machine: &Machine) -> Result<(), NoPlan> {
    let searched = |directory: &&PathBuf| directory.join(BESIDE).exists();
    let mut directories: Vec<&PathBuf> = machine.modules.iter().filter(searched).collect();
    directories.dedup_by_key(|directory| fs::canonicalize(directory).ok());
    for directory in &directories {
        let path = directory.join(MODULE);
        let Ok(found) = fs::metadata(&path) else { continue };
        let is_ours = found.uid() == machine.owner || found.uid() == 0;
        return match is_ours && found.is_file() && found.mode() & 0o022 == 0 {
            true => Ok(()),
            false => Err(NoPlan::ForeignModule(path)),
        };
    }
    Err(NoPlan::NoModule(directories.into_iter().cloned().collect()))
}

/// What a service's own file becomes; nothing where it has all lines already.
///
/// # Errors
/// [`NoPlan`].
pub fn stack(
    machine: &Machine,
    service: &str,
    form: Form,
    arguments: &str,
) -> Result<Option<Changed>, NoPlan> {
    let path = machine.file_of(service);
    let stacks = machine.stacks();
    let before = write::read(&path, machine.owner)?;
    let text = match &before {
        Some(text) => text.clone(),
        // The vendor's file is hidden by a copy of it that has our lines.
        None => match stacks.read(service) {
            Ok((_, text)) => text,
            Err(StackError::NoFile(_)) => return Err(NoPlan::NoService(service.to_owned())),
            Err(error) => return Err(NoPlan::Misplaced(path, Misplaced::Stack(error))),
        },
    };
    let after = place::with_lines(&text, &path, service, &stacks, form, arguments)
        .map_err(|why| NoPlan::Misplaced(path.clone(), why))?;
    Ok((after != text).then_some(Changed { path, before, after }))
}

/// The stacks of the host as they will be with these files.
pub fn stacks_with(machine: &Machine, files: &[Changed]) -> Folders {
    files
        .iter()
        .fold(machine.stacks(), |stacks, file| stacks.with(file.path.clone(), file.after.clone()))
}

/// The file that a new one is made like: the vendor's, where the administrator has none.
pub fn model(machine: &Machine, service: &str) -> Option<PathBuf> {
    let in_folder = |folder: &PathBuf| folder.join(service);
    machine.folders.iter().skip(1).map(in_folder).find(|path| Path::is_file(path))
}
