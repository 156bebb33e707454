//! `twinlock reset request`: who has lost everything asks an administrator.

use crate::client::Client;
use crate::failure::Failure;
use crate::render::{json, requests};
use crate::surroundings::Surroundings;

const JSON_REQUEST: &str = "JSON: {id, user, since, expires, source, service, reason}, null if it was \
                            taken back. Times are RFC 3339 in UTC.";

/// Ask an administrator to reset you; no code is needed
///
/// Nothing changes until an administrator approves it. You are told at every contact of yours, and
/// the request lapses after seven days. 'twinlock status' shows it.
#[derive(clap::Args)]
#[command(after_long_help = JSON_REQUEST)]
pub struct Args {
    /// What to tell the administrator
    #[arg(long, value_name = "TEXT", conflicts_with = "cancel")]
    reason: Option<String>,

    /// Take your request back
    #[arg(long)]
    cancel: bool,

    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Asks, or takes it back.
///
/// # Errors
/// [`Failure`].
pub fn run(args: &Args, client: &mut Client, around: &mut Surroundings) -> Result<(), Failure> {
    let request = if args.cancel {
        client.cancel_reset()?;
        None
    } else {
        Some(client.request_reset(args.reason.as_deref().unwrap_or_default())?)
    };
    if args.json {
        let request = request.as_ref().map(json::ResetRequest::from);
        return around.print_bytes(&json::line(&request)?);
    }
    match request {
        Some(request) => around.print(&requests::noted(&request, &around.view)),
        None => around.print("Your request is taken back; nothing was changed.\n"),
    }
}
