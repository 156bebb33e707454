//! A daemon that is not there, or does not answer: exit code 3, a sentence, bounded time.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test stops at its first surprise")]

mod support;

use std::os::unix::net::UnixListener;
use std::time::{Duration, Instant};

use support::daemon::Daemon;
use support::person::{Scene, Shown};
use support::{configuration, transcript};

fn with_patience(config: &str, arguments: &[&str], patience: Duration) -> Shown {
    let mut all = vec!["--config", config];
    all.extend(arguments);
    let mut scene = Scene::at_terminal(&[]);
    scene.patience = patience;
    // Root waits for nobody's password.
    scene.uid = 0;
    scene.run(&all)
}

#[test]
fn no_bus_at_the_address_exits_with_3() {
    let directory = tempfile::tempdir().unwrap();
    let config = configuration(directory.path(), "unix:path=/nonexistent/bus");
    let shown = transcript(&["--config", config.to_str().unwrap(), "status"], "");
    insta::assert_snapshot!(shown);
}

#[test]
fn the_environment_does_not_say_where_the_bus_is() {
    let daemon = Daemon::for_caller("alice");
    let socket = daemon.config.with_file_name("bus");
    let directory = tempfile::tempdir().unwrap();
    let config = configuration(directory.path(), "unix:path=/nonexistent/bus");
    let output = support::command(&["--config", config.to_str().unwrap(), "status"])
        .env("DBUS_SYSTEM_BUS_ADDRESS", format!("unix:path={}", socket.display()))
        .env("DBUS_SESSION_BUS_ADDRESS", format!("unix:path={}", socket.display()))
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(3));
}

#[test]
fn a_silent_bus_is_left_after_the_deadline() {
    let directory = tempfile::tempdir().unwrap();
    let socket = directory.path().join("bus");
    let _silent = UnixListener::bind(&socket).unwrap();
    let config = configuration(directory.path(), &format!("unix:path={}", socket.display()));
    let shown = with_patience(config.to_str().unwrap(), &["status"], Duration::from_secs(1));
    assert_eq!(shown.code, 3);
    insta::assert_snapshot!(shown.sentence);
}

#[test]
#[expect(clippy::disallowed_methods, reason = "the time that passes is what is tested")]
fn a_hung_daemon_is_announced_after_a_second_and_left_after_the_deadline() {
    let daemon = Daemon::for_caller("slow");
    let start = Instant::now();
    let shown = with_patience(daemon.config(), &["status"], Duration::from_secs(2));
    assert!(start.elapsed() < Duration::from_secs(10));
    assert_eq!(shown.code, 3);
    assert_eq!(shown.progress, "\r\u{1b}[KWaiting for twinlockd...\r\u{1b}[K");
    insta::assert_snapshot!(shown.sentence);
}

#[test]
fn a_reset_that_loses_the_daemon_says_who_was_not_reset() {
    let daemon = Daemon::for_caller("root");
    let shown = with_patience(
        daemon.config(),
        &["reset", "alice", "slow", "bob", "--yes"],
        Duration::from_secs(3),
    );
    assert_eq!(shown.code, 3);
    insta::assert_snapshot!(shown.transcript());
    assert_eq!(daemon.requests(), ["reset alice"]);
}

#[test]
fn a_daemon_that_does_not_know_the_request_is_of_another_version() {
    let daemon = Daemon::of_another_version();
    let shown = transcript(&["--config", daemon.config(), "status"], "");
    insta::assert_snapshot!(shown);
}

#[test]
fn a_status_warns_of_a_daemon_that_was_not_restarted_since_an_upgrade() {
    let mut all = String::new();
    for version in [Some("0.0.1\u{1b}[2J"), Some(""), None] {
        let daemon = Daemon::for_caller("alice");
        daemon.state.lock().unwrap().version = version;
        all.push_str(&transcript(&["--config", daemon.config(), "status"], ""));
    }
    let json = Daemon::for_caller("alice");
    json.state.lock().unwrap().version = Some("0.0.1");
    let shown = transcript(&["--config", json.config(), "status", "--json"], "");
    assert!(shown.contains("Warning: twinlockd runs in version 0.0.1"), "{shown}");
    assert!(shown.ends_with("--- exit code 0\n"), "{shown}");
    insta::assert_snapshot!(all.replace(env!("CARGO_PKG_VERSION"), "OWN"));
}

#[test]
fn an_address_that_is_none_is_an_error_of_the_configuration() {
    let directory = tempfile::tempdir().unwrap();
    let config = configuration(directory.path(), "nonsense");
    let shown = transcript(&["--config", config.to_str().unwrap(), "status"], "");
    assert!(shown.ends_with("--- exit code 1\n"), "{shown}");
}

#[test]
fn an_administrator_who_is_not_root_has_time_to_type_a_password() {
    let daemon = Daemon::for_caller("root");
    let mut scene = Scene::at_terminal(&[]);
    (scene.patience, scene.uid) = (Duration::from_secs(1), 1000);
    let shown = scene.run(&["--config", daemon.config(), "unlock", "typist"]);
    assert_eq!(shown.code, 0, "{}", shown.sentence);
}
