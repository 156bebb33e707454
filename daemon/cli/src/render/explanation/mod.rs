//! An explanation of the policy, for people: the decision, and the path to it from top to bottom.
//!
//! ```text
//! alice over sshd from 203.0.113.9 with password
//!
//! require: totp, recovery
//! decided by profile "staff", /etc/twinlock/twinlock.toml:20
//!
//! What was tried, from top to bottom:
//!   · network.deny      the list is empty
//!   ✗ profile "robots"  /etc/twinlock/twinlock.toml:10
//!       groups: alice is in none of them
//!   ✓ profile "staff"   /etc/twinlock/twinlock.toml:20   ◄ decides
//! …
//! ```

mod form;
mod reasons;

use std::fmt::Write;

pub use form::Explanation;

use self::form::{Detail, Rule};
use super::{View, table};
use crate::escape;
use crate::failure::Failure;

/// The widest a rule's name may be before what is said of it moves to the right.
const WIDEST: usize = 40;

/// Reads what the daemon wrote.
///
/// # Errors
/// [`Failure::Refused`]: it is of another version.
pub fn read(json: &str) -> Result<Explanation, Failure> {
    serde_json::from_str(json).map_err(|cause| {
        Failure::refused(format!(
            "The answer of twinlockd cannot be read: {cause}. Check that twinlock and twinlockd \
             are of one version."
        ))
    })
}

/// What `policy explain` prints.
pub fn text(explained: &Explanation, view: &View) -> String {
    let mut text = login(explained, view);
    text.push('\n');
    text.push_str(&decision(explained, view));
    text.push_str("\nWhat was tried, from top to bottom:\n");
    text.push_str(&rules(explained, view));
    text.push_str("\nWhat applies to the login:\n");
    text.push_str(&terms(explained));
    let notes = notes(explained);
    if !notes.is_empty() {
        text.push('\n');
    }
    for note in notes {
        text.push_str(&view.palette.warning(&note));
        text.push('\n');
    }
    text
}

fn login(explained: &Explanation, view: &View) -> String {
    let from = match explained.from.as_str() {
        "local" => "without an address".to_owned(),
        "unknown" => "from an address that cannot be read".to_owned(),
        address => format!("from {}", escape::line(address)),
    };
    let user = view.palette.heading(&escape::line(&explained.user));
    let service = escape::line(&explained.service);
    match explained.phase.as_str() {
        "account" => format!("{user} over {service} {from}, in an account phase alone\n"),
        _ if explained.first_factors.is_empty() => {
            format!("{user} over {service} {from}, with no first factor\n")
        }
        _ => format!("{user} over {service} {from}, with {}\n", reasons::factors(explained)),
    }
}

fn decision(explained: &Explanation, view: &View) -> String {
    let sentence = escape::line(&explained.sentence);
    let sentence = match explained.decision.decision.as_str() {
        "deny" => view.palette.bad(&sentence),
        "skip" => view.palette.warning(&sentence),
        _ => view.palette.heading(&sentence),
    };
    let by = &explained.decided_by;
    let place = place(by).map_or_else(String::new, |place| format!(", {place}"));
    format!("{sentence}\ndecided by {}{place}\n", name(by))
}

/// One line a rule; profiles that were not reached share one.
fn rules(explained: &Explanation, view: &View) -> String {
    let width = explained.rules.iter().map(|rule| name(rule).chars().count()).max();
    let width = width.unwrap_or_default().min(WIDEST);
    let mut text = String::new();
    let mut rules = explained.rules.iter().peekable();
    while let Some(rule) = rules.next() {
        let mark = Mark::of(rule);
        let further = std::iter::from_fn(|| rules.next_if(|next| is_unreached_profile(next, rule)));
        let further = further.count();
        let (label, said) = if further > 0 {
            (format!("{} further profiles", further + 1), "not reached".to_owned())
        } else {
            (name(rule), said(rule, explained))
        };
        let decides = is_the_one(rule, explained) && mark == Mark::Applies;
        let label = format!("{label:<width$}");
        let label = if decides { view.palette.heading(&label) } else { label };
        let end = if decides { format!("   {}", Mark::winner(view)) } else { String::new() };
        let line = format!("  {} {label}  {said}", mark.shown(view));
        let _ = writeln!(text, "{}{end}", line.trim_end());
        for miss in misses(rule) {
            let _ = writeln!(text, "{}{}", indent(view), reasons::miss(miss, explained));
        }
    }
    text
}

fn is_unreached_profile(next: &Rule, rule: &Rule) -> bool {
    let unreached = |rule: &Rule| rule.rule == "profile" && Mark::of(rule) == Mark::NotReached;
    unreached(rule) && unreached(next)
}

/// Whether the rule is the one that made the decision.
fn is_the_one(rule: &Rule, explained: &Explanation) -> bool {
    let by = &explained.decided_by;
    rule.rule == by.rule && rule.name == by.name && rule.place == by.place
}

fn misses(rule: &Rule) -> &[form::Miss] {
    match &rule.detail {
        Some(Detail::Misses(misses)) => misses,
        _ => &[],
    }
}

/// What stands behind a rule: where it is to be found, or why it says nothing.
fn said(rule: &Rule, explained: &Explanation) -> String {
    let reason = reasons::rule(rule, explained);
    match (place(rule), reason) {
        (Some(place), Some(reason)) => format!("{place}: {reason}"),
        (Some(place), None) => place,
        (None, reason) => reason.unwrap_or_default(),
    }
}

fn place(rule: &Rule) -> Option<String> {
    rule.place.as_ref().map(|place| format!("{}:{}", escape::line(&place.file), place.line))
}

fn name(rule: &Rule) -> String {
    match (rule.rule.as_str(), &rule.name) {
        ("profile", Some(name)) => format!("profile \"{}\"", escape::line(name)),
        ("level", Some(name)) => format!("level {}", escape::line(name)),
        ("user-switch", _) => "user switch".to_owned(),
        (rule, _) => escape::line(rule),
    }
}

/// What became of a rule, in front of its line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mark {
    Applies,
    NoMatch,
    SaysNothing,
    NotReached,
}

impl Mark {
    fn of(rule: &Rule) -> Self {
        match rule.outcome.as_str() {
            "decided" => Self::Applies,
            "not-matched" => Self::NoMatch,
            "not-reached" => Self::NotReached,
            _ => Self::SaysNothing,
        }
    }

    /// A character where the terminal has it, else a word, all of one width.
    fn shown(self, view: &View) -> String {
        let (mark, word) = match self {
            Self::Applies => ("✓", "applies "),
            Self::NoMatch => ("✗", "no match"),
            Self::SaysNothing => ("·", "-       "),
            Self::NotReached => ("·", "-       "),
        };
        let text = if view.unicode { mark } else { word };
        match self {
            Self::Applies => view.palette.good(text),
            Self::NoMatch => view.palette.bad(text),
            Self::SaysNothing | Self::NotReached => text.to_owned(),
        }
    }

    fn winner(view: &View) -> String {
        let text = if view.unicode { "◄ decides" } else { "<- decides" };
        view.palette.heading(text)
    }
}

const fn indent(view: &View) -> &'static str {
    if view.unicode { "      " } else { "             " }
}

fn terms(explained: &Explanation) -> String {
    let terms = &explained.terms;
    let mut rows = vec![
        ["level", &terms.level].map(escape::line),
        ["second factor", &terms.second_factor].map(escape::line),
        ["methods", &terms.methods.join(", ")].map(escape::line),
        ["hosts trusted", &terms.remember].map(escape::line),
        ["enrolment", &terms.enrolment].map(escape::line),
    ];
    if let Some(date) = &terms.schedule.enforce_from {
        rows.push(["required from", date].map(escape::line));
    }
    if let Some(grace) = &terms.schedule.grace {
        rows.push(["grace", grace].map(escape::line));
    }
    table::aligned(&rows, 2)
}

/// What the policy alone does not say.
fn notes(explained: &Explanation) -> Vec<String> {
    let mut notes = Vec::new();
    if explained.mode == "observe" {
        notes.push(
            "twinlockd only observes: the login is let through, and the log says what would have \
             been."
                .to_owned(),
        );
    }
    notes.extend(explained.obstacles.iter().map(|word| reasons::obstacle(word, explained)));
    if explained.from == "local" && explained.service == "sshd" {
        notes.push(
            "No address was given, so that lists of addresses say nothing; --from ADDRESS tries \
             one."
                .to_owned(),
        );
    }
    notes
}
