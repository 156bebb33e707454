//! What an import takes and what it does not, and how it went.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{Palette, count, table::table};
use crate::escape;
use crate::import::plan::Verdict;
use crate::import::{Account, Broken, Factor, Moving};

/// Names that stand beside what is not taken over, before it says how many more there are.
const NAMED: usize = 5;

/// One user of an import.
pub struct Row<'a> {
    /// What was found.
    pub account: &'a Account,
    /// What becomes of it.
    pub verdict: &'a Verdict,
}

/// The table: who brings what, and what becomes of it.
pub fn plan(rows: &[Row<'_>], broken: &[Broken], palette: Palette) -> String {
    let mut text = String::new();
    if !rows.is_empty() {
        let cells: Vec<_> = rows.iter().map(cells).collect();
        let heading = ["USER", "FACTORS", "CODES", "FROM", "WHAT HAPPENS"];
        text.push_str(&table(heading, &cells, palette, |_, cell| cell.to_owned()));
    }
    text.push_str(&left(rows));
    if !broken.is_empty() {
        text.push_str(&palette.bad("\nCannot be imported:\n"));
    }
    for one in broken {
        text.push_str(&format!("  {}\n", self::broken(one)));
    }
    text
}

fn cells(row: &Row<'_>) -> [String; 5] {
    let Row { account, verdict } = row;
    let factors: Vec<_> = account.factors.iter().map(factor).collect();
    [
        escape::line(&account.user),
        factors.join(", "),
        account.scratch.len().to_string(),
        escape::line(&account.from),
        match verdict {
            Verdict::Take => "imported".to_owned(),
            Verdict::Replace(had) => {
                format!("imported, in place of {}", count(*had, "factor"))
            }
            Verdict::Skip(why) => format!("skipped: {}", escape::line(why)),
            Verdict::Refuse(why) => format!("refused: {}", escape::line(why)),
        },
    ]
}

/// `app`, or with what is unusual of it.
fn factor(factor: &Factor) -> String {
    let (what, period) = match factor.moving {
        Moving::Time(30) => ("app", String::new()),
        Moving::Time(period) => ("app", format!(" {period} s")),
        Moving::Counter(_) => ("token", String::new()),
    };
    let digits =
        if factor.digits == 6 { String::new() } else { format!(" {} digits", factor.digits) };
    format!("{what}{digits}{period}")
}

/// What stands in the files and is not taken over, each once.
fn left(rows: &[Row<'_>]) -> String {
    let mut whose: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for Row { account, .. } in rows.iter().filter(|row| row.verdict.goes_ahead()) {
        for what in &account.left {
            let users = whose.entry(what).or_default();
            if users.last() != Some(&account.user.as_str()) {
                users.push(&account.user);
            }
        }
    }
    let mut text = String::new();
    if !whose.is_empty() {
        text.push_str("\nNot taken over:\n");
    }
    for (what, users) in whose {
        let mut names = users.iter().take(NAMED).copied().collect::<Vec<_>>().join(", ");
        if users.len() > NAMED {
            names.push_str(&format!(" and {} more", users.len() - NAMED));
        }
        text.push_str(&format!("  {}: {}\n", escape::line(what), escape::line(&names)));
    }
    text
}

/// `/etc/users.oath:17: its secret is not hexadecimal`.
pub fn broken(broken: &Broken) -> String {
    let file = broken.file.display();
    let place = broken.line.map_or_else(|| file.to_string(), |line| format!("{file}:{line}"));
    escape::line(&format!("{place}: {}", broken.why))
}

/// The count at the end.
pub fn summary(imported: usize, rows: usize) -> String {
    format!("{imported} of {} imported.\n", count(rows, "user"))
}

#[derive(Serialize)]
struct JsonFactor {
    method: &'static str,
    digits: u32,
    period_seconds: Option<u64>,
}

#[derive(Serialize)]
struct JsonUser<'a> {
    user: &'a str,
    from: &'a str,
    factors: Vec<JsonFactor>,
    scratch_codes: usize,
    result: &'static str,
    text: Option<&'a str>,
    not_taken: &'a [String],
}

#[derive(Serialize)]
struct JsonBroken {
    file: String,
    line: Option<usize>,
    text: String,
}

/// All of it, for programs.
#[derive(Serialize)]
pub struct Json<'a> {
    dry_run: bool,
    users: Vec<JsonUser<'a>>,
    broken: Vec<JsonBroken>,
}

impl<'a> Json<'a> {
    /// Of a plan, or of what became of it.
    pub fn new(dry_run: bool, rows: &[(Row<'a>, &'a Ending)], broken: &[Broken]) -> Self {
        Self {
            dry_run,
            users: rows.iter().map(|(row, ending)| json_user(row, ending)).collect(),
            broken: broken
                .iter()
                .map(|broken| JsonBroken {
                    file: broken.file.display().to_string(),
                    line: broken.line,
                    text: broken.why.clone(),
                })
                .collect(),
        }
    }
}

/// What became of a user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ending {
    /// It was not tried: it was not to be, or what came before ended the import.
    Untried,
    /// Done.
    Imported,
    /// The daemon refused; why.
    Failed(String),
}

fn json_user<'a>(row: &Row<'a>, ending: &'a Ending) -> JsonUser<'a> {
    let Row { account, verdict } = row;
    let (result, text) = match (ending, verdict) {
        (Ending::Imported, _) => ("imported", None),
        (Ending::Failed(why), _) => ("failed", Some(why.as_str())),
        (Ending::Untried, Verdict::Skip(why)) => ("skipped", Some(why.as_str())),
        (Ending::Untried, Verdict::Refuse(why)) => ("refused", Some(why.as_str())),
        (Ending::Untried, Verdict::Take | Verdict::Replace(_)) => ("not-imported", None),
    };
    let factors = account.factors.iter().map(|factor| match factor.moving {
        Moving::Time(period) => {
            JsonFactor { method: "totp", digits: factor.digits, period_seconds: Some(period) }
        }
        Moving::Counter(_) => {
            JsonFactor { method: "hotp", digits: factor.digits, period_seconds: None }
        }
    });
    JsonUser {
        user: &account.user,
        from: &account.from,
        factors: factors.collect(),
        scratch_codes: account.scratch.len(),
        result,
        text,
        not_taken: &account.left,
    }
}
