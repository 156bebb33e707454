//! Lines to write, and where.

use std::path::Path;

use twinlock_pam_stack::modules::Role;
use twinlock_pam_stack::{Content, Control, Element, Entry, Folders, PamFile, Phase, Stack};

use super::service::role;

/// A line as it would be with another control.
pub(super) fn with_control(entry: &Entry, control: &str) -> String {
    let rule = &entry.rule;
    let mut line = format!("{} {control} {}", rule.phase, rule.target);
    for argument in &rule.arguments {
        let brackets = argument.contains([' ', ']']);
        let shown =
            if brackets { format!("[{}]", argument.replace(']', "\\]")) } else { argument.clone() };
        line += &format!(" {shown}");
    }
    line
}

/// The line that takes in what checks a password on a console, as this distribution has it.
pub(super) fn password_line(folders: &Folders) -> &'static str {
    let lines = [
        ("common-auth", "@include common-auth"),
        ("system-auth", "auth substack system-auth"),
        ("password-auth", "auth substack password-auth"),
    ];
    let found = lines.into_iter().find(|(file, _)| folders.read(file).is_ok());
    found.map_or("auth requisite pam_unix.so", |(_, line)| line)
}

/// What keeps the result of a line from leading past Twinlock's.
///
/// Where the lines behind it end in `pam_deny` and `pam_permit`, as pam-auth-update(8) writes them,
/// a jump to the latter. Else an included file becomes a substack, which confines it; and a line of
/// the service's own file jumps to Twinlock's.
pub(super) fn confine(stack: &Stack, culprit: &Entry, service: &str, folders: &Folders) -> String {
    let at = &culprit.origin;
    let siblings = siblings(&stack.elements, culprit).unwrap_or_default();
    if let Some(count) = to_permit(siblings) {
        let control = format!("[success={count} default=ignore]");
        return format!("In {at} write '{}'", with_control(culprit, &control));
    }
    if let Some((place, included)) = including_line(folders, service, &at.file) {
        let phase = stack.phase;
        return format!(
            "In {place} write '{phase} substack {included}' for the {phase} lines of {included}"
        );
    }
    let is_twinlock = |element: &Element| match element {
        Element::Module(entry) => role(&entry.rule.target) == Role::Twinlock,
        _ => false,
    };
    let count = siblings.iter().position(is_twinlock).unwrap_or(0);
    let phase = stack.phase;
    if count == 0 {
        return format!("In {at} write '{}'", with_control(culprit, "requisite"));
    }
    let control = format!("[success={count} default=ignore]");
    format!(
        "In {at} write '{}', and end the {phase} lines with '{phase} required pam_permit.so'",
        with_control(culprit, &control)
    )
}

/// What stands behind a line, in its own file or substack.
fn siblings<'a>(elements: &'a [Element], wanted: &Entry) -> Option<&'a [Element]> {
    for (index, element) in elements.iter().enumerate() {
        match element {
            Element::Module(entry) if entry == wanted => return elements.get(index + 1..),
            Element::Substack(_, inside) => {
                if let Some(found) = siblings(inside, wanted) {
                    return Some(found);
                }
            }
            _ => {}
        }
    }
    None
}

/// How many lines lie between a line and the `pam_permit` behind a `pam_deny`, where no Twinlock
/// comes before.
fn to_permit(behind: &[Element]) -> Option<usize> {
    let roles: Vec<Option<Role>> = behind
        .iter()
        .map(|element| match element {
            Element::Module(entry) => Some(role(&entry.rule.target)),
            _ => None,
        })
        .collect();
    let own = roles.iter().position(|it| *it == Some(Role::Twinlock)).unwrap_or(roles.len());
    let pair = roles.windows(2).position(|two| two == [Some(Role::Deny), Some(Role::Permit)])?;
    (pair + 1 < own).then_some(pair + 1)
}

/// The line of the service's file that takes another file in, and that file's name.
fn including_line(folders: &Folders, service: &str, file: &Path) -> Option<(String, String)> {
    let (path, bytes) = folders.read(service).ok()?;
    let is_it = |name: &str| Path::new(name).file_name() == file.file_name() && path != file;
    PamFile::parse(&bytes).lines().iter().find_map(|line| {
        let name = match line.content() {
            Content::IncludeFile(name) => name,
            Content::Rule(rule) if rule.control == Control::Include => &rule.target,
            _ => return None,
        };
        is_it(name).then(|| (format!("{}:{}", path.display(), line.number()), name.clone()))
    })
}

/// The line before which an account line of Twinlock's goes: the first of the phase.
pub(super) fn first_line(stack: &Stack, service: &str, folders: &Folders) -> String {
    let file = folders.read(service).map(|(path, _)| path).unwrap_or_default();
    let first = stack.entries().first().map(|entry| entry.origin.clone());
    let phase: Phase = stack.phase;
    match first {
        Some(first) if first.file == file => format!("before {first}"),
        Some(first) => match including_line(folders, service, &first.file) {
            Some((place, _)) => format!("before {place}"),
            None => format!("in {}, before its {phase} lines", file.display()),
        },
        None => format!("in {}", file.display()),
    }
}
