//! What `twinlock doctor` found: text and JSON.

use serde::Serialize;

use super::{View, count};
use crate::doctor::finding::{Area, Finding, Report, Severity};
use crate::escape;

/// The report as JSON.
#[derive(Serialize)]
pub struct Keys<'a> {
    findings: &'a [Finding],
    examined: &'a [Area],
    omitted: Vec<OmittedKeys<'a>>,
    severe: usize,
    warnings: usize,
    notes: usize,
}

#[derive(Serialize)]
struct OmittedKeys<'a> {
    area: Area,
    because: &'a str,
    needs_root: bool,
}

impl<'a> From<&'a Report> for Keys<'a> {
    fn from(report: &'a Report) -> Self {
        let omitted = report.omitted.iter().map(|omission| OmittedKeys {
            area: omission.area,
            because: &omission.because,
            needs_root: omission.needs_root,
        });
        Self {
            findings: &report.findings,
            examined: &report.examined,
            omitted: omitted.collect(),
            severe: report.count(Severity::Severe),
            warnings: report.count(Severity::Warning),
            notes: report.count(Severity::Note),
        }
    }
}

/// The report for people.
pub fn text(report: &Report, view: &View) -> String {
    let findings: String = report.findings.iter().map(|finding| block(finding, view)).collect();
    findings + &summary(report) + &omissions(report)
}

/// The severity and the place in the first line; then what, why and the mend, one a line.
fn block(finding: &Finding, view: &View) -> String {
    let palette = view.palette;
    let word = finding.severity.as_str();
    let word = match finding.severity {
        Severity::Severe => palette.bad(word),
        Severity::Warning => palette.warning(word),
        Severity::Note => word.to_owned(),
    };
    let place = match &finding.place {
        Some(place) => escape::line(&place.to_string()),
        None => finding.area.as_str().to_owned(),
    };
    let line = |label: &str, text: &str| format!("  {label:<5} {}\n", escape::line(text));
    format!("{word}: {}\n", palette.heading(&place))
        + &line("found", &finding.what)
        + &line("why", &finding.why)
        + &line("mend", &finding.mend)
        + "\n"
}

fn summary(report: &Report) -> String {
    let counts = [
        (report.count(Severity::Severe), "severe finding"),
        (report.count(Severity::Warning), "warning"),
        (report.count(Severity::Note), "note"),
    ];
    let said: Vec<String> = counts
        .into_iter()
        .filter(|(number, _)| *number > 0)
        .map(|(number, word)| count(number, word))
        .collect();
    let said = if said.is_empty() { "Nothing is wrong".to_owned() } else { said.join(", ") };
    let examined: Vec<&str> = report.examined.iter().map(|area| area.as_str()).collect();
    format!("{said}. Examined: {}.\n", examined.join(", "))
}

fn omissions(report: &Report) -> String {
    let mut text = String::new();
    for omission in &report.omitted {
        let (area, because) = (omission.area.as_str(), escape::line(&omission.because));
        text += &format!("Not examined: {area}: {because}.\n");
    }
    if report.omitted.iter().any(|omission| omission.needs_root) {
        text += "Root sees more: sudo twinlock doctor\n";
    }
    text
}
