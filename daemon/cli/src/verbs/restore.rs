//! `twinlock restore FILE`: the records of a backup come back.

use std::path::PathBuf;

use serde::Serialize;
use twinlock_bus_api::backup::{Head, KeySource, RestorePlan};

use crate::backup_file;
use crate::client::Client;
use crate::failure::Failure;
use crate::passphrase;
use crate::prompt::confirm;
use crate::render::{json, restore};
use crate::surroundings::Surroundings;

const JSON_RESTORE: &str = "JSON: {taken_at, host, added, replaced, revived: [USER], mismatched: \
                            [USER]}, where revived are those who got back a factor, a contact or \
                            'mfa off' that was taken away since the backup, and mismatched those who have another uid here \
                            and are refused; null where the user database took too long.";

/// Put the records of a backup back, all or none (administrators only)
///
/// The records of users who are in the backup replace those in the store; other users stay. What was
/// good for a time is void: trusted hosts, codes on their way, bypass codes and invitations, and every
/// code of an app that could have been used until now.
#[derive(clap::Args)]
#[command(after_long_help = JSON_RESTORE)]
pub struct Args {
    /// The backup
    file: PathBuf,

    /// Take the first line of this file as the passphrase, and ask for none
    #[arg(long, value_name = "FILE")]
    passphrase_file: Option<PathBuf>,

    /// Restore a backup from later than now: its host's clock was ahead
    #[arg(long)]
    clock_is_right: bool,

    /// Do not ask whether to go ahead
    #[arg(long)]
    yes: bool,

    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Restored<'a> {
    taken_at: Option<String>,
    host: &'a str,
    added: u32,
    replaced: u32,
    revived: &'a [String],
    mismatched: Option<&'a [String]>,
}

/// Reads the file, says what it will do, asks, and restores.
///
/// # Errors
/// [`Failure`]: nothing was changed, or the daemon did not say what became of it.
pub fn run(args: &Args, client: &mut Client, around: &mut Surroundings) -> Result<(), Failure> {
    let file = backup_file::read(&args.file)?;
    let head = Head::read(&file).map_err(|error| {
        Failure::refused(format!(
            "{} {error}. Nothing was changed; take another backup.",
            args.file.display()
        ))
    })?;
    // A daemon that is down or refuses does so before anybody types a passphrase.
    client.statuses(&[])?;
    let (restore, plan) = match head.source {
        KeySource::Store => client.plan_restore(&file, &[])?,
        KeySource::Passphrase(cost) => {
            let passphrase =
                passphrase::recall(args.passphrase_file.as_deref(), &mut *around.prompt)?;
            let key = passphrase::key(&passphrase, &head.salt, cost)?;
            client.plan_restore(&file, key.as_slice())?
        }
    };
    if let Some(why) = restore::from_the_future(&plan).filter(|_| !args.clock_is_right) {
        return Err(Failure::refused(why));
    }
    if !args.yes {
        around.prompt.tell(&restore::plan(&plan, &around.view))?;
        confirm(&mut *around.prompt, "Go ahead?")?;
    }
    let done = client.commit_restore(restore)?;
    report(&done, args.json, around)
}

fn report(done: &RestorePlan, as_json: bool, around: &mut Surroundings) -> Result<(), Failure> {
    if !as_json {
        return around.print(&restore::done(done));
    }
    around.print_bytes(&json::line(&Restored {
        taken_at: done.taken_at.and_then(crate::render::rfc3339),
        host: done.host.as_deref().unwrap_or_default(),
        added: done.added.unwrap_or_default(),
        replaced: done.replaced.unwrap_or_default(),
        revived: done.revived.as_deref().unwrap_or_default(),
        mismatched: done.mismatched.as_deref(),
    })?)
}
