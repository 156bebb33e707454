//! The PAM stacks of every service: whether Twinlock is asked on each path that lets somebody in.
//!
//! ```text
//! service.rs: each phase, with every state in which it can end ─► faults.rs ─► findings
//!                                                                   └── mend.rs: lines to write
//! ```

mod faults;
mod mend;
mod module_file;
mod service;
mod session;
mod sibling;
mod way_in;

use std::collections::BTreeSet;
use std::path::Path;

use twinlock_pam_stack::modules::Role;
use twinlock_pam_stack::{Content, Control, Folders, PamFile};

use super::finding::{Area, Finding, Report, Severity};
use super::sshd;
use faults::Look;
use service::{Service, Unread};

/// What the configuration says that the stacks depend on.
pub(super) struct Settings<'a> {
    /// The socket that the daemon serves.
    pub socket: &'a Path,
    /// `account_services`.
    pub account_services: &'a [String],
    /// Whether `[remember] session` spares su and sudo a code.
    pub remembers_session: bool,
    /// Whether sshd lets root in; unknown counts as no.
    pub root_over_ssh: bool,
}

/// Looks at every service. Returns what sshd's settings are to be held against, if its stack has
/// Twinlock.
pub(super) fn check(
    folders: &Folders,
    settings: &Settings<'_>,
    report: &mut Report,
) -> Option<sshd::Stack> {
    let names = match folders.services() {
        Ok(names) => names,
        Err(cause) => {
            report.omit_for_root(Area::Pam, cause.to_string());
            return None;
        }
    };
    report.examined.push(Area::Pam);
    let services = read(folders, &names, report);
    let decides_keys = |name: &str| settings.account_services.iter().any(|service| service == name);
    let mut found = Vec::new();
    for service in services.iter().filter(|service| service.has_twinlock()) {
        let look = Look {
            service,
            folders,
            socket: settings.socket,
            decides_keys: decides_keys(&service.name),
        };
        found.extend(look.all());
        let runs = [&service.auth, &service.account];
        let lines = runs.into_iter().flat_map(|run| run.lines(Role::Twinlock));
        found.extend(lines.filter_map(module_file::check));
    }
    found.extend(unasked(&services));
    found.extend(names.iter().filter_map(|name| sibling::check(folders, name)));
    let asks = |name: &str| services.iter().any(|it| it.name == name && it.has_twinlock());
    if settings.remembers_session && asks("sshd") {
        found.extend(session::check(folders, "sshd"));
    }
    found.extend(way_in::check(&services, settings.root_over_ssh));
    // A file that several services include is at fault once.
    let mut known = BTreeSet::new();
    found.retain(|finding| known.insert((finding.fault, finding.place.clone())));
    report.findings.extend(found);

    let sshd = services.iter().find(|service| service.name == "sshd" && service.has_twinlock())?;
    Some(sshd::Stack {
        asks_first_factor: !sshd.auth.lines(Role::FirstFactor).is_empty(),
        sees_keys: sshd.account.has_twinlock() && decides_keys("sshd"),
    })
}

/// Reads the services among the files; what cannot be read is said.
fn read(folders: &Folders, names: &[String], report: &mut Report) -> Vec<Service> {
    let parts = included(folders, names);
    let mut services = Vec::new();
    for name in names.iter().filter(|name| is_service(name)) {
        match Service::read(folders, name) {
            // A file that others take in, and that is no whole stack, is a part of theirs.
            Ok(service) if parts.contains(name.as_str()) && is_part(&service) => {}
            Ok(service) => services.push(service),
            Err(Unread::TooLarge) => {
                report.omit(Area::Pam, format!("the stack of {name} is too large to follow"));
            }
            Err(Unread::Stack(cause)) => {
                report.omit(Area::Pam, format!("{name}: {cause}"));
            }
        }
    }
    services
}

/// Whether a file can be a service: not a part by its name, nor what an editor or a package left.
fn is_service(name: &str) -> bool {
    let part = ["common-", "system-auth", "password-auth", "postlogin", "fingerprint-auth"];
    let left = [".bak", ".orig", ".rpmnew", ".rpmsave", ".swp", "~"];
    !part.iter().any(|start| name.starts_with(start))
        && !left.iter().any(|end| name.ends_with(end))
        && !name.contains(".dpkg-")
        && !name.starts_with('.')
}

fn is_part(service: &Service) -> bool {
    service.auth.stack.elements.is_empty() || service.account.stack.elements.is_empty()
}

/// The files that other files take in.
fn included(folders: &Folders, names: &[String]) -> BTreeSet<String> {
    let mut included = BTreeSet::new();
    for (_, bytes) in names.iter().filter_map(|name| folders.read(name).ok()) {
        for line in PamFile::parse(&bytes).lines() {
            match line.content() {
                Content::IncludeFile(name) => included.insert(name.clone()),
                Content::Rule(rule) if !matches!(rule.control, Control::Module(_)) => {
                    included.insert(rule.target.clone())
                }
                _ => false,
            };
        }
    }
    included
}

/// Where nobody, or nobody over SSH, is asked.
fn unasked(services: &[Service]) -> Option<Finding> {
    let finding = |fault, severity, what: &str, mend: &str| Finding {
        area: Area::Pam,
        fault,
        severity,
        place: None,
        what: what.to_owned(),
        why: "Nobody is asked for a code there.".to_owned(),
        mend: mend.to_owned(),
    };
    if !services.iter().any(Service::has_twinlock) {
        return Some(finding(
            "pam-nowhere",
            Severity::Warning,
            "no service has a line of Twinlock",
            "twinlock pam enable sshd",
        ));
    }
    let sshd = services.iter().find(|service| service.name == "sshd")?;
    (!sshd.has_twinlock()).then(|| {
        finding(
            "pam-not-over-ssh",
            Severity::Note,
            "sshd has no line of Twinlock",
            "twinlock pam enable sshd",
        )
    })
}

#[cfg(test)]
mod tests;
