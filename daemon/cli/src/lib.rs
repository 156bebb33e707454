//! `twinlock`, the command: a client of the daemon on the system bus.
//!
//! - [`cli`]: what can be typed; [`verbs`]: what each verb does, one a file.
//! - [`client`]: the daemon, in bounded time; [`settings`]: where its bus is; [`people`]: who
//!   may log in to this host.
//! - [`pam_change`]: our lines in files of `/etc/pam.d`, and how they come out again.
//! - [`import`]: factors that other programs made, read from their files.
//! - [`backup_file`]: a backup on the disk; [`passphrase`]: what opens it; [`input_file`]: how files that
//!   somebody names are opened.
//! - [`daemon_user`]: what the daemon may read; [`doctor`]: what is wrong with the host; [`report`]: what an auditor asks.
//! - [`render`]: what is shown; [`picture_file`]: a QR code on the disk; [`prompt`]: what is asked;
//!   [`escape`]: how text from outside is made safe to show.
//!
//! It trusts the configuration file and the bus that the file names. It reads no environment
//! variable, holds secrets in wiping memory, and needs no privilege of its own: the daemon
//! decides who may do what.
#![forbid(unsafe_code)]

pub mod backup_file;
pub mod cli;
pub mod client;
pub mod daemon_user;
pub mod doctor;
pub mod escape;
pub mod failure;
pub mod import;
pub mod input_file;
pub mod pam_change;
pub mod passphrase;
pub mod people;
pub mod picture_file;
pub mod progress;
pub mod prompt;
pub mod render;
pub mod report;
pub mod secret;
pub mod settings;
pub mod surroundings;
pub mod verbs;
mod version;

use clap::CommandFactory;

use cli::{Cli, Verb};
use failure::Failure;
use surroundings::Surroundings;

/// The command line as data, for manual pages and completions.
pub fn command() -> clap::Command {
    Cli::command()
}

/// Does what the command line says.
///
/// # Errors
/// [`Failure`], whose sentence and exit code end the process.
pub fn run(cli: Cli, around: &mut Surroundings) -> Result<(), Failure> {
    let config = cli.config.as_deref();
    match cli.verb {
        Verb::Status(args) => verbs::status::run(args, &mut around.client(config)?, around),
        Verb::Enroll(args) => verbs::enroll::run(args, &mut around.client(config)?, around),
        Verb::Verify(args) => verbs::verify::run(args, &mut around.client(config)?, around),
        Verb::Factor(args) => verbs::factor::run(args, &mut around.client(config)?, around),
        Verb::Recovery(args) => verbs::recovery::run(args, &mut around.client(config)?, around),
        Verb::Trusted(args) => verbs::trusted::run(args, &mut around.client(config)?, around),
        Verb::Contact(args) => verbs::contact::run(args, &mut around.client(config)?, around),
        Verb::Reset(args) => verbs::reset::run(args, &mut around.client(config)?, around),
        Verb::Invite(args) => verbs::invite::run(&args, &mut around.client(config)?, around),
        Verb::Bypass(args) => verbs::bypass::run(args, &mut around.client(config)?, around),
        Verb::Unlock(args) => verbs::unlock::run(&args, &mut around.client(config)?, around),
        Verb::Mfa(args) => verbs::mfa::run(&args, &mut around.client(config)?, around),
        Verb::User(args) => verbs::user::run(args, &mut around.client(config)?, around),
        Verb::Import(args) => verbs::import::run(args, &mut around.client(config)?, around),
        Verb::Log(args) => verbs::log::run(args, &mut around.client(config)?, around),
        Verb::Why(args) => verbs::why::run(&args, &mut around.client(config)?, around),
        Verb::Report(args) => verbs::report::run(&args, &mut around.client(config)?, around),
        Verb::Policy(args) => verbs::policy::run(args, &mut around.client(config)?, around),
        Verb::Pam(args) => verbs::pam::run(args, config, around),
        Verb::Config(args) => verbs::config::run(&args, config, around),
        Verb::Backup(args) => verbs::backup::run(&args, &mut around.client(config)?, around),
        Verb::Restore(args) => verbs::restore::run(&args, &mut around.client(config)?, around),
        Verb::Doctor(args) => verbs::doctor::run(&args, config, around),
        Verb::Completions(args) => verbs::completions::run(&args, around),
    }
}
