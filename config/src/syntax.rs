//! From text to TOML tables, past everything that is no TOML, so that one reading finds it all.

use std::{borrow::Cow, ops::Range};

use toml::de::{DeTable, DeValue, Error};

use crate::{
    faults::{Complaint, Faults},
    source::{Place, Source},
};

/// How many lines the parser may stop at before the rest of a file is left unread.
const MOST_STOPS: usize = 20;

/// What the parser says of a line at which it stops: everything after it goes unread.
const STOPPED: &str = "key with no value";

/// What the parser says of an array that goes on to the end of the file.
const UNCLOSED_ARRAY: &str = "unclosed array";

/// Notes everything that is no TOML in a source, and returns the text that can be read: the
/// source with the lines at which the parser stops blanked, every other byte where it was.
pub(crate) fn readable<'s>(
    index: usize,
    source: &'s Source,
    faults: &mut Faults<'_>,
) -> Cow<'s, str> {
    let mut text = Cow::Borrowed(source.text());
    for _ in 0..MOST_STOPS {
        let (table, errors) = DeTable::parse_recoverable(&text);
        let stop = errors.iter().find(|error| error.message().starts_with(STOPPED));
        let Some(offset) = stop.and_then(Error::span).map(|span| span.start) else {
            note(index, table.get_ref(), &errors, faults);
            return text;
        };
        let place = key_before(source, index, offset);
        faults.syntax(place, explain(STOPPED, &(offset..offset)));
        let line = source.line_range(source.line_number(place.start));
        text.to_mut().replace_range(line.clone(), &" ".repeat(line.len()));
    }
    text
}

/// The text of the line up to where its value was expected.
fn key_before(source: &Source, index: usize, offset: usize) -> Place {
    let line = source.line_range(source.line_number(offset));
    let (start, text) = (line.start, &source.text()[line]);
    let indent = text.len() - text.trim_start().len();
    let key = text.trim_start().split([' ', '\t', ':']).next().unwrap_or_default();
    Place { source: index, start: start + indent, end: start + indent + key.len() }
}

/// Notes the parser's errors; of those inside an array that was never closed only that one, at
/// its bracket.
fn note(index: usize, table: &DeTable<'_>, errors: &[Error], faults: &mut Faults<'_>) {
    let unclosed = errors
        .iter()
        .find(|error| error.message().starts_with(UNCLOSED_ARRAY))
        .and_then(Error::span)
        .and_then(|end| array_around(table, end.start));
    // An error without a place is one all the same.
    let mut errors: Vec<_> =
        errors.iter().map(|error| (error.span().unwrap_or_default(), error.message())).collect();
    if let Some(array) = unclosed {
        errors.retain(|(span, _)| !(array.start..=array.end).contains(&span.start));
        let bracket = Place { source: index, start: array.start, end: array.start + 1 };
        faults.syntax(bracket, explain(UNCLOSED_ARRAY, &array));
        faults.break_lines(Place { end: array.end, ..bracket });
    }
    errors.sort_by_key(|(span, _)| span.start);
    for (span, message) in errors {
        let place = Place { source: index, start: span.start, end: span.end };
        faults.syntax(place, explain(message, &span));
    }
}

/// The outermost array that holds this byte, or ends there.
fn array_around(table: &DeTable<'_>, offset: usize) -> Option<Range<usize>> {
    table.values().find_map(|value| match value.get_ref() {
        // A list of tables has the place of its first header alone, and no bracket to forget.
        DeValue::Array(array) if array.iter().any(|entry| entry.get_ref().is_table()) => {
            array.iter().find_map(|entry| array_around(entry.get_ref().as_table()?, offset))
        }
        DeValue::Array(_) => {
            let span = value.span();
            (span.start..=span.end).contains(&offset).then_some(span)
        }
        DeValue::Table(table) => array_around(table, offset),
        _ => None,
    })
}

/// The parser's words, or clearer ones with the remedy for the slips that are made most.
fn explain(message: &str, span: &Range<usize>) -> Complaint {
    if message.starts_with(STOPPED) {
        return Complaint::new("this line has no `=` after its key")
            .hint("a setting is written as `key = value`, a section as `[name]`");
    }
    if message.starts_with("string values must be quoted") {
        return if span.is_empty() {
            Complaint::new("the value is missing")
        } else {
            Complaint::new("text must stand in quotation marks")
                .hint("write it as \"…\"; true, false, numbers and dates stand without")
        };
    }
    if message.starts_with("duplicate key") {
        return Complaint::new("this name is set twice in one file")
            .hint("keep one; a file that is read later may set it again");
    }
    if message.starts_with(UNCLOSED_ARRAY) {
        return Complaint::new("this list has no end").hint("close it with `]`");
    }
    if message.starts_with("unclosed table") {
        return Complaint::new("this header has no end").hint("close it with `]`");
    }
    if message.starts_with("invalid date") {
        return Complaint::new(format!("this is no date: {}", after_comma(message)))
            .hint("a date is written as 2027-01-31, without quotation marks");
    }
    Complaint::new(format!("this is not TOML: {message}"))
}

fn after_comma(message: &str) -> &str {
    message.split_once(", ").map_or(message, |(_, rest)| rest)
}
