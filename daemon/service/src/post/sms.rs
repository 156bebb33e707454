//! Text messages: by a gateway, or by a program.

use std::{sync::Arc, time::Duration};

use twinlock_config::{Argument, Slot, Sms};
use twinlock_core::contact::MobileNumber;
use zeroize::Zeroizing;

use super::{failure::Failure, gateway::Client, program};

/// How long a gateway or a program may take.
pub(super) const DEADLINE: Duration = Duration::from_secs(15);

/// Sends text messages as the configuration says.
#[derive(Debug)]
pub(super) enum Texter {
    Gateway(Arc<Client>),
    Command(Vec<Argument>),
}

impl Texter {
    /// Reads the files that the configuration names. The error is a sentence for the log.
    pub fn new(sms: &Sms) -> Result<Self, String> {
        Ok(match sms {
            Sms::Gateway(gateway) => Self::Gateway(Arc::new(Client::new(gateway)?)),
            Sms::Command(words) => Self::Command(words.clone()),
        })
    }

    /// The gateway or the program, for the log.
    pub fn name(&self) -> &str {
        match self {
            Self::Gateway(client) => client.name(),
            Self::Command(words) => match words.first() {
                Some(Argument::Literal(program)) => program,
                _ => "the command",
            },
        }
    }

    /// Sends one, within the deadline.
    pub async fn send(
        &self,
        to: &MobileNumber,
        text: Zeroizing<String>,
        deadline: Duration,
    ) -> Result<(), Failure> {
        match self {
            Self::Gateway(client) => {
                let (client, to) = (Arc::clone(client), to.clone());
                let asked =
                    tokio::task::spawn_blocking(move || client.send(&to, &text, deadline)).await;
                asked.unwrap_or_else(|_| Err(Failure::passing("the request broke off")))
            }
            Self::Command(words) => command(words, to, &text, deadline).await,
        }
    }
}

async fn command(
    words: &[Argument],
    to: &MobileNumber,
    text: &str,
    deadline: Duration,
) -> Result<(), Failure> {
    let mut filled = words.iter().map(|word| match word {
        Argument::Literal(text) => text.clone(),
        Argument::Slot(Slot::To) => to.as_str().to_owned(),
        Argument::Slot(Slot::Digits) => to.as_str().trim_start_matches('+').to_owned(),
        Argument::Slot(Slot::Text) => text.to_owned(),
        // The configuration takes no password in a command.
        Argument::Slot(Slot::Password) => String::new(),
    });
    let program = filled.next().unwrap_or_default();
    let arguments: Vec<_> = filled.collect();
    let is_argument = words.contains(&Argument::Slot(Slot::Text));
    let input =
        if is_argument { Zeroizing::default() } else { Zeroizing::new(format!("{text}\n")) };
    program::run(&program, &arguments, input.as_bytes(), deadline).await
}
