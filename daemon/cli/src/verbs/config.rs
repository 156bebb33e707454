//! `twinlock config check`: what is wrong with a configuration, before the daemon reads it.

use std::path::{Path, PathBuf};

use clap::Subcommand;
use twinlock_bus_api::names::CONFIG_FILE;
use twinlock_config::{Diagnostic, Severity};

use crate::escape;
use crate::failure::Failure;
use crate::render::{count, json};
use crate::surroundings::Surroundings;

const JSON_CHECK: &str = "JSON: {valid, diagnostics: [{file, line, column, severity: \
                          error|warning, message, hint}], omitted}.";

/// Look at the configuration
#[derive(clap::Args)]
pub struct Args {
    /// What to do.
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
enum Action {
    /// Say what is wrong with the configuration, with file, line and column
    ///
    /// Exits with 0 where twinlockd would start with it, warnings or not, and with 1 where it
    /// would not.
    #[command(after_long_help = JSON_CHECK)]
    Check {
        /// A file to check, with those in conf.d beside it. Where it is left out: the one of
        /// --config, or /etc/twinlock/twinlock.toml, and then nobody else may be able to write to
        /// it either
        file: Option<PathBuf>,

        /// Print JSON
        #[arg(long)]
        json: bool,
    },
}

/// Checks.
///
/// # Errors
/// [`Failure::Refused`]: the daemon would not start with it.
pub fn run(args: &Args, config: Option<&Path>, around: &mut Surroundings) -> Result<(), Failure> {
    let Action::Check { file, json } = &args.action;
    let is_draft = file.is_some();
    let (file, loaded) = match file {
        // A draft belongs to whoever writes it.
        Some(draft) => (&**draft, twinlock_config::load(draft)),
        None => {
            let file = config.unwrap_or(Path::new(CONFIG_FILE));
            (file, twinlock_config::load_as(file, rustix::process::geteuid().as_raw()))
        }
    };
    match loaded {
        Ok(loaded) => {
            // Where a draft lies it is not obeyed.
            let reader = if is_draft { None } else { (around.daemon_user)(file) };
            let closed = reader.map_or_else(Vec::new, |user| user.closed(&loaded));
            let found: Vec<_> = closed.iter().chain(&loaded.warnings).collect();
            let valid = found.iter().all(|found| found.severity != Severity::Error);
            show(valid, found, 0, file, *json, around)
        }
        Err(diagnostics) => {
            show(false, diagnostics.iter().collect(), diagnostics.omitted(), file, *json, around)
        }
    }
}

fn show(
    valid: bool,
    diagnostics: Vec<&Diagnostic>,
    omitted: usize,
    file: &Path,
    json: bool,
    around: &mut Surroundings,
) -> Result<(), Failure> {
    let errors = diagnostics.iter().filter(|found| found.severity == Severity::Error).count();
    let warnings = diagnostics.len() - errors;
    let name = file.display().to_string();
    if json {
        around.print_bytes(&json::line(&json::Check { valid, diagnostics, omitted })?)?;
    } else {
        for diagnostic in &diagnostics {
            around.print(&format!("{}\n\n", escape::lines(&diagnostic.to_string())))?;
        }
        if omitted > 0 {
            around.print(&format!("and {omitted} more\n\n"))?;
        }
        if valid {
            let name = escape::line(&name);
            around.print(&match warnings {
                0 => format!("{name} is valid.\n"),
                some => format!("{name} is valid, with {}.\n", count(some, "warning")),
            })?;
        }
    }
    if valid {
        return Ok(());
    }
    Err(Failure::refused(format!(
        "{name} has {}, so twinlockd does not start with it, and keeps what it has when it is \
         asked to reload. Mend what is named and check again.",
        count(errors, "error"),
    )))
}
