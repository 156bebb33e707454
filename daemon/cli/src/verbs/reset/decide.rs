//! `twinlock reset list|approve|refuse`: an administrator decides what users asked for.

use twinlock_bus_api::error::Error;

use super::plan::Plan;
use crate::client::{CallError, Client};
use crate::escape;
use crate::failure::Failure;
use crate::render::{json, requests, reset};
use crate::surroundings::Surroundings;
use crate::verbs::{check_complete, warn, warn_of};

const JSON_LIST: &str = "JSON: [{id, user, since, expires, source, service, reason}]; a user whose \
                         record cannot be read is {user, problem} in it. Times are RFC 3339 in UTC.";

const JSON_APPROVE: &str = "JSON: {user, done, text, invitation: {user, id, code, until, sent_to}}, \
                            where code is null if it was sent to the user.";

/// List the requests that wait for an administrator
#[derive(clap::Args)]
#[command(after_long_help = JSON_LIST)]
pub struct List {
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Approve a request: reset the user who asked, and make an invitation
///
/// Make sure first that it is the user who asks, by another way than the one that the request names.
#[derive(clap::Args)]
#[command(after_long_help = JSON_APPROVE)]
pub struct Approve {
    /// The id of the request
    id: String,

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

/// Refuse a request: nothing changes, and the user is told
#[derive(clap::Args)]
pub struct Refuse {
    /// The id of the request
    id: String,
}

/// Lists.
///
/// # Errors
/// [`Failure`].
pub fn list(args: &List, client: &mut Client, around: &mut Surroundings) -> Result<(), Failure> {
    let (waiting, problems) = client.list_resets()?;
    warn_of(&problems, around)?;
    if args.json {
        let waiting = waiting.iter().map(json::ResetRequest::from);
        around.print_bytes(&json::line(&json::listed(waiting, &problems))?)?;
    } else {
        around.print(&requests::list(&waiting, &around.view))?;
    }
    check_complete(&problems)
}

/// Shows the request, asks, and resets.
///
/// # Errors
/// [`Failure`].
pub fn approve(
    args: &Approve,
    client: &mut Client,
    around: &mut Surroundings,
) -> Result<(), Failure> {
    let (waiting, unseen) = match client.list_resets() {
        Ok((waiting, _)) => (waiting, None),
        // A rule of polkit may allow resets, and no list of who asks for one.
        Err(CallError::Refused(Error::NotAuthorized(why))) if args.yes => (Vec::new(), Some(why)),
        Err(error) => return Err(error.into()),
    };
    let asked = waiting.iter().find(|request| request.id.eq_ignore_ascii_case(&args.id));
    // One that is not there is refused by the daemon, with its words.
    if let Some(request) = asked {
        let plan = Plan::make(std::slice::from_ref(&request.user), client, around)?;
        plan.ask(&requests::occasion(request, &around.view), args.yes, around)?;
    }
    let done = client.approve_reset(&args.id, args.print)?;
    // Only now: who may not approve either is told that alone.
    if let Some(why) = unseen {
        warn(around, &reset::unknown_administrators(&why))?;
    }
    if args.json {
        around.print_bytes(&json::line(&json::Reset::from(&done))?)
    } else {
        around.print(reset::outcome(&done, &around.view).expose())
    }
}

/// Refuses.
///
/// # Errors
/// [`Failure`].
pub fn refuse(
    args: &Refuse,
    client: &mut Client,
    around: &mut Surroundings,
) -> Result<(), Failure> {
    let user = client.refuse_reset(&args.id)?;
    let user = escape::line(&user);
    around.print(&format!("The request of {user} is refused; nothing was changed.\n"))
}
