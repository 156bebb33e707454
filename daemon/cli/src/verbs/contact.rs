//! `twinlock contact show|set`: where a user can be reached.
//!
//! ```text
//! oneself:        fresh code ─► SetContact ─► a message ─► its code ─► ConfirmContact
//! administrator:                SetContact, which counts at once
//! ```

use clap::Subcommand;
use twinlock_bus_api::error::Error;

use crate::client::{CallError, Client, Confirmed, Subject};
use crate::escape;
use crate::failure::Failure;
use crate::prompt::confirm;
use crate::render::{contacts, json};
use crate::secret::Secret;
use crate::surroundings::Surroundings;

use super::fresh_code::with_fresh_code;
use super::{TRIES, check_code};

const JSON_CONTACTS: &str = "JSON: [{method: email|sms, address, vouched: administrator|user, \
                             since, last_used_at}]. Times are RFC 3339 in UTC, or null.";

/// Show or set where a user can be reached
#[derive(clap::Args)]
pub struct Args {
    /// What to do.
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
enum Action {
    /// Show the contacts of a user; your own are masked
    #[command(after_long_help = JSON_CONTACTS)]
    Show {
        /// Whose (administrators only); your own where it is left out
        user: Option<String>,

        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Set a contact, or take it away with an empty value
    ///
    /// For yourself it takes a fresh code, and then the code that is sent to the new contact, which
    /// counts from then on; one contact at a time. What an administrator sets counts at once. The
    /// old contact and the new one are told, and hosts that were trusted are trusted no longer.
    Set(Setting),
}

#[derive(clap::Args)]
struct Setting {
    /// Whose (administrators only); your own where it is left out
    user: Option<String>,

    /// The e-mail address
    #[arg(long, value_name = "ADDRESS", required_unless_present = "mobile")]
    email: Option<String>,

    /// The mobile number with its country code, like +14155550123
    #[arg(long, value_name = "NUMBER", required_unless_present = "email")]
    mobile: Option<String>,

    /// Do not ask whether to go ahead, where a contact is taken away
    #[arg(long)]
    yes: bool,
}

/// Shows or sets.
///
/// # Errors
/// [`Failure`].
pub fn run(args: Args, client: &mut Client, around: &mut Surroundings) -> Result<(), Failure> {
    match args.action {
        Action::Show { user, json } => show(user, json, client, around),
        Action::Set(setting) => set(setting, client, around),
    }
}

fn show(
    user: Option<String>,
    json: bool,
    client: &mut Client,
    around: &mut Surroundings,
) -> Result<(), Failure> {
    let status = client.status(&Subject::from(user))?;
    if json {
        let contacts = status.contacts.as_deref().unwrap_or_default();
        around.print_bytes(&json::line(&json::contacts(contacts))?)
    } else {
        around.print(&contacts::list(&status, &around.view))
    }
}

fn set(args: Setting, client: &mut Client, around: &mut Surroundings) -> Result<(), Failure> {
    let wanted: Vec<(&str, String)> = [("email", args.email), ("sms", args.mobile)]
        .into_iter()
        .filter_map(|(method, address)| Some((method, address?)))
        .collect();
    if args.user.is_none() && wanted.len() > 1 {
        return Err(Failure::refused(
            "Set one contact at a time: each is proved with a code of its own.",
        ));
    }
    let subject = Subject::from(args.user);
    for (method, address) in &wanted {
        if address.trim().is_empty() && !args.yes {
            let status = client.status(&subject)?;
            around.prompt.tell(&format!(
                "This takes the {} of {} away: no message goes there any more, and no code.",
                contacts::name(method),
                escape::line(&status.user)
            ))?;
            confirm(&mut *around.prompt, "Go ahead?")?;
        }
        match &subject {
            Subject::User(user) => {
                let is_changed = client.set_contact(user, method, address)?;
                around.print(&contacts::set(user, method, address, is_changed))?;
            }
            Subject::Oneself => match set_own(method, address, client, around)? {
                Some(confirmed) => around.print(contacts::proved(method, &confirmed).expose())?,
                None => around.print(&contacts::taken_away(method))?,
            },
        }
    }
    Ok(())
}

/// `twinlock enroll` with a method that sends codes.
pub(super) struct Enrolment {
    /// Whose; one's own where there is none.
    pub(super) user: Option<String>,
    /// The address or number.
    pub(super) address: Option<String>,
    /// Whether JSON is printed.
    pub(super) json: bool,
}

/// Sets a contact so that codes can be sent there.
///
/// # Errors
/// [`Failure`]: it was not set.
pub(super) fn enroll(
    method: &str,
    args: Enrolment,
    client: &mut Client,
    around: &mut Surroundings,
) -> Result<(), Failure> {
    let address = match args.address {
        Some(address) => address,
        None => around.prompt.ask(contacts::question(method))?.expose().to_owned(),
    };
    if address.trim().is_empty() {
        return Err(Failure::refused("No address was given. Add '--address ADDRESS'."));
    }
    let subject = Subject::from(args.user);
    let user = client.status(&subject)?.user;
    let Subject::User(named) = &subject else {
        let Some(confirmed) = set_own(method, &address, client, around)? else { return Ok(()) };
        if !args.json {
            return around.print(contacts::proved(method, &confirmed).expose());
        }
        let recovery_codes = confirmed.recovery_codes.iter().map(Secret::expose).collect();
        let address = &confirmed.address;
        let enrolled =
            json::EnrolledContact { user: &user, factor: method, address, recovery_codes };
        return around.print_bytes(&json::line(&enrolled)?);
    };
    let is_changed = client.set_contact(named, method, &address)?;
    if !args.json {
        return around.print(&contacts::set(named, method, &address, is_changed));
    }
    let address = address.trim();
    let recovery_codes = Vec::new();
    let enrolled = json::EnrolledContact { user: &user, factor: method, address, recovery_codes };
    around.print_bytes(&json::line(&enrolled)?)
}

/// One's own word; what was proved, unless it was taken away.
fn set_own(
    method: &str,
    address: &str,
    client: &mut Client,
    around: &mut Surroundings,
) -> Result<Option<Confirmed>, Failure> {
    let status = client.status(&Subject::Oneself)?;
    let name = contacts::name(method);
    let (proof, to) =
        with_fresh_code("Verification code", &status, client, around, |client, code| {
            client.offer_contact(method, address, code)
        })?;
    if proof == 0 {
        return Ok(None);
    }
    let to = escape::line(&to);
    around.prompt.tell(&format!(
        "A code is on its way to {to}: it proves that this {name} is yours. It is good for 10 \
         minutes."
    ))?;
    prove(proof, name, client, around).map(Some)
}

fn prove(
    proof: u64,
    name: &str,
    client: &mut Client,
    around: &mut Surroundings,
) -> Result<Confirmed, Failure> {
    let mut left = TRIES;
    loop {
        left -= 1;
        let code = around.prompt.ask("Code of the message: ")?;
        let sentence = match check_code(&code) {
            Err(_) => "That is no code. Type the six digits of the message.".to_owned(),
            Ok(()) => match client.confirm_contact(proof, &code) {
                Err(error @ CallError::Refused(Error::WrongCode(_))) => {
                    escape::line(&error.sentence())
                }
                other => return Ok(other?),
            },
        };
        if left == 0 || !around.prompt.is_interactive() {
            return Err(Failure::refused(format!("{sentence} The {name} stays as it was.")));
        }
        around.prompt.tell(&sentence)?;
    }
}
