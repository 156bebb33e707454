//! Peers at the other end of a login socket: a daemon that answers from a script, and the ways to
//! do it wrong. Each runs in a thread of its own until the test ends.

// Each test binary uses the part of this file that it needs.
#![allow(dead_code)]

use std::collections::HashMap;
use std::future::poll_fn;
use std::io::{Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use twinlock_bus_api::login::{AnswerReply, BeginReply, Message, Style};
use zbus::export::futures_core::Stream;
use zbus::message::Type;
use zbus::{Guid, MessageStream, OwnedVariant};

/// The code that the scripted daemon takes.
pub const RIGHT_CODE: &str = "123456";

/// The ticket that it hands out.
pub const TICKET: &str = "00c0ffee";

/// A socket in a directory of its own, removed with the value.
pub struct Socket {
    directory: PathBuf,
    /// The path of the socket.
    pub path: PathBuf,
}

impl Socket {
    /// A free path for a socket.
    pub fn new() -> Self {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let name =
            format!("twinlock-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::SeqCst));
        let directory = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&directory).unwrap();
        Self { path: directory.join("login.sock"), directory }
    }

    /// Serves each connection in turn with `serve`, which gets the accepted stream.
    pub fn serve(&self, mut serve: impl FnMut(UnixStream) + Send + 'static) {
        let listener = UnixListener::bind(&self.path).unwrap();
        std::thread::spawn(move || {
            while let Ok((stream, _)) = listener.accept() {
                serve(stream);
            }
        });
    }

    /// Serves the scripted daemon; the counter says how many connections are open.
    pub fn serve_daemon(&self) -> Arc<AtomicUsize> {
        let open = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&open);
        let listener = UnixListener::bind(&self.path).unwrap();
        std::thread::spawn(move || run_daemon(listener, &counter));
        open
    }
}

/// Serves the scripted daemon on this path, on the calling thread, for as long as the process runs.
pub fn serve_daemon_at(path: &Path) {
    run_daemon(UnixListener::bind(path).unwrap(), &Arc::default());
}

impl Drop for Socket {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.directory);
    }
}

/// Reads the client's part of the handshake and answers it.
pub fn shake_hands(stream: &mut UnixStream) {
    let mut greeting = Vec::new();
    let mut byte = [0];
    while !greeting.ends_with(b"BEGIN\r\n") {
        if stream.read(&mut byte).unwrap_or(0) == 0 {
            return;
        }
        greeting.push(byte[0]);
    }
    let _ = stream.write_all(b"OK 0123456789abcdef0123456789abcdef\r\n");
}

/// Shakes hands and reads the call that follows; its serial number.
pub fn await_call(stream: &mut UnixStream) -> u32 {
    shake_hands(stream);
    let mut header = [0; 16];
    if stream.read_exact(&mut header).is_err() {
        return 0;
    }
    u32::from_le_bytes([header[8], header[9], header[10], header[11]])
}

/// Holds a connection open until the client closes it.
pub fn hold(mut stream: UnixStream) {
    let mut buffer = [0; 1024];
    while stream.read(&mut buffer).is_ok_and(|read| read > 0) {}
}

fn run_daemon(listener: UnixListener, open: &Arc<AtomicUsize>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        listener.set_nonblocking(true).unwrap();
        let listener = tokio::net::UnixListener::from_std(listener).unwrap();
        while let Ok((stream, _)) = listener.accept().await {
            let open = Arc::clone(open);
            tokio::spawn(async move {
                open.fetch_add(1, Ordering::SeqCst);
                let _ = serve_login(stream.into_std().unwrap()).await;
                open.fetch_sub(1, Ordering::SeqCst);
            });
        }
    });
}

/// `org.twinlock1.Login` with the rules of this table: user `alice` is asked for a code, three
/// times at most; `bob` is skipped, `carol` denied, `dave` locked; `eve` makes the daemon fail and
/// `mallory` makes it wait. In the update of a password change `frank` is asked, `grace` denied,
/// `heidi` finds the daemon failing and `ivan` hears whether a password was typed.
async fn serve_login(stream: UnixStream) -> zbus::Result<()> {
    let connection = zbus::connection::Builder::unix_stream(stream)
        .server(Guid::generate())
        .p2p()
        .build()
        .await?;
    let mut calls = MessageStream::from(&connection);
    let mut tries = 0;
    while let Some(call) = poll_fn(|context| Pin::new(&mut calls).poll_next(context)).await {
        let call = call?;
        if call.message_type() != Type::MethodCall {
            continue;
        }
        let header = call.header();
        let member = header.member().map(ToString::to_string).unwrap_or_default();
        if member == "Begin" {
            let body = call.body();
            let (phase, context): (String, HashMap<String, OwnedVariant>) = body.deserialize()?;
            match begin(&phase, &context).await {
                Ok(reply) => {
                    connection.send(&zbus::Message::method_return(&header).build(&reply)?).await?
                }
                Err(name) => {
                    connection
                        .send(&zbus::Message::error(&header, name).build(&"out of\nmemory")?)
                        .await?
                }
            }
        } else {
            let body = call.body();
            let (dialogue, code): (u64, String) = body.deserialize()?;
            assert_eq!((dialogue, member.as_str()), (7, "Answer"));
            if code == "hang up" {
                return Ok(());
            }
            tries += 1;
            connection
                .send(&zbus::Message::method_return(&header).build(&answer(&code, tries))?)
                .await?;
        }
    }
    Ok(())
}

fn text(context: &HashMap<String, OwnedVariant>, key: &str) -> String {
    context
        .get(key)
        .and_then(|value| value.downcast_ref::<&str>().ok().map(str::to_owned))
        .unwrap_or_default()
}

async fn begin(
    phase: &str,
    context: &HashMap<String, OwnedVariant>,
) -> Result<BeginReply, &'static str> {
    let (user, ticket) = (text(context, "user"), text(context, "ticket"));
    let told = |style, line: String, verdict: &str| {
        Ok((7, vec![Message::new(style, line)], verdict.to_owned(), HashMap::new()))
    };
    match (phase, user.as_str()) {
        ("session", _) => told(Style::Info, format!("Welcome, {user}."), "skip"),
        (_, "eve") => Err("org.twinlock1.Error.Failed"),
        (_, "mallory") => {
            tokio::time::sleep(Duration::from_secs(3600)).await;
            Err("org.twinlock1.Error.Failed")
        }
        (_, "bob") => told(Style::Info, "Enrol before Monday.".to_owned(), "skip"),
        (_, "carol") => told(Style::Error, "Refused.".to_owned(), "deny"),
        (_, "dave") => told(Style::Error, "Try again in 40 seconds.".to_owned(), "locked"),
        ("account", _) if ticket == TICKET => Ok((7, vec![], "allow".to_owned(), HashMap::new())),
        ("account", _) => told(Style::Error, format!("No ticket [{ticket}]."), "deny"),
        ("password", "frank") if ticket == TICKET => {
            let prompt = Message::new(Style::PromptEcho, "Set it up anew? ");
            Ok((7, vec![prompt], String::new(), HashMap::new()))
        }
        ("password", "grace") if ticket == TICKET => told(Style::Error, "Kept.".to_owned(), "deny"),
        ("password", "heidi") if ticket == TICKET => Err("org.twinlock1.Error.Failed"),
        ("password", "ivan") => {
            let typed =
                context.get("has_authtok").is_some_and(|it| bool::try_from(it).is_ok_and(|it| it));
            let (at, verdict) = if ticket == TICKET { ("then", "allow") } else { ("first", "") };
            let style = if verdict.is_empty() { Style::PromptEcho } else { Style::Info };
            told(style, format!("{at}: {typed}"), verdict)
        }
        ("password", _) if ticket == TICKET => Ok((7, vec![], "allow".to_owned(), HashMap::new())),
        ("auth" | "password", _) => {
            let prompt = Message::new(Style::PromptEcho, "Verification code: ");
            Ok((7, vec![prompt], String::new(), HashMap::new()))
        }
        _ => Err("org.twinlock1.Error.Failed"),
    }
}

fn answer(code: &str, tries: u32) -> AnswerReply {
    if code == RIGHT_CODE {
        let ticket = OwnedVariant::try_from(zbus::Variant::from(TICKET)).unwrap();
        return (vec![], "allow".to_owned(), HashMap::from([("ticket".to_owned(), ticket)]));
    }
    let wrong = Message::new(Style::Error, format!("That code is not right ({}).", code.len()));
    if tries < 3 {
        let again = Message::new(Style::PromptEcho, "Verification code: ");
        (vec![wrong, again], String::new(), HashMap::new())
    } else {
        (vec![wrong], "deny".to_owned(), HashMap::new())
    }
}

/// The uid that the sockets of this test process belong to.
pub fn own_uid() -> u32 {
    use std::os::unix::fs::MetadataExt;
    std::fs::metadata(Path::new("/proc/self")).unwrap().uid()
}
