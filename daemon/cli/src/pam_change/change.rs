//! Making a change, in the order that lets it be taken back whatever happens in between.

use std::time::Duration;

use super::Machine;
use super::guard::Armed;
use super::plan;
use super::record::{Changed, Record, Records};
use super::sshd;
use super::take_back::{Restored, take_back};
use super::write;
use crate::doctor::sshd::unit;
use crate::failure::Failure;

/// Makes a change: record, guard, files.
///
/// `now` is in seconds since the epoch; `within` is the time in which it has to be confirmed. No login
/// shows that it works before [`settle`].
///
/// # Errors
/// [`Failure::Refused`]: nothing is changed then, or what was is taken back.
pub fn make(
    machine: &Machine,
    records: &Records,
    service: &str,
    files: Vec<Changed>,
    now: u64,
    within: Duration,
) -> Result<(Record, Armed), Failure> {
    let confirm_by = now.saturating_add(within.as_secs());
    let record = Record {
        service: service.to_owned(),
        id: format!("{now:x}-{:x}", std::process::id()),
        at: confirm_by,
        confirm_by,
        is_confirmed: false,
        files,
    };
    records.keep(&record)?;
    let armed = match machine.guard.arm(&record, within) {
        Ok(armed) => armed,
        Err(why) => {
            records.forget(service)?;
            return Err(Failure::refused(format!(
                "Nothing was changed, because nobody would take the change back unasked: {why}."
            )));
        }
    };
    let model = plan::model(machine, service);
    for file in &record.files {
        let model = model.as_deref().filter(|_| file.path == machine.file_of(service));
        if let Err(error) = write::replace(&file.path, &file.after, model) {
            undo(machine, records, &record)?;
            return Err(Failure::refused(format!("Nothing was changed: {error}")));
        }
    }
    Ok((record, armed))
}

/// Says from when on a login has met all of a change: a moment at which sshd goes by it, in seconds since
/// the epoch.
///
/// # Errors
/// [`Failure::Refused`]: it cannot be recorded, and the change is taken back.
pub fn settle(
    machine: &Machine,
    records: &Records,
    record: Record,
    at: u64,
) -> Result<Record, Failure> {
    let record = Record { at, ..record };
    match records.keep(&record) {
        Ok(()) => Ok(record),
        Err(failure) => {
            undo(machine, records, &record)?;
            Err(failure)
        }
    }
}

/// Takes a change back and forgets it. The record stays where a file could not be, so that the guard,
/// or whoever is asked next, tries again.
///
/// # Errors
/// [`Failure::Refused`] with each file that is not as it should be.
pub fn undo(machine: &Machine, records: &Records, record: &Record) -> Result<Vec<String>, Failure> {
    match take_back(record) {
        Ok(restored) => {
            // A record goes only when sshd, too, is as it was.
            let mut said: Vec<_> = restored.iter().map(Restored::sentence).collect();
            said.extend(reload_sshd(machine, &record.files)?);
            machine.guard.disarm(record);
            records.forget(&record.service)?;
            Ok(said)
        }
        Err(errors) => {
            let errors: Vec<String> = errors.iter().map(ToString::to_string).collect();
            Err(Failure::refused(format!(
                "The change of {} could not be taken back whole: {} Mend that, and 'twinlock pam \
                 revert {}' goes on.",
                record.service,
                errors.join(" "),
                record.service
            )))
        }
    }
}

/// Has sshd read its configuration again where these files concern it, and says so.
///
/// # Errors
/// [`Failure::Refused`]: an sshd that runs goes on with what it has.
pub fn reload_sshd(machine: &Machine, files: &[Changed]) -> Result<Option<String>, Failure> {
    if !sshd::concerns(machine, files) {
        return Ok(None);
    }
    match machine.guard.reload_sshd() {
        Ok(done) => Ok(done.map(|done| format!("For the logins to come, {done}."))),
        Err(why) => Err(Failure::refused(format!(
            "sshd goes on with the configuration that it has: {why}. Have it read it: 'systemctl \
             reload {}'.",
            unit()
        ))),
    }
}
