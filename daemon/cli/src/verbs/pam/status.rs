//! `twinlock pam status`: which services ask Twinlock.

use crate::failure::Failure;
use crate::pam_change::{record, survey};
use crate::render::{json, pam};
use crate::surroundings::Surroundings;

const JSON_STATUS: &str = "JSON: {services: [{service, file, state: pending|enabled|flawed, phases: \
                           [auth, account, password, session], flaw, confirm_by, by_hand, unasked}]}. \
                           confirm_by is RFC 3339 in UTC, null unless pending; flaw is a text or \
                           null; unasked is the other service of the program (sudo-i) where \
                           that asks for no code, or null.";

/// Show which services ask Twinlock, and what waits to be confirmed
#[derive(clap::Args)]
#[command(after_long_help = JSON_STATUS)]
pub struct Args {
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Shows.
///
/// # Errors
/// [`Failure`].
pub fn run(args: &Args, around: &mut Surroundings) -> Result<(), Failure> {
    let records = record::all(&around.machine.records)?;
    let standings = survey::standings(&around.machine, &records)?;
    if args.json {
        around.print_bytes(&json::line(&pam::Services::from(&*standings))?)
    } else {
        around.print(&pam::standings(&standings, &around.view))
    }
}
