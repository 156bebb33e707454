//! `twinlock recovery new|count`: codes for the day when the phone is not there.

use clap::Subcommand;

use crate::client::{Client, Subject};
use crate::escape;
use crate::failure::Failure;
use crate::prompt::confirm;
use crate::render::{json, recovery};
use crate::secret::Secret;
use crate::surroundings::Surroundings;

use super::fresh_code::with_fresh_code;

const JSON_NEW: &str = "JSON: {user, recovery_codes: [code]}: the one time that they are shown.";

const JSON_COUNT: &str =
    "JSON: {user, recovery_codes}, where recovery_codes says how many are left.";

/// Make recovery codes, or count those that are left
#[derive(clap::Args)]
pub struct Args {
    /// What to do.
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
enum Action {
    /// Make ten new recovery codes; the old ones are void then
    ///
    /// They are shown this once. For yourself it takes a fresh code; one of the old recovery codes
    /// is one.
    #[command(after_long_help = JSON_NEW)]
    New {
        /// Whose (administrators only); your own where it is left out
        user: Option<String>,

        /// Do not ask whether to go ahead, where old codes are left
        #[arg(long)]
        yes: bool,

        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Say how many recovery codes are left
    #[command(after_long_help = JSON_COUNT)]
    Count {
        /// Whose (administrators only); your own where it is left out
        user: Option<String>,

        /// Print JSON
        #[arg(long)]
        json: bool,
    },
}

/// Makes them, or counts them.
///
/// # Errors
/// [`Failure`].
pub fn run(args: Args, client: &mut Client, around: &mut Surroundings) -> Result<(), Failure> {
    match args.action {
        Action::New { user, yes, json } => new(user, yes, json, client, around),
        Action::Count { user, json } => count(user, json, client, around),
    }
}

fn new(
    user: Option<String>,
    yes: bool,
    json: bool,
    client: &mut Client,
    around: &mut Surroundings,
) -> Result<(), Failure> {
    let subject = Subject::from(user);
    let status = client.status(&subject)?;
    let left = status.recovery_codes.unwrap_or_default();
    if left > 0 && !yes {
        around.prompt.tell(&recovery::plan(&status.user, left))?;
        confirm(&mut *around.prompt, "Go ahead?")?;
    }
    let codes = match &subject {
        Subject::User(_) => client.new_recovery_codes(&subject, &Secret::default())?,
        // Who has no factor hears so before a code is asked for.
        Subject::Oneself if status.factors.is_empty() => {
            client.new_recovery_codes(&subject, &Secret::default())?
        }
        Subject::Oneself => {
            with_fresh_code("Verification code", &status, client, around, |client, code| {
                client.new_recovery_codes(&Subject::Oneself, code)
            })?
        }
    };
    if json {
        let codes = json::RecoveryCodes::of(&status.user, &codes);
        return around.print_bytes(&json::line(&codes)?);
    }
    let user = escape::line(&status.user);
    around.print(&format!("Done. {user} has {} new recovery codes.\n", codes.len()))?;
    around.print(recovery::codes(&codes).expose())
}

fn count(
    user: Option<String>,
    json: bool,
    client: &mut Client,
    around: &mut Surroundings,
) -> Result<(), Failure> {
    let status = client.status(&Subject::from(user))?;
    let left = status.recovery_codes.unwrap_or_default();
    if json {
        let count = json::RecoveryCount { user: &status.user, recovery_codes: left };
        return around.print_bytes(&json::line(&count)?);
    }
    around.print(&format!("{}: {}\n", escape::line(&status.user), recovery::left(left)))
}
