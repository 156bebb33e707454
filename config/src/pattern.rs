//! A text with slots: `to={to}&text={text}`.

use std::fmt;

use crate::{faults::Complaint, suggest, visible};

/// What is put into a text when a message is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Slot {
    /// The number in E.164, `+` first.
    To,
    /// The number without the `+`.
    Digits,
    /// The text of the message.
    Text,
    /// What `password_file` holds.
    Password,
}

impl Slot {
    /// Every slot.
    pub const ALL: [Self; 4] = [Self::To, Self::Digits, Self::Text, Self::Password];

    /// As it is written.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::To => "{to}",
            Self::Digits => "{digits}",
            Self::Text => "{text}",
            Self::Password => "{password}",
        }
    }
}

#[derive(Clone, PartialEq, Eq)]
enum Part {
    Literal(String),
    Slot(Slot),
}

/// A text with slots. Braces around anything but a word stand for themselves, as JSON has them.
///
/// Its literal parts may hold a secret, which `Debug` does not show.
#[derive(Clone, PartialEq, Eq)]
pub struct Pattern(Vec<Part>);

impl Pattern {
    /// Reads a text. A word in braces that is no slot is a mistake.
    pub(crate) fn parse(text: &str) -> Result<Self, Complaint> {
        let mut parts = Vec::new();
        let mut literal = String::new();
        let mut rest = text;
        while let Some(open) = rest.find('{') {
            let (before, from) = rest.split_at(open);
            literal.push_str(before);
            let Some(word) = word_in_braces(from) else {
                literal.push('{');
                rest = &from[1..];
                continue;
            };
            let Some(slot) = Slot::ALL.into_iter().find(|slot| slot.as_str() == word) else {
                return Err(unknown(word));
            };
            if !literal.is_empty() {
                parts.push(Part::Literal(std::mem::take(&mut literal)));
            }
            parts.push(Part::Slot(slot));
            rest = &from[word.len()..];
        }
        literal.push_str(rest);
        if !literal.is_empty() {
            parts.push(Part::Literal(literal));
        }
        Ok(Self(parts))
    }

    /// Its slots, in order.
    pub fn slots(&self) -> impl Iterator<Item = Slot> {
        self.0.iter().filter_map(|part| match part {
            Part::Literal(_) => None,
            Part::Slot(slot) => Some(*slot),
        })
    }

    /// Whether it has this slot.
    pub fn has(&self, wanted: Slot) -> bool {
        self.slots().any(|slot| slot == wanted)
    }

    /// The text with a value in each slot, encoded by the caller.
    pub fn fill(&self, mut value: impl FnMut(Slot) -> String) -> String {
        self.0.iter().fold(String::new(), |mut filled, part| {
            match part {
                Part::Literal(text) => filled.push_str(text),
                Part::Slot(slot) => filled.push_str(&value(*slot)),
            }
            filled
        })
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.fill(|slot| slot.as_str().to_owned()))
    }
}

impl fmt::Debug for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pattern(")?;
        for part in &self.0 {
            f.write_str(match part {
                Part::Literal(_) => "…",
                Part::Slot(slot) => slot.as_str(),
            })?;
        }
        f.write_str(")")
    }
}

/// `{word}` at the beginning of a text.
fn word_in_braces(text: &str) -> Option<&str> {
    let inside = text.strip_prefix('{')?;
    let end = inside.find(|c: char| !c.is_ascii_alphabetic() && c != '_')?;
    (end > 0 && inside[end..].starts_with('}')).then(|| &text[..end + 2])
}

fn unknown(word: &str) -> Complaint {
    let known = Slot::ALL.map(Slot::as_str);
    Complaint::new(format!("unknown value {}", visible::quote(word)))
        .hint(format!("known here: {}", known.join(", ")))
        .maybe_hint(suggest::did_you_mean(word, &known))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slots_are_filled_and_other_braces_stand_for_themselves() {
        for (text, filled) in [
            ("to={to}&text={text}", "to=<{to}>&text=<{text}>"),
            ("{\"to\": \"{digits}\"}", "{\"to\": \"<{digits}>\"}"),
            ("{}{{to}}{ to}", "{}{<{to}>}{ to}"),
            ("{", "{"),
            ("{to", "{to"),
            ("", ""),
            ("ä{text}ö", "ä<{text}>ö"),
        ] {
            let pattern = Pattern::parse(text).unwrap();
            assert_eq!(pattern.fill(|slot| format!("<{}>", slot.as_str())), filled);
            assert_eq!(pattern.to_string(), text);
        }
    }

    #[test]
    fn a_value_is_not_read_again_for_slots() {
        let pattern = Pattern::parse("{text}&{to}").unwrap();
        assert_eq!(pattern.fill(|_| "{to}".to_owned()), "{to}&{to}");
    }

    #[test]
    fn a_word_in_braces_that_is_no_slot_is_a_mistake() {
        for text in ["{txet}", "a{TO}b", "{to_}"] {
            assert!(Pattern::parse(text).is_err(), "{text}");
        }
    }
}
