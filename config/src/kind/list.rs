//! Lists of texts, with and without exclusions.

use std::collections::BTreeSet;

use toml::de::{DeArray, DeValue};
use twinlock_core::policy;

use super::{Kind, Word, accept, toml_text, wrong_type};
use crate::{
    faults::{Complaint, Faults},
    reader::{Item, place, type_name},
    source::Place,
    visible,
};

/// A list of texts of one kind.
pub(crate) struct List<W> {
    word: W,
    may_be_empty: bool,
}

impl<W: Word> List<W> {
    /// A list that may be empty.
    pub const fn of(word: W) -> Self {
        Self { word, may_be_empty: true }
    }

    /// A list with at least one entry.
    pub const fn not_empty(word: W) -> Self {
        Self { word, may_be_empty: false }
    }
}

impl<W: Word> Kind for List<W> {
    type Value = Vec<W::Value>;

    fn describe(&self) -> String {
        format!("list of {}", self.word.describe())
    }

    fn read(&self, item: Item<'_>, faults: &mut Faults<'_>) -> Option<Self::Value> {
        let array = array(item, &self.word.example(), faults)?;
        if array.is_empty() && !self.may_be_empty {
            let complaint = Complaint::new(format!("\"{}\" is an empty list", item.name));
            faults.error(item.place, complaint.hint("name at least one, or leave the key out"));
            return None;
        }
        entries(item, array, &self.word, faults, |text| self.word.parse(text))
    }

    fn write(&self, values: &Self::Value) -> Option<String> {
        Some(written(values.iter().map(|value| self.word.write(value))))
    }
}

/// A list of a profile: any entry matches, `!` excludes.
pub(crate) struct Selection<W>(pub W);

impl<W: Word<Value: Clone + PartialEq>> Kind for Selection<W> {
    type Value = policy::List<W::Value>;

    fn describe(&self) -> String {
        format!("list of {}, each with or without ! before it", self.0.describe())
    }

    fn read(&self, item: Item<'_>, faults: &mut Faults<'_>) -> Option<Self::Value> {
        let array = array(item, &self.0.example(), faults)?;
        let read = entries(item, array, &self.0, faults, |text| self.parse(text))?;
        let mut list = policy::List::default();
        for (is_excluded, value) in &read {
            let into = if *is_excluded { &mut list.excluded } else { &mut list.included };
            into.push(value.clone());
        }
        for (entry, (_, value)) in array.iter().zip(&read).filter(|(_, (excluded, _))| *excluded) {
            if list.included.contains(value) {
                let shown = visible::quote(&self.0.write(value));
                let message = format!("{shown} is both named and excluded in this list");
                let complaint = Complaint::new(message).hint("take one of the two out");
                faults.error(place(item.place.source, entry), complaint);
            }
        }
        Some(list)
    }

    fn write(&self, list: &Self::Value) -> Option<String> {
        let included = list.included.iter().map(|value| self.0.write(value));
        let excluded = list.excluded.iter().map(|value| format!("!{}", self.0.write(value)));
        Some(written(included.chain(excluded)))
    }
}

impl<W: Word> Selection<W> {
    /// An entry, and whether it is excluded.
    fn parse(&self, text: &str) -> Result<(bool, W::Value), Complaint> {
        let Some(name) = text.strip_prefix('!') else {
            return self.0.parse(text).map(|value| (false, value));
        };
        if name.is_empty() {
            return Err(Complaint::new("a `!` alone excludes nothing")
                .hint(format!("write {}", toml_text(&format!("!{}", self.0.example())))));
        }
        if name.starts_with([' ', '!']) {
            return Err(Complaint::new("one `!` stands right before the name it excludes"));
        }
        self.0.parse(name).map(|value| (true, value))
    }
}

/// The list that a key holds.
fn array<'d>(item: Item<'d>, example: &str, faults: &mut Faults<'_>) -> Option<&'d DeArray<'d>> {
    if let DeValue::Array(array) = item.value {
        return Some(array);
    }
    let entry = match item.value {
        DeValue::String(text) if visible::escape(text) == **text => text,
        _ => example,
    };
    let hint = format!("write it as [{}]", toml_text(entry));
    faults.error(item.place, wrong_type(item, "a list").hint(hint));
    None
}

/// Every entry; none at all if one is wrong, but a note of each that is.
fn entries<W: Word, T>(
    item: Item<'_>,
    array: &DeArray<'_>,
    word: &W,
    faults: &mut Faults<'_>,
    parse: impl Fn(&str) -> Result<T, Complaint>,
) -> Option<Vec<T>> {
    let mut seen = BTreeSet::new();
    let mut values = Vec::new();
    for entry in array.iter() {
        let place = place(item.place.source, entry);
        if let DeValue::String(text) = entry.get_ref()
            && !text.is_empty()
            && !seen.insert(text.as_ref())
        {
            let message = format!("{} stands in this list twice", visible::quote(text));
            faults.warning(place, Complaint::new(message));
        }
        let text = entry_text(item, entry.get_ref(), word, place, faults);
        values.push(text.and_then(|text| accept(parse(text), place, faults)));
    }
    values.into_iter().collect()
}

fn entry_text<'d, W: Word>(
    item: Item<'_>,
    entry: &'d DeValue<'_>,
    word: &W,
    place: Place,
    faults: &mut Faults<'_>,
) -> Option<&'d str> {
    let complaint = match entry {
        DeValue::String(text) if !text.is_empty() => return Some(text),
        DeValue::String(_) => {
            Complaint::new(format!("an entry of \"{}\" is empty", item.name)).hint("take it out")
        }
        other => Complaint::new(format!(
            "an entry of \"{}\" must be a text, not {}",
            item.name,
            type_name(other)
        ))
        .hint(format!("write it as {}", toml_text(&word.example()))),
    };
    faults.error(place, complaint);
    None
}

fn written(entries: impl Iterator<Item = String>) -> String {
    let quoted: Vec<_> = entries.map(|entry| toml_text(&entry)).collect();
    format!("[{}]", quoted.join(", "))
}
