//! Paths and the address of the bus.

use std::path::PathBuf;

use super::Word;
use crate::{faults::Complaint, visible};

/// The longest path, without the NUL: `PATH_MAX`.
const LONGEST_PATH: usize = 4095;

/// The longest path of a socket, without the NUL: `sun_path` in unix(7).
const LONGEST_SOCKET: usize = 107;

/// The path of a file, a directory or a socket. The daemon has no directory of its own to be
/// relative to.
pub(crate) struct AbsolutePath {
    longest: usize,
}

impl AbsolutePath {
    /// Of a file or directory.
    pub const FILE: Self = Self { longest: LONGEST_PATH };
    /// Of a socket.
    pub const SOCKET: Self = Self { longest: LONGEST_SOCKET };

    fn check(&self, text: &str) -> Result<(), Complaint> {
        let shown = visible::quote(text);
        if !text.starts_with('/') {
            return Err(Complaint::new(format!("the path {shown} does not begin at the root"))
                .hint("write the whole path, beginning with /"));
        }
        if visible::escape(text) != text {
            return Err(Complaint::new("the path holds a character that cannot be seen"));
        }
        if text.split('/').any(|part| matches!(part, "." | "..")) {
            return Err(Complaint::new(format!("the path {shown} has `.` or `..` in it"))
                .hint("write the path without detours"));
        }
        if text.ends_with('/') {
            return Err(
                Complaint::new(format!("the path {shown} ends in `/`")).hint("write it without")
            );
        }
        if text.len() > self.longest {
            let longest = self.longest;
            return Err(Complaint::new(format!("the path is longer than {longest} bytes")));
        }
        Ok(())
    }
}

impl Word for AbsolutePath {
    type Value = PathBuf;

    fn describe(&self) -> String {
        match self.longest {
            LONGEST_SOCKET => format!("absolute path of at most {LONGEST_SOCKET} bytes"),
            _ => "absolute path".to_owned(),
        }
    }

    fn example(&self) -> String {
        "/run/twinlock/…".to_owned()
    }

    fn parse(&self, text: &str) -> Result<PathBuf, Complaint> {
        self.check(text).map(|()| PathBuf::from(text))
    }

    fn write(&self, value: &PathBuf) -> String {
        value.to_string_lossy().into_owned()
    }
}

/// The address of the system bus: `unix:path=…`, with an optional `guid`.
///
/// Other transports do not say who calls, and a socket in the abstract namespace belongs to whoever
/// binds it first.
pub(crate) struct BusAddress;

impl Word for BusAddress {
    type Value = String;

    fn describe(&self) -> String {
        "D-Bus address, unix:path=…".to_owned()
    }

    fn example(&self) -> String {
        "unix:path=/run/dbus/system_bus_socket".to_owned()
    }

    fn parse(&self, text: &str) -> Result<String, Complaint> {
        let form = || format!("write \"{}\"", self.example());
        if text.contains(';') {
            return Err(Complaint::new("one bus has one address").hint("take the `;` out"));
        }
        let Some((transport, keys)) = text.split_once(':') else {
            let complaint = Complaint::new("this is not a D-Bus address");
            let hint =
                if text.starts_with('/') { format!("write \"unix:path={text}\"") } else { form() };
            return Err(complaint.hint(visible::escape(&hint)));
        };
        if transport != "unix" {
            let message =
                format!("a bus over {} does not say who calls", visible::quote(transport));
            return Err(Complaint::new(message).hint(form()));
        }
        let mut path = None;
        for pair in keys.split(',') {
            match pair.split_once('=') {
                Some(("path", value)) if path.is_none() => path = Some(unescape(value)?),
                Some(("guid", value)) if is_guid(value) => {}
                Some(("abstract", _)) => {
                    return Err(Complaint::new(
                        "a socket in the abstract namespace belongs to whoever binds it first",
                    )
                    .hint(form()));
                }
                _ => {
                    let shown = visible::quote(pair);
                    return Err(
                        Complaint::new(format!("{shown} is no part of a bus address")).hint(form())
                    );
                }
            }
        }
        let path = path.ok_or_else(|| Complaint::new("the address has no path").hint(form()))?;
        AbsolutePath::SOCKET.check(&path)?;
        Ok(text.to_owned())
    }

    fn write(&self, value: &String) -> String {
        value.clone()
    }
}

fn is_guid(text: &str) -> bool {
    text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// A value of a D-Bus address: letters, digits and `-_/.\*` stand as they are, other bytes as
/// `%xx`.
fn unescape(value: &str) -> Result<String, Complaint> {
    let refuse = || {
        Complaint::new(format!("{} is no value of a bus address", visible::quote(value)))
            .hint("a byte other than letters, digits and -_/.\\* is written as %xx")
    };
    let mut bytes = value.bytes();
    let mut plain = Vec::with_capacity(value.len());
    while let Some(byte) = bytes.next() {
        match byte {
            b'%' => {
                let digit = |byte: Option<u8>| char::from(byte?).to_digit(16);
                let (high, low) =
                    digit(bytes.next()).zip(digit(bytes.next())).ok_or_else(refuse)?;
                plain.push(u8::try_from(high * 16 + low).map_err(|_| refuse())?);
            }
            b'-' | b'_' | b'/' | b'.' | b'\\' | b'*' => plain.push(byte),
            byte if byte.is_ascii_alphanumeric() => plain.push(byte),
            _ => return Err(refuse()),
        }
    }
    String::from_utf8(plain).map_err(|_| refuse())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_paths_are_taken_and_others_refused() {
        assert_eq!(AbsolutePath::FILE.parse("/etc/twinlock/key"), Ok("/etc/twinlock/key".into()));
        for path in ["", "key", "./key", "/a/../b", "/a/./b", "/a/", "/", "~/key", "/a\nb", "/a\0"]
        {
            assert!(AbsolutePath::FILE.parse(path).is_err(), "{path:?}");
        }
        let long = format!("/{}", "x".repeat(107));
        assert!(AbsolutePath::SOCKET.parse(&long).is_err());
        assert!(AbsolutePath::SOCKET.parse(&long[..107]).is_ok());
        assert!(AbsolutePath::FILE.parse(&long).is_ok());
    }

    #[test]
    fn bus_addresses_are_paths_of_unix_sockets() {
        for address in [
            "unix:path=/run/dbus/system_bus_socket",
            "unix:path=/tmp/a%20b",
            "unix:path=/run/bus,guid=0123456789abcdef0123456789abcdef",
        ] {
            assert_eq!(BusAddress.parse(address), Ok(address.to_owned()));
        }
        for address in [
            "",
            "/run/dbus/system_bus_socket",
            "unix",
            "unix:",
            "unix:path",
            "unix:path=",
            "unix:path=run",
            "unix:path=/a,path=/b",
            "unix:path=/a;unix:path=/b",
            "unix:abstract=/a",
            "unix:path=/a b",
            "unix:path=/a%",
            "unix:path=/a%0",
            "unix:path=/a%zz",
            "unix:path=/a%00",
            "unix:path=/a%ff",
            "unix:path=/a,guid=12",
            "tcp:host=127.0.0.1,port=1",
            "autolaunch:",
        ] {
            assert!(BusAddress.parse(address).is_err(), "{address}");
        }
    }
}
