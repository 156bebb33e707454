//! What a reset will do, and what it did.

use twinlock_bus_api::account::UserStatus;

use super::{View, count, factors, voucher};
use crate::client::ResetEnd;
use crate::escape;
use crate::secret::Secret;

/// What is about to be taken from one user.
pub fn plan(status: &UserStatus) -> String {
    let user = escape::line(&status.user);
    let lost = match status.factors.as_slice() {
        [] if status.state == "mismatch" => "the record of an earlier account".to_owned(),
        [] => "no factor".to_owned(),
        some => format!(
            "{}: {}",
            count(some.len(), "factor"),
            some.iter().map(factors::named).collect::<Vec<_>>().join(", ")
        ),
    };
    format!("  {user}: {lost}")
}

/// A user of whom nothing is known before it is tried.
pub fn plan_unknown(user: &str, reason: &str) -> String {
    format!("  {}: {}", escape::line(user), escape::line(reason))
}

/// What is about to be taken from all of them.
pub fn plans(lines: &[String]) -> String {
    let whom = count(lines.len(), "user");
    format!("This takes away everything by which {whom} could log in:\n{}", lines.join("\n"))
}

/// The warning where a reset takes the last administrator's factors.
pub const NO_ADMINISTRATOR: &str = "after this no administrator is left who can log in with a second factor: of root and the \
     groups sudo, wheel and admin nobody else has one. Keep this session open until 'twinlock \
     enroll' has made one, and it was tried.";

/// The warning where it cannot be told whether it does.
pub fn unknown_administrators(why: &str) -> String {
    format!(
        "whether an administrator is left who can log in with a second factor cannot be told: {why} \
         Keep this session open until 'twinlock enroll' has made one, and it was tried."
    )
}

/// One line for one user, and the invitation where one was made.
pub fn outcome(outcome: &ResetEnd, view: &View) -> Secret {
    let user = escape::line(&outcome.user);
    let text = escape::line(&outcome.text);
    if !outcome.done {
        return Secret::new(format!("{user}: {} {text}\n", view.palette.bad("failed:")));
    }
    let invitation = outcome.invitation.as_ref().map(|made| voucher::invitation(made, view));
    Secret::new(format!("{user}: {text}\n{}", invitation.as_ref().map_or("", Secret::expose)))
}

/// The count at the end of several.
pub fn summary(outcomes: &[ResetEnd]) -> String {
    let done = outcomes.iter().filter(|outcome| outcome.done).count();
    format!("{done} of {} reset.\n", count(outcomes.len(), "user"))
}
