//! What is wrong with a configuration, and where: for people with the line and a caret, for
//! programs as data.

use std::{fmt, path::Path};

use serde::Serialize;

use crate::{
    excerpt::Excerpt,
    faults::Complaint,
    source::{Place, Source},
    visible,
};

/// Whether the configuration can be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// It cannot: the daemon does not start with it, and does not reload it.
    Error,
    /// It can, but does not do what it seems to say, or weakens what it protects.
    Warning,
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Error => "error",
            Self::Warning => "warning",
        })
    }
}

/// One thing that is wrong, or doubtful, in a configuration.
///
/// `Display` shows it over several lines, with the line it is about. Serialised it has the keys
/// `file`, `line`, `column`, `severity`, `message` and `hint`; `line` and `column` are `null` where
/// the file as a whole is meant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Diagnostic {
    /// The file, as it was named.
    pub file: String,
    /// The line, from 1; none where it is about the whole file.
    pub line: Option<usize>,
    /// The column, in characters from 1.
    pub column: Option<usize>,
    /// Whether the file can be used all the same.
    pub severity: Severity,
    /// What is wrong, in one sentence. Text from the file is escaped.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
    #[serde(skip)]
    excerpt: Option<Excerpt>,
}

impl Diagnostic {
    /// What is wrong at a place of a source.
    pub(crate) fn at(
        severity: Severity,
        source: &Source,
        place: Place,
        complaint: Complaint,
    ) -> Self {
        Self {
            file: source.name.clone(),
            line: Some(source.line_number(place.start)),
            column: Some(source.column(place.start)),
            severity,
            message: complaint.message,
            hint: complaint.hint,
            excerpt: Some(Excerpt::of(source, place)),
        }
    }

    /// About a whole file: another user, who has to read it, may not.
    pub fn closed(severity: Severity, file: &Path, reader: &str, remedy: &str) -> Self {
        let complaint = Complaint::new(format!("the user {reader} must not read it"));
        let complaint = complaint.hint(visible::escape(remedy));
        Self { severity, ..Self::of_file(&file.display().to_string(), complaint) }
    }

    /// An error about a whole file.
    pub(crate) fn of_file(file: &str, complaint: Complaint) -> Self {
        Self {
            file: file.to_owned(),
            line: None,
            column: None,
            severity: Severity::Error,
            message: complaint.message,
            hint: complaint.hint,
            excerpt: None,
        }
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&visible::escape(&self.file))?;
        if let (Some(line), Some(column)) = (self.line, self.column) {
            write!(f, ":{line}:{column}")?;
        }
        write!(f, ": {}: {}", self.severity, self.message)?;
        let number = self.line.map(|line| line.to_string()).unwrap_or_default();
        let gutter = " ".repeat(number.len());
        if let Some(excerpt) = &self.excerpt {
            let line = format!(" {number} | {}", excerpt.text);
            write!(f, "\n{}\n {gutter} | {}", line.trim_end(), excerpt.marker())?;
        }
        if let Some(hint) = &self.hint {
            write!(f, "\n {gutter} = {hint}")?;
        }
        Ok(())
    }
}

/// All that is wrong with a configuration that cannot be used: at least one error, and the
/// warnings found on the way, by file and line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Diagnostics {
    #[serde(rename = "diagnostics")]
    list: Vec<Diagnostic>,
    /// How many more there were.
    omitted: usize,
}

impl Diagnostics {
    /// These, and how many were left out.
    pub(crate) fn of(list: Vec<Diagnostic>, omitted: usize) -> Self {
        Self { list, omitted }
    }

    /// Every diagnostic, by file and line.
    pub fn iter(&self) -> std::slice::Iter<'_, Diagnostic> {
        self.list.iter()
    }

    /// How many were left out because there are too many of them.
    pub fn omitted(&self) -> usize {
        self.omitted
    }

    pub(crate) fn into_list(self) -> Vec<Diagnostic> {
        self.list
    }

    /// Puts diagnostics of whole files in front.
    pub(crate) fn preceded_by(mut self, mut first: Vec<Diagnostic>) -> Self {
        first.append(&mut self.list);
        Self { list: first, omitted: self.omitted }
    }
}

impl<'a> IntoIterator for &'a Diagnostics {
    type Item = &'a Diagnostic;
    type IntoIter = std::slice::Iter<'a, Diagnostic>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl fmt::Display for Diagnostics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, diagnostic) in self.list.iter().enumerate() {
            if position > 0 {
                f.write_str("\n")?;
            }
            diagnostic.fmt(f)?;
        }
        if self.omitted > 0 {
            write!(f, "\nand {} more", self.omitted)?;
        }
        Ok(())
    }
}

impl std::error::Error for Diagnostics {}
