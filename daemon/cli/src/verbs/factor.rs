//! `twinlock factor list|remove`: the factors of a user, one by one.

use clap::Subcommand;
use twinlock_bus_api::account::{FactorInfo, UserStatus};

use crate::client::{Client, Subject};
use crate::escape;
use crate::failure::Failure;
use crate::prompt::confirm;
use crate::render::{count, factors, json};
use crate::surroundings::Surroundings;

use super::fresh_code::with_fresh_code;

const JSON_FACTORS: &str = "JSON: [{id, method, label, enrolled_at, last_used_at}]. Times are RFC \
                            3339 in UTC, or null.";

/// List or remove factors
#[derive(clap::Args)]
pub struct Args {
    /// What to do.
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
enum Action {
    /// List the factors of a user
    #[command(after_long_help = JSON_FACTORS)]
    List {
        /// Whose factors (administrators only); your own where it is left out
        user: Option<String>,

        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Remove one factor
    ///
    /// One argument is the id of a factor of your own; two are a user and an id. Without an id it
    /// is your only factor. A factor 'email' or 'sms' is the contact to which codes are sent: it is
    /// taken away. Removing a factor of your own takes a fresh code.
    #[command(override_usage = "twinlock factor remove [OPTIONS] [[USER] ID]")]
    Remove(Removal),
}

#[derive(clap::Args)]
struct Removal {
    /// Whose factor (administrators only); your own where it is left out
    #[arg(value_name = "USER")]
    first: Option<String>,

    /// Which factor, as 'twinlock factor list' shows it
    #[arg(value_name = "ID")]
    second: Option<String>,

    /// Do not ask whether to go ahead
    #[arg(long)]
    yes: bool,
}

/// Lists or removes.
///
/// # Errors
/// [`Failure`].
pub fn run(args: Args, client: &mut Client, around: &mut Surroundings) -> Result<(), Failure> {
    match args.action {
        Action::List { user, json } => list(user, json, client, around),
        Action::Remove(removal) => remove(removal, client, around),
    }
}

fn list(
    user: Option<String>,
    json: bool,
    client: &mut Client,
    around: &mut Surroundings,
) -> Result<(), Failure> {
    let status = client.status(&Subject::from(user))?;
    if json {
        around.print_bytes(&json::line(&json::factors(&status.factors))?)
    } else {
        around.print(&factors::list(&status, &around.view))
    }
}

fn remove(removal: Removal, client: &mut Client, around: &mut Surroundings) -> Result<(), Failure> {
    let (subject, id) = match (removal.first, removal.second) {
        (Some(user), Some(id)) => (Subject::User(user), Some(id)),
        (id, _) => (Subject::Oneself, id),
    };
    let status = client.status(&subject)?;
    let factor = choose(&status, id.as_deref())?;
    let user = escape::line(&status.user);
    let name = factors::named(factor);
    if !removal.yes {
        around.prompt.tell(&plan(&status, &user, &name))?;
        confirm(&mut *around.prompt, "Remove it?")?;
    }
    match &subject {
        Subject::Oneself => {
            let question = "Verification code of any factor of yours";
            with_fresh_code(question, &status, client, around, |client, code| {
                client.remove_own_factor(&factor.id, code)
            })?;
        }
        Subject::User(named) => client.remove_factor(named, &factor.id)?,
    }
    around.print(&format!("Done. {user} no longer has the factor {name}.\n"))
}

/// The factor that is meant; only what the record holds is sent on.
fn choose<'a>(status: &'a UserStatus, id: Option<&str>) -> Result<&'a FactorInfo, Failure> {
    let user = &status.user;
    match (id, status.factors.as_slice()) {
        (_, []) => Err(Failure::refused(format!(
            "{user} has no second factor, so there is none to remove."
        ))),
        (None, [only]) => Ok(only),
        (None, several) => Err(Failure::refused(format!(
            "{user} has {}, so the id of one is needed: {}.",
            count(several.len(), "factor"),
            ids(several)
        ))),
        (Some(id), some) => some.iter().find(|factor| factor.id.eq_ignore_ascii_case(id)).ok_or_else(|| {
            Failure::refused(format!(
                "{user} has no factor with the id '{id}', only {}. For another user's factor give \
                 both: twinlock factor remove USER ID.",
                ids(some)
            ))
        }),
    }
}

fn ids(factors: &[FactorInfo]) -> String {
    factors.iter().map(|factor| factor.id.as_str()).collect::<Vec<_>>().join(", ")
}

fn plan(status: &UserStatus, user: &str, name: &str) -> String {
    let last = if status.factors.len() == 1 {
        " It is the last one: where the policy demands a second factor, the next login may be \
         refused."
    } else {
        ""
    };
    format!("This removes a factor of {user}: {name}.{last}")
}
