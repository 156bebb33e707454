//! The passphrase of a backup, and the key that argon2id (RFC 9106) makes of it. It stays in this
//! process: the daemon gets the key of one file, on a bus that root alone can watch.

use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use argon2::{Algorithm, Argon2, Params, Version};
use twinlock_bus_api::backup::{Cost, KEY, SALT};
use zeroize::Zeroizing;

use crate::failure::Failure;
use crate::input_file;
use crate::prompt::Prompt;
use crate::secret::Secret;

/// The shortest passphrase of a new backup, in characters: whoever has the file can guess at leisure.
const SHORTEST: usize = 12;

/// A passphrase and its line break fit many times over.
const LONGEST: usize = 1024;

/// Asks for the passphrase of a new backup, twice, or reads it from a file.
///
/// # Errors
/// [`Failure::Refused`]: it is too short, the two differ, or the file is not to be used.
pub fn choose(file: Option<&Path>, prompt: &mut dyn Prompt) -> Result<Secret, Failure> {
    let passphrase = match file {
        Some(file) => from_file(file)?,
        None => {
            let first = prompt.ask_hidden("Passphrase of the backup: ")?;
            check(&first)?;
            let second = prompt.ask_hidden("The same once more: ")?;
            if first.expose() != second.expose() {
                return Err(Failure::refused(
                    "The two differ, and nothing was written. Try again.",
                ));
            }
            first
        }
    };
    check(&passphrase)?;
    Ok(passphrase)
}

/// Asks for the passphrase of a backup that there is, or reads it from a file.
///
/// # Errors
/// [`Failure::Refused`].
pub fn recall(file: Option<&Path>, prompt: &mut dyn Prompt) -> Result<Secret, Failure> {
    match file {
        Some(file) => from_file(file),
        None => prompt.ask_hidden("Passphrase of the backup: "),
    }
}

/// The key that argon2id makes of a passphrase.
///
/// # Errors
/// [`Failure::Refused`]: the cost is none that argon2id takes.
pub fn key(
    passphrase: &Secret,
    salt: &[u8; SALT],
    cost: Cost,
) -> Result<Zeroizing<[u8; KEY]>, Failure> {
    let failed = |cause: argon2::Error| {
        Failure::refused(format!(
            "No key can be made of the passphrase: {cause}. Nothing was done."
        ))
    };
    let params = Params::new(cost.memory, cost.passes, cost.lanes, Some(KEY)).map_err(failed)?;
    let mut key = Zeroizing::new([0; KEY]);
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password_into(passphrase.expose().as_bytes(), salt, key.as_mut_slice())
        .map_err(failed)?;
    Ok(key)
}

fn check(passphrase: &Secret) -> Result<(), Failure> {
    if passphrase.expose().chars().count() < SHORTEST {
        return Err(Failure::refused(format!(
            "A passphrase of a backup has at least {SHORTEST} characters, and nothing was written. \
             Take several words."
        )));
    }
    Ok(())
}

/// The first line of a file that nobody else reads.
fn from_file(path: &Path) -> Result<Secret, Failure> {
    let refused =
        |cause: String| Failure::refused(format!("The passphrase file {} {cause}", path.display()));
    let unreadable = |cause: io::Error| refused(format!("cannot be read: {cause}."));
    let file = input_file::open(path).map_err(unreadable)?;
    let about = file.metadata().map_err(unreadable)?;
    if !about.is_file() {
        return Err(refused("is no regular file. Name another.".to_owned()));
    }
    if about.mode() & 0o077 != 0 {
        return Err(refused(format!(
            "can be read or written by others (mode {:04o}). 'chmod 600' closes it.",
            about.mode() & 0o7777
        )));
    }
    first_line(file).map_err(unreadable)?.ok_or_else(|| {
        refused(format!("has no line of text, or one of more than {LONGEST} bytes. Mend it."))
    })
}

fn first_line(file: File) -> io::Result<Option<Secret>> {
    // One allocation that never grows: no copy stays behind.
    let mut bytes = Zeroizing::new(Vec::with_capacity(LONGEST + 64));
    file.take(LONGEST as u64 + 1).read_to_end(&mut bytes)?;
    let line = bytes.split(|byte| *byte == b'\n').next().unwrap_or_default();
    // Without the spaces around it, as at the prompt.
    let text = std::str::from_utf8(line).ok().map(str::trim).filter(|text| !text.is_empty());
    Ok(text.filter(|text| text.len() <= LONGEST).map(|text| Secret::new(text.to_owned())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_is_argon2id_of_the_passphrase_and_its_salt() {
        let cost = Cost { memory: 64, passes: 1, lanes: 1 };
        let of = |text: &str, salt: u8| {
            key(&Secret::new(text.to_owned()), &[salt; SALT], cost).unwrap().to_vec()
        };
        assert_eq!(of("correct horse battery", 1), of("correct horse battery", 1));
        assert_ne!(of("correct horse battery", 1), of("correct horse battery", 2));
        assert_ne!(of("correct horse battery", 1), of("correct horse batterz", 1));
        let none = Cost { memory: 8, passes: 1, lanes: 64 };
        let failure = key(&Secret::new("x".to_owned()), &[1; SALT], none).err().unwrap();
        assert!(failure.to_string().contains("No key can be made"), "{failure}");
    }
}
