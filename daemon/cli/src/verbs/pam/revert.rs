//! `twinlock pam revert`: changes that nobody confirmed, taken back: at once by hand, at the deadline by
//! the guard, after a restart of the host by a unit.

use std::time::Duration;

use crate::failure::Failure;
use crate::pam_change::change;
use crate::pam_change::guard;
use crate::pam_change::record::Record;
use crate::surroundings::Surroundings;

/// Take back at once what was not confirmed
#[derive(clap::Args)]
pub struct Args {
    /// The PAM service; where it is left out, every one whose change waits
    #[arg(value_parser = super::service)]
    service: Option<String>,

    /// Only this change of it
    #[arg(long, value_name = "ID", requires = "service", hide = true)]
    change: Option<String>,

    /// First leave the session and wait
    #[arg(long, value_name = "MILLISECONDS", hide = true)]
    after_ms: Option<u64>,
}

/// Takes back. Needs nobody: no daemon, no terminal, no configuration.
///
/// # Errors
/// [`Failure::Refused`]: something could not be taken back, and stays recorded.
pub fn run(args: &Args, around: &mut Surroundings) -> Result<(), Failure> {
    let Some(milliseconds) = args.after_ms else { return revert(args, around) };
    // Where that fails it is a process of the session, and dies with it at the worst.
    let _ = guard::detach();
    std::thread::sleep(Duration::from_millis(milliseconds));
    // A full disk passes; whoever is locked out until then waits for this. An hour of it is enough.
    for _ in 0..720 {
        if revert(args, around).is_ok() {
            return Ok(());
        }
        std::thread::sleep(Duration::from_secs(5));
    }
    revert(args, around)
}

fn revert(args: &Args, around: &mut Surroundings) -> Result<(), Failure> {
    let records = super::open(around)?;
    let is_meant = |record: &Record| {
        !record.is_confirmed
            && args.service.as_ref().is_none_or(|service| *service == record.service)
            && args.change.as_ref().is_none_or(|id| *id == record.id)
    };
    let (mut said, mut failed) = (String::new(), None);
    for record in records.all()?.into_iter().filter(is_meant) {
        match change::undo(&around.machine, &records, &record) {
            Ok(sentences) => {
                said.push_str(&format!(
                    "Taken back: {}. {}\n",
                    record.service,
                    sentences.join(" ")
                ));
            }
            Err(failure) => failed = Some(failure),
        }
    }
    drop(records);
    if said.is_empty() && failed.is_none() {
        said.push_str("No change waits to be confirmed, so there is nothing to take back.\n");
    }
    // Nobody may be listening.
    let _ = around.print(&said);
    failed.map_or(Ok(()), Err)
}
