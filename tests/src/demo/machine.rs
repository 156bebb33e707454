//! What runs on the private machine, and who enrols there.

use std::fs;
use std::process::Command;

use crate::rig::artifacts;
use crate::rig::authenticator::Authenticator;
use crate::rig::bus::Bus;
use crate::rig::daemon::Daemon;
use crate::rig::namespace::write;
use crate::rig::pam_stack::{install, password_then_code};
use crate::rig::process::guarded;
use crate::rig::sshd::Sshd;
use crate::rig::terminal::Terminal;

/// Where the command lies for everybody on the machine: the checkout may be in a home directory
/// that others cannot enter.
pub const COMMAND: &str = "/run/rig/bin/twinlock";

/// A system bus with the shipped policy, twinlockd, and an sshd that asks PAM.
pub struct Machine {
    /// The daemon.
    pub daemon: Daemon,
    _sshd: Sshd,
    _bus: Bus,
}

impl Machine {
    /// Starts them all, and puts the command on everybody's path.
    pub fn start() -> Self {
        let bus = Bus::start();
        install("sshd", &password_then_code(""));
        let daemon = Daemon::start();
        let sshd = Sshd::start(&[
            "PasswordAuthentication no",
            "AuthenticationMethods keyboard-interactive",
        ]);
        fs::create_dir_all("/run/rig/bin").expect("create a directory for the command");
        fs::copy(artifacts::command(), COMMAND).expect("copy the command");
        write("/etc/profile.d/twinlock.sh", "PATH=/run/rig/bin:$PATH\n");
        Self { daemon, _sshd: sshd, _bus: bus }
    }

    /// Stops the daemon as its unit would, and checks that it ends well.
    pub fn stop(mut self) {
        self.daemon.stop();
    }
}

/// What an administrator sees who enrols a user, and the phone that then has the key.
pub fn enrol(user: &str) -> (String, Authenticator) {
    let mut command = guarded(COMMAND);
    command.args(["enroll", user]);
    let mut terminal = Terminal::start(&command);
    terminal.expect("Verification code");
    let mut phone = phone_of(&terminal.transcript());
    terminal.type_line(&phone.fresh()).expect("Done.");
    let status = terminal.finish();
    assert!(status.success(), "enroll ended with {status}:\n{}", terminal.transcript());
    (terminal.transcript(), phone)
}

/// The same without a first code, so that every code is left for the logins to come.
pub fn enrol_without_code(user: &str) -> (String, Authenticator) {
    let mut command: Command = guarded(COMMAND);
    command.args(["enroll", user, "--no-confirm"]);
    let mut terminal = Terminal::start(&command);
    let status = terminal.finish();
    assert!(status.success(), "enroll ended with {status}:\n{}", terminal.transcript());
    let text = terminal.transcript();
    let phone = phone_of(&text);
    (text, phone)
}

/// Whether a QR code stands in the text: rows of half blocks as wide as the smallest code.
pub fn has_qr_code(text: &str) -> bool {
    let rows = text.lines().filter(|line| {
        line.chars().filter(|letter| matches!(letter, '█' | '▀' | '▄' | ' ')).count() >= 21
            && line.contains(['█', '▀', '▄'])
    });
    rows.count() >= 11
}

/// Types the key in by hand, as a person without a camera does.
fn phone_of(text: &str) -> Authenticator {
    let key = text.lines().find_map(|line| line.split_once("Key: ")).map(|(_, key)| key.trim());
    Authenticator::new(key.unwrap_or_else(|| panic!("enroll shows no key:\n{text}")))
}
