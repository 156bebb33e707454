//! The sockets that D-Bus comes in by: how much they take in, and what they ask of nobody.
//!
//! The message bus lets every local user send messages of up to 128 MiB, with descriptors, to any name, and
//! as many calls as they like that expect no answer. Here a message is measured before memory is
//! set aside for it, descriptors are neither negotiated nor received, and calls beyond what the
//! daemon has yet to answer are not taken in. What is not taken in is read and forgotten, so that
//! the connection lives on and nobody else notices. Callers who get no answer run into their own
//! time limit.
//!
//! zbus would ask the user database for the groups of a peer before it answers the handshake. A
//! directory that hangs would so keep every login from being heard; the uid and the process, which
//! the kernel vouches for, are all that is told here.

use std::{
    io,
    os::fd::{BorrowedFd, OwnedFd},
    path::Path,
    sync::Arc,
};

use tokio::net::{
    UnixStream,
    unix::{OwnedReadHalf, OwnedWriteHalf},
};
use zbus::{
    Message,
    connection::socket::{ReadHalf, Socket, Split, WriteHalf},
    export::async_trait::async_trait,
    fdo::ConnectionCredentials,
    message::Type,
};

use crate::{journal, unanswered::Unanswered};

/// The longest message that is taken in from the bus, in bytes, header included.
pub(crate) const LONGEST: u64 = 64 * 1024;

/// The longest message of a login, which may hold several large keys.
pub(crate) const LONGEST_LOGIN: u64 = 256 * 1024;

/// The part of a D-Bus message that says how long the rest is.
const HEADER: usize = 16;

/// A connection, before the handshake.
#[derive(Debug)]
pub(crate) struct BoundedSocket {
    stream: UnixStream,
    longest: u64,
}

impl BoundedSocket {
    /// Connects to the socket of the bus.
    pub(crate) async fn connect(path: &Path) -> io::Result<Self> {
        UnixStream::connect(path).await.map(|stream| Self { stream, longest: LONGEST })
    }

    /// Takes over the connection of a login.
    pub(crate) const fn of_login(stream: UnixStream) -> Self {
        Self { stream, longest: LONGEST_LOGIN }
    }
}

impl Socket for BoundedSocket {
    type ReadHalf = Reader;
    type WriteHalf = Writer;

    fn split(self) -> Split<Reader, Writer> {
        let (read, write) = self.stream.into_split();
        let unanswered = Arc::new(Unanswered::default());
        let reader = Reader {
            stream: read,
            unanswered: Arc::clone(&unanswered),
            longest: self.longest,
            one_caller: self.longest == LONGEST_LOGIN,
            told: false,
        };
        Split::new(reader, Writer { stream: write, unanswered })
    }
}

/// Receives messages that are short enough and calls that there is room for.
#[derive(Debug)]
pub(crate) struct Reader {
    stream: OwnedReadHalf,
    unanswered: Arc<Unanswered>,
    longest: u64,
    /// Whether one caller alone uses the connection, and loses it by a message that is too long.
    one_caller: bool,
    /// Whether the journal has a line about a message that was passed over.
    told: bool,
}

#[async_trait]
impl ReadHalf for Reader {
    async fn recvmsg(&mut self, buffer: &mut [u8]) -> io::Result<(usize, Vec<OwnedFd>)> {
        Ok((self.receive(buffer).await?, Vec::new()))
    }

    async fn receive_message(
        &mut self,
        sequence: u64,
        early: &mut Vec<u8>,
        _fds: &mut Vec<OwnedFd>,
    ) -> zbus::Result<Message> {
        loop {
            let mut header = [0; HEADER];
            self.fill(early, &mut header).await?;
            let rest = length_after(&header).ok_or(zbus::Error::IncorrectEndian)?;
            if rest.saturating_add(HEADER as u64) > self.longest {
                if self.one_caller {
                    return Err(zbus::Error::ExcessData);
                }
                self.discard(early, rest).await?;
                self.tell("a message that is too long");
                continue;
            }
            let mut bytes = vec![0; HEADER.saturating_add(usize::try_from(rest).unwrap_or(0))];
            let (head, tail) = bytes.split_at_mut(HEADER);
            head.copy_from_slice(&header);
            self.fill(early, tail).await?;
            // The message has been read to its end: where zbus makes nothing of it, as of one of
            // a type that the bus passes on and zbus does not know, the next one is still found.
            let parsed = Whole.receive_message(sequence, &mut bytes, &mut Vec::new()).await;
            let Ok(message) = parsed else {
                self.tell("a message that cannot be read");
                continue;
            };
            if self.has_room(&message) {
                return Ok(message);
            }
            self.tell("a call of somebody who has too many open");
        }
    }

    async fn peer_credentials(&mut self) -> io::Result<ConnectionCredentials> {
        let stream: &UnixStream = self.stream.as_ref();
        let peer = stream.peer_cred()?;
        let told = ConnectionCredentials::default().set_unix_user_id(peer.uid());
        Ok(match peer.pid().and_then(|process| u32::try_from(process).ok()) {
            Some(process) => told.set_process_id(process),
            None => told,
        })
    }
}

impl Reader {
    /// Waits for some bytes. By read(2): the kernel closes what descriptors come along.
    async fn receive(&self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            self.stream.readable().await?;
            match self.stream.try_read(buffer) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                received => return received,
            }
        }
    }

    /// Fills the buffer, with the bytes first that came with the handshake.
    async fn fill(&self, early: &mut Vec<u8>, buffer: &mut [u8]) -> io::Result<()> {
        let mut filled = early.len().min(buffer.len());
        for (to, from) in buffer.iter_mut().zip(early.drain(..filled)) {
            *to = from;
        }
        while let Some(missing) = buffer.get_mut(filled..).filter(|missing| !missing.is_empty()) {
            match self.receive(missing).await? {
                0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                received => filled = filled.saturating_add(received),
            }
        }
        Ok(())
    }

    async fn discard(&self, early: &mut Vec<u8>, mut rest: u64) -> io::Result<()> {
        let mut scrap = [0; 4096];
        while rest > 0 {
            let some = usize::try_from(rest).unwrap_or(usize::MAX).min(scrap.len());
            let Some(piece) = scrap.get_mut(..some) else { break };
            self.fill(early, piece).await?;
            rest = rest.saturating_sub(some as u64);
        }
        Ok(())
    }

    /// Whether the message may be handed on. A call that may is noted until it is answered; zbus
    /// answers every one, also those that expect no answer.
    fn has_room(&self, message: &Message) -> bool {
        if message.message_type() != Type::MethodCall {
            return true;
        }
        let header = message.header();
        let sender = header.sender().map_or("", |sender| sender.as_str());
        self.unanswered.note(sender, message.primary_header().serial_num())
    }

    /// Once for a connection: who floods the daemon shall not flood the journal too.
    fn tell(&mut self, what: &str) {
        if !self.told {
            self.told = true;
            journal::line(&format!("{what} came and was passed over, maybe more"));
        }
    }
}

/// Lets zbus read a message that is there already, to the last byte.
#[derive(Debug)]
struct Whole;

#[async_trait]
impl ReadHalf for Whole {
    async fn recvmsg(&mut self, _: &mut [u8]) -> io::Result<(usize, Vec<OwnedFd>)> {
        Ok((0, Vec::new()))
    }
}

/// Sends messages, and strikes out the calls that they answer.
#[derive(Debug)]
pub(crate) struct Writer {
    stream: OwnedWriteHalf,
    unanswered: Arc<Unanswered>,
}

#[async_trait]
impl WriteHalf for Writer {
    async fn send_message(&mut self, message: &Message) -> zbus::Result<()> {
        let mut bytes: &[u8] = message.data();
        while !bytes.is_empty() {
            let sent = self.sendmsg(bytes, &[]).await?;
            bytes = bytes.get(sent..).unwrap_or_default();
        }
        if matches!(message.message_type(), Type::MethodReturn | Type::Error) {
            let header = message.header();
            if let (Some(caller), Some(serial)) = (header.destination(), header.reply_serial()) {
                self.unanswered.strike(caller.as_str(), serial);
            }
        }
        Ok(())
    }

    async fn sendmsg(&mut self, bytes: &[u8], _fds: &[BorrowedFd<'_>]) -> io::Result<usize> {
        loop {
            self.stream.writable().await?;
            match self.stream.try_write(bytes) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                sent => return sent,
            }
        }
    }

    async fn close(&mut self) -> io::Result<()> {
        let stream: &UnixStream = self.stream.as_ref();
        nix::sys::socket::shutdown(
            std::os::fd::AsRawFd::as_raw_fd(stream),
            nix::sys::socket::Shutdown::Both,
        )?;
        Ok(())
    }
}

/// The bytes that follow the fixed header: the header fields, padded to eight bytes, and the body
/// (D-Bus specification, "Message Format"). `None` if this is no header.
fn length_after(header: &[u8; HEADER]) -> Option<u64> {
    let number = |at: usize| -> Option<u64> {
        let bytes: [u8; 4] = header.get(at..)?.first_chunk().copied()?;
        match header.first()? {
            b'l' => Some(u32::from_le_bytes(bytes).into()),
            b'B' => Some(u32::from_be_bytes(bytes).into()),
            _ => None,
        }
    };
    number(12)?.checked_next_multiple_of(8)?.checked_add(number(4)?)
}

#[cfg(test)]
mod tests {
    use tokio::io::Interest;

    use super::*;

    fn pair() -> (UnixStream, Reader, Writer) {
        let (peer, stream) = UnixStream::pair().unwrap();
        let (reader, writer) = BoundedSocket { stream, longest: LONGEST }.split().take();
        (peer, reader, writer)
    }

    async fn send(peer: UnixStream, bytes: Vec<u8>) {
        let mut rest = &bytes[..];
        while !rest.is_empty() {
            peer.ready(Interest::WRITABLE).await.unwrap();
            rest = &rest[peer.try_write(rest).unwrap_or(0)..];
        }
    }

    fn signal(text: &str) -> Vec<u8> {
        let builder = Message::signal("/a", "org.example.A", "A");
        builder.build(&text).unwrap().data().to_vec()
    }

    async fn texts(mut reader: Reader, mut early: Vec<u8>) -> Vec<usize> {
        let mut texts = Vec::new();
        loop {
            match reader.receive_message(1, &mut early, &mut Vec::new()).await {
                Ok(message) => texts.push(message.body().deserialize::<String>().unwrap().len()),
                Err(_) => break texts,
            }
        }
    }

    #[tokio::test]
    async fn what_is_too_long_or_unknown_is_passed_over_and_the_next_message_arrives() {
        let longest = usize::try_from(LONGEST).unwrap() - signal("").len();
        let mut unknown = signal("unknown");
        unknown[1] = 77;
        let wire = [
            signal("a"),
            signal(&"b".repeat(1_000_000)),
            unknown,
            signal(&"c".repeat(longest)),
            signal(&"d".repeat(longest + 1)),
            signal("ee"),
        ]
        .concat();
        for early in [0, 7, 16, 200, 70_000] {
            let (peer, reader, _writer) = pair();
            let sender = tokio::spawn(send(peer, wire[early..].to_vec()));
            assert_eq!(texts(reader, wire[..early].to_vec()).await, [1, longest, 2], "{early}");
            sender.await.unwrap();
        }
    }

    #[tokio::test]
    async fn bytes_that_are_no_message_end_the_connection() {
        let (peer, mut reader, _writer) = pair();
        send(peer, vec![b'x'; 64]).await;
        let ended = reader.receive_message(1, &mut Vec::new(), &mut Vec::new()).await;
        assert!(matches!(ended, Err(zbus::Error::IncorrectEndian)), "{ended:?}");
    }

    #[test]
    fn descriptors_are_not_negotiated() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build().unwrap();
        let (_peer, reader, writer) = runtime.block_on(async { pair() });
        assert!(!reader.can_pass_unix_fd());
        assert!(!writer.can_pass_unix_fd());
    }
}
