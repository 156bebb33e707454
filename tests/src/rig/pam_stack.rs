//! PAM stacks of the private machine, written line by line.

use std::fs;
use std::path::{Path, PathBuf};

use super::artifacts;
use super::namespace::{mount_overlay, write};

/// A stack in which a password comes first and a code second; what `su`, `sudo` and `login` use,
/// and sshd for `keyboard-interactive` alone.
pub fn password_then_code(arguments: &str) -> Vec<String> {
    vec![
        "auth requisite pam_unix.so nodelay".into(),
        twinlock("auth", "required", arguments),
        "account required pam_unix.so".into(),
        twinlock("account", "required", arguments),
        "session required pam_permit.so".into(),
    ]
}

/// A stack that asks for nothing but the code: for a key, or a password that sshd checked. It ends
/// in `pam_permit`, because libpam refuses where every module ignores.
pub fn code_alone(arguments: &str) -> Vec<String> {
    vec![
        twinlock("auth", "required", arguments),
        "auth required pam_permit.so".into(),
        twinlock("account", "required", arguments),
        "account required pam_permit.so".into(),
        "session required pam_permit.so".into(),
    ]
}

/// One line with Twinlock's module.
pub fn twinlock(kind: &str, control: &str, arguments: &str) -> String {
    format!("{kind} {control} {} {arguments}", artifacts::module().display()).trim_end().to_owned()
}

/// Writes `/etc/pam.d/<service>`.
pub fn install(service: &str, lines: &[impl AsRef<str>]) {
    let lines: Vec<_> = lines.iter().map(AsRef::as_ref).collect();
    let path = format!("/etc/pam.d/{service}");
    // A link, as some distributions have them, would lead out of the overlay's copy.
    let _ = fs::remove_file(&path);
    write(path, &(lines.join("\n") + "\n"));
}

/// Puts Twinlock's module beside libpam's own, as a package does, on the private machine alone.
pub fn install_module() -> PathBuf {
    let parents = fs::read_dir("/usr/lib").expect("read /usr/lib").flatten();
    let directory = parents
        .map(|entry| entry.path().join("security"))
        .chain(["/usr/lib64/security".into(), "/usr/lib/security".into()])
        .find(|directory| Path::new(directory).join("pam_unix.so").exists())
        .expect("libpam has its modules somewhere");
    mount_overlay(directory.to_str().expect("a path in UTF-8"));
    let module = directory.join("pam_twinlock.so");
    fs::copy(artifacts::module(), &module).expect("copy the module");
    module
}
