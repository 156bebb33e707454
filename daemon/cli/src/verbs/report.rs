//! `twinlock report`: who has a second factor, since when, who has none and why, and how logins went.

use std::collections::BTreeMap;
use std::path::PathBuf;

use jiff::Timestamp;
use twinlock_bus_api::account::UserStatus;
use twinlock_bus_api::history::{DamagedDay, LogFilter};
use twinlock_bus_api::policy::{Exemption, IN_FORCE};

use super::log::When;
use crate::client::Client;
use crate::escape;
use crate::failure::Failure;
use crate::render::{self, count, json, rfc3339};
use crate::report::{Logins, Person, Report, csv, file, html};
use crate::surroundings::Surroundings;

/// Users in one call, as of `user list`.
const AT_ONCE: usize = 250;

const JSON_REPORT: &str = "JSON: {host, made, since, mode: enforce|observe, users: [{user, uid, state: \
                           enrolled|pending|unenrolled|locked|mismatch|unreadable, enrolled, \
                           in_user_database, second_factor: off|voluntary|enrolled|required|always, \
                           methods: [totp|hotp|email|sms|recovery], enrolled_since, last_used_at, \
                           recovery_codes, trusted_hosts, failures, deadline, exemptions: [text], \
                           bypasses: [{id, since, until, uses_left, from, reason, by}], problem}], \
                           policy: [{rule: network|profile|level, name, whom, asks, place}], logins: \
                           {DAY: {code, trusted, bypass, without, refused}}, damaged: [{day, blocks, \
                           problem}]}, where damaged are the days of whose log a part cannot be \
                           read. Times are RFC 3339 and days are of UTC; what is not known is null.";

/// Tell an auditor who has a second factor, who has none and why (administrators only)
///
/// Everyone who has a record or may log in: since when they are enrolled, when a factor was last used,
/// why they are let in without one, bypass codes that can be used; what the policy exempts; and logins by
/// outcome. No secret and no code is in it. Exits with 1 if somebody's record, or a part
/// of the log, cannot be read.
#[derive(clap::Args)]
#[command(after_long_help = JSON_REPORT)]
pub struct Args {
    /// Print JSON
    #[arg(long)]
    json: bool,

    /// Print CSV, a line for each user
    #[arg(long, conflicts_with = "json")]
    csv: bool,

    /// Write a page with plots that needs no network; an earlier one is replaced
    #[arg(long, value_name = "FILE", conflicts_with_all = ["json", "csv"])]
    html: Option<PathBuf>,

    /// Count logins from then on: 30d, 2026-11-21; at most as far back as [audit] keep
    #[arg(long, value_name = "TIME", default_value = "30d")]
    since: When,
}

/// Gathers, and shows it in one form.
///
/// # Errors
/// [`Failure`]; after what could be told, where a record or a part of the log cannot be read.
pub fn run(args: &Args, client: &mut Client, around: &mut Surroundings) -> Result<(), Failure> {
    if let Some(file) = &args.html {
        file::check(file)?;
    }
    let report = gather(args, client, around)?;
    if args.json {
        around.print_bytes(&json::line(&json::Report::from(&report))?)?;
    } else if args.csv {
        around.print(&csv::people(&report))?;
    } else if let Some(file) = &args.html {
        file::write(file, &html::page(&report))?;
        around.print(&format!(
            "The report is in {}: {}.\n",
            escape::line(&file.display().to_string()),
            count(report.people.len(), "user")
        ))?;
    } else {
        around.print(&render::report::text(&report, &around.view))?;
    }
    match report.missing().as_slice() {
        [] => Ok(()),
        missing => Err(Failure::refused(format!(
            "The report is not complete: {}. The reason stands beside each.",
            missing.join("; ")
        ))),
    }
}

fn gather(args: &Args, client: &mut Client, around: &mut Surroundings) -> Result<Report, Failure> {
    let made = around.view.now;
    let from = args.since.seconds(made, &around.view.zone);
    let since = i64::try_from(from).ok().and_then(|at| Timestamp::from_second(at).ok());
    let since = since.unwrap_or(made);
    let (mode, people) = people(client, around)?;
    let mut logins = Logins::between(since, made);
    let damaged = count_logins(from, &mut logins, client)?;
    super::warn_of_damage(&damaged, around)?;
    let policy = policy(client, around)?;
    let host = around.host.clone();
    Ok(Report { host, made, since, mode, people, policy, logins, damaged })
}

/// What the policy in force exempts; a warning where the files say something else.
fn policy(client: &mut Client, around: &mut Surroundings) -> Result<Vec<Exemption>, Failure> {
    let status = client.configuration_status()?;
    if status.files != IN_FORCE {
        let since = rfc3339(status.read_at).unwrap_or_default();
        super::warn(
            around,
            &format!(
                "What the policy exempts is told as in force since {since}; the configuration files were \
                 edited after that. 'twinlock doctor' tells more."
            ),
        )?;
    }
    Ok(status.exemptions)
}

/// Goes through the log page by page; of which days a part cannot be read.
fn count_logins(
    since: u64,
    logins: &mut Logins,
    client: &mut Client,
) -> Result<Vec<DamagedDay>, Failure> {
    let mut damaged = Vec::new();
    let mut filter = LogFilter { since: Some(since), ..LogFilter::default() };
    loop {
        client.progress().show("Reading the log...");
        let page = client.log(&filter)?;
        page.events.iter().for_each(|event| logins.count(event));
        damaged.extend(page.damaged);
        let goes_on = !page.next.is_empty() && filter.after.as_ref() != Some(&page.next);
        if !page.is_cut || !goes_on {
            client.progress().clear();
            return Ok(damaged);
        }
        filter.after = Some(page.next);
    }
}

/// Everyone who has a record, and everyone who may log in; and the mode of the policy.
fn people(
    client: &mut Client,
    around: &mut Surroundings,
) -> Result<(Option<String>, Vec<Person>), Failure> {
    let now = around.view.now;
    let (recorded, damaged) = client.list_users()?;
    let recorded: BTreeMap<String, UserStatus> =
        recorded.into_iter().map(|status| (status.user.clone(), status)).collect();
    // Whom the user database does not have any more is told of by the record alone.
    let mut everyone: BTreeMap<String, Person> = recorded
        .iter()
        .map(|(user, status)| (user.clone(), Person::new(status, false, now)))
        .collect();
    let unreadable = damaged.iter().map(|it| (it.user.clone(), Person::unreadable(it, None)));
    everyone.extend(unreadable);
    let listed = (around.people)()?;
    if listed.unread > 0 {
        let lines = count(listed.unread, "line");
        super::warn(around, &format!("The user database has {lines} that cannot be read."))?;
    }
    let mut names: Vec<String> = recorded.keys().cloned().collect();
    names.extend(listed.names.into_iter().filter(|name| !everyone.contains_key(name)));
    let mut mode = None;
    for (done, some) in names.chunks(AT_ONCE).enumerate() {
        client.progress().looked_at(done * AT_ONCE, names.len());
        let some: Vec<&str> = some.iter().map(String::as_str).collect();
        let (statuses, problems) = client.statuses(&some)?;
        mode = mode.or_else(|| statuses.first().and_then(|status| status.mode.clone()));
        for status in statuses {
            everyone.insert(status.user.clone(), Person::new(&status, true, now));
        }
        for problem in problems {
            let person = Person::unreadable(&problem, recorded.get(&problem.user));
            everyone.insert(problem.user.clone(), person);
        }
    }
    client.progress().clear();
    Ok((mode, everyone.into_values().collect()))
}
