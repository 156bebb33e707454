//! What a key may hold: each kind describes itself, reads a value and writes one.

mod address;
mod gateway;
mod list;
mod mail;
mod name;
mod network;
mod number;
mod text;
mod time;
mod version;

use toml::de::DeValue;

pub(crate) use self::{
    address::{AbsolutePath, BusAddress},
    gateway::{Body, CommandWord, GatewayUrl, HeaderLine, check_program},
    list::{List, Selection},
    mail::{From, Server},
    name::Name,
    network::Network,
    number::{Count, Switch},
    text::{Choice, Issuer, ProfileName},
    time::{Ahead, Date, RememberFor, Span},
    version::Version,
};
pub use self::{
    gateway::{Argument, Header, HttpMethod},
    mail::{MailServer, MailTls, Sender},
};
use crate::{
    faults::{Complaint, Faults},
    reader::{Item, type_name},
    source::Place,
};

/// What a key may hold.
pub(crate) trait Kind {
    /// What is read.
    type Value;

    /// What may be written, for the manual: `whole number, 1 to 100`.
    fn describe(&self) -> String;

    /// Reads a value; notes everything that is wrong with it.
    fn read(&self, item: Item<'_>, faults: &mut Faults<'_>) -> Option<Self::Value>;

    /// The value as TOML; none where leaving the key out is the only way to say it.
    fn write(&self, value: &Self::Value) -> Option<String>;
}

/// What one text may say.
pub(crate) trait Word {
    /// What is read.
    type Value;

    /// What may be written, for the manual.
    fn describe(&self) -> String;

    /// How one is written, for the hint to a value of another type.
    fn example(&self) -> String;

    /// Reads a text.
    fn parse(&self, text: &str) -> Result<Self::Value, Complaint>;

    /// The text for a value.
    fn write(&self, value: &Self::Value) -> String;
}

impl<W: Word> Kind for W {
    type Value = W::Value;

    fn describe(&self) -> String {
        Word::describe(self)
    }

    fn read(&self, item: Item<'_>, faults: &mut Faults<'_>) -> Option<Self::Value> {
        let DeValue::String(text) = item.value else {
            let hint = format!("write it as {}", toml_text(&self.example()));
            faults.error(item.place, wrong_type(item, "a text").hint(hint));
            return None;
        };
        accept(self.parse(text), item.place, faults)
    }

    fn write(&self, value: &Self::Value) -> Option<String> {
        Some(toml_text(&Word::write(self, value)))
    }
}

/// A key that may be left out.
pub(crate) struct Optional<K>(pub K);

impl<K: Kind> Kind for Optional<K> {
    type Value = Option<K::Value>;

    fn describe(&self) -> String {
        self.0.describe()
    }

    fn read(&self, item: Item<'_>, faults: &mut Faults<'_>) -> Option<Self::Value> {
        self.0.read(item, faults).map(Some)
    }

    fn write(&self, value: &Self::Value) -> Option<String> {
        self.0.write(value.as_ref()?)
    }
}

/// The value, or nothing and a note of what is wrong.
fn accept<T>(read: Result<T, Complaint>, place: Place, faults: &mut Faults<'_>) -> Option<T> {
    read.map_err(|complaint| faults.error(place, complaint)).ok()
}

fn wrong_type(item: Item<'_>, wanted: &str) -> Complaint {
    Complaint::new(format!("\"{}\" must be {wanted}, not {}", item.name, type_name(item.value)))
}

/// A text as a TOML basic string.
fn toml_text(text: &str) -> String {
    let mut quoted = String::from("\"");
    for character in text.chars() {
        match character {
            '"' | '\\' => quoted.extend(['\\', character]),
            character if character.is_control() => {
                quoted.push_str(&format!("\\u{:04X}", u32::from(character)));
            }
            character => quoted.push(character),
        }
    }
    quoted.push('"');
    quoted
}
