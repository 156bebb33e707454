//! The README's way from the package to a login with a code, typed as it stands there.

use std::fs;

use twinlock_tests::rig::artifacts::workspace;
use twinlock_tests::rig::authenticator::Authenticator;
use twinlock_tests::rig::machine::{ADDRESS, Machine};
use twinlock_tests::rig::terminal::Terminal;

use super::site::{self, CODE, PASSWORD, STEP, give_code, made};

const SECTION: &str = "## From the package to a login with a code";

/// What the README lets the reader type.
fn commands() -> Vec<String> {
    let readme = fs::read_to_string(workspace().join("README.md")).expect("the README");
    let (_, section) = readme.split_once(SECTION).expect("the section");
    let block = section.split("```\n").nth(1).expect("a block of commands");
    block.lines().filter_map(|line| line.strip_prefix("$ ")).map(str::to_owned).collect()
}

#[test]
#[ignore = "needs the packages and a root file system: scripts/test-installed"]
fn six_commands_lead_from_the_package_to_a_second_login_with_a_code() {
    let commands = commands();
    assert!(commands.len() <= 6, "{commands:?}");
    assert!(commands[0].starts_with("sudo apt install "), "{commands:?}");
    let logins: Vec<_> = commands.iter().filter(|command| command.starts_with("ssh ")).collect();
    assert!(logins.len() == 2 && commands.ends_with(&[logins[1].clone()]), "{commands:?}");

    let machine = site::site();
    machine.bring(&made("TWINLOCK_DEB"));
    machine.shell(&format!("echo '{ADDRESS} web1' >> /etc/hosts"));
    // A reader answers this question once, for a host that they have not seen before.
    machine.write("/etc/ssh/ssh_config.d/site.conf", "StrictHostKeyChecking accept-new\n");
    let mut phone = None;
    for command in &commands {
        type_in(&machine, command, &mut phone);
    }
}

/// Types a command into a root shell, and does what the person at it does.
fn type_in(machine: &Machine, command: &str, phone: &mut Option<Authenticator>) {
    let mut shell = machine.command("sh");
    shell.args(["-c", &format!("cd /root && {command}")]);
    let mut terminal = Terminal::start(&shell);
    if command.starts_with("ssh ") {
        let phone = phone.as_mut().expect("somebody has enrolled before the first login");
        terminal.expect_within("assword:", STEP).type_line(PASSWORD);
        give_code(&mut terminal, phone, "$ ");
        terminal.type_line("exit");
    } else if command.contains(" enroll ") {
        terminal.expect_within(CODE, STEP);
        let screen = terminal.transcript();
        let (_, key) = screen.rsplit_once("Key: ").expect("the key is shown as text");
        let key = key.lines().next().expect("the key is on one line");
        let mut app = Authenticator::new(key.trim());
        terminal.type_line(&app.fresh());
        *phone = Some(app);
    }
    let status = terminal.finish_within(2 * STEP);
    assert!(status.success(), "`{command}` ended with {status}:\n{}", terminal.transcript());
}
