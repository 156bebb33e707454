//! One line of a stack: phase, control, module, arguments (pam.d(5)).

use std::fmt;
use std::str::FromStr;

use super::control::Control;
use super::text;
use super::{Content, is_module};

/// A phase of PAM, the type of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Phase {
    /// Who somebody is.
    Auth,
    /// Whether they may come in now.
    Account,
    /// A change of the password.
    Password,
    /// Before and after a session.
    Session,
}

impl Phase {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Auth, Self::Account, Self::Password, Self::Session];

    /// The word in a file.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Auth => "auth",
            Self::Account => "account",
            Self::Password => "password",
            Self::Session => "session",
        }
    }
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Phase {
    type Err = Fault;

    fn from_str(word: &str) -> Result<Self, Fault> {
        Self::ALL
            .into_iter()
            .find(|phase| phase.as_str().eq_ignore_ascii_case(word))
            .ok_or_else(|| Fault::UnknownPhase(word.to_owned()))
    }
}

/// A line with a module, or with a file to take lines of its phase from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// Its phase.
    pub phase: Phase,
    /// `-auth`: a module that is not installed is not logged. It fails all the same.
    pub is_quiet: bool,
    /// What its result does, or that it stands for another file.
    pub control: Control,
    /// The module's name or path; of `include` and `substack` the other file.
    pub target: String,
    /// The arguments, brackets taken off.
    pub arguments: Vec<String>,
}

impl Rule {
    /// Whether it is a line of this module.
    pub fn names(&self, module: &str) -> bool {
        matches!(self.control, Control::Module(_)) && is_module(&self.target, module)
    }
}

/// Why libpam cannot read a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// The first word is no phase.
    UnknownPhase(String),
    /// Nothing behind the phase.
    NoControl,
    /// No module, or no file behind `include`.
    NoTarget,
    /// A backslash at the end of the file: libpam refuses the whole file.
    Unfinished,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownPhase(word) => write!(f, "'{word}' is no type of line"),
            Self::NoControl => f.write_str("there is no control word behind the type"),
            Self::NoTarget => f.write_str("no module or file is named"),
            Self::Unfinished => f.write_str("a backslash at the end of the file joins nothing"),
        }
    }
}

/// What the bytes of one logical line say.
pub(super) fn read(raw: &[u8]) -> Content {
    let Some(line) = text::joined(raw) else {
        return Content::Broken { phase: None, fault: Fault::Unfinished };
    };
    let mut words = text::words(&line).into_iter();
    let Some(first) = words.next() else { return Content::Nothing };
    if first.text.eq_ignore_ascii_case("@include") {
        return match words.next() {
            Some(file) => Content::IncludeFile(file.text),
            None => Content::Broken { phase: None, fault: Fault::NoTarget },
        };
    }
    let (is_quiet, word) =
        first.text.strip_prefix('-').map_or((false, &*first.text), |word| (true, word));
    let phase: Phase = match word.parse() {
        Ok(phase) => phase,
        Err(fault) => return Content::Broken { phase: None, fault },
    };
    let broken = |fault| Content::Broken { phase: Some(phase), fault };
    let Some(control) = words.next() else { return broken(Fault::NoControl) };
    let Some(target) = words.next() else { return broken(Fault::NoTarget) };
    Content::Rule(Rule {
        phase,
        is_quiet,
        control: Control::read(&control.text),
        target: target.text,
        arguments: words.map(|word| word.text).collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::super::PamFile;
    use super::super::control::{Action, Actions};
    use super::*;

    fn only(text: &str) -> Content {
        let file = PamFile::parse(text.as_bytes());
        assert_eq!(file.lines().len(), 1, "{text:?}");
        file.lines()[0].content().clone()
    }

    #[test]
    fn a_line_has_phase_control_module_and_arguments() {
        let Content::Rule(rule) = only("-Auth  Required\t/lib/pam_x.so a [b c\\]] d # e\n") else {
            panic!("no rule")
        };
        assert_eq!((rule.phase, rule.is_quiet), (Phase::Auth, true));
        assert_eq!(rule.control, Control::Module(Box::new(Actions::REQUIRED)));
        assert_eq!(rule.target, "/lib/pam_x.so");
        assert_eq!(rule.arguments, ["a", "b c]", "d"]);
    }

    #[test]
    fn a_line_goes_on_behind_a_backslash() {
        let Content::Rule(rule) = only("account [success=ok \\\n  default=die] \\\n pam_x.so\n")
        else {
            panic!("no rule")
        };
        let Control::Module(actions) = rule.control else { panic!("no module") };
        assert_eq!(actions.on("success"), Action::Ok);
        assert_eq!(actions.on("auth_err"), Action::Die);
    }

    #[test]
    fn other_files_are_named_in_three_ways() {
        assert_eq!(only("@include common-auth\n"), Content::IncludeFile("common-auth".to_owned()));
        for (word, control) in [("include", Control::Include), ("substack", Control::Substack)] {
            let Content::Rule(rule) = only(&format!("auth {word} system-auth")) else {
                panic!("no rule")
            };
            assert_eq!((rule.control, &*rule.target), (control, "system-auth"));
        }
    }

    #[test]
    fn what_libpam_cannot_read_is_no_empty_line() {
        let broken = |phase, fault| Content::Broken { phase, fault };
        assert_eq!(only("auht required x"), broken(None, Fault::UnknownPhase("auht".to_owned())));
        assert_eq!(only("auth"), broken(Some(Phase::Auth), Fault::NoControl));
        assert_eq!(only("account required"), broken(Some(Phase::Account), Fault::NoTarget));
        assert_eq!(only("auth [success=ok pam_x.so"), broken(Some(Phase::Auth), Fault::NoTarget));
        assert_eq!(only("@include"), broken(None, Fault::NoTarget));
        assert_eq!(only("auth required x \\\n"), broken(None, Fault::Unfinished));
    }

    #[test]
    fn comments_and_empty_lines_say_nothing() {
        for text in ["\n", " \t\n", "# auth required pam_x.so\n", "  #\n"] {
            assert_eq!(only(text), Content::Nothing, "{text:?}");
        }
    }
}
