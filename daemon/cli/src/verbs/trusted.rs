//! `twinlock trusted list|clear`: the hosts from which a user is asked for no code.

use clap::Subcommand;
use twinlock_bus_api::account::UserStatus;
use twinlock_bus_api::error::Error;

use crate::client::{CallError, Client, Subject};
use crate::escape;
use crate::failure::Failure;
use crate::prompt::confirm;
use crate::render::trusted::{self, Cleared};
use crate::render::{count, json};
use crate::surroundings::Surroundings;

/// Users in one call, as the daemon takes them.
const AT_ONCE: usize = 250;

const JSON_HOSTS: &str = "JSON: [{id, address, key, since, until, last_used_at}]. A host is known \
                          by its address, by its key, or by both. Times are RFC 3339 in UTC, or \
                          null.";

const JSON_CLEARED: &str = "JSON: [{user, done, cleared, text}], where cleared says how many hosts \
                            were trusted, and text why they still are.";

/// List or clear trusted hosts, from which no code is asked for a while
#[derive(clap::Args)]
pub struct Args {
    /// What to do.
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
enum Action {
    /// List the hosts that a user trusts
    #[command(after_long_help = JSON_HOSTS)]
    List {
        /// Whose (administrators only); your own where it is left out
        user: Option<String>,

        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Trust hosts no longer: the next login from there asks for a code
    ///
    /// It takes no code, because it only takes trust away.
    #[command(after_long_help = JSON_CLEARED)]
    Clear(Clearing),
}

#[derive(clap::Args)]
struct Clearing {
    /// Whose (administrators only); your own where it is left out
    user: Option<String>,

    /// Only this host, as 'twinlock trusted list' shows it; all of them where it is left out
    #[arg(long, value_name = "ID", conflicts_with_all = ["group", "all"])]
    host: Option<String>,

    /// Those of every member of a group (administrators only)
    #[arg(long, value_name = "GROUP", conflicts_with_all = ["user", "all"])]
    group: Option<String>,

    /// Those of every user who has a record (administrators only)
    #[arg(long, conflicts_with = "user")]
    all: bool,

    /// Do not ask whether to go ahead
    #[arg(long)]
    yes: bool,

    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Lists or clears.
///
/// # Errors
/// [`Failure`]: not every host that was meant was cleared.
pub fn run(args: Args, client: &mut Client, around: &mut Surroundings) -> Result<(), Failure> {
    match args.action {
        Action::List { user, json } => list(user, json, client, around),
        Action::Clear(clearing) => clear(clearing, client, around),
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
        let hosts = status.trusted_hosts.as_deref().unwrap_or_default();
        around.print_bytes(&json::line(&json::trusted_hosts(hosts))?)
    } else {
        around.print(&trusted::list(&status, &around.view))
    }
}

fn clear(args: Clearing, client: &mut Client, around: &mut Surroundings) -> Result<(), Failure> {
    let (subjects, statuses) = whom(&args, client, around)?;
    if !args.yes {
        let plan = match &args.host {
            Some(host) => one_host(&statuses, host)?,
            None => trusted::plan(&statuses),
        };
        around.prompt.tell(&plan)?;
        confirm(&mut *around.prompt, "Go ahead?")?;
    }
    let host = args.host.as_deref().unwrap_or_default();
    let (cleared, end) = clear_all(&subjects, &statuses, host, client);
    let is_bulk = args.all || args.group.is_some();
    report(&cleared, args.json, is_bulk, around)?;
    conclude(&cleared, end, subjects.len())
}

/// Who is meant, and what stands of them; of some nothing may be known.
fn whom(
    args: &Clearing,
    client: &mut Client,
    around: &Surroundings,
) -> Result<(Vec<Subject>, Vec<UserStatus>), Failure> {
    if args.all {
        // Whose record cannot be read is tried too, and named as one who was not cleared.
        let (statuses, untold) = client.list_users()?;
        let untold = untold.into_iter().map(|problem| Subject::User(problem.user));
        let told = statuses.iter().map(|status| Subject::User(status.user.clone()));
        let everyone = told.chain(untold).collect();
        return Ok((everyone, statuses));
    }
    let Some(group) = &args.group else {
        let subject = Subject::from(args.user.clone());
        let status = client.status(&subject)?;
        return Ok((vec![subject], vec![status]));
    };
    let members = (around.members)(group)?;
    let mut statuses = Vec::with_capacity(members.len());
    for some in members.chunks(AT_ONCE) {
        let some: Vec<&str> = some.iter().map(String::as_str).collect();
        statuses.extend(client.statuses(&some)?.0);
    }
    Ok((members.into_iter().map(Subject::User).collect(), statuses))
}

fn one_host(statuses: &[UserStatus], id: &str) -> Result<String, Failure> {
    let hosts = statuses.iter().flat_map(|status| status.trusted_hosts.iter().flatten());
    let found = hosts.clone().find(|host| host.id.eq_ignore_ascii_case(id));
    let user = statuses.first().map(|status| status.user.as_str()).unwrap_or_default();
    match found {
        Some(host) => Ok(format!(
            "This takes trust away from a host of {}: {}.",
            escape::line(user),
            trusted::named(host)
        )),
        None => Err(Failure::refused(format!(
            "{user} trusts no host with the id '{id}'; 'twinlock trusted list' shows them."
        ))),
    }
}

/// Clears each user in a call of its own, so that an end in the middle leaves no doubt about the
/// others.
fn clear_all(
    subjects: &[Subject],
    statuses: &[UserStatus],
    host: &str,
    client: &mut Client,
) -> (Vec<Cleared>, Option<CallError>) {
    let mut all = Vec::with_capacity(subjects.len());
    for (position, subject) in subjects.iter().enumerate() {
        let user = match subject {
            Subject::User(user) => user.clone(),
            Subject::Oneself => {
                statuses.first().map(|status| status.user.clone()).unwrap_or_default()
            }
        };
        client.progress().turn("Clearing", position, subjects.len(), &user);
        match client.clear_trusted(subject, host) {
            Ok(hosts) => all.push(Cleared { user, hosts: Ok(hosts) }),
            Err(end @ (CallError::Unreachable(_) | CallError::Interrupted))
            | Err(end @ CallError::Refused(Error::NotAuthorized(_))) => {
                client.progress().clear();
                return (all, Some(end));
            }
            Err(error) => all.push(Cleared { user, hosts: Err(error.sentence()) }),
        }
    }
    client.progress().clear();
    (all, None)
}

/// Of many, those who trusted no host are in the count alone.
fn report(
    all: &[Cleared],
    json: bool,
    is_bulk: bool,
    around: &mut Surroundings,
) -> Result<(), Failure> {
    if json {
        let all: Vec<_> = all.iter().map(json::Cleared::from).collect();
        return around.print_bytes(&json::line(&all)?);
    }
    for cleared in all.iter().filter(|cleared| !is_bulk || cleared.hosts != Ok(0)) {
        around.print(&trusted::outcome(cleared, around.view.palette))?;
    }
    if is_bulk {
        around.print(&trusted::summary(all))?;
    }
    Ok(())
}

/// The sentence and exit code for what was not done.
fn conclude(all: &[Cleared], end: Option<CallError>, meant: usize) -> Result<(), Failure> {
    if let Some(end) = end {
        let rest = match meant - all.len() {
            1 if meant == 1 => String::new(),
            rest => format!(" Of {} {rest} were not cleared.", count(meant, "user")),
        };
        let sentence = end.sentence() + &rest;
        return Err(match end {
            CallError::Unreachable(_) => Failure::unreachable(sentence),
            _ => Failure::refused(sentence),
        });
    }
    let undone: Vec<&str> =
        all.iter().filter(|cleared| cleared.hosts.is_err()).map(|cleared| &*cleared.user).collect();
    match undone.as_slice() {
        [] => Ok(()),
        [one] => Err(Failure::refused(format!(
            "The trusted hosts of {one} were not cleared. The reason stands beside the name."
        ))),
        several => Err(Failure::refused(format!(
            "The trusted hosts of {} were not cleared: {}. The reason stands beside each.",
            count(several.len(), "user"),
            several.join(", ")
        ))),
    }
}
