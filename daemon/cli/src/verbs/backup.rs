//! `twinlock backup FILE`: every record in one sealed file.

use std::path::PathBuf;

use twinlock_bus_api::backup::{BackupLock, Cost, HEAD, Head, SALT};

use crate::backup_file;
use crate::client::Client;
use crate::escape;
use crate::failure::Failure;
use crate::passphrase;
use crate::surroundings::Surroundings;

/// Write every user's record into one encrypted file (administrators only)
///
/// Whatever was changed before is in it. The log is not; the system log has it. Whoever has the file
/// and its passphrase has every user's second factor.
#[derive(clap::Args)]
pub struct Args {
    /// Where to write it; nobody else can read it there
    file: PathBuf,

    /// Take the first line of this file as the passphrase, and ask for none
    #[arg(long, value_name = "FILE")]
    passphrase_file: Option<PathBuf>,

    /// Seal it with the key of the store instead of a passphrase: it can be restored only where that
    /// key is
    #[arg(long, conflicts_with = "passphrase_file")]
    store_key: bool,

    /// Write over a file that is there already
    #[arg(long)]
    replace: bool,
}

/// Asks for a passphrase, fetches the sealed file and writes it.
///
/// # Errors
/// [`Failure`]: there is no new file.
pub fn run(args: &Args, client: &mut Client, around: &mut Surroundings) -> Result<(), Failure> {
    backup_file::check_new(&args.file, args.replace)?;
    // A daemon that is down or refuses does so before anybody thinks of a passphrase.
    client.statuses(&[])?;
    let lock = if args.store_key { BackupLock::default() } else { lock(args, around)? };
    let file = client.backup(lock)?;
    if let Err(error) = Head::read(&file) {
        return Err(Failure::refused(format!(
            "What twinlockd sent {error}, and nothing was written. Try again."
        )));
    }
    backup_file::write(&args.file, &file, args.replace)?;
    around.print(&format!(
        "The backup is in {} ({} bytes).\n{}\n",
        escape::line(&args.file.display().to_string()),
        file.len().max(HEAD),
        if args.store_key {
            "It opens with the store's key alone: keep a copy of that, and apart from it."
        } else {
            "It opens with the passphrase alone: keep that apart from it."
        }
    ))
}

fn lock(args: &Args, around: &mut Surroundings) -> Result<BackupLock, Failure> {
    let passphrase = passphrase::choose(args.passphrase_file.as_deref(), &mut *around.prompt)?;
    let mut salt = [0; SALT];
    backup_file::random(&mut salt)?;
    let cost = Cost::USUAL;
    let key = passphrase::key(&passphrase, &salt, cost)?;
    Ok(BackupLock {
        key: Some(key.to_vec()),
        salt: Some(salt.to_vec()),
        memory: Some(cost.memory),
        passes: Some(cost.passes),
        lanes: Some(cost.lanes),
    })
}
