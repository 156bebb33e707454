//! The command line: what can be typed.

use std::path::PathBuf;

use clap::{Parser, Subcommand};

use crate::verbs;

/// Second factors of logins to this host
#[derive(Parser)]
#[command(
    name = "twinlock",
    version,
    arg_required_else_help = true,
    max_term_width = 100,
    after_help = "Exit codes: 0 done, 1 refused or failed, 2 wrong usage, 3 the daemon cannot be \
                  reached."
)]
pub struct Cli {
    /// Read this configuration file instead of /etc/twinlock/twinlock.toml
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,

    /// What to do.
    #[command(subcommand)]
    pub verb: Verb,
}

/// The verbs.
#[derive(Subcommand)]
#[expect(missing_docs, reason = "each Args says what its verb does, which is the help text too")]
pub enum Verb {
    Status(verbs::status::Args),
    Enroll(verbs::enroll::Args),
    Verify(verbs::verify::Args),
    Factor(verbs::factor::Args),
    Recovery(verbs::recovery::Args),
    Trusted(verbs::trusted::Args),
    Contact(verbs::contact::Args),
    Reset(verbs::reset::Args),
    Invite(verbs::invite::Args),
    Bypass(verbs::bypass::Args),
    Unlock(verbs::unlock::Args),
    Mfa(verbs::mfa::Args),
    User(verbs::user::Args),
    Import(verbs::import::Args),
    Log(verbs::log::Args),
    Why(verbs::why::Args),
    Report(verbs::report::Args),
    Policy(verbs::policy::Args),
    Pam(verbs::pam::Args),
    Config(verbs::config::Args),
    Backup(verbs::backup::Args),
    Restore(verbs::restore::Args),
    Doctor(verbs::doctor::Args),
    Completions(verbs::completions::Args),
}
