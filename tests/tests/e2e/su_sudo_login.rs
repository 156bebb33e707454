//! su, sudo and login on a terminal ask for a code.

use std::process::Command;
use std::time::{Duration, Instant};

use twinlock_tests::rig::authenticator::Authenticator;
use twinlock_tests::rig::command::enrol;
use twinlock_tests::rig::host::Host;
use twinlock_tests::rig::namespace::write;
use twinlock_tests::rig::pam_stack::{install, password_then_code};
use twinlock_tests::rig::process::{PATIENCE, as_user};
use twinlock_tests::rig::terminal::Terminal;

const CODE: &str = "Verification code";

/// The module's time-out in these stacks, in seconds.
const TIMEOUT: u64 = 2;

/// What a login may take then: less than without the argument, whose default is five seconds.
const MOST: Duration = Duration::from_millis(4500);

/// A program that logs somebody in: how it is started, and what the person who types at it has.
struct Program {
    service: &'static str,
    command: Command,
    password: String,
    /// What stands on the terminal after a login.
    greeting: &'static str,
}

impl Program {
    fn su(host: &Host) -> Self {
        let mut command = as_user("alice", "su");
        command.args(["bob", "-c", "echo in as $(id -un)"]);
        Self { service: "su", command, password: host.bob.password.clone(), greeting: "in as bob" }
    }

    fn sudo(host: &Host) -> Self {
        write(
            "/etc/sudoers",
            "Defaults passwd_tries=1, timestamp_timeout=0\nalice ALL=(ALL) ALL\n",
        );
        let mut command = as_user("alice", "sudo");
        command.args(["sh", "-c", "echo in as $(id -un)"]);
        let password = host.alice.password.clone();
        Self { service: "sudo", command, password, greeting: "in as root" }
    }

    fn login(host: &Host) -> Self {
        write(host.alice.home.join(".profile"), "echo in as $(id -un)\n");
        let mut command = Command::new("login");
        command.arg("alice");
        let password = host.alice.password.clone();
        Self { service: "login", command, password, greeting: "in as alice" }
    }

    /// At the prompt for a code.
    fn start(&self) -> Terminal {
        let mut terminal = Terminal::start(&self.command);
        terminal.expect("assword").expect(":").type_line(&self.password).expect(CODE);
        terminal
    }
}

/// A right code in; a wrong, a used and a late one out; a daemon that hangs out in bounded time.
fn asks_for_a_code(program: fn(&Host) -> Program, user: &'static str) {
    Host::run_with_daemon(move |host, daemon| {
        let program = program(host);
        install(program.service, &password_then_code(&format!("timeout={TIMEOUT}")));
        let mut phone = enrol(user);
        let code = phone.lasting();

        let mark = host.syslog.mark();
        program.start().type_line(&code).expect(program.greeting);
        let service = format!("service=\"{}\"", program.service);
        let user = format!("user=\"{user}\"");
        host.syslog.wait_for(mark, &["event=login.allowed", &user, &service], PATIENCE);

        stays_out(&program, &code, "That code was used already", host);
        stays_out(&program, &phone.wrong(), "That code is not right", host);
        stays_out(&program, &phone.away(-4), "That code is not right", host);
        hangs_no_longer_than_its_timeout(&program, &mut phone, host, daemon);
    });
}

fn stays_out(program: &Program, code: &str, sentence: &str, host: &Host) {
    let mark = host.syslog.mark();
    // Counters are not what this is about.
    twinlock_tests::rig::command::twinlock(&["unlock", "alice"]);
    twinlock_tests::rig::command::twinlock(&["unlock", "bob"]);
    let mut terminal = program.start();
    for _ in 0..2 {
        terminal.type_line(code).expect(sentence).expect(CODE);
    }
    terminal.type_line(code);
    host.syslog.wait_for(mark, &["event=login.refused"], PATIENCE);
    refuses(program, &mut terminal);
}

fn hangs_no_longer_than_its_timeout(
    program: &Program,
    phone: &mut Authenticator,
    host: &Host,
    daemon: &twinlock_tests::rig::daemon::Daemon,
) {
    let mark = host.syslog.mark();
    let code = phone.fresh();
    let mut terminal = program.start();
    daemon.pause();
    let asked = Instant::now();
    terminal.type_line(&code);
    host.syslog.wait_for(mark, &["pam_twinlock", program.service], PATIENCE);
    let waited = asked.elapsed();
    daemon.resume();
    assert!(waited <= MOST, "{} hung {waited:?}", program.service);
    refuses(program, &mut terminal);
}

/// The program ends, or asks for a name again as login does, and nobody is in.
fn refuses(program: &Program, terminal: &mut Terminal) {
    if program.service == "login" {
        terminal.expect("Login incorrect");
    } else {
        assert!(!terminal.finish().success(), "{}", terminal.transcript());
    }
    assert!(!terminal.transcript().contains(program.greeting), "{}", terminal.transcript());
}

#[test]
fn su_asks_for_a_code_of_the_user_it_becomes() {
    asks_for_a_code(Program::su, "bob");
}

#[test]
fn sudo_asks_for_a_code_of_its_caller() {
    asks_for_a_code(Program::sudo, "alice");
}

#[test]
fn login_asks_for_a_code() {
    asks_for_a_code(Program::login, "alice");
}

#[test]
fn root_becomes_anybody_without_a_code() {
    Host::run_with_daemon(|host, _| {
        let mut stack = vec!["auth sufficient pam_rootok.so".to_owned()];
        stack.extend(password_then_code(""));
        install("su", &stack);
        let mut su = Command::new("su");
        su.args(["bob", "-c", "echo in as $(id -un)"]);
        let mut terminal = Terminal::start(&su);
        terminal.expect("in as bob");
        assert!(terminal.finish().success());
        assert!(!terminal.transcript().contains(CODE));
        let log = host.syslog.text();
        assert!(!log.contains("twinlockd"), "nothing was decided, and nothing is logged: {log}");
    });
}

#[test]
fn sudo_without_a_password_asks_for_no_code() {
    Host::run_with_daemon(|_, _| {
        install("sudo", &password_then_code(""));
        write("/etc/sudoers", "alice ALL=(ALL) NOPASSWD: ALL\n");
        enrol("alice");
        let mut sudo = as_user("alice", "sudo");
        sudo.args(["sh", "-c", "echo in as $(id -un)"]);
        let mut terminal = Terminal::start(&sudo);
        terminal.expect("in as root");
        assert!(terminal.finish().success());
    });
}
