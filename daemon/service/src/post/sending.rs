//! How this host sends at the moment: what a reload replaces as a whole.

use std::time::Duration;

use twinlock_config::{
    Config,
    templates::{Overrides, Templates},
};
use twinlock_core::notice::{Notice, Recipient};

use super::{
    email::{self, Mailer},
    failure::Failure,
    sms::{self, Texter},
    wording::Wording,
};
use crate::journal;

/// The ways to send, and the wording. A way that is configured and cannot work keeps its fault, so
/// that each message that it loses names it.
pub struct Sending {
    email: Option<Result<Mailer, String>>,
    sms: Option<Result<Texter, String>>,
    wording: Wording,
}

impl Sending {
    /// Reads the files that the configuration names, and says which cannot be used.
    pub fn new(config: &Config, templates: &Overrides, host: &str) -> Self {
        let email = config.email.as_ref().map(|email| Mailer::new(email, host));
        let sms = config.sms.as_ref().map(Texter::new);
        let faults = [
            ("e-mail", email.as_ref().and_then(|way| way.as_ref().err())),
            ("text message", sms.as_ref().and_then(|way| way.as_ref().err())),
        ];
        for (what, fault) in faults {
            if let Some(fault) = fault {
                journal::line(&format!("no {what} can be sent until this is mended: {fault}"));
            }
        }
        let wording = Wording::new(Templates::new(templates), host.to_owned());
        Self { email, sms, wording }
    }

    /// Whether there is a way at all to reach somebody there.
    pub(super) fn reaches(&self, to: &Recipient) -> bool {
        match to {
            Recipient::Email(_) => self.email.is_some(),
            Recipient::Mobile(_) => self.sms.is_some(),
        }
    }

    /// What the log calls the server or the program that reaches somebody there; empty where none
    /// can.
    pub(super) fn server_of(&self, to: &Recipient) -> &str {
        let name = match to {
            Recipient::Email(_) => self.email.as_ref().map(|way| way.as_ref().map(Mailer::name)),
            Recipient::Mobile(_) => self.sms.as_ref().map(|way| way.as_ref().map(Texter::name)),
        };
        name.and_then(Result::ok).unwrap_or_default()
    }

    /// Sends a message to one of its recipients. `left` is how long it is worth anything, `id`
    /// makes its name in the world.
    pub(super) async fn send(
        &self,
        notice: &Notice,
        to: &Recipient,
        id: &str,
        left: Duration,
    ) -> Result<(), Failure> {
        match to {
            Recipient::Email(address) => {
                let mailer = usable(self.email.as_ref())?;
                let letter = self.wording.letter(notice).map_err(unworded)?;
                let deadline = email::ALL_ANSWERS.min(left);
                mailer.send(address, &letter, notice.at, id, deadline).await
            }
            Recipient::Mobile(number) => {
                let texter = usable(self.sms.as_ref())?;
                let text = self.wording.sms(notice).map_err(unworded)?;
                texter.send(number, text, sms::DEADLINE.min(left)).await
            }
        }
    }
}

fn usable<T>(way: Option<&Result<T, String>>) -> Result<&T, Failure> {
    match way {
        Some(Ok(way)) => Ok(way),
        Some(Err(fault)) => Err(Failure::lasting(fault.as_str())),
        None => Err(Failure::lasting("nothing is configured to send it by")),
    }
}

fn unworded(error: twinlock_config::templates::RenderError) -> Failure {
    Failure::lasting(error.to_string())
}
