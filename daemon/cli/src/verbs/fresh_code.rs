//! A fresh code of one's own: typed from an app, or sent first to who has none. For a first factor
//! it is an invitation that is typed.

use twinlock_bus_api::account::UserStatus;
use twinlock_bus_api::error::Error;

use crate::client::{CallError, Client, Sent};
use crate::escape;
use crate::failure::Failure;
use crate::render::count;
use crate::secret::Secret;
use crate::surroundings::Surroundings;

use super::{TRIES, check_code, check_typed};

/// How often a person may have a code sent at one prompt; the daemon has limits of its own.
const SENDS: u32 = 5;

/// What an invitation is asked for with, as at the prompt of a login.
const INVITATION_PROMPT: &str = "Invitation code: ";

/// Makes a request with a fresh code, in [`TRIES`] tries. `status` says which codes count here.
///
/// # Errors
/// [`Failure::Refused`] where no code was right, or the request was refused for another reason.
pub(super) fn with_fresh_code<T>(
    question: &str,
    status: &UserStatus,
    client: &mut Client,
    around: &mut Surroundings,
    request: impl FnMut(&mut Client, &Secret) -> Result<T, CallError>,
) -> Result<T, Failure> {
    let methods = status.code_methods.as_deref();
    if methods.is_some_and(<[String]>::is_empty) {
        return Err(Failure::refused(format!(
            "This takes a fresh code, and {} has none that counts here now. Ask an administrator.",
            status.user
        )));
    }
    let methods = methods.unwrap_or_default();
    let code =
        |client: &mut Client, around: &mut Surroundings| ask(question, methods, client, around);
    retried(client, around, code, request)
}

/// Makes a request with the invitation of who has no factor yet, in [`TRIES`] tries.
///
/// # Errors
/// [`Failure::Refused`] where none was right, or the request was refused for another reason.
pub(super) fn with_invitation<T>(
    client: &mut Client,
    around: &mut Surroundings,
    request: impl FnMut(&mut Client, &Secret) -> Result<T, CallError>,
) -> Result<T, Failure> {
    let invitation = |_: &mut Client, around: &mut Surroundings| {
        let code = around.prompt.ask(INVITATION_PROMPT)?;
        check_typed(&code, "the invitation that you were given")?;
        Ok(code)
    };
    retried(client, around, invitation, request)
}

/// Makes a request with what is typed, and asks a person again where that was not right.
fn retried<T>(
    client: &mut Client,
    around: &mut Surroundings,
    mut typed: impl FnMut(&mut Client, &mut Surroundings) -> Result<Secret, Failure>,
    mut request: impl FnMut(&mut Client, &Secret) -> Result<T, CallError>,
) -> Result<T, Failure> {
    let mut left = TRIES;
    loop {
        left -= 1;
        let code = typed(client, around)?;
        match request(client, &code) {
            Err(error @ CallError::Refused(Error::WrongCode(_) | Error::UsedCode(_)))
                if left > 0 && around.prompt.is_interactive() =>
            {
                around.prompt.tell(&escape::line(&error.sentence()))?;
            }
            other => return Ok(other?),
        }
    }
}

/// Asks for a code, and has one sent where the answer asks for that.
fn ask(
    question: &str,
    methods: &[String],
    client: &mut Client,
    around: &mut Surroundings,
) -> Result<Secret, Failure> {
    let prompt = prompt(question, methods);
    for _ in 0..=SENDS {
        let answer = around.prompt.ask(&prompt)?;
        let word = answer.expose().to_ascii_lowercase();
        let wanted = SENDING.iter().find(|(key, method, _)| *key == word && has(methods, method));
        let Some((_, method, _)) = wanted else {
            check_code(&answer)?;
            return Ok(answer);
        };
        let said =
            match client.send_code(method) {
                Ok(sent) => told(&sent),
                Err(
                    error @ CallError::Refused(Error::Throttled(_) | Error::MethodUnavailable(_)),
                ) if around.prompt.is_interactive() => escape::line(&error.sentence()),
                Err(error) => return Err(error.into()),
            };
        around.prompt.tell(&said)?;
    }
    Err(Failure::refused("Codes were sent so often that this ends here. Begin again."))
}

/// What is typed for which method, and what it is called.
const SENDING: [(&str, &str, &str); 2] = [("e", "email", "e-mail"), ("s", "sms", "text message")];

fn has(methods: &[String], method: &str) -> bool {
    methods.iter().any(|has| has == method)
}

/// The question with what else can be typed: `Code (or e: e-mail, a recovery code): `.
fn prompt(question: &str, methods: &[String]) -> String {
    let sent = SENDING.iter().filter(|(_, method, _)| has(methods, method));
    let mut options: Vec<_> = sent.map(|(key, _, name)| format!("{key}: {name}")).collect();
    if has(methods, "recovery") {
        options.push("a recovery code".to_owned());
    }
    match options.as_slice() {
        [] => format!("{question}: "),
        options => format!("{question} (or {}): ", options.join(", ")),
    }
}

/// Where a code went, and for how long it is good.
pub(super) fn told(sent: &Sent) -> String {
    let minutes = usize::try_from(sent.lifetime.div_ceil(60)).unwrap_or(usize::MAX);
    format!(
        "A code is on its way to {}. It works once, for {}.",
        escape::line(&sent.to),
        count(minutes, "minute")
    )
}
