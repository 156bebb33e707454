//! One page that stands by itself: no script, no network, light, dark and on paper.
//!
//! Nothing may be fetched or run, whatever a text in the page says: the policy in its head forbids it
//! (Content Security Policy Level 3), besides that no text becomes markup.

mod tables;
mod tiles;

use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

use super::logins::OUTCOMES;
use super::plot::{bars, rows, steps};
use super::{METHODS, Report};
use crate::escape;
use crate::render::{count, history};

/// Up to the title, with the policy of what the page may do: nothing but its own style.
const HEAD: &str = include_str!("head.html");

const STYLE: &str = include_str!("style.css");

/// Text as it stands in a page: nothing in it is markup, and nothing hides.
pub fn text(raw: &str) -> String {
    let mut shown = String::with_capacity(raw.len());
    for character in escape::line(raw).chars() {
        match character {
            '&' => shown.push_str("&amp;"),
            '<' => shown.push_str("&lt;"),
            '>' => shown.push_str("&gt;"),
            '"' => shown.push_str("&quot;"),
            '\'' => shown.push_str("&#39;"),
            other => shown.push(other),
        }
    }
    shown
}

/// The page.
pub fn page(report: &Report) -> String {
    [
        head(report),
        warnings(report),
        tiles::tiles(&report.totals()),
        format!("<div class=\"pair\">{}{}</div>", enrolled(report), methods(report)),
        logins(report),
        tables::policy(&report.policy),
        tables::people(&report.people),
        "<footer>No secret and no code is in this page. It needs no network. Days and times are in UTC. \
         Made by twinlock report.</footer></body></html>\n"
            .to_owned(),
    ]
    .concat()
}

fn head(report: &Report) -> String {
    let host = text(&report.host);
    format!(
        "{HEAD}<title>Second factors on {host}</title>\n<style>\n{STYLE}</style></head>\n<body>\
         <h1>Second factors on {host}</h1><p class=\"soft\">As of {}. Logins since {}.</p>",
        in_words(report.made, "%-d %B %Y, %H:%M UTC"),
        in_words(report.since, "%-d %B %Y")
    )
}

fn in_words(at: Timestamp, form: &str) -> String {
    text(&at.to_zoned(TimeZone::UTC).strftime(form).to_string())
}

/// What must not be overlooked.
fn warnings(report: &Report) -> String {
    let observe = report.only_observes().then(|| {
        "<b>The policy only observes</b> (mode = &quot;observe&quot;): nobody is asked for a second factor, \
         and nobody is refused."
            .to_owned()
    });
    let missing = report.missing();
    let incomplete = (!missing.is_empty()).then(|| {
        let days = report.damaged.iter().map(|day| format!(" {}", history::damage(day)));
        let sentence = format!("{}.{}", missing.join("; "), days.collect::<String>());
        format!("<b>This report is not complete:</b> {}", text(&sentence))
    });
    let warnings = observe.into_iter().chain(incomplete);
    warnings.map(|warning| format!("<p class=\"warning\" role=\"alert\">{warning}</p>")).collect()
}

fn card(heading: &str, sub: &str, inside: &str) -> String {
    format!(
        "<section class=\"card\"><h2>{heading}</h2><p class=\"sub soft\">{sub}</p>{inside}</section>"
    )
}

fn enrolled(report: &Report) -> String {
    let times: Vec<Timestamp> = report
        .people
        .iter()
        .filter_map(|person| {
            Timestamp::from_second(i64::try_from(person.enrolled_since?).ok()?).ok()
        })
        .collect();
    let heading = "Enrolled users";
    let Some(earliest) = times.iter().min() else {
        return card(heading, "Nobody has a second factor yet.", "");
    };
    // A day before the first, so that its step is seen.
    let day_before = earliest.checked_sub(24.hours()).unwrap_or(*earliest);
    let first = day_before.min(report.since).min(report.made);
    let title = format!("{} enrolled, by the day since when", count(times.len(), "user"));
    let plot = steps::steps(&title, &times, first, report.made);
    card(heading, "Those of today, by the day on which they enrolled", &plot)
}

fn methods(report: &Report) -> String {
    let heading = "Methods";
    let counted: Vec<(&str, u64)> =
        METHODS.map(|(method, label)| (label, report.with_method(method) as u64)).to_vec();
    if counted.iter().all(|(_, users)| *users == 0) {
        return card(heading, "Nobody has a method by which to show a second factor.", "");
    }
    let plot = rows::rows("Users by method", &counted);
    card(heading, "Users who can show a second factor by it", &plot)
}

fn logins(report: &Report) -> String {
    let totals = report.logins.total().parts();
    let days = bars::days_in_a_bar(&report.logins);
    let heading =
        if days == 1 { "Logins per day".to_owned() } else { format!("Logins per {days} days") };
    let all: u64 = totals.iter().sum();
    if all == 0 {
        return card(&heading, "No login was seen in this time.", "");
    }
    let key = OUTCOMES.iter().zip(totals).map(|((class, label), total)| {
        format!(
            "<li><svg viewBox=\"0 0 10 10\" aria-hidden=\"true\"><rect class=\"{class}\" width=\"10\" \
             height=\"10\" rx=\"2\"/></svg>{label}: <b>{total}</b></li>"
        )
    });
    let inside = format!(
        "<ul class=\"key\">{}</ul>{}",
        key.collect::<String>(),
        bars::logins(&format!("{heading}, by outcome"), &report.logins)
    );
    card(&heading, &format!("{all} in all, by outcome"), &inside)
}
