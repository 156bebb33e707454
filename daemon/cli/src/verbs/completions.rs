//! `twinlock completions`: completions for a shell.

use clap_complete::Shell;

use crate::failure::Failure;
use crate::surroundings::Surroundings;

/// Print completions for a shell
#[derive(clap::Args)]
pub struct Args {
    /// The shell
    shell: Shell,
}

/// Prints them.
///
/// # Errors
/// [`Failure::Output`].
pub fn run(args: &Args, around: &mut Surroundings) -> Result<(), Failure> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut crate::command(), "twinlock", &mut script);
    around.print_bytes(&script)
}
