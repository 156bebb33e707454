//! The built module inside libpam, in a stack of its own, with an application written in C.
//!
//! The module talks only to root's sockets, so that what lets people in can be seen only where the
//! tests run as root; elsewhere the same logins must all be refused.
// The functions around the tests fail the test as the tests do.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod peer;

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use peer::{RIGHT_CODE, Socket, own_uid};

const SUCCESS: i32 = 0;
const PERM_DENIED: i32 = 6;
const AUTH_ERR: i32 = 7;
const AUTHINFO_UNAVAIL: i32 = 9;
const MAXTRIES: i32 = 11;
const CONV_ERR: i32 = 19;

/// The directory that holds the built module: two above this test.
fn artifacts() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    test.ancestors().nth(2).unwrap().to_owned()
}

/// The application, compiled once.
fn application() -> &'static Path {
    static APPLICATION: OnceLock<PathBuf> = OnceLock::new();
    APPLICATION.get_or_init(|| {
        let binary = Path::new(env!("CARGO_TARGET_TMPDIR")).join("pam-stack");
        let fresh = binary.with_extension(std::process::id().to_string());
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/stack.c");
        let compiled = Command::new("cc")
            .args(["-Wall", "-Werror", "-o"])
            .args([&fresh, &source])
            .arg("-lpam")
            .status()
            .unwrap();
        assert!(compiled.success());
        // Another run of these tests may be using the old one.
        std::fs::rename(&fresh, &binary).unwrap();
        binary
    })
}

/// A PAM stack in which Twinlock stands in every phase.
struct Stack {
    socket: Socket,
    directory: PathBuf,
}

impl Stack {
    fn new(arguments: &str) -> Self {
        let socket = Socket::new();
        let directory = socket.path.with_file_name("pam.d");
        std::fs::create_dir(&directory).unwrap();
        let stack = Self { socket, directory };
        stack.write("twinlock", arguments);
        stack
    }

    fn write(&self, service: &str, arguments: &str) {
        let module = artifacts().join("deps/libpam_twinlock.so");
        assert!(module.exists(), "{} is built", module.display());
        let line =
            format!("{} socket={} {arguments}", module.display(), self.socket.path.display());
        // A module that only says yes shows whether Twinlock's answer counts.
        let stack: String = ["auth", "account", "password", "session"]
            .iter()
            .map(|kind| format!("{kind} required {line}\n{kind} required pam_permit.so\n"))
            .collect();
        std::fs::write(self.directory.join(service), stack).unwrap();
    }

    /// The lines that the application prints.
    fn run(&self, user: &str, steps: &str, answers: &[&str]) -> Vec<String> {
        let output = Command::new(application())
            .arg(&self.directory)
            .args(["twinlock", user, steps])
            .args(answers)
            .stdin(Stdio::null())
            .output()
            .unwrap();
        assert!(output.status.success(), "{output:?}");
        assert!(output.stderr.is_empty(), "the module writes nothing itself: {output:?}");
        String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect()
    }

    /// What the steps return, in their order.
    fn codes(&self, user: &str, steps: &str, answers: &[&str]) -> Vec<i32> {
        let lines = self.run(user, steps, answers);
        let leak = lines.iter().find(|line| line.starts_with("descriptors"));
        assert_eq!(leak, None, "every descriptor is closed again");
        steps
            .split(',')
            .map(|step| {
                let line = lines.iter().find_map(|line| line.strip_prefix(&format!("{step}=")));
                line.unwrap_or_else(|| panic!("no {step} in {lines:?}")).parse().unwrap()
            })
            .collect()
    }
}

/// A code that only a daemon of root's can bring about.
fn by_root(code: i32) -> i32 {
    if own_uid() == 0 { code } else { AUTHINFO_UNAVAIL }
}

fn with_daemon() -> Stack {
    let stack = Stack::new("timeout=2");
    stack.socket.serve_daemon();
    stack
}

#[test]
fn a_right_code_opens_the_login_and_its_ticket_the_account() {
    let stack = with_daemon();
    let codes = stack.codes("alice", "auth,acct,cred,open,close", &[RIGHT_CODE]);
    assert_eq!(codes, [by_root(SUCCESS), by_root(SUCCESS), SUCCESS, SUCCESS, SUCCESS]);
}

#[test]
fn an_account_phase_without_a_ticket_has_none_to_show() {
    let stack = with_daemon();
    assert_eq!(stack.codes("alice", "acct", &[]), [by_root(PERM_DENIED)]);
    // A refused second try wipes the ticket of the first.
    let lines = stack.run("alice", "auth,auth,acct", &[RIGHT_CODE, "0", "0", "0"]);
    assert_eq!(lines.iter().filter(|line| line.starts_with("acct=")).count(), 1);
    assert!(lines.contains(&format!("acct={}", by_root(PERM_DENIED))), "{lines:?}");
}

#[test]
fn verdicts_become_return_codes() {
    let stack = with_daemon();
    assert_eq!(stack.codes("bob", "auth,acct", &[]), [by_root(SUCCESS), by_root(SUCCESS)]);
    assert_eq!(stack.codes("carol", "auth,acct", &[]), [by_root(AUTH_ERR), by_root(PERM_DENIED)]);
    assert_eq!(stack.codes("dave", "auth,acct", &[]), [by_root(MAXTRIES), by_root(MAXTRIES)]);
    assert_eq!(stack.codes("eve", "auth,acct", &[]), [AUTHINFO_UNAVAIL, AUTHINFO_UNAVAIL]);
}

#[test]
fn hostile_answers_are_wrong_answers() {
    let stack = with_daemon();
    for answer in ["", "NULL", "NOARRAY", "10MB", "\x1b[A", "12\n34"] {
        let lines = stack.run("alice", "auth", &[answer, answer, answer]);
        assert!(lines.contains(&format!("auth={}", by_root(AUTH_ERR))), "{answer:?}: {lines:?}");
        if own_uid() == 0 {
            // What cannot be a code goes on its way as a question mark, never as nothing.
            let length = usize::from(!answer.is_empty());
            let refusal = format!("3|That code is not right ({length}).");
            assert!(lines.contains(&refusal), "{answer:?}: {lines:?}");
        }
    }
}

#[test]
fn a_prompt_that_the_program_does_not_pass_on_is_no_login() {
    let stack = with_daemon();
    assert_eq!(stack.codes("alice", "auth", &["FAIL"]), [by_root(CONV_ERR)]);
}

#[test]
fn a_password_change_asks_once_and_shows_its_ticket() {
    let stack = with_daemon();
    assert_eq!(stack.codes("alice", "passwd", &[RIGHT_CODE]), [by_root(SUCCESS)]);
    assert_eq!(stack.codes("alice", "passwd", &["0", "0", "0"]), [by_root(AUTH_ERR)]);
}

#[test]
fn nothing_in_the_update_says_that_a_password_was_not_changed() {
    let stack = with_daemon();
    // Asked and answered, asked and broken off, refused, and failed.
    let cases: [(&str, &[&str]); 4] = [
        ("frank", &[RIGHT_CODE, RIGHT_CODE]),
        ("frank", &[RIGHT_CODE, "FAIL"]),
        ("grace", &[RIGHT_CODE]),
        ("heidi", &[RIGHT_CODE]),
    ];
    for (user, answers) in cases {
        assert_eq!(stack.codes(user, "passwd", answers), [by_root(SUCCESS)], "{user} {answers:?}");
    }
    if own_uid() == 0 {
        let lines = stack.run("heidi", "passwd", &[RIGHT_CODE]);
        let told = |line: &String| line.starts_with("3|It is not certain that your second factor");
        assert!(lines.iter().any(told), "{lines:?}");
    }
    // What the check did not decide is not let through.
    assert_eq!(stack.codes("eve", "passwd", &[]), [AUTHINFO_UNAVAIL]);
    assert_eq!(stack.codes("grace", "passwd", &["0", "0", "0"]), [by_root(AUTH_ERR)]);
}

#[test]
fn alone_in_a_stack_it_says_that_no_password_was_typed() {
    let stack = with_daemon();
    let lines = stack.run("ivan", "passwd", &[RIGHT_CODE]);
    if own_uid() == 0 {
        assert_eq!(lines, ["2|first: false", "4|then: false", "passwd=0", "end=0"]);
    }
}

#[test]
fn texts_are_shown_unless_the_program_wants_silence() {
    let stack = with_daemon();
    if own_uid() == 0 {
        assert!(stack.run("bob", "auth", &[]).contains(&"4|Enrol before Monday.".to_owned()));
        assert!(stack.run("bob", "open", &[]).contains(&"4|Welcome, bob.".to_owned()));
    }
    assert_eq!(stack.run("bob", "silent-open", &[]), ["silent-open=0", "end=0"]);
    let lines = stack.run("eve", "silent-auth", &[]);
    assert_eq!(lines, ["silent-auth=9", "end=0"]);
}

#[test]
fn without_a_daemon_nobody_gets_in_and_everybody_is_told() {
    let stack = Stack::new("");
    let lines = stack.run("alice", "auth,acct,passwd,open", &[]);
    let told = "3|Two-factor authentication is not available at the moment. Try again in a \
                minute, and tell the administrator if it stays so.";
    assert_eq!(lines, [told, "auth=9", told, "acct=9", told, "passwd=9", "open=0", "end=0"]);
    // libpam remembers a refused login at this step, so it is taken alone.
    assert_eq!(stack.codes("alice", "cred", &[]), [SUCCESS]);
}

#[test]
#[allow(clippy::disallowed_methods)]
fn a_hanging_daemon_is_left_when_its_time_is_over() {
    let stack = Stack::new("timeout=1");
    stack.socket.serve_daemon();
    application();
    let start = Instant::now();
    assert_eq!(stack.codes("mallory", "auth", &[]), [AUTHINFO_UNAVAIL]);
    // Without the argument it would be five seconds.
    assert!(start.elapsed() < Duration::from_secs(4), "{:?}", start.elapsed());
}

#[test]
fn a_bad_argument_is_no_login() {
    let stack = with_daemon();
    for argument in ["nullok", "timeout=0", "timeout=x", "debug debug", "socket=relative"] {
        stack.write("twinlock", argument);
        let codes = stack.codes("bob", "auth,acct,open,close", &[]);
        assert_eq!(codes, [AUTHINFO_UNAVAIL, AUTHINFO_UNAVAIL, SUCCESS, SUCCESS], "{argument}");
    }
}

#[test]
fn closed_standard_descriptors_do_not_become_the_connection() {
    let stack = with_daemon();
    let codes = stack.codes("alice", "closefds,auth,acct", &[RIGHT_CODE]);
    assert_eq!(codes, [0, by_root(SUCCESS), by_root(SUCCESS)]);
}

#[test]
fn a_full_descriptor_table_is_no_login() {
    let stack = with_daemon();
    // libpam has loaded the module by then; the module finds no room for its socket, and libpam
    // none for its audit record, which makes a code of its own of it.
    let lines = stack.run("bob", "acct,nofile,auth", &[]);
    let told = lines.iter().filter(|line| line.starts_with("3|Two-factor authentication is not"));
    assert!(told.count() >= 1, "{lines:?}");
    assert!(!lines.contains(&"auth=0".to_owned()), "{lines:?}");
}

#[test]
fn the_environment_of_the_process_changes_nothing() {
    let stack = with_daemon();
    let elsewhere = Socket::new();
    let heard = elsewhere.serve_daemon();
    let address = format!("unix:path={}", elsewhere.path.display());
    let output = Command::new(application())
        .arg(&stack.directory)
        .args(["twinlock", "carol", "auth"])
        .env_clear()
        .envs(
            [
                "DBUS_SYSTEM_BUS_ADDRESS",
                "DBUS_SESSION_BUS_ADDRESS",
                "DBUS_STARTER_ADDRESS",
                "TWINLOCK_SOCKET",
                "XDG_RUNTIME_DIR",
                "NOTIFY_SOCKET",
            ]
            .map(|name| (name, address.as_str())),
        )
        .env("RUST_BACKTRACE", "full")
        .env("SSH_CONNECTION", "198.51.100.1 1 198.51.100.2 22")
        .output()
        .unwrap();
    let lines = String::from_utf8(output.stdout).unwrap();
    assert!(lines.contains(&format!("auth={}\n", by_root(AUTH_ERR))), "{lines}");
    assert_eq!(heard.load(std::sync::atomic::Ordering::SeqCst), 0);
}
