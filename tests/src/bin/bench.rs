//! `make bench`: what a login costs, from `pam_start` to `pam_end`, through Twinlock, through
//! google-authenticator-libpam and through nothing (`pam_permit`), in one run.
//!
//! It says how long, never how long it may be; but a login that does not succeed ends it with exit
//! code 1.
#![forbid(unsafe_code)]

use std::process::ExitCode;

use nix::unistd::Uid;
use twinlock_tests::bench;

fn main() -> ExitCode {
    if std::env::args().len() > 1 {
        return refuse(2, "usage: bench");
    }
    if !Uid::effective().is_root() {
        return refuse(
            1,
            "The benchmark makes a private machine of Linux namespaces and needs root for it. \
             `make bench` runs it with sudo.",
        );
    }
    match bench::run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(what) => refuse(1, &what),
    }
}

#[expect(clippy::print_stderr, reason = "what stops a program belongs on standard error")]
fn refuse(code: u8, sentence: &str) -> ExitCode {
    eprintln!("{sentence}");
    ExitCode::from(code)
}
