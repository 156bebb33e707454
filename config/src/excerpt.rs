//! The line that a diagnostic is about, and the mark under it.

use unicode_width::UnicodeWidthStr;

use crate::{
    source::{Place, Source, boundary_after, boundary_before},
    visible,
};

/// A tab is shown as spaces up to the next of these columns, in the line and in the mark alike.
const TAB_STOP: usize = 4;

/// How much of a long line is shown before and after the place, in bytes of the file.
const BEFORE: usize = 100;
const AFTER: usize = 100;

/// What stands for the rest of a long line.
const CUT: char = '…';

/// A line as it is shown, and the columns that are marked under it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Excerpt {
    /// The line: escaped, tabs as spaces, cut where it is long.
    pub text: String,
    /// Columns of a terminal before the mark.
    indent: usize,
    /// Columns of a terminal that are marked, at least one.
    width: usize,
}

impl Excerpt {
    /// The line in which a place begins; a place that goes on in the next line is marked to the
    /// end of the first.
    pub fn of(source: &Source, place: Place) -> Self {
        let text = source.text();
        let line = source.line_range(source.line_number(place.start));
        let start = boundary_before(text, place.start.clamp(line.start, line.end));
        let end = boundary_after(text, place.end.clamp(start, line.end));

        let first = boundary_before(text, start.saturating_sub(BEFORE).max(line.start));
        let last = boundary_after(text, (start + AFTER).min(line.end));
        let mut shown = String::new();
        if first > line.start {
            shown.push(CUT);
        }
        show(&mut shown, &text[first..start]);
        let indent = shown.width();
        show(&mut shown, &text[start..end.min(last)]);
        let width = shown.width().saturating_sub(indent).max(1);
        show(&mut shown, &text[end.min(last)..last]);
        if last < line.end {
            shown.push(CUT);
        }
        Self { text: shown, indent, width }
    }

    /// The line under the line: spaces, then carets.
    pub fn marker(&self) -> String {
        " ".repeat(self.indent) + &"^".repeat(self.width)
    }
}

/// Appends text as a terminal shows it.
fn show(into: &mut String, text: &str) {
    for character in text.chars() {
        if character == '\t' {
            let column = into.width();
            into.extend(std::iter::repeat_n(' ', TAB_STOP - column % TAB_STOP));
        } else {
            visible::push(into, character);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str, needle: &str) -> String {
        let source = Source::new("a", text);
        let start = text.find(needle).unwrap();
        let excerpt = Excerpt::of(&source, Place { source: 0, start, end: start + needle.len() });
        format!("{}\n{}", excerpt.text, excerpt.marker())
    }

    #[test]
    fn the_mark_stands_under_the_place() {
        assert_eq!(shown("a = 1\nkey = \"x\"\n", "\"x\""), "key = \"x\"\n      ^^^");
    }

    #[test]
    fn tabs_wide_and_combining_characters_keep_the_mark_in_place() {
        assert_eq!(shown("\tkey\t= x", "x"), "    key = x\n          ^");
        assert_eq!(shown("'漢字' = x", "x"), "'漢字' = x\n         ^");
        assert_eq!(shown("'e\u{301}ä' = '漢'", "漢"), "'e\u{301}ä' = '漢'\n        ^^");
    }

    #[test]
    fn escapes_are_counted_as_they_are_shown() {
        assert_eq!(shown("'\u{1b}' = x", "x"), "'\\u{1b}' = x\n           ^");
        assert_eq!(shown("k = '\u{202e}'", "\u{202e}"), "k = '\\u{202e}'\n     ^^^^^^^^");
    }

    #[test]
    fn a_long_line_is_shown_around_the_place() {
        let text = format!("{}NEEDLE{}", "x".repeat(10_000), "y".repeat(10_000));
        let excerpt = shown(&text, "NEEDLE");
        assert!(excerpt.starts_with("…xxx"), "{excerpt}");
        assert!(excerpt.len() < 1000);
        let (line, mark) = excerpt.split_once('\n').unwrap();
        assert!(line.ends_with("yyy…"));
        let column = mark.find('^').unwrap();
        assert_eq!(line.chars().skip(column).take(6).collect::<String>(), "NEEDLE");
        assert_eq!(mark.trim(), "^^^^^^");
    }

    #[test]
    fn a_place_over_several_lines_is_marked_to_the_end_of_the_first() {
        assert_eq!(shown("a = [1,\n2]", "[1,\n2]"), "a = [1,\n    ^^^");
    }

    #[test]
    fn an_empty_place_has_a_mark() {
        assert_eq!(shown("", ""), "\n^");
    }
}
