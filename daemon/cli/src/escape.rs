//! Text from outside, made safe to show.
//!
//! Names, labels and sentences reach a terminal that obeys escape sequences and that draws text
//! in the order which bidirectional marks tell it to. What cannot be seen is shown as its code
//! point instead.

/// Whether a character acts on the terminal, or hides or reorders its neighbours, rather than
/// showing itself.
pub fn is_deceptive(character: char) -> bool {
    character.is_control()
        || matches!(character,
            '\u{ad}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{3164}'
            | '\u{feff}' | '\u{ffa0}'
            | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{fff0}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e0fff}')
}

/// One line of text to show: deceptive characters, line breaks among them, become `\n`, `\u{1b}`
/// and the like.
pub fn line(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        if is_deceptive(character) {
            shown.extend(character.escape_default());
        } else {
            shown.push(character);
        }
    }
    shown
}

/// Several lines of text to show: as [`line`], but line breaks stay and a tab becomes spaces.
pub fn lines(text: &str) -> String {
    let parts: Vec<String> =
        text.split('\n').map(|part| line(&part.replace('\t', "    "))).collect();
    parts.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terminal_sequences_and_line_breaks_are_shown_not_obeyed() {
        assert_eq!(line("a\x1b[2Jb\nc\r\u{9b}d\u{7f}"), "a\\u{1b}[2Jb\\nc\\r\\u{9b}d\\u{7f}");
    }

    #[test]
    fn marks_that_reorder_or_hide_text_are_shown() {
        assert_eq!(line("eve\u{202e}ecila"), "eve\\u{202e}ecila");
        assert_eq!(line("al\u{200b}ice\u{2028}\u{e0041}"), "al\\u{200b}ice\\u{2028}\\u{e0041}");
    }

    #[test]
    fn ordinary_text_of_any_script_stays_as_it_is() {
        for text in ["alice's phone", "Ægir", "телефон", "電話", "DOMAIN\\alice"] {
            assert_eq!(line(text), text);
        }
    }

    #[test]
    fn several_lines_keep_their_breaks_and_nothing_else() {
        assert_eq!(lines("a\n\tb\x07"), "a\n    b\\u{7}");
    }
}
