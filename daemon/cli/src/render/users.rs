//! Users, for people: one in full, or many in a table.

use twinlock_bus_api::account::UserStatus;

use super::moment::{is_past, moment};
use super::{View, count, demands, factors, requests, standing, table::table, voucher};
use crate::escape;

/// What `status` prints: what holds, and what to do about it.
pub fn status(status: &UserStatus, view: &View) -> String {
    let user = escape::line(&status.user);
    let mut text = format!("{}: {}\n", view.palette.heading(&user), state(status, view));
    text.push_str(&demands::sentences(status, view));
    text.push_str(&handed_out(status, view));
    if !status.factors.is_empty() {
        text.push('\n');
        text.push_str(&factors::blocks(&status.factors, view));
    }
    let beside = standing::beside_the_factors(status, view);
    if !beside.is_empty() {
        text.push('\n');
        text.push_str(&beside);
    }
    let trouble = trouble(status, &user, view);
    if !trouble.is_empty() {
        text.push('\n');
        text.push_str(&trouble);
    }
    text
}

/// What `user show` prints: the record, counts of nothing included.
pub fn record(status: &UserStatus, view: &View) -> String {
    let user = escape::line(&status.user);
    let mut text = String::new();
    let mut field = |name: &str, value: String| {
        text.push_str(&format!("{:<14}{value}\n", format!("{name}:")));
    };
    field("User", view.palette.heading(&user));
    field("User id", status.uid.to_string());
    field("State", state(status, view));
    field("Policy", demands::word(status));
    field("Switch", demands::switch(status).to_owned());
    field("Wrong codes", format!("{} in a row, over all sources", status.failures));
    let waits = status.waits.iter().any(|(_, until)| !is_past(*until, view.now));
    field("Waits", if waits { "see below" } else { "none" }.to_owned());
    field("Factors", if status.factors.is_empty() { "none" } else { "see below" }.to_owned());
    if !status.factors.is_empty() {
        text.push('\n');
        text.push_str(&factors::blocks(&status.factors, view));
    }
    let further = [
        standing::beside_the_factors(status, view),
        demands::sentences(status, view),
        handed_out(status, view),
        trouble(status, &user, view),
    ];
    for further in further {
        if !further.is_empty() {
            text.push('\n');
            text.push_str(&further);
        }
    }
    text
}

/// What `user list --state pending` prints.
pub fn pending(users: &[&UserStatus], view: &View) -> String {
    let rows: Vec<[String; 3]> = users
        .iter()
        .map(|status| {
            [status.uid.to_string(), demands::due(status, view), escape::line(&status.user)]
        })
        .collect();
    table(["UID", "REQUIRED", "USER"], &rows, view.palette, |_, cell| cell.to_owned())
}

/// What `user list` prints.
pub fn list(users: &[&UserStatus], view: &View) -> String {
    let rows: Vec<[String; 5]> = users
        .iter()
        .map(|status| {
            let last = status.factors.iter().filter_map(|factor| factor.last_used_at).max();
            [
                status.uid.to_string(),
                state_cell(status),
                status.factors.len().to_string(),
                last.map_or_else(|| "never".to_owned(), |at| moment(at, view)),
                escape::line(&status.user),
            ]
        })
        .collect();
    table(["UID", "STATE", "FACTORS", "LAST USED", "USER"], &rows, view.palette, |column, cell| {
        let state = cell.split(',').next().unwrap_or_default();
        if column == 1 { view.palette.state(state, cell) } else { cell.to_owned() }
    })
}

/// What `user forget` is about to delete.
pub fn forget_plan(user: &str, known: Option<&UserStatus>) -> String {
    let user = escape::line(user);
    let Some(status) = known else {
        return format!(
            "This deletes what is stored of {user}, whom the user database does not know."
        );
    };
    let whose = match status.state.as_str() {
        "mismatch" => format!("an earlier account of the name {user}"),
        _ => format!("{user}, who has {}", count(status.factors.len(), "factor")),
    };
    format!(
        "This deletes what is stored of {whose}. Where the policy lets users enrol at login, the \
         password alone is then enough for a new second factor; 'twinlock reset {user}' demands an \
         invitation."
    )
}

/// Invitation, bypass codes, and a request that waits.
fn handed_out(status: &UserStatus, view: &View) -> String {
    let mut text = voucher::standing(status, view);
    if let Some(request) = &status.reset_request {
        text.push_str(&view.palette.warning(&requests::standing(request, view)));
    }
    text
}

/// The state, and that the user is switched off, which weakens it.
fn state_cell(status: &UserStatus) -> String {
    let off = if status.switch == Some(false) { ", off" } else { "" };
    escape::line(&status.state) + off
}

/// The state in words, with the count of factors where there are some.
fn state(status: &UserStatus, view: &View) -> String {
    let words = match status.state.as_str() {
        "enrolled" => format!("enrolled, {}", count(status.factors.len(), "factor")),
        "pending" => "not enrolled yet".to_owned(),
        "unenrolled" => "not enrolled".to_owned(),
        "locked" => "locked".to_owned(),
        "mismatch" => "the record is of another user id".to_owned(),
        other => escape::line(other),
    };
    view.palette.state(&status.state, &words)
}

/// What stands in the way of a login, each with what ends it.
fn trouble(status: &UserStatus, user: &str, view: &View) -> String {
    let mut text = String::new();
    let mut say = |sentence: String| {
        text.push_str(&view.palette.warning(&sentence));
        text.push('\n');
    };
    if status.state == "mismatch" {
        say(format!(
            "The record belongs to an earlier account of this name, so logins are refused until \
             an administrator clears it: twinlock reset {user}"
        ));
    }
    if status.stopped {
        say(format!(
            "Too many wrong codes in a row ({}): codes are refused until an administrator unlocks \
             the account: twinlock unlock {user}",
            status.failures
        ));
    } else if status.failures > 0 {
        say(format!("{} in a row.", count(status.failures as usize, "wrong code")));
    }
    for (source, until) in status.waits.iter().filter(|(_, until)| !is_past(*until, view.now)) {
        say(format!(
            "Logins from {} must wait; the next code is taken {}.",
            escape::line(source),
            moment(*until, view)
        ));
    }
    text
}
