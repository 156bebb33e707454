//! Whether a PAM service has Twinlock's account line.
//!
//! What a login changes takes effect in the account phase. In a service without that line an
//! enrolment at login would be let in and never kept: whoever knows the password would get in
//! again and again, each time with a key of their own. So the daemon follows the service's stack
//! (pam.d(5)) before it offers one. What it cannot read has no such line, nor has a stack in which the
//! account phase can succeed past it.

use std::path::PathBuf;

use twinlock_pam_stack::{
    Folders, MODULE, Phase, Stack, is_module,
    machine::{Asked, Assumptions, Daemon, Impression, State, run},
    modules::{Role, role},
};

/// Modules that are whatever somebody writes.
const SCRIPTS: [&str; 3] = ["pam_exec.so", "pam_python.so", "pam_script.so"];

/// The stacks of this host.
#[derive(Default)]
pub struct Stacks {
    folders: Folders,
}

impl Stacks {
    /// The stacks in these folders.
    pub const fn in_folders(folders: Vec<PathBuf>) -> Self {
        Self { folders: Folders::at(folders) }
    }

    /// Whether the auth phase of this service checks a first factor. One that cannot be read does, and a
    /// module that nobody knows, or that runs a script, is taken for one that does: this is asked to
    /// refuse logins.
    pub fn check_first_factor(&self, service: &str) -> bool {
        let stack = Stack::read(&self.folders, service, Phase::Auth);
        stack.map_or(true, |stack| {
            let factor = |target: &str| {
                role(target, Role::FirstFactor) == Role::FirstFactor
                    || SCRIPTS.iter().any(|script| is_module(target, script))
            };
            stack.entries().iter().any(|entry| factor(&entry.rule.target))
        })
    }

    /// Whether the account phase of this service reaches Twinlock.
    pub fn redeem(&self, service: &str) -> bool {
        is_a_name(service)
            && Stack::read(&self.folders, service, Phase::Account)
                .is_ok_and(|stack| reaches(&stack))
    }
}

/// A file of this very name in a folder, and no way out of it.
fn is_a_name(service: &str) -> bool {
    !service.is_empty()
        && service.chars().all(|c| c.is_ascii_alphanumeric() || "-_.@+".contains(c))
        && !service.starts_with('.')
}

fn reaches(stack: &Stack) -> bool {
    let assumptions = Assumptions { daemon: Daemon::Any, unknown: Role::Other };
    // With a password that has expired the login is not over: it must be changed first. What every
    // line ignored libpam refuses; nothing is to rest upon that.
    let is_over =
        |end: &State| matches!(end.impression, Impression::Success | Impression::Undefined);
    let passes = |end: &State| is_over(end) && end.asked == Asked::Never;
    stack.entries().iter().any(|entry| entry.rule.names(MODULE))
        && run(stack, assumptions).is_some_and(|ends| !ends.iter().any(passes))
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
    fn a_stack_that_checks_nothing_is_known_and_doubt_is_none() {
        for (text, checks) in [
            ("auth required pam_twinlock.so\nauth required pam_permit.so\n", false),
            ("auth required pam_env.so\nauth required pam_twinlock.so\n", false),
            ("auth required pam_unix.so\nauth required pam_twinlock.so\n", true),
            ("auth required pam_exec.so /x\nauth required pam_twinlock.so\n", true),
            ("auth required pam_of_somebody.so\nauth required pam_twinlock.so\n", true),
            ("@include common\nauth required pam_twinlock.so\n", true),
        ] {
            let folder = tempfile::tempdir().unwrap();
            fs::write(folder.path().join("sshd"), text).unwrap();
            fs::write(folder.path().join("common"), "auth requisite pam_sss.so\n").unwrap();
            let stacks = Stacks::in_folders(vec![folder.path().to_owned()]);
            assert_eq!(stacks.check_first_factor("sshd"), checks, "{text}");
            assert!(stacks.check_first_factor("gone"));
        }
    }

    #[test]
    fn a_service_name_never_leaves_the_folder() {
        let files = [("sshd", "account required pam_twinlock.so")];
        for service in ["", ".", "..", "../sshd", "/etc/pam.d/sshd", "sshd\0", "a/b"] {
            assert!(!redeems(&files, service), "{service:?}");
        }
    }
}
