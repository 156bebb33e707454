//! Invitations and bypass codes, for people.

use twinlock_bus_api::account::UserStatus;
use twinlock_bus_api::voucher::{BypassInfo, BypassOptions};

use super::moment::date;
use super::{View, count};
use crate::client::Issued;
use crate::escape;
use crate::secret::Secret;

/// What `invite` prints.
pub fn invitation(made: &Issued, view: &View) -> Secret {
    let user = escape::line(&made.user);
    let until = date(made.until, view);
    Secret::new(match &made.code {
        None => format!(
            "An invitation for {user} is on its way to {}. It works once, until {until}. If it does \
             not arrive: 'twinlock invite {user} --print' makes another.\n",
            sent_to(&made.sent_to)
        ),
        Some(code) => format!(
            "{} {}\nIt works once, until {until}, behind the password of {user}: pass it on to \
             them and to nobody else.\n",
            view.palette.heading(&format!("Invitation for {user}:")),
            escape::line(code.expose())
        ),
    })
}

/// A doubt that the invitation is of any use.
pub fn doubt(status: &UserStatus) -> Option<String> {
    let user = escape::line(&status.user);
    match status.enrolment.as_deref()? {
        "admin" => Some(format!(
            "Warning: the policy lets only an administrator enrol {user}: no login asks for this \
             invitation. See 'twinlock policy explain {user}'."
        )),
        "at-will" | "at-login" => Some(format!(
            "Warning: the policy lets {user} enrol without an invitation, with the password alone. \
             See 'twinlock policy explain {user}'."
        )),
        _ => None,
    }
}

/// What `bypass` prints.
pub fn bypass(issued: &Issued, options: &BypassOptions, view: &View) -> Secret {
    let user = escape::line(&issued.user);
    let code = issued.code.as_ref().map(|code| escape::line(code.expose())).unwrap_or_default();
    let told = match issued.sent_to.as_slice() {
        [] => format!("{user} could not be written to; tell them that there is one."),
        some => format!("{user} is told of it at {}.", sent_to(some)),
    };
    Secret::new(format!(
        "{} {code}\nIt stands for a second factor {}, {}, until {}. {told}\n",
        view.palette.heading(&format!("Bypass code for {user}:")),
        times(options.uses.unwrap_or(1)),
        place(options.from.as_deref()),
        date(issued.until, view),
    ))
}

/// What `status` says of bypass codes and of an invitation: a sentence each.
pub fn standing(status: &UserStatus, view: &View) -> String {
    let mut text = String::new();
    if let Some(invitation) = &status.invitation {
        text.push_str(&format!(
            "An invitation (id {}) can be used until {}.\n",
            escape::line(&invitation.id),
            date(invitation.until, view)
        ));
    }
    for bypass in status.bypasses.iter().flatten() {
        text.push_str(&view.palette.warning(&one_bypass(bypass, view)));
        text.push('\n');
    }
    text
}

fn one_bypass(bypass: &BypassInfo, view: &View) -> String {
    let BypassInfo { id, until, uses_left, from, reason, by, .. } = bypass;
    format!(
        "A bypass code (id {}) stands for a second factor {}, {}, until {}. Issued by {}: {}",
        escape::line(id),
        times(*uses_left),
        place(from.as_deref()),
        date(*until, view),
        escape::line(by),
        escape::line(reason)
    )
}

fn times(uses: u32) -> String {
    match uses {
        1 => "once".to_owned(),
        uses => count(uses as usize, "time"),
    }
}

fn place(from: Option<&str>) -> String {
    match from {
        None => "from anywhere".to_owned(),
        Some("local") => "on this host itself".to_owned(),
        Some(from) => format!("from {}", escape::line(from)),
    }
}

/// Masked addresses in a sentence.
pub fn sent_to(addresses: &[String]) -> String {
    addresses.iter().map(|to| escape::line(to)).collect::<Vec<_>>().join(" and ")
}
