//! What the demo prints: headlines, what one would see on a terminal, and what was checked.
//!
//! Colours on a terminal only, so that the output in a file or a log is plain text.

use std::io::{self, IsTerminal, Write};

const BOLD: &str = "1";
const DIM: &str = "2";
const GREEN: &str = "32";

/// Standard output.
pub struct Page {
    coloured: bool,
    headlines: u32,
}

impl Page {
    /// Standard output as it is.
    pub fn new() -> Self {
        Self { coloured: io::stdout().is_terminal(), headlines: 0 }
    }

    /// A numbered headline.
    pub fn headline(&mut self, text: &str) {
        self.headlines += 1;
        let line = self.paint(BOLD, &format!("{}. {text}", self.headlines));
        self.line(&format!("\n{line}"));
    }

    /// A sentence under a headline.
    pub fn say(&mut self, text: &str) {
        self.line(text);
    }

    /// A command, as it is typed.
    pub fn command(&mut self, text: &str) {
        let line = self.paint(DIM, text);
        self.line(&format!("\n    {line}"));
    }

    /// Text of a terminal or a log, as it looked, moved to the right.
    pub fn show(&mut self, text: &str) {
        for line in text.replace('\r', "").trim_end().lines() {
            self.line(format!("    {line}").trim_end());
        }
    }

    /// Something that was promised: says that it holds.
    ///
    /// Panics with the promise when it does not, which ends the demo.
    pub fn check(&mut self, holds: bool, promise: &str) {
        assert!(holds, "it was promised, and does not hold: {promise}");
        let mark = self.paint(GREEN, "✓");
        self.line(&format!("{mark} {promise}"));
    }

    /// An empty line.
    pub fn gap(&mut self) {
        self.line("");
    }

    fn paint(&self, colour: &str, text: &str) -> String {
        if self.coloured { format!("\x1b[{colour}m{text}\x1b[0m") } else { text.to_owned() }
    }

    fn line(&mut self, text: &str) {
        let mut out = io::stdout().lock();
        writeln!(out, "{text}").and_then(|()| out.flush()).expect("standard output takes text");
    }
}

impl Default for Page {
    fn default() -> Self {
        Self::new()
    }
}
