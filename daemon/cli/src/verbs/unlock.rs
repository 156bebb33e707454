//! `twinlock unlock`: lets a user try again.

use crate::client::Client;
use crate::escape;
use crate::failure::Failure;
use crate::surroundings::Surroundings;

/// Clear a user's waits and counts of wrong codes (administrators only)
#[derive(clap::Args)]
pub struct Args {
    /// Whom to unlock
    user: String,
}

/// Unlocks.
///
/// # Errors
/// [`Failure`].
pub fn run(args: &Args, client: &mut Client, around: &mut Surroundings) -> Result<(), Failure> {
    client.unlock(&args.user)?;
    let user = escape::line(&args.user);
    around
        .print(&format!("{user} may log in again: waits and counts of wrong codes are cleared.\n"))
}
