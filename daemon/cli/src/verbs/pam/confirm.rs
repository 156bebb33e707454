//! `twinlock pam confirm [SERVICE]`: a change stays.

use std::path::Path;
use std::time::Duration;

use super::evidence::{described, login_since};
use crate::client::Client;
use crate::failure::Failure;
use crate::pam_change::record::Record;
use crate::surroundings::Surroundings;

/// The daemon writes its log within a second.
const WRITTEN_WITHIN: u32 = 3;

/// Keep a change, once a login through it has worked
#[derive(clap::Args)]
pub struct Args {
    /// The PAM service; where it is left out, the one whose change waits
    #[arg(value_parser = super::service)]
    service: Option<String>,
}

/// Confirms.
///
/// # Errors
/// [`Failure`]: there is nothing to confirm, or nobody has logged in through it yet.
pub fn run(args: &Args, config: Option<&Path>, around: &mut Surroundings) -> Result<(), Failure> {
    let record = waiting(args.service.as_deref(), around)?;
    let mut client = around.client(config)?;
    let Some(event) = seen(&record, &mut client)? else {
        return Err(Failure::refused(format!(
            "Nobody has logged in through {0} since it was changed, so whether anybody can is not \
             known. Keep this session open, log in through {0} in a second one, and confirm then.",
            record.service
        )));
    };
    around.print(&format!("Seen: {}.\n", described(&event)))?;
    keep(&record, around)
}

/// The change that waits.
fn waiting(service: Option<&str>, around: &Surroundings) -> Result<Record, Failure> {
    let mut records = super::open(around)?.all()?;
    records.retain(|record| service.is_none_or(|service| record.service == service));
    let is_enabled = records.iter().any(|record| record.is_confirmed);
    records.retain(|record| !record.is_confirmed);
    let mut records = records.into_iter();
    match (records.next(), records.next(), service) {
        (Some(record), None, _) => Ok(record),
        (Some(_), Some(_), _) => Err(Failure::refused(
            "Changes of several services wait. Name the one: 'twinlock pam status' shows them.",
        )),
        (None, _, Some(service)) if is_enabled => {
            Err(Failure::refused(format!("The change of {service} is confirmed already.")))
        }
        (None, _, _) => Err(Failure::refused(
            "No change waits to be confirmed; if there was one, it has been taken back. 'twinlock \
             pam enable SERVICE' makes it again.",
        )),
    }
}

fn seen(
    record: &Record,
    client: &mut Client,
) -> Result<Option<twinlock_bus_api::history::LogEvent>, Failure> {
    for _ in 0..WRITTEN_WITHIN {
        if let Some(event) = login_since(client, record)? {
            return Ok(Some(event));
        }
        client.pause(Duration::from_secs(1))?;
    }
    Ok(login_since(client, record)?)
}

/// Marks a change as confirmed, if it still waits.
pub(super) fn keep(record: &Record, around: &mut Surroundings) -> Result<(), Failure> {
    let records = super::open(around)?;
    if records.of(&record.service)?.as_ref() != Some(record) {
        return Err(Failure::refused(format!(
            "The change of {} has been taken back meanwhile. 'twinlock pam enable {0}' makes it \
             again.",
            record.service
        )));
    }
    records.keep(&Record { is_confirmed: true, ..record.clone() })?;
    around.machine.guard.disarm(record);
    drop(records);
    around.print(&format!("Confirmed: {} asks Twinlock from now on.\n", record.service))
}
