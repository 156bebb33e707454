//! A daemon and a person for the tests of the command.
//!
//! - [`daemon`]: the two interfaces on a socket that answers as a bus does.
//! - [`state`]: what it knows, and how it answers.
//! - [`own_interface`]: what users do about themselves there; [`backups`]: what it seals and opens.
//! - [`history`]: what happened there.
//! - [`host`]: a host with PAM files of its own.
//! - [`users`], [`explanations`]: what it knows; [`refusals`]: what it says where it refuses.
//! - [`sources`]: sentences in the sources.
//! - [`own`]: recovery codes, trusted hosts and contacts there.
//! - [`verbs`]: every verb, and what it is tried with.
//! - [`person`]: a scripted person at a terminal, who must be asked every line of the script.
#![allow(dead_code, reason = "each test binary uses a part")]

pub mod backups;
pub mod daemon;
pub mod explanations;
pub mod history;
pub mod host;
pub mod own;
pub mod own_interface;
pub mod person;
pub mod refusals;
pub mod sources;
pub mod state;
pub mod users;
pub mod verbs;

use std::fs::Permissions;
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};

/// A directory with a configuration that names this bus.
pub fn configuration(directory: &Path, bus: &str) -> PathBuf {
    let file = directory.join("twinlock.toml");
    std::fs::write(&file, format!("version = 1\n\n[bus]\naddress = \"{bus}\"\n")).unwrap();
    // Nobody else may write to it, whatever the umask.
    std::fs::set_permissions(&file, Permissions::from_mode(0o600)).unwrap();
    file
}

/// Output that a test reads afterwards.
#[derive(Clone, Default)]
pub struct Captured(Arc<Mutex<Vec<u8>>>);

impl Captured {
    /// What was written so far.
    pub fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

impl Write for Captured {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The built command, in whose present it is the noon of [`daemon::NOW`].
pub fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_twinlock"));
    command.args(arguments).env_clear().env("TZ", "UTC");
    command.env("LD_PRELOAD", libfaketime()).env("FAKETIME", "@2026-11-21 12:00:00");
    command.env("FAKETIME_DONT_FAKE_MONOTONIC", "1");
    command
}

/// The library, in the directory of this machine's architecture.
fn libfaketime() -> PathBuf {
    let name = "faketime/libfaketimeMT.so.1";
    let directories = std::fs::read_dir("/usr/lib").unwrap().map_while(Result::ok);
    let library = directories.map(|it| it.path().join(name)).find(|path| path.exists());
    library.unwrap_or_else(|| panic!("no {name} under /usr/lib: install the package libfaketime"))
}

/// Runs the built command without a terminal, and tells what a person would have seen.
pub fn transcript(arguments: &[&str], input: &str) -> String {
    let mut child = command(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A command that reads nothing may be gone already.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    let output = child.wait_with_output().unwrap();
    format!(
        "{}--- standard error\n{}--- exit code {}\n",
        String::from_utf8(output.stdout).unwrap(),
        String::from_utf8(output.stderr).unwrap(),
        output.status.code().unwrap()
    )
}
