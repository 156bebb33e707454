//! Tables of several files seen as one: what a later file says of a key holds, and lists of tables
//! follow one another.
//!
//! Nothing is merged beforehand. Every value of every file is looked at, so that a mistake is told
//! even where a later file overrides it.

use std::borrow::Cow;

use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use crate::{
    faults::{Complaint, Faults},
    schema,
    source::Place,
    suggest, visible,
};

/// A value with its key, in one file.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Item<'d> {
    pub name: &'d str,
    pub key: Place,
    pub place: Place,
    pub value: &'d DeValue<'d>,
}

/// One table as one file has it.
#[derive(Debug, Clone, Copy)]
struct Part<'d> {
    header: Place,
    table: &'d DeTable<'d>,
}

/// One table as the files in order have it.
#[derive(Debug, Clone)]
pub(crate) struct Layers<'d> {
    /// Its dotted name; empty at the top.
    name: String,
    /// Its header as it is written; empty at the top.
    label: String,
    parts: Vec<Part<'d>>,
}

impl<'d> Layers<'d> {
    /// The top of each file, in order.
    pub fn of_files(files: &'d [Spanned<DeTable<'d>>]) -> Self {
        let parts = files.iter().enumerate().map(|(source, table)| Part {
            header: Place { source, start: 0, end: 0 },
            table: table.get_ref(),
        });
        Self { name: String::new(), label: String::new(), parts: parts.collect() }
    }

    /// Where this table begins, in the last file that has it. The beginning of the first file
    /// where none has.
    pub fn header(&self) -> Place {
        self.parts.last().map_or(Place { source: 0, start: 0, end: 0 }, |part| part.header)
    }

    /// Every value of a key, in the order of files; the last one holds.
    pub fn items(&self, name: &str) -> impl Iterator<Item = Item<'d>> {
        self.parts.iter().filter_map(move |part| {
            let (key, value) = part.table.get_key_value(name)?;
            Some(item(part.header.source, key, value))
        })
    }

    /// Where the value stands that holds; the header of the table where the key is not set.
    pub fn place(&self, name: &str) -> Place {
        self.items(name).last().map_or_else(|| self.header(), |item| item.place)
    }

    /// Where the value of the first of these keys stands that is set.
    pub fn first_place(&self, names: &[&str]) -> Place {
        names
            .iter()
            .find(|name| self.has(name))
            .map_or_else(|| self.header(), |name| self.place(name))
    }

    /// Where the first such entry stands of the list that holds; the list where none is.
    pub fn place_of_entry(&self, name: &str, is_it: impl Fn(&str) -> bool) -> Place {
        let list = self.items(name).last();
        let array = list.and_then(|item| Some((item.place.source, item.value.as_array()?)));
        let entry = array.and_then(|(source, array)| {
            let entry = array.iter().find(|entry| entry.get_ref().as_str().is_some_and(&is_it))?;
            Some(place(source, entry))
        });
        entry.unwrap_or_else(|| self.place(name))
    }

    /// Where the first file begins.
    pub fn beginning(&self) -> Place {
        self.parts.first().map_or(Place { source: 0, start: 0, end: 0 }, |part| part.header)
    }

    /// Whether any file sets this key.
    pub fn has(&self, name: &str) -> bool {
        self.items(name).next().is_some()
    }

    /// Every key of every file.
    pub fn every_item(&self) -> impl Iterator<Item = Item<'d>> {
        self.parts.iter().flat_map(|part| {
            part.table.iter().map(|(key, value)| item(part.header.source, key, value))
        })
    }

    /// A table within this one.
    pub fn table(&self, name: &str, faults: &mut Faults<'_>) -> Self {
        let mut parts = Vec::new();
        for item in self.items(name) {
            match item.value {
                DeValue::Table(table) => parts.push(Part { header: item.key, table }),
                other => faults.error(
                    item.place,
                    Complaint::new(format!("\"{name}\" is a section, not {}", type_name(other)))
                        .hint(format!("write [{}] and its settings below it", self.child(name))),
                ),
            }
        }
        let name = self.child(name);
        Self { label: format!("[{name}]"), name, parts }
    }

    /// The tables of a list, those of later files after those of earlier ones.
    pub fn tables(&self, name: &str, faults: &mut Faults<'_>) -> Vec<Self> {
        let mut tables = Vec::new();
        for item in self.items(name) {
            let DeValue::Array(array) = item.value else {
                faults.error(item.place, list_wanted(name, item.value));
                continue;
            };
            for entry in array.iter() {
                let place = place(item.place.source, entry);
                match entry.get_ref() {
                    DeValue::Table(table) => tables.push(Self {
                        name: self.child(name),
                        label: format!("[[{}]]", self.child(name)),
                        parts: vec![Part { header: place, table }],
                    }),
                    other => faults.error(place, list_wanted(name, other)),
                }
            }
        }
        tables
    }

    /// Notes every key that is none of these.
    pub fn refuse_all_but(&self, known: &[&'static str], faults: &mut Faults<'_>) {
        for item in self.every_item().filter(|item| !known.contains(&item.name)) {
            let what = if is_section(item.value) { "section" } else { "key" };
            let mut message = format!("unknown {what} {}", visible::quote(item.name));
            if !self.label.is_empty() {
                message.push_str(&format!(" in {}", self.label));
            }
            let hint = (!faults.is_full()).then(|| self.hint_for(item.name, known));
            faults.error(item.key, Complaint::new(message).maybe_hint(hint));
        }
    }

    fn hint_for(&self, name: &str, known: &[&'static str]) -> String {
        schema::home_of(name)
            .or_else(|| suggest::did_you_mean(name, known))
            .unwrap_or_else(|| format!("known here: {}", known.join(", ")))
    }

    fn child(&self, name: &str) -> String {
        if self.name.is_empty() { name.to_owned() } else { format!("{}.{name}", self.name) }
    }
}

fn item<'d>(
    source: usize,
    key: &'d Spanned<Cow<'d, str>>,
    value: &'d Spanned<DeValue<'d>>,
) -> Item<'d> {
    Item {
        name: key.get_ref(),
        key: place(source, key),
        place: place(source, value),
        value: value.get_ref(),
    }
}

pub(crate) fn place<T>(source: usize, spanned: &Spanned<T>) -> Place {
    let span = spanned.span();
    Place { source, start: span.start, end: span.end }
}

/// Whether a value is written with a header of its own.
fn is_section(value: &DeValue<'_>) -> bool {
    match value {
        DeValue::Table(_) => true,
        DeValue::Array(array) => array.iter().any(|entry| entry.get_ref().is_table()),
        _ => false,
    }
}

fn list_wanted(name: &str, value: &DeValue<'_>) -> Complaint {
    Complaint::new(format!("\"{name}\" is a list of tables, not {}", type_name(value)))
        .hint(format!("begin each one with [[{name}]]"))
}

/// What a value is, for people, with its article.
pub(crate) fn type_name(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a text",
        DeValue::Integer(_) => "a number",
        DeValue::Float(_) => "a decimal number",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(value) if value.date.is_none() => "a time of day",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}
