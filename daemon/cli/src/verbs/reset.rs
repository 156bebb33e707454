//! `twinlock reset`: takes everything away by which users could log in, or asks for that.

mod administrators;
mod decide;
mod plan;
mod request;

use clap::Subcommand;
use twinlock_bus_api::error::Error;

use crate::client::{CallError, Client, ResetEnd};
use crate::failure::Failure;
use crate::render::{json, reset};
use crate::surroundings::Surroundings;
use plan::Plan;

const JSON_RESET: &str = "JSON: [{user, done, text, invitation: {user, id, code, until, sent_to}}], \
                          where text says what was done or why it was not, and code is null if it \
                          was sent to the user.";

/// Take away everything by which users could log in, or ask for that
///
/// Factors, recovery codes, trusted hosts and bypass codes go. Where '[reset] enrol' of the
/// configuration says 'invitation', the next login asks for one: it is sent to the contacts of the
/// user, or shown here where there is none.
#[derive(clap::Args)]
#[command(
    after_long_help = JSON_RESET,
    args_conflicts_with_subcommands = true,
    subcommand_negates_reqs = true
)]
pub struct Args {
    /// Something other than a reset at once.
    #[command(subcommand)]
    action: Option<Action>,

    /// Whom to reset (administrators only); one who is called like an action stands behind '--'
    #[arg(required_unless_present = "group", value_name = "USER")]
    users: Vec<String>,

    /// Everyone in this group, by the user database
    #[arg(long, value_name = "GROUP", conflicts_with = "users")]
    group: Option<String>,

    /// Send no invitation, and show it here
    #[arg(long)]
    print: bool,

    /// Do not ask whether to go ahead
    #[arg(long)]
    yes: bool,

    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Subcommand)]
enum Action {
    Request(request::Args),
    List(decide::List),
    Approve(decide::Approve),
    Refuse(decide::Refuse),
}

/// Resets, asks for it, or decides what was asked for.
///
/// # Errors
/// [`Failure`].
pub fn run(mut args: Args, client: &mut Client, around: &mut Surroundings) -> Result<(), Failure> {
    match args.action.take() {
        None => reset(args, client, around),
        Some(Action::Request(args)) => request::run(&args, client, around),
        Some(Action::List(args)) => decide::list(&args, client, around),
        Some(Action::Approve(args)) => decide::approve(&args, client, around),
        Some(Action::Refuse(args)) => decide::refuse(&args, client, around),
    }
}

/// Says what will go, asks, and resets one user after the other.
fn reset(mut args: Args, client: &mut Client, around: &mut Surroundings) -> Result<(), Failure> {
    if let Some(group) = &args.group {
        args.users = (around.members)(group)?;
        if args.users.is_empty() {
            return Err(Failure::refused(format!(
                "Nobody is in the group {group}, so nobody was reset. 'getent group' shows the groups."
            )));
        }
    }
    let mut seen = std::collections::HashSet::new();
    args.users.retain(|user| seen.insert(user.clone()));

    Plan::make(&args.users, client, around)?.ask("", args.yes, around)?;
    let (outcomes, end) = reset_all(&args.users, args.print, client);
    report(&outcomes, args.json, around)?;
    conclude(&args.users, &outcomes, end)
}

/// Resets each user in a call of its own, so that an end in the middle leaves no doubt about the
/// others. What cannot be reached, and who may not, is not tried again.
fn reset_all(
    users: &[String],
    print: bool,
    client: &mut Client,
) -> (Vec<ResetEnd>, Option<CallError>) {
    let mut outcomes = Vec::with_capacity(users.len());
    for (position, user) in users.iter().enumerate() {
        client.progress().turn("Resetting", position, users.len(), user);
        match client.reset(&[user], print) {
            Ok(some) => outcomes.extend(some),
            Err(
                end @ (CallError::Unreachable(_) | CallError::Refused(Error::NotAuthorized(_))),
            ) => {
                client.progress().clear();
                return (outcomes, Some(end));
            }
            Err(error) => {
                outcomes.push(ResetEnd::failed(user, error.sentence()));
            }
        }
    }
    client.progress().clear();
    (outcomes, None)
}

fn report(outcomes: &[ResetEnd], json: bool, around: &mut Surroundings) -> Result<(), Failure> {
    if json {
        let outcomes: Vec<_> = outcomes.iter().map(json::Reset::from).collect();
        return around.print_bytes(&json::line(&outcomes)?);
    }
    for outcome in outcomes {
        around.print(reset::outcome(outcome, &around.view).expose())?;
    }
    if outcomes.len() > 1 {
        around.print(&reset::summary(outcomes))?;
    }
    Ok(())
}

/// The sentence and exit code for what was not done.
fn conclude(
    users: &[String],
    outcomes: &[ResetEnd],
    end: Option<CallError>,
) -> Result<(), Failure> {
    let undone: Vec<&str> =
        outcomes.iter().filter(|outcome| !outcome.done).map(|outcome| &*outcome.user).collect();
    match end {
        None if undone.is_empty() => Ok(()),
        None => Err(Failure::refused(format!(
            "{} not reset: {}. The reason stands beside each.",
            if undone.len() == 1 {
                "1 user was".to_owned()
            } else {
                format!("{} users were", undone.len())
            },
            undone.join(", ")
        ))),
        Some(end) => {
            let mut sentence = end.sentence();
            if let [at, untried @ ..] = users.get(outcomes.len()..).unwrap_or_default()
                && users.len() > 1
            {
                sentence.push_str(&format!(" The reset stopped at {at}"));
                if !untried.is_empty() {
                    sentence.push_str(&format!("; not tried: {}", untried.join(", ")));
                }
                sentence.push('.');
            }
            Err(if end.is_answer() {
                Failure::refused(sentence)
            } else {
                Failure::unreachable(sentence)
            })
        }
    }
}
