//! The OpenSSH client, with a person at its terminal.

use std::path::Path;
use std::process::Command;

use super::namespace::{self, SERVER};
use super::process::guarded;
use super::sshd::KNOWN_HOSTS;
use super::terminal::Terminal;
use super::users::User;

/// What the remote command prints when the login is in.
const GREETING: &str = "in as";

/// A login that is about to be tried.
#[derive(Debug, Clone)]
pub struct Ssh {
    user: String,
    server: String,
    arguments: Vec<String>,
}

impl Ssh {
    /// A login of a user, with the key of that user at hand.
    pub fn to(user: &User) -> Self {
        Self::with_key(user, &user.key())
    }

    /// A login of a user, with this key at hand.
    pub fn with_key(user: &User, key: &Path) -> Self {
        let mut ssh =
            Self { user: user.name.clone(), server: SERVER.to_owned(), arguments: Vec::new() };
        for option in [
            "IdentitiesOnly=yes",
            &format!("IdentityFile={}", key.display()),
            &format!("UserKnownHostsFile={KNOWN_HOSTS}"),
            "GlobalKnownHostsFile=none",
            "StrictHostKeyChecking=yes",
            "ConnectTimeout=10",
            "NumberOfPasswordPrompts=1",
        ] {
            ssh = ssh.option(option);
        }
        ssh
    }

    /// Adds an option of ssh_config(5).
    #[must_use]
    pub fn option(mut self, option: &str) -> Self {
        self.arguments.extend(["-o".to_owned(), option.to_owned()]);
        self
    }

    /// The methods that the client tries, in this order.
    #[must_use]
    pub fn methods(self, methods: &str) -> Self {
        self.option(&format!("PreferredAuthentications={methods}"))
    }

    /// Comes from this address, which the machine is given.
    #[must_use]
    pub fn from(mut self, address: &str) -> Self {
        namespace::add_address(address);
        if address.contains(':') {
            namespace::SERVER_V6.clone_into(&mut self.server);
        }
        self.arguments.extend(["-b".to_owned(), address.to_owned()]);
        self
    }

    /// Logs in as this name instead.
    #[must_use]
    pub fn name(mut self, name: &str) -> Self {
        name.clone_into(&mut self.user);
        self
    }

    /// Starts the client.
    pub fn start(&self) -> Terminal {
        let mut command = self.command();
        command.arg(format!("echo {GREETING} $(id -un)"));
        Terminal::start(&command)
    }

    /// Starts the client for a shell, before which sshd shows what the session's modules said. The
    /// caller types [`Ssh::LEAVE`] into it.
    pub fn start_shell(&self) -> Terminal {
        Terminal::start(&self.command())
    }

    /// Says who is in, and ends the shell.
    pub const LEAVE: &str = "echo in as $(id -un); exit";

    fn command(&self) -> Command {
        let mut command = guarded("ssh");
        command.args(["-F", "none"]).args(&self.arguments);
        command.args(["-l", &self.user, &self.server]);
        command
    }
}

/// What follows a right code where the host can be trusted.
pub const TRUST: &str = "Do not ask again";

/// Whether the client's login came through as this user. Waits for the client's end, and trusts no
/// host.
pub fn is_in(terminal: &mut Terminal, user: &str) -> bool {
    terminal.answer_if_asked(TRUST, "");
    let status = terminal.finish();
    let greeted = terminal.transcript().contains(&format!("{GREETING} {user}"));
    assert_eq!(
        status.success(),
        greeted,
        "the client ended with {status}; its terminal shows\n{}",
        terminal.transcript()
    );
    greeted
}
