//! Processes of a rig: started with a death signal, watched with time-outs, ended by their id.

use std::ffi::OsStr;
use std::io::Read;
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::transcript::Transcript;

/// How long anything may take that is not under test itself.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// A command for a program that dies with the test's thread, however that ends.
pub fn guarded(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", "KILL", "--"]).arg(program);
    command
}

/// A command that runs as another user, with that user's groups and nothing of root's.
pub fn as_user(user: &str, program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new("setpriv");
    command
        .args(["--reuid", user, "--regid", user, "--init-groups", "--pdeathsig", "KILL", "--"])
        .arg(program);
    command
}

/// A program that runs beside the test, with its output kept. Dropping it ends it.
pub struct Process {
    name: String,
    child: Child,
    stderr: Transcript,
    stdout: Transcript,
}

impl Process {
    /// Starts a program.
    pub fn start(name: &str, command: Command) -> Self {
        Self::start_with_input(name, command, Stdio::null())
    }

    /// Starts a program with this as its standard input.
    pub fn start_with_input(name: &str, mut command: Command, input: Stdio) -> Self {
        let mut child = command
            .stdin(input)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("{name} did not start: {error}"));
        let stderr = Transcript::of(child.stderr.take().expect("standard error is piped"));
        let stdout = Transcript::of(child.stdout.take().expect("standard output is piped"));
        Self { name: name.to_owned(), child, stderr, stdout }
    }

    /// The process id.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// What it has written to standard error.
    pub fn stderr(&self) -> &Transcript {
        &self.stderr
    }

    /// What it has written to standard output.
    pub fn stdout(&self) -> &Transcript {
        &self.stdout
    }

    /// Whether it still runs.
    pub fn is_running(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// Sends a signal.
    pub fn signal(&self, signal: Signal) {
        kill(as_pid(self.child.id()), signal)
            .unwrap_or_else(|error| panic!("signal {signal} to {}: {error}", self.name));
    }

    /// Waits for its end. Panics at the time-out.
    pub fn wait(&mut self, timeout: Duration) -> ExitStatus {
        wait_for(&mut self.child, timeout).unwrap_or_else(|| {
            panic!("{} did not end within {timeout:?}; it said\n{}", self.name, self.stderr.text())
        })
    }

    /// Ends it at once, as a crash would.
    pub fn kill(&mut self) {
        // An error means that it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Runs a command to its end. Panics when it does not start or does not end within [`PATIENCE`].
pub fn run(command: &mut Command) -> Output {
    run_within(command, PATIENCE)
}

/// Runs a command to its end within a time.
pub fn run_within(command: &mut Command, timeout: Duration) -> Output {
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("{command:?} did not start: {error}"));
    let stdout = collect(child.stdout.take().expect("standard output is piped"));
    let stderr = collect(child.stderr.take().expect("standard error is piped"));
    let status = wait_for(&mut child, timeout);
    if status.is_none() {
        let _ = child.kill();
        let _ = child.wait();
    }
    let (stdout, stderr) = (stdout.join().expect("reader"), stderr.join().expect("reader"));
    let Some(status) = status else {
        panic!("{command:?} did not end within {timeout:?}: {}", String::from_utf8_lossy(&stderr))
    };
    Output { status, stdout, stderr }
}

/// Runs a command that a rig needs to succeed, and returns its standard output.
pub fn demand(command: &mut Command) -> String {
    let output = run(command);
    assert!(
        output.status.success(),
        "{command:?} failed with {}: {}",
        output.status,
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).expect("its output is UTF-8")
}

/// Asks every few milliseconds until the answer is true; false at the time-out.
pub fn eventually(timeout: Duration, mut condition: impl FnMut() -> bool) -> bool {
    let deadline = Instant::now() + timeout;
    loop {
        if condition() {
            return true;
        }
        if Instant::now() >= deadline {
            return false;
        }
        thread::sleep(Duration::from_millis(5));
    }
}

/// Waits for a child's end; nothing at the time-out.
pub fn wait_for(child: &mut Child, timeout: Duration) -> Option<ExitStatus> {
    let mut status = None;
    eventually(timeout, || {
        status = child.try_wait().expect("wait for a child");
        status.is_some()
    });
    status
}

fn collect(mut stream: impl Read + Send + 'static) -> thread::JoinHandle<Vec<u8>> {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        // What was read before an error still tells what went wrong.
        let _ = stream.read_to_end(&mut bytes);
        bytes
    })
}

/// A process id in the form that signals take.
pub fn as_pid(id: u32) -> Pid {
    Pid::from_raw(i32::try_from(id).expect("process ids are small"))
}
