//! `twinlock import`: second factors of other programs.

use std::path::PathBuf;

use clap::Subcommand;
use twinlock_bus_api::error::Error;

use crate::client::{CallError, Client};
use crate::escape;
use crate::failure::Failure;
use crate::import::plan::{Standing, Verdict, request};
use crate::import::{Findings, gather};
use crate::prompt::confirm;
use crate::render::import::{Ending, Json, Row};
use crate::render::{count, import, json};
use crate::surroundings::Surroundings;

/// Users in one question to the daemon.
const AT_ONCE: usize = 250;

const JSON_IMPORT: &str = "JSON: {dry_run, users: [{user, from, factors: [{method: totp|hotp, \
                           digits, period_seconds}], scratch_codes, result: \
                           imported|not-imported|skipped|refused|failed, text, not_taken}], \
                           broken: [{file, line, text}]}.";

/// Take over the second factors of another program (administrators only)
///
/// The table says what is taken and what is not before anything is done. A user's factors are taken
/// together or not at all, and a file with a broken line, or that others than its owner can read or
/// write, is refused as a whole. Users that this host does not know, and those who have a factor
/// already, are skipped.
#[derive(clap::Args)]
pub struct Args {
    /// Which program.
    #[command(subcommand)]
    program: Program,
}

#[derive(Subcommand)]
enum Program {
    /// From files of google-authenticator-libpam
    ///
    /// The owner of a file is the user. Scratch codes go on working, each once.
    #[command(after_long_help = JSON_IMPORT)]
    GoogleAuthenticator {
        /// A file, a home directory with a .google_authenticator in it, or a directory of such
        #[arg(required = true, value_name = "PATH")]
        paths: Vec<PathBuf>,

        #[command(flatten)]
        how: How,
    },
    /// From users.oath of pam_oath (OATH Toolkit): apps, and tokens that count
    ///
    /// The PIN of a line is not taken over.
    #[command(after_long_help = JSON_IMPORT)]
    Oath {
        /// A users.oath
        #[arg(required = true, value_name = "PATH")]
        paths: Vec<PathBuf>,

        #[command(flatten)]
        how: How,
    },
}

#[derive(clap::Args)]
struct How {
    /// Say what would be done, and do nothing
    #[arg(long)]
    dry_run: bool,

    /// Take the place of the factors and recovery codes that users have, and of trust in hosts
    #[arg(long)]
    replace: bool,

    /// Do not ask whether to go ahead
    #[arg(long)]
    yes: bool,

    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Reads, shows what would be done, asks, and takes over one user after the other.
///
/// # Errors
/// [`Failure`]: something was broken, refused, or not reached.
pub fn run(args: Args, client: &mut Client, around: &mut Surroundings) -> Result<(), Failure> {
    let (origin, how, found) = match args.program {
        Program::GoogleAuthenticator { paths, how } => {
            let found = gather::google_authenticator(&paths, &*around.names)?;
            ("google-authenticator", how, found)
        }
        Program::Oath { paths, how } => ("oath", how, gather::users_oath(&paths, around.uid)),
    };
    let verdicts = judge(&found, how.replace, client)?;
    let mut endings = vec![Ending::Untried; verdicts.len()];
    let due = verdicts.iter().filter(|verdict| verdict.goes_ahead()).count();
    if !how.json {
        around.print(&import::plan(
            &rows(&found, &verdicts),
            &found.broken,
            around.view.palette,
        ))?;
    }
    let mut end = None;
    if due > 0 && !how.dry_run {
        if !how.yes {
            confirm(&mut *around.prompt, &format!("Import {}?", count(due, "user")))?;
        }
        end = take(&found, &verdicts, &mut endings, origin, how.replace, client);
    }
    report(&how, &found, &verdicts, &endings, around)?;
    conclude(&found, &verdicts, &endings, end)
}

fn rows<'a>(found: &'a Findings, verdicts: &'a [Verdict]) -> Vec<Row<'a>> {
    let both = found.accounts.iter().zip(verdicts);
    both.map(|(account, verdict)| Row { account, verdict }).collect()
}

/// What becomes of each user, by what the daemon says of them.
fn judge(found: &Findings, replace: bool, client: &mut Client) -> Result<Vec<Verdict>, Failure> {
    let mut standing = Standing::default();
    let names: Vec<&str> = found.accounts.iter().map(|account| account.user.as_str()).collect();
    for (done, some) in names.chunks(AT_ONCE).enumerate() {
        if names.len() > AT_ONCE {
            client.progress().looked_at(done * AT_ONCE, names.len());
        }
        let (statuses, problems) = client.statuses(some)?;
        let statuses = statuses.into_iter().map(|status| (status.user.clone(), status));
        standing.statuses.extend(statuses);
        standing.problems.extend(problems.into_iter().map(|one| (one.user, one.text)));
    }
    client.progress().clear();
    let verdict = |account| Verdict::of(account, &standing, replace);
    Ok(found.accounts.iter().map(verdict).collect())
}

/// Takes over one user after the other, each in a call of its own. What cannot be reached, and who
/// may not, is not tried again.
fn take(
    found: &Findings,
    verdicts: &[Verdict],
    endings: &mut [Ending],
    origin: &str,
    replace: bool,
    client: &mut Client,
) -> Option<CallError> {
    let all = verdicts.iter().filter(|verdict| verdict.goes_ahead()).count();
    let due = found.accounts.iter().zip(verdicts).zip(endings);
    let due = due.filter(|((_, verdict), _)| verdict.goes_ahead());
    for (position, ((account, _), ending)) in due.enumerate() {
        client.progress().turn("Importing", position, all, &account.user);
        match client.import_factors(&account.user, request(account, origin, replace)) {
            Ok(()) => *ending = Ending::Imported,
            Err(
                end @ (CallError::Unreachable(_)
                | CallError::Interrupted
                | CallError::Refused(Error::NotAuthorized(_))),
            ) => {
                client.progress().clear();
                return Some(end);
            }
            Err(error) => *ending = Ending::Failed(error.sentence()),
        }
    }
    client.progress().clear();
    None
}

fn report(
    how: &How,
    found: &Findings,
    verdicts: &[Verdict],
    endings: &[Ending],
    around: &mut Surroundings,
) -> Result<(), Failure> {
    if how.json {
        let rows: Vec<_> = rows(found, verdicts).into_iter().zip(endings).collect();
        let json = Json::new(how.dry_run, &rows, &found.broken);
        return around.print_bytes(&json::line(&json)?);
    }
    if how.dry_run {
        return around.print("\nNothing was changed.\n");
    }
    for (account, ending) in found.accounts.iter().zip(endings) {
        if let Ending::Failed(why) = ending {
            let (user, why) = (escape::line(&account.user), escape::line(why));
            around.print(&format!("{user}: {} {why}\n", around.view.palette.bad("failed:")))?;
        }
    }
    let imported = endings.iter().filter(|ending| **ending == Ending::Imported).count();
    around.print(&format!("\n{}", import::summary(imported, endings.len())))
}

/// The sentence and exit code for what cannot be imported. Who was skipped is not amiss: an import
/// that ended half-way is run again.
fn conclude(
    found: &Findings,
    verdicts: &[Verdict],
    endings: &[Ending],
    end: Option<CallError>,
) -> Result<(), Failure> {
    if let Some(end) = end {
        let imported = endings.iter().filter(|ending| **ending == Ending::Imported).count();
        let done = format!("{} imported before that.", count(imported, "user"));
        let sentence = format!("{} {done}", end.sentence());
        return Err(if end.is_answer() {
            Failure::refused(sentence)
        } else {
            Failure::unreachable(sentence)
        });
    }
    let mut amiss = Vec::new();
    if !found.broken.is_empty() {
        let mut files: Vec<_> = found.broken.iter().map(|broken| &broken.file).collect();
        files.dedup();
        amiss.push(count(files.len(), "file"));
    }
    let refused = verdicts.iter().filter(|verdict| matches!(verdict, Verdict::Refuse(_))).count();
    let failed = endings.iter().filter(|ending| matches!(ending, Ending::Failed(_))).count();
    if refused + failed > 0 {
        amiss.push(count(refused + failed, "user"));
    }
    if amiss.is_empty() {
        return Ok(());
    }
    Err(Failure::refused(format!(
        "{} cannot be imported. The reason stands beside each; mend it and run this again.",
        amiss.join(" and ")
    )))
}
