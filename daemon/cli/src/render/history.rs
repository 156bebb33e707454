//! What happened, for people and for programs.

use serde::Serialize;
use twinlock_bus_api::history::{DamagedDay, LogEvent};

use super::moment::{moment, rfc3339, second};
use super::{View, count};
use crate::escape;

/// As wide as the words of nearly all events.
const EVENT_WIDTH: usize = 15;

/// An event in JSON. What is not known is null.
#[derive(Serialize)]
pub struct Event<'a> {
    time: Option<String>,
    event: &'a str,
    user: Option<&'a str>,
    by: Option<&'a str>,
    service: Option<&'a str>,
    source: Option<&'a str>,
    requester: Option<&'a str>,
    tty: Option<&'a str>,
    cause: &'a str,
    reference: Option<&'a str>,
}

impl<'a> From<&'a LogEvent> for Event<'a> {
    fn from(event: &'a LogEvent) -> Self {
        Self {
            time: rfc3339(event.at),
            event: &event.event,
            user: (!event.user.is_empty()).then_some(&event.user),
            by: event.by.as_deref(),
            service: event.service.as_deref(),
            source: event.source.as_deref(),
            requester: event.requester.as_deref(),
            tty: event.tty.as_deref(),
            cause: &event.cause,
            reference: event.reference.as_deref(),
        }
    }
}

/// An event of `why` in JSON.
#[derive(Serialize)]
pub struct Explained<'a> {
    #[serde(flatten)]
    event: Event<'a>,
    named: bool,
    meaning: &'a str,
    advice: &'a str,
    line: &'a str,
}

impl<'a> From<&'a LogEvent> for Explained<'a> {
    fn from(event: &'a LogEvent) -> Self {
        Self {
            event: Event::from(event),
            named: event.is_named == Some(true),
            meaning: event.meaning.as_deref().unwrap_or_default(),
            advice: event.advice.as_deref().unwrap_or_default(),
            line: event.line.as_deref().unwrap_or_default(),
        }
    }
}

/// A day of which a part cannot be read, in JSON.
#[derive(Serialize)]
pub struct Damage<'a> {
    day: &'a str,
    blocks: u32,
    problem: String,
}

impl<'a> From<&'a DamagedDay> for Damage<'a> {
    fn from(damaged: &'a DamagedDay) -> Self {
        Self { day: &damaged.day, blocks: damaged.blocks, problem: damage(damaged) }
    }
}

/// What cannot be read of a day, and what to do.
pub fn damage(damaged: &DamagedDay) -> String {
    let blocks = blocks(std::slice::from_ref(damaged));
    let (reason, whose) = match damaged.blocks {
        1 => ("it is damaged or was tampered with", "its"),
        _ => ("they are damaged or were tampered with", "their"),
    };
    format!(
        "{blocks} of {} (UTC) cannot be read: {reason}, or the disk fails. Look for {whose} events in \
         the system log, where twinlockd writes them too, and check the disk.",
        damaged.day
    )
}

/// `3 blocks of events`, over all these days.
pub fn blocks(damaged: &[DamagedDay]) -> String {
    let all = damaged.iter().fold(0_usize, |all, day| {
        all.saturating_add(usize::try_from(day.blocks).unwrap_or(usize::MAX))
    });
    format!("{} of events", count(all, "block"))
}

/// `2026-11-18 12:06:40 CET  code.refused     alice (sshd, from 203.0.113.9): wrong code [7F3KQ2]`
pub fn line(event: &LogEvent, view: &View) -> String {
    let word = escape::line(&event.event);
    let padding = " ".repeat(EVENT_WIDTH.saturating_sub(word.chars().count()));
    let mut text = format!(
        "{}  {}{padding}  ",
        second(event.at, view),
        view.palette.happening(&event.event, &word)
    );
    let whom = whom(event);
    if !whom.is_empty() {
        text.push_str(&whom);
        text.push_str(": ");
    }
    text.push_str(&escape::line(&event.cause));
    if let Some(reference) = &event.reference {
        text.push_str(&format!(" [{}]", escape::line(reference)));
    }
    text.push('\n');
    text
}

/// What `why` prints: each event that the reference was told with, in plain words, and the rest of
/// the login.
pub fn explanation(login: &[LogEvent], view: &View) -> String {
    let named: Vec<_> = login.iter().filter(|event| event.is_named == Some(true)).collect();
    let mut text = String::new();
    for event in &named {
        let heading = format!("{}, {}", escape::line(&event.event), moment(event.at, view));
        text.push_str(&view.palette.heading(&heading));
        text.push('\n');
        let whom = whom(event);
        if !whom.is_empty() {
            text.push_str(&format!("{whom}\n"));
        }
        for part in [&event.meaning, &event.advice] {
            if let Some(part) = part.as_ref().filter(|part| !part.is_empty()) {
                text.push_str(&format!("\n{}\n", escape::line(part)));
            }
        }
        text.push('\n');
    }
    if login.len() > named.len() {
        text.push_str("The whole login:\n");
        text.extend(login.iter().map(|event| format!("  {}", line(event, view))));
        text.push('\n');
    }
    text.push_str("In the system log:\n");
    for event in named {
        let line = event.line.as_deref().unwrap_or_default();
        text.push_str(&format!("  {}\n", escape::line(line)));
    }
    text
}

/// `alice (sshd, from 203.0.113.9, by root)`
fn whom(event: &LogEvent) -> String {
    let mut details = Vec::new();
    details.extend(event.service.as_deref().map(escape::line));
    match (event.source.as_deref(), event.requester.as_deref()) {
        (_, Some(requester)) => details.push(format!("asked by {}", escape::line(requester))),
        (None | Some("local"), None) => {}
        (Some("unknown"), None) => details.push("from an unknown address".to_owned()),
        (Some(source), None) => details.push(format!("from {}", escape::line(source))),
    }
    details.extend(event.by.as_deref().map(|by| format!("by {}", escape::line(by))));
    let user = escape::line(&event.user);
    match (user.is_empty(), details.is_empty()) {
        (_, true) => user,
        (true, false) => details.join(", "),
        (false, false) => format!("{user} ({})", details.join(", ")),
    }
}
