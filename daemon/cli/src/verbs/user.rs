//! `twinlock user list|show|forget`: the users that the daemon has a record of, and who has none yet.

use std::collections::BTreeMap;

use clap::{Subcommand, ValueEnum};
use twinlock_bus_api::account::{Problem, UserStatus};
use twinlock_bus_api::error::Error;

use super::{check_complete, warn, warn_of};
use crate::client::{CallError, Client, Subject};
use crate::escape;
use crate::failure::Failure;
use crate::prompt::confirm;
use crate::render::{count, json, users};
use crate::surroundings::Surroundings;

/// Users in one call: the daemon takes no more than a thousand, and asks NSS for one after the
/// other.
const AT_ONCE: usize = 250;

/// The keys of a user in JSON, for the long help.
pub const JSON_USER: &str = "JSON: {user, uid, state: \
                             enrolled|pending|unenrolled|locked|mismatch, factors: [{id, method, \
                             label, enrolled_at, last_used_at}], failures, stopped, waits: \
                             [{source, until}], switch: on|off, second_factor: \
                             off|voluntary|enrolled|required|always, enrolment: \
                             at-will|at-login|invitation|admin, required_from, deadline, \
                             grace_seconds, mode: enforce|observe, invitation: {id, until}, \
                             bypasses: [{id, since, until, uses_left, from, reason, by}], \
                             reset_request: {id, user, since, expires, source, service, reason}, \
                             recovery_codes, contacts: [{method, address, vouched, since, \
                             last_used_at}], trusted_hosts: [{id, address, key, since, until, \
                             last_used_at}], code_methods: [totp|email|sms|recovery]}. Times are \
                             RFC 3339 in UTC; what does not apply is null.";

/// The same for several.
const JSON_USERS: &str = "JSON: an array of what 'twinlock user show --json' prints; a user whose \
                          record cannot be read is {user, problem} in it.";

/// List users, show one, or delete a record (administrators only)
#[derive(clap::Args)]
pub struct Args {
    /// What to do.
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
enum Action {
    /// List the users that have a record, or that are to enrol
    ///
    /// For 'pending' and 'unenrolled' that is everyone who may log in and has no second factor,
    /// also who never did: root, and of the users that 'getent passwd' lists those with the uid of
    /// a person (UID_MIN to UID_MAX of /etc/login.defs) and a login shell.
    #[command(after_long_help = JSON_USERS)]
    List {
        /// Only users in this state
        #[arg(long, value_enum)]
        state: Option<State>,

        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Show the record of one user
    #[command(after_long_help = JSON_USER)]
    Show {
        /// Whom to show
        user: String,

        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Delete the record of a user, whether or not there still is such a user
    ///
    /// Nothing of it stays: not that a second factor was ever set up, and no demand on the next
    /// enrolment. For a user who is to stay, 'twinlock reset' is the safer way.
    Forget {
        /// Whose record
        user: String,

        /// Do not ask whether to go ahead
        #[arg(long)]
        yes: bool,
    },
}

/// States of a user, by their words on the wire.
#[derive(Clone, Copy, ValueEnum)]
enum State {
    /// Has a second factor
    Enrolled,
    /// A second factor is or will be required, and there is none
    Pending,
    /// Has no second factor, and need not have one
    Unenrolled,
    /// Must wait, or be unlocked, before a code is taken
    Locked,
    /// The record is of another user id
    Mismatch,
}

impl State {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Enrolled => "enrolled",
            Self::Pending => "pending",
            Self::Unenrolled => "unenrolled",
            Self::Locked => "locked",
            Self::Mismatch => "mismatch",
        }
    }
}

/// Lists or shows.
///
/// # Errors
/// [`Failure`].
pub fn run(args: Args, client: &mut Client, around: &mut Surroundings) -> Result<(), Failure> {
    match args.action {
        Action::List { state, json } => list(state, json, client, around),
        Action::Show { user, json } => show(user, json, client, around),
        Action::Forget { user, yes } => forget(&user, yes, client, around),
    }
}

fn list(
    state: Option<State>,
    json: bool,
    client: &mut Client,
    around: &mut Surroundings,
) -> Result<(), Failure> {
    let (everyone, problems) = gather(state, client, around)?;
    let chosen: Vec<_> = everyone
        .values()
        .filter(|status| state.is_none_or(|state| status.state == state.as_str()))
        .collect();
    if json {
        let users = chosen.into_iter().map(json::User::from);
        around.print_bytes(&json::line(&json::listed(users, &problems))?)?;
    } else if let (true, Some(state)) = (chosen.is_empty(), state) {
        around.print(&format!("No user is in the state '{}'.\n", state.as_str()))?;
    } else if chosen.is_empty() {
        around.print("No user has a record.\n")?;
    } else if let Some(State::Pending) = state {
        around.print(&users::pending(&chosen, &around.view))?;
    } else {
        around.print(&users::list(&chosen, &around.view))?;
    }
    check_complete(&problems)
}

/// Everyone who has a record, by name, and for who is to enrol also everyone of this host; and of
/// whom of them nothing can be told, which is said.
fn gather(
    state: Option<State>,
    client: &mut Client,
    around: &mut Surroundings,
) -> Result<(BTreeMap<String, UserStatus>, Vec<Problem>), Failure> {
    let (recorded, mut untold) = client.list_users()?;
    warn_of(&untold, around)?;
    let mut names: Vec<String> = recorded.iter().map(|status| status.user.clone()).collect();
    let mut everyone: BTreeMap<_, _> =
        recorded.into_iter().map(|status| (status.user.clone(), status)).collect();
    let needs_everyone = matches!(state, Some(State::Pending | State::Unenrolled));
    if needs_everyone {
        let people = (around.people)()?;
        if people.unread > 0 {
            let lines = count(people.unread, "line");
            warn(around, &format!("The user database has {lines} that cannot be read."))?;
        }
        let is_known = |name: &String| {
            everyone.contains_key(name) || untold.iter().any(|problem| problem.user == *name)
        };
        names.extend(people.names.into_iter().filter(|name| !is_known(name)));
    }
    for (done, some) in names.chunks(AT_ONCE).enumerate() {
        if names.len() > AT_ONCE {
            client.progress().looked_at(done * AT_ONCE, names.len());
        }
        let some: Vec<&str> = some.iter().map(String::as_str).collect();
        match client.statuses(&some) {
            Ok((statuses, problems)) => {
                everyone.extend(statuses.into_iter().map(|status| (status.user.clone(), status)));
                warn_of(&problems, around)?;
                untold.extend(problems);
            }
            // What the records say is still worth a look when the user database is not there.
            Err(CallError::Refused(Error::Unavailable(sentence))) if !needs_everyone => {
                warn(around, &sentence)?;
                warn(around, "What the policy demands is left out, and who is 'pending' too.")?;
                break;
            }
            Err(error) => return Err(error.into()),
        }
    }
    client.progress().clear();
    Ok((everyone, untold))
}

fn show(
    user: String,
    json: bool,
    client: &mut Client,
    around: &mut Surroundings,
) -> Result<(), Failure> {
    let status = client.status(&Subject::User(user))?;
    if json {
        around.print_bytes(&json::line(&json::User::from(&status))?)
    } else {
        around.print(&users::record(&status, &around.view))
    }
}

/// Says what goes, asks, and deletes.
fn forget(
    user: &str,
    yes: bool,
    client: &mut Client,
    around: &mut Surroundings,
) -> Result<(), Failure> {
    if !yes {
        let known = match client.status(&Subject::User(user.to_owned())) {
            Ok(status) => Some(status),
            Err(CallError::Refused(
                Error::UnknownUser(_) | Error::RecordUnreadable(_) | Error::Unavailable(_),
            )) => None,
            Err(error) => return Err(error.into()),
        };
        around.prompt.tell(&users::forget_plan(user, known.as_ref()))?;
        confirm(&mut *around.prompt, "Go ahead?")?;
    }
    client.forget_user(user)?;
    around.print(&format!("The record of {} is deleted.\n", escape::line(user)))
}
