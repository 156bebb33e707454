//! `twinlock user list|show`: the users that the daemon has a record of.

use clap::{Subcommand, ValueEnum};

use crate::client::{Client, Subject};
use crate::failure::Failure;
use crate::render::{json, users};
use crate::surroundings::Surroundings;

/// The keys of a user in JSON, for the long help.
pub const JSON_USER: &str = "JSON: {user, uid, state: enrolled|unenrolled|locked|mismatch, \
                             factors: [{id, method, label, enrolled_at, last_used_at}], failures, \
                             stopped, waits: [{source, until}]}. Times are RFC 3339 in UTC, or \
                             null.";

/// The same for several.
const JSON_USERS: &str = "JSON: an array of what 'twinlock user show --json' prints.";

/// List users, or show one (administrators only)
#[derive(clap::Args)]
pub struct Args {
    /// What to do.
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
enum Action {
    /// List the users that have a record
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
}

/// States of a user, by their words on the wire.
#[derive(Clone, Copy, ValueEnum)]
enum State {
    /// Has a second factor
    Enrolled,
    /// Has a record, but no second factor
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
    }
}

fn list(
    state: Option<State>,
    json: bool,
    client: &mut Client,
    around: &mut Surroundings,
) -> Result<(), Failure> {
    let everyone = client.list_users()?;
    let chosen: Vec<_> = everyone
        .iter()
        .filter(|status| state.is_none_or(|state| status.state == state.as_str()))
        .collect();
    if json {
        let users: Vec<_> = chosen.into_iter().map(json::User::from).collect();
        around.print_bytes(&json::line(&users)?)
    } else if let (true, Some(state)) = (chosen.is_empty(), state) {
        around.print(&format!("No user is in the state '{}'.\n", state.as_str()))
    } else if chosen.is_empty() {
        around.print("No user has a record.\n")
    } else {
        around.print(&users::list(&chosen, &around.view))
    }
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
