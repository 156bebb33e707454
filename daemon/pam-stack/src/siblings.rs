//! Programs that ask PAM under a name of its own for a login shell: `sudo -i` (sudoers(5),
//! `pam_login_service`) and `su -` (su(1)). Where the one service asks for a code and the other does
//! not, the code is a matter of two letters.

use crate::{Folders, MODULE, Phase, Stack};

/// Each service, the other one of the same program, and what is typed for that.
const SIBLINGS: [(&str, Sibling); 4] = [
    ("sudo", Sibling { service: "sudo-i", typed: "sudo -i" }),
    ("sudo-i", Sibling { service: "sudo", typed: "sudo COMMAND" }),
    ("su", Sibling { service: "su-l", typed: "su -" }),
    ("su-l", Sibling { service: "su", typed: "su" }),
];

/// The other service of the same program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sibling {
    /// Its name.
    pub service: &'static str,
    /// What a user types to come by it.
    pub typed: &'static str,
}

/// The sibling of a service that asks Twinlock, where the sibling has a stack of its own and does not
/// ask, not by an include either.
pub fn unasked(folders: &Folders, service: &str) -> Option<Sibling> {
    let (_, sibling) = SIBLINGS.iter().find(|(name, _)| *name == service)?;
    let asks = |name| {
        let stack = Stack::read(folders, name, Phase::Auth).ok()?;
        let entries = stack.entries();
        Some(entries.iter().any(|entry| entry.rule.names(MODULE)))
    };
    (asks(service) == Some(true) && asks(sibling.service) == Some(false)).then_some(*sibling)
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    fn found(files: &[(&str, &str)], service: &str) -> Option<&'static str> {
        let folder = PathBuf::from("/nonexistent");
        let folders =
            files.iter().fold(Folders::at(vec![folder.clone()]), |folders, (name, text)| {
                folders.with(folder.join(name), text.as_bytes().to_vec())
            });
        unasked(&folders, service).map(|sibling| sibling.service)
    }

    const PLAIN: &str = "auth required pam_unix.so\n";
    const ASKS: &str = "auth required pam_unix.so\nauth required pam_twinlock.so\n";

    #[test]
    fn a_login_shell_that_needs_no_code_is_found_and_the_reverse() {
        assert_eq!(found(&[("sudo", ASKS), ("sudo-i", PLAIN)], "sudo"), Some("sudo-i"));
        assert_eq!(found(&[("sudo", PLAIN), ("sudo-i", ASKS)], "sudo-i"), Some("sudo"));
        assert_eq!(found(&[("su", ASKS), ("su-l", PLAIN)], "su"), Some("su-l"));
    }

    #[test]
    fn one_that_asks_too_is_absent_or_whose_sibling_does_not_ask_is_none() {
        assert_eq!(found(&[("sudo", ASKS), ("sudo-i", ASKS)], "sudo"), None);
        assert_eq!(found(&[("su", ASKS), ("su-l", "auth include su\n")], "su"), None, "by include");
        assert_eq!(found(&[("su", ASKS), ("su-l", "@include su\n")], "su"), None);
        assert_eq!(found(&[("sudo", ASKS)], "sudo"), None);
        assert_eq!(found(&[("sudo", PLAIN), ("sudo-i", PLAIN)], "sudo"), None);
        assert_eq!(found(&[("sshd", ASKS), ("sudo-i", PLAIN)], "sshd"), None);
    }
}
