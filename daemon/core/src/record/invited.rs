//! An invitation that is tried, at the prompt of a login or over the bus.
//!
//! ```text
//!   typed ──► waits? ──► right and in time? ──► an enrolment is offered ──► confirmed: does it stand
//!               │                │                                          still? ──► used up with
//!               ▼                ▼                                                     the new factor
//!            nothing is      counted; enough
//!            tried           of them wait
//! ```

use std::time::Duration;

use crate::{
    hashing::Hashing,
    lockout::{Gate, Rules, counted_as},
    printed_code::PrintedCode,
    record::{Superseded, UserRecord},
    response::Response,
    time::Timestamp,
};

/// What came of an invitation code that was typed.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub enum Admission {
    /// It is the one that holds.
    Admitted {
        /// Its id.
        id: String,
    },
    /// It is none, and was counted.
    Refused {
        /// Why, for the log: whoever typed it is not told.
        cause: &'static str,
        /// What the source may do next.
        gate: Gate,
    },
    /// The source waits that long, and nothing was tried.
    Waits(Duration),
}

impl UserRecord {
    /// Tries an invitation code. It is not used up: what it opens is confirmed first.
    ///
    /// A wrong one costs its source what a wrong code costs, and says nothing of the account: nobody
    /// guesses it.
    pub fn try_invitation(
        &mut self,
        typed: &Response,
        counter: &str,
        rules: &Rules,
        hashing: &dyn Hashing,
        now: Timestamp,
    ) -> Admission {
        let wait = self.lockout.wait(counter, rules, now);
        if !wait.is_zero() {
            return Admission::Waits(wait);
        }
        let typed = PrintedCode::read(typed);
        let admitted = self.invitation.as_ref().filter(|invitation| {
            typed.as_ref().is_some_and(|code| invitation.admits(code, hashing, now))
        });
        if let Some(invitation) = admitted {
            return Admission::Admitted { id: invitation.id.clone() };
        }
        let cause = match &self.invitation {
            _ if typed.is_none() => "not an invitation code",
            None => "an invitation code, and the user has no invitation",
            Some(invitation) if now >= invitation.until => "the invitation has expired",
            Some(_) => "wrong invitation code",
        };
        self.news.wrong_code(&counted_as(counter), now);
        let gate = self.lockout.record_unguessable(counter, rules, now);
        Admission::Refused { cause, gate }
    }

    /// Whether the invitation that opened an enrolment stands still.
    ///
    /// # Errors
    /// [`Superseded::Invitation`]: it was used, withdrawn or replaced in between, or its time is
    /// over.
    pub fn check_invitation(&self, id: &str, now: Timestamp) -> Result<(), Superseded> {
        match &self.invitation {
            Some(stored) if stored.id == id && now < stored.until => Ok(()),
            _ => Err(Superseded::Invitation),
        }
    }
}
