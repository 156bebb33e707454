//! `twinlock config check`, on files that are well and files that are not.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test stops at its first surprise")]

mod support;

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;

use support::person::Scene;
use support::transcript;
use twinlock_cli::daemon_user::DaemonUser;

/// Checks a file with this text, by its name and by `--config`, with the temporary path taken out.
fn check(text: &[u8], further: &[&str]) -> String {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("twinlock.toml");
    fs::write(&file, text).unwrap();
    fs::set_permissions(&file, Permissions::from_mode(0o600)).unwrap();
    let name = file.to_str().unwrap();

    let mut arguments = vec!["config", "check", name];
    arguments.extend(further);
    let by_name = transcript(&arguments, "");
    let mut arguments = vec!["--config", name, "config", "check"];
    arguments.extend(further);
    assert_eq!(by_name, transcript(&arguments, ""));
    by_name.replace(directory.path().to_str().unwrap(), "DIRECTORY")
}

#[test]
fn a_sound_file_is_valid() {
    insta::assert_snapshot!(check(b"version = 1\n", &[]));
    insta::assert_snapshot!("sound-json", check(b"version = 1\n", &["--json"]));
}

#[test]
fn the_shipped_file_is_valid_without_a_warning() {
    insta::assert_snapshot!(check(twinlock_config::SHIPPED.as_bytes(), &[]));
}

#[test]
fn a_doubtful_file_is_valid_with_a_warning() {
    let text = b"version = 1\n\n[[profile]]\nname = \"robots\"\nusers = [\"alice\"]\nmfa = false\n";
    insta::assert_snapshot!(check(text, &[]));
}

#[test]
fn a_broken_file_is_refused_with_every_line_and_a_caret() {
    let text = "version = 1\nlevle = \"high\"\n[lockout]\ndelay = \"soon\u{202e}\"\n".as_bytes();
    insta::assert_snapshot!(check(text, &[]));
    insta::assert_snapshot!("broken-json", check(text, &["--json"]));
}

#[test]
fn a_missing_file_is_refused() {
    insta::assert_snapshot!(transcript(&["config", "check", "/nonexistent/twinlock.toml"], ""));
}

#[test]
fn a_file_that_is_not_text_is_refused() {
    assert!(check(b"version = 1\n\xff\xfe\n", &[]).ends_with("--- exit code 1\n"));
}

#[test]
fn a_broken_configuration_stops_every_other_verb_with_its_diagnostics() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("twinlock.toml");
    fs::write(&file, "version = 1\nlevle = \"high\"\n").unwrap();
    fs::set_permissions(&file, Permissions::from_mode(0o600)).unwrap();
    let shown = transcript(&["--config", file.to_str().unwrap(), "status"], "");
    insta::assert_snapshot!(shown.replace(directory.path().to_str().unwrap(), "DIRECTORY"));
}

#[test]
fn what_the_daemon_must_not_read_is_an_error_though_root_reads_it() {
    let directory = tempfile::tempdir().unwrap();
    let (file, parts) = (directory.path().join("twinlock.toml"), directory.path().join("conf.d"));
    let site = parts.join("10-site.toml");
    fs::create_dir(&parts).unwrap();
    let set = |path: &Path, mode| fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
    for (path, text) in [(&file, "version = 1\n"), (&site, "level = \"high\"\n")] {
        fs::write(path, text).unwrap();
        set(path, 0o644);
    }
    set(directory.path(), 0o755);
    let name = file.to_str().unwrap();
    let owner = fs::metadata(&file).unwrap().uid();
    let check = |arguments: &[&str]| {
        let daemon_user = Some(DaemonUser::new(owner + 1, Vec::new()));
        let scene = Scene { daemon_user, ..Scene::at_terminal(&[]) };
        let shown = scene.run(arguments);
        (shown.code, shown.screen.replace(directory.path().to_str().unwrap(), "DIRECTORY"))
    };
    let in_force = ["--config", name, "config", "check"];
    assert_eq!(check(&in_force), (0, "DIRECTORY/twinlock.toml is valid.\n".to_owned()));

    set(&site, 0o640);
    let (code, screen) = check(&in_force);
    assert_eq!(code, 1);
    insta::assert_snapshot!("closed", screen);
    assert_eq!(check(&["config", "check", name]).0, 0, "a draft is read by who writes it");
    set(&site, 0o644);
    for (folder, mode, remedy) in [(&parts, 0o711, "chmod a+rx "), (&parts, 0o750, "chmod a+rx ")] {
        set(folder, mode);
        let (code, screen) = check(&in_force);
        assert!(code == 1 && screen.contains(remedy), "{screen}");
    }
}
