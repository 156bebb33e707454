//! `report` on a terminal: a line for each user, and the sums.

use twinlock_bus_api::policy::Exemption;

use super::table::table;
use super::{View, count};
use crate::escape;
use crate::report::{Person, Report, person};

/// What `report` prints.
pub fn text(report: &Report, view: &View) -> String {
    let rows: Vec<[String; 7]> = report.people.iter().map(row).collect();
    if rows.is_empty() {
        let nobody = "Nobody has a record, and nobody may log in.\n".to_owned();
        return [nobody, policy(&report.policy), sums(report)].concat();
    }
    let heading = ["USER", "STATE", "METHODS", "ENROLLED", "LAST USED", "TRUSTED", "NOTES"];
    let users = table(heading, &rows, view.palette, |column, cell| {
        if column == 1 { view.palette.state(cell, cell) } else { cell.to_owned() }
    });
    [warning(report, view), users, policy(&report.policy), sums(report)].concat()
}

fn row(person: &Person) -> [String; 7] {
    let if_enrolled = |at| if person.enrolled { person::day(at) } else { "-".to_owned() };
    [
        escape::line(&person.user),
        escape::line(&person.state),
        if person.methods.is_empty() { "-".to_owned() } else { person.methods.join(",") },
        if_enrolled(person.enrolled_since),
        if_enrolled(person.last_used_at),
        person.trusted_hosts.to_string(),
        escape::line(&person.notes().join("; ")),
    ]
}

fn warning(report: &Report, view: &View) -> String {
    if !report.only_observes() {
        return String::new();
    }
    let warning = "The policy only observes (mode = \"observe\"): nobody is asked for a second factor, \
                   and nobody is refused.";
    view.palette.warning(warning) + "\n\n"
}

fn policy(rules: &[Exemption]) -> String {
    if rules.is_empty() {
        return "\nThe policy exempts no network, profile or level.\n".to_owned();
    }
    let lines = rules.iter().map(|rule| {
        let Exemption { rule, name, whom, asks, place } = rule;
        let place = place.as_ref().map(|place| format!("; {place}")).unwrap_or_default();
        format!("  {}\n", escape::line(&format!("{rule} {name} ({whom}): asks {asks}{place}")))
    });
    format!("\nThe policy asks less of some:\n{}", lines.collect::<String>())
}

fn sums(report: &Report) -> String {
    let totals = report.totals();
    let logins = report.logins.total();
    format!(
        "\n{} of {} enrolled, {} still to enrol, {} let in without a second factor now, {} locked; {}, {}.\n\
         Logins since {}: {} with a code, {} trusted after an earlier one, {} with a bypass code, {} \
         without a second factor, {} refused.\n",
        totals.enrolled,
        count(totals.users, "user"),
        totals.pending,
        totals.exempt,
        totals.locked,
        count(totals.bypasses, "bypass code"),
        count(totals.trusted_hosts, "trusted host"),
        report.since,
        logins.code,
        logins.trusted,
        logins.bypass,
        logins.without,
        logins.refused,
    )
}
