//! Names of users, groups and PAM services.

use super::Word;
use crate::{faults::Complaint, visible};

/// What a name is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Name {
    /// A user, as NSS spells it: `alice`, `alice@example.org`, `EXAMPLE\alice`.
    User,
    /// A group, as NSS spells it; a directory may put spaces inside: `domain users`.
    Group,
    /// A PAM service: the name of a file in `/etc/pam.d`, which libpam writes in lower case.
    Service,
}

/// The longest name, in bytes: `LOGIN_NAME_MAX` and `NAME_MAX` without the NUL.
const LONGEST: usize = 255;

impl Name {
    const fn noun(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Group => "group",
            Self::Service => "service",
        }
    }

    /// What is wrong with a name of any kind.
    fn general_fault(self, text: &str) -> Option<(&'static str, &'static str)> {
        // What the commas and colons of passwd(5) and group(5), and what a path, cannot hold.
        const PARTS: [char; 3] = [':', ',', '/'];
        if text.trim() != text {
            return Some(("begins or ends with a space", "take the space out"));
        }
        if text.len() > LONGEST {
            return Some(("is longer than 255 bytes", "no system knows a name as long"));
        }
        if visible::escape(text) != text {
            return Some(("holds a character that cannot be seen", "type the name again"));
        }
        if text.contains(['*', '?', '[']) {
            return Some((
                "holds a pattern, and names are compared as they are",
                "name each one, or use `groups`; a list that is left out takes everything",
            ));
        }
        if text.contains(PARTS) {
            return Some(("holds a `:`, `,` or `/`", "one entry holds one name"));
        }
        if text.starts_with('-') || matches!(text, "." | "..") {
            return Some(("is not one that a system can have", "look at the spelling"));
        }
        None
    }

    /// What is wrong with a name of this kind.
    fn own_fault(self, text: &str) -> Option<(&'static str, String)> {
        let bare = text.trim_start_matches(['@', '%', '+']);
        match self {
            Self::User if bare != text => Some((
                "looks like a group",
                format!("name it in `groups`, as {}", visible::quote(bare)),
            )),
            Self::Group if bare != text => {
                Some(("has a mark in front of the name", format!("write {}", visible::quote(bare))))
            }
            Self::Service if text != text.to_lowercase() => Some((
                "is in capitals, and libpam writes every service in small letters",
                format!("write {}", visible::quote(&text.to_lowercase())),
            )),
            Self::Service
                if !text.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-.+@".contains(&b)) =>
            {
                Some((
                    "is not one that a file in /etc/pam.d has",
                    "write the name of the file, such as \"sshd\"".to_owned(),
                ))
            }
            _ => None,
        }
    }
}

impl Word for Name {
    type Value = String;

    fn describe(&self) -> String {
        match self {
            Self::User => "user names".to_owned(),
            Self::Group => "group names".to_owned(),
            Self::Service => "PAM service names".to_owned(),
        }
    }

    fn example(&self) -> String {
        match self {
            Self::User => "alice".to_owned(),
            Self::Group => "staff".to_owned(),
            Self::Service => "sshd".to_owned(),
        }
    }

    fn parse(&self, text: &str) -> Result<String, Complaint> {
        let fault = self.general_fault(text).map(|(what, hint)| (what, hint.to_owned()));
        match fault.or_else(|| self.own_fault(text)) {
            None => Ok(text.to_owned()),
            Some((what, hint)) => {
                let shown = visible::quote(text);
                Err(Complaint::new(format!("the {} name {shown} {what}", self.noun())).hint(hint))
            }
        }
    }

    fn write(&self, value: &String) -> String {
        value.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_systems_have_are_taken() {
        for (kind, name) in [
            (Name::User, "alice"),
            (Name::User, "alice@example.org"),
            (Name::User, "EXAMPLE\\alice"),
            (Name::User, "web1$"),
            (Name::User, "20241234"),
            (Name::User, "Zoë"),
            (Name::Group, "domain users"),
            (Name::Group, "wheel"),
            (Name::Service, "sshd"),
            (Name::Service, "systemd-user"),
            (Name::Service, "polkit-1"),
            (Name::Service, "xrdp-sesman.v2"),
        ] {
            assert_eq!(kind.parse(name), Ok(name.to_owned()));
        }
    }

    #[test]
    fn names_that_cannot_be_are_refused() {
        let long = "x".repeat(256);
        for (kind, name) in [
            (Name::User, " alice"),
            (Name::User, "alice\u{1b}[2J"),
            (Name::User, "al\u{200b}ice"),
            (Name::User, "../alice"),
            (Name::User, "alice:x"),
            (Name::User, "alice,bob"),
            (Name::User, "-alice"),
            (Name::User, ".."),
            (Name::User, "*"),
            (Name::User, "@staff"),
            (Name::User, "%wheel"),
            (Name::User, long.as_str()),
            (Name::Group, "@staff"),
            (Name::Group, "staff?"),
            (Name::Service, "SSHD"),
            (Name::Service, "ssh d"),
            (Name::Service, "/etc/pam.d/sshd"),
            (Name::Service, "sshdä"),
        ] {
            let refused = kind.parse(name).unwrap_err();
            assert!(refused.hint.is_some(), "{name}: {refused:?}");
        }
    }
}
