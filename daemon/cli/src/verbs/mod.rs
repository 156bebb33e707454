//! What can be done: one verb a file, each an `Args` and a `run`.

pub mod backup;
pub mod bypass;
pub mod completions;
pub mod config;
pub mod contact;
pub mod doctor;
pub mod enroll;
pub mod factor;
mod fresh_code;
pub mod import;
pub mod invite;
pub mod log;
pub mod mfa;
pub mod pam;
pub mod policy;
pub mod recovery;
pub mod report;
pub mod reset;
pub mod restore;
pub mod status;
pub mod trusted;
pub mod unlock;
pub mod user;
pub mod verify;
pub mod why;

use twinlock_bus_api::account::Problem;
use twinlock_bus_api::history::DamagedDay;

use crate::escape;
use crate::failure::Failure;
use crate::prompt::Prompt;
use crate::render::{count, history};
use crate::secret::Secret;
use crate::surroundings::Surroundings;

/// How often a person may try a code.
const TRIES: u32 = 3;

/// What a code is asked for with.
const CODE_PROMPT: &str = "Verification code: ";

/// A warning on standard error.
///
/// # Errors
/// [`Failure::Output`].
fn warn(around: &mut Surroundings, sentence: &str) -> Result<(), Failure> {
    let sentence = around.err_palette.warning(&format!("Warning: {}", escape::line(sentence)));
    Ok(writeln!(around.err, "{sentence}")?)
}

/// Names each user of whom a list cannot tell.
///
/// # Errors
/// [`Failure::Output`].
fn warn_of(problems: &[Problem], around: &mut Surroundings) -> Result<(), Failure> {
    problems.iter().try_for_each(|one| warn(around, &format!("{}: {}", one.user, one.text)))
}

/// How a list ends in which users are missing.
///
/// # Errors
/// [`Failure::Refused`]: there are some.
fn check_complete(problems: &[Problem]) -> Result<(), Failure> {
    if problems.is_empty() {
        return Ok(());
    }
    Err(Failure::refused(format!(
        "The list is not complete: {} could not be looked at. The reason stands beside each.",
        count(problems.len(), "user")
    )))
}

/// Says of which days the log cannot tell all.
///
/// # Errors
/// [`Failure::Output`].
fn warn_of_damage(damaged: &[DamagedDay], around: &mut Surroundings) -> Result<(), Failure> {
    damaged.iter().try_for_each(|day| warn(around, &history::damage(day)))
}

/// How it ends where a part of the log could not be read: "`what` complete".
///
/// # Errors
/// [`Failure::Refused`]: there is such a part.
fn check_readable(what: &str, damaged: &[DamagedDay]) -> Result<(), Failure> {
    if damaged.is_empty() {
        return Ok(());
    }
    let blocks = history::blocks(damaged);
    Err(Failure::refused(format!("{what} complete: {blocks} could not be read.")))
}

/// Asks for a code; an empty answer is no code.
///
/// # Errors
/// [`Failure::Refused`] as of [`Prompt::ask`].
fn ask_code(prompt: &mut dyn Prompt, question: &str) -> Result<Secret, Failure> {
    let code = prompt.ask(question)?;
    check_code(&code)?;
    Ok(code)
}

/// Whether a text can be sent as a code of a factor at all; the daemon decides whether it is right.
///
/// # Errors
/// As of [`check_typed`].
fn check_code(code: &Secret) -> Result<(), Failure> {
    check_typed(code, "the code that the authenticator app shows")
}

/// Whether a text can be sent as a code at all; `wanted` is what the person is to type.
///
/// # Errors
/// [`Failure::Refused`]: it is empty, or holds what no keyboard types.
fn check_typed(code: &Secret, wanted: &str) -> Result<(), Failure> {
    if code.expose().is_empty() {
        return Err(Failure::refused(format!("No code was given. Type {wanted}.")));
    }
    if code.expose().chars().any(char::is_control) {
        return Err(Failure::refused(format!("A code has no control characters. Type {wanted}.")));
    }
    Ok(())
}
