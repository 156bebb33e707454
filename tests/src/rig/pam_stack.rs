//! PAM stacks of the private machine, written line by line.

use std::fs;

use super::artifacts;
use super::namespace::write;

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
