//! A machine with two users, on which a package is installed, and people who log in to it.

use std::env;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use serde_json::Value;

use twinlock_tests::rig::authenticator::Authenticator;
use twinlock_tests::rig::machine::{ADDRESS, Machine};
use twinlock_tests::rig::terminal::Terminal;

/// The password of each user.
pub const PASSWORD: &str = "correct horse";

/// The prompt for a code, whatever other methods it goes on to offer.
pub const CODE: &str = "Verification code";

/// How long a step of a login may take on a busy host.
pub const STEP: Duration = Duration::from_secs(30);

/// A file that `scripts/test-installed` made, by the variable that names it.
pub fn made(variable: &str) -> PathBuf {
    let path = env::var_os(variable)
        .unwrap_or_else(|| panic!("{variable} is not set: run scripts/test-installed"));
    PathBuf::from(path)
}

/// People who log in over and over.
pub const REGULARS: [&str; 6] = ["user1", "user2", "user3", "user4", "user5", "user6"];

/// A machine that has booted, with alice, who may use sudo, bob, and [`REGULARS`].
pub fn site() -> Machine {
    let machine = Machine::boot(&made("TWINLOCK_ROOT"));
    for user in ["alice", "bob"].iter().chain(&REGULARS) {
        add_user(&machine, user);
    }
    machine.shell("adduser --quiet alice sudo");
    machine
}

/// Adds a user, with the password hashed in few rounds: its strength is not under test.
fn add_user(machine: &Machine, name: &str) {
    machine.shell(&format!(
        "useradd --create-home --shell /bin/sh {name}
         echo '{name}:{PASSWORD}' | chpasswd --crypt-method SHA512 --sha-rounds 1000"
    ));
}

/// Installs a Debian package the way the README says, without a network.
pub fn install(machine: &Machine, variable: &str) {
    let package = made(variable);
    machine.bring(&package);
    let name = package.file_name().expect("a file has a name").to_string_lossy().into_owned();
    machine.shell(&format!("cd /root && apt-get install --quiet --yes ./{name}"));
}

/// Enrols a user as an administrator, and returns the phone.
pub fn enrol(machine: &Machine, user: &str) -> Authenticator {
    let printed = machine.shell(&format!("twinlock enroll {user} --no-confirm --json"));
    let printed: Value = serde_json::from_str(&printed)
        .unwrap_or_else(|error| panic!("enroll prints no JSON ({error}): {printed}"));
    Authenticator::new(printed["secret"].as_str().expect("enroll prints the secret"))
}

/// The OpenSSH client, on its way to this machine.
pub fn ssh(machine: &Machine, user: &str) -> Command {
    let mut command = machine.command("ssh");
    for option in [
        "StrictHostKeyChecking=no",
        "UserKnownHostsFile=/dev/null",
        "LogLevel=ERROR",
        "ConnectTimeout=20",
        // A server that reads its configuration again is away for a moment.
        "ConnectionAttempts=10",
        "PreferredAuthentications=keyboard-interactive,password",
        "NumberOfPasswordPrompts=1",
    ] {
        command.args(["-o", option]);
    }
    command.args(["-l", user, ADDRESS]);
    command
}

/// A shell of a user over SSH, after password and code.
pub fn shell_over_ssh(machine: &Machine, user: &str, phone: &mut Authenticator) -> Terminal {
    let mut terminal = Terminal::start(&ssh(machine, user));
    terminal.expect_within("assword:", STEP).type_line(PASSWORD);
    give_code(&mut terminal, phone, "$ ");
    terminal
}

/// Types a code, and a further one where the daemon was restarted meanwhile; keeps no host in mind
/// if that is asked; and waits for what comes after a login.
pub fn give_code(terminal: &mut Terminal, phone: &mut Authenticator, after: &str) {
    terminal.expect_within(CODE, STEP);
    answer_code(terminal, phone, after);
}

/// The same at a prompt that stands there already.
pub fn answer_code(terminal: &mut Terminal, phone: &mut Authenticator, after: &str) {
    terminal.type_line(&phone.fresh());
    loop {
        match terminal.expect_one_of(&[after, "Do not ask again", "restarted meanwhile"], STEP) {
            0 => break,
            1 => terminal.type_line("n"),
            _ => terminal.expect_within(CODE, STEP).type_line(&phone.fresh()),
        };
    }
}

/// Types a command into a shell, and waits for a text in what it prints. The text is told from the
/// echo of the command by being put together only by the shell.
pub fn in_shell(terminal: &mut Terminal, command: &str, prints: &str) {
    terminal.type_line(command).expect_within(prints, STEP);
}

/// Asks for a second factor in a service, and lets sshd ask questions at all. The change waits to be
/// confirmed.
pub fn enable(machine: &Machine, service: &str) {
    machine.shell(&format!("twinlock pam enable {service} --yes"));
    if service == "sshd" {
        let_sshd_ask(machine);
    }
}

/// Keeps a change through which somebody has logged in.
pub fn confirm(machine: &Machine, service: &str) {
    machine.shell(&format!("twinlock pam confirm {service}"));
}

/// Debian's sshd asks for a password by itself, with no way to ask for more.
pub fn let_sshd_ask(machine: &Machine) {
    let asks = "sshd -T | grep -qx 'kbdinteractiveauthentication yes'";
    if !machine.try_shell(asks).0 {
        machine.write(
            "/etc/ssh/sshd_config.d/site.conf",
            "KbdInteractiveAuthentication yes\nPasswordAuthentication no\n",
        );
        machine.shell("sshd -t && systemctl reload ssh");
    }
}

/// The client of a user whom sshd asks for the password alone.
pub fn is_let_in_by_password_alone(machine: &Machine, user: &str) {
    let mut terminal = Terminal::start(&ssh(machine, user));
    terminal.expect_within("assword:", STEP).type_line(PASSWORD).expect_within("$ ", STEP);
    terminal.type_line("exit").finish();
    assert!(!terminal.transcript().contains(CODE), "{}", terminal.transcript());
}

/// The client of a user whose right password does not help.
pub fn is_refused(machine: &Machine, user: &str) {
    let mut terminal = Terminal::start(&ssh(machine, user));
    terminal.expect_within("assword:", STEP).type_line(PASSWORD);
    terminal.expect_within("Permission denied", STEP);
}
