//! CSV (RFC 4180) that a spreadsheet takes for text.

use super::{Person, Report, person::bypass};
use crate::render::rfc3339;

const COLUMNS: [&str; 16] = [
    "user",
    "uid",
    "state",
    "enrolled",
    "in_user_database",
    "second_factor",
    "methods",
    "enrolled_since",
    "last_used_at",
    "recovery_codes",
    "trusted_hosts",
    "wrong_codes",
    "deadline",
    "exemptions",
    "bypasses",
    "problem",
];

/// A line for each user, under a line of names.
pub fn people(report: &Report) -> String {
    let lines = report.people.iter().map(|person| line(&row(person)));
    std::iter::once(line(&COLUMNS.map(str::to_owned))).chain(lines).collect()
}

fn line(cells: &[String]) -> String {
    let cells: Vec<_> = cells.iter().map(|cell| field(cell)).collect();
    cells.join(",") + "\r\n"
}

fn row(person: &Person) -> [String; 16] {
    let time = |at: Option<u64>| at.and_then(rfc3339).unwrap_or_default();
    let bypasses: Vec<_> = person.bypasses.iter().map(bypass).collect();
    [
        person.user.clone(),
        person.uid.map(|uid| uid.to_string()).unwrap_or_default(),
        person.state.clone(),
        yes_or_no(person.enrolled),
        if person.problem.is_none() { yes_or_no(person.known) } else { String::new() },
        person.second_factor.clone().unwrap_or_default(),
        person.methods.join("; "),
        time(person.enrolled_since),
        time(person.last_used_at),
        person.recovery_codes.to_string(),
        person.trusted_hosts.to_string(),
        person.failures.to_string(),
        time(person.deadline),
        person.exemptions.join("; "),
        bypasses.join("; "),
        person.problem.clone().unwrap_or_default(),
    ]
}

fn yes_or_no(is_so: bool) -> String {
    if is_so { "yes" } else { "no" }.to_owned()
}

/// In quotes where it is not plain, also for spreadsheets that part cells at semicolons. What one of
/// them would take for a formula gets an apostrophe before it, which stands for 'this is text'.
fn field(text: &str) -> String {
    let mut text = crate::escape::line(text);
    let is_formula = |first| matches!(first, '=' | '+' | '-' | '@' | '＝' | '＋' | '－' | '＠');
    if text.trim_start().starts_with(is_formula) {
        text.insert(0, '\'');
    }
    if text.contains(['"', ',', ';', '\'', ' ']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_is_quoted_and_never_a_formula() {
        for (text, cell) in [
            ("", ""),
            ("alice", "alice"),
            ("a, \"b\"", "\"a, \"\"b\"\"\""),
            ("=HYPERLINK(1)", "\"'=HYPERLINK(1)\""),
            ("  =1", "\"'  =1\""),
            ("＝1", "\"'＝1\""),
            ("+1", "\"'+1\""),
            ("-1", "\"'-1\""),
            ("@SUM(A1)", "\"'@SUM(A1)\""),
        ] {
            assert_eq!(field(text), cell);
        }
        assert!(!field("a\r\nb\tc").contains(['\r', '\n', '\t']));
    }
}
