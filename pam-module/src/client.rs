//! The daemon at the end of the login socket: one connection a login, one deadline a call.
//!
//! The runtime lives on the calling thread and as long as the login. Nothing runs while the person
//! types, and dropping the client leaves no thread, descriptor or memory behind. The answers stay
//! for a while in zbus's buffers, which nobody can wipe; a code and a ticket are worth nothing
//! once they have been sent.

use std::fmt;
use std::future::Future;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

use tokio::runtime::{Builder, Runtime};
use twinlock_bus_api::login::{AnswerReply, BeginReply, Phase};
use twinlock_bus_api::names::{LOGIN_INTERFACE, OBJECT_PATH};

use crate::context::Context;
use crate::log::Quoted;
use crate::login::{Daemon, Reply};
use crate::transport::{self, Connection};

/// The uid that the login socket belongs to.
pub const ROOT: u32 = 0;

/// Why the daemon gave no answer.
#[derive(Debug)]
pub enum CallError {
    /// There is no socket.
    NoSocket,
    /// The socket is there and nobody listens.
    NobodyListens,
    /// The socket cannot be reached for another reason.
    Connect(io::Error),
    /// Somebody else than root made the socket: their uid.
    Stranger(u32),
    /// The deadline passed.
    Silent(Duration),
    /// The connection ended before the answer.
    Closed {
        /// Whether the person had been asked something already.
        answering: bool,
    },
    /// The answer is longer than any honest one.
    Oversized,
    /// The answer is not what D-Bus or the interface say.
    Nonsense(String),
    /// The daemon answered with a D-Bus error: its name and text.
    Refused(String),
    /// This process lacks what a connection takes, descriptors for example.
    Local(io::Error),
}

impl fmt::Display for CallError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoSocket => out.write_str("the socket of the daemon is missing"),
            Self::NobodyListens => out.write_str("the daemon is not running"),
            Self::Connect(error) => write!(out, "the daemon cannot be reached: {error}"),
            Self::Stranger(uid) => {
                write!(out, "the socket is owned by uid {uid}, not by root, and not used")
            }
            Self::Silent(timeout) => {
                write!(out, "the daemon did not answer within {} s", timeout.as_secs_f32())
            }
            Self::Closed { answering: false } => {
                out.write_str("the daemon closed the connection in the middle of a call")
            }
            Self::Closed { answering: true } => out.write_str(
                "the daemon closed the connection while the person was asked: it was restarted \
                 or the dialogue took too long",
            ),
            Self::Oversized => {
                write!(out, "the daemon's answer is longer than {} bytes", transport::MAX_ANSWER)
            }
            Self::Nonsense(what) => {
                write!(out, "the daemon's answer makes no sense: {}", Quoted(what))
            }
            Self::Refused(error) => {
                write!(out, "the daemon answered with an error: {}", Quoted(error))
            }
            Self::Local(error) => write!(out, "no connection can be made: {error}"),
        }
    }
}

impl std::error::Error for CallError {}

impl From<io::Error> for CallError {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::UnexpectedEof
            | io::ErrorKind::BrokenPipe
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::NotConnected => Self::Closed { answering: false },
            io::ErrorKind::FileTooLarge => Self::Oversized,
            _ => Self::Nonsense(error.to_string()),
        }
    }
}

impl From<zbus::Error> for CallError {
    fn from(error: zbus::Error) -> Self {
        match error {
            zbus::Error::InputOutput(error) => match error.raw_os_error() {
                Some(code) => io::Error::from_raw_os_error(code).into(),
                None => io::Error::new(error.kind(), error.to_string()).into(),
            },
            other => Self::Nonsense(other.to_string()),
        }
    }
}

/// The daemon behind one login socket.
pub struct Client {
    socket: PathBuf,
    timeout: Duration,
    owner: u32,
    open: Option<Open>,
}

/// An open connection. It goes before the runtime that drives it.
struct Open {
    connection: Connection,
    runtime: Runtime,
}

impl Client {
    /// A client of this socket. Nothing is opened yet.
    ///
    /// `timeout` is the time of one call, connecting included; `owner` the uid that must have made
    /// the socket, [`ROOT`] outside tests.
    pub const fn new(socket: PathBuf, timeout: Duration, owner: u32) -> Self {
        Self { socket, timeout, owner, open: None }
    }

    async fn open_and_begin(
        &self,
        phase: Phase,
        context: &Context,
    ) -> Result<(Connection, (u64, Reply)), CallError> {
        let mut connection = Connection::open(&self.socket, self.owner).await?;
        let body = (phase.as_str(), context.to_wire());
        let reply = connection.call(OBJECT_PATH, LOGIN_INTERFACE, "Begin", &body).await?;
        let (dialogue, messages, verdict, details): BeginReply = reply.body().deserialize()?;
        Ok((connection, (dialogue, Reply { messages, verdict, details })))
    }
}

/// Drives one call to its end or to its deadline.
fn within<T>(
    runtime: &Runtime,
    timeout: Duration,
    call: impl Future<Output = Result<T, CallError>>,
) -> Result<T, CallError> {
    runtime
        .block_on(async { tokio::time::timeout(timeout, call).await })
        .unwrap_or(Err(CallError::Silent(timeout)))
}

impl Daemon for Client {
    fn begin(&mut self, phase: Phase, context: &Context) -> Result<(u64, Reply), CallError> {
        let runtime = Builder::new_current_thread()
            .enable_io()
            .enable_time()
            .build()
            .map_err(CallError::Local)?;
        let call = self.open_and_begin(phase, context);
        let (connection, begun) = within(&runtime, self.timeout, call)?;
        self.open = Some(Open { connection, runtime });
        Ok(begun)
    }

    fn answer(&mut self, dialogue: u64, response: &str) -> Result<Reply, CallError> {
        // Taken out: a call that fails closes the connection, and with it the dialogue.
        let mut open = self.open.take().ok_or(CallError::Closed { answering: true })?;
        let call = async {
            let body = (dialogue, response);
            let reply = open.connection.call(OBJECT_PATH, LOGIN_INTERFACE, "Answer", &body).await?;
            Ok(reply.body().deserialize::<AnswerReply>()?)
        };
        let answered = within(&open.runtime, self.timeout, call);
        let (messages, verdict, details) = answered.map_err(|error| match error {
            CallError::Closed { .. } => CallError::Closed { answering: true },
            other => other,
        })?;
        self.open = Some(open);
        Ok(Reply { messages, verdict, details })
    }

    fn close(&mut self) {
        self.open = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_cause_reads_differently() {
        let lines = [
            CallError::NoSocket,
            CallError::NobodyListens,
            CallError::Connect(io::Error::from_raw_os_error(13)),
            CallError::Stranger(1000),
            CallError::Silent(Duration::from_secs(5)),
            CallError::Closed { answering: false },
            CallError::Closed { answering: true },
            CallError::Oversized,
            CallError::Nonsense("x".to_owned()),
            CallError::Refused("x".to_owned()),
            CallError::Local(io::Error::from_raw_os_error(24)),
        ]
        .map(|error| error.to_string());
        for (at, line) in lines.iter().enumerate() {
            assert!(!lines[..at].contains(line), "{line}");
        }
        assert_eq!(lines[4], "the daemon did not answer within 5 s");
    }

    #[test]
    fn an_answer_without_a_connection_is_an_error() {
        let mut client = Client::new(PathBuf::from("/nowhere"), Duration::from_secs(1), ROOT);
        assert!(matches!(client.answer(1, ""), Err(CallError::Closed { answering: true })));
    }
}
