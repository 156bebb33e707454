//! What a restore will do, and what it did.

use twinlock_bus_api::backup::RestorePlan;

use super::moment::moment;
use super::{View, count};
use crate::escape;

/// What a restore will do.
pub fn plan(plan: &RestorePlan, view: &View) -> String {
    let made = plan.taken_at.map_or_else(|| "at an unknown time".to_owned(), |at| moment(at, view));
    let host = escape::line(plan.host.as_deref().unwrap_or_default());
    let mut text = format!(
        "This restores a backup of {host}, made {made}:\n\
         - {} of users whom the store does not know;\n\
         - {} in place of those in the store. What was changed in them since is lost.\n\
         Trusted hosts, codes on their way, bypass codes and invitations of these users are void, and \
         the next code of an app works a minute or so from now. Of recovery codes those stay that the \
         store has too, and all of users whom it does not know.",
        count(plan.added.unwrap_or_default() as usize, "record"),
        count(plan.replaced.unwrap_or_default() as usize, "record"),
    );
    text.push_str(&revived(plan));
    text.push_str(&mismatched(plan, "would be"));
    text
}

/// What a restore did.
pub fn done(plan: &RestorePlan) -> String {
    format!(
        "Restored: {} new, {} replaced.{}{}\n",
        count(plan.added.unwrap_or_default() as usize, "user"),
        plan.replaced.unwrap_or_default(),
        revived(plan),
        mismatched(plan, "are")
    )
}

/// Who has a factor again that somebody took away: a lost phone works again.
fn revived(plan: &RestorePlan) -> String {
    match names(plan.revived.as_deref()) {
        None => String::new(),
        Some(users) => format!(
            "\nFactors that were taken away since come back for: {users}. 'twinlock reset' takes them \
             away again."
        ),
    }
}

/// Whose record is of another account: on another host uids may be others.
fn mismatched(plan: &RestorePlan, are: &str) -> String {
    match names(plan.mismatched.as_deref()) {
        None => String::new(),
        Some(users) => format!(
            "\nThese have another uid on this host than in the backup, and {are} refused as accounts of \
             another: {users}. Give them the uids that they had, or 'twinlock reset' them; 'twinlock \
             user list --state mismatch' lists all."
        ),
    }
}

fn names(users: Option<&[String]>) -> Option<String> {
    let users = users.filter(|users| !users.is_empty())?;
    let names: Vec<_> = users.iter().map(|user| escape::line(user)).collect();
    Some(names.join(", "))
}
