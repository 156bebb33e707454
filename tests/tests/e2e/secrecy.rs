//! Secrets stay where they belong: in no log, no error, no environment, and sealed on disk.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;
use std::process::Command;

use twinlock_tests::login::{Answer, Login};
use twinlock_tests::rig::application::Application;
use twinlock_tests::rig::authenticator::Authenticator;
use twinlock_tests::rig::bus::Bus;
use twinlock_tests::rig::command::{enrol, json, twinlock, verifies};
use twinlock_tests::rig::daemon::{CONFIGURATION, Daemon, STORE};
use twinlock_tests::rig::host::Host;
use twinlock_tests::rig::pam_stack::{code_alone, install, password_then_code};
use twinlock_tests::rig::process::demand;
use twinlock_tests::rig::ssh::{Ssh, is_in};
use twinlock_tests::rig::sshd::Sshd;

/// The forms in which a secret of this base32 text could turn up.
pub(super) fn canaries(secret: &str) -> Vec<Vec<u8>> {
    let decode = "base32 --decode | od -An -v -tx1 | tr -d ' \\n'";
    let padding = "=".repeat((8 - secret.len() % 8) % 8);
    let script = format!("printf %s '{secret}{padding}' | {decode}");
    let hex = demand(Command::new("sh").args(["-c", &script]));
    let raw: Vec<u8> = (0..hex.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&hex[at..at + 2], 16).expect("hex digits"))
        .collect();
    assert!(raw.len() >= 20, "RFC 4226, section 4, R6: 160 bits are recommended");
    let debug = format!("{raw:?}");
    let grouped: Vec<_> = secret.as_bytes().chunks(4).map(String::from_utf8_lossy).collect();
    let texts = [
        secret.to_owned(),
        secret.to_lowercase(),
        grouped.join(" "),
        hex.to_uppercase(),
        hex,
        debug[1..debug.len() - 1].to_owned(),
    ];
    texts.into_iter().map(String::into_bytes).chain([raw]).collect()
}

/// Whether some bytes are anywhere in others.
pub(super) fn contains(haystack: &[u8], needle: &[u8]) -> bool {
    !needle.is_empty() && haystack.windows(needle.len()).any(|window| window == needle)
}

/// Every file below a directory.
fn files(directory: &Path, found: &mut Vec<(String, Vec<u8>)>) {
    for entry in fs::read_dir(directory).expect("a directory").map(|entry| entry.expect("an entry"))
    {
        let path = entry.path();
        if path.is_dir() {
            files(&path, found);
        } else if path.is_file() {
            found.push((path.display().to_string(), fs::read(&path).expect("a file")));
        }
    }
}

/// Logins of every outcome, with every program writing as much as it will.
fn live(phone: &mut Authenticator, daemon: &mut Daemon) -> (Vec<String>, String) {
    let mut application = Application::start();
    let mut typed = Vec::new();
    for is_right in [true, false, true] {
        let code = if is_right { phone.fresh() } else { phone.wrong() };
        let attempt = Login::new("code", "alice").answer(code.as_str());
        assert_eq!(application.login(&attempt).is_success(), is_right);
        assert!(!application.login(&attempt).is_success());
        typed.push(code);
    }
    let code = phone.fresh();
    assert!(verifies("alice", &code));
    typed.push(code);
    let odd = [Answer::from("canary in place of a code"), Answer::Bytes(vec![0xff, 0x1b, b'7'])];
    for answer in odd {
        assert!(!application.login(&Login::new("code", "alice").answer(answer)).is_success());
    }
    let mut said = application.stderr();
    daemon.kill();
    assert!(!application.login(&Login::new("code", "alice")).is_success());
    daemon.restart();
    daemon.reload();
    for arguments in
        [&["user", "list", "--json"][..], &["user", "show", "alice"], &["status", "alice"]]
    {
        let output = twinlock(arguments);
        said += &String::from_utf8_lossy(&output.stdout);
        said += &String::from_utf8_lossy(&output.stderr);
    }
    typed.push("canary in place of a code".to_owned());
    (typed, said)
}

#[test]
fn a_canary_secret_and_typed_codes_are_found_nowhere() {
    Host::run(|host| {
        // What is there is from these programs.
        demand(Command::new("mount").args(["-t", "tmpfs", "tmpfs", "/var/log"]));
        let _bus = Bus::start();
        install("code", &code_alone("timeout=2 debug"));
        let mut daemon = Daemon::start();
        let mut phone = enrol("alice");
        let (typed, said) = live(&mut phone, &mut daemon);
        let mut searched = vec![
            ("syslog".to_owned(), host.syslog.text().into_bytes()),
            ("standard error of the daemon".to_owned(), daemon.stderr().into_bytes()),
            ("what the programs said".to_owned(), said.into_bytes()),
        ];
        files(Path::new("/var/log"), &mut searched);
        for (place, text) in &searched {
            for code in &typed {
                assert!(!contains(text, code.as_bytes()), "{place} has the code {code}");
            }
            assert!(!has_ticket(text), "{place} has a ticket");
        }
        daemon.stop();
        let before = searched.len();
        files(Path::new(STORE), &mut searched);
        assert!(searched.len() > before, "the store has files");
        for canary in canaries(phone.secret()) {
            for (place, bytes) in &searched {
                let shown = String::from_utf8_lossy(&canary);
                assert!(!contains(bytes, &canary), "{place} has the secret as {shown:?}");
            }
        }
        let syslog = host.syslog.text();
        assert!(syslog.contains("pam_twinlock") && syslog.contains("twinlockd"), "{syslog}");
    });
}

/// 32 bytes in hexadecimal stand nowhere else.
fn has_ticket(text: &[u8]) -> bool {
    text.split(|byte| !byte.is_ascii_hexdigit()).any(|run| run.len() >= 64)
}

#[test]
fn the_shell_of_a_login_gets_neither_ticket_nor_secret() {
    Host::run_with_daemon(|host, _| {
        install("sshd", &password_then_code("debug"));
        let _sshd = Sshd::start(&["ForceCommand env; echo in as alice"]);
        let mut phone = enrol("alice");
        let mut terminal = Ssh::to(&host.alice).methods("keyboard-interactive").start();
        terminal.expect("assword:").type_line(&host.alice.password);
        terminal.expect("Verification code").type_line(&phone.fresh());
        assert!(is_in(&mut terminal, "alice"), "{}", terminal.transcript());
        let shown = terminal.transcript();
        assert!(shown.contains("SSH_CONNECTION="), "{shown}");
        assert!(
            !has_ticket(shown.as_bytes()) && !shown.to_lowercase().contains("ticket"),
            "{shown}"
        );
    });
}

#[test]
fn what_the_daemon_keeps_is_closed_to_everybody_else() {
    Host::run_with_daemon(|_, _| {
        enrol("alice");
        let mode = |path: &str| {
            let metadata = fs::metadata(path).unwrap_or_else(|error| panic!("{path}: {error}"));
            assert_eq!(metadata.uid(), 0, "{path} is root's");
            metadata.permissions().mode() & 0o777
        };
        assert_eq!(mode(STORE), 0o700);
        assert_eq!(mode("/etc/twinlock/key"), 0o600);
        assert_eq!(mode("/run/twinlock/login.sock"), 0o600);
        let mut found = Vec::new();
        files(Path::new(STORE), &mut found);
        for (path, _) in found {
            assert_eq!(mode(&path) & 0o077, 0, "{path}");
        }
        assert!(Path::new(CONFIGURATION).exists());
    });
}

#[test]
fn a_secret_is_shown_once_and_never_again() {
    Host::run_with_daemon(|_, _| {
        let phone = enrol("alice");
        for arguments in [
            &["user", "show", "alice", "--json"][..],
            &["status", "alice", "--json"],
            &["factor", "list", "alice", "--json"],
            &["user", "list", "--json"],
        ] {
            let shown = json(arguments).to_string();
            assert!(!shown.contains(phone.secret()), "{arguments:?} shows the secret");
            assert!(shown.contains("totp"), "{arguments:?} shows the factor: {shown}");
        }
    });
}
