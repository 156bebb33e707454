//! `twinlock verify`: tries a code without logging in.

use crate::client::{Client, Subject};
use crate::failure::Failure;
use crate::secret::Secret;
use crate::surroundings::Surroundings;

use super::{CODE_PROMPT, ask_code, check_code};

/// Try a code without logging in: it counts as used, and a wrong one as a failure
///
/// Exits with 0 for a right code and with 1 for any other.
#[derive(clap::Args)]
#[command(override_usage = "twinlock verify [OPTIONS] [USER] [CODE]")]
pub struct Args {
    /// Whose code it is (administrators only); your own where it is left out
    #[arg(value_name = "USER")]
    first: Option<Secret>,

    /// The code, for tests: other users of this host can see arguments. A prompt, or a line of
    /// standard input, where it is left out. A single argument of digits is a code of your own
    #[arg(value_name = "CODE")]
    second: Option<Secret>,
}

impl Args {
    /// No user name is made of digits alone (useradd(8) refuses them), so one argument of digits
    /// is a code.
    fn into_parts(self) -> (Subject, Option<Secret>) {
        let is_code = |text: &Secret| {
            !text.expose().is_empty() && text.expose().bytes().all(|byte| byte.is_ascii_digit())
        };
        let name = |text: Secret| Subject::User(text.expose().to_owned());
        match (self.first, self.second) {
            (None, code) => (Subject::Oneself, code),
            (Some(code), None) if is_code(&code) => (Subject::Oneself, Some(code)),
            (Some(user), code) => (name(user), code),
        }
    }
}

/// Tries the code.
///
/// # Errors
/// [`Failure::Refused`] for every code but a right one.
pub fn run(args: Args, client: &mut Client, around: &mut Surroundings) -> Result<(), Failure> {
    let (subject, code) = args.into_parts();
    let code = match code {
        Some(code) => code,
        None => ask_code(&mut *around.prompt, CODE_PROMPT)?,
    };
    check_code(&code)?;
    client.verify(&subject, &code)?;
    around.print("That code is right; it counts as used now.\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(first: Option<&str>, second: Option<&str>) -> (Subject, Option<String>) {
        let secret = |text: &str| Secret::new(text.to_owned());
        let args = Args { first: first.map(secret), second: second.map(secret) };
        let (subject, code) = args.into_parts();
        (subject, code.map(|code| code.expose().to_owned()))
    }

    #[test]
    fn one_argument_of_digits_is_a_code_of_ones_own_and_any_other_is_a_user() {
        let alice = Subject::User("alice".to_owned());
        assert_eq!(parts(None, None), (Subject::Oneself, None));
        assert_eq!(parts(Some("123456"), None), (Subject::Oneself, Some("123456".to_owned())));
        assert_eq!(parts(Some("alice"), None), (alice.clone(), None));
        assert_eq!(parts(Some("alice"), Some("123456")), (alice, Some("123456".to_owned())));
    }

    #[test]
    fn two_arguments_reach_a_user_whose_name_is_digits() {
        let user = Subject::User("1000".to_owned());
        assert_eq!(parts(Some("1000"), Some("123456")), (user, Some("123456".to_owned())));
    }
}
