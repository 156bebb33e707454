//! Where Twinlock's lines go in a service's own file, as `packaging/pam` shows it.
//!
//! - auth: behind the first line, from the one that checks the first factor on, where the stack is
//!   sound with it; of a key and a code, before that line, with an end behind Twinlock's.
//! - account: before the first line that can end the stack early, as common-account does.
//! - session, of programs that show text at a login: behind the last one.

use std::fmt;
use std::path::Path;

use twinlock_pam_stack::modules::is_first_factor;
use twinlock_pam_stack::stack::{Folders, Stack, StackError};
use twinlock_pam_stack::verdict::{Demand, Flaw, check};
use twinlock_pam_stack::{Action, Content, Control, Line, PamFile, Phase, Rule};

/// What comes before the code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Form {
    /// A password, or whatever the stack asks for.
    #[default]
    Password,
    /// An SSH key, which sshd has checked.
    Key,
}

/// Services whose programs show what the session phase says.
const WITH_SESSION: [&str; 2] = ["sshd", "login"];

/// The mark of a line that is ours without naming our module.
const MARK: &str = "# Twinlock";

/// Why there is no place for the lines.
#[derive(Debug)]
pub enum Misplaced {
    /// A file cannot be read.
    Stack(StackError),
    /// Nothing in the auth stack checks a first factor.
    NoFirstFactor,
    /// The service has no account lines of its own; libpam takes those of `other`.
    NoAccount,
    /// The stack of a phase is unsound wherever the line is put, or where it stands.
    Flawed(Phase, Flaw),
    /// The lines are there in this form, and another one is asked for.
    OtherForm(Form),
}

impl From<StackError> for Misplaced {
    fn from(error: StackError) -> Self {
        Self::Stack(error)
    }
}

impl fmt::Display for Misplaced {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stack(error) => write!(f, "{error}. Mend it and try again."),
            Self::NoFirstFactor => f.write_str(
                "no line of its auth stack checks a first factor (such as pam_unix.so, or \
                 '@include common-auth' on Debian, 'auth substack system-auth' on Fedora), so a code \
                 alone would log in. Add that line first.",
            ),
            Self::NoAccount => f.write_str(
                "it has no account lines of its own. Add the usual one first, '@include \
                 common-account' on Debian, 'account include system-auth' on Fedora.",
            ),
            Self::OtherForm(form) => {
                let what = match form {
                    Form::Password => "a password",
                    Form::Key => "a key",
                };
                write!(
                    f,
                    "it has Twinlock's lines for {what} and a code already. 'twinlock pam disable \
                     sshd' takes them out; enable the other form then."
                )
            }
            Self::Flawed(phase, flaw @ Flaw::Bypass(_)) => write!(
                f,
                "in its {phase} stack, {flaw}: it ends the stack early, or jumps. Where that line \
                 is in a file that is included, include it with '{phase} substack FILE'; else take \
                 it out, or let it jump ([success=N default=ignore]) to where Twinlock can stand."
            ),
            Self::Flawed(phase, flaw) => write!(
                f,
                "in its {phase} stack, {flaw}. Compare it with /usr/share/doc/twinlock/examples/pam \
                 and mend it first."
            ),
        }
    }
}

/// Whether a line was put there for Twinlock: it names the module, with whatever arguments, or it is
/// the end that goes with it where a key is the first factor.
pub fn is_ours(line: &Line) -> bool {
    line.is_twinlock() || is_end_behind_key(line)
}

fn is_end_behind_key(line: &Line) -> bool {
    line.rule().is_some_and(|rule| rule.names("pam_permit.so"))
        && String::from_utf8_lossy(line.raw()).contains(MARK)
}

/// Whether a service asks for a password and then for a code, as its files are.
pub fn asks_password(stacks: &Folders, service: &str) -> bool {
    let stack = Stack::read(stacks, service, Phase::Auth);
    stack.is_ok_and(|stack| check(&stack, Demand::FirstFactor).is_ok())
}

/// A file with our lines taken out and nothing else changed.
pub fn without(bytes: &[u8]) -> Vec<u8> {
    let mut file = PamFile::parse(bytes);
    file.remove(is_ours);
    file.to_bytes()
}

/// A service's file with Twinlock's lines: those that it has not yet.
///
/// `path` is where it will be, among the folders of `stacks`; `arguments` stand behind the module.
///
/// # Errors
/// [`Misplaced`].
pub fn with_lines(
    bytes: &[u8],
    path: &Path,
    service: &str,
    stacks: &Folders,
    form: Form,
    arguments: &str,
) -> Result<Vec<u8>, Misplaced> {
    let mut draft = Draft { file: PamFile::parse(bytes), path, service, stacks, arguments };
    draft.add_auth(form)?;
    draft.add_account()?;
    if WITH_SESSION.contains(&service) {
        draft.add_session()?;
    }
    Ok(draft.file.to_bytes())
}

struct Draft<'a> {
    file: PamFile,
    path: &'a Path,
    service: &'a str,
    stacks: &'a Folders,
    arguments: &'a str,
}

impl Draft<'_> {
    fn add_auth(&mut self, form: Form) -> Result<(), Misplaced> {
        let demand = match form {
            Form::Password => Demand::FirstFactor,
            Form::Key => Demand::Nothing,
        };
        if self.has(Phase::Auth) {
            let is_for_key = self.file.lines().iter().any(is_end_behind_key);
            return match self.checked(&self.file, Phase::Auth, demand) {
                Err(_) if form == Form::Password && is_for_key => {
                    Err(Misplaced::OtherForm(Form::Key))
                }
                checked => checked,
            };
        }
        let first = self.first(Phase::Auth, is_first_factor)?;
        match form {
            Form::Password => {
                let first = first.ok_or(Misplaced::NoFirstFactor)?;
                let places = self.touched(Phase::Auth)?;
                let behind = places.into_iter().filter(|line| *line >= first).map(|line| line + 1);
                self.insert_at_first(behind, Phase::Auth, "required", demand)
            }
            Form::Key => {
                // A stack for keys alone may check nothing, and end in pam_permit or pam_deny.
                let place = match first {
                    Some(first) => first,
                    None => self
                        .first(Phase::Auth, |rule| {
                            rule.names("pam_permit.so") || rule.names("pam_deny.so")
                        })?
                        .ok_or(Misplaced::NoFirstFactor)?,
                };
                let end = format!(
                    "auth       sufficient   pam_permit.so  {MARK}: sshd has checked the key"
                );
                self.file.insert(place, &end);
                self.insert_at_first([place].into_iter(), Phase::Auth, "requisite", demand)
            }
        }
    }

    fn add_account(&mut self) -> Result<(), Misplaced> {
        if self.has(Phase::Account) {
            return self.checked(&self.file, Phase::Account, Demand::Nothing);
        }
        let places = self.touched(Phase::Account)?;
        let Some(last) = places.last().copied() else { return Err(Misplaced::NoAccount) };
        let early = self.first(Phase::Account, |rule| is_first_factor(rule) || ends_early(rule))?;
        let preferred = early.unwrap_or(last + 1);
        let earlier = places.into_iter().rev().filter(|line| *line < preferred);
        let places: Vec<usize> = [preferred].into_iter().chain(earlier).collect();
        self.insert_at_first(places.into_iter(), Phase::Account, "required", Demand::Nothing)
    }

    fn add_session(&mut self) -> Result<(), Misplaced> {
        if self.has(Phase::Session) {
            return Ok(());
        }
        if let Some(last) = self.touched(Phase::Session)?.last() {
            self.file.insert(last + 1, &self.line(Phase::Session, "optional"));
        }
        Ok(())
    }

    /// Puts the line in at the first place where the stack is sound with it.
    fn insert_at_first(
        &mut self,
        places: impl Iterator<Item = usize>,
        phase: Phase,
        control: &str,
        demand: Demand,
    ) -> Result<(), Misplaced> {
        let mut first = None;
        for place in places {
            let mut draft = self.file.clone();
            draft.insert(place, &self.line(phase, control));
            match self.checked(&draft, phase, demand) {
                Ok(()) => {
                    self.file = draft;
                    return Ok(());
                }
                Err(error) => first = first.or(Some(error)),
            }
        }
        Err(first.unwrap_or(Misplaced::Flawed(phase, Flaw::Dead)))
    }

    fn line(&self, phase: Phase, control: &str) -> String {
        let line =
            format!("{:<10} {control:<12} pam_twinlock.so {}", phase.as_str(), self.arguments);
        line.trim_end().to_owned()
    }

    /// Whether the file itself has Twinlock's line of a phase.
    fn has(&self, phase: Phase) -> bool {
        let is_of = |line: &Line| line.rule().is_some_and(|rule| rule.phase == phase);
        self.file.lines().iter().any(|line| line.is_twinlock() && is_of(line))
    }

    fn checked(&self, file: &PamFile, phase: Phase, demand: Demand) -> Result<(), Misplaced> {
        let stack = self.stack(file, phase)?;
        check(&stack, demand).map_err(|flaw| Misplaced::Flawed(phase, flaw))
    }

    fn stack(&self, file: &PamFile, phase: Phase) -> Result<Stack, StackError> {
        let stacks = self.stacks.clone().with(self.path.to_owned(), file.to_bytes());
        Stack::read(&stacks, self.service, phase)
    }

    /// The lines of the file that add something to a phase.
    fn touched(&self, phase: Phase) -> Result<Vec<usize>, StackError> {
        self.lines(phase, |_| true)
    }

    /// The first line of the file that adds such a rule to a phase.
    fn first(
        &self,
        phase: Phase,
        is_wanted: impl Fn(&Rule) -> bool,
    ) -> Result<Option<usize>, StackError> {
        Ok(self.lines(phase, is_wanted)?.first().copied())
    }

    fn lines(
        &self,
        phase: Phase,
        is_wanted: impl Fn(&Rule) -> bool,
    ) -> Result<Vec<usize>, StackError> {
        let mut found = Vec::new();
        for (index, line) in self.file.lines().iter().enumerate() {
            let adds = match line.content() {
                Content::Rule(rule) if rule.phase != phase => false,
                Content::Rule(rule) if matches!(rule.control, Control::Module(_)) => {
                    is_wanted(rule)
                }
                Content::Rule(_) | Content::IncludeFile(_) => {
                    let alone = PamFile::parse(line.raw());
                    let stack = self.stack(&alone, phase)?;
                    stack.entries().into_iter().any(|entry| is_wanted(&entry.rule))
                }
                Content::Nothing | Content::Broken { .. } => false,
            };
            if adds {
                found.push(index);
            }
        }
        Ok(found)
    }
}

/// Whether a success of this line can end the stack, or pass over a part of it.
fn ends_early(rule: &Rule) -> bool {
    let Control::Module(actions) = &rule.control else { return false };
    ["success", "new_authtok_reqd"]
        .iter()
        .any(|code| matches!(actions.on(code), Action::Done | Action::Jump(_)))
}

#[cfg(test)]
mod tests;
