//! What a check finds: how bad it is, where it is, why it matters, and its mend.

use std::fmt;
use std::path::Path;

use serde::{Serialize, Serializer};

/// How bad a finding is, the worst first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Logins pass without the factor that the policy asks for, or right users do not get in, or
    /// secrets lie open.
    Severe,
    /// It protects less than it seems to, or will fail one day.
    Warning,
    /// Worth knowing.
    Note,
}

impl Severity {
    /// The word for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Severe => "severe",
            Self::Warning => "warning",
            Self::Note => "note",
        }
    }
}

/// What is examined; each is one check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Area {
    /// The configuration and what is doubtful about its policy.
    Configuration,
    /// The stacks of PAM services.
    Pam,
    /// The effective settings of sshd.
    Sshd,
    /// The socket of the logins.
    LoginSocket,
    /// The system bus: its policy, and who has the name.
    Bus,
    /// The daemon.
    Daemon,
    /// The key and the store.
    Store,
    /// The clock.
    Clock,
    /// How e-mail is sent.
    Email,
    /// How text messages are sent.
    Sms,
}

impl Area {
    /// What a person calls it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Configuration => "configuration",
            Self::Pam => "PAM stacks",
            Self::Sshd => "sshd",
            Self::LoginSocket => "login socket",
            Self::Bus => "bus",
            Self::Daemon => "daemon",
            Self::Store => "key and store",
            Self::Clock => "clock",
            Self::Email => "e-mail",
            Self::Sms => "text messages",
        }
    }
}

/// A file, or a line of it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The file.
    pub file: String,
    /// The line, from 1; none where the whole file is meant.
    pub line: Option<usize>,
}

impl Place {
    /// A file as a whole.
    pub fn file(path: impl AsRef<Path>) -> Self {
        Self { file: path.as_ref().display().to_string(), line: None }
    }

    /// A line of a file, from 1.
    pub fn line(path: impl AsRef<Path>, line: usize) -> Self {
        Self { line: Some(line), ..Self::file(path) }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        self.line.map_or(Ok(()), |line| write!(f, ":{line}"))
    }
}

/// One thing that was found. Its texts may repeat text from files, and are escaped where they are
/// shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The check that found it.
    pub area: Area,
    /// A stable word for what is wrong, for programs.
    pub fault: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// Where it is.
    pub place: Option<Place>,
    /// What is there, in one sentence.
    pub what: String,
    /// Why it matters.
    pub why: String,
    /// What mends it: a command, or a line to write and where.
    pub mend: String,
}

/// What a run has found, and what it has not looked at.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    /// Everything that was found, the worst first.
    pub findings: Vec<Finding>,
    /// The checks that were made.
    pub examined: Vec<Area>,
    /// The checks, or parts of them, that were not made, and why.
    pub omitted: Vec<Omission>,
}

/// A check that was not made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Omission {
    /// What was not examined.
    pub area: Area,
    /// Why not.
    pub because: String,
    /// Whether root could have examined it.
    pub needs_root: bool,
}

impl Report {
    /// How many findings are of this severity.
    pub fn count(&self, severity: Severity) -> usize {
        self.findings.iter().filter(|finding| finding.severity == severity).count()
    }

    /// Puts the worst first; within a severity the order of the checks stays.
    pub(super) fn sort(&mut self) {
        self.findings.sort_by_key(|finding| finding.severity);
    }

    pub(super) fn add(&mut self, finding: Finding) {
        self.findings.push(finding);
    }

    pub(super) fn omit(&mut self, area: Area, because: impl Into<String>) {
        self.omitted.push(Omission { area, because: because.into(), needs_root: false });
    }

    pub(super) fn omit_for_root(&mut self, area: Area, because: impl Into<String>) {
        self.omitted.push(Omission { area, because: because.into(), needs_root: true });
    }
}

/// A finding as JSON: `area`, `fault`, `severity`, `file`, `line`, `what`, `why`, `mend`.
impl Serialize for Finding {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Keys<'a> {
            area: Area,
            fault: &'a str,
            severity: Severity,
            file: Option<&'a str>,
            line: Option<usize>,
            what: &'a str,
            why: &'a str,
            mend: &'a str,
        }
        let Self { area, fault, severity, place, what, why, mend } = self;
        let file = place.as_ref().map(|place| place.file.as_str());
        let line = place.as_ref().and_then(|place| place.line);
        Keys { area: *area, fault, severity: *severity, file, line, what, why, mend }
            .serialize(serializer)
    }
}
