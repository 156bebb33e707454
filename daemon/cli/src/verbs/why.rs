//! `twinlock why`: what stands behind a reference.

use serde::Serialize;

use super::{check_readable, warn_of_damage};
use crate::client::Client;
use crate::failure::Failure;
use crate::render::{history, json};
use crate::surroundings::Surroundings;

const JSON_WHY: &str = "JSON: {reference, events: [{time, event, user, by, service, source, \
                        requester, tty, cause, reference, named, meaning, advice, line}], damaged: \
                        [{day, blocks, problem}]}: the events of the login, in order; named are \
                        those with the reference; damaged is its day if a part of it cannot be \
                        read.";

/// Explain what a reference stands for, and what to do (administrators only)
#[derive(clap::Args)]
#[command(after_long_help = JSON_WHY)]
pub struct Args {
    /// The reference that the person was told, 7F3KQ2 for one
    reference: String,

    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Why<'a> {
    reference: &'a str,
    events: Vec<history::Explained<'a>>,
    damaged: Vec<history::Damage<'a>>,
}

/// Looks the reference up and explains it.
///
/// # Errors
/// [`Failure`]: nothing has it; or a part of its day cannot be read, after what can.
pub fn run(args: &Args, client: &mut Client, around: &mut Surroundings) -> Result<(), Failure> {
    let (login, damaged) = client.find(&args.reference)?;
    warn_of_damage(&damaged, around)?;
    let Some(named) = login.iter().find(|event| event.is_named == Some(true)) else {
        return Err(Failure::refused(format!(
            "No event{} has the reference {}. Ask for it again, or look in the system log: events \
             are kept for as long as '[audit] keep' says.",
            if damaged.is_empty() { "" } else { " that can be read" },
            args.reference
        )));
    };
    if args.json {
        let reference = named.reference.as_deref().unwrap_or_default();
        let events = login.iter().map(history::Explained::from).collect();
        let days = damaged.iter().map(history::Damage::from).collect();
        around.print_bytes(&json::line(&Why { reference, events, damaged: days })?)?;
    } else {
        around.print(&history::explanation(&login, &around.view))?;
    }
    check_readable("The explanation may not be", &damaged)
}
