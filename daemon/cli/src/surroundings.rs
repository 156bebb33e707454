//! All that a verb touches outside itself, so that a test can stand in for each part.

use std::collections::BTreeSet;
use std::collections::HashMap;
use std::io::Write;
use std::path::Path;
use std::time::Duration;

use jiff::Timestamp;

use crate::client::Client;
use crate::daemon_user::DaemonUser;
use crate::failure::Failure;
use crate::pam_change::Machine;
use crate::people::People;
use crate::progress::Progress;
use crate::prompt::Prompt;
use crate::render::{Palette, View};
use crate::settings;

/// What the user database says of these uids.
pub type NamesOf = dyn Fn(&[u32]) -> Result<HashMap<u32, String>, Failure>;

/// Finds the members of a group.
pub type Members = Box<dyn Fn(&str) -> Result<Vec<String>, Failure>>;

/// Finds whom the daemon of a configuration runs as.
pub type ReaderOf = Box<dyn Fn(&Path) -> Option<DaemonUser>>;

/// Where output goes, who answers, what time it is.
pub struct Surroundings {
    /// Standard output: what was asked for.
    pub out: Box<dyn Write>,
    /// Standard error: everything else.
    pub err: Box<dyn Write>,
    /// Colours of standard error.
    pub err_palette: Palette,
    /// Who answers questions.
    pub prompt: Box<dyn Prompt>,
    /// How text on standard output is shown.
    pub view: View,
    /// What time it is at this moment, for what comes after a question; [`View::now`] is when the
    /// command began.
    pub clock: Box<dyn Fn() -> Timestamp>,
    /// Columns of the terminal that standard output is; none where it is no terminal.
    pub columns: Box<dyn Fn() -> Option<usize>>,
    /// Who may log in to this host.
    pub people: Box<dyn Fn() -> Result<People, Failure>>,
    /// Who is in a group.
    pub members: Members,
    /// Who administers this host.
    pub administrators: Box<dyn Fn() -> Result<BTreeSet<String>, Failure>>,
    /// The names of users, by uid; who is not there has none.
    pub names: Box<NamesOf>,
    /// The PAM stacks of this host, and what goes with them.
    pub machine: Machine,
    /// The name of this host.
    pub host: String,
    /// The user id of this process.
    pub uid: u32,
    /// Whom the daemon of this configuration runs as, where that is known and root judges what that
    /// user can read.
    pub daemon_user: ReaderOf,
    /// How long connecting and one call may take together.
    pub patience: Duration,
    /// The terminal on which progress is shown, until a client has it.
    pub progress: Option<Box<dyn Write>>,
}

impl Surroundings {
    /// A client of the daemon on the bus of this configuration file, or of the usual one.
    ///
    /// # Errors
    /// [`Failure`]: the configuration is broken, or the system has no resources left.
    pub fn client(&mut self, config: Option<&Path>) -> Result<Client, Failure> {
        let progress = self.take_progress();
        let client = Client::new(settings::bus_address(config)?, self.patience, progress)?;
        Ok(if self.uid == 0 { client } else { client.with_time_to_type() })
    }

    /// The progress line, silent where it was taken before.
    pub fn take_progress(&mut self) -> Progress {
        let unicode = self.view.unicode;
        let on = |stream| Progress::on(stream, unicode);
        self.progress.take().map_or_else(Progress::silent, on)
    }

    /// Writes text to standard output at once.
    ///
    /// # Errors
    /// [`Failure::Output`].
    pub fn print(&mut self, text: &str) -> Result<(), Failure> {
        self.print_bytes(text.as_bytes())
    }

    /// Writes bytes to standard output at once.
    ///
    /// # Errors
    /// [`Failure::Output`].
    pub fn print_bytes(&mut self, text: &[u8]) -> Result<(), Failure> {
        self.out.write_all(text)?;
        self.out.flush()?;
        Ok(())
    }
}
