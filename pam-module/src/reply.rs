//! What a reply of the daemon says, once it is known to keep the contract of `org.twinlock1.Login`.

use std::collections::HashMap;
use std::fmt;

use twinlock_bus_api::login::{Message, Style, Verdict, details};
use zbus::OwnedVariant;
use zeroize::Zeroizing;

use crate::login::{MAX_PROMPTS, Reply};
use crate::ticket::Ticket;

/// The details of a reply on the wire.
pub type Details = HashMap<String, OwnedVariant>;

/// The most messages of one reply: `PAM_MAX_NUM_MSG`, what every application takes in one call.
pub const MAX_MESSAGES: usize = 32;

/// The longest text of one message in bytes, a QR code of block characters included.
pub const MAX_TEXT: usize = 16 * 1024;

/// One line to the person, fit for a terminal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// How it is shown.
    pub style: Style,
    /// The text: no control character but newline and tab.
    pub text: String,
}

/// What to do next.
pub enum Step {
    /// Show the lines; the last one is the prompt.
    Ask(Vec<Line>),
    /// Show the texts and end.
    Done {
        /// The texts.
        texts: Vec<Line>,
        /// The verdict.
        verdict: Verdict,
        /// The ticket that came along.
        ticket: Option<Ticket>,
    },
}

/// A reply that breaks the contract.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Nonsense {
    /// A word that is no verdict.
    Verdict(String),
    /// A message style that `pam_conv(3)` does not know, or that is not for people.
    Style(u32),
    /// More messages than [`MAX_MESSAGES`].
    TooManyMessages(usize),
    /// A text longer than [`MAX_TEXT`].
    LongText(usize),
    /// The dialogue goes on and nothing is asked.
    NoPrompt,
    /// Two prompts at once, or a text after the prompt.
    PromptNotLast,
    /// A prompt beside a verdict.
    PromptWithVerdict,
    /// A prompt in the session phase, which asks nothing.
    PromptInSession {
        /// How many messages came.
        messages: usize,
    },
    /// More prompts than [`MAX_PROMPTS`].
    TooManyPrompts,
    /// A ticket that is no hexadecimal text.
    Ticket,
}

impl fmt::Display for Nonsense {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Verdict(word) => write!(out, "unknown verdict {}", crate::log::Quoted(word)),
            Self::Style(style) => write!(out, "unknown message style {style}"),
            Self::TooManyMessages(count) => {
                write!(out, "{count} messages at once, {MAX_MESSAGES} are allowed")
            }
            Self::LongText(length) => {
                write!(out, "a text of {length} bytes, {MAX_TEXT} are allowed")
            }
            Self::NoPrompt => out.write_str("neither a prompt nor a verdict"),
            Self::PromptNotLast => out.write_str("a prompt that is not the last message"),
            Self::PromptWithVerdict => out.write_str("a prompt beside a verdict"),
            Self::PromptInSession { messages } => {
                write!(out, "a prompt in the session phase ({messages} messages)")
            }
            Self::TooManyPrompts => {
                write!(out, "no verdict after {MAX_PROMPTS} prompts")
            }
            Self::Ticket => out.write_str("a ticket that is not hexadecimal"),
        }
    }
}

impl std::error::Error for Nonsense {}

impl Step {
    /// The same with a reason first, in the style that is shown also where texts are not.
    #[must_use]
    pub fn told(mut self, reason: &str) -> Self {
        if let Self::Ask(lines) = &mut self {
            lines.insert(0, Line { style: Style::Error, text: reason.to_owned() });
        }
        self
    }

    /// Reads a reply.
    ///
    /// # Errors
    /// The reply breaks the contract.
    pub fn read(reply: Reply) -> Result<Self, Nonsense> {
        let lines = lines(reply.messages)?;
        let before_last = lines.len().saturating_sub(1);
        if lines.iter().take(before_last).any(|line| line.style.is_prompt()) {
            return Err(Nonsense::PromptNotLast);
        }
        let asks = lines.last().is_some_and(|line| line.style.is_prompt());
        match (Verdict::from_wire(&reply.verdict), asks) {
            (Some(verdict), false) => {
                Ok(Self::Done { texts: lines, verdict, ticket: ticket(reply.details)? })
            }
            (Some(_), true) => Err(Nonsense::PromptWithVerdict),
            (None, _) if !reply.verdict.is_empty() => Err(Nonsense::Verdict(reply.verdict)),
            (None, true) => Ok(Self::Ask(lines)),
            (None, false) => Err(Nonsense::NoPrompt),
        }
    }
}

fn lines(messages: Vec<Message>) -> Result<Vec<Line>, Nonsense> {
    if messages.len() > MAX_MESSAGES {
        return Err(Nonsense::TooManyMessages(messages.len()));
    }
    messages.into_iter().map(line).collect()
}

fn line(message: Message) -> Result<Line, Nonsense> {
    let style = Style::from_wire(message.style).ok_or(Nonsense::Style(message.style))?;
    if message.text.len() > MAX_TEXT {
        return Err(Nonsense::LongText(message.text.len()));
    }
    // The daemon quotes user and host names in its texts; none of them may move a cursor.
    let shown = |c: &char| matches!(c, '\n' | '\t') || !c.is_control();
    Ok(Line { style, text: message.text.chars().filter(shown).collect() })
}

fn ticket(mut details: Details) -> Result<Option<Ticket>, Nonsense> {
    let Some(value) = details.remove(details::TICKET) else { return Ok(None) };
    let text = Zeroizing::new(String::try_from(value).map_err(|_| Nonsense::Ticket)?);
    Ticket::parse(text).map(Some).ok_or(Nonsense::Ticket)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(messages: &[(u32, &str)], verdict: &str) -> Result<Step, Nonsense> {
        read_with(messages, verdict, Details::new())
    }

    fn read_with(
        messages: &[(u32, &str)],
        verdict: &str,
        details: Details,
    ) -> Result<Step, Nonsense> {
        let messages = messages
            .iter()
            .map(|(style, text)| Message { style: *style, text: (*text).to_owned() })
            .collect();
        Step::read(Reply { messages, verdict: verdict.to_owned(), details })
    }

    fn nonsense(messages: &[(u32, &str)], verdict: &str) -> Nonsense {
        read(messages, verdict).err().expect("the reply breaks the contract")
    }

    #[test]
    fn a_prompt_goes_last_and_alone() {
        let Ok(Step::Ask(lines)) = read(&[(4, "hello"), (3, "late"), (2, "code: ")], "") else {
            panic!("texts and then a prompt are a question");
        };
        assert_eq!(lines.len(), 3);
        assert_eq!(nonsense(&[(2, "a"), (2, "b")], ""), Nonsense::PromptNotLast);
        assert_eq!(nonsense(&[(1, "a"), (4, "b")], ""), Nonsense::PromptNotLast);
        assert_eq!(nonsense(&[(1, "a"), (4, "b")], "allow"), Nonsense::PromptNotLast);
    }

    #[test]
    fn each_verdict_is_known_by_its_word() {
        for (word, expected) in [
            ("allow", Verdict::Allow),
            ("skip", Verdict::Skip),
            ("deny", Verdict::Deny),
            ("locked", Verdict::Locked),
        ] {
            let Ok(Step::Done { verdict, texts, ticket }) = read(&[(4, "bye")], word) else {
                panic!("{word} is a verdict");
            };
            assert_eq!(verdict, expected);
            assert_eq!(texts.len(), 1);
            assert!(ticket.is_none());
        }
    }

    #[test]
    fn any_other_word_is_nonsense() {
        for word in ["Allow", "allow ", "ok", "0", "\0", "allow\n"] {
            assert_eq!(nonsense(&[(4, "bye")], word), Nonsense::Verdict(word.to_owned()));
        }
    }

    #[test]
    fn a_reply_without_prompt_or_verdict_is_nonsense() {
        assert_eq!(nonsense(&[], ""), Nonsense::NoPrompt);
        assert_eq!(nonsense(&[(4, "hello")], ""), Nonsense::NoPrompt);
    }

    #[test]
    fn a_prompt_beside_a_verdict_is_nonsense() {
        assert_eq!(nonsense(&[(2, "code: ")], "allow"), Nonsense::PromptWithVerdict);
    }

    #[test]
    fn a_style_for_machines_is_nonsense() {
        for style in [0, 5, 7, u32::MAX] {
            assert_eq!(nonsense(&[(style, "x")], ""), Nonsense::Style(style));
            assert_eq!(nonsense(&[(style, "x")], "allow"), Nonsense::Style(style));
        }
    }

    #[test]
    fn a_reply_has_a_size() {
        let longest = "x".repeat(MAX_TEXT);
        assert!(read(&[(2, &longest)], "").is_ok());
        let longer = "x".repeat(MAX_TEXT + 1);
        assert_eq!(nonsense(&[(2, &longer)], ""), Nonsense::LongText(MAX_TEXT + 1));
        assert!(read(&[(4, "x"); MAX_MESSAGES], "allow").is_ok());
        assert_eq!(
            nonsense(&[(4, "x"); MAX_MESSAGES + 1], "allow"),
            Nonsense::TooManyMessages(MAX_MESSAGES + 1)
        );
    }

    #[test]
    fn control_characters_do_not_reach_the_terminal() {
        let Ok(Step::Ask(lines)) = read(&[(2, "a\x1b[2J\u{9b}\r\x00\u{7f}b\n\tç█")], "") else {
            panic!("a prompt is a question");
        };
        assert_eq!(lines[0].text, "a[2Jb\n\tç█");
    }

    #[test]
    fn a_ticket_is_hexadecimal_text_or_nonsense() {
        let with = |value: OwnedVariant| {
            read_with(&[], "allow", Details::from([("ticket".to_owned(), value)]))
        };
        let text = |text: &str| {
            OwnedVariant::try_from(zbus::Variant::from(text.to_owned())).expect("a plain string")
        };
        let Ok(Step::Done { ticket: Some(ticket), .. }) = with(text("c0ffee")) else {
            panic!("hexadecimal text is a ticket");
        };
        assert_eq!(ticket.as_str(), "c0ffee");
        assert_eq!(with(text("")).err(), Some(Nonsense::Ticket));
        assert_eq!(with(text("coffee")).err(), Some(Nonsense::Ticket));
        assert_eq!(with(OwnedVariant::from(7_u32)).err(), Some(Nonsense::Ticket));
    }
}
