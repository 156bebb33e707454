//! `twinlock pam disable SERVICE|--all`: our lines out, and nothing else.
//!
//! It needs no daemon: a package that is being removed calls it, and so does whoever is locked out.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use crate::failure::Failure;
use crate::pam_change::demands::{SSHD, asks_over_ssh, left_in_sshd};
use crate::pam_change::place::without;
use crate::pam_change::record::{Changed, Record, Records};
use crate::pam_change::take_back::wanted;
use crate::pam_change::{change, sshd, survey, write};
use crate::prompt::confirm;
use crate::render::pam;
use crate::surroundings::Surroundings;
use crate::verbs::warn;

/// Ask for no second factor in a service any longer
#[derive(clap::Args)]
pub struct Args {
    /// The PAM service
    #[arg(value_parser = super::service, required_unless_present = "all", conflicts_with = "all")]
    service: Option<String>,

    /// Every service: no file of PAM names the module afterwards
    #[arg(long)]
    all: bool,

    /// Do not ask whether to go ahead
    #[arg(long)]
    yes: bool,
}

/// A file and what it becomes; nothing where it goes.
struct Step {
    path: PathBuf,
    before: Vec<u8>,
    after: Option<Vec<u8>>,
}

/// Disables.
///
/// # Errors
/// [`Failure::Refused`]: a file is not as it should be. The others are.
pub fn run(args: &Args, around: &mut Surroundings) -> Result<(), Failure> {
    let shown = {
        let records = super::open(around)?;
        steps(args, &records, around)?
    };
    around.print(&pam::difference(&shown.iter().map(Step::as_change).collect::<Vec<_>>()))?;
    if !args.yes && !shown.is_empty() {
        confirm(&mut *around.prompt, "Ask for no second factor there any longer?")?;
    }
    let concerns_ssh = match &args.service {
        Some(service) => service == SSHD,
        None => asks_over_ssh(&around.machine),
    };
    let records = super::open(around)?;
    let mut failed = Vec::new();
    for step in steps(args, &records, around)? {
        let done = match &step.after {
            None => write::remove(&step.path),
            Some(after) => write::replace(&step.path, after, None),
        };
        failed.extend(done.err().map(|why| why.to_string()));
    }
    if !failed.is_empty() {
        return Err(Failure::refused(format!("Not everything is taken out: {}", failed.join(" "))));
    }
    let chosen = chosen(args, &records)?;
    for record in &chosen {
        around.machine.guard.disarm(record);
        records.forget(&record.service)?;
    }
    drop(records);
    let changed: Vec<Changed> = shown.iter().map(Step::as_change).collect();
    let reloaded = change::reload_sshd(&around.machine, &changed);
    if concerns_ssh {
        // Whoever cannot be told is no reason to keep a package from being removed.
        let _ = left_in_sshd(&around.machine).map(|sentence| warn(around, &sentence));
    }
    if let Some(reloaded) = reloaded? {
        around.print(&format!("{reloaded}\n"))?;
    }
    around.print(match shown.is_empty() {
        true => "No line of Twinlock is there; nothing was changed.\n",
        false => "Done. No second factor is asked there any longer.\n",
    })
}

fn chosen(args: &Args, records: &Records) -> Result<Vec<Record>, Failure> {
    let mut all = records.all()?;
    all.retain(|record| args.all || args.service.as_deref() == Some(&*record.service));
    Ok(all)
}

/// What has to change. Files of a record become what they were; of others the lines go.
fn steps(args: &Args, records: &Records, around: &Surroundings) -> Result<Vec<Step>, Failure> {
    let machine = &around.machine;
    let mut recorded: BTreeMap<PathBuf, Changed> = BTreeMap::new();
    for record in chosen(args, records)? {
        recorded.extend(record.files.into_iter().map(|file| (file.path.clone(), file)));
    }
    let mut paths = match &args.service {
        None => survey::files(machine)?,
        Some(service) => {
            let path = machine.file_of(service);
            if !path.exists() && machine.stacks().read(service).is_err() {
                return Err(Failure::refused(format!(
                    "There is no PAM file of a service {service}. 'twinlock pam status' shows who \
                     asks Twinlock."
                )));
            }
            vec![path]
        }
    };
    paths.extend(recorded.keys().cloned());
    paths.sort();
    paths.dedup();
    let mut steps = Vec::new();
    for path in paths {
        let Some(before) = current(&path, args.all, machine.owner)? else { continue };
        let after = match recorded.get(&path) {
            Some(file) => wanted(file, &before),
            None => Some(without(&before)),
        };
        if after.as_ref() != Some(&before) {
            steps.push(Step { path, before, after });
        }
    }
    if (args.all || args.service.as_deref() == Some(SSHD))
        && !recorded.contains_key(&machine.sshd.drop_in)
        && let Some(before) =
            sshd::stray(machine).map_err(|why| Failure::refused(why.to_string()))?
    {
        steps.push(Step { path: machine.sshd.drop_in.clone(), before, after: None });
    }
    Ok(steps)
}

/// A file's bytes. With `--all` a link has been followed, and whoever owns the file, the lines have to
/// go: a module that is gone refuses every login.
fn current(path: &Path, all: bool, owner: u32) -> Result<Option<Vec<u8>>, Failure> {
    if all {
        return match fs::read(path) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(cause) if cause.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(cause) => {
                Err(Failure::refused(format!("{} cannot be read: {cause}.", path.display())))
            }
        };
    }
    write::read(path, owner).map_err(|why| Failure::refused(why.to_string()))
}

impl Step {
    fn as_change(&self) -> Changed {
        Changed {
            path: self.path.clone(),
            before: Some(self.before.clone()),
            after: self.after.clone().unwrap_or_default(),
        }
    }
}
