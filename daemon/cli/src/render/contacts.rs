//! Contacts, for people.

use twinlock_bus_api::account::UserStatus;
use twinlock_bus_api::contact::ContactInfo;

use super::{View, moment::moment, recovery};
use crate::client::Confirmed;
use crate::escape;
use crate::secret::Secret;

/// What a contact of a method is called.
pub fn name(method: &str) -> &str {
    match method {
        "email" => "e-mail address",
        "sms" => "mobile number",
        other => other,
    }
}

/// Each contact with whose word it is.
pub fn blocks(contacts: &[ContactInfo], view: &View) -> String {
    contacts
        .iter()
        .map(|contact| {
            let word = match contact.vouched.as_str() {
                "user" => "proved by the user",
                _ => "set by an administrator",
            };
            let title = format!("{} {}", name(&contact.method), contact.address);
            format!(
                "{}\n  {word} {}\n",
                view.palette.heading(&escape::line(&title)),
                moment(contact.since, view),
            )
        })
        .collect()
}

/// What `contact show` prints.
pub fn list(status: &UserStatus, view: &View) -> String {
    match status.contacts.as_deref() {
        None | Some([]) => format!("{} has no contact.\n", escape::line(&status.user)),
        Some(contacts) => blocks(contacts, view),
    }
}

/// What is asked where no address was given.
pub fn question(method: &str) -> &'static str {
    match method {
        "sms" => "Mobile number, with its country code: ",
        _ => "E-mail address: ",
    }
}

/// The end of an administrator's setting.
pub fn set(user: &str, method: &str, address: &str, is_changed: bool) -> String {
    let (user, name) = (escape::line(user), name(method));
    let text = match (is_changed, address.trim().is_empty()) {
        (true, true) => format!("Done. {user} has no {name} any more."),
        (true, false) => format!("Done. The {name} of {user} is {}.", escape::line(address.trim())),
        (false, true) => format!("{user} had no {name}; nothing was changed."),
        (false, false) => format!("That is the {name} of {user} already; nothing was changed."),
    };
    text + "\n"
}

/// The end of a proof, with the recovery codes where it was the first factor.
pub fn proved(method: &str, confirmed: &Confirmed) -> Secret {
    let address = escape::line(&confirmed.address);
    let done = format!("Done. Your {} is {address}.\n", name(method));
    match confirmed.recovery_codes.as_slice() {
        [] => Secret::new(done),
        codes => Secret::new([&done, recovery::codes(codes).expose()].concat()),
    }
}

/// The end of taking one's own away.
pub fn taken_away(method: &str) -> String {
    format!("Done. You have no {} any more.\n", name(method))
}
