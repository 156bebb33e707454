//! Files of `/etc/pam.d` as pam.d(5) and libpam read them, with every byte of them kept; and what a
//! stack of them comes to.
//!
//! ```text
//! bytes ──► text.rs: logical lines, words ──► rule.rs: phase, control, module, arguments
//!   ▲                                              control.rs: what each return code does
//!   └── PamFile::to_bytes: the same bytes again    stack.rs: the files that a service is made of
//!                                                          │
//!             modules.rs: what each module may return ──► machine.rs: every state in which it ends
//!             siblings.rs: the other service of a program verdict.rs: whether it is sound
//! ```
//!
//! The command writes such files, `twinlock doctor` looks for faults in them, and the daemon asks
//! them whether what a login changes can take effect: one reading for the three.
//!
//! A line is read as libpam does, mistakes included: what libpam turns into a line that always fails
//! is a [`Content::Broken`] here, never one that is passed over.

#![forbid(unsafe_code)]

pub mod control;
pub mod machine;
pub mod modules;
pub mod rule;
pub mod siblings;
pub mod stack;
mod text;
pub mod verdict;

pub use control::{Action, Actions, Control};
pub use rule::{Fault, Phase, Rule};
pub use stack::{Element, Entry, Folders, Origin, Stack, StackError};

use std::path::Path;

/// Twinlock's module, as a stack names it.
pub const MODULE: &str = "pam_twinlock.so";

/// A file, line by line.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PamFile {
    lines: Vec<Line>,
}

/// A logical line: one or, with a backslash at the end, several lines of the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    raw: Vec<u8>,
    content: Content,
    number: usize,
}

/// What a line says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    /// Nothing: an empty line, or a comment.
    Nothing,
    /// A module, or the lines of one phase of another file.
    Rule(Rule),
    /// `@include FILE`: all lines of another file in this place (Debian's libpam).
    IncludeFile(String),
    /// What libpam cannot read, and turns into a line that always fails.
    Broken {
        /// The phase that fails; none where even that cannot be read.
        phase: Option<Phase>,
        /// What is wrong.
        fault: Fault,
    },
}

impl Line {
    /// Reads one logical line from its bytes, with its line break.
    fn read(raw: &[u8], number: usize) -> Self {
        Self { content: rule::read(raw), raw: raw.to_vec(), number }
    }

    /// The bytes, with the line break where the file has one.
    pub fn raw(&self) -> &[u8] {
        &self.raw
    }

    /// What it says.
    pub const fn content(&self) -> &Content {
        &self.content
    }

    /// The number of its first line in the file that was read, from 1.
    pub const fn number(&self) -> usize {
        self.number
    }

    /// The rule that it is, if it is one.
    pub const fn rule(&self) -> Option<&Rule> {
        match &self.content {
            Content::Rule(rule) => Some(rule),
            _ => None,
        }
    }

    /// Whether it names Twinlock's module, by its file name alone or by a path, in any phase.
    pub fn is_twinlock(&self) -> bool {
        self.rule().is_some_and(|rule| rule.names(MODULE))
    }
}

impl PamFile {
    /// Reads a file. There is none that cannot be read; what is wrong in it is [`Content::Broken`].
    pub fn parse(bytes: &[u8]) -> Self {
        let mut number = 1;
        let mut lines = Vec::new();
        for raw in text::logical_lines(bytes) {
            lines.push(Line::read(raw, number));
            number += text::count_breaks(raw);
        }
        Self { lines }
    }

    /// The file again, byte for byte where nothing was changed.
    pub fn to_bytes(&self) -> Vec<u8> {
        self.lines.iter().flat_map(|line| line.raw.iter().copied()).collect()
    }

    /// The lines, in order.
    pub fn lines(&self) -> &[Line] {
        &self.lines
    }

    /// Whether a line names Twinlock's module.
    pub fn names_twinlock(&self) -> bool {
        self.lines.iter().any(Line::is_twinlock)
    }

    /// Puts a line, given without its line break, before the line at this index, or behind the last.
    /// A last line that has no line break gets one.
    pub fn insert(&mut self, index: usize, text: &str) {
        let index = index.min(self.lines.len());
        if let Some(before) = index.checked_sub(1).and_then(|last| self.lines.get_mut(last))
            && !before.raw.ends_with(b"\n")
        {
            before.raw.push(b'\n');
        }
        let raw = format!("{text}\n").into_bytes();
        self.lines.insert(index, Line { content: rule::read(&raw), raw, number: 0 });
    }

    /// Takes the lines out for which this holds.
    pub fn remove(&mut self, is_wanted_out: impl Fn(&Line) -> bool) {
        self.lines.retain(|line| !is_wanted_out(line));
    }
}

/// Whether a module's name or path, as a stack gives it, is this module.
pub fn is_module(path: &str, module: &str) -> bool {
    Path::new(path).file_name().is_some_and(|name| name == module)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Text with much of what matters in such a file.
    fn file() -> impl Strategy<Value = Vec<u8>> {
        let piece = prop_oneof![
            Just("auth"),
            Just("-account"),
            Just("session"),
            Just("required"),
            Just("[success=1 default=ignore]"),
            Just("[a\\]b"),
            Just("]"),
            Just("@include"),
            Just("substack"),
            Just("pam_unix.so"),
            Just("pam_twinlock.so"),
            Just("#"),
            Just("\\"),
            Just("\\\n"),
            Just("\\ \t\n"),
            Just("\n"),
            Just("\r\n"),
            Just(" "),
            Just("\t"),
            Just("common-auth"),
        ];
        prop_oneof![
            prop::collection::vec(piece, 0..60).prop_map(|pieces| pieces.concat().into_bytes()),
            prop::collection::vec(any::<u8>(), 0..200),
        ]
    }

    proptest! {
        #[test]
        fn what_is_read_is_printed_byte_for_byte(bytes in file()) {
            prop_assert_eq!(PamFile::parse(&bytes).to_bytes(), bytes);
        }

        #[test]
        fn the_numbers_are_those_of_the_file(bytes in file()) {
            let mut seen = 0;
            for line in PamFile::parse(&bytes).lines() {
                prop_assert_eq!(line.number(), seen + 1);
                seen += line.raw().iter().filter(|byte| **byte == b'\n').count();
            }
        }

        #[test]
        fn what_is_inserted_and_removed_leaves_the_file(bytes in file(), at in 0_usize..70) {
            // A file that ends in the middle of a line goes on with whatever stands behind it.
            let bytes = [&bytes[..], b"\nsession optional pam_env.so\n"].concat();
            let mut read = PamFile::parse(&bytes);
            prop_assume!(!read.names_twinlock());
            read.insert(at, "auth required pam_twinlock.so");
            let mut again = PamFile::parse(&read.to_bytes());
            prop_assert!(again.names_twinlock());
            again.remove(Line::is_twinlock);
            prop_assert_eq!(again.to_bytes(), bytes);
        }
    }

    #[test]
    fn the_module_is_known_by_its_file_name() {
        let file = PamFile::parse(
            b"auth required pam_twinlock.so\n-auth [default=die] /lib/security/pam_twinlock.so x\n\
              #auth required pam_twinlock.so\nauth required pam_exec.so pam_twinlock.so\n\
              auth required pam_twinlock.so.bak\nauth include pam_twinlock.so\n",
        );
        let named: Vec<bool> = file.lines().iter().map(Line::is_twinlock).collect();
        assert_eq!(named, [true, true, false, false, false, false]);
    }
}
