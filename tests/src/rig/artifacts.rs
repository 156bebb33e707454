//! Where the built programs are, and their one build before the first test that needs them.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// The root of the workspace.
pub fn workspace() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the crate lies in the workspace")
}

/// The PAM module, under the name that it is installed with: the daemon looks for it in a stack.
pub fn module() -> PathBuf {
    directory().join("pam_twinlock.so")
}

/// The PAM module as it is shipped: the profile `module`, whatever the tests are built in.
pub fn shipped_module() -> PathBuf {
    let target = directory().parent().expect("a profile lies in target").join("module");
    target.join("libpam_twinlock.so")
}

/// The daemon.
pub fn daemon() -> PathBuf {
    directory().join("twinlockd")
}

/// The command.
pub fn command() -> PathBuf {
    directory().join("twinlock")
}

/// The libpam application of this crate.
pub fn pam_login() -> PathBuf {
    directory().join("pam_login")
}

/// The ill-meaning local user of this crate.
pub fn stranger() -> PathBuf {
    directory().join("stranger")
}

/// Builds what the tests run, once, in the profile that the tests themselves are built in.
///
/// Called before a test enters its namespaces, where there is no network to fetch a crate from.
///
/// Panics with the compiler's words when they do not build.
pub fn build() {
    static BUILT: OnceLock<Result<(), String>> = OnceLock::new();
    if let Err(error) = BUILT.get_or_init(run_cargo) {
        panic!("the programs under test do not build:\n{error}");
    }
}

fn run_cargo() -> Result<(), String> {
    // The module by itself, as it is shipped: built together with the daemon it would get the
    // features that only the daemon wants of their common crates, and the descriptors they open.
    cargo_build(&["pam_twinlock"])?;
    name_module().map_err(|error| format!("the module cannot be copied: {error}"))?;
    cargo_build(&["twinlock-service", "twinlock-cli"])
}

/// Gives the module that cargo built the name of [`module`], in one step, because another run of the
/// tests may be using it.
///
/// # Errors
/// It is not built, or the copy fails.
pub fn name_module() -> std::io::Result<()> {
    let copy = directory().join(format!("pam_twinlock.so.{}", std::process::id()));
    std::fs::copy(directory().join("libpam_twinlock.so"), &copy)?;
    std::fs::rename(copy, module())
}

fn cargo_build(packages: &[&str]) -> Result<(), String> {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.current_dir(workspace()).args(["build", "--quiet", "--profile", &profile()]);
    for package in packages {
        cargo.args(["--package", package]);
    }
    cargo.arg("--target-dir").arg(directory().parent().expect("a profile lies in target"));
    let output = cargo.output().expect("cargo runs");
    match output.status.success() {
        true => Ok(()),
        false => Err(String::from_utf8_lossy(&output.stderr).into_owned()),
    }
}

/// `target/<profile>`: where a program lies, and a test binary in its `deps`.
fn directory() -> PathBuf {
    let running = env::current_exe().expect("the running binary has a path");
    let directory = running.parent().expect("the running binary lies in a directory");
    match directory.file_name() {
        Some(name) if name == "deps" => {
            directory.parent().expect("a test binary lies in target/<profile>/deps").to_owned()
        }
        _ => directory.to_owned(),
    }
}

/// The profile that it was all built in, as cargo names it.
pub fn profile() -> String {
    match directory().file_name().and_then(|name| name.to_str()) {
        Some("debug") | None => "dev".to_owned(),
        Some(name) => name.to_owned(),
    }
}
