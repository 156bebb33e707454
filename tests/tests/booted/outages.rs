//! A daemon that is restarted, killed, or kept from starting: logins wait, fail in bounded time, and
//! work again by themselves; the console is a way in all the while.

use std::time::{Duration, Instant};

use twinlock_tests::rig::authenticator::Authenticator;
use twinlock_tests::rig::machine::Machine;
use twinlock_tests::rig::terminal::Terminal;

use super::site::{
    self, CODE, PASSWORD, STEP, enable, enrol, install, is_let_in_by_password_alone, is_refused,
    shell_over_ssh, ssh,
};

/// Times in a row that the daemon is killed: more than systemd's default patience of five.
const CRASHES: usize = 12;

/// A configuration that no daemon starts with.
const MISTAKE: &str = "/etc/twinlock/conf.d/mistake.toml";

/// A machine on which sshd asks alice for a code.
fn asking() -> (Machine, Authenticator) {
    let machine = site::site();
    install(&machine, "TWINLOCK_DEB");
    let phone = enrol(&machine, "alice");
    enable(&machine, "sshd");
    (machine, phone)
}

fn log_in(machine: &Machine, phone: &mut Authenticator) {
    shell_over_ssh(machine, "alice", phone).type_line("exit").finish();
}

#[test]
#[ignore = "needs the packages and a root file system: scripts/test-installed"]
fn who_is_at_the_prompt_when_the_daemon_restarts_is_asked_again() {
    let (machine, mut phone) = asking();
    let mut terminal = Terminal::start(&ssh(&machine, "alice"));
    terminal.expect_within("assword:", STEP).type_line(PASSWORD).expect_within(CODE, STEP);
    machine.shell("systemctl restart twinlockd");
    terminal.type_line(&phone.fresh()).expect_within("restarted meanwhile", STEP);
    site::give_code(&mut terminal, &mut phone, "$ ");
    terminal.type_line("exit").finish();
}

#[test]
#[ignore = "needs the packages and a root file system: scripts/test-installed"]
fn the_login_socket_is_up_before_sshd_takes_logins() {
    let (mut machine, mut phone) = asking();
    log_in(&machine, &mut phone);
    site::confirm(&machine, "sshd");
    machine.reboot();
    let since_boot = |unit: &str, property: &str| {
        let printed =
            machine.shell(&format!("systemctl show --value --property={property} {unit}"));
        printed.trim().parse::<u64>().unwrap_or_else(|_| panic!("{unit} {property}: {printed}"))
    };
    let socket = since_boot("twinlock-login.socket", "ActiveEnterTimestampMonotonic");
    let sshd = since_boot("ssh.service", "InactiveExitTimestampMonotonic");
    assert!(0 < socket && socket <= sshd, "the socket came at {socket} µs, sshd at {sshd} µs");
    let order = machine.shell("systemctl show --value --property=After ssh.service");
    assert!(order.contains("twinlock-login.socket"), "sshd starts after {order}");
}

#[test]
#[ignore = "needs the packages and a root file system: scripts/test-installed"]
fn a_login_right_after_a_crash_waits_and_many_crashes_lock_nobody_out() {
    let (machine, mut phone) = asking();
    for _ in 0..CRASHES {
        // For a moment systemd still names the process that was killed before.
        machine.wait_until(
            "pid=$(systemctl show --value --property=MainPID twinlockd)
             [ \"$pid\" -gt 0 ] && [ \"$pid\" != \"$(cat /run/killed 2>/dev/null)\" ] &&
             kill -KILL $pid && echo $pid > /run/killed",
            STEP,
        );
    }
    log_in(&machine, &mut phone);
    assert_eq!(machine.shell("systemctl is-active twinlock-login.socket"), "active\n");
}

#[test]
#[ignore = "needs the packages and a root file system: scripts/test-installed"]
fn a_daemon_that_cannot_start_leaves_the_console_open_and_comes_back_when_it_can() {
    let (mut machine, mut phone) = asking();
    machine.shell(&format!("echo 'root:{PASSWORD}' | chpasswd"));
    machine.write(MISTAKE, "level = \"no such level\"\n");
    machine.shell("systemctl restart --no-block twinlockd");
    machine.wait_until(
        "[ $(systemctl show --value --property=NRestarts twinlockd) -ge 6 ]",
        Duration::from_secs(60),
    );
    let asked = Instant::now();
    is_refused(&machine, "alice");
    assert!(asked.elapsed() < STEP, "a refusal took {:?}", asked.elapsed());

    root_gets_in_at_the_console(&mut machine);

    machine.shell(&format!("rm {MISTAKE}"));
    log_in(&machine, &mut phone);
    assert_eq!(machine.shell("systemctl is-active twinlockd"), "active\n");
}

/// Without a code, and with everything that it takes to get the others in.
fn root_gets_in_at_the_console(machine: &mut Machine) {
    let console = machine.console();
    console.type_line("root").expect_within("assword:", STEP).type_line(PASSWORD);
    console.expect_within("# ", STEP);
    console.type_line("twinlock config check; echo checked:$?").expect_within("checked:1", STEP);
    console.type_line("exit").expect_within("login:", STEP);
}

#[test]
#[ignore = "needs the packages and a root file system: scripts/test-installed"]
fn twinlock_is_taken_out_of_pam_with_the_daemon_dead() {
    let (machine, mut phone) = asking();
    log_in(&machine, &mut phone);
    site::confirm(&machine, "sshd");
    machine.shell("systemctl mask --now twinlock-login.socket twinlockd.service");
    is_refused(&machine, "alice");
    machine.shell("twinlock pam disable --all --yes");
    is_let_in_by_password_alone(&machine, "alice");
}
