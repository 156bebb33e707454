//! The module's own lines in the authentication log.
//!
//! One datagram to `/dev/log` a line, in the form that the `syslog(3)` of the C library sends and
//! RFC 3164 describes, facility authpriv. Not `syslog(3)` itself: that blocks when the reader of
//! `/dev/log` hangs, keeps a process-wide descriptor, and asks the environment for the time zone.
//! The time stamp is left out for the last reason; receivers put the time of arrival there.

use std::fmt::{self, Display, Write};
use std::path::Path;

use rustix::io::Errno;
use rustix::net::{
    AddressFamily, SendFlags, SocketAddrUnix, SocketFlags, SocketType, connect, send, socket_with,
};

/// Where the local syslog daemon or the journal listens.
const DEV_LOG: &str = "/dev/log";

/// The facility `LOG_AUTHPRIV` of `syslog(3)`, in its place above the severity.
const AUTHPRIV: u8 = 10 << 3;

/// The longest line, in bytes: what RFC 3164 section 4.1 lets every receiver take.
const MAX_LINE: usize = 1024;

/// How much of a value that somebody outside chose goes into a line, in characters.
const MAX_QUOTED: usize = 128;

/// The severity of a line, as in `syslog(3)`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Severity {
    /// Something failed that an administrator has to mend.
    Error = 3,
    /// A login failed for a reason that lies with the person or the terminal.
    Notice = 5,
    /// The course of a login, with the argument `debug`.
    Debug = 7,
}

/// The log of one hook.
pub struct Log {
    tag: String,
}

impl Log {
    /// The log of `hook` (`auth`, `account`, …) in this PAM service.
    pub fn new(service: &str, hook: &str) -> Self {
        let service: String = service
            .chars()
            .take(32)
            .map(|c| if c.is_ascii_alphanumeric() || "-_.@".contains(c) { c } else { '?' })
            .collect();
        let process = rustix::process::getpid();
        Self { tag: format!("pam_twinlock({service}:{hook})[{process}]") }
    }

    /// Writes one line. A log that cannot be written is no reason to refuse or to delay a login.
    pub fn write(&self, severity: Severity, text: &dyn Display) {
        let _ = deliver(Path::new(DEV_LOG), self.line(severity, text).as_bytes());
    }

    fn line(&self, severity: Severity, text: &dyn Display) -> String {
        let mut line = format!("<{}>{}: ", AUTHPRIV | severity as u8, self.tag);
        let _ = write!(Printable { into: &mut line, limit: MAX_LINE }, "{text}");
        line
    }
}

fn deliver(socket: &Path, line: &[u8]) -> Result<(), Errno> {
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    let log = socket_with(AddressFamily::UNIX, SocketType::DGRAM, flags, None)?;
    connect(&log, &SocketAddrUnix::new(socket)?)?;
    send(&log, line, SendFlags::NOSIGNAL | SendFlags::DONTWAIT)?;
    Ok(())
}

/// A value from outside as it stands in a line: quoted, and cut where it is long.
pub struct Quoted<'a>(pub &'a str);

impl Display for Quoted<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_char('"')?;
        for c in self.0.chars().take(MAX_QUOTED) {
            if matches!(c, '"' | '\\') {
                out.write_char('\\')?;
            }
            out.write_char(c)?;
        }
        out.write_str(if self.0.chars().nth(MAX_QUOTED).is_some() { "\"…" } else { "\"" })
    }
}

/// Escapes whatever could end the line, move a cursor or turn the writing direction, and stops at
/// the limit.
struct Printable<'a> {
    into: &'a mut String,
    limit: usize,
}

impl Write for Printable<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for c in text.chars() {
            let escaped: String =
                if is_unprintable(c) { c.escape_unicode().collect() } else { c.into() };
            if self.into.len() + escaped.len() > self.limit {
                return Err(fmt::Error);
            }
            self.into.push_str(&escaped);
        }
        Ok(())
    }
}

fn is_unprintable(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}')
        || c == '\u{feff}'
}

#[cfg(test)]
mod tests {
    use std::os::unix::net::UnixDatagram;
    use std::path::PathBuf;

    use super::*;

    fn log() -> Log {
        Log { tag: "pam_twinlock(sshd:auth)[4711]".to_owned() }
    }

    fn socket_path(name: &str) -> PathBuf {
        let path = std::env::temp_dir().join(format!("twinlock-log-{}-{name}", std::process::id()));
        let _ = std::fs::remove_file(&path);
        path
    }

    #[test]
    fn a_line_names_facility_severity_service_hook_and_process() {
        let line = log().line(Severity::Error, &"the daemon did not answer within 5 s");
        assert_eq!(line, "<83>pam_twinlock(sshd:auth)[4711]: the daemon did not answer within 5 s");
        assert!(log().line(Severity::Notice, &"").starts_with("<85>"));
        assert!(log().line(Severity::Debug, &"").starts_with("<87>"));
    }

    #[test]
    fn a_tag_takes_no_other_service_s_place() {
        let log = Log::new("ss hd[1]: \n\x1b", "auth");
        assert!(log.tag.starts_with("pam_twinlock(ss?hd?1?????:auth)["), "{}", log.tag);
    }

    #[test]
    fn a_value_from_outside_stays_inside_its_quotes_and_its_line() {
        let line = log().line(
            Severity::Notice,
            &format_args!("user={}", Quoted("al\"ice\n<0>root: \u{1b}[2J\u{9b}\u{202e}\\")),
        );
        assert!(
            line.ends_with(r#"user="al\"ice\u{a}<0>root: \u{1b}[2J\u{9b}\u{202e}\\""#),
            "{line}"
        );
    }

    #[test]
    fn a_long_value_is_cut() {
        let line = log().line(Severity::Notice, &Quoted(&"é".repeat(3000)));
        assert!(line.ends_with("\"…") && line.len() < MAX_LINE, "{}", line.len());
        let line = log().line(Severity::Notice, &"é\n".repeat(3000));
        assert!(line.len() <= MAX_LINE && line.len() > MAX_LINE - 8, "{}", line.len());
    }

    #[test]
    fn a_line_is_one_datagram() {
        let path = socket_path("one");
        let reader = UnixDatagram::bind(&path).unwrap();
        deliver(&path, b"<83>first").unwrap();
        deliver(&path, b"<83>second").unwrap();
        let mut buffer = [0; 64];
        let read = reader.recv(&mut buffer).unwrap();
        assert_eq!(&buffer[..read], b"<83>first");
        let read = reader.recv(&mut buffer).unwrap();
        assert_eq!(&buffer[..read], b"<83>second");
        std::fs::remove_file(&path).unwrap();
    }

    #[test]
    fn a_reader_that_hangs_delays_nobody() {
        let path = socket_path("full");
        let _silent = UnixDatagram::bind(&path).unwrap();
        // Far more than the kernel queues for a reader that never reads.
        let refused = (0..100_000).find_map(|_| deliver(&path, &[b'x'; MAX_LINE]).err());
        assert_eq!(refused, Some(Errno::AGAIN));
        std::fs::remove_file(&path).unwrap();
    }

    #[test]
    fn a_missing_reader_is_an_error_and_no_more() {
        assert_eq!(deliver(&socket_path("missing"), b"x"), Err(Errno::NOENT));
    }
}
