//! Bytes into logical lines and words, as libpam's `_pam_assemble_line` and `_pam_tokenize` do.

/// What separates words.
const BLANKS: &[char] = &[' ', '\t', '\n'];

/// The logical lines of a file, each with all its bytes.
///
/// A line whose last character is a backslash goes on with the next one that is neither empty nor a
/// comment. A comment behind a line ends it, whatever stands in front.
pub fn logical_lines(bytes: &[u8]) -> Vec<&[u8]> {
    let mut lines = Vec::new();
    let mut start = 0;
    let mut end = 0;
    let mut goes_on = false;
    for physical in bytes.split_inclusive(|byte| *byte == b'\n') {
        end += physical.len();
        match part(physical) {
            // Within a line that goes on, libpam passes over what is empty.
            Part::Nothing if goes_on => {}
            Part::GoesOn(_) => goes_on = true,
            Part::Nothing | Part::Ends(_) => {
                lines.extend(bytes.get(start..end));
                start = end;
                goes_on = false;
            }
        }
    }
    if start < end {
        lines.extend(bytes.get(start..end));
    }
    lines
}

/// How many line breaks there are.
pub fn count_breaks(bytes: &[u8]) -> usize {
    bytes.iter().filter(|byte| **byte == b'\n').count()
}

/// The words of a logical line; nothing where it ends in the middle, at the end of the file.
pub fn joined(raw: &[u8]) -> Option<String> {
    let mut joined = String::new();
    let mut goes_on = false;
    for physical in raw.split_inclusive(|byte| *byte == b'\n') {
        match part(physical) {
            Part::Nothing => {}
            Part::GoesOn(text) => {
                joined.push_str(&text);
                joined.push(' ');
                goes_on = true;
            }
            Part::Ends(text) => {
                joined.push_str(&text);
                goes_on = false;
            }
        }
    }
    (!goes_on).then_some(joined)
}

/// What one line of the file adds to a logical one.
enum Part {
    Nothing,
    GoesOn(String),
    Ends(String),
}

fn part(physical: &[u8]) -> Part {
    let text = String::from_utf8_lossy(physical);
    let text = text.trim_start_matches(BLANKS);
    if text.is_empty() || text.starts_with('#') {
        return Part::Nothing;
    }
    if let Some((before, _comment)) = text.split_once('#') {
        return Part::Ends(before.to_owned());
    }
    match text.trim_end_matches(BLANKS).strip_suffix('\\') {
        Some(before) => Part::GoesOn(before.to_owned()),
        None => Part::Ends(text.to_owned()),
    }
}

/// A word of a line.
#[derive(Debug, PartialEq, Eq)]
pub struct Word {
    /// Its text; of `[...]` what stands inside, with `\]` as `]`.
    pub text: String,
    /// Whether it stood in brackets.
    pub is_bracketed: bool,
}

/// The words of a line.
pub fn words(line: &str) -> Vec<Word> {
    let mut words = Vec::new();
    let mut rest = line.trim_start_matches(BLANKS);
    while !rest.is_empty() {
        let (word, behind) = match rest.strip_prefix('[') {
            Some(inside) => bracketed(inside),
            None => {
                let (text, behind) = rest.split_at(rest.find(BLANKS).unwrap_or(rest.len()));
                (Word { text: text.to_owned(), is_bracketed: false }, behind)
            }
        };
        words.push(word);
        rest = behind.trim_start_matches(BLANKS);
    }
    words
}

/// The word up to the bracket that closes it, or to the end of the line.
fn bracketed(inside: &str) -> (Word, &str) {
    let mut text = String::new();
    let mut characters = inside.char_indices().peekable();
    while let Some((at, character)) = characters.next() {
        match character {
            ']' => {
                let behind = inside.get(at + 1..).unwrap_or_default();
                return (Word { text, is_bracketed: true }, behind);
            }
            '\\' if characters.peek().is_some_and(|(_, next)| *next == ']') => {
                characters.next();
                text.push(']');
            }
            other => text.push(other),
        }
    }
    (Word { text, is_bracketed: true }, "")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Vec<String> {
        logical_lines(text.as_bytes())
            .into_iter()
            .map(|line| String::from_utf8(line.to_vec()).unwrap())
            .collect()
    }

    #[test]
    fn a_backslash_joins_lines_over_comments_and_empty_ones() {
        assert_eq!(of("a \\\n# c\n\n b\nd\n"), ["a \\\n# c\n\n b\n", "d\n"]);
        assert_eq!(joined(b"a \\ \t\n# c\n\n b\n").unwrap().split_whitespace().count(), 2);
    }

    #[test]
    fn a_comment_ends_a_line_and_hides_its_backslash() {
        assert_eq!(of("a # c \\\nb\n"), ["a # c \\\n", "b\n"]);
        assert_eq!(joined(b"a # c \\\n").unwrap(), "a ");
    }

    #[test]
    fn a_file_that_ends_in_the_middle_of_a_line_says_so() {
        assert_eq!(joined(b"a \\\n"), None);
        assert_eq!(joined(b"a \\"), None);
        assert_eq!(joined(b"a \\\n# c\n"), None);
    }

    #[test]
    fn brackets_hold_one_word_together() {
        let words = |line| {
            words(line).into_iter().map(|word| (word.text, word.is_bracketed)).collect::<Vec<_>>()
        };
        let is = |text: &str, bracketed| (text.to_owned(), bracketed);
        assert_eq!(
            words("auth\t[a=1 b=2] x.so [q [r\\] s]t"),
            [
                is("auth", false),
                is("a=1 b=2", true),
                is("x.so", false),
                is("q [r] s", true),
                is("t", false)
            ]
        );
        assert_eq!(words("a [b c"), [is("a", false), is("b c", true)]);
        assert_eq!(words(" \n"), []);
    }
}
