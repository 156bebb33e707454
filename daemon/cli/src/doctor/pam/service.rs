//! One service: its stacks, run, and what each path means.

use std::collections::BTreeSet;

use twinlock_pam_stack::machine::{Assumptions, Daemon, State, run};
use twinlock_pam_stack::modules::{self, Role};
use twinlock_pam_stack::{Entry, Folders, Phase, Stack, StackError};

/// A module that nobody knows is taken for a first factor: where it ends a stack, somebody comes in by
/// it.
const fn assuming(daemon: Daemon) -> Assumptions {
    Assumptions { daemon, unknown: Role::FirstFactor }
}

/// What the module of this name or path is for, with the same caution.
pub(super) fn role(target: &str) -> Role {
    modules::role(target, Role::FirstFactor)
}

/// A phase of a service, with where each path through it ends.
pub(super) struct Run {
    /// The stack.
    pub stack: Stack,
    /// The states in which it ends.
    pub ends: BTreeSet<State>,
}

impl Run {
    /// The line with this index.
    pub fn entry(&self, line: usize) -> Option<&Entry> {
        self.stack.entries().get(line).copied()
    }

    /// The lines of modules with this role.
    pub fn lines(&self, wanted: Role) -> Vec<&Entry> {
        let mut entries = self.stack.entries();
        entries.retain(|entry| role(&entry.rule.target) == wanted);
        entries
    }

    /// Whether Twinlock has a line in it.
    pub fn has_twinlock(&self) -> bool {
        !self.lines(Role::Twinlock).is_empty()
    }

    /// Whether a login can pass this phase while the daemon is down.
    pub fn passes_without_daemon(&self) -> bool {
        let ends = run(&self.stack, assuming(Daemon::Down)).unwrap_or_default();
        ends.iter().any(|end| end.is_success() && !end.is_root)
    }
}

/// A service.
pub(super) struct Service {
    /// Its name.
    pub name: String,
    /// `auth`.
    pub auth: Run,
    /// `account`.
    pub account: Run,
}

/// Why a service was not looked at.
#[derive(Debug)]
pub(super) enum Unread {
    /// Its files.
    Stack(StackError),
    /// They are too large to run.
    TooLarge,
}

impl Service {
    /// Reads and runs a service's stacks.
    ///
    /// # Errors
    /// [`Unread`].
    pub fn read(folders: &Folders, name: &str) -> Result<Self, Unread> {
        let phase = |phase| {
            let stack = Stack::read(folders, name, phase).map_err(Unread::Stack)?;
            let ends = run(&stack, assuming(Daemon::Any)).ok_or(Unread::TooLarge)?;
            Ok(Run { stack, ends })
        };
        Ok(Self {
            name: name.to_owned(),
            auth: phase(Phase::Auth)?,
            account: phase(Phase::Account)?,
        })
    }

    /// Whether Twinlock has an auth or an account line in it.
    pub fn has_twinlock(&self) -> bool {
        self.auth.has_twinlock() || self.account.has_twinlock()
    }

    /// Whether somebody can come in while the daemon is down.
    pub fn opens_without_daemon(&self) -> bool {
        self.auth.passes_without_daemon() && self.account.passes_without_daemon()
    }
}
