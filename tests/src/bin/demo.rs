//! `make demo`: a login over SSH with a code, on a private machine, from the first start to the
//! last line of the log. What is shown is checked too: anything that does not go as told ends it
//! with exit code 1.
//!
//! ```text
//! demo                  tells the whole and cleans up
//! demo --interactive    then leaves the machine running, for logins of one's own
//! ```
#![forbid(unsafe_code)]

use std::process::ExitCode;

use nix::unistd::Uid;
use twinlock_tests::demo::{self, Manner};

fn main() -> ExitCode {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let manner = match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => Manner::Told,
        ["--interactive"] => Manner::Interactive,
        _ => return refuse(2, "usage: demo [--interactive]"),
    };
    if !Uid::effective().is_root() {
        return refuse(
            1,
            "The demo makes a private machine of Linux namespaces and needs root for it. \
             `make demo` runs it with sudo.",
        );
    }
    match demo::run(manner) {
        Ok(()) => ExitCode::SUCCESS,
        Err(what) => refuse(1, &format!("The demo did not go as told: {what}")),
    }
}

#[expect(clippy::print_stderr, reason = "what stops a program belongs on standard error")]
fn refuse(code: u8, sentence: &str) -> ExitCode {
    eprintln!("{sentence}");
    ExitCode::from(code)
}
