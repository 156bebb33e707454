//! The templates that there are, the variables that each one may use, and the shipped wording.

/// A message that Twinlock sends.
#[derive(Debug, Clone, Copy)]
pub struct Message {
    /// Its name, and that of its files.
    pub name: &'static str,
    /// The variables it has beside the [`COMMON`] ones.
    pub variables: &'static [&'static str],
    /// The shipped e-mail: `Subject: …`, an empty line, the text.
    pub text: &'static str,
    /// The shipped text message.
    pub sms: &'static str,
}

macro_rules! message {
    ($name:literal, $variables:expr) => {
        Message {
            name: $name,
            variables: &$variables,
            text: include_str!(concat!("../../templates/", $name, ".txt")),
            sms: include_str!(concat!("../../templates/", $name, ".sms")),
        }
    };
}

/// The variables of every message.
pub const COMMON: &[&str] = &["user", "host", "time", "source", "service", "by", "reference"];

/// Every message.
pub const MESSAGES: &[Message] = &[
    message!("one-time-code", ["code", "lifetime"]),
    message!("contact-proof", ["code", "lifetime"]),
    message!("factor-enrolled", ["label"]),
    message!("factor-removed", ["label"]),
    message!("host-trusted", ["trusted", "until"]),
    message!("contact-changed", ["what", "old", "new"]),
    message!("recovery-code-used", ["left"]),
    message!("recovery-codes-renewed", []),
    message!("bypass-issued", ["until", "uses", "reason"]),
    message!("bypass-used", []),
    message!("reset", []),
    message!("reset-requested", ["request", "until", "reason"]),
    message!("reset-refused", ["request"]),
    message!("invitation", ["code", "until"]),
    message!("switched", ["state"]),
    message!("reminder", ["from"]),
];

/// How every e-mail looks as HTML.
pub(super) const LAYOUT: &str = include_str!("../../templates/layout.html");

/// The name of that file.
pub(super) const LAYOUT_NAME: &str = "layout.html";

/// The variables of the layout. `paragraphs` is a list, the others are texts.
pub(super) const OF_LAYOUT: &[&str] = &["subject", "paragraphs", "code", "user", "host"];

/// What a file is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// `NAME.txt`
    Text,
    /// `NAME.sms`
    Sms,
    /// `layout.html`
    Layout,
}

/// One file that there can be.
#[derive(Debug, Clone, Copy)]
pub(super) struct Slot {
    pub form: Form,
    pub message: Option<&'static Message>,
    pub shipped: &'static str,
}

impl Slot {
    /// Every file that there can be, with its name.
    pub fn all() -> impl Iterator<Item = (String, Self)> {
        let of_messages = MESSAGES.iter().flat_map(|message| {
            let slot = |form, shipped| Self { form, message: Some(message), shipped };
            [
                (format!("{}.txt", message.name), slot(Form::Text, message.text)),
                (format!("{}.sms", message.name), slot(Form::Sms, message.sms)),
            ]
        });
        let layout = Self { form: Form::Layout, message: None, shipped: LAYOUT };
        of_messages.chain([(LAYOUT_NAME.to_owned(), layout)])
    }

    /// The variables that the file may use.
    pub fn variables(&self) -> Vec<&'static str> {
        match self.message {
            Some(message) => COMMON.iter().chain(message.variables).copied().collect(),
            None => OF_LAYOUT.to_vec(),
        }
    }
}
