//! Texts: one of a set of words, the name of a profile, the issuer that an authenticator app
//! shows.

use super::Word;
use crate::{faults::Complaint, suggest, visible};

/// One of a set of words.
pub(crate) struct Choice<T: 'static> {
    /// What is chosen, for messages: `level`.
    what: &'static str,
    choices: &'static [T],
    word: fn(T) -> &'static str,
}

impl<T: Copy> Choice<T> {
    /// One of these, each written as its word.
    pub const fn of(
        what: &'static str,
        choices: &'static [T],
        word: fn(T) -> &'static str,
    ) -> Self {
        Self { what, choices, word }
    }

    fn words(&self) -> Vec<&'static str> {
        self.choices.iter().map(|choice| (self.word)(*choice)).collect()
    }
}

impl<T: Copy> Word for Choice<T> {
    type Value = T;

    fn describe(&self) -> String {
        let quoted: Vec<_> = self.words().iter().map(|word| format!("\"{word}\"")).collect();
        one_of(&quoted)
    }

    fn example(&self) -> String {
        self.words().first().copied().unwrap_or_default().to_owned()
    }

    fn parse(&self, text: &str) -> Result<T, Complaint> {
        let known = self.choices.iter().copied().find(|choice| (self.word)(*choice) == text);
        known.ok_or_else(|| {
            Complaint::new(format!("unknown {} {}", self.what, visible::quote(text)))
                .hint(format!("write {}", Word::describe(self)))
                .maybe_hint(suggest::did_you_mean(text, &self.words()))
        })
    }

    fn write(&self, value: &T) -> String {
        (self.word)(*value).to_owned()
    }
}

/// `a`, `a or b`, `a, b or c`.
fn one_of(names: &[String]) -> String {
    match names {
        [] => String::new(),
        [only] => only.clone(),
        [first @ .., last] => format!("{} or {last}", first.join(", ")),
    }
}

/// The name of a profile, as the log and `twinlock policy explain` show it.
pub(crate) struct ProfileName;

impl ProfileName {
    /// The most characters: a name stands in a line of the log.
    const LONGEST: usize = 80;
}

impl Word for ProfileName {
    type Value = String;

    fn describe(&self) -> String {
        format!("text of 1 to {} characters", Self::LONGEST)
    }

    fn example(&self) -> String {
        "staff over SSH".to_owned()
    }

    fn parse(&self, text: &str) -> Result<String, Complaint> {
        if text.trim() != text || text.is_empty() {
            return Err(Complaint::new("the name is empty, or begins or ends with a space"));
        }
        if text.chars().count() > Self::LONGEST {
            let longest = Self::LONGEST;
            return Err(Complaint::new(format!("the name has more than {longest} characters")));
        }
        if visible::escape(text) != text {
            return Err(Complaint::new("the name holds a character that cannot be seen"));
        }
        Ok(text.to_owned())
    }

    fn write(&self, value: &String) -> String {
        value.clone()
    }
}

/// The name of the host in the authenticator app; `%h` stands for the host's name.
pub(crate) struct Issuer;

impl Issuer {
    /// The most characters: an app shows one line.
    const LONGEST: usize = 64;
}

impl Word for Issuer {
    type Value = String;

    fn describe(&self) -> String {
        format!("text of 1 to {} characters, %h for the host's name, %% for a %", Self::LONGEST)
    }

    fn example(&self) -> String {
        "%h".to_owned()
    }

    fn parse(&self, text: &str) -> Result<String, Complaint> {
        if text.trim() != text || text.is_empty() {
            return Err(Complaint::new("the issuer is empty, or begins or ends with a space")
                .hint("write \"%h\" for the host's name"));
        }
        if text.chars().count() > Self::LONGEST {
            return Err(Complaint::new(format!(
                "the issuer has more than {} characters",
                Self::LONGEST
            )));
        }
        if visible::escape(text) != text {
            return Err(Complaint::new("the issuer holds a character that cannot be seen"));
        }
        // The label of an otpauth URI is `issuer:account`.
        if text.contains(':') {
            return Err(Complaint::new("the issuer holds a colon, which ends it in the app"));
        }
        let mut characters = text.chars();
        while let Some(character) = characters.next() {
            if character == '%' && !matches!(characters.next(), Some('h' | '%')) {
                return Err(Complaint::new("after a % in the issuer comes h or another %")
                    .hint("%h is the host's name, %% is a %"));
            }
        }
        Ok(text.to_owned())
    }

    fn write(&self, value: &String) -> String {
        value.clone()
    }
}
