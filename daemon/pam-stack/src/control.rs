//! The second word of a line: what each return code of the module does to the stack.

/// The return codes by the words of a file, in the order of their numbers.
const CODES: [&str; 32] = [
    "success",
    "open_err",
    "symbol_err",
    "service_err",
    "system_err",
    "buf_err",
    "perm_denied",
    "auth_err",
    "cred_insufficient",
    "authinfo_unavail",
    "user_unknown",
    "maxtries",
    "new_authtok_reqd",
    "acct_expired",
    "session_err",
    "cred_unavail",
    "cred_expired",
    "cred_err",
    "no_module_data",
    "conv_err",
    "authtok_err",
    "authtok_recover_err",
    "authtok_lock_busy",
    "authtok_disable_aging",
    "try_again",
    "ignore",
    "abort",
    "authtok_expired",
    "module_unknown",
    "bad_item",
    "conv_again",
    "incomplete",
];

const SUCCESS: usize = 0;
const NEW_AUTHTOK_REQD: usize = 12;
const IGNORE: usize = 25;

/// What a line is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Control {
    /// A module, and what its return codes do.
    Module(Box<Actions>),
    /// The lines of this phase of another file, in this place.
    Include,
    /// The same, with ends and resets confined to them.
    Substack,
}

impl Control {
    /// Reads the word, without brackets. A word that libpam does not know makes every code bad.
    pub fn read(word: &str) -> Self {
        let is = |name: &str| word.eq_ignore_ascii_case(name);
        match () {
            () if is("include") => Self::Include,
            () if is("substack") => Self::Substack,
            () if is("required") => Self::Module(Box::new(Actions::REQUIRED)),
            () if is("requisite") => Self::Module(Box::new(Actions::REQUISITE)),
            () if is("optional") => Self::Module(Box::new(Actions::OPTIONAL)),
            () if is("sufficient") => Self::Module(Box::new(Actions::SUFFICIENT)),
            () => Self::Module(Box::new(Actions::read(word).unwrap_or(Actions::BAD))),
        }
    }
}

/// What a return code does to the stack.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Action {
    /// Nothing.
    Ignore,
    /// It counts as success, unless there was a failure before.
    Ok,
    /// The same, and the stack (or substack) ends here unless there was a failure before.
    Done,
    /// The stack fails, and goes on.
    Bad,
    /// The stack (or substack) fails and ends.
    Die,
    /// Everything before in the stack (or substack) is forgotten.
    Reset,
    /// So many modules are jumped over.
    Jump(u32),
}

/// An action for each return code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actions([Action; CODES.len()]);

impl Actions {
    /// `required`.
    pub const REQUIRED: Self = Self::word(Action::Ok, Action::Ignore, Action::Bad);
    /// `requisite`.
    pub const REQUISITE: Self = Self::word(Action::Ok, Action::Ignore, Action::Die);
    /// `optional`.
    pub const OPTIONAL: Self = Self::word(Action::Ok, Action::Ignore, Action::Ignore);
    /// `sufficient`.
    pub const SUFFICIENT: Self = Self::word(Action::Done, Action::Ignore, Action::Ignore);
    /// What libpam makes of a control that it cannot read.
    pub const BAD: Self = Self([Action::Bad; CODES.len()]);

    const fn word(success: Action, ignore: Action, other: Action) -> Self {
        let mut actions = [other; CODES.len()];
        actions[SUCCESS] = success;
        actions[NEW_AUTHTOK_REQD] = success;
        actions[IGNORE] = ignore;
        Self(actions)
    }

    /// Reads `value=action …`. Nothing where libpam cannot.
    fn read(text: &str) -> Option<Self> {
        let mut set = [None; CODES.len()];
        let mut rest = text.trim_start();
        while !rest.is_empty() {
            let (code, behind) = code(rest)?;
            let behind = behind.trim_start().strip_prefix('=')?.trim_start();
            let (action, behind) = action(behind)?;
            match code {
                Some(code) => *set.get_mut(code)? = Some(action),
                // Those that have no action yet: later ones overwrite, as in libpam.
                None => set.iter_mut().for_each(|set| {
                    set.get_or_insert(action);
                }),
            }
            rest = behind.trim_start();
        }
        Some(Self(set.map(|set| set.unwrap_or(Action::Bad))))
    }

    /// What a return code does, by its word in pam.d(5); for a word that is none, what
    /// [`Action::Bad`] says.
    pub fn on(&self, code: &str) -> Action {
        let index = CODES.iter().position(|name| *name == code);
        index.and_then(|index| self.0.get(index)).copied().unwrap_or(Action::Bad)
    }

    /// What `PAM_SUCCESS` does.
    pub const fn on_success(&self) -> Action {
        self.0[SUCCESS]
    }

    /// What `PAM_IGNORE` does.
    pub const fn on_ignore(&self) -> Action {
        self.0[IGNORE]
    }

    /// What the codes of failure do, each action once: all but success, ignore, a password that has
    /// to be changed, and those that no module returns.
    pub fn on_failure(&self) -> Vec<Action> {
        let mut actions: Vec<Action> = CODES
            .iter()
            .zip(self.0)
            .filter(|(code, _)| {
                !["success", "ignore", "new_authtok_reqd", "incomplete"].contains(code)
            })
            .map(|(_, action)| action)
            .collect();
        actions.sort_unstable();
        actions.dedup();
        actions
    }

    /// The control word or the brackets that mean this, short, for people.
    pub fn summary(&self) -> String {
        for (word, actions) in [
            ("required", Self::REQUIRED),
            ("requisite", Self::REQUISITE),
            ("optional", Self::OPTIONAL),
            ("sufficient", Self::SUFFICIENT),
        ] {
            if *self == actions {
                return word.to_owned();
            }
        }
        format!("[success={} …]", self.on_success().word())
    }
}

impl Action {
    /// The word in a file.
    pub fn word(self) -> String {
        match self {
            Self::Ignore => "ignore".to_owned(),
            Self::Ok => "ok".to_owned(),
            Self::Done => "done".to_owned(),
            Self::Bad => "bad".to_owned(),
            Self::Die => "die".to_owned(),
            Self::Reset => "reset".to_owned(),
            Self::Jump(count) => count.to_string(),
        }
    }
}

/// A return code at the start of a text, and what follows; the code is none for `default`.
/// The first word that fits, in libpam's order, even where it is a part of a longer one.
fn code(text: &str) -> Option<(Option<usize>, &str)> {
    let named = CODES
        .iter()
        .enumerate()
        .find_map(|(index, name)| Some((Some(index), text.strip_prefix(name)?)));
    named.or_else(|| Some((None, text.strip_prefix("default")?)))
}

fn action(text: &str) -> Option<(Action, &str)> {
    for (word, action) in [
        ("ignore", Action::Ignore),
        ("ok", Action::Ok),
        ("done", Action::Done),
        ("bad", Action::Bad),
        ("die", Action::Die),
        ("reset", Action::Reset),
    ] {
        if let Some(behind) = text.strip_prefix(word) {
            return Some((action, behind));
        }
    }
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, behind) = text.split_at(digits);
    // libpam knows no jump over nothing, nor past what an int holds.
    let count: u32 =
        number.parse().ok().filter(|count| (1..=i32::MAX.unsigned_abs()).contains(count))?;
    Some((Action::Jump(count), behind))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn actions(text: &str) -> Actions {
        match Control::read(text) {
            Control::Module(actions) => *actions,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn words_mean_what_the_manual_says() {
        for (word, brackets) in [
            ("required", "success=ok new_authtok_reqd=ok ignore=ignore default=bad"),
            ("requisite", "success=ok new_authtok_reqd=ok ignore=ignore default=die"),
            ("sufficient", "success=done new_authtok_reqd=done default=ignore"),
            ("Optional", "success=ok new_authtok_reqd=ok default=ignore"),
        ] {
            assert_eq!(actions(word), actions(brackets), "{word}");
        }
    }

    #[test]
    fn brackets_are_read_with_blanks_and_without() {
        let read = actions("success = 1default=ignore\tuser_unknown=reset");
        assert_eq!(read.on_success(), Action::Jump(1));
        assert_eq!(read.on("auth_err"), Action::Ignore);
        // A default fills what is not set yet; what follows it sets again.
        assert_eq!(read.on("user_unknown"), Action::Reset);
    }

    #[test]
    fn a_code_without_an_action_is_bad() {
        assert_eq!(actions("success=ok").on_ignore(), Action::Bad);
        assert_eq!(actions("success=ok").on_failure(), [Action::Bad]);
    }

    #[test]
    fn what_libpam_cannot_read_is_bad_altogether() {
        for text in [
            "",
            "sucess=ok",
            "success",
            "success=",
            "success=end",
            "success=0",
            "success=99999999999",
        ] {
            assert_eq!(actions(text), Actions::BAD, "{text:?}");
        }
    }
}
