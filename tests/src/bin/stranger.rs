//! A local user who means ill: a false daemon that lets everybody in, or connections that use up
//! a socket. Started as that user; prints `ready` when it stands.
//!
//! ```text
//! stranger listen PATH         a false daemon on a socket of its own
//! stranger join ADDRESS        a false daemon on a bus of its own
//! stranger hoard PATH COUNT    idle connections, as many as it gets
//! ```
#![forbid(unsafe_code)]

use std::collections::HashMap;
use std::error::Error;
use std::future::pending;
use std::io::{self, Write};
use std::os::unix::net::UnixStream;

use tokio::net::UnixListener;
use twinlock_bus_api::login::{AnswerReply, BeginReply, Verdict};
use twinlock_bus_api::names::{BUS_NAME, OBJECT_PATH};
use zbus::connection::Builder;
use zbus::{Guid, OwnedVariant, interface};

/// A daemon that lets everybody in.
struct FalseDaemon;

#[interface(name = "org.twinlock1.Login")]
impl FalseDaemon {
    fn begin(&self, _phase: String, _context: HashMap<String, OwnedVariant>) -> BeginReply {
        (1, Vec::new(), Verdict::Allow.as_str().to_owned(), HashMap::new())
    }

    fn answer(&self, _dialogue: u64, _response: String) -> AnswerReply {
        (Vec::new(), Verdict::Allow.as_str().to_owned(), HashMap::new())
    }

    fn cancel(&self, _dialogue: u64) {}
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["listen", path] => listen(path).await,
        ["join", address] => join(address).await,
        ["hoard", path, count] => hoard(path, count.parse()?).await,
        _ => Err("usage: stranger listen PATH | join ADDRESS | hoard PATH COUNT".into()),
    }
}

fn report(word: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "{word}")?;
    out.flush()
}

async fn listen(path: &str) -> Result<(), Box<dyn Error>> {
    let listener = UnixListener::bind(path)?;
    report("ready")?;
    loop {
        let (visitor, _) = listener.accept().await?;
        report("visited")?;
        tokio::spawn(welcome(visitor.into_std()?));
    }
}

/// Serves one visitor; one who leaves at the door is what the test hopes for.
async fn welcome(visitor: UnixStream) -> zbus::Result<()> {
    let builder = Builder::unix_stream(visitor).server(Guid::generate()).p2p();
    let _connection = builder.serve_at(OBJECT_PATH, FalseDaemon).build().await?;
    pending().await
}

async fn join(address: &str) -> Result<(), Box<dyn Error>> {
    let _connection =
        Builder::address(address).serve_at(OBJECT_PATH, FalseDaemon).name(BUS_NAME).build().await?;
    report("ready")?;
    pending().await
}

async fn hoard(path: &str, count: usize) -> Result<(), Box<dyn Error>> {
    let connections: Vec<_> = (0..count).map_while(|_| UnixStream::connect(path).ok()).collect();
    report(&format!("ready {}", connections.len()))?;
    pending().await
}
