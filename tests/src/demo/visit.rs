//! Logins over real OpenSSH, with a person at a terminal, who sees a login shell when it is in.

use std::fs;

use crate::rig::namespace::{self, HOST_NAME, write};
use crate::rig::process::guarded;
use crate::rig::ssh::TRUST;
use crate::rig::sshd::KNOWN_HOSTS;
use crate::rig::terminal::Terminal;
use crate::rig::users::User;

/// What the person types.
pub const COMMAND: &str = "ssh alice@web1";

const PASSWORD: &str = "Password: ";
const CODE: &str = "Verification code";

/// The server's key under the name that the person types.
const KNOWN_BY_NAME: &str = "/run/rig/known_hosts_by_name";

/// How a visit went.
pub struct Visit {
    /// Everything on the terminal.
    pub screen: String,
    /// Whether there was a shell.
    pub in_shell: bool,
}

impl Visit {
    /// The references that the person was shown.
    pub fn references(&self) -> Vec<String> {
        let parts = self.screen.split("(reference ").skip(1);
        parts.filter_map(|part| Some(part.split_once(')')?.0.to_owned())).collect()
    }
}

/// A login with the right password and this code, tried once; in the shell, a look at who one is.
pub fn with_right_code(user: &User, source: &str, code: &str) -> Visit {
    let mut terminal = knock(user, source);
    terminal.expect(CODE).type_line(code);
    terminal.expect(TRUST).type_line("");
    terminal.expect("$ ").type_line("echo \"$(id -un) is on $(hostname)\"");
    terminal.expect(&format!("{} is on {HOST_NAME}", user.name)).expect("$ ").type_line("exit");
    let in_shell = terminal.finish().success();
    Visit { screen: terminal.transcript(), in_shell }
}

/// A login with the right password and this code, tried as often as the door allows.
pub fn with_refused_code(user: &User, source: &str, code: &str) -> Visit {
    let mut terminal = knock(user, source);
    for _ in 0..3 {
        terminal.expect(CODE).type_line(code);
    }
    let in_shell = terminal.finish().success();
    Visit { screen: terminal.transcript(), in_shell }
}

/// The client, up to the password.
fn knock(user: &User, source: &str) -> Terminal {
    namespace::add_address(source);
    let key = fs::read_to_string(KNOWN_HOSTS).expect("the server's key");
    write(KNOWN_BY_NAME, &format!("{HOST_NAME},{key}"));
    let mut ssh = guarded("ssh");
    ssh.args(["-F", "none", "-b", source]);
    for option in [
        &format!("UserKnownHostsFile={KNOWN_BY_NAME}"),
        "GlobalKnownHostsFile=none",
        "StrictHostKeyChecking=yes",
        "NumberOfPasswordPrompts=1",
        "ConnectTimeout=10",
    ] {
        ssh.args(["-o", option]);
    }
    ssh.arg(format!("{}@{HOST_NAME}", user.name));
    let mut terminal = Terminal::start(&ssh);
    terminal.expect(PASSWORD).type_line(&user.password);
    terminal
}
