//! One text of the configuration, and places in it.

/// A stretch of one source, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
    /// Index of the source, in reading order.
    pub source: usize,
    /// First byte.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
}

/// A text with its name, and where its lines begin.
#[derive(Debug)]
pub(crate) struct Source {
    /// The file's path, as it was given.
    pub name: String,
    text: String,
    line_starts: Vec<usize>,
}

impl Source {
    pub fn new(name: &str, text: &str) -> Self {
        let line_starts = std::iter::once(0)
            .chain(
                text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at + 1),
            )
            .collect();
        Self { name: name.to_owned(), text: text.to_owned(), line_starts }
    }

    pub fn text(&self) -> &str {
        &self.text
    }

    /// The number of the line that holds this byte, from 1. What lies past the end is on the last.
    pub fn line_number(&self, offset: usize) -> usize {
        self.line_starts.partition_point(|start| *start <= offset).max(1)
    }

    /// The bytes of this line (from 1), without its line end.
    pub fn line_range(&self, number: usize) -> std::ops::Range<usize> {
        let start = self.line_starts.get(number - 1).copied().unwrap_or(self.text.len());
        let next = self.line_starts.get(number).copied().unwrap_or(self.text.len() + 1);
        let line = &self.text[start..(next - 1).max(start)];
        start..start + line.strip_suffix('\r').unwrap_or(line).len()
    }

    /// The column of this byte in its line, in characters from 1; the line's end counts as one
    /// more.
    pub fn column(&self, offset: usize) -> usize {
        let line = self.line_range(self.line_number(offset));
        let end = boundary_before(&self.text, offset.clamp(line.start, line.end));
        self.text[line.start..end].chars().count() + 1
    }
}

/// The nearest place at or before this byte where a character begins.
pub(crate) fn boundary_before(text: &str, offset: usize) -> usize {
    (0..=offset.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0)
}

/// The nearest place at or after this byte where a character begins.
pub(crate) fn boundary_after(text: &str, offset: usize) -> usize {
    (offset..text.len()).find(|at| text.is_char_boundary(*at)).unwrap_or(text.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_and_columns_count_characters_from_one() {
        let source = Source::new("a", "one\r\nzwei ä€𝄞x\n\nlast");
        for (needle, line, column) in
            [("one", 1, 1), ("zwei", 2, 1), ("ä", 2, 6), ("€", 2, 7), ("x", 2, 9), ("last", 4, 1)]
        {
            let offset = source.text().find(needle).unwrap();
            assert_eq!(
                (source.line_number(offset), source.column(offset)),
                (line, column),
                "{needle}"
            );
        }
        assert_eq!(source.line_range(1), 0..3, "the carriage return is no part of the line");
        assert_eq!(source.line_range(3).len(), 0);
    }

    #[test]
    fn places_past_the_end_are_on_the_last_line() {
        let source = Source::new("a", "x = 1\n");
        assert_eq!((source.line_number(6), source.column(6)), (2, 1));
        assert_eq!((source.line_number(99), source.column(99)), (2, 1));
        let empty = Source::new("a", "");
        assert_eq!((empty.line_number(0), empty.column(0)), (1, 1));
        assert_eq!(empty.line_range(1), 0..0);
    }

    #[test]
    fn a_byte_inside_a_character_belongs_to_it() {
        let source = Source::new("a", "ä€x");
        assert_eq!(source.column(1), 1);
        assert_eq!(source.column(4), 2);
    }
}
