//! What the policy demands of a user, in sentences: what, from when, and what to do.

use twinlock_bus_api::account::UserStatus;

use super::moment::{date, moment};
use super::{View, count};
use crate::escape;

/// The demand, the deadline and the switch; warnings in their colour.
pub fn sentences(status: &UserStatus, view: &View) -> String {
    let user = escape::line(&status.user);
    let mut text = String::new();
    let mut say = |sentence: &str| {
        text.push_str(sentence);
        text.push('\n');
    };
    if let Some(sentence) = demand(status, &user, view) {
        say(&sentence);
    }
    let is_off = status.switch == Some(false);
    if matches!(status.state.as_str(), "pending" | "unenrolled") && !is_off {
        say(remedy(status));
    }
    if let Some(warning) = switched(status, &user) {
        say(&view.palette.warning(&warning));
    }
    if status.mode.as_deref() == Some("observe") {
        say(&view.palette.warning(
            "twinlockd only observes: every login is let through, and the log says what would \
             have been.",
        ));
    }
    text
}

/// When a user must have enrolled: `now`, `in 14 days (…)`, `14 days after the first login`.
pub fn due(status: &UserStatus, view: &View) -> String {
    match (status.deadline, status.grace) {
        (Some(deadline), _) => moment(deadline, view),
        (None, Some(grace)) => format!("{} after the next login", span(grace)),
        (None, None) => "now".to_owned(),
    }
}

/// The demand as one word for a field.
pub fn word(status: &UserStatus) -> String {
    status.second_factor.as_deref().map_or_else(|| "not asked".to_owned(), escape::line)
}

/// The switch as one word.
pub const fn switch(status: &UserStatus) -> &'static str {
    match status.switch {
        Some(true) => "on",
        Some(false) => "off",
        None => "default",
    }
}

fn demand(status: &UserStatus, user: &str, view: &View) -> Option<String> {
    let demand = status.second_factor.as_deref()?;
    let has_one = !status.factors.is_empty();
    Some(match (demand, status.required_from) {
        // The switch says so in a sentence of its own.
        ("off", _) if status.switch == Some(false) => return None,
        ("off", _) => "The policy asks no second factor.".to_owned(),
        ("voluntary" | "enrolled", _) if has_one => {
            "A second factor is asked, because there is one.".to_owned()
        }
        ("voluntary" | "enrolled", _) => "A second factor is not required.".to_owned(),
        ("required", _) if has_one => "A second factor is required.".to_owned(),
        ("always", _) if has_one => "A second factor is required at every login.".to_owned(),
        ("required" | "always", Some(from)) => {
            let late = status.deadline.filter(|deadline| *deadline > from);
            let late = late.map_or_else(String::new, |deadline| {
                format!(" It can be put off until {}.", date(deadline, view))
            });
            format!("A second factor is required from {}.{late}", date(from, view))
        }
        ("required" | "always", None) => match (status.deadline, status.grace) {
            (Some(deadline), _) => format!(
                "A second factor is required; it can be put off until {}.",
                date(deadline, view)
            ),
            (None, Some(grace)) => format!(
                "A second factor is required; from the next login on it can be put off for {}.",
                span(grace)
            ),
            (None, None) => format!("A second factor is required, and {user} has none."),
        },
        (other, _) => format!("The policy says '{}'.", escape::line(other)),
    })
}

/// What to do about a second factor that is not there.
fn remedy(status: &UserStatus) -> &'static str {
    match (status.enrolment.as_deref(), status.state.as_str()) {
        (Some("admin"), _) => "Only an administrator sets one up here: ask one.",
        (Some("invitation"), _) if status.invitation.is_some() => {
            "'twinlock enroll' adds one, and asks for the invitation."
        }
        (Some("invitation"), _) => "Setting one up takes an invitation: ask an administrator.",
        (None, _) => "No second factor. 'twinlock enroll' adds one.",
        _ => "'twinlock enroll' adds one.",
    }
}

fn switched(status: &UserStatus, user: &str) -> Option<String> {
    Some(match status.switch? {
        true => format!(
            "An administrator switched the second factor on for {user}: it is required whatever \
             the policy says, until 'twinlock mfa default {user}'."
        ),
        false => format!(
            "An administrator switched the second factor off for {user}: no login is asked for \
             one, until 'twinlock mfa default {user}' or 'twinlock mfa on {user}'."
        ),
    })
}

/// A duration in the largest unit that divides it.
fn span(seconds: u64) -> String {
    let (unit, name) = [(86_400, "day"), (3_600, "hour"), (60, "minute")]
        .into_iter()
        .find(|(unit, _)| seconds > 0 && seconds.is_multiple_of(*unit))
        .unwrap_or((1, "second"));
    count(usize::try_from(seconds / unit).unwrap_or(usize::MAX), name)
}
