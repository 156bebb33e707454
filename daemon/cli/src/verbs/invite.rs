//! `twinlock invite`: lets a user enrol who cannot without a word from an administrator.

use std::time::Duration;

use twinlock_bus_api::voucher::InvitationOptions;
use twinlock_config::duration;

use crate::client::{Client, Subject};
use crate::failure::Failure;
use crate::render::{json, voucher};
use crate::surroundings::Surroundings;

const JSON_INVITATION: &str = "JSON: {user, id, code, until, sent_to: [address]}, where code is null \
                               if it was sent to the user, and addresses are masked. The time is \
                               RFC 3339 in UTC.";

/// The longest that an invitation or a bypass code can be used.
const LONGEST: Duration = Duration::from_secs(30 * 86_400);

/// Make an invitation, with which a user can set up a second factor (administrators only)
///
/// It works once, where the policy says 'invitation' or after a reset: the next login that wants a
/// second factor asks for it, and so does 'twinlock enroll', which the user runs where logins want
/// none yet. It is sent to the contacts of the user, or shown here where there is none.
#[derive(clap::Args)]
#[command(after_long_help = JSON_INVITATION)]
pub struct Args {
    /// Whom to invite
    user: String,

    /// For how long it can be used
    #[arg(long = "for", value_name = "TIME", default_value = "3d", value_parser = lifetime)]
    lifetime: Duration,

    /// Send nothing, and show the code here
    #[arg(long)]
    print: bool,

    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Makes one, and says where it went.
///
/// # Errors
/// [`Failure`].
pub fn run(args: &Args, client: &mut Client, around: &mut Surroundings) -> Result<(), Failure> {
    let before = client.status(&Subject::User(args.user.clone()))?;
    let options =
        InvitationOptions { seconds: Some(args.lifetime.as_secs()), print: Some(args.print) };
    let made = client.invite(&args.user, options)?;
    if args.json {
        around.print_bytes(&json::line(&json::Voucher::from(&made))?)?;
    } else {
        around.print(voucher::invitation(&made, &around.view).expose())?;
    }
    if let Some(doubt) = voucher::doubt(&before) {
        writeln!(around.err, "{}", around.err_palette.warning(&doubt))?;
    }
    Ok(())
}

/// A time for which a code can be used.
pub(super) fn lifetime(text: &str) -> Result<Duration, String> {
    let lifetime = duration::parse(text).map_err(|why| why.to_string())?;
    match lifetime >= Duration::from_secs(1) && lifetime <= LONGEST {
        true => Ok(lifetime),
        false => Err("it is between one second and 30 days: 1h".to_owned()),
    }
}
