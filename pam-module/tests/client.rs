//! The client against peers over real sockets: each way of failing, in time and with its cause.
// The functions around the tests fail the test as the tests do.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod peer;

use std::collections::HashMap;
use std::io::Write;
use std::num::NonZeroU32;
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use pam_twinlock::client::{CallError, Client};
use pam_twinlock::context::Context;
use pam_twinlock::conversation::ConversationError;
use pam_twinlock::failure::Failure;
use pam_twinlock::login::{Conversation, Daemon, Ended, run};
use pam_twinlock::reply::Line;
use peer::{RIGHT_CODE, Socket, await_call, hold, own_uid, shake_hands};
use twinlock_bus_api::login::{Phase, Verdict};
use zbus::Variant;
use zeroize::Zeroizing;

/// The time of a call in these tests, and what may come on top.
const TIMEOUT: Duration = Duration::from_secs(1);
const SLACK: Duration = Duration::from_secs(3);

/// A person who types the same answer at every prompt.
struct Person {
    types: &'static str,
    asked: usize,
}

impl Conversation for Person {
    fn show(&mut self, _: &[Line]) -> Result<(), ConversationError> {
        Ok(())
    }

    fn ask(&mut self, _: &[Line]) -> Result<Option<Zeroizing<Vec<u8>>>, ConversationError> {
        self.asked += 1;
        Ok(Some(Zeroizing::new(self.types.as_bytes().to_vec())))
    }
}

fn context(user: &str) -> Context {
    Context {
        service: "sshd".to_owned(),
        user: user.to_owned(),
        interactive: true,
        ..Context::default()
    }
}

fn client(path: &Path) -> Client {
    Client::new(path.to_owned(), TIMEOUT, own_uid())
}

fn log_in(path: &Path, user: &str, types: &'static str) -> Result<Ended, Failure> {
    let mut person = Person { types, asked: 0 };
    run(Phase::Auth, &context(user), &mut person, &mut client(path))
}

/// The error of a first call, which must come within the time of a call and its slack.
fn refused(path: &Path) -> CallError {
    timely(|| client(path).begin(Phase::Auth, &context("alice"))).err().expect("no reply")
}

#[allow(clippy::disallowed_methods)]
fn timely<T>(call: impl FnOnce() -> T) -> T {
    let start = Instant::now();
    let result = call();
    assert!(start.elapsed() < TIMEOUT + SLACK, "{:?}", start.elapsed());
    result
}

#[test]
fn a_right_code_is_allowed_and_brings_the_ticket() {
    let socket = Socket::new();
    socket.serve_daemon();
    let ended = log_in(&socket.path, "alice", RIGHT_CODE).expect("a verdict");
    assert_eq!(ended.verdict, Verdict::Allow);
    assert_eq!(ended.ticket.expect("a ticket").as_str(), peer::TICKET);
}

#[test]
fn wrong_codes_are_asked_again_until_the_daemon_denies() {
    let socket = Socket::new();
    socket.serve_daemon();
    let mut person = Person { types: "000000", asked: 0 };
    let ended = run(Phase::Auth, &context("alice"), &mut person, &mut client(&socket.path));
    assert_eq!(ended.map(|ended| ended.verdict).expect("a verdict"), Verdict::Deny);
    assert_eq!(person.asked, 3);
}

#[test]
fn verdicts_without_a_prompt_come_through() {
    let socket = Socket::new();
    socket.serve_daemon();
    for (user, expected) in
        [("bob", Verdict::Skip), ("carol", Verdict::Deny), ("dave", Verdict::Locked)]
    {
        let ended = log_in(&socket.path, user, "").expect("a verdict");
        assert_eq!(ended.verdict, expected, "{user}");
    }
}

#[test]
fn leaving_in_the_middle_closes_the_connection() {
    let socket = Socket::new();
    let open = socket.serve_daemon();
    let mut client = client(&socket.path);
    client.begin(Phase::Auth, &context("alice")).map_err(|e| e.to_string()).expect("a prompt");
    assert_eq!(open.load(Ordering::SeqCst), 1);
    drop(client);
    for _ in 0..100 {
        if open.load(Ordering::SeqCst) == 0 {
            return;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    panic!("the daemon still has the connection");
}

#[test]
fn a_missing_socket_is_named() {
    let error = refused(&Socket::new().path);
    assert!(matches!(error, CallError::NoSocket), "{error}");
}

#[test]
fn a_socket_that_nobody_listens_on_is_named() {
    let socket = Socket::new();
    drop(UnixListener::bind(&socket.path).unwrap());
    let error = refused(&socket.path);
    assert!(matches!(error, CallError::NobodyListens), "{error}");
}

#[test]
fn a_file_that_is_no_socket_is_refused() {
    let socket = Socket::new();
    std::fs::write(&socket.path, b"").unwrap();
    let error = refused(&socket.path);
    assert!(matches!(error, CallError::NobodyListens | CallError::Connect(_)), "{error}");
}

#[test]
fn a_stranger_s_socket_is_not_talked_to() {
    let socket = Socket::new();
    let (heard, hears) = std::sync::mpsc::channel();
    socket.serve(move |mut stream| {
        let mut buffer = [0; 1];
        let _ = heard.send(std::io::Read::read(&mut stream, &mut buffer).unwrap());
    });
    let stranger = own_uid() + 1;
    let mut client = Client::new(socket.path.clone(), TIMEOUT, stranger);
    let error = timely(|| client.begin(Phase::Auth, &context("alice"))).err().expect("no reply");
    assert!(matches!(error, CallError::Stranger(uid) if uid == own_uid()), "{error}");
    // Not a byte was sent.
    assert_eq!(hears.recv().unwrap(), 0);
}

#[test]
fn a_silent_peer_is_left_at_the_deadline() {
    let socket = Socket::new();
    socket.serve(hold);
    assert!(matches!(refused(&socket.path), CallError::Silent(TIMEOUT)));
}

#[test]
fn a_peer_that_falls_silent_after_the_handshake_is_left_at_the_deadline() {
    let socket = Socket::new();
    socket.serve(|mut stream| {
        shake_hands(&mut stream);
        hold(stream);
    });
    assert!(matches!(refused(&socket.path), CallError::Silent(TIMEOUT)));
}

#[test]
fn a_daemon_that_hangs_in_the_call_is_left_at_the_deadline() {
    let socket = Socket::new();
    socket.serve_daemon();
    let failure = timely(|| log_in(&socket.path, "mallory", "")).err().expect("no verdict");
    assert_eq!(failure.to_string(), "the daemon did not answer within 1 s");
}

#[test]
fn a_full_backlog_is_left_at_the_deadline() {
    let socket = Socket::new();
    let listener = UnixListener::bind(&socket.path).unwrap();
    // The kernel lets one more in than the backlog says, which std sets; fill whatever it is.
    let mut waiting = Vec::new();
    for _ in 0..10_000 {
        let flags = rustix::net::SocketFlags::NONBLOCK | rustix::net::SocketFlags::CLOEXEC;
        let (family, kind) = (rustix::net::AddressFamily::UNIX, rustix::net::SocketType::STREAM);
        let attempt = rustix::net::socket_with(family, kind, flags, None).unwrap();
        let address = rustix::net::SocketAddrUnix::new(&socket.path).unwrap();
        match rustix::net::connect(&attempt, &address) {
            Ok(()) => waiting.push(attempt),
            Err(error) => {
                assert_eq!(error, rustix::io::Errno::AGAIN);
                break;
            }
        }
    }
    assert!(matches!(refused(&socket.path), CallError::Silent(TIMEOUT)));
    drop(listener);
}

#[test]
fn a_connection_that_closes_is_told_from_one_that_is_silent() {
    let at_once = Socket::new();
    at_once.serve(drop);
    let after_handshake = Socket::new();
    after_handshake.serve(|mut stream| shake_hands(&mut stream));
    let in_the_answer = Socket::new();
    in_the_answer.serve(|mut stream| {
        await_call(&mut stream);
        let _ = stream.write_all(b"l\x02\x01\x01\x08");
    });
    for socket in [at_once, after_handshake, in_the_answer] {
        let error = refused(&socket.path);
        assert!(matches!(error, CallError::Closed { answering: false }), "{error}");
    }
}

#[test]
fn a_connection_that_closes_while_the_person_types_says_so() {
    let socket = Socket::new();
    socket.serve_daemon();
    let failure = timely(|| log_in(&socket.path, "alice", "hang up")).err().expect("no verdict");
    assert!(matches!(failure, Failure::Call(CallError::Closed { answering: true })), "{failure}");
}

#[test]
fn a_call_that_failed_closes_the_connection_for_good() {
    let socket = Socket::new();
    socket.serve_daemon();
    let mut client = client(&socket.path);
    client.begin(Phase::Auth, &context("alice")).map_err(|e| e.to_string()).expect("a prompt");
    assert!(client.answer(7, "hang up").is_err());
    assert!(matches!(client.answer(7, RIGHT_CODE), Err(CallError::Closed { answering: true })));
}

#[test]
fn nonsense_in_the_handshake_is_refused() {
    let endless = vec![b'O'; 100_000];
    for nonsense in [
        &b"\n"[..],
        b"\r\n",
        b"ERROR\r\n",
        b"REJECTED EXTERNAL\r\n",
        b"OK\r\n",
        b"OK not-a-guid\r\n",
        b"OK 0123456789abcdef0123456789abcdef\n",
        b"OK 0123456789abcdef0123456789abcdef\r\nl",
        b"\xff\xfe\r\n",
        b"HTTP/1.1 400 Bad Request\r\n\r\n",
        &endless,
    ] {
        let nonsense = nonsense.to_vec();
        let socket = Socket::new();
        socket.serve(move |mut stream| {
            let _ = stream.write_all(&nonsense);
            hold(stream);
        });
        let error = refused(&socket.path);
        assert!(matches!(error, CallError::Nonsense(_)), "{error}");
    }
}

#[test]
fn nonsense_instead_of_an_answer_is_refused() {
    for nonsense in
        [&[0; 64][..], &[b'l'; 64], &[0xff; 64], b"l\x02\x00\x01\0\0\0\0\0\0\0\0\0\0\0\0"]
    {
        let nonsense = nonsense.to_vec();
        let socket = Socket::new();
        socket.serve(move |mut stream| {
            await_call(&mut stream);
            let _ = stream.write_all(&nonsense);
            hold(stream);
        });
        let error = refused(&socket.path);
        assert!(matches!(error, CallError::Nonsense(_) | CallError::Oversized), "{error}");
    }
}

#[test]
fn an_answer_without_an_end_is_refused_before_it_is_read() {
    let socket = Socket::new();
    socket.serve(|mut stream| {
        await_call(&mut stream);
        // A reply whose body is said to be 120 MiB long.
        let mut header = b"l\x02\x00\x01".to_vec();
        header.extend_from_slice(&(120_u32 << 20).to_le_bytes());
        header.extend_from_slice(&[1, 0, 0, 0, 0, 0, 0, 0]);
        let _ = stream.write_all(&header);
        hold(stream);
    });
    assert!(matches!(refused(&socket.path), CallError::Oversized));
}

#[test]
fn a_flood_of_messages_is_left_at_the_limit() {
    let socket = Socket::new();
    socket.serve(|mut stream| {
        await_call(&mut stream);
        let signal = zbus::Message::signal("/a", "org.example.Flood", "Drop").build(&()).unwrap();
        while stream.write_all(signal.data()).is_ok() {}
    });
    let error = refused(&socket.path);
    assert!(matches!(error, CallError::Oversized), "{error}");
}

#[test]
fn a_wrong_reply_type_is_refused() {
    let socket = Socket::new();
    socket.serve(|mut stream| {
        let serial = NonZeroU32::new(await_call(&mut stream)).unwrap();
        // The right call is answered, with a word where a dialogue is expected.
        let call = zbus::Message::method_call("/a", "Begin").serial(serial).build(&()).unwrap();
        let reply = zbus::Message::method_return(&call.header()).build(&"x").unwrap();
        let _ = stream.write_all(reply.data());
        hold(stream);
    });
    let error = refused(&socket.path);
    assert!(matches!(error, CallError::Nonsense(_)), "{error}");
}

#[test]
fn an_error_of_the_daemon_is_named_and_kept_on_one_line() {
    let socket = Socket::new();
    socket.serve_daemon();
    let failure = log_in(&socket.path, "eve", "").err().expect("no verdict");
    let Failure::Call(CallError::Refused(text)) = failure else { panic!("{failure}") };
    assert!(text.starts_with("org.twinlock1.Error.Failed"), "{text}");
}

/// A daemon of another minor version of the interface: it says more than this module asks for, or
/// has no details at all.
#[test]
fn a_daemon_of_an_earlier_or_a_later_version_is_understood() {
    let later: HashMap<&str, Variant<'_>> = HashMap::from([
        ("ticket", Variant::from(peer::TICKET)),
        ("reference", Variant::from("7F3KQ2")),
        ("remembered_until", Variant::from(1_800_000_000_u64)),
        ("methods", Variant::from(vec!["totp", "passkey"])),
    ]);
    for (details, has_ticket) in [(later, true), (HashMap::new(), false)] {
        let socket = Socket::new();
        socket.serve(move |mut stream| {
            let serial = NonZeroU32::new(await_call(&mut stream)).unwrap();
            let call = zbus::Message::method_call("/a", "Begin").serial(serial).build(&()).unwrap();
            let no_messages: Vec<(u32, &str)> = Vec::new();
            let reply = zbus::Message::method_return(&call.header())
                .build(&(1_u64, no_messages, "allow", &details))
                .unwrap();
            let _ = stream.write_all(reply.data());
            hold(stream);
        });
        let ended = log_in(&socket.path, "alice", "").expect("a verdict");
        assert_eq!(ended.verdict, Verdict::Allow);
        assert_eq!(ended.ticket.is_some(), has_ticket);
    }
}
