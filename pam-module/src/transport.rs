//! The socket under the D-Bus connection: who is at the other end, and how much it may send.
//!
//! The first byte is sent once the peer is known to belong to root. Then comes the SASL handshake
//! of the D-Bus specification, and after it one method call at a time. Nothing is read without a
//! limit, and descriptors that a peer passes along are never received.

use std::io;
use std::os::fd::{BorrowedFd, OwnedFd};
use std::os::unix::net::UnixStream as StdStream;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rustix::io::Errno;
use rustix::net::{
    AddressFamily, RecvFlags, SendFlags, Shutdown, SocketAddrUnix, SocketFlags, SocketType,
};
use tokio::io::Interest;
use tokio::net::UnixStream;
use zbus::connection::socket::{ReadHalf, WriteHalf};
use zbus::export::async_trait::async_trait;
use zbus::export::serde::Serialize;
use zbus::message::Type;
use zbus::{DynamicType, Guid, Message};

use crate::client::CallError;

/// The longest answer of the daemon in bytes, D-Bus header included. A QR code with its text takes
/// less than a tenth.
pub const MAX_ANSWER: u64 = 128 * 1024;

/// The most bytes that one connection receives.
pub const MAX_RECEIVED: u64 = 16 * MAX_ANSWER;

/// The longest line of the SASL handshake.
const MAX_SASL_LINE: usize = 512;

/// The part of a D-Bus message that says how long the rest is.
const HEADER: usize = 16;

/// How long to wait before a full backlog is tried again: the kernel turns a non-blocking
/// connection to a full unix socket away instead of queueing it.
const BACKLOG_INTERVAL: Duration = Duration::from_millis(10);

/// A connection to the daemon, after the handshake: one call at a time.
///
/// zbus writes and reads the messages. Its own `Connection` stays out: the bus names, signals,
/// object server and background tasks that it brings would double the size of a library that is
/// mapped into every process that logs somebody in.
#[derive(Debug)]
pub struct Connection {
    reader: Reader,
    writer: Writer,
}

impl Connection {
    /// Connects to the login socket, checks that `owner` listens there, and shakes hands.
    ///
    /// # Errors
    /// See [`CallError`]. There is no time limit in here: the caller sets one over the whole call.
    pub async fn open(path: &Path, owner: u32) -> Result<Self, CallError> {
        let stream = connect_stream(path).await?;
        // The credentials are those of the process that made the socket listen: root, also where
        // systemd hands the socket to a daemon that is not root.
        let peer = stream.peer_cred().map_err(CallError::Local)?.uid();
        if peer != owner {
            return Err(CallError::Stranger(peer));
        }
        shake_hands(&stream).await?;
        let stream = Arc::new(stream);
        let reader = Reader { stream: Arc::clone(&stream), meter: Meter::default() };
        Ok(Self { reader, writer: Writer(stream) })
    }

    /// Calls a method and waits for its reply. Whatever else the daemon sends is passed over.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn call<B>(
        &mut self,
        path: &str,
        interface: &str,
        method: &str,
        body: &B,
    ) -> Result<Message, CallError>
    where
        B: Serialize + DynamicType,
    {
        let call = Message::method_call(path, method).interface(interface).build(body)?;
        self.writer.send_message(&call).await?;
        let serial = call.primary_header().serial_num();
        loop {
            let message = self.reader.receive_message(0, &mut Vec::new(), &mut Vec::new()).await?;
            let header = message.header();
            if header.reply_serial() != Some(serial) {
                continue;
            }
            match message.message_type() {
                Type::MethodReturn => return Ok(message),
                Type::Error => return Err(refused(&message)),
                Type::MethodCall | Type::Signal => {}
            }
        }
    }
}

/// The D-Bus error that answered a call: its name, and its text if it has one.
fn refused(message: &Message) -> CallError {
    let header = message.header();
    let name = header.error_name().map_or("an error without a name", |name| name.as_str());
    match message.body().deserialize::<&str>() {
        Ok(text) => CallError::Refused(format!("{name}: {text}")),
        Err(_) => CallError::Refused(name.to_owned()),
    }
}

async fn connect_stream(path: &Path) -> Result<UnixStream, CallError> {
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    let local = |error: Errno| CallError::Local(error.into());
    let socket = rustix::net::socket_with(AddressFamily::UNIX, SocketType::STREAM, flags, None)
        .map_err(local)?;
    let address = SocketAddrUnix::new(path).map_err(local)?;
    loop {
        match rustix::net::connect(&socket, &address) {
            Ok(()) => break,
            Err(Errno::AGAIN) => tokio::time::sleep(BACKLOG_INTERVAL).await,
            Err(Errno::INTR) => {}
            Err(Errno::NOENT) => return Err(CallError::NoSocket),
            Err(Errno::CONNREFUSED) => return Err(CallError::NobodyListens),
            Err(error) => return Err(CallError::Connect(error.into())),
        }
    }
    UnixStream::from_std(StdStream::from(socket)).map_err(CallError::Local)
}

/// The client's side of the SASL handshake: `EXTERNAL` with the effective uid, no descriptors.
async fn shake_hands(stream: &UnixStream) -> Result<(), CallError> {
    let uid = rustix::process::geteuid().as_raw().to_string();
    let uid: String = uid.bytes().map(|digit| format!("{digit:02x}")).collect();
    let mut greeting = format!("\0AUTH EXTERNAL {uid}\r\nBEGIN\r\n").into_bytes();
    while !greeting.is_empty() {
        let sent = send(stream, &greeting).await?;
        greeting.drain(..sent);
    }
    let line = read_line(stream).await?;
    match line.strip_prefix("OK ").map(Guid::try_from) {
        Some(Ok(_)) => Ok(()),
        _ => Err(CallError::Nonsense("no OK to the D-Bus handshake".to_owned())),
    }
}

async fn read_line(stream: &UnixStream) -> Result<String, CallError> {
    let nonsense = |text: &str| Err(CallError::Nonsense(text.to_owned()));
    let mut line = Vec::new();
    let mut buffer = [0; MAX_SASL_LINE];
    loop {
        let received = receive(stream, &mut buffer).await?;
        if received == 0 {
            return Err(CallError::Closed { answering: false });
        }
        line.extend_from_slice(&buffer[..received]);
        if let Some(end) = line.iter().position(|byte| *byte == b'\n') {
            // Nothing may follow: the daemon speaks next when it has been called.
            if end.checked_add(1) != Some(line.len()) {
                return nonsense("bytes after the D-Bus handshake");
            }
            break;
        }
        if line.len() > MAX_SASL_LINE {
            return nonsense("a D-Bus handshake without an end");
        }
    }
    match std::str::from_utf8(&line).ok().and_then(|line| line.strip_suffix("\r\n")) {
        Some(line) => Ok(line.to_owned()),
        None => nonsense("a D-Bus handshake that is no text"),
    }
}

/// `send(2)` that waits, without a signal where the peer is gone.
async fn send(stream: &UnixStream, bytes: &[u8]) -> io::Result<usize> {
    let send = || Ok(rustix::net::send(stream, bytes, SendFlags::NOSIGNAL)?);
    stream.async_io(Interest::WRITABLE, send).await
}

/// `recv(2)` that waits. Without `recvmsg(2)` the kernel closes what descriptors come along.
async fn receive(stream: &UnixStream, buffer: &mut [u8]) -> io::Result<usize> {
    let receive = || {
        let (received, _) = rustix::net::recv(stream, &mut *buffer, RecvFlags::empty())?;
        Ok(received)
    };
    stream.async_io(Interest::READABLE, receive).await
}

/// Receives messages and no more than the limits allow.
#[derive(Debug)]
struct Reader {
    stream: Arc<UnixStream>,
    meter: Meter,
}

#[async_trait]
impl ReadHalf for Reader {
    async fn recvmsg(&mut self, buffer: &mut [u8]) -> io::Result<(usize, Vec<OwnedFd>)> {
        let received = receive(&self.stream, buffer).await?;
        self.meter.pass(&buffer[..received])?;
        Ok((received, Vec::new()))
    }
}

/// Sends messages.
#[derive(Debug)]
struct Writer(Arc<UnixStream>);

#[async_trait]
impl WriteHalf for Writer {
    async fn sendmsg(&mut self, bytes: &[u8], _fds: &[BorrowedFd<'_>]) -> io::Result<usize> {
        send(&self.0, bytes).await
    }

    async fn close(&mut self) -> io::Result<()> {
        Ok(rustix::net::shutdown(&self.0, Shutdown::Both)?)
    }
}

/// Follows the framing of the messages and stops at one that is too long, before memory is set
/// aside for it.
#[derive(Debug, Default)]
struct Meter {
    header: Vec<u8>,
    /// What is left of the message after its header.
    rest: u64,
    /// Everything that came over the connection.
    total: u64,
}

impl Meter {
    fn pass(&mut self, mut bytes: &[u8]) -> io::Result<()> {
        self.total = self.total.saturating_add(bytes.len() as u64);
        if self.total > MAX_RECEIVED {
            return Err(io::Error::from(io::ErrorKind::FileTooLarge));
        }
        while !bytes.is_empty() {
            if self.rest > 0 {
                let body = bytes.len().min(usize::try_from(self.rest).unwrap_or(usize::MAX));
                self.rest = self.rest.saturating_sub(body as u64);
                bytes = &bytes[body..];
                continue;
            }
            let missing = HEADER.saturating_sub(self.header.len()).min(bytes.len());
            self.header.extend_from_slice(&bytes[..missing]);
            bytes = &bytes[missing..];
            if self.header.len() == HEADER {
                self.rest = length_after(&self.header)
                    .filter(|rest| *rest <= MAX_ANSWER)
                    .ok_or_else(|| io::Error::from(io::ErrorKind::FileTooLarge))?;
                self.header.clear();
            }
        }
        Ok(())
    }
}

/// The bytes that follow the fixed header: the header fields, padded to eight bytes, and the body
/// (D-Bus specification, "Message Format").
fn length_after(header: &[u8]) -> Option<u64> {
    let number = |at: usize| -> Option<u64> {
        let bytes: [u8; 4] = header.get(at..)?.first_chunk().copied()?;
        let number =
            if header[0] == b'B' { u32::from_be_bytes(bytes) } else { u32::from_le_bytes(bytes) };
        Some(number.into())
    };
    number(12)?.checked_next_multiple_of(8)?.checked_add(number(4)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(endian: u8, fields: u32, body: u32) -> [u8; HEADER] {
        let mut header = [0; HEADER];
        header[0] = endian;
        let bytes = |n: u32| if endian == b'B' { n.to_be_bytes() } else { n.to_le_bytes() };
        header[4..8].copy_from_slice(&bytes(body));
        header[12..].copy_from_slice(&bytes(fields));
        header
    }

    #[test]
    fn messages_within_the_limit_pass_however_they_are_cut() {
        for endian in [b'l', b'B'] {
            let mut wire = header(endian, 13, 100).to_vec();
            wire.extend_from_slice(&[7; 16 + 100]);
            wire.extend_from_slice(&header(endian, 0, 0));
            wire.extend_from_slice(&header(endian, 8, 0));
            wire.extend_from_slice(&[7; 8]);
            for piece in 1..=wire.len() {
                let mut meter = Meter::default();
                wire.chunks(piece).for_each(|bytes| meter.pass(bytes).unwrap());
                assert_eq!((meter.rest, meter.header.len()), (0, 0), "pieces of {piece}");
            }
        }
    }

    #[test]
    fn a_message_over_the_limit_stops_at_its_header() {
        let limit = u32::try_from(MAX_ANSWER).unwrap();
        for (fields, body) in [(0, limit + 1), (limit, 8), (u32::MAX, u32::MAX), (0, u32::MAX)] {
            for endian in [b'l', b'B'] {
                let mut meter = Meter::default();
                let header = header(endian, fields, body);
                meter.pass(&header[..15]).unwrap();
                let error = meter.pass(&header[15..]).unwrap_err();
                assert_eq!(error.kind(), io::ErrorKind::FileTooLarge);
            }
        }
        Meter::default().pass(&header(b'l', 0, limit)).unwrap();
    }

    #[test]
    fn a_connection_has_a_limit_of_its_own() {
        let message = [header(b'l', 0, 0); 64].concat();
        let mut meter = Meter::default();
        let messages = (0..).find(|_| meter.pass(&message).is_err()).unwrap();
        assert_eq!(messages, MAX_RECEIVED / message.len() as u64);
    }
}
