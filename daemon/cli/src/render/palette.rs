//! The few colours of the text, used on a terminal only.

use anstyle::{AnsiColor, Style};

/// Styles by what they mean.
#[derive(Debug, Clone, Copy)]
pub struct Palette {
    heading: Style,
    good: Style,
    warning: Style,
    bad: Style,
}

impl Palette {
    /// No escape sequence at all.
    pub const fn plain() -> Self {
        let plain = Style::new();
        Self { heading: plain, good: plain, warning: plain, bad: plain }
    }

    /// Bold headings, and green, yellow and red for states.
    pub const fn coloured() -> Self {
        Self {
            heading: Style::new().bold(),
            good: AnsiColor::Green.on_default(),
            warning: AnsiColor::Yellow.on_default(),
            bad: AnsiColor::Red.on_default(),
        }
    }

    /// A heading.
    pub fn heading(&self, text: &str) -> String {
        Self::paint(self.heading, text)
    }

    /// Something that holds.
    pub fn good(&self, text: &str) -> String {
        Self::paint(self.good, text)
    }

    /// A warning.
    pub fn warning(&self, text: &str) -> String {
        Self::paint(self.warning, text)
    }

    /// A failure.
    pub fn bad(&self, text: &str) -> String {
        Self::paint(self.bad, text)
    }

    /// A state of a user, by its word on the wire.
    pub fn state(&self, state: &str, text: &str) -> String {
        let style = match state {
            "enrolled" => self.good,
            "locked" | "mismatch" => self.bad,
            _ => self.warning,
        };
        Self::paint(style, text)
    }

    /// The word of an event: what was let in is good, what was refused is bad.
    pub fn happening(&self, word: &str, text: &str) -> String {
        let style = match word {
            "login.allowed" | "code.accepted" | "factor.enrolled" => self.good,
            "login.refused"
            | "login.locked"
            | "code.refused"
            | "call.refused"
            | "trouble"
            | "configuration.refused" => self.bad,
            "login.observed" | "factor.removed" | "user.reset" => self.warning,
            _ => Style::new(),
        };
        Self::paint(style, text)
    }

    fn paint(style: Style, text: &str) -> String {
        format!("{style}{text}{style:#}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_text_holds_no_escape_sequence() {
        let plain = Palette::plain();
        assert_eq!(plain.heading("a") + &plain.bad("b") + &plain.state("locked", "c"), "abc");
    }

    #[test]
    fn a_locked_state_is_red_and_an_enrolled_one_green() {
        let coloured = Palette::coloured();
        assert_eq!(coloured.state("locked", "x"), "\u{1b}[31mx\u{1b}[0m");
        assert_eq!(coloured.state("enrolled", "x"), "\u{1b}[32mx\u{1b}[0m");
    }
}
