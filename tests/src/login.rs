//! What a test tells the program `pam_login` to do, and what that tells back: one JSON line each.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// One answer to a prompt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Answer {
    /// This text.
    Text(String),
    /// These bytes; as in every C program, a NUL ends them.
    Bytes(Vec<u8>),
    /// This byte so many times.
    Repeated(u8, usize),
}

impl From<&str> for Answer {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Answer {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

/// One login through libpam: `pam_start`, `pam_authenticate`, `pam_acct_mgmt`, `pam_end`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Login {
    /// The file in `/etc/pam.d`.
    pub service: String,
    /// `PAM_USER`.
    pub user: String,
    /// `PAM_RHOST`.
    pub rhost: Option<String>,
    /// `PAM_RUSER`.
    pub ruser: Option<String>,
    /// `PAM_TTY`.
    pub tty: Option<String>,
    /// The PAM environment, as sshd fills it.
    pub environment: BTreeMap<String, String>,
    /// Answers in the order of the prompts; after the last one the conversation fails.
    pub answers: Vec<Answer>,
    /// Whether `pam_authenticate` is called, as sshd does not after a key.
    pub authenticate: bool,
    /// Whether `pam_acct_mgmt` is called after a success.
    pub account: bool,
    /// `PAM_SILENT`.
    pub silent: bool,
    /// A locked file to wait for before the first echoing prompt is answered, so that many
    /// processes answer at once.
    pub barrier: Option<String>,
}

impl Login {
    /// A login of a user through a service, from nowhere, with no answers.
    pub fn new(service: &str, user: &str) -> Self {
        Self {
            service: service.to_owned(),
            user: user.to_owned(),
            rhost: None,
            ruser: None,
            tty: None,
            environment: BTreeMap::new(),
            answers: Vec::new(),
            authenticate: true,
            account: true,
            silent: false,
            barrier: None,
        }
    }

    /// Adds an answer.
    #[must_use]
    pub fn answer(mut self, answer: impl Into<Answer>) -> Self {
        self.answers.push(answer.into());
        self
    }

    /// Comes from this remote address.
    #[must_use]
    pub fn from(mut self, rhost: &str) -> Self {
        self.rhost = Some(rhost.to_owned());
        self
    }

    /// Sets a variable of the PAM environment.
    #[must_use]
    pub fn environment(mut self, name: &str, value: &str) -> Self {
        self.environment.insert(name.to_owned(), value.to_owned());
        self
    }

    /// Waits for a barrier before the first code is given.
    #[must_use]
    pub fn behind(mut self, barrier: &str) -> Self {
        self.barrier = Some(barrier.to_owned());
        self
    }
}

/// A message that the conversation was given.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shown {
    /// 1 silent prompt, 2 echoing prompt, 3 error, 4 information.
    pub style: u32,
    /// The text.
    pub text: String,
}

/// How a login went.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcome {
    /// The return code of `pam_authenticate`; absent when it was not called.
    pub authenticate: Option<i32>,
    /// The return code of `pam_acct_mgmt`; absent when it was not called.
    pub account: Option<i32>,
    /// What was shown, prompts included.
    pub messages: Vec<Shown>,
    /// Milliseconds from `pam_start` to `pam_end`, without the wait at a barrier.
    pub millis: u64,
    /// The same in microseconds, for the benchmark.
    pub micros: u64,
    /// Threads of the process after `pam_end`.
    pub threads: usize,
    /// Open descriptors after `pam_end`.
    pub descriptors: usize,
    /// Resident memory after `pam_end`, in KiB.
    pub resident_kib: usize,
}

impl Outcome {
    /// Whether the person is in: each phase that ran succeeded.
    pub fn is_success(&self) -> bool {
        let codes = [self.authenticate, self.account];
        codes.iter().any(Option::is_some) && codes.iter().flatten().all(|code| *code == 0)
    }

    /// All texts, one a line.
    pub fn text(&self) -> String {
        self.messages.iter().map(|shown| shown.text.as_str()).collect::<Vec<_>>().join("\n")
    }

    /// How many prompts there were that echo.
    pub fn code_prompts(&self) -> usize {
        self.messages.iter().filter(|shown| shown.style == 2).count()
    }
}

/// What `pam_login` prints.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Event {
    /// The login stands at its barrier.
    Waiting,
    /// The login is over.
    Done(Outcome),
    /// libpam did not even start.
    Failed(String),
}

/// Return codes of libpam that the tests name.
pub mod code {
    /// `PAM_SUCCESS`.
    pub const SUCCESS: i32 = 0;
    /// `PAM_PERM_DENIED`.
    pub const PERM_DENIED: i32 = 6;
    /// `PAM_AUTH_ERR`.
    pub const AUTH_ERR: i32 = 7;
    /// `PAM_AUTHINFO_UNAVAIL`.
    pub const AUTHINFO_UNAVAIL: i32 = 9;
    /// `PAM_USER_UNKNOWN`.
    pub const USER_UNKNOWN: i32 = 10;
    /// `PAM_MAXTRIES`.
    pub const MAXTRIES: i32 = 11;
}
