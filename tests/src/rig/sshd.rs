//! The OpenSSH server of the private machine, on port 22 of its own network.

use std::fs;
use std::net::TcpStream;
use std::path::Path;
use std::process::Command;

use super::namespace::{RIG, SERVER, SERVER_V6, write};
use super::process::{PATIENCE, Process, demand, eventually, guarded};
use super::transcript::Transcript;

/// Where clients find the server's key.
pub const KNOWN_HOSTS: &str = "/run/rig/known_hosts";

const CONFIGURATION: &str = "/etc/ssh/sshd_config";
const HOST_KEY: &str = "/run/rig/host_key";

/// A running sshd.
pub struct Sshd {
    process: Process,
}

impl Sshd {
    /// Starts sshd with PAM, keyboard-interactive, passwords and keys, unless the options, which
    /// come first and so win, say otherwise.
    pub fn start(options: &[&str]) -> Self {
        make_host_key();
        let defaults = [
            "Port 22",
            "AddressFamily any",
            &format!("HostKey {HOST_KEY}"),
            "UsePAM yes",
            "KbdInteractiveAuthentication yes",
            "PasswordAuthentication yes",
            "PubkeyAuthentication yes",
            "UseDNS no",
            "LogLevel VERBOSE",
            "LoginGraceTime 60",
            "MaxStartups 200",
            "PidFile none",
            "PrintMotd no",
            "PrintLastLog no",
        ]
        .map(str::to_owned);
        let lines: Vec<_> = options.iter().map(ToString::to_string).chain(defaults).collect();
        write(CONFIGURATION, &(lines.join("\n") + "\n"));
        let mut command = guarded("/usr/sbin/sshd");
        command.args(["-D", "-e", "-f", CONFIGURATION]);
        let mut process = Process::start("sshd", command);
        assert!(
            eventually(PATIENCE, || {
                TcpStream::connect((SERVER, 22)).is_ok() || !process.is_running()
            }),
            "sshd does not listen"
        );
        assert!(process.is_running(), "sshd ended: {}", process.stderr().text());
        Self { process }
    }

    /// Its own log.
    pub fn log(&self) -> &Transcript {
        self.process.stderr()
    }
}

fn make_host_key() {
    if Path::new(HOST_KEY).exists() {
        return;
    }
    demand(Command::new("ssh-keygen").args(["-q", "-t", "ed25519", "-N", "", "-f", HOST_KEY]));
    let key = fs::read_to_string(format!("{HOST_KEY}.pub")).expect("the host key");
    write(KNOWN_HOSTS, &format!("{SERVER},{SERVER_V6} {key}"));
    assert!(KNOWN_HOSTS.starts_with(RIG), "known hosts belong to the rig");
}
