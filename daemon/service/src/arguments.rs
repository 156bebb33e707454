//! The daemon's command line.

use std::path::PathBuf;

use clap::{CommandFactory, Parser};
use twinlock_bus_api::names::CONFIG_FILE;

/// The daemon of Twinlock: it decides who is asked for a second factor, verifies it, and remembers.
#[derive(Debug, Parser)]
#[command(name = "twinlockd", version)]
pub struct Arguments {
    /// The configuration; files of conf.d beside it are read after it.
    #[arg(long, value_name = "FILE", default_value = CONFIG_FILE)]
    pub config: PathBuf,
    /// Make the key that seals the store, if there is none and the store is empty, and exit.
    #[arg(long)]
    pub make_key: bool,
}

/// The command line as data, for the manual page.
pub fn command() -> clap::Command {
    Arguments::command()
}
