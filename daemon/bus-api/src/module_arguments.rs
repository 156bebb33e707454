//! The PAM module's arguments: what follows `pam_twinlock.so` in a line of `pam.conf(5)`.
//!
//! The module obeys them, the command looks at stacks with them, and the manual page names them.

use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::names::LOGIN_SOCKET;

/// What can stand in a line, for the manual page.
pub const ARGUMENTS: [Argument; 3] = [
    Argument {
        name: "socket",
        value: Some("PATH"),
        meaning: "The login socket, an absolute path of at most 107 bytes, where it is not \
                  /run/twinlock/login.sock. It has to be that of [login] socket in \
                  twinlock.toml(5).",
    },
    Argument {
        name: "timeout",
        value: Some("SECONDS"),
        meaning: "How long one question to the daemon may take, connecting included: 1 to 60, 5 \
                  where it is left out.",
    },
    Argument {
        name: "debug",
        value: None,
        meaning: "Logs the course of each login to the authentication log as well, without any \
                  code.",
    },
];

/// An argument as a person reads about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Argument {
    /// Its name.
    pub name: &'static str,
    /// What stands behind `=`; none where nothing does.
    pub value: Option<&'static str>,
    /// What it does.
    pub meaning: &'static str,
}

/// The longest path that fits `sun_path` of `unix(7)` with its terminating NUL.
const MAX_SOCKET_PATH: usize = 107;

/// How long one call may take, in seconds: enough for a daemon under load, less than `sshd` gives
/// a whole login by default (`LoginGraceTime`, 120 s).
const TIMEOUT_BOUNDS: std::ops::RangeInclusive<u64> = 1..=60;

const DEFAULT_TIMEOUT: Duration = Duration::from_secs(5);

/// The arguments of one line of the PAM stack.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Arguments {
    /// The login socket, an absolute path.
    pub socket: PathBuf,
    /// The time that one call to the daemon may take, connecting included.
    pub timeout: Duration,
    /// Whether the course of a login is logged too.
    pub debug: bool,
}

impl Default for Arguments {
    fn default() -> Self {
        Self { socket: PathBuf::from(LOGIN_SOCKET), timeout: DEFAULT_TIMEOUT, debug: false }
    }
}

/// An argument that the module does not take. A typing error must not switch anything off, so the
/// login fails.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ArgumentError {
    /// No argument has this name.
    Unknown(String),
    /// The argument stands there twice.
    Twice(&'static str),
    /// `socket=` names no absolute path that fits a socket address.
    Socket(String),
    /// `timeout=` is no number of seconds within the bounds.
    Timeout(String),
}

impl fmt::Display for ArgumentError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown(argument) => write!(
                out,
                "unknown argument '{argument}': the module takes socket=PATH, timeout=SECONDS and \
                 debug"
            ),
            Self::Twice(name) => write!(out, "the argument '{name}' stands there twice"),
            Self::Socket(value) => write!(
                out,
                "socket={value}: an absolute path of at most {MAX_SOCKET_PATH} bytes is needed"
            ),
            Self::Timeout(value) => write!(
                out,
                "timeout={value}: a whole number of seconds from {} to {} is needed",
                TIMEOUT_BOUNDS.start(),
                TIMEOUT_BOUNDS.end()
            ),
        }
    }
}

impl std::error::Error for ArgumentError {}

impl Arguments {
    /// Reads the arguments.
    ///
    /// # Errors
    /// The first one that is unknown, malformed or repeated.
    pub fn parse<A: AsRef<str>>(arguments: &[A]) -> Result<Self, ArgumentError> {
        let (mut socket, mut timeout, mut debug) = (None, None, None);
        for argument in arguments.iter().map(AsRef::as_ref) {
            match argument.split_once('=') {
                Some(("socket", value)) => once(&mut socket, "socket", parse_socket(value)?)?,
                Some(("timeout", value)) => once(&mut timeout, "timeout", parse_timeout(value)?)?,
                None if argument == "debug" => once(&mut debug, "debug", true)?,
                _ => return Err(ArgumentError::Unknown(argument.to_owned())),
            }
        }
        let default = Self::default();
        Ok(Self {
            socket: socket.unwrap_or(default.socket),
            timeout: timeout.unwrap_or(default.timeout),
            debug: debug.unwrap_or(default.debug),
        })
    }
}

fn once<T>(slot: &mut Option<T>, name: &'static str, value: T) -> Result<(), ArgumentError> {
    match slot.replace(value) {
        None => Ok(()),
        Some(_) => Err(ArgumentError::Twice(name)),
    }
}

fn parse_socket(value: &str) -> Result<PathBuf, ArgumentError> {
    // A relative path would be looked up where the caller of su happens to stand.
    if Path::new(value).is_absolute() && value.len() <= MAX_SOCKET_PATH {
        Ok(PathBuf::from(value))
    } else {
        Err(ArgumentError::Socket(value.to_owned()))
    }
}

fn parse_timeout(value: &str) -> Result<Duration, ArgumentError> {
    // `parse` takes a leading plus sign, which is no digit.
    let digits_only = value.bytes().all(|byte| byte.is_ascii_digit());
    match value.parse::<u64>() {
        Ok(seconds) if digits_only && TIMEOUT_BOUNDS.contains(&seconds) => {
            Ok(Duration::from_secs(seconds))
        }
        _ => Err(ArgumentError::Timeout(value.to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_argument_gives_the_defaults() {
        let arguments = Arguments::parse::<&str>(&[]).unwrap();
        assert_eq!(arguments.socket, Path::new("/run/twinlock/login.sock"));
        assert_eq!(arguments.timeout, Duration::from_secs(5));
        assert!(!arguments.debug);
    }

    #[test]
    fn what_the_manual_names_is_taken_and_what_an_error_names_is_in_the_manual() {
        let refusal = Arguments::parse(&["nullok"]).unwrap_err().to_string();
        for argument in ARGUMENTS {
            let written = match argument.value {
                Some("PATH") => format!("{}=/run/x", argument.name),
                Some(_) => format!("{}=7", argument.name),
                None => argument.name.to_owned(),
            };
            assert!(Arguments::parse(&[written]).is_ok(), "{argument:?}");
            assert!(refusal.contains(argument.name), "{refusal}");
        }
        assert_eq!(
            refusal.matches('=').count(),
            ARGUMENTS.iter().filter(|it| it.value.is_some()).count()
        );
    }

    #[test]
    fn each_argument_has_its_effect() {
        let arguments =
            Arguments::parse(&["debug", "timeout=60", "socket=/tmp/private.sock"]).unwrap();
        assert_eq!(
            arguments,
            Arguments {
                socket: PathBuf::from("/tmp/private.sock"),
                timeout: Duration::from_secs(60),
                debug: true
            }
        );
    }

    #[test]
    fn an_unknown_argument_is_an_error() {
        for unknown in
            ["", "nullok", "Debug", "debug=1", "sockets=/tmp/x", "=", "socket", "timeout"]
        {
            assert_eq!(
                Arguments::parse(&["debug", unknown]),
                Err(ArgumentError::Unknown(unknown.to_owned())),
            );
        }
    }

    #[test]
    fn a_malformed_argument_is_an_error() {
        let long = format!("/{}", "x".repeat(MAX_SOCKET_PATH));
        for path in ["", "login.sock", "./login.sock", "@abstract", &long] {
            assert_eq!(
                Arguments::parse(&[format!("socket={path}")]),
                Err(ArgumentError::Socket(path.to_owned())),
            );
        }
        for seconds in ["", "0", "61", "-1", "+5", "5s", "1.5", "0x5", "99999999999999999999999"] {
            assert_eq!(
                Arguments::parse(&[format!("timeout={seconds}")]),
                Err(ArgumentError::Timeout(seconds.to_owned())),
            );
        }
    }

    #[test]
    fn a_repeated_argument_is_an_error() {
        for (name, pair) in [
            ("debug", ["debug", "debug"]),
            ("timeout", ["timeout=5", "timeout=6"]),
            ("socket", ["socket=/a", "socket=/a"]),
        ] {
            assert_eq!(Arguments::parse(&pair), Err(ArgumentError::Twice(name)));
        }
    }

    #[test]
    fn an_error_says_what_is_taken() {
        let text = Arguments::parse(&["nullok"]).unwrap_err().to_string();
        assert!(text.contains("'nullok'") && text.contains("timeout=SECONDS"), "{text}");
        let text = Arguments::parse(&["timeout=0"]).unwrap_err().to_string();
        assert!(text.contains("1 to 60"), "{text}");
    }
}
