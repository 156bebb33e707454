//! What an import shows, asks and sends.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test stops at its first surprise")]

mod support;

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use support::daemon::Daemon;
use support::person::{Scene, Shown};
use tempfile::TempDir;

const HEX: &str = "3132333435363738393031323334353637383930";
const BASE32: &str = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";

fn private(path: &Path, text: &str) {
    fs::write(path, text).unwrap();
    fs::set_permissions(path, Permissions::from_mode(0o600)).unwrap();
}

/// A users.oath with these lines.
fn users_oath(lines: &[&str]) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("users.oath");
    private(&path, &format!("# users\n{}\n", lines.join("\n")));
    (folder, path)
}

fn some_users() -> (TempDir, PathBuf) {
    users_oath(&[
        &format!("HOTP/T30 bob 1234 {HEX}"),
        &format!("HOTP bob - {HEX} 12 520489 2026-11-18T11:06:40L"),
        &format!("HOTP/T60/8 alice - {HEX}"),
        &format!("HOTP mallory - {HEX}"),
        &format!("HOTP dave - {HEX}"),
    ])
}

/// A run in front of a person, with the folder taken out.
fn at_terminal(
    daemon: &Daemon,
    folder: &TempDir,
    arguments: &[&str],
    script: &[(&'static str, &'static str)],
) -> Shown {
    let mut all = vec!["--config", daemon.config(), "import"];
    all.extend(arguments);
    let mut shown = Scene::at_terminal(script).run(&all);
    let folder = folder.path().to_str().unwrap();
    shown.screen = shown.screen.replace(folder, "/etc");
    // The width of the column depends on the folder.
    while shown.screen.contains("   ") {
        shown.screen = shown.screen.replace("   ", "  ");
    }
    shown
}

#[test]
fn a_dry_run_says_what_is_taken_and_what_is_not_and_asks_nobody() {
    let daemon = Daemon::for_caller("root");
    let (folder, path) = some_users();
    let arguments = ["oath", path.to_str().unwrap(), "--dry-run"];
    let shown = at_terminal(&daemon, &folder, &arguments, &[]);
    insta::assert_snapshot!("dry-run", shown.transcript());
    assert!(daemon.requests().is_empty());
}

#[test]
fn an_import_asks_first_and_sends_each_user_as_a_whole() {
    let daemon = Daemon::for_caller("root");
    let (folder, path) = some_users();
    let arguments = ["oath", path.to_str().unwrap(), "--replace"];
    let shown = at_terminal(&daemon, &folder, &arguments, &[("Import 2 users?", "no")]);
    insta::assert_snapshot!("declined", shown.transcript());
    assert!(daemon.requests().is_empty());
    let shown = at_terminal(&daemon, &folder, &arguments, &[("Import 2 users?", "y")]);
    insta::assert_snapshot!("import", shown.transcript());
    assert!(
        shown.progress.contains("Importing: [██████████░░░░░░░░░░] 2 of 2: alice"),
        "{}",
        shown.progress
    );
    assert_eq!(
        daemon.requests(),
        [
            format!("import bob app 6 {BASE32} token 12 6 {BASE32} [] true"),
            format!("import alice app 8 {BASE32} [] true"),
        ]
    );
}

#[test]
fn a_file_with_broken_lines_is_refused_and_each_is_named() {
    let daemon = Daemon::for_caller("root");
    let (folder, path) = users_oath(&[
        &format!("HOTP bob - {HEX}"),
        "HOTP carol",
        "HOTP/T45 carol - 3132",
        "HOTP carol - hunter2",
    ]);
    let arguments = ["oath", path.to_str().unwrap(), "--yes"];
    let shown = at_terminal(&daemon, &folder, &arguments, &[]);
    insta::assert_snapshot!("broken", shown.transcript());
    assert!(daemon.requests().is_empty(), "nothing is half imported");
}

#[test]
fn a_file_that_others_can_read_and_one_that_is_not_there_are_refused() {
    let daemon = Daemon::for_caller("root");
    let (folder, path) = some_users();
    fs::set_permissions(&path, Permissions::from_mode(0o640)).unwrap();
    let missing = folder.path().join("none");
    let arguments = ["oath", path.to_str().unwrap(), missing.to_str().unwrap(), "--yes"];
    let shown = at_terminal(&daemon, &folder, &arguments, &[]);
    insta::assert_snapshot!("open-to-others", shown.transcript());
    assert!(daemon.requests().is_empty());
}

#[test]
fn what_the_daemon_refuses_is_told_and_the_others_go_on() {
    let daemon = Daemon::for_caller("root");
    let (folder, path) = users_oath(&[&format!("HOTP slow - {HEX}"), &format!("HOTP bob - {HEX}")]);
    let path = path.to_str().unwrap();
    let shown = at_terminal(&daemon, &folder, &["oath", path, "--yes", "--json"], &[]);
    insta::assert_snapshot!("json", shown.transcript());
    let shown = at_terminal(&daemon, &folder, &["oath", path, "--yes"], &[]);
    let why =
        "slow: failed: The daemon cannot do that right now (reference 7F3KQ2): The store gave no";
    assert!(shown.screen.contains(why), "{}", shown.screen);
    assert_eq!(shown.code, 1);
    assert_eq!(daemon.requests().len(), 2);
}

#[test]
fn without_a_terminal_nobody_can_be_asked_and_nothing_is_imported() {
    let daemon = Daemon::for_caller("root");
    let (_folder, path) = some_users();
    let config = ["--config", daemon.config(), "import", "oath", path.to_str().unwrap()];
    let scene = Scene { interactive: false, ..Scene::at_terminal(&[]) };
    let shown = scene.run(&config);
    assert!(shown.sentence.contains("Add --yes"), "{}", shown.sentence);
    assert!(daemon.requests().is_empty());
}

#[test]
fn a_key_that_is_there_twice_is_taken_once_from_where_it_has_come_further() {
    let daemon = Daemon::for_caller("root");
    let (folder, path) = users_oath(&[
        &format!("HOTP bob - {HEX} 12 520489 2026-11-18T11:06:40L"),
        &format!("HOTP/T60/8 alice - {HEX}"),
    ]);
    let earlier = folder.path().join("users.oath~");
    let lines = [format!("HOTP bob - {HEX} 7"), format!("HOTP/T60/8 alice - {HEX}")];
    private(&earlier, &(lines.join("\n") + "\n"));
    let paths = [path.to_str().unwrap(), earlier.to_str().unwrap()];
    for paths in [paths, [paths[1], paths[0]]] {
        let before = daemon.requests().len();
        let shown =
            at_terminal(&daemon, &folder, &["oath", paths[0], paths[1], "--yes", "--replace"], &[]);
        assert_eq!(shown.code, 0, "{}", shown.sentence);
        assert!(
            shown.screen.contains("a key that is there twice, which is taken once: "),
            "{}",
            shown.screen
        );
        let mut sent = daemon.requests()[before..].to_vec();
        sent.sort();
        let imports = [
            format!("import alice app 8 {BASE32} [] true"),
            format!("import bob token 12 6 {BASE32} [] true"),
        ];
        assert_eq!(sent, imports);
    }
}

#[test]
fn who_is_no_administrator_is_refused() {
    let daemon = Daemon::that_forbids();
    let (folder, path) = some_users();
    let arguments = ["oath", path.to_str().unwrap(), "--yes"];
    let shown = at_terminal(&daemon, &folder, &arguments, &[]);
    assert_eq!(
        shown.sentence,
        "Only an administrator may do that (polkit does not allow it); use sudo."
    );
    assert!(daemon.requests().is_empty());
}

#[test]
fn the_owner_of_a_google_authenticator_file_is_its_user() {
    let daemon = Daemon::for_caller("root");
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path().join("root");
    fs::create_dir(&home).unwrap();
    let file = home.join(".google_authenticator");
    private(&file, &format!("{BASE32}\n\" WINDOW_SIZE 17\n\" TOTP_AUTH\n12345678\n23456789\n"));
    // Whoever runs this owns the file; the daemon of the test knows that user as root.
    let is_root = rustix::process::getuid().is_root();
    for path in [folder.path(), &home, &file] {
        let arguments = ["google-authenticator", path.to_str().unwrap(), "--yes", "--replace"];
        let shown = at_terminal(&daemon, &folder, &arguments, &[]);
        if is_root {
            insta::assert_snapshot!("google-authenticator", shown.transcript());
        }
    }
    if is_root {
        let sent = format!("import root app 6 {BASE32} [12345678 23456789] true");
        assert_eq!(daemon.requests(), [sent.clone(), sent.clone(), sent]);
    }
    let empty = tempfile::tempdir().unwrap();
    let arguments = ["google-authenticator", empty.path().to_str().unwrap()];
    let shown = at_terminal(&daemon, &empty, &arguments, &[]);
    assert!(shown.screen.contains("there is no .google_authenticator in it"), "{}", shown.screen);
    assert_eq!(shown.code, 1);
}
