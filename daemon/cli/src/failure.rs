//! How a run of the command ends when it does not end well.

use std::fmt;
use std::io;
use std::process::ExitCode;

use crate::escape;

/// Why a verb did not do what was asked. Its `Display` is the sentence that the person reads:
/// what, why, what to do. The text is safe to show on a terminal.
#[derive(Debug)]
pub enum Failure {
    /// Refused or failed: exit 1.
    Refused(String),
    /// The daemon, or the bus on the way to it, cannot be reached: exit 3.
    Unreachable(String),
    /// The configuration is broken: exit 1. The diagnostics, over several lines.
    Configuration(String),
    /// Standard output could not be written: exit 1.
    Output(io::Error),
}

impl Failure {
    /// A refusal whose sentence may hold text from outside.
    pub fn refused(sentence: impl AsRef<str>) -> Self {
        Self::Refused(escape::line(sentence.as_ref()))
    }

    /// The same, for a daemon that cannot be reached.
    pub fn unreachable(sentence: impl AsRef<str>) -> Self {
        Self::Unreachable(escape::line(sentence.as_ref()))
    }

    /// The exit code: 1 refused or failed, 3 the daemon cannot be reached.
    pub fn exit_code(&self) -> ExitCode {
        ExitCode::from(self.code())
    }

    /// The exit code as a number.
    pub const fn code(&self) -> u8 {
        match self {
            Self::Refused(_) | Self::Configuration(_) | Self::Output(_) => 1,
            Self::Unreachable(_) => 3,
        }
    }

    /// Whether there is somebody to tell: not where the reader of a pipe has left.
    pub fn has_sentence(&self) -> bool {
        !matches!(self, Self::Output(cause) if cause.kind() == io::ErrorKind::BrokenPipe)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(sentence) | Self::Unreachable(sentence) => formatter.write_str(sentence),
            Self::Configuration(diagnostics) => write!(
                formatter,
                "The configuration cannot be used. Mend it:\n{}",
                escape::lines(diagnostics)
            ),
            Self::Output(cause) => {
                write!(formatter, "The output could not be written: {cause}. Check where it goes.")
            }
        }
    }
}

impl std::error::Error for Failure {}

impl From<io::Error> for Failure {
    fn from(cause: io::Error) -> Self {
        Self::Output(cause)
    }
}
