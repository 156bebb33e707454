//! `users.oath`, the file of pam_oath and liboath (OATH Toolkit): a factor a line.
//!
//! ```text
//! # type        user   PIN  secret in hexadecimal                     counter  last code  at
//! HOTP/T30/6    alice  -    3132333435363738393031323334353637383930
//! HOTP          bob    1234 3132333435363738393031323334353637383930  12       520489     2026-11-18T11:06:40L
//! ```
//!
//! The counter is that of the last code where there is one, and of the next where there is none.

use zeroize::Zeroizing;

use super::{Factor, Fault, Moving, secret_of};
use crate::secret::Secret;

/// What is not taken over of a line that has a PIN.
pub const PIN: &str = "the PIN in front of a code (the password is asked before it)";

/// One line.
pub struct Line {
    /// Its number, counted from 1.
    pub number: usize,
    /// The user.
    pub user: String,
    /// The factor.
    pub factor: Factor,
    /// Whether a PIN stood in front of a code.
    pub has_pin: bool,
}

/// Reads a file.
///
/// # Errors
/// Everything that is wrong, by line.
pub fn parse(text: &str) -> Result<Vec<Line>, Vec<Fault>> {
    let (mut lines, mut faults) = (Vec::new(), Vec::new());
    for (number, text) in (1..).zip(text.lines().map(str::trim)) {
        if text.is_empty() || text.starts_with('#') {
            continue;
        }
        match line(number, text) {
            Ok(line) => lines.push(line),
            Err(why) => faults.push(Fault::new(number, why)),
        }
    }
    if faults.is_empty() { Ok(lines) } else { Err(faults) }
}

fn line(number: usize, text: &str) -> Result<Line, String> {
    if text.chars().any(|character| character.is_control() && character != '\t') {
        return Err("it has control characters".to_owned());
    }
    let mut fields = text.split_whitespace();
    let mut field = |what: &str| fields.next().ok_or_else(|| format!("it has no {what}"));
    let (period, digits) = kind(field("type")?)?;
    let user = field("user")?.to_owned();
    let pin = field("PIN; '-' stands for none")?;
    let secret = secret(field("secret")?)?;
    let counter = match fields.next() {
        None => 0,
        Some(word) => word.parse().map_err(|_| "its counter is not a number")?,
    };
    let last_code = fields.next().map(|word| code(word, digits)).transpose()?;
    if fields.next().is_some_and(|word| !is_time(word)) {
        return Err("the time of its last code is not like 2026-11-18T11:06:40L".to_owned());
    }
    if fields.next().is_some() {
        return Err("it has more than seven fields".to_owned());
    }
    let moving = period.map_or(Moving::Counter(counter), Moving::Time);
    let factor = Factor { secret, digits, moving, last_step: None, last_code };
    Ok(Line { number, user, factor, has_pin: !matches!(pin, "-" | "+") })
}

/// Seconds of a time step, and digits of a code.
fn kind(word: &str) -> Result<(Option<u64>, u32), String> {
    const KNOWN: &str =
        "its type is none of HOTP, HOTP/E, HOTP/T30 and HOTP/T60, with /6, /7 or /8";
    let mut parts = word.split('/');
    let (first, moving, digits) = (parts.next(), parts.next(), parts.next());
    let period = match moving {
        None | Some("E") => None,
        Some("T30") => Some(30),
        Some("T60") => Some(60),
        Some(_) => return Err(KNOWN.to_owned()),
    };
    let digits = match digits {
        None | Some("6") => 6,
        Some("7") => 7,
        Some("8") => 8,
        Some(_) => return Err(KNOWN.to_owned()),
    };
    match (first, parts.next()) {
        (Some("HOTP"), None) => Ok((period, digits)),
        _ => Err(KNOWN.to_owned()),
    }
}

fn secret(word: &str) -> Result<Secret, String> {
    let bytes = data_encoding::HEXLOWER_PERMISSIVE.decode(word.as_bytes()).map(Zeroizing::new);
    secret_of(&bytes.map_err(|_| "its secret is not hexadecimal")?)
}

fn code(word: &str, digits: u32) -> Result<Secret, String> {
    let has_length = u32::try_from(word.len()).is_ok_and(|length| length == digits);
    if has_length && word.bytes().all(|byte| byte.is_ascii_digit()) {
        Ok(Secret::new(word.to_owned()))
    } else {
        Err(format!("its last code is not {digits} digits"))
    }
}

/// `2026-11-18T11:06:40L`, local time.
fn is_time(word: &str) -> bool {
    let form = "0000-00-00T00:00:00L".chars();
    word.chars().count() == 20
        && word.chars().zip(form).all(|(character, form)| match form {
            '0' => character.is_ascii_digit(),
            other => character == other,
        })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const HEX: &str = "3132333435363738393031323334353637383930";

    fn one(text: &str) -> Line {
        parse(text).ok().unwrap().remove(0)
    }

    #[test]
    fn each_type_has_its_step_and_its_digits() {
        for (word, moving, digits) in [
            ("HOTP", Moving::Counter(0), 6),
            ("HOTP/E", Moving::Counter(0), 6),
            ("HOTP/E/8", Moving::Counter(0), 8),
            ("HOTP/T30", Moving::Time(30), 6),
            ("HOTP/T30/7", Moving::Time(30), 7),
            ("HOTP/T60/8", Moving::Time(60), 8),
        ] {
            let line = one(&format!("{word} alice - {HEX}"));
            assert_eq!((line.factor.moving, line.factor.digits), (moving, digits), "{word}");
            assert_eq!(line.user, "alice");
            assert_eq!(line.factor.secret.expose(), "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
        }
    }

    #[test]
    fn counter_last_code_and_pin_are_read_and_comments_passed_over() {
        let text = format!("# users\n\n  HOTP\tbob 1234 {HEX} 12 520489 2026-11-18T11:06:40L\n");
        let line = one(&text);
        assert_eq!((line.number, line.has_pin), (3, true));
        assert_eq!(line.factor.moving, Moving::Counter(12));
        assert_eq!(line.factor.last_code.unwrap().expose(), "520489");
        assert!(!one(&format!("HOTP bob + {HEX}")).has_pin);
    }

    #[test]
    fn every_broken_line_is_named_and_none_is_shown() {
        let broken = [
            "TOTP alice - 3132",
            "HOTP/T45 alice - 3132",
            "HOTP/E/9 alice - 3132",
            "HOTP/T30/6/1 alice - 3132",
            "HOTP",
            "HOTP alice",
            "HOTP alice -",
            "HOTP alice - hunter2",
            "HOTP alice - 00",
            &format!("HOTP alice - {HEX} many"),
            &format!("HOTP alice - {HEX} 1 12345"),
            &format!("HOTP alice - {HEX} 1 123456 yesterday"),
            &format!("HOTP alice - {HEX} 1 123456 2026-11-18T11:06:40L more"),
            "HOTP al\u{1b}ice - 3132",
        ];
        let text = format!("HOTP alice - {HEX}\n{}\n", broken.join("\n"));
        let faults = parse(&text).err().unwrap();
        let lines: Vec<_> = faults.iter().map(|fault| fault.line).collect();
        assert_eq!(lines, (2..=15).collect::<Vec<_>>());
        let told: String = faults.into_iter().map(|fault| fault.why).collect();
        assert!(!told.contains("hunter2") && !told.contains("12345"), "{told}");
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "(?s).*") {
            let _ = parse(&text);
        }

        #[test]
        fn a_broken_line_leaves_nothing_of_the_file(before in 0usize..20, after in 0usize..20) {
            let good = format!("HOTP alice - {HEX}\n");
            let text = format!("{}HOTP alice\n{}", good.repeat(before), good.repeat(after));
            let faults = parse(&text).err().unwrap();
            prop_assert_eq!(faults.len(), 1);
            prop_assert_eq!(faults[0].line, before + 1);
        }
    }
}
