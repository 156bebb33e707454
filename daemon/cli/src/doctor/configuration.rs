//! The configuration: what is wrong with it, and what is doubtful about it.

use std::path::Path;

use twinlock_config::{Caution, Config, Diagnostic, Places, Severity as Degree};

use crate::daemon_user::DaemonUser;

use super::finding::{Area, Finding, Place, Report, Severity};
use crate::settings::is_out_of_sight;

/// What the other checks go by.
#[derive(Default)]
pub(super) struct Settings {
    /// What the configuration says.
    pub config: Config,
    /// Where its keys stand.
    pub places: Places,
}

/// Reads it as the daemon does. Where it is broken the defaults stand in for it, so that the
/// other checks can be made.
pub(super) fn check(
    file: &Path,
    is_root: bool,
    reader: Option<&DaemonUser>,
    report: &mut Report,
) -> Settings {
    if !is_root && is_out_of_sight(file) {
        report.omit_for_root(Area::Configuration, "this user cannot read it");
        return Settings::default();
    }
    report.examined.push(Area::Configuration);
    match twinlock_config::load_as(file, rustix::process::geteuid().as_raw()) {
        Ok(loaded) => {
            let closed = reader.map_or_else(Vec::new, |user| user.closed(&loaded));
            report.findings.extend(closed.iter().map(of_diagnostic));
            report.findings.extend(loaded.warnings.iter().map(of_diagnostic));
            let cautions = loaded.cautions.iter();
            report.findings.extend(cautions.map(|(caution, found)| of_caution(*caution, found)));
            Settings { config: loaded.config, places: loaded.places }
        }
        Err(diagnostics) => {
            report.findings.extend(diagnostics.iter().map(of_diagnostic));
            Settings::default()
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

/// What the policy allows on purpose.
fn of_caution(caution: Caution, diagnostic: &Diagnostic) -> Finding {
    let (fault, severity, why) = match caution {
        Caution::EmailFactor => (
            "email-factor",
            Severity::Warning,
            "Whoever has the mailbox has the code, often with the same password: NIST SP 800-63B \
             does not count e-mail as a second factor.",
        ),
        Caution::AddressTrust => (
            "address-trust",
            Severity::Warning,
            "Everybody behind the same address, an office or a provider's, is trusted with it.",
        ),
        Caution::LongTrust => (
            "long-trust",
            Severity::Note,
            "From there the first factor alone logs in for as long; NIST SP 800-63B asks again \
             after 12 hours.",
        ),
    };
    Finding {
        fault,
        severity,
        why: why.to_owned(),
        mend: format!(
            "Write '{}' there, then: twinlock config check && systemctl reload twinlockd",
            diagnostic.hint.as_deref().unwrap_or_default()
        ),
        ..of_diagnostic(diagnostic)
    }
}
