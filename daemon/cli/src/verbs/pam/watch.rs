//! Waiting in a terminal for the login that shows that a change works.

use std::time::Duration;

use super::confirm;
use super::evidence::{described, login_since};
use crate::client::{CallError, Client};
use crate::failure::Failure;
use crate::pam_change::change;
use crate::pam_change::record::Record;
use crate::prompt;
use crate::surroundings::Surroundings;

/// How often the log is looked at.
const INTERVAL: Duration = Duration::from_secs(1);

/// Counts down until somebody has logged in and the person here says that it is well.
///
/// # Errors
/// [`Failure`]: the change was taken back.
pub fn until_confirmed(
    record: &Record,
    client: &mut Client,
    around: &mut Surroundings,
) -> Result<(), Failure> {
    client.heed_interrupts()?;
    let now = u64::try_from((around.clock)().as_second()).unwrap_or(0);
    let mut left = Duration::from_secs(record.confirm_by.saturating_sub(now));
    loop {
        match login_since(client, record) {
            Ok(Some(event)) => {
                around.prompt.tell(&format!("Seen: {}.", described(&event)))?;
                return decided(record, around);
            }
            Err(CallError::Interrupted) => return left_alone(record, around),
            // A daemon that is down keeps people out; the deadline is for that.
            Ok(None) | Err(_) => {}
        }
        if left.is_zero() || super::open(around)?.of(&record.service)?.as_ref() != Some(record) {
            break;
        }
        let text = format!(
            "Waiting for a login through {}; taken back in {}:{:02} (Ctrl-C leaves)",
            record.service,
            left.as_secs() / 60,
            left.as_secs() % 60
        );
        client.progress().show(&text);
        if let Err(CallError::Interrupted) = client.pause(INTERVAL) {
            return left_alone(record, around);
        }
        left = left.saturating_sub(INTERVAL);
    }
    client.progress().clear();
    if super::open(around)?.of(&record.service)?.is_some_and(|now| now.is_confirmed) {
        return around.print("Confirmed from elsewhere.\n");
    }
    Err(Failure::refused(format!(
        "Nobody logged in through {} in time, so the change is taken back. 'twinlock log' says what \
         the daemon saw.",
        record.service
    )))
}

/// Asks whether the change stays.
fn decided(record: &Record, around: &mut Surroundings) -> Result<(), Failure> {
    match prompt::confirm(&mut *around.prompt, "Did that login get in? The change stays then.") {
        Ok(()) => confirm::keep(record, around),
        Err(_) => {
            let records = super::open(around)?;
            if records.of(&record.service)?.as_ref() == Some(record) {
                change::undo(&around.machine, &records, record)?;
            }
            Err(Failure::refused("The change is taken back, because the answer was not yes."))
        }
    }
}

fn left_alone(record: &Record, around: &mut Surroundings) -> Result<(), Failure> {
    around.print(&format!(
        "The change stays until its time is over. 'twinlock pam confirm {0}' keeps it, 'twinlock \
         pam revert {0}' takes it back at once.\n",
        record.service
    ))
}
