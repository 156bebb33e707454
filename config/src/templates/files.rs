//! The files that override shipped templates.

use std::{
    fs,
    path::{Path, PathBuf},
};

use super::{Overrides, catalogue::Slot, check::check};
use crate::{
    Diagnostic, Severity,
    faults::Complaint,
    load::{Checked, Owner, check_directory, read},
    suggest,
};

/// The directory beside the main file.
const BESIDE: &str = "templates";

/// Where the package keeps them.
const INSTALLED: &str = "/usr/share/twinlock/templates";

/// Endings of names that are meant as templates; anything else in the directory is not looked at.
const ENDINGS: [&str; 3] = [".txt", ".sms", ".html"];

/// The templates that can be used, the ones beside the main file over the installed ones, and what
/// is wrong with the others. What is read is added to `looked_at`.
pub(crate) fn find(
    directory: &Path,
    owner: Owner,
    looked_at: &mut Vec<(PathBuf, Severity)>,
) -> (Overrides, Vec<Diagnostic>) {
    let (mut overrides, mut wrong) = (Overrides::new(), Vec::new());
    for directory in [PathBuf::from(INSTALLED), directory.join(BESIDE)] {
        match names(&directory, owner) {
            Ok(names) => {
                let listed = directory.exists().then(|| directory.clone());
                let files = names.iter().map(|name| directory.join(name));
                looked_at.extend(listed.into_iter().chain(files).map(|it| (it, Severity::Warning)));
                for name in names {
                    take(&directory.join(&name), &name, owner, &mut overrides, &mut wrong);
                }
            }
            Err(fault) => wrong.push(as_warning(*fault)),
        }
    }
    (overrides, wrong)
}

/// The names of templates in a directory, in order; none where there is no such directory.
fn names(directory: &Path, owner: Owner) -> Checked<Vec<String>> {
    let Ok(entries) = fs::read_dir(directory) else {
        // Another reason than that it is not there is said by the check.
        return if directory.exists() {
            check_directory(directory, owner).map(|()| Vec::new())
        } else {
            Ok(Vec::new())
        };
    };
    check_directory(directory, owner)?;
    let mut names: Vec<_> = entries
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter(|name| !name.starts_with('.') && ENDINGS.iter().any(|end| name.ends_with(end)))
        .collect();
    names.sort();
    Ok(names)
}

fn take(
    path: &Path,
    name: &str,
    owner: Owner,
    overrides: &mut Overrides,
    wrong: &mut Vec<Diagnostic>,
) {
    let shown = path.display().to_string();
    let Some((_, slot)) = Slot::all().find(|(known, _)| known == name) else {
        let known: Vec<_> = Slot::all().map(|(known, _)| known).collect();
        let known: Vec<_> = known.iter().map(String::as_str).collect();
        let complaint = Complaint::new("no message has a template of this name")
            .maybe_hint(suggest::did_you_mean(name, &known));
        wrong.push(as_warning(Diagnostic::of_file(&shown, complaint)));
        return;
    };
    match read(path, owner) {
        Ok(text) => match check(&shown, name, &slot, &text) {
            None => {
                overrides.insert(name.to_owned(), text);
            }
            Some(fault) => wrong.push(fault),
        },
        Err(fault) => wrong.push(as_warning(*fault)),
    }
}

/// The daemon starts all the same, with the shipped template.
fn as_warning(mut fault: Diagnostic) -> Diagnostic {
    fault.severity = Severity::Warning;
    fault
}
