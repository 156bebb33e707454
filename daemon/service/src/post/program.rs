//! A program that takes a message: no shell, an empty environment, a deadline for it and for all
//! that it starts.

use std::{process::Stdio, time::Duration};

use nix::{
    errno::Errno,
    sys::signal::{Signal, killpg},
    unistd::Pid,
};
use tokio::{io::AsyncWriteExt, process::Command};

use super::failure::Failure;

/// Where a program finds others.
const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// `EX_TEMPFAIL` of sysexits(3): to be tried again.
const TRY_AGAIN: i32 = 75;

/// Ends the process group when it is dropped.
struct Group(Option<Pid>);

impl Drop for Group {
    fn drop(&mut self) {
        if let Some(group) = self.0.take() {
            // It may be gone already.
            let _ = killpg(group, Signal::SIGKILL);
        }
    }
}

/// What the system lacks for a moment, or a program that is just being replaced, is no mistake of the
/// configuration.
fn not_run(program: &str, error: &std::io::Error) -> Failure {
    use Errno::{EAGAIN, EMFILE, ENFILE, ENOMEM, ETXTBSY};

    let cause = format!("{program} cannot be run: {error}");
    match error.raw_os_error().map(Errno::from_raw) {
        Some(EAGAIN | EMFILE | ENFILE | ENOMEM | ETXTBSY) => Failure::Passing(cause),
        _ => Failure::Lasting(cause),
    }
}

/// Runs a program and hands it this on standard input. What it prints goes nowhere: it may repeat
/// the message.
pub(super) async fn run(
    program: &str,
    arguments: &[String],
    input: &[u8],
    deadline: Duration,
) -> Result<(), Failure> {
    let mut child = Command::new(program)
        .args(arguments)
        .env_clear()
        .env("PATH", PATH)
        .current_dir("/")
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .process_group(0)
        .kill_on_drop(true)
        .spawn()
        .map_err(|error| not_run(program, &error))?;
    let id = child.id().and_then(|id| i32::try_from(id).ok());
    let mut group = Group(id.map(Pid::from_raw));
    let finished = async {
        if let Some(mut stdin) = child.stdin.take() {
            // A program that has read enough closes it.
            let _ = stdin.write_all(input).await;
            let _ = stdin.shutdown().await;
        }
        child.wait().await
    };
    let status = tokio::time::timeout(deadline, finished).await;
    let Ok(status) = status else {
        return Err(Failure::passing(format!(
            "{program} did not end within {} seconds, and was ended",
            deadline.as_secs()
        )));
    };
    // What it left running in the background is its own affair; the group's number may be another's.
    group.0 = None;
    let status = status.map_err(|error| Failure::passing(format!("{program}: {error}")))?;
    match status.code() {
        Some(0) => Ok(()),
        Some(TRY_AGAIN) => Err(Failure::passing(format!("{program} asks to try again later"))),
        Some(code) => Err(Failure::lasting(format!("{program} ended with status {code}"))),
        None => Err(Failure::passing(format!("{program} was ended by a signal"))),
    }
}
