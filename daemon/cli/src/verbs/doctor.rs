//! `twinlock doctor`: what is wrong with this host, and what mends it.

use std::path::Path;

use twinlock_bus_api::names::CONFIG_FILE;

use crate::doctor;
use crate::doctor::finding::{Report, Severity};
use crate::failure::Failure;
use crate::render::{count, diagnosis, json};
use crate::surroundings::Surroundings;

const JSON_DIAGNOSIS: &str = "JSON: {findings: [{area, fault, severity: severe|warning|note, file, \
                              line, what, why, mend}], examined: [area], omitted: [{area, because, \
                              needs_root}], severe, warnings, notes}. The word of a fault is \
                              stable.";

/// Look for what is wrong with this host: PAM stacks, sshd, daemon, permissions, clock
///
/// Each finding says where it is, why it matters, and what mends it. Nothing is changed. Exits
/// with 1 where a finding is severe: logins pass without their factor, right users do not get in,
/// or secrets lie open. Some checks take root; without it they are named and the others are made.
#[derive(clap::Args)]
#[command(after_long_help = JSON_DIAGNOSIS)]
pub struct Args {
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Examines, and shows what was found.
///
/// # Errors
/// [`Failure::Refused`]: something is severe.
pub fn run(args: &Args, config: Option<&Path>, around: &mut Surroundings) -> Result<(), Failure> {
    let mut progress = around.take_progress();
    let reader = (around.daemon_user)(config.unwrap_or(Path::new(CONFIG_FILE)));
    let report = doctor::examine(config, around.uid == 0, reader.as_ref(), &mut progress);
    if args.json {
        around.print_bytes(&json::line(&diagnosis::Keys::from(&report))?)?;
    } else {
        around.print(&diagnosis::text(&report, &around.view))?;
    }
    conclude(&report)
}

/// How the command ends with this report.
///
/// # Errors
/// [`Failure::Refused`]: something is severe.
pub fn conclude(report: &Report) -> Result<(), Failure> {
    match report.count(Severity::Severe) {
        0 => Ok(()),
        severe => Err(Failure::refused(format!(
            "{} severe. Mend what is named, the severe ones first, and run 'twinlock doctor' again.",
            count(severe, "finding") + if severe == 1 { " is" } else { " are" },
        ))),
    }
}
