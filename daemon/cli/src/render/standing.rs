//! What stands of a user beside the factors: recovery codes, contacts, trusted hosts.

use twinlock_bus_api::account::UserStatus;

use super::{View, contacts, recovery, trusted};

/// Each of them, where there are any; a warning where few recovery codes are left.
pub fn beside_the_factors(status: &UserStatus, view: &View) -> String {
    let mut text = String::new();
    match status.recovery_codes {
        None | Some(0) => {}
        Some(left) if recovery::is_few(left) => {
            text.push_str(&(view.palette.warning(&recovery::left(left)) + "\n"));
        }
        Some(left) => text.push_str(&(recovery::left(left) + "\n")),
    }
    let contacts = contacts::blocks(status.contacts.as_deref().unwrap_or_default(), view);
    let hosts = trusted::blocks(status.trusted_hosts.as_deref().unwrap_or_default(), view);
    for (title, block) in [("Contacts", contacts), ("Trusted hosts", hosts)] {
        if block.is_empty() {
            continue;
        }
        if !text.is_empty() {
            text.push('\n');
        }
        text.push_str(&format!("{}:\n", view.palette.heading(title)));
        for line in block.lines() {
            text.push_str(&format!("  {line}\n"));
        }
    }
    text
}
