//! Standard error, which the service manager keeps: what developers and administrators read of a
//! daemon that does not start. Audit lines go through [`audit_log`](crate::audit_log).

use std::io::Write;

/// One line. A closed standard error is nobody's trouble.
pub fn line(text: &str) {
    let clean: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let _ = writeln!(std::io::stderr(), "{clean}");
}

/// Several lines, as a diagnostic has them.
pub fn lines(text: &str) {
    text.lines().for_each(line);
}
