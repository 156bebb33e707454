//! An application of libpam under a test's control: reads logins from standard input, one JSON
//! line each, carries them out one after another in this one process, and prints what happened.
#![forbid(unsafe_code)]
#![allow(clippy::disallowed_methods, reason = "measures how long a login takes")]

use std::ffi::{CStr, CString};
use std::fs::{self, File};
use std::io::{self, BufRead, Write};
use std::time::{Duration, Instant};

use pam_client2::{Context, ConversationHandler, ErrorCode, Flag};
use twinlock_tests::login::{Answer, Event, Login, Outcome, Shown};

fn main() -> io::Result<()> {
    for line in io::stdin().lock().lines() {
        let login: Login = serde_json::from_str(&line?)?;
        report(&match carry_out(&login) {
            Ok(outcome) => Event::Done(outcome),
            Err(error) => Event::Failed(error.to_string()),
        })?;
    }
    Ok(())
}

fn report(event: &Event) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "{}", serde_json::to_string(event)?)?;
    out.flush()
}

fn carry_out(login: &Login) -> Result<Outcome, pam_client2::Error> {
    let started = Instant::now();
    let script = Script {
        answers: login.answers.clone().into_iter(),
        barrier: login.barrier.clone(),
        shown: Vec::new(),
        waited: Duration::ZERO,
    };
    let mut context = Context::new(&login.service, Some(&login.user), script)?;
    context.set_rhost(login.rhost.as_deref())?;
    context.set_ruser(login.ruser.as_deref())?;
    context.set_tty(login.tty.as_deref())?;
    for (name, value) in &login.environment {
        context.putenv(format!("{name}={value}"))?;
    }
    let flags = if login.silent { Flag::SILENT } else { Flag::NONE };
    let authenticate = login.authenticate.then(|| code(context.authenticate(flags)));
    let account =
        (login.account && authenticate.unwrap_or(0) == 0).then(|| code(context.acct_mgmt(flags)));
    let messages = std::mem::take(&mut context.conversation_mut().shown);
    let waited = context.conversation().waited;
    drop(context);
    let took = started.elapsed().saturating_sub(waited);
    Ok(Outcome {
        authenticate,
        account,
        messages,
        millis: u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
        micros: u64::try_from(took.as_micros()).unwrap_or(u64::MAX),
        threads: entries("/proc/self/task"),
        descriptors: entries("/proc/self/fd"),
        resident_kib: resident_kib(),
    })
}

fn code(result: Result<(), pam_client2::Error>) -> i32 {
    result.err().map_or(0, |error| error.code() as i32)
}

/// The conversation: scripted answers, and a record of what was shown.
struct Script {
    answers: std::vec::IntoIter<Answer>,
    barrier: Option<String>,
    shown: Vec<Shown>,
    waited: Duration,
}

impl Script {
    fn show(&mut self, style: u32, text: &CStr) {
        self.shown.push(Shown { style, text: text.to_string_lossy().into_owned() });
    }

    fn next(&mut self) -> Result<CString, ErrorCode> {
        let bytes = match self.answers.next().ok_or(ErrorCode::CONV_ERR)? {
            Answer::Text(text) => text.into_bytes(),
            Answer::Bytes(bytes) => bytes,
            Answer::Repeated(byte, count) => vec![byte; count],
        };
        let end = bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len());
        CString::new(&bytes[..end]).map_err(|_| ErrorCode::CONV_ERR)
    }

    /// Reports, then waits until the test gives the file free.
    fn wait_at_barrier(&mut self) -> io::Result<()> {
        if let Some(path) = self.barrier.take() {
            let arrived = Instant::now();
            report(&Event::Waiting)?;
            File::open(path)?.lock_shared()?;
            self.waited = arrived.elapsed();
        }
        Ok(())
    }
}

impl ConversationHandler for Script {
    fn prompt_echo_on(&mut self, prompt: &CStr) -> Result<CString, ErrorCode> {
        self.show(2, prompt);
        self.wait_at_barrier().map_err(|_| ErrorCode::CONV_ERR)?;
        self.next()
    }

    fn prompt_echo_off(&mut self, prompt: &CStr) -> Result<CString, ErrorCode> {
        self.show(1, prompt);
        self.next()
    }

    fn error_msg(&mut self, text: &CStr) {
        self.show(3, text);
    }

    fn text_info(&mut self, text: &CStr) {
        self.show(4, text);
    }
}

fn entries(directory: &str) -> usize {
    // The listing of descriptors has one of its own open.
    fs::read_dir(directory).map_or(0, Iterator::count)
}

/// `VmRSS` of `/proc/self/status`, proc(5).
fn resident_kib() -> usize {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))
        .and_then(|rest| rest.split_whitespace().next()?.parse().ok())
        .unwrap_or(0)
}
