//! Text from a file made fit to be shown: what would move the cursor, hide or reorder text is
//! written as an escape.

/// How much of a word from the file a message repeats, in characters.
const QUOTED_LENGTH: usize = 60;

/// Whether a terminal would act on this character instead of showing it, or show nothing: control
/// characters, line separators, marks of direction and other invisible ones.
pub(crate) fn is_hidden(character: char) -> bool {
    character.is_control()
        || matches!(character,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e007f}')
}

/// Appends a character as it may be shown.
pub(crate) fn push(into: &mut String, character: char) {
    if is_hidden(character) {
        into.extend(character.escape_default());
    } else {
        into.push(character);
    }
}

/// The text with what cannot be seen written as an escape.
pub(crate) fn escape(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    text.chars().for_each(|character| push(&mut shown, character));
    shown
}

/// A word from the file, escaped, in quotation marks, cut where it is long.
pub(crate) fn quote(word: &str) -> String {
    let mut shown = String::from("\"");
    for (count, character) in word.chars().enumerate() {
        if count == QUOTED_LENGTH {
            shown.push('…');
            break;
        }
        push(&mut shown, character);
    }
    shown.push('"');
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_acts_on_is_escaped() {
        assert_eq!(escape("a\u{1b}[2Jb\r\n\t\u{7f}\u{9b}"), "a\\u{1b}[2Jb\\r\\n\\t\\u{7f}\\u{9b}");
        assert_eq!(escape("x\u{202e}y\u{200b}\u{2028}"), "x\\u{202e}y\\u{200b}\\u{2028}");
        assert_eq!(escape("Zoë 漢字 🔑"), "Zoë 漢字 🔑");
    }

    #[test]
    fn long_words_are_cut() {
        let quoted = quote(&"x".repeat(1000));
        assert_eq!(quoted.chars().count(), QUOTED_LENGTH + 3);
        assert!(quoted.ends_with("…\""));
    }
}
