//! A stack, run for everything that its modules may return.
//!
//! ```text
//! states before a line ──► each return code of its module ──► its action ──► states behind it
//!                                      ok, bad, ignore, reset: the next line
//!                                      done, die: the end of the stack or substack
//!                                      a number: as many lines further on
//! ```
//!
//! libpam's rules (`_pam_dispatch_aux`, pam.conf(5)) over sets of states. A state keeps what matters
//! about Twinlock and forgets the rest, so that a set stays small; lines are walked forwards only,
//! so that it ends.

use std::collections::BTreeSet;

use crate::modules::{Role, role};
use crate::{Action, Control, Element, Entry, Phase, Rule, Stack};

/// The most steps of one run. Stacks of distributions take some hundreds.
const MOST: usize = 500_000;

/// What the stack has made of the results so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Impression {
    /// Nothing counted yet.
    Undefined,
    /// Success, if it stays so.
    Success,
    /// The password has to be changed first; otherwise as success.
    NewPassword,
    /// Failure.
    Failure,
}

/// What became of Twinlock's line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Asked {
    /// It was not reached.
    Never,
    /// It let in.
    Allowed,
    /// No code was wanted.
    Ignored,
    /// It refused.
    Refused,
    /// It had no daemon to ask.
    Unavailable,
}

/// What became of the first factor before Twinlock's line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum FirstFactor {
    /// No module asked for one.
    NotAsked,
    /// The line, by its index, that asked last, in vain.
    Failed(usize),
    /// It was right.
    Shown,
}

/// How a path went past Twinlock's line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Detour {
    /// The index of the line whose result led past it.
    pub line: usize,
    /// Whether that was a password that has to be changed.
    pub expired: bool,
}

/// Where a path through a stack is, as far as Twinlock is concerned.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct State {
    /// What it has come to so far.
    pub impression: Impression,
    /// What became of Twinlock's line.
    pub asked: Asked,
    /// What became of the first factor.
    pub first_factor: FirstFactor,
    /// The first factor as it was when Twinlock's line was reached.
    pub before: Option<FirstFactor>,
    /// The line that led past Twinlock's.
    pub detour: Option<Detour>,
    /// Only root comes this way.
    pub is_root: bool,
}

impl State {
    const START: Self = Self {
        impression: Impression::Undefined,
        asked: Asked::Never,
        first_factor: FirstFactor::NotAsked,
        before: None,
        detour: None,
        is_root: false,
    };

    /// Whether the phase ends well this way.
    pub const fn is_success(&self) -> bool {
        matches!(self.impression, Impression::Success | Impression::NewPassword)
    }
}

/// What is not seen in the files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Assumptions {
    /// What the daemon may say.
    pub daemon: Daemon,
    /// What a module that nobody knows is for.
    pub unknown: Role,
}

/// What the daemon may say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Daemon {
    /// Anything, or it is not there.
    Any,
    /// It is not there.
    Down,
}

/// A result of a module, as far as it matters here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Code {
    Success,
    NewPassword,
    Ignore,
    Failure,
}

/// Where a line leads.
enum Flow {
    Next,
    End,
    Jump(usize),
}

enum Node {
    Module(usize),
    Substack(Vec<Node>),
    Broken,
}

/// Every state in which the stack can end; nothing where it is too large to say.
pub fn run(stack: &Stack, assumptions: Assumptions) -> Option<BTreeSet<State>> {
    let mut count = 0;
    let nodes = nodes(&stack.elements, &mut count);
    let mut machine =
        Machine { entries: stack.entries(), phase: stack.phase, assumptions, left: MOST };
    let ends = machine.walk(&nodes, &State::START);
    (machine.left > 0).then_some(ends)
}

fn nodes(elements: &[Element], count: &mut usize) -> Vec<Node> {
    let node = |element: &Element| match element {
        Element::Module(_) => {
            *count += 1;
            Node::Module(*count - 1)
        }
        Element::Substack(_, inside) => Node::Substack(nodes(inside, count)),
        Element::Broken(..) => Node::Broken,
    };
    elements.iter().map(node).collect()
}

struct Machine<'a> {
    entries: Vec<&'a Entry>,
    phase: Phase,
    assumptions: Assumptions,
    left: usize,
}

impl Machine<'_> {
    /// The states behind these lines, for one in front of them.
    fn walk(&mut self, nodes: &[Node], start: &State) -> BTreeSet<State> {
        let mut ends = BTreeSet::new();
        let mut waiting = vec![BTreeSet::new(); nodes.len() + 1];
        if let Some(first) = waiting.first_mut() {
            first.insert(start.clone());
        }
        for (index, node) in nodes.iter().enumerate() {
            let states = waiting.get_mut(index).map(std::mem::take).unwrap_or_default();
            for state in states {
                self.left = self.left.saturating_sub(1);
                if self.left == 0 {
                    return ends;
                }
                for (mut state, flow) in self.step(node, &state, start, nodes, index) {
                    let next = match flow {
                        Flow::End => {
                            ends.insert(state);
                            continue;
                        }
                        Flow::Next => index + 1,
                        Flow::Jump(count) => index.saturating_add(1).saturating_add(count),
                    };
                    match waiting.get_mut(next) {
                        Some(set) => {
                            set.insert(state);
                        }
                        // A jump over more than there is fails.
                        None => {
                            state.impression = Impression::Failure;
                            ends.insert(state);
                        }
                    }
                }
            }
        }
        ends.extend(waiting.pop().unwrap_or_default());
        ends
    }

    fn step(
        &mut self,
        node: &Node,
        state: &State,
        start: &State,
        nodes: &[Node],
        index: usize,
    ) -> Vec<(State, Flow)> {
        match node {
            // It fails, and what its control would have made of that is not known.
            Node::Broken => {
                let failed = State { impression: Impression::Failure, ..state.clone() };
                vec![(failed, Flow::Next), (state.clone(), Flow::Next)]
            }
            Node::Substack(inside) => {
                self.walk(inside, state).into_iter().map(|state| (state, Flow::Next)).collect()
            }
            Node::Module(line) => {
                let Some(entry) = self.entries.get(*line).copied() else { return Vec::new() };
                let role = self.role(&entry.rule);
                let mut behind = Vec::new();
                for (code, asked, action) in self.results(entry, role) {
                    let mut next = noted(state, *line, role, code, asked);
                    let flow = act(&mut next, start, code, action);
                    let passed = match flow {
                        Flow::Next => 0..0,
                        Flow::End => index + 1..nodes.len(),
                        Flow::Jump(count) => {
                            index + 1..nodes.len().min(index.saturating_add(count) + 1)
                        }
                    };
                    let passed = nodes.get(passed).unwrap_or_default();
                    if next.asked == Asked::Never && self.any_twinlock(passed) {
                        let expired = code == Code::NewPassword;
                        next.detour.get_or_insert(Detour { line: *line, expired });
                    }
                    behind.push((next, flow));
                }
                behind
            }
        }
    }

    fn role(&self, rule: &Rule) -> Role {
        role(&rule.target, self.assumptions.unknown)
    }

    fn any_twinlock(&self, nodes: &[Node]) -> bool {
        nodes.iter().any(|node| match node {
            Node::Module(line) => {
                self.entries.get(*line).is_some_and(|it| self.role(&it.rule) == Role::Twinlock)
            }
            Node::Substack(inside) => self.any_twinlock(inside),
            Node::Broken => false,
        })
    }

    /// What the module of a line may return, and what the line does with it.
    fn results(&self, entry: &Entry, role: Role) -> Vec<(Code, Asked, Action)> {
        let Control::Module(actions) = &entry.rule.control else { return Vec::new() };
        let success = (Code::Success, Asked::Allowed, actions.on_success());
        let ignore = (Code::Ignore, Asked::Ignored, actions.on_ignore());
        let failures = || {
            let all = actions.on_failure().into_iter();
            all.map(|action| (Code::Failure, Asked::Refused, action))
        };
        let mut results = Vec::new();
        match role {
            Role::Twinlock => {
                let down = actions.on("authinfo_unavail");
                results.push((Code::Failure, Asked::Unavailable, down));
                if self.assumptions.daemon == Daemon::Any {
                    let refusals: &[&str] = match self.phase {
                        // Whoever breaks off at the prompt chooses `conv_err`.
                        Phase::Auth => &["auth_err", "maxtries", "conv_err"],
                        _ => &["perm_denied", "maxtries", "conv_err"],
                    };
                    results.extend([success, ignore]);
                    let refuse = |code: &&str| (Code::Failure, Asked::Refused, actions.on(code));
                    results.extend(refusals.iter().map(refuse));
                }
            }
            Role::Permit => results.push(success),
            Role::Deny => results.extend(failures()),
            // It asked, so it says yes or no, unless it was told to keep out of it.
            Role::FirstFactor if self.phase == Phase::Auth => {
                results.push(success);
                if entry.rule.arguments.iter().any(|argument| argument.starts_with("ignore_")) {
                    results.push(ignore);
                }
                results.extend(failures());
            }
            Role::FirstFactor => {
                let expired = actions.on("new_authtok_reqd");
                results.extend([success, (Code::NewPassword, Asked::Allowed, expired)]);
                results.extend(failures());
            }
            Role::Root => {
                results.push(success);
                results.extend(failures());
            }
            Role::Condition | Role::Other => {
                results.extend([success, ignore]);
                results.extend(failures());
            }
        }
        results
    }
}

/// What a result adds to what is known of a path.
fn noted(state: &State, line: usize, role: Role, code: Code, asked: Asked) -> State {
    let mut next = state.clone();
    match role {
        Role::Twinlock => {
            next.before.get_or_insert(state.first_factor);
            next.asked = asked;
        }
        Role::FirstFactor if code == Code::Success => next.first_factor = FirstFactor::Shown,
        Role::FirstFactor if next.first_factor != FirstFactor::Shown => {
            next.first_factor = FirstFactor::Failed(line);
        }
        Role::Root if code == Code::Success => next.is_root = true,
        _ => {}
    }
    next
}

/// Does what a line does with a result.
fn act(state: &mut State, start: &State, code: Code, action: Action) -> Flow {
    match action {
        Action::Ignore => Flow::Next,
        Action::Jump(count) => Flow::Jump(usize::try_from(count).unwrap_or(usize::MAX)),
        Action::Reset => {
            state.impression = start.impression;
            Flow::Next
        }
        Action::Ok | Action::Done => {
            let open = matches!(state.impression, Impression::Undefined | Impression::Success);
            if open {
                state.impression = match code {
                    Code::Success => Impression::Success,
                    Code::NewPassword => Impression::NewPassword,
                    // What is ignored does not count; a failure that is 'ok' is still what the
                    // stack returns.
                    Code::Ignore => state.impression,
                    Code::Failure => Impression::Failure,
                };
            }
            let ends = action == Action::Done && state.is_success();
            if ends { Flow::End } else { Flow::Next }
        }
        Action::Bad => {
            state.impression = Impression::Failure;
            Flow::Next
        }
        Action::Die => {
            state.impression = Impression::Failure;
            Flow::End
        }
    }
}

#[cfg(test)]
mod tests;
