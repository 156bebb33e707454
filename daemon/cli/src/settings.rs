//! What the command takes from the configuration: where the bus is.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use twinlock_bus_api::names::{CONFIG_FILE, LOGIN_SOCKET, SYSTEM_BUS_ADDRESS};

use crate::failure::Failure;

/// The D-Bus address of the bus that the daemon is on: in the file that was named, else in the
/// usual one.
///
/// # Errors
/// [`Failure::Configuration`]: the file is broken, or the one that was named cannot be read.
pub fn bus_address(config: Option<&Path>) -> Result<String, Failure> {
    match config {
        Some(named) => address_in(named),
        None => usual_address(Path::new(CONFIG_FILE)),
    }
}

/// The bus address in the usual file. Users may not be able to read it, and a host may have none;
/// the daemon is on the system bus then as far as anybody can tell.
fn usual_address(file: &Path) -> Result<String, Failure> {
    if is_out_of_sight(file) { Ok(SYSTEM_BUS_ADDRESS.to_owned()) } else { address_in(file) }
}

/// Whether the file does not exist, or this user may not read it or a part of it.
pub(crate) fn is_out_of_sight(file: &Path) -> bool {
    let forbidden = |cause: &io::Error| cause.kind() == io::ErrorKind::PermissionDenied;
    if let Err(cause) = File::open(file) {
        return forbidden(&cause) || cause.kind() == io::ErrorKind::NotFound;
    }
    let parts = file.parent().unwrap_or(Path::new("/")).join("conf.d");
    match fs::read_dir(parts) {
        Err(cause) => forbidden(&cause),
        Ok(entries) => entries
            .flatten()
            .filter(|entry| entry.path().extension().is_some_and(|ending| ending == "toml"))
            .any(|entry| File::open(entry.path()).is_err_and(|cause| forbidden(&cause))),
    }
}

/// The login socket, by the configuration that the daemon would start with. For root, who can read it.
///
/// # Errors
/// [`Failure::Configuration`]: it is broken, or cannot be read.
pub fn login_socket(config: Option<&Path>) -> Result<PathBuf, Failure> {
    let file = config.unwrap_or(Path::new(CONFIG_FILE));
    if config.is_none() && !file.exists() {
        return Ok(PathBuf::from(LOGIN_SOCKET));
    }
    match twinlock_config::load_as(file, rustix::process::geteuid().as_raw()) {
        Ok(loaded) => Ok(loaded.config.login.socket),
        Err(diagnostics) => Err(Failure::Configuration(diagnostics.to_string())),
    }
}

fn address_in(file: &Path) -> Result<String, Failure> {
    // What this process obeys must not be of somebody else's making.
    match twinlock_config::load_as(file, rustix::process::geteuid().as_raw()) {
        Ok(loaded) => Ok(loaded.config.bus.address),
        Err(diagnostics) => Err(Failure::Configuration(diagnostics.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    /// A file that its owner alone can write to, whatever the umask.
    fn with(text: &str) -> (tempfile::TempDir, std::path::PathBuf) {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("twinlock.toml");
        fs::write(&file, text).unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
        (directory, file)
    }

    #[test]
    fn the_bus_is_where_the_file_says() {
        let (_directory, file) = with("version = 1\n[bus]\naddress = \"unix:path=/run/other\"\n");
        assert_eq!(usual_address(&file).unwrap(), "unix:path=/run/other");
    }

    #[test]
    fn a_missing_usual_file_means_the_system_bus() {
        let missing = Path::new("/nonexistent/twinlock.toml");
        assert_eq!(usual_address(missing).unwrap(), SYSTEM_BUS_ADDRESS);
    }

    #[test]
    fn a_missing_file_that_was_named_is_an_error() {
        let failure = address_in(Path::new("/nonexistent/twinlock.toml")).unwrap_err();
        assert_eq!(failure.code(), 1);
        assert!(failure.to_string().contains("/nonexistent/twinlock.toml"), "{failure}");
    }

    #[test]
    fn a_file_that_others_can_write_to_does_not_say_where_the_bus_is() {
        let (_directory, file) = with("version = 1\n[bus]\naddress = \"unix:path=/run/other\"\n");
        fs::set_permissions(&file, fs::Permissions::from_mode(0o666)).unwrap();
        assert_eq!(usual_address(&file).unwrap_err().code(), 1);
    }

    #[test]
    fn a_broken_file_is_an_error_that_names_the_line() {
        let (_directory, file) = with("version = 1\nlevle = \"high\"\n");
        let failure = usual_address(&file).unwrap_err();
        assert!(failure.to_string().contains("twinlock.toml:2:1"), "{failure}");
    }
}
