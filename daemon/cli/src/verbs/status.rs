//! `twinlock status`: what applies to a user.

use crate::client::{Client, Subject};
use crate::failure::Failure;
use crate::render::{json, users};
use crate::surroundings::Surroundings;
use crate::verbs::warn;
use crate::version;

/// Show what applies to a user: what is required from when, factors, waits, what to do
#[derive(clap::Args)]
#[command(after_long_help = super::user::JSON_USER)]
pub struct Args {
    /// Whom to show (administrators only); yourself where it is left out
    user: Option<String>,

    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Asks the daemon and shows the answer.
///
/// # Errors
/// [`Failure`].
pub fn run(args: Args, client: &mut Client, around: &mut Surroundings) -> Result<(), Failure> {
    let status = client.status(&Subject::from(args.user))?;
    if args.json {
        around.print_bytes(&json::line(&json::User::from(&status))?)?;
    } else {
        around.print(&users::status(&status, &around.view))?;
    }
    warn_of_another_version(client, around)
}

/// A daemon that has not been restarted since an upgrade. What was asked for is shown already, so
/// that a daemon which does not answer this is no failure.
fn warn_of_another_version(client: &mut Client, around: &mut Surroundings) -> Result<(), Failure> {
    let Ok(daemon) = client.daemon_version() else { return Ok(()) };
    match version::difference(daemon.as_deref()) {
        Some(difference) => {
            let mend = version::MEND;
            warn(around, &format!("{difference}. '{mend}', as root, runs the installed one."))
        }
        None => Ok(()),
    }
}
