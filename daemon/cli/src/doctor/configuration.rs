//! The configuration: what is wrong with it, and what is doubtful about it.

use std::path::Path;

use twinlock_config::{Config, Diagnostic, Severity as Degree};

use super::finding::{Area, Finding, Place, Report, Severity};
use crate::settings::is_out_of_sight;

/// Reads it as the daemon does. Where it is broken the defaults stand in for it, so that the
/// other checks can be made.
pub(super) fn check(file: &Path, is_root: bool, report: &mut Report) -> Config {
    if !is_root && is_out_of_sight(file) {
        report.omit_for_root(Area::Configuration, "this user cannot read it");
        return Config::default();
    }
    report.examined.push(Area::Configuration);
    match twinlock_config::load_as(file, rustix::process::geteuid().as_raw()) {
        Ok(loaded) => {
            report.findings.extend(loaded.warnings.iter().map(of_diagnostic));
            loaded.config
        }
        Err(diagnostics) => {
            report.findings.extend(diagnostics.iter().map(of_diagnostic));
            Config::default()
        }
    }
}

fn of_diagnostic(diagnostic: &Diagnostic) -> Finding {
    let place = Some(Place { file: diagnostic.file.clone(), line: diagnostic.line });
    let (fault, severity, why) = match diagnostic.severity {
        Degree::Error => (
            "configuration-broken",
            Severity::Severe,
            "twinlockd does not start with it, and keeps what it has when it is asked to reload.",
        ),
        Degree::Warning => (
            "configuration-doubtful",
            Severity::Warning,
            "It does not do what it seems to say, or weakens what it protects.",
        ),
    };
    let line = if diagnostic.line.is_some() { "Mend the line" } else { "Mend the file" };
    let check = "twinlock config check && systemctl reload twinlockd";
    let mend = match &diagnostic.hint {
        Some(hint) => format!("{hint}; then: {check}"),
        None => format!("{line}, then: {check}"),
    };
    Finding {
        area: Area::Configuration,
        fault,
        severity,
        place,
        what: diagnostic.message.clone(),
        why: why.to_owned(),
        mend,
    }
}
