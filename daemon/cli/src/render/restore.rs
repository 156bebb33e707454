//! What a restore will do, and what it did.

use twinlock_bus_api::backup::{CLOCKS_APART, RestorePlan};

use super::moment::moment;
use super::{View, count, rfc3339};
use crate::escape;

/// What a restore will do.
pub fn plan(plan: &RestorePlan, view: &View) -> String {
    let made = plan.taken_at.map_or_else(|| "at an unknown time".to_owned(), |at| moment(at, view));
    let host = escape::line(plan.host.as_deref().unwrap_or_default());
    // Of two hosts that are a little apart the later clock counts.
    let clock = plan.clock.max(plan.taken_at).and_then(rfc3339);
    let clock = clock.unwrap_or_else(|| "an unknown time".to_owned());
    let mut text = format!(
        "This restores a backup of {host}, made {made}:\n\
         - {} of users whom the store does not know;\n\
         - {} in place of those in the store. What was changed in them since is lost.\n\
         Trusted hosts, codes on their way, bypass codes and invitations of these users are void, and \
         the next code of an app works a minute or so after {clock}, by this host's clock. Of \
         recovery codes those stay that the \
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

/// Why a backup is not restored that was made later than now, where it was by more than [`CLOCKS_APART`].
pub fn from_the_future(plan: &RestorePlan) -> Option<String> {
    let (taken_at, clock) = (plan.taken_at?, plan.clock?);
    (taken_at > clock.saturating_add(CLOCKS_APART)).then(|| {
        let at = |seconds| rfc3339(seconds).unwrap_or_default();
        format!(
            "The backup was made at {}, and this host's clock says {}. Set the clock right and restore \
             then: codes that were used since would work again. If it is right and that of the backup's \
             host was ahead, add --clock-is-right.",
            at(taken_at),
            at(clock)
        )
    })
}

/// Who has something again that somebody took away: a lost phone works again.
fn revived(plan: &RestorePlan) -> String {
    match names(plan.revived.as_deref()) {
        None => String::new(),
        Some(users) => format!(
            "\nWhat was taken away since comes back, a factor, a contact or 'mfa off', for: {users}. \
             'twinlock user show' tells what they have; 'twinlock reset', 'contact' and 'mfa' mend it."
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
