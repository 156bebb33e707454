//! The files of a configuration, and whether they may be trusted.

use std::{
    fs::{self, File, Metadata},
    io::{self, Read},
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

use crate::{
    Diagnostic, Diagnostics, Loaded, Severity,
    faults::Complaint,
    parse::parse,
    source::{Place, Source},
    templates, visible,
};

/// The most that a file may hold, in bytes.
const LARGEST: u64 = 1 << 20;

/// The directory beside the main file whose files are read after it.
const FURTHER: &str = "conf.d";

/// Write permission for the group and for others.
const WRITABLE_BY_OTHERS: u32 = 0o022;

/// Whose files are read.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Owner {
    /// Anybody's: the configuration is only looked at.
    Anybody,
    /// Those of root and of this user, where nobody else can write to them: it will be obeyed.
    RootOr(u32),
}

/// A file that may be used, or why not.
pub(crate) type Checked<T> = Result<T, Box<Diagnostic>>;

/// Reads the configuration in `path`, in `conf.d/*.toml` and the templates in `templates/` beside
/// it, whoever owns it.
///
/// # Errors
///
/// Everything that is wrong: a file that is absent or cannot be read, and what is wrong in them.
pub fn load(path: &Path) -> Result<Loaded, Diagnostics> {
    load_of(path, Owner::Anybody)
}

/// As [`load`], for a process with this effective user id that will obey what it reads: the files
/// and their directories must belong to root or to that user, and nobody else may write to them.
///
/// # Errors
///
/// As [`load`], and every file or directory that somebody else could change.
pub fn load_as(path: &Path, effective_uid: u32) -> Result<Loaded, Diagnostics> {
    load_of(path, Owner::RootOr(effective_uid))
}

fn load_of(path: &Path, owner: Owner) -> Result<Loaded, Diagnostics> {
    let mut faults = Vec::new();
    let mut texts = Vec::new();
    let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    let directory = directory.unwrap_or(Path::new("."));
    if let Err(fault) = check_directory(directory, owner) {
        faults.push(*fault);
    }
    // Without the main file there is no telling what the others add to.
    let main =
        read(path, owner).map_err(|fault| Diagnostics::of(vec![without_main(path, *fault)], 0))?;
    texts.push((path.display().to_string(), main));
    match further_files(&directory.join(FURTHER), owner) {
        Ok(files) => {
            for file in files {
                match read(&file, owner) {
                    Ok(text) => texts.push((file.display().to_string(), text)),
                    Err(fault) => faults.push(*fault),
                }
            }
        }
        Err(fault) => faults.push(*fault),
    }
    let files = texts.iter().map(|(name, _)| PathBuf::from(name));
    let mut files: Vec<_> = files.map(|file| (file, Severity::Error)).collect();
    let texts: Vec<_> = texts.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    match parse(&texts) {
        Ok(mut loaded) if faults.is_empty() => {
            let (found, mut wrong) = templates::find(directory, owner, &mut files);
            let listed = directory.join(FURTHER);
            files.extend(listed.exists().then_some((listed, Severity::Error)));
            loaded.read = files;
            loaded.templates = found;
            loaded.warnings.append(&mut wrong);
            Ok(loaded)
        }
        Ok(loaded) => Err(Diagnostics::of(loaded.warnings, 0).preceded_by(faults)),
        Err(diagnostics) => Err(diagnostics.preceded_by(faults)),
    }
}

/// The files of `conf.d`, by name; none where there is no such directory.
fn further_files(directory: &Path, owner: Owner) -> Checked<Vec<PathBuf>> {
    let entries = match fs::read_dir(directory) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.map_err(|error| unreadable(directory, &error))?,
    };
    check_directory(directory, owner)?;
    let mut files = Vec::new();
    for entry in entries {
        let name = entry.map_err(|error| unreadable(directory, &error))?.file_name();
        let bytes = name.as_encoded_bytes();
        if bytes.ends_with(b".toml") && !bytes.starts_with(b".") {
            files.push(directory.join(name));
        }
    }
    files.sort();
    Ok(files)
}

pub(crate) fn check_directory(directory: &Path, owner: Owner) -> Checked<()> {
    let facts = fs::metadata(directory).map_err(|error| unreadable(directory, &error))?;
    check_owner(directory, &facts, owner)
}

/// Reads a regular file of at most [`LARGEST`] bytes of UTF-8. What is checked is the file that
/// was opened, not the one that its name means a moment later.
pub(crate) fn read(path: &Path, owner: Owner) -> Checked<String> {
    let cannot = |error: io::Error| unreadable(path, &error);
    // Opening a FIFO would wait for its other end.
    check_kind(path, &fs::metadata(path).map_err(cannot)?)?;
    let file = File::open(path).map_err(cannot)?;
    let facts = file.metadata().map_err(cannot)?;
    check_kind(path, &facts)?;
    check_owner(path, &facts, owner)?;
    let mut bytes = Vec::new();
    file.take(LARGEST + 1).read_to_end(&mut bytes).map_err(cannot)?;
    if bytes.len() as u64 > LARGEST {
        return Err(fault(path, Complaint::new("the file is larger than 1 MiB")));
    }
    String::from_utf8(bytes).map_err(|error| {
        let valid = error.utf8_error().valid_up_to();
        let text = String::from_utf8_lossy(error.as_bytes());
        let source = Source::new(&path.display().to_string(), &text);
        let place = Place { source: 0, start: valid, end: valid + 1 };
        let complaint = Complaint::new("the file is not UTF-8")
            .hint("save it as UTF-8, or type the character at this place again");
        Box::new(Diagnostic::at(Severity::Error, &source, place, complaint))
    })
}

/// The remedy where there is no main file.
fn without_main(path: &Path, mut fault: Diagnostic) -> Diagnostic {
    if !path.exists() {
        let hint = "the shipped configuration belongs there; --config names another file";
        fault.hint = Some(hint.to_owned());
    }
    fault
}

fn check_kind(path: &Path, facts: &Metadata) -> Checked<()> {
    if facts.is_file() {
        return Ok(());
    }
    Err(fault(path, Complaint::new("this is not a regular file")))
}

fn check_owner(path: &Path, facts: &Metadata, owner: Owner) -> Checked<()> {
    let Owner::RootOr(user) = owner else { return Ok(()) };
    let shown = visible::escape(&path.display().to_string());
    if facts.uid() != 0 && facts.uid() != user {
        let message = format!("it belongs to the user with id {}, not to root", facts.uid());
        return Err(fault(path, Complaint::new(message).hint(format!("chown root {shown}"))));
    }
    if facts.mode() & WRITABLE_BY_OTHERS != 0 {
        let complaint = Complaint::new("others than its owner can write to it");
        return Err(fault(path, complaint.hint(format!("chmod go-w {shown}"))));
    }
    Ok(())
}

fn unreadable(path: &Path, error: &io::Error) -> Box<Diagnostic> {
    let complaint = match error.kind() {
        io::ErrorKind::NotFound => Complaint::new("there is no such file"),
        io::ErrorKind::PermissionDenied => {
            Complaint::new("this user must not read it").hint("chmod a+r, or a+rx on a directory")
        }
        _ => Complaint::new(format!("it cannot be read: {error}")),
    };
    fault(path, complaint)
}

fn fault(path: &Path, complaint: Complaint) -> Box<Diagnostic> {
    Box::new(Diagnostic::of_file(&path.display().to_string(), complaint))
}
