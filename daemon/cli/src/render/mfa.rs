//! What the switch of one user will do, and what it did.

use twinlock_bus_api::account::UserStatus;
use twinlock_bus_api::policy::Switch;

use super::{Palette, count};
use crate::escape;

/// What is about to get weaker.
pub fn plan(before: &UserStatus, switch: Switch) -> String {
    let user = escape::line(&before.user);
    match switch {
        Switch::Off => format!(
            "This switches the second factor off for {user}: no login is asked for one, whatever \
             the policy says, 'very-high' included. {} 'twinlock mfa default {user}' undoes it.",
            match before.factors.len() {
                0 => format!("{user} has no factor."),
                some => format!("{} of {user} stay as they are.", count(some, "factor")),
            }
        ),
        Switch::On | Switch::Default => format!(
            "A second factor is required of {user} by the switch. This leaves it to the policy, \
             which may require none."
        ),
    }
}

/// What holds now, of a user who was like this before.
pub fn switched(before: &UserStatus, switch: Switch, palette: Palette) -> String {
    let user = escape::line(&before.user);
    let text = match switch {
        Switch::Off => palette.warning(&format!(
            "The second factor is off for {user}: no login is asked for one, whatever the policy \
             says."
        )),
        Switch::On if before.factors.is_empty() => format!(
            "The second factor is on for {user}, who has none yet: the next login sets one up \
             where the policy lets it, or 'twinlock enroll {user}' does."
        ),
        Switch::On => format!("The second factor is on for {user}, whatever the policy says."),
        Switch::Default => format!(
            "The policy decides for {user} again: 'twinlock policy explain {user}' says what."
        ),
    };
    text + "\n"
}
