//! What a person typed at a prompt.

use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

/// The longest answer that can mean anything, in bytes. A recovery code with hyphens has 19.
const LONGEST: usize = 128;

/// An answer. Wiped when dropped, never printed: it has no `Debug`.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct Response(String);

impl Response {
    /// Takes an answer over. One that is too long, or has control characters in it, is kept as a
    /// question mark: a wrong answer, and not the empty one that can stand for a choice.
    pub fn new(text: String) -> Self {
        let text = Zeroizing::new(text);
        let trimmed = text.trim();
        if trimmed.len() > LONGEST || trimmed.chars().any(char::is_control) {
            return Self("?".to_owned());
        }
        Self(trimmed.to_owned())
    }

    /// Whether the answer is this word, whatever its case.
    pub fn is_word(&self, word: &str) -> bool {
        self.0.eq_ignore_ascii_case(word)
    }

    /// Whether nothing was typed.
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether the answer is a yes.
    pub fn is_yes(&self) -> bool {
        self.is_word("y") || self.is_word("yes")
    }

    /// What was typed, a character at a time.
    pub(crate) fn characters(&self) -> impl Iterator<Item = char> + '_ {
        self.0.chars()
    }

    /// The digits of a code, as a person means them: spaces and hyphens between them do not
    /// count, and full-width digits are digits. `None` if anything else is in it, or nothing.
    pub fn digits(&self) -> Option<Zeroizing<String>> {
        let mut digits = Zeroizing::new(String::with_capacity(LONGEST));
        for character in self.0.chars() {
            match character {
                '0'..='9' => digits.push(character),
                // U+FF10 to U+FF19 are the full-width digits, in order.
                '\u{ff10}'..='\u{ff19}' => {
                    digits.push(char::from_digit(character as u32 - 0xff10, 10)?);
                }
                ' ' | '\u{a0}' | '\u{202f}' | '\u{3000}' | '-' => {}
                _ => return None,
            }
        }
        (!digits.is_empty()).then_some(digits)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digits(text: &str) -> Option<String> {
        Response::new(text.to_owned()).digits().map(|digits| digits.to_string())
    }

    #[test]
    fn a_code_is_taken_as_a_person_means_it() {
        for text in ["123456", "\t 123 456 \r", "123-456", "１２３４５６", "123\u{202f}456"] {
            assert_eq!(digits(text).as_deref(), Some("123456"), "{text:?}");
        }
    }

    #[test]
    fn anything_else_is_no_code() {
        let long = "1".repeat(10_000_000);
        for text in ["", "  ", "12a456", "123\n456", "123\u{0}456", "\u{1b}[2J", "١٢٣٤٥٦", &long]
        {
            assert_eq!(digits(text), None);
        }
    }
}
