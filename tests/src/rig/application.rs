//! Applications of libpam: processes of `pam_login` that a test gives one login after another.

use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

use super::artifacts;
use super::namespace::RIG;
use super::process::{PATIENCE, guarded};
use super::transcript::Transcript;
use crate::login::{Event, Login, Outcome};

/// One process that logs people in.
pub struct Application {
    child: Child,
    logins: ChildStdin,
    events: Receiver<Event>,
    stderr: Transcript,
}

impl Application {
    /// Starts the process.
    pub fn start() -> Self {
        Self::start_with(&[])
    }

    /// Starts it with these environment variables.
    pub fn start_with(environment: &[(&str, &str)]) -> Self {
        let mut command = guarded(artifacts::pam_login());
        command.envs(environment.iter().copied());
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("pam_login starts");
        let logins = child.stdin.take().expect("standard input is piped");
        let output = BufReader::new(child.stdout.take().expect("standard output is piped"));
        let stderr = Transcript::of(child.stderr.take().expect("standard error is piped"));
        let (sender, events) = channel();
        thread::spawn(move || {
            for line in output.lines().map_while(Result::ok) {
                let event = serde_json::from_str(&line).unwrap_or_else(|error| {
                    Event::Failed(format!("pam_login printed {line:?}: {error}"))
                });
                if sender.send(event).is_err() {
                    break;
                }
            }
        });
        Self { child, logins, events, stderr }
    }

    /// Hands it a login without waiting for the outcome.
    pub fn submit(&mut self, login: &Login) {
        let line = serde_json::to_string(login).expect("a login is JSON");
        writeln!(self.logins, "{line}").expect("pam_login reads logins");
    }

    /// Waits until the login stands at its barrier.
    pub fn wait_at_barrier(&mut self) {
        match self.next(PATIENCE) {
            Event::Waiting => {}
            other => panic!("the login did not come to its barrier: {other:?}"),
        }
    }

    /// The outcome of the login that was handed over.
    pub fn outcome(&mut self) -> Outcome {
        self.outcome_within(PATIENCE)
    }

    /// The same with a time of one's own.
    pub fn outcome_within(&mut self, timeout: Duration) -> Outcome {
        match self.next(timeout) {
            Event::Done(outcome) => outcome,
            other => panic!("the login did not come to an end: {other:?}"),
        }
    }

    /// Carries out one login.
    pub fn login(&mut self, login: &Login) -> Outcome {
        self.submit(login);
        self.outcome()
    }

    /// What it has written to standard error.
    pub fn stderr(&self) -> String {
        self.stderr.text()
    }

    /// The process id.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    fn next(&self, timeout: Duration) -> Event {
        self.events.recv_timeout(timeout).unwrap_or_else(|error| {
            panic!("pam_login gave no answer within {timeout:?} ({error}): {}", self.stderr.text())
        })
    }
}

impl Drop for Application {
    fn drop(&mut self) {
        // An error means that it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// One login in a process of its own.
pub fn login(login: &Login) -> Outcome {
    Application::start().login(login)
}

/// A closed gate for many logins, which they pass at once when it opens.
pub struct Barrier {
    path: String,
    gate: File,
}

impl Barrier {
    /// A closed gate of this name.
    pub fn close(name: &str) -> Self {
        let path = format!("{RIG}/barrier-{name}");
        let gate = File::create(&path).expect("create the barrier");
        gate.lock().expect("close the barrier");
        Self { path, gate }
    }

    /// What a login is told to wait for.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Lets everyone through.
    pub fn open(self) {
        self.gate.unlock().expect("open the barrier");
    }
}
