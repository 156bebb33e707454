//! Changes of PAM stacks: what will be, what is, what to do next.

use serde::Serialize;
use similar::TextDiff;
use twinlock_pam_stack::siblings::Sibling;

use super::View;
use super::moment::{rfc3339, second};
use crate::escape;
use crate::pam_change::record::Changed;
use crate::pam_change::survey::{Standing, State};

/// The unified difference of each file, as diff(1) shows it.
pub fn difference(files: &[Changed]) -> String {
    files.iter().map(one_difference).collect()
}

fn one_difference(file: &Changed) -> String {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let before = text(file.before.as_deref().unwrap_or_default());
    let after = text(&file.after);
    let path = file.path.display().to_string();
    let old = if file.before.is_some() { &*path } else { "/dev/null" };
    let diff = TextDiff::from_lines(&before, &after);
    escape::lines(&diff.unified_diff().context_radius(3).header(old, &path).to_string())
}

/// That the other service of a program asks for no code, and what has it ask.
pub fn unasked(Sibling { service, typed }: Sibling) -> String {
    format!(
        "'{typed}' asks for no code: it has the PAM service {service}. 'twinlock pam enable \
         {service}' has it ask too."
    )
}

/// A service in JSON.
#[derive(Serialize)]
pub struct Service<'a> {
    service: &'a str,
    file: String,
    state: &'static str,
    phases: Vec<&'static str>,
    flaw: Option<&'a str>,
    confirm_by: Option<String>,
    by_hand: bool,
    unasked: Option<&'a str>,
}

/// All services in JSON.
#[derive(Serialize)]
pub struct Services<'a> {
    services: Vec<Service<'a>>,
}

impl<'a> From<&'a [Standing]> for Services<'a> {
    fn from(standings: &'a [Standing]) -> Self {
        Self { services: standings.iter().map(Service::from).collect() }
    }
}

impl<'a> From<&'a Standing> for Service<'a> {
    fn from(standing: &'a Standing) -> Self {
        Self {
            service: &standing.service,
            file: standing.file.display().to_string(),
            state: standing.state.as_str(),
            phases: standing.phases.iter().map(|phase| phase.as_str()).collect(),
            flaw: standing.flaw.as_deref(),
            confirm_by: standing.confirm_by.and_then(rfc3339),
            by_hand: !standing.is_recorded,
            unasked: standing.unasked.map(|sibling| sibling.service),
        }
    }
}

/// How each service stands, for people.
pub fn standings(standings: &[Standing], view: &View) -> String {
    if standings.is_empty() {
        return "No service asks Twinlock. 'twinlock pam enable sshd' begins with SSH.\n"
            .to_owned();
    }
    standings.iter().map(|standing| one_standing(standing, view)).collect()
}

fn one_standing(standing: &Standing, view: &View) -> String {
    let state = match standing.state {
        State::Pending => view.palette.warning("waits to be confirmed"),
        State::Enabled => view.palette.good("enabled"),
        State::Flawed => view.palette.bad("flawed"),
    };
    let phases: Vec<&str> = standing.phases.iter().map(|phase| phase.as_str()).collect();
    let by_hand = if standing.is_recorded { "" } else { ", by hand" };
    let mut text = format!(
        "{}: {state}{by_hand} ({} in {})\n",
        view.palette.heading(&escape::line(&standing.service)),
        phases.join(", "),
        escape::line(&standing.file.display().to_string())
    );
    if let Some(by) = standing.confirm_by {
        text.push_str(&format!(
            "  Taken back at {}, unless 'twinlock pam confirm {}' comes before.\n",
            second(by, view),
            escape::line(&standing.service)
        ));
    }
    if let Some(sibling) = standing.unasked {
        text.push_str(&format!("  {}\n", unasked(sibling)));
    }
    if let Some(flaw) = &standing.flaw {
        text.push_str(&format!(
            "  Fault: {}. 'twinlock doctor' says what mends it.\n",
            escape::line(flaw)
        ));
    }
    text
}
