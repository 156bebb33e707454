//! The name of sshd's unit, for commands that are told to a person.

use std::path::{Path, PathBuf};

/// Where packages and administrators put units (systemd.unit(5)).
const FOLDERS: [&str; 3] =
    ["/usr/lib/systemd/system", "/lib/systemd/system", "/etc/systemd/system"];

/// `ssh`, as Debian has it, where that is there or nothing is; else `sshd`. On Debian `sshd` can be
/// there as well, as an alias.
pub(crate) fn unit() -> &'static str {
    among(&FOLDERS.map(PathBuf::from))
}

fn among<P: AsRef<Path>>(folders: &[P]) -> &'static str {
    let has = |unit: &str| folders.iter().any(|folder| folder.as_ref().join(unit).exists());
    if !has("ssh.service") && has("sshd.service") { "sshd" } else { "ssh" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_unit_that_exists_is_named() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(among(&[folder.path()]), "ssh");
        std::fs::write(folder.path().join("sshd.service"), "").unwrap();
        assert_eq!(among(&[folder.path()]), "sshd");
        std::fs::write(folder.path().join("ssh.service"), "").unwrap();
        assert_eq!(among(&[folder.path()]), "ssh");
    }
}
