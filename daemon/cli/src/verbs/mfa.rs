//! `twinlock mfa on|off|default`: the switch of one user, over everything that the policy says.

use clap::Subcommand;
use twinlock_bus_api::account::UserStatus;
use twinlock_bus_api::policy::Switch;

use crate::client::{Client, Subject};
use crate::escape;
use crate::failure::Failure;
use crate::prompt::confirm;
use crate::render::mfa;
use crate::surroundings::Surroundings;

/// Switch the second factor on or off for one user (administrators only)
#[derive(clap::Args)]
pub struct Args {
    /// What to do.
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
enum Action {
    /// Require a second factor of a user, whatever the policy says
    ///
    /// It holds at once: no date and no grace puts it off. Exempt networks stay exempt.
    On {
        /// Whose
        user: String,
    },
    /// Ask a user for no second factor, whatever the policy says
    ///
    /// The factors of the user stay.
    Off {
        /// Whose
        user: String,

        /// Do not ask whether to go ahead
        #[arg(long)]
        yes: bool,
    },
    /// Leave it to the policy again
    Default {
        /// Whose
        user: String,

        /// Do not ask whether to go ahead, where the switch is on now
        #[arg(long)]
        yes: bool,
    },
}

/// Says what will change, asks where it weakens something, and switches.
///
/// # Errors
/// [`Failure`].
pub fn run(args: &Args, client: &mut Client, around: &mut Surroundings) -> Result<(), Failure> {
    let (user, switch, yes) = match &args.action {
        Action::On { user } => (user, Switch::On, true),
        Action::Off { user, yes } => (user, Switch::Off, *yes),
        Action::Default { user, yes } => (user, Switch::Default, *yes),
    };
    let before = client.status(&Subject::User(user.clone()))?;
    if !yes {
        ask(&before, switch, around)?;
    }
    client.set_switch(user, switch)?;
    around.print(&mfa::switched(&before, switch, around.view.palette))
}

/// Asks, unless nothing gets weaker.
fn ask(before: &UserStatus, switch: Switch, around: &mut Surroundings) -> Result<(), Failure> {
    match switch {
        Switch::Default if before.switch != Some(true) => return Ok(()),
        _ => around.prompt.tell(&mfa::plan(before, switch))?,
    }
    confirm(&mut *around.prompt, &format!("Go ahead for {}?", escape::line(&before.user)))
}
