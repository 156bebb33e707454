//! `make demo` goes as the README tells it, and what it says to paste works.
#![forbid(unsafe_code)]
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "this is all test code, and it waits for time-outs"
)]

use std::fs::{self, Permissions};
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use tempfile::TempDir;
use twinlock_tests::rig::artifacts;
use twinlock_tests::rig::authenticator::Authenticator;
use twinlock_tests::rig::process::{PATIENCE, guarded, run, run_within, wait_for};
use twinlock_tests::rig::terminal::Terminal;
use twinlock_tests::rig::transcript::Transcript;

/// Waits for a new time step included.
const WHOLE: Duration = Duration::from_secs(90);

/// The demo among what `make demo` builds, and nothing else.
struct Demo {
    command: Command,
    _directory: TempDir,
}

fn demo() -> Demo {
    artifacts::build();
    let directory = tempfile::tempdir().expect("a directory");
    let readable = Permissions::from_mode(0o755);
    fs::set_permissions(directory.path(), readable).expect("let every user in");
    let demo = Path::new(env!("CARGO_BIN_EXE_demo"));
    for name in ["demo", "libpam_twinlock.so", "twinlockd", "twinlock"] {
        fs::copy(demo.with_file_name(name), directory.path().join(name)).expect("copy a program");
    }
    Demo { command: guarded(directory.path().join("demo")), _directory: directory }
}

#[test]
fn the_demo_goes_as_told_and_is_plain_text_off_a_terminal() {
    let output = run_within(&mut demo().command, WHOLE);
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stderr));
    for told in ["alice is on web1", "That code is not right", "That code was used already"] {
        assert!(text.contains(told), "{told:?} is missing:\n{text}");
    }
    assert!(!text.contains('\x1b'), "escape sequences off a terminal:\n{text}");
}

#[test]
fn the_interactive_demo_lets_a_visitor_in_by_what_it_says_and_ends_on_enter() {
    let mut demo = demo();
    let mut demo = demo
        .command
        .arg("--interactive")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the demo starts");
    let page = Transcript::of(demo.stdout.take().expect("standard output is piped"));
    assert!(page.find(0, "stops the machine.", WHOLE).is_some(), "{}", page.text());
    let text = page.text();

    let password = told(&text, "password ");
    let mut phone = Authenticator::new(told(&text, "oathtool --totp --base32 "));
    let mut words = told(&text, "ssh -p ").split(' ');
    let mut ssh = Command::new("ssh");
    ssh.args(["-F", "none", "-p"]).args(&mut words).args(["/run/rig/bin/twinlock", "status"]);
    let mut terminal = Terminal::start(&ssh);
    terminal.expect("assword:").type_line(password);
    terminal.expect("Verification code").type_line(&phone.fresh()).expect("enrolled");
    assert!(terminal.finish().success(), "{}", terminal.transcript());
    assert!(page.find(text.len(), "event=login.allowed", PATIENCE).is_some(), "{}", page.text());

    let mut administrator = Command::new("nsenter");
    let output = run(administrator.args(told(&text, "nsenter ").split(' ')));
    assert!(String::from_utf8_lossy(&output.stdout).contains("bob"), "{output:?}");

    demo.stdin.take().expect("standard input is piped").write_all(b"\n").expect("press Enter");
    let status = wait_for(&mut demo, PATIENCE).expect("Enter ends the demo");
    assert!(status.success(), "{}", page.text());
}

/// What stands behind these words, up to the end of the line.
fn told<'a>(text: &'a str, words: &str) -> &'a str {
    let behind = text.rsplit_once(words).unwrap_or_else(|| panic!("no {words:?} in\n{text}")).1;
    behind.lines().next().unwrap_or_default().trim()
}
