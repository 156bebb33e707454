//! What a reset will take, before it does; and the question whether it may.

use twinlock_bus_api::error::Error;

use super::administrators::{self, Left};
use crate::client::{CallError, Client, Subject};
use crate::failure::Failure;
use crate::prompt::confirm;
use crate::render::reset;
use crate::surroundings::Surroundings;
use crate::verbs::warn;

/// What goes, and who is left.
pub(super) struct Plan {
    lines: Vec<String>,
    left: Left,
}

impl Plan {
    /// Looks at every user. One that cannot be looked at is tried all the same, because a record
    /// may outlive its account; a daemon that cannot be asked, or refuses the caller, ends it here.
    ///
    /// # Errors
    /// [`Failure`].
    pub(super) fn make(
        users: &[String],
        client: &mut Client,
        around: &Surroundings,
    ) -> Result<Self, Failure> {
        let (mut lines, mut statuses) = (Vec::new(), Vec::new());
        for user in users {
            match client.status(&Subject::User(user.clone())) {
                Ok(status) => {
                    lines.push(reset::plan(&status));
                    statuses.push(status);
                }
                Err(
                    error @ CallError::Refused(
                        Error::UnknownUser(_)
                        | Error::RecordMismatch(_)
                        | Error::RecordUnreadable(_),
                    ),
                ) => {
                    lines.push(reset::plan_unknown(user, &error.sentence()));
                }
                Err(error) => return Err(error.into()),
            }
        }
        Ok(Self { lines, left: administrators::left(&statuses, client, around) })
    }

    /// Says what goes, behind `occasion`, warns, and asks. That no administrator is left is said
    /// even where nobody is asked.
    ///
    /// # Errors
    /// [`Failure::Refused`]: the answer is no.
    pub(super) fn ask(
        &self,
        occasion: &str,
        yes: bool,
        around: &mut Surroundings,
    ) -> Result<(), Failure> {
        if !yes {
            around.prompt.tell(&format!("{occasion}{}", reset::plans(&self.lines)))?;
        }
        match &self.left {
            Left::Enough => {}
            Left::Nobody => warn(around, reset::NO_ADMINISTRATOR)?,
            Left::Unknown(why) => warn(around, &reset::unknown_administrators(why))?,
        }
        if yes { Ok(()) } else { confirm(&mut *around.prompt, "Go ahead?") }
    }
}
