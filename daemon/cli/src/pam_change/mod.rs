//! Twinlock's lines in the stacks of this host: put in, guarded, confirmed, taken out.
//!
//! ```text
//! place.rs   where the lines go ──► plan.rs   which files change, and how ◄── sshd.rs
//!                                      │ shown, and agreed to
//! record.rs  what was there before ◄── change.rs ──► guard.rs   who takes it back unasked
//!      │                                  │    └──► reload.rs  sshd reads what was written
//!      │                                  └──► write.rs  each file in one step
//!      └──► take_back.rs  at the deadline, after a reboot, or when asked
//! ```
//!
//! Order is what makes it safe: the record is durable and the guard is armed before the first file
//! changes, and the record goes after the last file is as it was. Everything here is root's work on
//! root's files; nothing asks the daemon, which may be dead when a change is taken back.

pub mod change;
pub mod demands;
pub mod guard;
pub mod place;
pub mod plan;
pub mod record;
mod reload;
pub mod sshd;
pub mod survey;
pub mod take_back;
pub mod write;

use std::path::PathBuf;

use twinlock_pam_stack::stack::Folders;

use guard::{Guard, SystemGuard};
use sshd::Sshd;

/// The files of a host that a change concerns.
pub struct Machine {
    /// The folders of stacks, the administrator's first.
    pub folders: Vec<PathBuf>,
    /// Directories of modules.
    pub modules: Vec<PathBuf>,
    /// The files of sshd.
    pub sshd: Sshd,
    /// Where records of changes lie; made for root alone.
    pub records: PathBuf,
    /// Whose files may be changed: root's.
    pub owner: u32,
    /// Who takes a change back unasked.
    pub guard: Box<dyn Guard>,
}

impl Machine {
    /// This host.
    pub fn this() -> Self {
        Self {
            folders: ["/etc/pam.d", "/usr/lib/pam.d"].map(PathBuf::from).to_vec(),
            modules: module_directories(),
            sshd: Sshd::this(),
            records: PathBuf::from("/var/lib/twinlock-pam"),
            owner: 0,
            guard: Box::new(SystemGuard),
        }
    }

    /// The stacks of the host as they are.
    pub fn stacks(&self) -> Folders {
        Folders::at(self.folders.clone())
    }

    /// The administrator's file of a service.
    pub fn file_of(&self, service: &str) -> PathBuf {
        self.folders.first().map(|folder| folder.join(service)).unwrap_or_default()
    }
}

/// Where distributions have libpam look for modules: below `/usr/lib`, `/usr/lib64`, and on Debian a
/// directory of the architecture.
fn module_directories() -> Vec<PathBuf> {
    let mut directories: Vec<PathBuf> =
        ["/usr/lib64/security", "/usr/lib/security", "/lib64/security", "/lib/security"]
            .map(PathBuf::from)
            .to_vec();
    for parent in ["/usr/lib", "/lib"] {
        let entries = std::fs::read_dir(parent).into_iter().flatten().flatten();
        directories.extend(entries.map(|entry| entry.path().join("security")));
    }
    directories.retain(|directory| directory.is_dir());
    directories
}

/// Whether this can be the name of a service: what libpam makes of a program's own, in lower case,
/// and nothing that leads out of the folder.
pub fn is_service_name(name: &str) -> bool {
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-_.@+".contains(c);
    !name.is_empty() && name.len() <= 64 && !name.starts_with('.') && name.chars().all(fits)
}
