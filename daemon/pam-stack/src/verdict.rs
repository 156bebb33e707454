//! Whether a stack is sound: no login can succeed past Twinlock, and Twinlock asks nobody who has shown
//! nothing.

use std::fmt;

use crate::machine::{Asked, Assumptions, Daemon, FirstFactor, State, run};
use crate::modules::Role;
use crate::{MODULE, Origin, Stack};

/// What stands in front of Twinlock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Demand {
    /// A module of the stack has to have checked a first factor.
    FirstFactor,
    /// The program has, before it asked PAM: sshd with a key; or it is not the auth phase.
    Nothing,
}

/// What is wrong with Twinlock's place in a stack.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Flaw {
    /// No line names the module.
    Absent,
    /// A login can succeed without Twinlock's word, by way of this line where one is known.
    Bypass(Option<Origin>),
    /// Twinlock asks who has shown no first factor.
    Bare,
    /// No login can succeed.
    Dead,
    /// It has more ways through than can be followed.
    Endless,
}

impl fmt::Display for Flaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Absent => f.write_str("no line names pam_twinlock.so"),
            Self::Bypass(Some(origin)) => {
                write!(f, "{origin} lets a login succeed without Twinlock")
            }
            Self::Bypass(None) => f.write_str("a login can succeed without Twinlock"),
            Self::Bare => f.write_str("somebody who has shown no first factor is asked for a code"),
            Self::Dead => f.write_str("no login can succeed"),
            Self::Endless => f.write_str("it has too many ways through to follow"),
        }
    }
}

/// Whether nobody gets through a stack without Twinlock, and somebody gets through with it. A module
/// that nobody knows counts for nothing.
///
/// # Errors
/// The first [`Flaw`] in the order of the enum.
pub fn check(stack: &Stack, demand: Demand) -> Result<(), Flaw> {
    let entries = stack.entries();
    let Some(own) = entries.iter().find(|entry| entry.rule.names(MODULE)) else {
        return Err(Flaw::Absent);
    };
    let assumptions = Assumptions { daemon: Daemon::Any, unknown: Role::Other };
    let ends = run(stack, assumptions).ok_or(Flaw::Endless)?;
    let let_in: Vec<&State> = ends.iter().filter(|end| end.is_success()).collect();
    let was_asked = |end: &&State| matches!(end.asked, Asked::Allowed | Asked::Ignored);
    if let Some(past) = let_in.iter().find(|end| !was_asked(end) && !end.is_root) {
        let by = match past.asked {
            Asked::Never => past.detour.and_then(|detour| entries.get(detour.line)),
            // The line makes nothing of a refusal.
            _ => Some(own),
        };
        return Err(Flaw::Bypass(by.map(|entry| entry.origin.clone())));
    }
    let is_bare = |end: &&State| !end.is_root && end.before != Some(FirstFactor::Shown);
    if demand == Demand::FirstFactor
        && let_in.iter().copied().filter(was_asked).any(|end| is_bare(&end))
    {
        return Err(Flaw::Bare);
    }
    if let_in.iter().any(was_asked) { Ok(()) } else { Err(Flaw::Dead) }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;
    use crate::{Folders, Phase};

    fn checked(text: &str, phase: Phase, demand: Demand) -> Result<(), Flaw> {
        let common = "auth [success=1 default=ignore] pam_unix.so nullok\nauth requisite \
                      pam_deny.so\nauth required pam_permit.so\nauth optional pam_cap.so\n\
                      account [success=1 new_authtok_reqd=done default=ignore] pam_unix.so\n\
                      account requisite pam_deny.so\naccount required pam_permit.so\n";
        let system = "auth required pam_env.so\nauth sufficient pam_unix.so\nauth required \
                      pam_deny.so\naccount required pam_unix.so\n";
        let folder = PathBuf::from("/nonexistent");
        let folders = Folders::at(vec![folder.clone()])
            .with(folder.join("common"), common.into())
            .with(folder.join("system"), system.into())
            .with(folder.join("s"), text.into());
        check(&Stack::read(&folders, "s", phase).unwrap(), demand)
    }

    fn auth(text: &str) -> Result<(), Flaw> {
        checked(text, Phase::Auth, Demand::FirstFactor)
    }

    const TWINLOCK: &str = "auth required pam_twinlock.so\n";

    #[test]
    fn the_usual_stacks_are_sound() {
        for before in [
            "@include common\n",
            "auth include common\n",
            "auth substack system\n",
            "auth sufficient pam_rootok.so\n@include common\n",
            "auth required pam_unix.so\n",
            "auth requisite pam_unix.so\n",
            "auth [success=1 default=ignore] pam_unix.so\nauth requisite pam_deny.so\n",
            "auth [success=2 default=ignore] pam_unix.so\nauth [success=1 default=ignore] \
             pam_sss.so\nauth requisite pam_deny.so\n",
        ] {
            assert_eq!(auth(&format!("{before}{TWINLOCK}")), Ok(()), "{before}");
        }
    }

    #[test]
    fn a_way_past_twinlock_is_found_with_its_line() {
        for (before, line) in [
            ("auth sufficient pam_unix.so\n", 1),
            ("auth include system\n", 2),
            ("@include common\nauth sufficient pam_wheel.so trust\n", 2),
            ("@include common\nauth [success=done default=ignore] pam_fprintd.so\n", 2),
        ] {
            let Err(Flaw::Bypass(Some(origin))) = auth(&format!("{before}{TWINLOCK}")) else {
                panic!("{before}")
            };
            assert_eq!(origin.line, line, "{before}");
        }
        let jump = "auth [success=1 default=die] pam_unix.so\nauth required pam_twinlock.so\n\
                    auth required pam_permit.so\n";
        assert!(matches!(auth(jump), Err(Flaw::Bypass(Some(origin))) if origin.line == 1));
    }

    #[test]
    fn a_refusal_that_the_line_makes_nothing_of_is_a_way_past() {
        for control in [
            "optional",
            "sufficient",
            "[success=ok default=ignore]",
            "[success=ok auth_err=die maxtries=die authinfo_unavail=die default=ignore]",
            "[default=die success=ok conv_err=ignore]",
        ] {
            let stack = format!("@include common\nauth {control} pam_twinlock.so\n");
            assert!(matches!(auth(&stack), Err(Flaw::Bypass(Some(_)))), "{control}");
        }
        assert_eq!(auth("@include common\nauth requisite pam_twinlock.so\n"), Ok(()));
    }

    #[test]
    fn a_stack_without_a_first_factor_is_bare() {
        for before in [
            "",
            "auth required pam_env.so\n",
            "auth optional pam_unix.so\n",
            "auth required x.so\n",
        ] {
            let stack = format!("{before}{TWINLOCK}auth required pam_permit.so\n");
            assert_eq!(auth(&stack), Err(Flaw::Bare), "{before}");
            assert_eq!(checked(&stack, Phase::Auth, Demand::Nothing), Ok(()), "{before}");
        }
        assert_eq!(auth(&format!("{TWINLOCK}@include common\n")), Err(Flaw::Bare));
    }

    #[test]
    fn a_stack_that_refuses_everybody_is_dead() {
        assert_eq!(auth(&format!("auth required pam_deny.so\n{TWINLOCK}")), Err(Flaw::Dead));
        assert_eq!(auth("@include common\n"), Err(Flaw::Absent));
    }

    #[test]
    fn the_account_line_comes_before_an_early_end() {
        let account = |text: &str| checked(text, Phase::Account, Demand::Nothing);
        assert_eq!(account("account required pam_twinlock.so\n@include common\n"), Ok(()));
        assert!(matches!(
            account("@include common\naccount required pam_twinlock.so\n"),
            Err(Flaw::Bypass(Some(_)))
        ));
    }
}
