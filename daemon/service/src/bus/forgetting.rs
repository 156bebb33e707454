//! The record of a user goes as a whole: for whom the user database knows no longer, and for a record
//! that is of an earlier account of the name.

use twinlock_bus_api::error::{Error, Result};
use twinlock_core::{
    audit::{AuditEvent, Happening},
    record::UserRecord,
};

use super::{account::Accounts, caller::Caller, errors};
use crate::engine::{Forgotten, within};

impl Accounts {
    /// Deletes the record that is kept under this name, whether or not there is such a user.
    pub(super) async fn forget(&self, name: &str, caller: &Caller) -> Result<()> {
        let forgotten = within(super::account::DEADLINE, self.engine.forget(name)).await;
        let forgotten = forgotten.map_err(|error| errors::trouble(&self.engine, name, &error))?;
        let cause = match forgotten {
            Forgotten::Nothing => {
                let shown: String = name.chars().take(64).collect();
                return Err(Error::UnknownUser(format!(
                    "There is no record of {shown:?}; 'twinlock user list' shows those that there \
                     are."
                )));
            }
            Forgotten::Unreadable => "a record that could not be read".to_owned(),
            Forgotten::Record(record) => told(&record),
        };
        let event = AuditEvent::new(Happening::UserForgotten, name, cause);
        let by = if caller.is_root() { "root".to_owned() } else { format!("uid {}", caller.uid) };
        self.engine.audit(event.done_by(by));
        Ok(())
    }
}

fn told(record: &UserRecord) -> String {
    let factors = record.factors.len();
    let plural = if factors == 1 { "" } else { "s" };
    format!("the record of uid {}, {factors} factor{plural}", record.uid)
}
