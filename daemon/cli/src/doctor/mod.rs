//! `twinlock doctor`: what is wrong with this host as far as logins depend on it, each with its
//! mend.
//!
//! ```text
//! configuration ─► bus, daemon ─► login socket ─► key, store ─► sshd, PAM stacks ─► clock ─► messages
//!        └── one kind of check a file; each adds findings, and what it could not look at
//! ```
//!
//! It changes nothing. What it reads is the host's, not the caller's: fixed paths, no environment,
//! programs by their full path. What it could not look at is said, and is never taken for well.

mod bounded;
mod bus;
mod clock;
mod configuration;
pub mod finding;
mod host;
mod in_force;
mod login_socket;
mod messages;
mod pam;
pub(crate) mod program;
pub(crate) mod sshd;
mod store;

use std::path::Path;

use twinlock_bus_api::names::CONFIG_FILE;
use twinlock_pam_stack::Folders;

use crate::daemon_user::DaemonUser;
use crate::progress::Progress;
use finding::{Area, Report};
use sshd::RootLogin;

/// Examines this host, as the effective user of this process may.
pub fn examine(
    config: Option<&Path>,
    is_root: bool,
    reader: Option<&DaemonUser>,
    progress: &mut Progress,
) -> Report {
    let mut report = Report::default();
    let mut begin = |area: Area| progress.show(&format!("Examining: {}", area.as_str()));

    begin(Area::Configuration);
    let file = config.unwrap_or(Path::new(CONFIG_FILE));
    let settings = configuration::check(file, is_root, reader, &mut report);
    let config = &settings.config;
    begin(Area::Daemon);
    let is_served = bus::check(&config.bus.address, &mut report);
    if is_served {
        in_force::check(&config.bus.address, is_root, &mut report);
    }
    begin(Area::LoginSocket);
    login_socket::check(&config.login.socket, is_root, &mut report);
    begin(Area::Store);
    let (key, store) = (&config.store.key_file, &config.store.path);
    store::check(key, store, is_served, is_root, &mut report);
    begin(Area::Sshd);
    let sshd = sshd::read(is_root, &mut report);
    begin(Area::Pam);
    let asked = pam::Settings {
        socket: &config.login.socket,
        account_services: &config.policy.account_services,
        remembers_session: !config.remember.session.is_zero(),
        root_over_ssh: sshd.as_ref().is_some_and(|sshd| sshd.root.root != RootLogin::No),
    };
    let stack = pam::check(&Folders::default(), &asked, &mut report);
    if let Some(effective) = sshd {
        sshd::check(&effective, stack, &config.policy.account_services, &mut report);
    }
    begin(Area::Clock);
    clock::check(&mut report);
    begin(Area::Email);
    messages::check(&settings, reader, &mut report);
    progress.clear();
    report.sort();
    report
}
