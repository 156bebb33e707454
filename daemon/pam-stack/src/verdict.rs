//! What a stack comes to: every way through it that libpam could take, followed at once.
//!
//! ```text
//! states before an element ──► each result the module can have ──► its action ──► states behind
//! ```
//!
//! A module may return anything, but for those that are known to do one thing (`pam_deny`,
//! `pam_permit`). What is asked is whether a login can succeed past Twinlock, and whether somebody
//! reaches Twinlock who has shown nothing. libpam's `_pam_dispatch_aux` is the model.

use std::collections::BTreeSet;
use std::fmt;

use super::MODULE;
use super::control::{Action, Actions, Control};
use super::first_factor::is_first_factor;
use super::rule::{Phase, Rule};
use super::stack::{Element, Origin, Stack};

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
        }
    }
}

/// Whether nobody gets through a stack without Twinlock, and somebody gets through with it.
///
/// # Errors
/// The first [`Flaw`] in the order of the enum.
pub fn check(stack: &Stack, demand: Demand) -> Result<(), Flaw> {
    if !stack.entries().iter().any(|entry| entry.rule.names(MODULE)) {
        return Err(Flaw::Absent);
    }
    let mut walk = Walk { phase: stack.phase, origins: Vec::new(), is_bare: false };
    let ends = walk.through(&stack.elements, &BTreeSet::from([State::default()]));
    let passed = |state: &&State| state.impression == Impression::Positive;
    if let Some(past) = ends.iter().filter(passed).find(|state| !state.asked && !state.exempt) {
        let by = past.by.and_then(|index| walk.origins.get(index)).cloned();
        return Err(Flaw::Bypass(by));
    }
    if walk.is_bare && demand == Demand::FirstFactor {
        return Err(Flaw::Bare);
    }
    let is_dead = !ends.iter().filter(passed).any(|state| state.asked);
    if is_dead { Err(Flaw::Dead) } else { Ok(()) }
}

/// What libpam thinks of a login so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
enum Impression {
    #[default]
    None,
    Positive,
    Negative,
}

/// A login on its way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
struct State {
    impression: Impression,
    /// It has shown a first factor.
    shown: bool,
    /// Twinlock has let it through.
    asked: bool,
    /// It is root's, by `pam_rootok`.
    exempt: bool,
    /// The line that ended or shortened its way, before Twinlock.
    by: Option<usize>,
}

/// What a module can return, as far as it matters.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Outcome {
    Success,
    Ignore,
    NewPassword,
    Failure,
}

struct Walk {
    phase: Phase,
    origins: Vec<Origin>,
    is_bare: bool,
}

impl Walk {
    /// The states behind these elements, however they were left.
    fn through(&mut self, elements: &[Element], start: &BTreeSet<State>) -> BTreeSet<State> {
        let mut ends = BTreeSet::new();
        let mut at: Vec<BTreeSet<State>> = vec![BTreeSet::new(); elements.len() + 1];
        if let Some(first) = at.first_mut() {
            first.clone_from(start);
        }
        for (index, element) in elements.iter().enumerate() {
            let states = at.get_mut(index).map(std::mem::take).unwrap_or_default();
            for (next, state) in self.step(index, element, states, start) {
                match next {
                    Some(next) if next < elements.len() => {
                        at.get_mut(next).map(|there| there.insert(state));
                    }
                    Some(next) if next == elements.len() => {
                        ends.insert(state);
                    }
                    // A jump past the end fails.
                    Some(_) => {
                        ends.insert(State { impression: Impression::Negative, ..state });
                    }
                    None => {
                        ends.insert(state);
                    }
                }
            }
        }
        if elements.is_empty() {
            ends.clone_from(start);
        }
        ends
    }

    /// Where each state goes from an element: to a further one, or out of the stack.
    fn step(
        &mut self,
        index: usize,
        element: &Element,
        states: BTreeSet<State>,
        start: &BTreeSet<State>,
    ) -> Vec<(Option<usize>, State)> {
        let mut moves = Vec::new();
        match element {
            Element::Substack(_, inside) => {
                let behind = self.through(inside, &states);
                moves.extend(behind.into_iter().map(|state| (Some(index + 1), state)));
            }
            // It fails, and what its control would have made of that is not known.
            Element::Broken(..) => {
                for state in states {
                    moves.push((Some(index + 1), state));
                    moves.push((
                        Some(index + 1),
                        State { impression: Impression::Negative, ..state },
                    ));
                }
            }
            Element::Module(entry) => {
                let Control::Module(actions) = &entry.rule.control else { return moves };
                self.origins.push(entry.origin.clone());
                let origin = self.origins.len() - 1;
                for state in states {
                    for (outcome, action) in self.outcomes(&entry.rule, actions) {
                        let mut after = self.after(&entry.rule, outcome, action, state, origin);
                        moves.extend(act(action, &mut after, index, start));
                    }
                }
            }
        }
        moves
    }

    /// What a module can return here, with what the line makes of it.
    fn outcomes(&self, rule: &Rule, actions: &Actions) -> Vec<(Outcome, Action)> {
        if rule.names("pam_deny.so") {
            return vec![(Outcome::Failure, actions.on("auth_err"))];
        }
        let mut outcomes = vec![(Outcome::Success, actions.on_success())];
        if rule.names("pam_permit.so") {
            return outcomes;
        }
        // What checks a password says whether it is right, unless it was told to keep out of it.
        let may_ignore = !is_first_factor(rule)
            || rule.arguments.iter().any(|argument| argument.starts_with("ignore_"));
        if may_ignore {
            outcomes.push((Outcome::Ignore, actions.on_ignore()));
        }
        if self.phase == Phase::Account && !rule.names(MODULE) {
            outcomes.push((Outcome::NewPassword, actions.on("new_authtok_reqd")));
        }
        outcomes.extend(actions.on_failure().into_iter().map(|act| (Outcome::Failure, act)));
        outcomes
    }

    /// What is known of a login after a module, before the line's action.
    fn after(
        &mut self,
        rule: &Rule,
        outcome: Outcome,
        action: Action,
        before: State,
        origin: usize,
    ) -> State {
        let mut state = before;
        if rule.names(MODULE) {
            let is_open = state.impression != Impression::Negative;
            self.is_bare |= is_open && !state.shown && !state.exempt;
            let lets_through = matches!(outcome, Outcome::Success | Outcome::Ignore);
            state.asked |= lets_through;
            if !lets_through && !matches!(action, Action::Bad | Action::Die) {
                // The line makes nothing of a refusal.
                state.by = Some(origin);
            }
        } else if outcome == Outcome::Success {
            state.shown |= is_first_factor(rule);
            state.exempt |= rule.names("pam_rootok.so");
        }
        if !state.asked && matches!(action, Action::Done | Action::Jump(_)) {
            state.by = Some(origin);
        }
        state
    }
}

/// Does a line's action, and says where the login goes.
fn act(
    action: Action,
    state: &mut State,
    index: usize,
    start: &BTreeSet<State>,
) -> Vec<(Option<usize>, State)> {
    let next = Some(index + 1);
    match action {
        Action::Ignore => vec![(next, *state)],
        Action::Ok | Action::Done => {
            if state.impression == Impression::None {
                state.impression = Impression::Positive;
            }
            let ends = action == Action::Done && state.impression == Impression::Positive;
            vec![(if ends { None } else { next }, *state)]
        }
        Action::Bad => {
            state.impression = Impression::Negative;
            vec![(next, *state)]
        }
        Action::Die => {
            state.impression = Impression::Negative;
            vec![(None, *state)]
        }
        // Back to what libpam thought when the stack began; which of several, is not known here.
        Action::Reset => start
            .iter()
            .map(|start| (next, State { impression: start.impression, ..*state }))
            .collect(),
        Action::Jump(count) => {
            let far = usize::try_from(count).unwrap_or(usize::MAX);
            vec![(Some((index + 1).saturating_add(far)), *state)]
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::super::stack::Folders;
    use super::*;

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
        for control in ["optional", "sufficient", "[success=ok default=ignore]"] {
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
