//! Reading from files: which, in which order, and whose.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panic")]

use std::{
    fs,
    os::unix::fs::{MetadataExt, PermissionsExt, symlink},
    path::{Path, PathBuf},
};

use tempfile::TempDir;
use twinlock_config::{Diagnostics, Loaded, load, load_as};
use twinlock_core::policy::Level;

/// A directory with a main file; `conf.d` comes with the first file in it.
struct Files(TempDir);

impl Files {
    fn new(main: &str) -> Self {
        let files = Self(tempfile::tempdir().unwrap());
        files.write("twinlock.toml", main);
        files
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn main(&self) -> PathBuf {
        self.path("twinlock.toml")
    }

    fn write(&self, name: &str, text: impl AsRef<[u8]>) {
        let path = self.path(name);
        let directory = path.parent().unwrap();
        fs::create_dir_all(directory).unwrap();
        fs::set_permissions(directory, fs::Permissions::from_mode(0o755)).unwrap();
        fs::write(&path, text).unwrap();
        self.mode(name, 0o644);
    }

    fn mode(&self, name: &str, mode: u32) {
        fs::set_permissions(self.path(name), fs::Permissions::from_mode(mode)).unwrap();
    }

    /// Reads them as this process would, were it the daemon.
    fn load_strictly(&self) -> Result<Loaded, Diagnostics> {
        load_as(&self.main(), fs::metadata(self.main()).unwrap().uid())
    }

    /// What is wrong, with this directory written as `DIR`.
    fn wrong(&self, result: Result<Loaded, Diagnostics>) -> String {
        result.unwrap_err().to_string().replace(&self.0.path().display().to_string(), "DIR")
    }
}

#[test]
fn conf_d_is_read_after_the_main_file_in_the_order_of_names() {
    let files = Files::new("version = 1\nlevel = \"low\"\n");
    files.write("conf.d/20-b.toml", "level = \"very-high\"\n");
    files.write("conf.d/10-a.toml", "level = \"medium\"\n");
    files.write("conf.d/30-c.toml.bak", "level = \"low\"\n");
    files.write("conf.d/.40-d.toml", "level = \"low\"\n");
    files.write("conf.d/README", "not TOML\n");
    let policy = files.load_strictly().unwrap().config.policy;
    assert_eq!(policy.level, Level::VeryHigh);
    let place = policy.level_place.unwrap();
    assert_eq!(Path::new(&place.file), files.path("conf.d/20-b.toml"));
}

#[test]
fn without_conf_d_the_main_file_is_all() {
    assert!(load(&Files::new("version = 1\n").main()).is_ok());
}

#[test]
fn an_absent_main_file_is_named() {
    let files = Files::new("");
    fs::remove_file(files.main()).unwrap();
    insta::assert_snapshot!(files.wrong(load(&files.main())));
}

#[test]
fn an_empty_file_wants_a_version() {
    let files = Files::new("");
    insta::assert_snapshot!(files.wrong(load(&files.main())));
}

#[test]
fn a_file_that_is_not_utf_8_is_refused_at_the_byte() {
    let files = Files::new("");
    files.write("twinlock.toml", b"version = 1\n# caf\xe9\n");
    insta::assert_snapshot!(files.wrong(load(&files.main())));
}

#[test]
fn a_file_over_a_mebibyte_is_refused_and_one_of_a_mebibyte_is_not() {
    let files = Files::new("");
    let mut text = "version = 1\n#".to_owned();
    text.push_str(&"x".repeat((1 << 20) - text.len()));
    files.write("twinlock.toml", &text);
    assert!(load(&files.main()).is_ok());
    text.push('x');
    files.write("twinlock.toml", &text);
    assert_eq!(
        files.wrong(load(&files.main())),
        "DIR/twinlock.toml: error: the file is larger than 1 MiB"
    );
}

#[test]
fn what_is_no_regular_file_is_refused_without_waiting_for_it() {
    let files = Files::new("version = 1\n");
    files.write("conf.d/a.toml", "");
    symlink("/dev/zero", files.path("conf.d/b.toml")).unwrap();
    fs::create_dir(files.path("conf.d/c.toml")).unwrap();
    symlink("nowhere", files.path("conf.d/d.toml")).unwrap();
    insta::assert_snapshot!(files.wrong(load(&files.main())));
}

#[test]
fn a_link_to_a_regular_file_is_read() {
    let files = Files::new("version = 1\n");
    files.write("site.toml", "level = \"low\"\n");
    files.write("conf.d/z", "");
    symlink("../site.toml", files.path("conf.d/a.toml")).unwrap();
    assert_eq!(files.load_strictly().unwrap().config.policy.level, Level::Low);
}

#[test]
fn the_daemon_refuses_what_others_can_write() {
    let files = Files::new("version = 1\nlevle = \"low\"\n");
    files.write("conf.d/a.toml", "");
    files.mode("twinlock.toml", 0o664);
    insta::assert_snapshot!(files.wrong(files.load_strictly()));
    files.mode("twinlock.toml", 0o644);
    files.mode("conf.d/a.toml", 0o646);
    files.mode("", 0o777);
    insta::assert_snapshot!(files.wrong(files.load_strictly()));
    files.mode("conf.d/a.toml", 0o644);
    files.mode("", 0o755);
    files.mode("conf.d", 0o775);
    insta::assert_snapshot!(files.wrong(files.load_strictly()));
}

#[test]
fn whoever_only_looks_reads_what_others_can_write() {
    let files = Files::new("version = 1\n");
    files.mode("twinlock.toml", 0o666);
    assert!(load(&files.main()).is_ok());
}

#[test]
fn the_daemon_refuses_what_belongs_to_another_user() {
    let files = Files::new("version = 1\n");
    let owner = fs::metadata(files.main()).unwrap().uid();
    if owner == 0 {
        // Only root can give a file away, and only then is there one that is not root's.
        let path = files.main();
        std::os::unix::fs::chown(&path, Some(65_534), None).unwrap();
        assert!(files.wrong(load_as(&path, 0)).contains("chown root DIR/twinlock.toml"));
        assert!(load_as(&path, 65_534).is_ok(), "its own files, in a directory of root's");
    } else {
        assert!(files.wrong(load_as(&files.main(), owner + 1)).contains("chown root DIR"));
    }
}

#[test]
fn every_file_is_looked_at_although_another_cannot_be_read() {
    let files = Files::new("version = 1\nlevle = \"low\"\n");
    files.write("conf.d/a.toml", b"\xff");
    files.write("conf.d/b.toml", "mode = \"off\"\n");
    insta::assert_snapshot!(files.wrong(load(&files.main())));
}
