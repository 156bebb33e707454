//! What is wrong, gathered in whatever order it is found.

use std::collections::BTreeSet;

use twinlock_core::policy;

use crate::{
    diagnostic::{Diagnostic, Diagnostics, Severity},
    source::{Place, Source},
};

/// The most diagnostics that one reading gives; past that they are counted.
const MOST: usize = 500;

/// Something wrong at a place, before it is shown.
#[derive(Debug)]
struct Fault {
    severity: Severity,
    place: Place,
    complaint: Complaint,
}

/// What is wrong with a value, and what to do about it, without its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Complaint {
    pub message: String,
    pub hint: Option<String>,
}

impl Complaint {
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), hint: None }
    }

    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Adds a hint where there is one.
    pub fn maybe_hint(mut self, hint: Option<String>) -> Self {
        self.hint = hint.or(self.hint);
        self
    }
}

/// Gathers what is wrong, in whatever order it is found.
#[derive(Debug)]
pub(crate) struct Faults<'s> {
    sources: &'s [Source],
    list: Vec<Fault>,
    /// Lines that are not TOML: what seems wrong in the values read from them is not told as well.
    broken_lines: BTreeSet<(usize, usize)>,
}

impl<'s> Faults<'s> {
    pub fn new(sources: &'s [Source]) -> Self {
        Self { sources, list: Vec::new(), broken_lines: Default::default() }
    }

    /// Text that is no TOML. Only the first complaint about a line is kept.
    pub fn syntax(&mut self, place: Place, complaint: Complaint) {
        let line = (place.source, self.line_of(place.source, place.start));
        if !self.broken_lines.contains(&line) {
            self.break_lines(place);
            self.list.push(Fault { severity: Severity::Error, place, complaint });
        }
    }

    /// Lines whose values mean nothing, because the text around them is no TOML.
    pub fn break_lines(&mut self, place: Place) {
        let first = self.line_of(place.source, place.start);
        let last = self.line_of(place.source, place.end.max(place.start));
        self.broken_lines.extend((first..=last).map(|line| (place.source, line)));
    }

    pub fn error(&mut self, place: Place, complaint: Complaint) {
        self.add(Severity::Error, place, complaint);
    }

    pub fn warning(&mut self, place: Place, complaint: Complaint) {
        self.add(Severity::Warning, place, complaint);
    }

    /// Something that ought to be in this source and is not. Where some of its text could not be
    /// read it may well be there.
    pub fn missing(&mut self, place: Place, complaint: Complaint) {
        let source = place.source;
        if self.broken_lines.range((source, 0)..(source + 1, 0)).next().is_none() {
            self.add(Severity::Error, place, complaint);
        }
    }

    fn add(&mut self, severity: Severity, place: Place, complaint: Complaint) {
        let line = self.line_of(place.source, place.start);
        if !self.broken_lines.contains(&(place.source, line)) {
            self.list.push(Fault { severity, place, complaint });
        }
    }

    fn line_of(&self, source: usize, offset: usize) -> usize {
        self.sources.get(source).map_or(1, |source| source.line_number(offset))
    }

    pub fn any_error(&self) -> bool {
        self.list.iter().any(|fault| fault.severity == Severity::Error)
    }

    /// Whether there are more already than will be told, so that a hint is wasted effort.
    pub fn is_full(&self) -> bool {
        self.list.len() > MOST
    }

    /// File and line, as the policy keeps them to explain itself.
    pub fn rule_place(&self, place: Place) -> policy::Place {
        let line = self.line_of(place.source, place.start);
        let file = self.sources.get(place.source).map_or("", |source| &source.name);
        policy::Place::new(file, u32::try_from(line).unwrap_or(u32::MAX))
    }

    /// The text of the line that a rule of the policy stands in.
    pub fn line_of_rule(&self, rule: &policy::Place) -> Option<Place> {
        let source = self.sources.iter().position(|source| source.name == rule.file)?;
        let line = self.sources[source].line_range(usize::try_from(rule.line).ok()?);
        Some(Place { source, start: line.start, end: line.end })
    }

    /// All of them, by file and line, with the text they are about.
    pub fn into_diagnostics(mut self) -> Diagnostics {
        // Errors first where there are too many to tell, so that none is hidden by warnings.
        self.list.sort_by_key(|fault| fault.severity == Severity::Warning);
        let omitted = self.list.len().saturating_sub(MOST);
        self.list.truncate(MOST);
        self.list.sort_by_key(|fault| fault.place);
        let sources = self.sources;
        let list = self.list.into_iter().filter_map(|fault| {
            let source = sources.get(fault.place.source)?;
            Some(Diagnostic::at(fault.severity, source, fault.place, fault.complaint))
        });
        Diagnostics::of(list.collect(), omitted)
    }
}
