//! SSH clients beside OpenSSH's, each with a person at its terminal: what people see differs with
//! what a client strips, escapes and adds.

use std::fs;
use std::process::Command;

use super::namespace::SERVER;
use super::process::{demand, guarded};
use super::ssh::Ssh;
use super::sshd::KNOWN_HOSTS;
use super::terminal::Terminal;
use super::users::User;

/// A client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Client {
    /// `ssh`.
    OpenSsh,
    /// `plink` of PuTTY.
    Plink,
    /// `dbclient` of dropbear, which strips what is not ASCII.
    Dropbear,
    /// A program over paramiko, as scripts and file managers are.
    Paramiko,
}

/// What paramiko's program does: each prompt of keyboard-interactive goes to the terminal.
const PARAMIKO: &str = r#"
import socket, sys
import paramiko

def answer(title, instructions, prompts):
    answers = []
    for text in (title, instructions):
        if text:
            print(text, flush=True)
    for prompt, echo in prompts:
        print(prompt, end="", flush=True)
        answers.append(sys.stdin.readline().rstrip("\n"))
    return answers

host, user = sys.argv[1:]
transport = paramiko.Transport(socket.create_connection((host, 22)))
transport.start_client()
transport.auth_interactive(user, answer)
channel = transport.open_session()
channel.exec_command("echo in as $(id -un)")
print(channel.makefile().read().decode(), flush=True)
transport.close()
"#;

impl Client {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::OpenSsh, Self::Plink, Self::Dropbear, Self::Paramiko];

    /// Begins a login with keyboard-interactive; [`is_in`](super::ssh::is_in) tells how it ends.
    pub fn start(self, user: &User) -> Terminal {
        let mut command = match self {
            Self::OpenSsh => return Ssh::to(user).methods("keyboard-interactive").start(),
            Self::Plink => {
                let mut command = guarded("plink");
                command.args(["-ssh", "-no-antispoof", "-noagent", "-hostkey", &fingerprint()]);
                command.args(["-l", &user.name, SERVER, "echo in as $(id -un)"]);
                command
            }
            Self::Dropbear => {
                let mut command = guarded("dbclient");
                command.args(["-y", "-y", "-l", &user.name, SERVER, "echo in as $(id -un)"]);
                command
            }
            Self::Paramiko => {
                let mut command = guarded("/usr/bin/python3");
                command.args(["-c", PARAMIKO, SERVER, &user.name]);
                command
            }
        };
        command.env("HOME", "/run/rig");
        Terminal::start(&command)
    }

    /// Whether half blocks come through.
    pub fn shows_blocks(self) -> bool {
        self != Self::Dropbear
    }
}

/// Of the server's key, as PuTTY takes it.
fn fingerprint() -> String {
    let known = fs::read_to_string(KNOWN_HOSTS).expect("the server's key");
    let key = known.split_once(' ').expect("a host and a key").1;
    fs::write("/run/rig/server_key", key).expect("write the server's key");
    let text = demand(Command::new("ssh-keygen").args(["-l", "-f", "/run/rig/server_key"]));
    text.split_whitespace().find(|word| word.starts_with("SHA256:")).expect("SHA256").to_owned()
}
