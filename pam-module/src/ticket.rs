//! The ticket that ties the account phase to the auth phase of the same login.

use zeroize::Zeroizing;

/// The most digits of a ticket: twice what 32 random bytes take.
pub const MAX_DIGITS: usize = 128;

/// A one-time ticket of the daemon, hexadecimal text. Wiped on drop, without `Debug`.
#[derive(Clone)]
pub struct Ticket(Zeroizing<String>);

impl Ticket {
    /// The ticket that this text spells, if it is one to [`MAX_DIGITS`] hexadecimal digits.
    pub fn parse(text: Zeroizing<String>) -> Option<Self> {
        let hexadecimal = text.bytes().all(|byte| byte.is_ascii_hexdigit());
        ((1..=MAX_DIGITS).contains(&text.len()) && hexadecimal).then_some(Self(text))
    }

    /// What stands in the place of a ticket while an auth phase has given none. The daemon never
    /// honours it: an account phase that shows it had an auth phase without an end, and must not
    /// pass for a login whose key made PAM's auth phase superfluous.
    pub fn void() -> Self {
        Self(Zeroizing::new(twinlock_bus_api::login::VOID_TICKET.to_owned()))
    }

    /// Whether it stands in the place of one.
    pub fn is_void(&self) -> bool {
        *self.0 == twinlock_bus_api::login::VOID_TICKET
    }

    /// The text on the wire.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parses(text: &str) -> bool {
        Ticket::parse(Zeroizing::new(text.to_owned())).is_some_and(|kept| kept.as_str() == text)
    }

    #[test]
    fn hexadecimal_text_is_a_ticket() {
        assert!(parses("0") && parses(&"aF9".repeat(21)) && parses(&"e".repeat(MAX_DIGITS)));
    }

    #[test]
    fn anything_else_is_none() {
        let long = "e".repeat(MAX_DIGITS + 1);
        for text in ["", " ", "0x12", "12 34", "g", "\0", "é", &long] {
            assert!(!parses(text), "{text:?}");
        }
    }
}
