//! `twinlock pam`: Twinlock's lines in the PAM files of this host.

mod confirm;
mod disable;
mod enable;
mod evidence;
mod revert;
mod status;
mod watch;

use std::path::Path;
use std::time::Duration;

use clap::Subcommand;
use twinlock_config::duration;

use crate::failure::Failure;
use crate::pam_change::is_service_name;
use crate::pam_change::record::Records;
use crate::surroundings::Surroundings;

/// How long somebody else's work on the records is waited for.
const PATIENCE: Duration = Duration::from_secs(20);

/// Ask for a second factor in a PAM service, or no longer (root only)
#[derive(clap::Args)]
pub struct Args {
    /// What to do.
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
enum Action {
    Enable(enable::Args),
    Confirm(confirm::Args),
    Disable(disable::Args),
    Revert(revert::Args),
    Status(status::Args),
}

/// Does it.
///
/// # Errors
/// [`Failure`].
pub fn run(args: Args, config: Option<&Path>, around: &mut Surroundings) -> Result<(), Failure> {
    if around.uid != around.machine.owner {
        return Err(Failure::refused(
            "Only root reads and changes what PAM asks. Try again as root, with sudo for one.",
        ));
    }
    match args.action {
        Action::Enable(args) => enable::run(&args, config, around),
        Action::Confirm(args) => confirm::run(&args, config, around),
        Action::Disable(args) => disable::run(&args, around),
        Action::Revert(args) => revert::run(&args, around),
        Action::Status(args) => status::run(&args, around),
    }
}

/// The records, locked.
fn open(around: &Surroundings) -> Result<Records, Failure> {
    let mut left = PATIENCE;
    let step = Duration::from_millis(100);
    Records::open(&around.machine.records, || {
        std::thread::sleep(step);
        left = left.saturating_sub(step);
        !left.is_zero()
    })
}

/// A service as it is typed.
fn service(text: &str) -> Result<String, String> {
    match is_service_name(text) {
        true => Ok(text.to_owned()),
        false => {
            Err("a service is the name of a file in /etc/pam.d, in lower case: sshd, sudo, su"
                .to_owned())
        }
    }
}

/// A time in which a change has to be confirmed.
fn within(text: &str) -> Result<Duration, String> {
    let within = duration::parse(text).map_err(|why| why.to_string())?;
    let longest = Duration::from_secs(24 * 3600);
    match within >= Duration::from_secs(1) && within <= longest {
        true => Ok(within),
        false => Err("it is between one second and one day: 5m".to_owned()),
    }
}
