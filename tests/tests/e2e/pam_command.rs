//! `twinlock pam` on real stacks: what it enables asks for a code, what nobody confirms goes by itself,
//! what it disables leaves the files as they were.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;
use std::thread::sleep;
use std::time::{Duration, Instant};

use twinlock_tests::rig::artifacts;
use twinlock_tests::rig::authenticator::Authenticator;
use twinlock_tests::rig::command::{enrol, errors, json, twinlock};
use twinlock_tests::rig::host::Host;
use twinlock_tests::rig::namespace::write;
use twinlock_tests::rig::pam_stack::{install, install_module};
use twinlock_tests::rig::process::{PATIENCE, as_user, demand, eventually};
use twinlock_tests::rig::ssh::{Ssh, is_in};
use twinlock_tests::rig::sshd::Sshd;
use twinlock_tests::rig::terminal::Terminal;

const CODE: &str = "Verification code";
const DROP_IN: &str = "/etc/ssh/sshd_config.d/00-twinlock.conf";

/// As on Debian, without the modules that need a whole machine.
const STACK: [&str; 6] = [
    "# a comment that stays",
    "@include common-auth",
    "account    required     pam_nologin.so",
    "@include common-account",
    "session    required     pam_permit.so",
    "password   required     pam_deny.so",
];

/// A host with sshd as a distribution sets it up, Twinlock installed and not yet asked.
fn with_sshd(
    test: impl FnOnce(&mut Host, &mut twinlock_tests::rig::daemon::Daemon) + Send + 'static,
) {
    Host::run_with_daemon(move |host, daemon| {
        install_module();
        install("sshd", &STACK);
        fs::create_dir_all("/etc/ssh/sshd_config.d").unwrap();
        let _ = fs::remove_file(DROP_IN);
        let _sshd =
            Sshd::start(&["Include /etc/ssh/sshd_config.d/*.conf", "PidFile /run/sshd.pid"]);
        test(host, daemon);
    });
}

fn stack(service: &str) -> String {
    fs::read_to_string(format!("/etc/pam.d/{service}")).unwrap()
}

/// How a service stands; none where it does not ask Twinlock.
fn state(service: &str) -> Option<String> {
    let shown = json(&["pam", "status", "--json"]);
    let services = shown["services"].as_array().expect("an array");
    let found = services.iter().find(|found| found["service"] == service)?;
    Some(found["state"].as_str().expect("a word").to_owned())
}

/// A command that has to go well.
fn well(arguments: &[&str]) -> String {
    let output = twinlock(arguments);
    assert!(output.status.success(), "twinlock {arguments:?}: {}", errors(&output));
    String::from_utf8(output.stdout).unwrap()
}

/// A client at the prompt behind the password. Nobody waits for sshd to listen: the command has.
fn logging_in(host: &Host) -> Terminal {
    let mut terminal =
        Ssh::to(&host.alice).methods("keyboard-interactive").from("203.0.113.7").start();
    terminal.expect("assword:").type_line(&host.alice.password);
    terminal
}

fn logs_in_with_a_code(host: &Host, phone: &mut Authenticator) {
    let mut terminal = logging_in(host);
    terminal.expect(CODE).type_line(&phone.fresh());
    assert!(is_in(&mut terminal, "alice"), "{}", terminal.transcript());
}

fn logs_in_without_a_code(host: &Host) {
    let mut terminal = logging_in(host);
    assert!(is_in(&mut terminal, "alice"), "{}", terminal.transcript());
    assert!(!terminal.transcript().contains(CODE));
}

#[test]
fn sshd_asks_for_a_code_until_it_is_disabled_and_then_all_is_as_it_was() {
    with_sshd(|host, daemon| {
        let before = stack("sshd");
        let mut phone = enrol("alice");
        logs_in_without_a_code(host);
        well(&["pam", "enable", "sshd", "--yes", "--confirm-within", "20s"]);
        let deadline = Instant::now() + Duration::from_secs(20);
        assert_eq!(stack("sshd").matches("pam_twinlock.so").count(), 3, "{}", stack("sshd"));
        assert_eq!(state("sshd").as_deref(), Some("pending"));

        let early = twinlock(&["pam", "confirm", "sshd"]);
        assert!(errors(&early).contains("Nobody has logged in"), "{}", errors(&early));
        logs_in_with_a_code(host, &mut phone);
        assert!(well(&["pam", "confirm", "sshd"]).contains("alice from 203.0.113.7"));

        sleep(deadline.saturating_duration_since(Instant::now()) + Duration::from_secs(2));
        assert_eq!(state("sshd").as_deref(), Some("enabled"));
        logs_in_with_a_code(host, &mut phone);

        // Whoever is locked out by a dead daemon has to be able to.
        daemon.stop();
        well(&["pam", "disable", "--all", "--yes"]);
        assert_eq!(stack("sshd"), before);
        assert!(!Path::new(DROP_IN).exists());
        logs_in_without_a_code(host);
    });
}

#[test]
fn a_change_that_lets_nobody_in_is_taken_back_though_all_who_made_it_are_dead() {
    with_sshd(|host, daemon| {
        let before = stack("sshd");
        enrol("alice");
        let mut enable = Command::new(artifacts::command());
        enable.args(["pam", "enable", "sshd", "--confirm-within", "10s"]);
        let mut terminal = Terminal::start(&enable);
        terminal.expect("and reload sshd? [y/N]").type_line("y");
        terminal.expect("Waiting for a login through sshd");
        let made = Instant::now();
        assert_ne!(stack("sshd"), before);

        daemon.kill();
        drop(terminal);
        let mut refused = logging_in(host);
        assert!(!is_in(&mut refused, "alice"), "{}", refused.transcript());
        assert!(made.elapsed() < Duration::from_secs(9), "it has not been taken back yet");
        assert_ne!(stack("sshd"), before);

        assert!(eventually(PATIENCE, || stack("sshd") == before), "{}", stack("sshd"));
        assert!(eventually(PATIENCE, || state("sshd").is_none()), "the change is still pending");
        assert!(!Path::new(DROP_IN).exists());
        logs_in_without_a_code(host);
    });
}

/// sshd is away between closing its sockets and opening others, here for two seconds.
#[test]
fn who_logs_in_right_behind_the_command_finds_sshd_listening() {
    with_sshd(|host, _| {
        fs::create_dir_all("/run/rig/itself").unwrap();
        fs::copy("/usr/sbin/sshd", "/run/rig/itself/sshd").unwrap();
        let slow = "#!/bin/sh\ncase $1 in -D) sleep 2 ;; esac\nexec /run/rig/itself/sshd \"$@\"\n";
        write("/run/rig/slow", slow);
        fs::set_permissions("/run/rig/slow", Permissions::from_mode(0o755)).unwrap();
        demand(Command::new("mount").args(["--bind", "/run/rig/slow", "/usr/sbin/sshd"]));
        let mut phone = enrol("alice");
        let said = well(&["pam", "enable", "sshd", "--yes", "--confirm-within", "30s"]);
        assert!(said.contains("has read it"), "{said}");
        logs_in_with_a_code(host, &mut phone);
    });
}

/// As in a container that a terminal outside entered: getsid(2) is 0 there.
#[test]
fn a_change_is_guarded_where_the_session_has_its_leader_in_another_pid_namespace() {
    Host::run_with_daemon(|_, _| {
        install_module();
        install("su", &STACK);
        let before = stack("su");
        let twinlock = artifacts::command();
        let twinlock = twinlock.display();
        let script = format!(
            "{twinlock} pam enable su --yes --confirm-within 30s && grep pam_twinlock /etc/pam.d/su && \
             {twinlock} pam disable su --yes"
        );
        let output = Command::new("unshare")
            .args(["--pid", "--fork", "--kill-child", "sh", "-c", &script])
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", errors(&output));
        assert_eq!(stack("su"), before);
    });
}

#[test]
fn the_login_is_seen_at_the_terminal_and_asked_about() {
    with_sshd(|host, _| {
        let mut phone = enrol("alice");
        let mut enable = Command::new(artifacts::command());
        enable.args(["pam", "enable", "sshd", "--confirm-within", "30s"]);
        let mut terminal = Terminal::start(&enable);
        terminal.expect("and reload sshd? [y/N]").type_line("y");
        terminal.expect("Waiting for a login through sshd");
        logs_in_with_a_code(host, &mut phone);
        terminal.expect("alice from 203.0.113.7 with a second factor").expect("[y/N]");
        terminal.type_line("y").expect("Confirmed");
        assert!(terminal.finish().success());
        assert_eq!(state("sshd").as_deref(), Some("enabled"));
    });
}

#[test]
fn a_key_and_a_code_ask_for_no_password_and_a_code_alone_is_not_enough() {
    with_sshd(|host, _| {
        let before = stack("sshd");
        let mut phone = enrol("alice");
        well(&[
            "pam",
            "enable",
            "sshd",
            "--yes",
            "--first-factor",
            "key",
            "--confirm-within",
            "20s",
        ]);
        let mut terminal = Ssh::to(&host.alice).from("203.0.113.7").start();
        terminal.expect(CODE).type_line(&phone.fresh());
        assert!(is_in(&mut terminal, "alice"), "{}", terminal.transcript());
        assert!(!terminal.transcript().contains("assword"), "{}", terminal.transcript());
        let mut alone = Ssh::to(&host.alice).methods("keyboard-interactive").start();
        assert!(!is_in(&mut alone, "alice"), "{}", alone.transcript());
        well(&["pam", "confirm"]);
        well(&["pam", "disable", "sshd", "--yes"]);
        assert_eq!(stack("sshd"), before);
    });
}

#[test]
fn what_wins_over_the_drop_in_is_found_before_anything_changes() {
    with_sshd(|_, _| {
        let before = stack("sshd");
        let configuration = fs::read_to_string("/etc/ssh/sshd_config").unwrap();
        for (changed, expected) in [
            (format!("AuthenticationMethods any\n{configuration}"), "wins over"),
            (
                format!("{configuration}Match user root\nAuthenticationMethods publickey\n"),
                "For root",
            ),
            (configuration.replace("Include", "#Include"), "does not include"),
            (format!("{configuration}Nonsense yes\n"), "refuses its configuration"),
        ] {
            write("/etc/ssh/sshd_config", &changed);
            let output = twinlock(&["pam", "enable", "sshd", "--yes"]);
            assert_eq!(output.status.code(), Some(1));
            assert!(errors(&output).contains(expected), "{expected}: {}", errors(&output));
            assert_eq!(stack("sshd"), before);
            assert!(!Path::new(DROP_IN).exists());
        }
    });
}

/// Enables a service, logs in through it, confirms, disables: as it was.
fn comes_and_goes(service: &'static str, user: &'static str, login: fn(&Host) -> Command) {
    Host::run_with_daemon(move |host, _| {
        install_module();
        install(service, &STACK);
        let before = stack(service);
        let mut phone = enrol(user);
        well(&["pam", "enable", service, "--yes", "--confirm-within", "15s"]);
        let password = if user == "bob" { &host.bob.password } else { &host.alice.password };
        let mut terminal = Terminal::start(&login(host));
        terminal.expect("assword").expect(":").type_line(password);
        terminal.expect(CODE).type_line(&phone.fresh()).expect("in as");
        well(&["pam", "confirm", service]);
        well(&["pam", "disable", service, "--yes"]);
        assert_eq!(stack(service), before);
        assert_eq!(state(service), None);
    });
}

#[test]
fn su_is_enabled_and_disabled() {
    comes_and_goes("su", "bob", |_| {
        let mut command = as_user("alice", "su");
        command.args(["bob", "-c", "echo in as $(id -un)"]);
        command
    });
}

#[test]
fn sudo_is_enabled_and_disabled() {
    comes_and_goes("sudo", "alice", |_| {
        write("/etc/sudoers", "Defaults passwd_tries=1\nalice ALL=(ALL) ALL\n");
        let mut command = as_user("alice", "sudo");
        command.args(["sh", "-c", "echo in as $(id -un)"]);
        command
    });
}
