//! `twinlock bypass`: a code that stands for a second factor for a while.

use std::time::Duration;

use twinlock_bus_api::voucher::BypassOptions;

use crate::client::Client;
use crate::failure::Failure;
use crate::render::{json, voucher};
use crate::surroundings::Surroundings;

const JSON_BYPASS: &str = "JSON: {user, id, code, until, sent_to: [address]}, where sent_to is where \
                           the user was told, masked. The time is RFC 3339 in UTC.";

/// Issue a code that stands for a second factor for a while (administrators only)
///
/// It is typed at the prompt of a login in place of a code. The user is told that there is one, and
/// 'twinlock status' shows it, without the code.
#[derive(clap::Args)]
#[command(after_long_help = JSON_BYPASS)]
pub struct Args {
    /// Whose second factor it stands for
    user: String,

    /// For how long it can be used
    #[arg(long = "for", value_name = "TIME", value_parser = super::invite::lifetime)]
    lifetime: Duration,

    /// How often it can be used
    #[arg(long, value_name = "NUMBER", default_value_t = 1,
          value_parser = clap::value_parser!(u32).range(1..=100))]
    uses: u32,

    /// Only from this address, block of addresses, or 'local' for this host itself
    #[arg(long, value_name = "ADDRESS")]
    from: Option<String>,

    /// Why; kept in the log, shown to the user
    #[arg(long, value_name = "TEXT")]
    reason: String,

    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Issues one and shows it.
///
/// # Errors
/// [`Failure`].
pub fn run(args: Args, client: &mut Client, around: &mut Surroundings) -> Result<(), Failure> {
    let Args { user, lifetime, uses, from, reason, json } = args;
    let options = BypassOptions { seconds: lifetime.as_secs(), uses: Some(uses), from, reason };
    let issued = client.issue_bypass(&user, options.clone())?;
    if json {
        around.print_bytes(&json::line(&json::Voucher::from(&issued))?)
    } else {
        around.print(voucher::bypass(&issued, &options, &around.view).expose())
    }
}
