//! Whether a PAM service has Twinlock's account line.
//!
//! What a login changes takes effect in the account phase. In a service without that line an
//! enrolment at login would be let in and never kept: whoever knows the password would get in
//! again and again, each time with a key of their own. So the daemon looks into the service's stack
//! (pam.d(5)) before it offers one. What it cannot read has no such line, nor has a stack in which a
//! line before it can end the account phase with success.

use std::{
    fs::File,
    io::Read,
    path::{Path, PathBuf},
};

/// Where stacks are, the administrator's first.
const FOLDERS: [&str; 2] = ["/etc/pam.d", "/usr/lib/pam.d"];

/// The module, as a stack names it.
const MODULE: &str = "pam_twinlock.so";

/// How deep files may include each other, as in libpam.
const DEPTH: usize = 32;

/// The most of a file that is read, in bytes.
const LARGEST: u64 = 1 << 20;

/// The stacks of this host.
pub struct Stacks {
    folders: Vec<PathBuf>,
}

impl Default for Stacks {
    fn default() -> Self {
        Self { folders: FOLDERS.map(PathBuf::from).to_vec() }
    }
}

impl Stacks {
    /// The stacks in these folders.
    pub const fn in_folders(folders: Vec<PathBuf>) -> Self {
        Self { folders }
    }

    /// Whether the account phase of this service reaches Twinlock.
    pub fn redeem(&self, service: &str) -> bool {
        self.has_account_line(service, DEPTH)
    }

    fn has_account_line(&self, service: &str, depth: usize) -> bool {
        let mut ahead = Ahead::default();
        self.search(service, depth, &mut ahead) == Found::Reached
    }

    /// Looks for the line in the order in which libpam comes by the lines.
    fn search(&self, service: &str, depth: usize, ahead: &mut Ahead) -> Found {
        let Some(text) = self.read(service) else { return Found::No };
        for line in joined(&text) {
            let (control, module) = match Line::of(&line) {
                Line::Module { control, module } => (control, module),
                Line::Include(other) if depth > 0 => match self.search(other, depth - 1, ahead) {
                    Found::No => continue,
                    found => return found,
                },
                Line::Include(_) | Line::Other => continue,
            };
            if Path::new(module).file_name().is_some_and(|name| name == MODULE) {
                let passed = ahead.can_pass || ahead.jump > 0;
                return if passed { Found::PassedBy } else { Found::Reached };
            }
            ahead.note(control);
        }
        Found::No
    }

    /// The text of a stack: a file of this very name in the first folder that has one.
    fn read(&self, service: &str) -> Option<String> {
        let is_a_name = !service.is_empty()
            && service.chars().all(|c| c.is_ascii_alphanumeric() || "-_.@+".contains(c))
            && !service.starts_with('.');
        if !is_a_name {
            return None;
        }
        let mut text = String::new();
        self.folders
            .iter()
            .find_map(|folder| File::open(folder.join(service)).ok())?
            .take(LARGEST)
            .read_to_string(&mut text)
            .ok()?;
        Some(text)
    }
}

/// Lines with those joined that end in a backslash, and without comments.
fn joined(text: &str) -> Vec<String> {
    let mut lines = vec![String::new()];
    for line in text.lines() {
        let line = line.split('#').next().unwrap_or_default();
        let (line, goes_on) = line.strip_suffix('\\').map_or((line, false), |line| (line, true));
        if let Some(last) = lines.last_mut() {
            last.push_str(line);
            last.push(' ');
        }
        if !goes_on {
            lines.push(String::new());
        }
    }
    lines
}

/// Whether a stack comes to Twinlock's line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Found {
    /// Always, where the account phase succeeds.
    Reached,
    /// A line before it can end the phase with success, or jump over it.
    PassedBy,
    /// It has no such line.
    No,
}

/// What the lines before it can do.
#[derive(Default)]
struct Ahead {
    can_pass: bool,
    /// Lines that a success so far can still jump over.
    jump: usize,
}

impl Ahead {
    /// Takes note of a line before Twinlock's; `control` as in pam.d(5).
    fn note(&mut self, control: &str) {
        self.jump = self.jump.saturating_sub(1);
        let control = control.to_ascii_lowercase();
        if !control.starts_with('[') {
            self.can_pass |= control == "sufficient";
            return;
        }
        for action in control.trim_matches(['[', ']']).split_whitespace() {
            match action.split_once('=') {
                // What makes a password expire is no success: it must be changed first.
                Some(("success" | "default" | "ignore", "done")) => self.can_pass = true,
                Some(("success" | "default" | "ignore", count)) => {
                    self.jump = self.jump.max(count.parse().unwrap_or(0));
                }
                _ => {}
            }
        }
    }
}

/// What a line of a stack means for the account phase.
#[derive(Debug, PartialEq, Eq)]
enum Line<'a> {
    /// A module of the account phase, with its control word.
    Module {
        /// As it is written; of `[…]` everything up to the bracket.
        control: &'a str,
        /// The module.
        module: &'a str,
    },
    /// Another stack in its place.
    Include(&'a str),
    /// Another phase, or nothing.
    Other,
}

impl<'a> Line<'a> {
    fn of(line: &'a str) -> Self {
        let mut words = line.split_whitespace();
        match words.next() {
            Some("@include") => return words.next().map_or(Self::Other, Self::Include),
            Some(phase) if phase.trim_start_matches('-').eq_ignore_ascii_case("account") => {}
            _ => return Self::Other,
        }
        let Some(first) = words.next() else { return Self::Other };
        if first.starts_with('[') {
            // `[success=ok default=die]`: several words up to the bracket.
            let Some(from) = line.find('[') else { return Self::Other };
            let Some(length) = line[from..].find(']') else { return Self::Other };
            let (control, rest) = line[from..].split_at(length + 1);
            let module = rest.split_whitespace().next();
            return module.map_or(Self::Other, |module| Self::Module { control, module });
        }
        let target = words.next();
        match first.to_ascii_lowercase().as_str() {
            "include" | "substack" => target.map_or(Self::Other, Self::Include),
            _ => target.map_or(Self::Other, |module| Self::Module { control: first, module }),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn redeems(files: &[(&str, &str)], service: &str) -> bool {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            fs::write(folder.path().join(name), text).unwrap();
        }
        Stacks::in_folders(vec![folder.path().to_owned()]).redeem(service)
    }

    #[test]
    fn an_account_line_is_found_in_each_of_its_forms() {
        for line in [
            "account required pam_twinlock.so",
            "account\trequired\tpam_twinlock.so debug # why",
            "-account required /usr/lib/security/pam_twinlock.so socket=/run/x",
            "account [success=ok default=die] pam_twinlock.so",
            "account [success=ok new_authtok_reqd=ok \\\n default=die] pam_twinlock.so",
            "ACCOUNT Required pam_twinlock.so",
        ] {
            assert!(redeems(&[("sshd", line)], "sshd"), "{line}");
        }
    }

    #[test]
    fn a_line_that_another_one_can_pass_by_is_none() {
        let ours = "account required pam_twinlock.so\n";
        for before in [
            "account sufficient pam_localuser.so\n",
            "account [success=done default=ignore] pam_unix.so\n",
            "account [success=1 default=ignore] pam_unix.so\n",
            "account [default=done] pam_permit.so\n",
            "account [success=2 default=ignore] pam_unix.so\naccount requisite pam_deny.so\n",
        ] {
            assert!(!redeems(&[("sshd", &format!("{before}{ours}"))], "sshd"), "{before}");
            let includes = format!("@include common\n{ours}");
            assert!(!redeems(&[("sshd", &includes), ("common", before)], "sshd"), "{before}");
        }
        for before in [
            "account required pam_nologin.so\n",
            "account requisite pam_deny.so\n",
            // Debian's common-account.
            "account [success=1 new_authtok_reqd=done default=ignore] pam_unix.so\n\
             account requisite pam_deny.so\naccount required pam_permit.so\n",
        ] {
            assert!(redeems(&[("sshd", &format!("{before}{ours}"))], "sshd"), "{before}");
        }
    }

    #[test]
    fn other_lines_are_none() {
        for line in [
            "auth required pam_twinlock.so",
            "# account required pam_twinlock.so",
            "account required pam_unix.so pam_twinlock.so",
            "account required pam_twinlock.so.bak",
            "session optional pam_twinlock.so",
            "account",
            "account [success=ok pam_twinlock.so",
            "",
        ] {
            assert!(!redeems(&[("sshd", line)], "sshd"), "{line}");
        }
    }

    #[test]
    fn included_stacks_count_and_circles_end() {
        let line = "account required pam_twinlock.so\n";
        for include in ["@include common", "account include common", "account substack common"] {
            assert!(redeems(&[("su", include), ("common", line)], "su"), "{include}");
        }
        assert!(!redeems(&[("su", "auth include common"), ("common", line)], "su"));
        assert!(!redeems(&[("su", "@include su")], "su"));
        assert!(!redeems(&[("su", "@include gone")], "su"));
    }

    #[test]
    fn a_service_name_never_leaves_the_folder() {
        let files = [("sshd", "account required pam_twinlock.so")];
        for service in ["", ".", "..", "../sshd", "/etc/pam.d/sshd", "sshd\0", "a/b"] {
            assert!(!redeems(&files, service), "{service:?}");
        }
    }
}
