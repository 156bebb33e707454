//! Whether a template can be used: it is rendered with values such as it will get, and with empty
//! ones where they can be, and what it names is compared with what there is.

use std::collections::BTreeMap;

use minijinja::{Environment, Value};

use super::{Form, Slot, environment, split_subject};
use crate::{
    Diagnostic, Severity,
    faults::Complaint,
    source::{Place, Source},
    suggest, visible,
};

/// What stands for each variable.
const SAMPLE: &str = "482913";

const INSTEAD: &str = "the shipped template is used in its place";

/// What is wrong with a file, if anything is.
pub(super) fn check(path: &str, name: &str, slot: &Slot, text: &str) -> Option<Diagnostic> {
    let source = Source::new(path, text);
    let found = unusable(name, slot, text)?;
    let start = found
        .range
        .as_ref()
        .map_or_else(|| source.line_range(found.line).start, |range| range.start);
    let end = found.range.map_or_else(|| source.line_range(found.line).end, |range| range.end);
    let complaint = Complaint::new(found.message).hint(match found.hint {
        Some(hint) => format!("{hint}; until then {INSTEAD}"),
        None => INSTEAD.to_owned(),
    });
    let place = Place { source: 0, start, end };
    Some(Diagnostic::at(Severity::Warning, &source, place, complaint))
}

struct Found {
    /// From 1.
    line: usize,
    range: Option<std::ops::Range<usize>>,
    message: String,
    hint: Option<String>,
}

impl Found {
    fn at_line(line: usize, message: impl Into<String>) -> Self {
        Self { line, range: None, message: message.into(), hint: None }
    }

    fn of(error: &minijinja::Error) -> Self {
        let message = match error.detail() {
            Some(detail) => format!("{}: {}", error.kind(), visible::escape(detail)),
            None => error.kind().to_string(),
        };
        Self { range: error.range(), ..Self::at_line(error.line().unwrap_or(1), message) }
    }
}

fn unusable(name: &str, slot: &Slot, text: &str) -> Option<Found> {
    let mut only = environment();
    if let Err(error) = only.add_template(name, text) {
        return Some(Found::of(&error));
    }
    let template = match only.get_template(name) {
        Ok(template) => template,
        Err(error) => return Some(Found::of(&error)),
    };
    let known = slot.variables();
    let mut named: Vec<_> = template.undeclared_variables(false).into_iter().collect();
    named.retain(|variable| !known.contains(&variable.as_str()) && !is_global(&only, variable));
    named.sort();
    if let Some(unknown) = named.first() {
        return Some(unknown_variable(text, unknown, &known));
    }
    // Branches are taken for values that are there and for values that are not.
    for value in [SAMPLE, ""] {
        match template.render(sample(slot, value)) {
            Err(error) => return Some(Found::of(&error)),
            Ok(rendered) => {
                if let Some(found) = malformed(slot.form, &rendered) {
                    return Some(found);
                }
            }
        }
    }
    None
}

fn malformed(form: Form, rendered: &str) -> Option<Found> {
    match form {
        Form::Text => split_subject(rendered).err().map(|wrong| {
            let hint = "begin the file with `Subject: …`, an empty line and the text".to_owned();
            Found { hint: Some(hint), ..Found::at_line(1, wrong) }
        }),
        Form::Sms | Form::Layout => {
            rendered.trim().is_empty().then(|| Found::at_line(1, "nothing would be sent"))
        }
    }
}

fn is_global(environment: &Environment<'_>, name: &str) -> bool {
    environment.globals().any(|(global, _)| global == name)
}

fn unknown_variable(text: &str, unknown: &str, known: &[&'static str]) -> Found {
    let (at, length) = first_word(text, unknown).map_or((0, 0), |at| (at, unknown.len()));
    let line = text[..at].matches('\n').count() + 1;
    let message = format!("unknown variable {}", visible::quote(unknown));
    let hint = suggest::did_you_mean(unknown, known)
        .unwrap_or_else(|| format!("known here: {}", known.join(", ")));
    let range = (length > 0).then_some(at..at + length);
    Found { line, range, message, hint: Some(hint) }
}

/// Where a name stands as a whole word behind an opening brace.
fn first_word(text: &str, word: &str) -> Option<usize> {
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    let after_braces = text.find(['{']).unwrap_or(0);
    text.match_indices(word).map(|(at, _)| at).find(|at| {
        *at >= after_braces
            && !text[..*at].ends_with(is_part)
            && !text[at + word.len()..].starts_with(is_part)
            && is_inside(&text[..*at])
    })
}

/// Whether a tag is open at the end of this text.
fn is_inside(before: &str) -> bool {
    let open = before.rfind("{{").max(before.rfind("{%"));
    let close = before.rfind("}}").max(before.rfind("%}"));
    open > close
}

fn sample(slot: &Slot, value: &str) -> Value {
    let values = slot.variables().into_iter().map(|name| match name {
        "paragraphs" => (name, Value::from(vec![SAMPLE, "text"])),
        // These are never empty.
        "user" | "host" | "time" | "subject" => (name, Value::from(SAMPLE)),
        name => (name, Value::from(value)),
    });
    Value::from(values.collect::<BTreeMap<_, _>>())
}

/// What is wrong with the shipped templates.
#[cfg(test)]
pub(super) fn shipped_faults() -> Vec<Diagnostic> {
    Slot::all().filter_map(|(name, slot)| check(&name, &name, &slot, slot.shipped)).collect()
}
