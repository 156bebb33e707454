//! What a service's stack is made of: its file, with the files that it includes in their places.
//!
//! ```text
//! @include FILE, PHASE include FILE   its lines as if they stood here
//! PHASE substack FILE                 one element, to a jump; ends and resets stay inside
//! ```

use std::collections::BTreeMap;
use std::fmt;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use crate::control::Control;
use crate::rule::{Phase, Rule};
use crate::{Content, PamFile};

/// Where stacks are, the administrator's first.
const FOLDERS: [&str; 2] = ["/etc/pam.d", "/usr/lib/pam.d"];

/// How deep files may include each other, as in libpam.
const DEPTH: usize = 16;

/// The most lines of one stack; circles of files that include each other twice end here.
const MOST: usize = 2048;

/// The most of a file that is read, in bytes.
const LARGEST: u64 = 1 << 20;

/// The folders in which files of stacks are looked for, in order.
#[derive(Debug, Clone)]
pub struct Folders {
    folders: Vec<PathBuf>,
    instead: BTreeMap<PathBuf, Vec<u8>>,
}

impl Default for Folders {
    fn default() -> Self {
        Self::at(FOLDERS.map(PathBuf::from).to_vec())
    }
}

impl Folders {
    /// These folders, the first one the administrator's.
    pub const fn at(folders: Vec<PathBuf>) -> Self {
        Self { folders, instead: BTreeMap::new() }
    }

    /// The same, with a file as it would be.
    #[must_use]
    pub fn with(mut self, path: PathBuf, bytes: Vec<u8>) -> Self {
        self.instead.insert(path, bytes);
        self
    }

    /// The folders.
    pub fn folders(&self) -> &[PathBuf] {
        &self.folders
    }

    /// The file that libpam reads for this name, and its bytes: in the first folder that has one, or
    /// at an absolute path.
    ///
    /// # Errors
    /// [`StackError::NoFile`], [`StackError::Unreadable`].
    pub fn read(&self, name: &str) -> Result<(PathBuf, Vec<u8>), StackError> {
        // To join an absolute path is that path, as in libpam.
        for path in self.folders.iter().map(|folder| folder.join(name)) {
            if let Some(bytes) = self.instead.get(&path) {
                return Ok((path, bytes.clone()));
            }
            match read_bounded(&path) {
                Ok(bytes) => return Ok((path, bytes)),
                Err(cause) if cause.kind() == io::ErrorKind::NotFound => {}
                Err(cause) => return Err(StackError::Unreadable(path, cause)),
            }
        }
        Err(StackError::NoFile(name.to_owned()))
    }

    /// The names of all files in the folders, sorted; what an editor or a package left beside them
    /// included.
    ///
    /// # Errors
    /// [`StackError::Unreadable`]: a folder that is there cannot be read.
    pub fn services(&self) -> Result<Vec<String>, StackError> {
        let mut names = Vec::new();
        for folder in &self.folders {
            let entries = match fs::read_dir(folder) {
                Ok(entries) => entries,
                Err(cause) if cause.kind() == io::ErrorKind::NotFound => continue,
                Err(cause) => return Err(StackError::Unreadable(folder.clone(), cause)),
            };
            for entry in entries {
                let entry = entry.map_err(|cause| StackError::Unreadable(folder.clone(), cause))?;
                if entry.path().is_file() {
                    names.extend(entry.file_name().into_string());
                }
            }
        }
        names.sort();
        names.dedup();
        Ok(names)
    }
}

fn read_bounded(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(LARGEST + 1).read_to_end(&mut bytes)?;
    if u64::try_from(bytes.len()).is_ok_and(|length| length > LARGEST) {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, "it is larger than 1 MiB"));
    }
    Ok(bytes)
}

/// Where a line stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// The file.
    pub file: PathBuf,
    /// The line's number, from 1; 0 for one that is not in the file yet.
    pub line: usize,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => write!(f, "{}", self.file.display()),
            line => write!(f, "{}:{line}", self.file.display()),
        }
    }
}

/// A line with a module.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Where it stands.
    pub origin: Origin,
    /// What it says.
    pub rule: Rule,
}

/// A part of a stack, one to a jump.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Element {
    /// A module.
    Module(Entry),
    /// Another file's lines, ends and resets confined to them.
    Substack(Origin, Vec<Element>),
    /// A line that always fails, and why.
    Broken(Origin, String),
}

/// The stack of one phase of a service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stack {
    /// The phase.
    pub phase: Phase,
    /// Its parts, in order.
    pub elements: Vec<Element>,
}

/// Why a stack cannot be read.
#[derive(Debug)]
pub enum StackError {
    /// No folder has a file of this name; libpam takes the service `other`.
    NoFile(String),
    /// A file that is there cannot be read.
    Unreadable(PathBuf, io::Error),
    /// The files include each other too often.
    TooLarge(String),
    /// libpam refuses the service's own file, whatever it is asked.
    Refused(Origin, String),
}

impl fmt::Display for StackError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoFile(name) => write!(f, "there is no PAM file of the name {name}"),
            Self::Unreadable(path, cause) => {
                write!(f, "{} cannot be read: {cause}", path.display())
            }
            Self::TooLarge(name) => {
                write!(f, "the PAM files that {name} includes include each other too often")
            }
            Self::Refused(origin, why) => write!(f, "{origin}: libpam refuses the file: {why}"),
        }
    }
}

impl std::error::Error for StackError {}

impl Stack {
    /// Reads the stack of a phase of a service.
    ///
    /// # Errors
    /// [`StackError`].
    pub fn read(folders: &Folders, service: &str, phase: Phase) -> Result<Self, StackError> {
        let mut reader = Reader { folders, phase, left: MOST };
        let (path, bytes) = folders.read(service)?;
        let elements = reader.elements(&path, &bytes, true, 0)?;
        match reader.left {
            0 => Err(StackError::TooLarge(service.to_owned())),
            _ => Ok(Self { phase, elements }),
        }
    }

    /// Every line with a module, those of substacks too, in order.
    pub fn entries(&self) -> Vec<&Entry> {
        fn gather<'a>(elements: &'a [Element], entries: &mut Vec<&'a Entry>) {
            for element in elements {
                match element {
                    Element::Module(entry) => entries.push(entry),
                    Element::Substack(_, inside) => gather(inside, entries),
                    Element::Broken(..) => {}
                }
            }
        }
        let mut entries = Vec::new();
        gather(&self.elements, &mut entries);
        entries
    }
}

struct Reader<'a> {
    folders: &'a Folders,
    phase: Phase,
    left: usize,
}

impl Reader<'_> {
    /// The elements of a file. `whole`: it is read for every phase, as the service's own file and
    /// those of `@include` are.
    fn elements(
        &mut self,
        path: &Path,
        bytes: &[u8],
        whole: bool,
        depth: usize,
    ) -> Result<Vec<Element>, StackError> {
        let mut elements = Vec::new();
        for line in PamFile::parse(bytes).lines() {
            let origin = Origin { file: path.to_owned(), line: line.number() };
            self.left = self.left.saturating_sub(1);
            match line.content() {
                _ if self.left == 0 => break,
                Content::Nothing => self.left += 1,
                Content::IncludeFile(file) => {
                    elements.extend(self.included(file, &origin, whole, depth)?);
                }
                Content::Rule(rule) if rule.phase != self.phase => {}
                Content::Rule(rule) => match rule.control {
                    Control::Module(_) => {
                        elements.push(Element::Module(Entry { origin, rule: rule.clone() }));
                    }
                    Control::Include => {
                        elements.extend(self.included(&rule.target, &origin, false, depth)?);
                    }
                    Control::Substack => {
                        let inside = self.included(&rule.target, &origin, false, depth)?;
                        elements.push(Element::Substack(origin, inside));
                    }
                },
                Content::Broken { fault: crate::Fault::Unfinished, .. } if depth == 0 => {
                    let why = crate::Fault::Unfinished.to_string();
                    return Err(StackError::Refused(origin, why));
                }
                // What has no phase fails in the one that is read, else in auth.
                Content::Broken { phase, fault } => {
                    let fails = phase.unwrap_or(if whole { Phase::Auth } else { self.phase });
                    if fails == self.phase {
                        elements.push(Element::Broken(origin, fault.to_string()));
                    }
                }
            }
        }
        Ok(elements)
    }

    /// The elements of another file; one that fails where it is not there.
    fn included(
        &mut self,
        name: &str,
        origin: &Origin,
        whole: bool,
        depth: usize,
    ) -> Result<Vec<Element>, StackError> {
        let broken = |why: String| Ok(vec![Element::Broken(origin.clone(), why)]);
        if depth + 1 >= DEPTH {
            return broken("the files include each other too deep".to_owned());
        }
        match self.folders.read(name) {
            Ok((path, bytes)) => self.elements(&path, &bytes, whole, depth + 1),
            Err(error @ StackError::NoFile(_)) => broken(error.to_string()),
            Err(error) => Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The modules and what surrounds them, as `pam_unix.so (pam_env.so) !`.
    fn stack(files: &[(&str, &str)], phase: Phase) -> Result<String, StackError> {
        fn shown(elements: &[Element]) -> String {
            let shown: Vec<String> = elements
                .iter()
                .map(|element| match element {
                    Element::Module(entry) => entry.rule.target.clone(),
                    Element::Substack(_, inside) => format!("({})", shown(inside)),
                    Element::Broken(..) => "!".to_owned(),
                })
                .collect();
            shown.join(" ")
        }
        let mut folders = Folders::at(vec![PathBuf::from("/nonexistent/pam.d")]);
        for (name, text) in files {
            folders =
                folders.with(Path::new("/nonexistent/pam.d").join(name), text.as_bytes().to_vec());
        }
        Ok(shown(&Stack::read(&folders, "su", phase)?.elements))
    }

    const COMMON: (&str, &str) =
        ("common", "auth required a.so\naccount required b.so\nauth required c.so\n");

    #[test]
    fn included_lines_stand_in_their_place() {
        for include in ["@include common", "auth include common"] {
            let su = format!("auth optional x.so\n{include}\nauth optional y.so\n");
            assert_eq!(stack(&[("su", &su), COMMON], Phase::Auth).unwrap(), "x.so a.so c.so y.so");
        }
        let su = ("su", "auth substack common\nauth optional y.so\n");
        assert_eq!(stack(&[su, COMMON], Phase::Auth).unwrap(), "(a.so c.so) y.so");
        assert_eq!(stack(&[("su", "@include common\n"), COMMON], Phase::Account).unwrap(), "b.so");
        assert_eq!(stack(&[("su", "auth include common\n"), COMMON], Phase::Account).unwrap(), "");
    }

    #[test]
    fn what_libpam_cannot_read_fails_in_its_place() {
        let su = |text| stack(&[("su", text)], Phase::Auth).unwrap();
        assert_eq!(su("@include gone\nauth required a.so\n"), "! a.so");
        assert_eq!(su("auth\nauth required a.so\nauht required b.so\n"), "! a.so !");
        assert_eq!(stack(&[("su", "auht required b.so\n")], Phase::Account).unwrap(), "");
        assert!(matches!(
            stack(&[("su", "auth required a.so \\\n")], Phase::Account),
            Err(StackError::Refused(..))
        ));
    }

    #[test]
    fn circles_end() {
        let once = stack(&[("su", "@include su\nauth required a.so\n")], Phase::Auth).unwrap();
        assert!(once.starts_with("! a.so"), "{once}");
        assert!(matches!(
            stack(&[("su", "@include su\n@include su\n")], Phase::Auth),
            Err(StackError::TooLarge(_))
        ));
    }

    #[test]
    fn the_administrators_folder_comes_first() {
        let folder = tempfile::tempdir().unwrap();
        let (etc, vendor) = (folder.path().join("etc"), folder.path().join("vendor"));
        for (directory, name) in [(&etc, "su"), (&vendor, "su"), (&vendor, "sudo")] {
            fs::create_dir_all(directory).unwrap();
            fs::write(directory.join(name), "").unwrap();
        }
        let folders = Folders::at(vec![etc.clone(), vendor.clone()]);
        assert_eq!(folders.read("su").unwrap().0, etc.join("su"));
        assert_eq!(folders.read("sudo").unwrap().0, vendor.join("sudo"));
        assert!(matches!(folders.read("login"), Err(StackError::NoFile(_))));
        assert_eq!(folders.services().unwrap(), ["su", "sudo"]);
    }
}
