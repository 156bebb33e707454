//! `twinlock`: second factors of logins, for their users and for administrators.
#![forbid(unsafe_code)]

use std::alloc::System;
use std::io::{IsTerminal, Write, stderr, stdout};
use std::path::Path;
use std::process::ExitCode;

use anstream::{AutoStream, ColorChoice};
use clap::Parser;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use rustix::process::{DumpableBehavior, set_dumpable_behavior};
use rustix::termios::InputModes;
use twinlock_bus_api::names::CONFIG_FILE;
use twinlock_cli::cli::Cli;
use twinlock_cli::client::PATIENCE;
use twinlock_cli::daemon_user::DaemonUser;
use twinlock_cli::failure::Failure;
use twinlock_cli::pam_change::Machine;
use twinlock_cli::people;
use twinlock_cli::prompt::Console;
use twinlock_cli::render::{Palette, View};
use twinlock_cli::surroundings::Surroundings;
use zeroizing_alloc::ZeroAlloc;

/// Wipes memory as it is given back: what libraries copy on the way, the buffers of D-Bus messages for
/// one, belongs to no type of ours that could do it.
#[global_allocator]
static WIPING: ZeroAlloc<System> = ZeroAlloc(System);

fn main() -> ExitCode {
    let cli = Cli::parse();
    // No core dump holds a key. Where the kernel refuses, the command is of use all the same.
    let _ = set_dumpable_behavior(DumpableBehavior::NotDumpable);
    match surroundings().and_then(|mut around| twinlock_cli::run(cli, &mut around)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            tell(&failure);
            failure.exit_code()
        }
    }
}

/// This process: its standard streams, its terminal, the present, the zone of the host.
fn surroundings() -> Result<Surroundings, Failure> {
    Ok(Surroundings {
        out: Box::new(stdout()),
        err: Box::new(stderr()),
        err_palette: palette(AutoStream::choice(&stderr())),
        prompt: Box::new(Console::open()?),
        view: View {
            palette: palette(AutoStream::choice(&stdout())),
            now: Timestamp::now(),
            zone: TimeZone::system(),
            unicode: is_utf8_terminal(),
        },
        clock: Box::new(Timestamp::now),
        columns: Box::new(|| {
            let size = rustix::termios::tcgetwinsize(stdout()).ok()?;
            (size.ws_col > 0).then_some(usize::from(size.ws_col))
        }),
        people: Box::new(people::of_this_host),
        names: Box::new(people::names_of),
        members: Box::new(people::members_of),
        administrators: Box::new(people::administrators),
        daemon_user: Box::new(|configuration| {
            // Who is not root cannot see what is closed to others; a private set runs as anybody.
            let judges = rustix::process::geteuid().is_root();
            let is_installed = configuration == Path::new(CONFIG_FILE);
            (judges && is_installed).then(DaemonUser::of_this_host).flatten()
        }),
        machine: Machine::this(),
        host: host_name(),
        uid: rustix::process::getuid().as_raw(),
        patience: PATIENCE,
        progress: stderr().is_terminal().then(|| Box::new(stderr()) as Box<dyn Write>),
    })
}

/// What the kernel calls this host; `localhost` where that is no text.
fn host_name() -> String {
    let name = nix::unistd::gethostname().ok().and_then(|name| name.into_string().ok());
    name.unwrap_or_else(|| "localhost".to_owned())
}

/// Whether standard output is a terminal that was told to take UTF-8 (termios(3), `IUTF8`): what
/// the terminal itself says, where the environment may say anything.
fn is_utf8_terminal() -> bool {
    rustix::termios::tcgetattr(stdout())
        .is_ok_and(|settings| settings.input_modes.contains(InputModes::IUTF8))
}

const fn palette(choice: ColorChoice) -> Palette {
    if matches!(choice, ColorChoice::Never) { Palette::plain() } else { Palette::coloured() }
}

/// One sentence on standard error. There is nobody to tell that it could not be written.
fn tell(failure: &Failure) {
    if failure.has_sentence() {
        let _ = writeln!(stderr(), "twinlock: {failure}");
    }
}
