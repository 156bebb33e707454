//! `twinlockd`: the daemon that decides who is asked for a second factor.
#![forbid(unsafe_code)]

use std::{alloc::System, ffi::OsString, path::PathBuf, process::ExitCode};

use clap::Parser;
use nix::sys::prctl;
use twinlock_service::{arguments::Arguments, daemon, journal, store::keep_new_files_private};
use zeroizing_alloc::ZeroAlloc;

/// Wipes memory as it is given back: what libraries copy on the way, the buffers of D-Bus messages for
/// one, belongs to no type of ours that could do it.
#[global_allocator]
static WIPING: ZeroAlloc<System> = ZeroAlloc(System);

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    protect_memory_and_files();
    let daemon = daemon::Start { config: arguments.config, credentials: credentials() };
    let result = if arguments.make_key { daemon.make_key() } else { daemon.run() };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            journal::lines(&error.to_string());
            ExitCode::FAILURE
        }
    }
}

/// No core dump holds a secret, no panic message quotes one, and no new file is anybody else's.
fn protect_memory_and_files() {
    if let Err(error) = prctl::set_dumpable(false) {
        journal::line(&format!("core dumps could not be switched off: {error}"));
    }
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        journal::line(&format!("a task panicked at {place}; its caller was refused"));
    }));
    keep_new_files_private();
}

/// Where systemd put the key (systemd.exec(5), `LoadCredential=`).
#[expect(clippy::disallowed_methods, reason = "systemd hands credentials over by this variable")]
fn credentials() -> Option<PathBuf> {
    std::env::var_os("CREDENTIALS_DIRECTORY")
        .filter(|path| *path != OsString::new())
        .map(PathBuf::from)
}
