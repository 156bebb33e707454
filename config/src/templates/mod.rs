//! What messages say: templates that an administrator can override one by one, and their rendering.
//!
//! ```text
//! values ─► sanitise ─► NAME.txt ─► subject, text ─► layout.html ─► HTML
//!                  └──► NAME.sms ─► one line ─► plain marks
//! ```
//!
//! The shipped templates are built in. One that is overridden by a file with a mistake, or that
//! fails while it is rendered, is rendered as shipped: a mistake in wording costs no code.

mod alphabet;
mod catalogue;
mod check;
mod files;

use std::{collections::BTreeMap, fmt};

use minijinja::{Environment, Error, UndefinedBehavior, Value};
use zeroize::Zeroizing;

pub use catalogue::{COMMON, MESSAGES, Message};
use catalogue::{Form, LAYOUT_NAME, Slot};
pub(crate) use files::find;

/// What a template may do, in instructions of its engine: some thousand lines of text.
const FUEL: u64 = 100_000;

/// The most characters of a value, and of a text message: three to four parts of 160.
const LONGEST_VALUE: usize = 200;
const LONGEST_SMS: usize = 480;

/// Files that override shipped templates, by name: `one-time-code.sms`.
pub type Overrides = BTreeMap<String, String>;

/// The values of one message. A variable that does not apply has an empty one.
pub type Values = BTreeMap<&'static str, Zeroizing<String>>;

/// An e-mail as it is sent. It may hold a code, which its `Debug` does not show.
#[derive(Clone, PartialEq, Eq)]
pub struct Letter {
    /// One line, without control characters.
    pub subject: Zeroizing<String>,
    /// The text.
    pub text: Zeroizing<String>,
    /// The same as HTML.
    pub html: Zeroizing<String>,
}

impl fmt::Debug for Letter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Letter(…)")
    }
}

/// A message as it was rendered, and what was wrong with the template that should have been.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rendered<T> {
    /// The message.
    pub message: T,
    /// Why the shipped template stood in, if it did.
    pub fault: Option<String>,
}

/// A message that cannot be rendered. It names no value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RenderError(String);

impl fmt::Display for RenderError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for RenderError {}

impl RenderError {
    fn of(file: &str, error: &Error) -> Self {
        // The details of an error can repeat a value.
        let line = error.line().map(|line| format!(", line {line}")).unwrap_or_default();
        Self(format!("{file}{line}: {}", error.kind()))
    }
}

/// Every template, ready to be rendered.
#[derive(Debug)]
pub struct Templates {
    chosen: Set,
    shipped: Set,
}

impl Default for Templates {
    fn default() -> Self {
        Self::new(&Overrides::new())
    }
}

impl Templates {
    /// The shipped templates, and over them those that were found to be right.
    pub fn new(overrides: &Overrides) -> Self {
        Self { chosen: Set::new(overrides), shipped: Set::new(&Overrides::new()) }
    }

    /// The e-mail of this name.
    ///
    /// # Errors
    /// There is no such message, or a value is missing.
    pub fn letter(&self, name: &str, values: &Values) -> Result<Rendered<Letter>, RenderError> {
        self.render(|set| set.letter(name, values))
    }

    /// The text message of this name: one line.
    ///
    /// # Errors
    /// There is no such message, or a value is missing.
    pub fn sms(
        &self,
        name: &str,
        values: &Values,
    ) -> Result<Rendered<Zeroizing<String>>, RenderError> {
        self.render(|set| set.sms(name, values))
    }

    fn render<T>(
        &self,
        with: impl Fn(&Set) -> Result<T, RenderError>,
    ) -> Result<Rendered<T>, RenderError> {
        match with(&self.chosen) {
            Ok(message) => Ok(Rendered { message, fault: None }),
            Err(error) => {
                let message = with(&self.shipped)?;
                Ok(Rendered { message, fault: Some(error.to_string()) })
            }
        }
    }
}

/// One complete set of templates.
#[derive(Debug)]
struct Set(Environment<'static>);

impl Set {
    fn new(overrides: &Overrides) -> Self {
        let mut set = Self(environment());
        for (name, slot) in Slot::all() {
            let text = overrides.get(&name).map_or(slot.shipped, String::as_str);
            // What is no template is missed when it is rendered, and the shipped one stands in.
            let _ = set.0.add_template_owned(name, text.to_owned());
        }
        set
    }

    fn letter(&self, name: &str, values: &Values) -> Result<Letter, RenderError> {
        let whole = self.fill(&format!("{name}.txt"), context(values))?;
        let (subject, text) =
            split_subject(&whole).map_err(|wrong| RenderError(format!("{name}.txt: {wrong}")))?;
        let value = |key| Value::from(values.get(key).map_or("", |value| value.as_str()));
        let paragraphs = text.split("\n\n").map(|paragraph| Value::from(paragraph.trim()));
        let of_layout = BTreeMap::from([
            ("subject", Value::from(subject)),
            ("paragraphs", paragraphs.collect::<Value>()),
            ("code", value("code")),
            ("user", value("user")),
            ("host", value("host")),
        ]);
        let html = self.fill(LAYOUT_NAME, Value::from(of_layout))?;
        let (subject, text) = (subject.to_owned().into(), text.to_owned().into());
        Ok(Letter { subject, text, html })
    }

    fn sms(&self, name: &str, values: &Values) -> Result<Zeroizing<String>, RenderError> {
        let whole = self.fill(&format!("{name}.sms"), context(values))?;
        let line = Zeroizing::new(whole.split_whitespace().collect::<Vec<_>>().join(" "));
        if line.is_empty() {
            return Err(RenderError(format!("{name}.sms: it is empty")));
        }
        Ok(shortened(&alphabet::plain(&line), LONGEST_SMS, "..."))
    }

    fn fill(&self, file: &str, values: Value) -> Result<Zeroizing<String>, RenderError> {
        let rendered = self.0.get_template(file).and_then(|template| template.render(values));
        rendered.map(Zeroizing::new).map_err(|error| RenderError::of(file, &error))
    }
}

fn environment() -> Environment<'static> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_fuel(Some(FUEL));
    environment
}

/// The subject and the text of an e-mail.
fn split_subject(whole: &str) -> Result<(&str, &str), &'static str> {
    let rest = whole.strip_prefix("Subject:").ok_or("the first line is not `Subject: …`")?;
    let (subject, text) = rest.split_once('\n').ok_or("there is no text after the subject")?;
    let (subject, text) = (subject.trim(), text.trim_matches('\n'));
    if subject.is_empty() || text.trim().is_empty() {
        return Err("the subject or the text is empty");
    }
    if subject.chars().any(char::is_control) {
        return Err("the subject holds a control character");
    }
    Ok((subject, text))
}

fn context(values: &Values) -> Value {
    let values = values.iter().map(|(name, value)| (*name, Value::from(sanitised(value))));
    Value::from(values.collect::<BTreeMap<_, _>>())
}

/// A value on one line, without what a terminal or a mail program would act on.
fn sanitised(value: &str) -> String {
    let plain: String = value
        .chars()
        .map(|character| if crate::visible::is_hidden(character) { '\u{fffd}' } else { character })
        .collect();
    shortened(&plain, LONGEST_VALUE, "…").to_string()
}

/// At most so many characters, the last of which say that something was cut off.
fn shortened(text: &str, longest: usize, cut: &str) -> Zeroizing<String> {
    if text.chars().nth(longest).is_none() {
        return text.to_owned().into();
    }
    let room = longest.saturating_sub(cut.chars().count());
    let mut kept = Zeroizing::new(String::with_capacity(text.len() + cut.len()));
    kept.extend(text.chars().take(room));
    kept.push_str(cut);
    kept
}

#[cfg(test)]
mod tests;
