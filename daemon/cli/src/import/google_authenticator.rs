//! `~/.google_authenticator`, the file of google-authenticator-libpam: a secret, options, codes.
//!
//! ```text
//! JBSWY3DPEHPK3PXPJBSWY3DPEH      base32
//! " WINDOW_SIZE 17                options stand behind a quotation mark
//! " DISALLOW_REUSE 58823529       time steps of which a code was accepted
//! " TOTP_AUTH
//! 28490113                        scratch codes, eight digits each
//! ```

use zeroize::Zeroizing;

use super::{Factor, Fault, Moving, secret_of};
use crate::secret::Secret;

/// Seconds of a time step where the file names none.
const STEP: u64 = 30;

/// The most scratch codes, which is also the most that its command makes.
const MOST_CODES: usize = 10;

/// What a file says.
pub struct File {
    /// The one factor.
    pub factor: Factor,
    /// Scratch codes.
    pub scratch: Vec<Secret>,
    /// What is not taken over.
    pub left: Vec<String>,
}

/// Options, as far as they are understood.
#[derive(Default)]
struct Options {
    is_totp: bool,
    counter: Option<u64>,
    step: Option<u64>,
    last_step: Option<u64>,
    left: Vec<String>,
}

/// Reads a file.
///
/// # Errors
/// Everything that is wrong, by line.
pub fn parse(text: &str) -> Result<File, Vec<Fault>> {
    let mut lines = (1..).zip(text.lines().map(str::trim));
    let mut faults = Vec::new();
    let secret = match lines.next() {
        Some((line, text)) => secret(text).map_err(|why| faults.push(Fault::new(line, why))).ok(),
        None => {
            faults.push(Fault::new(1, "the file is empty"));
            None
        }
    };
    let (mut options, mut scratch) = (Options::default(), Vec::new());
    for (line, text) in lines.filter(|(_, text)| !text.is_empty()) {
        let read = match text.strip_prefix('"') {
            Some(option) => options.read(option),
            None if is_code(text) && scratch.len() == MOST_CODES => {
                Err("there are more than ten scratch codes".to_owned())
            }
            None if is_code(text) => {
                scratch.push(Secret::new(text.to_owned()));
                Ok(())
            }
            None => Err("it is neither an option nor a scratch code of eight digits".to_owned()),
        };
        if let Err(why) = read {
            faults.push(Fault::new(line, why));
        }
    }
    // A counter of 0 is none there.
    let moving = match options.counter.filter(|counter| *counter > 0) {
        Some(counter) => Some(Moving::Counter(counter)),
        None => options.is_totp.then(|| Moving::Time(options.step.unwrap_or(STEP))),
    };
    if moving.is_none() && faults.is_empty() {
        faults.push(Fault::new(1, "the file has neither TOTP_AUTH nor HOTP_COUNTER"));
    }
    match (secret, moving) {
        (Some(secret), Some(moving)) if faults.is_empty() => {
            let last_step = options.last_step;
            let factor = Factor { secret, digits: 6, moving, last_step, last_code: None };
            Ok(File { factor, scratch, left: options.left })
        }
        _ => Err(faults),
    }
}

impl Options {
    fn read(&mut self, text: &str) -> Result<(), String> {
        let mut words = text.split_whitespace();
        let name = words.next().unwrap_or_default();
        let mut number = || {
            let word = words.next().unwrap_or_default();
            word.parse::<u64>().map_err(|_| format!("{} needs a number", shown(name)))
        };
        match name {
            "TOTP_AUTH" => self.is_totp = true,
            "HOTP_COUNTER" => self.counter = Some(number()?),
            "STEP_SIZE" => {
                let step = number()?;
                if !(1..=3600).contains(&step) {
                    return Err("STEP_SIZE is not 1 to 3600 seconds".to_owned());
                }
                self.step = Some(step);
            }
            "DISALLOW_REUSE" => {
                for word in words {
                    let step = word.parse().map_err(|_| "DISALLOW_REUSE needs numbers")?;
                    self.last_step = self.last_step.max(Some(step));
                }
            }
            "WINDOW_SIZE" => self.left.push("WINDOW_SIZE ([totp] window decides)".to_owned()),
            "RATE_LIMIT" => self.left.push("RATE_LIMIT ([lockout] decides)".to_owned()),
            "TIME_SKEW" => {
                self.left.push("TIME_SKEW (the clock of the phone has to be right)".to_owned());
            }
            "RESETTING_TIME_SKEW" => {}
            // When and from where somebody logged in last.
            last if last.strip_prefix("LAST").is_some_and(|n| n.parse::<u8>().is_ok()) => {}
            other => self.left.push(format!("{} (not known)", shown(other))),
        }
        Ok(())
    }
}

/// A word of the file that is no secret: the name of an option.
fn shown(name: &str) -> String {
    name.chars().filter(|c| c.is_ascii_uppercase() || *c == '_').take(32).collect()
}

fn is_code(text: &str) -> bool {
    text.len() == 8 && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Base32 as its module reads it: either case, hyphens and spaces passed over, bits that make no
/// byte dropped.
fn secret(text: &str) -> Result<Secret, String> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(text.len()));
    let (mut bits, mut held) = (Zeroizing::new(0u16), 0u32);
    for character in text.trim_end_matches('=').chars() {
        let value = match character.to_ascii_uppercase() {
            letter @ 'A'..='Z' => letter as u16 - 'A' as u16,
            digit @ '2'..='7' => digit as u16 - '2' as u16 + 26,
            ' ' | '-' => continue,
            _ => return Err("its secret is not base32".to_owned()),
        };
        *bits = (*bits << 5) | value;
        held += 5;
        if held >= 8 {
            held -= 8;
            bytes.push(u8::try_from((*bits >> held) & 0xff).unwrap_or_default());
            *bits &= (1 << held) - 1;
        }
    }
    secret_of(&bytes)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const FILE: &str = "GEZDGNBVGY3TQOJQGEZDGNBVGY\n\" RATE_LIMIT 3 30 1795000000\n\
                        \" WINDOW_SIZE 3\n\" DISALLOW_REUSE 59833332 59833334 59833333\n\
                        \" LAST0 203.0.113.9 1795000000\n\" TOTP_AUTH\n28490113\n93811204\n";

    fn faults(text: &str) -> Vec<(usize, String)> {
        let faults = parse(text).err().unwrap_or_default();
        faults.into_iter().map(|fault| (fault.line, fault.why)).collect()
    }

    #[test]
    fn secret_options_and_scratch_codes_are_read() {
        let file = parse(FILE).ok().unwrap();
        assert_eq!(file.factor.secret.expose(), "GEZDGNBVGY3TQOJQGEZDGNBVGY");
        assert_eq!(file.factor.moving, Moving::Time(30));
        assert_eq!(file.factor.last_step, Some(59_833_334));
        let codes: Vec<_> = file.scratch.iter().map(Secret::expose).collect();
        assert_eq!(codes, ["28490113", "93811204"]);
        assert_eq!(
            file.left,
            ["RATE_LIMIT ([lockout] decides)", "WINDOW_SIZE ([totp] window decides)"]
        );
    }

    #[test]
    fn a_counter_makes_a_token_that_counts() {
        let file = parse("GEZDGNBVGY3TQOJQ\n\" HOTP_COUNTER 7\n").ok().unwrap();
        assert_eq!(file.factor.moving, Moving::Counter(7));
        let file = parse("GEZDGNBVGY3TQOJQ\n\" TOTP_AUTH\n\" STEP_SIZE 60\n").ok().unwrap();
        assert_eq!(file.factor.moving, Moving::Time(60));
    }

    #[test]
    fn a_secret_is_read_as_its_own_module_reads_it() {
        let as_typed = parse("gezd gnbv-gy3t qojq==\n\" TOTP_AUTH\n").ok().unwrap();
        assert_eq!(as_typed.factor.secret.expose(), "GEZDGNBVGY3TQOJQ");
        // 85 bits: five of them make no byte.
        let odd = parse("GEZDGNBVGY3TQOJQ7\n\" TOTP_AUTH\n").ok().unwrap();
        assert_eq!(odd.factor.secret.expose(), "GEZDGNBVGY3TQOJQ");
    }

    #[test]
    fn every_broken_line_is_named_and_none_is_shown() {
        let text = "GEZD1\n\" TOTP_AUTH\n\" STEP_SIZE 0\n1234567\n\" HOTP_COUNTER many\nhunter2\n";
        let neither = "it is neither an option nor a scratch code of eight digits".to_owned();
        assert_eq!(
            faults(text),
            [
                (1, "its secret is not base32".to_owned()),
                (3, "STEP_SIZE is not 1 to 3600 seconds".to_owned()),
                (4, neither.clone()),
                (5, "HOTP_COUNTER needs a number".to_owned()),
                (6, neither),
            ]
        );
        assert_eq!(faults(""), [(1, "the file is empty".to_owned())]);
        assert_eq!(faults("GEZDGNBV\n\" TOTP_AUTH\n")[0].0, 1, "40 bits are too few");
        assert!(faults("GEZDGNBVGY3TQOJQ\n")[0].1.contains("neither TOTP_AUTH nor HOTP_COUNTER"));
        let eleven = format!("GEZDGNBVGY3TQOJQ\n\" TOTP_AUTH\n{}", "12345678\n".repeat(11));
        assert_eq!(faults(&eleven)[0].0, 13);
    }

    proptest! {
        #[test]
        fn no_text_panics_and_what_is_read_is_in_bounds(text in "(?s).*") {
            if let Ok(file) = parse(&text) {
                prop_assert!(file.scratch.len() <= MOST_CODES);
            }
        }

        #[test]
        fn a_secret_of_any_bytes_comes_through(bytes in proptest::collection::vec(any::<u8>(), 10..64)) {
            let written = data_encoding::BASE32_NOPAD.encode(&bytes);
            let file = parse(&format!("{written}\n\" TOTP_AUTH\n")).ok().unwrap();
            prop_assert_eq!(file.factor.secret.expose(), written);
        }
    }
}
