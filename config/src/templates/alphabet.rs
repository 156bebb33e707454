//! Characters of a text message, which not every phone and gateway has.
//!
//! The alphabet of text messages (3GPP TS 23.038, section 6.2.1) has letters of western Europe and no
//! typographic marks. A gateway shows what is not in it as `?`, leaves it out, or sends the whole in
//! an encoding that has room for 70 characters a part. So marks that have a plain form get it; letters
//! stay, since only the gateway knows what its phones can show.

use zeroize::Zeroizing;

/// The text with plain marks in the place of typographic ones.
pub(super) fn plain(text: &str) -> Zeroizing<String> {
    // The longest form is as long as what it stands for, so the text does not grow and move.
    let mut plain = Zeroizing::new(String::with_capacity(text.len()));
    for character in text.chars() {
        match character {
            '…' => plain.push_str("..."),
            '‐'..='―' | '−' => plain.push('-'),
            '‘'..='‛' | '`' => plain.push('\''),
            '“'..='‟' => plain.push('"'),
            '•' => plain.push('*'),
            '\u{fffd}' => plain.push('?'),
            other => plain.push(other),
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The basic character set and its extension, without control characters.
    const ALPHABET: &str = "@£$¥èéùìòÇØøÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?\
        ¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà^{}\\[~]|€";

    #[test]
    fn marks_get_their_plain_form_and_letters_stay() {
        let text = "a…@example.org – “it’s `x`” • né Ж \u{fffd}";
        assert_eq!(*plain(text), "a...@example.org - \"it's 'x'\" * né Ж ?");
    }

    #[test]
    fn a_code_in_it_is_in_no_memory_that_is_left_behind() {
        let text = "…".repeat(100);
        assert_eq!(plain(&text).capacity(), text.len(), "it did not grow");
    }

    #[test]
    fn every_shipped_text_message_is_in_the_alphabet() {
        use super::super::{COMMON, MESSAGES, Templates, Values};

        for message in MESSAGES {
            let value = |name| (name, Zeroizing::new("a…@example.org".to_owned()));
            let values: Values =
                COMMON.iter().chain(message.variables).copied().map(value).collect();
            let sms = Templates::default().sms(message.name, &values).unwrap().message;
            let strange: String = sms.chars().filter(|c| !ALPHABET.contains(*c)).collect();
            assert_eq!(strange, "", "{}: {}", message.name, *sms);
            assert!(sms.contains("a...@example.org"), "{}: {}", message.name, *sms);
        }
    }
}
