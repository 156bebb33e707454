//! The interface and the listener, over a real socket with the client that the module uses. The
//! socket serves root alone, so that these tests, like those of whole logins, run as root.

use std::{
    collections::HashMap,
    io::{Read, Write},
    os::unix::{
        fs::PermissionsExt,
        net::{UnixListener as StdListener, UnixStream as StdStream},
        process::CommandExt,
    },
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Duration,
};

use tempfile::TempDir;
use tokio::task::JoinHandle;
use twinlock_bus_api::login::{LoginProxy, Message as WireMessage};
use zbus::{Connection, connection::Builder};

use super::*;
use crate::{
    login::listener::{self, ListenError},
    testing::{RIGHT, WRONG, alice, enrol},
};

/// Longer than anything here takes.
pub(super) const PATIENCE: Duration = Duration::from_secs(20);

pub(super) struct Served {
    setup: Setup,
    pub(super) desk: Arc<Desk>,
    folder: TempDir,
    task: JoinHandle<std::io::Result<()>>,
}

impl Served {
    pub(super) async fn start() -> Self {
        let setup = Setup::new();
        let engine = setup.engine().await;
        enrol(&engine, &alice()).await;
        let folder = tempfile::tempdir().unwrap();
        let listener = listener::bind(&folder.path().join("login.sock")).unwrap();
        let desk = Arc::new(desk(&engine));
        let task = tokio::spawn(listener::serve(listener, engine, Arc::clone(&desk)));
        Self { setup, desk, folder, task }
    }

    fn socket(&self) -> PathBuf {
        self.folder.path().join("login.sock")
    }

    pub(super) async fn connect(&self) -> (Connection, LoginProxy<'static>) {
        let stream = tokio::net::UnixStream::connect(self.socket()).await.unwrap();
        let connection =
            Builder::unix_stream(stream.into_std().unwrap()).p2p().build().await.unwrap();
        let proxy = LoginProxy::builder(&connection).build().await.unwrap();
        (connection, proxy)
    }

    /// Waits until the log has a line with this in it.
    pub(super) async fn line(&self, wanted: &str) -> String {
        let found = async {
            loop {
                let found = self.setup.lines().into_iter().find(|line| line.contains(wanted));
                match found {
                    Some(line) => break line,
                    None => tokio::time::sleep(Duration::from_millis(10)).await,
                }
            }
        };
        tokio::time::timeout(PATIENCE, found).await.unwrap()
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        self.task.abort();
    }
}

pub(super) fn login_of(user: &str) -> HashMap<&'static str, Variant<'static>> {
    HashMap::from([
        ("service", Variant::from("sshd")),
        ("user", Variant::from(user.to_owned())),
        ("ssh_connection", Variant::from("203.0.113.9 50022 192.0.2.1 22")),
        ("has_authtok", Variant::from(true)),
    ])
}

fn prompt() -> Vec<WireMessage> {
    vec![WireMessage { style: 2, text: "Verification code: ".to_owned() }]
}

#[tokio::test]
async fn a_login_goes_over_the_wire_and_its_ticket_comes_back() {
    let served = Served::start().await;
    let (_connection, login) = served.connect().await;
    let (dialogue, messages, verdict, details) =
        login.begin("auth", login_of("alice")).await.unwrap();
    assert_eq!((messages, verdict.as_str(), details.len()), (prompt(), "", 0));
    let (messages, verdict, _) = login.answer(dialogue, WRONG).await.unwrap();
    assert_eq!(verdict, "");
    assert!(messages[0].text.starts_with("That code is not right (reference "));
    let again = "Verification code (or l: lost everything): ";
    assert_eq!((messages[0].style, messages[1].text.as_str()), (3, again));
    let (messages, verdict, details) = login.answer(dialogue, RIGHT).await.unwrap();
    assert_eq!((messages.len(), verdict.as_str()), (0, "allow"));
    let ticket: String = details["ticket"].try_clone().unwrap().try_into().unwrap();
    assert!(login.answer(dialogue, RIGHT).await.is_err(), "the dialogue is over");

    // The account phase comes over a connection of its own.
    let (_connection, login) = served.connect().await;
    let mut context = login_of("alice");
    context.insert("ticket", Variant::from(ticket));
    let (_, _, verdict, details) = login.begin("account", context).await.unwrap();
    assert_eq!((verdict.as_str(), details.len()), ("allow", 0));
}

#[tokio::test]
async fn another_connection_cannot_answer_or_cancel_a_dialogue() {
    let served = Served::start().await;
    let (_first, login) = served.connect().await;
    let (_second, stranger) = served.connect().await;
    let (dialogue, ..) = login.begin("auth", login_of("alice")).await.unwrap();
    for id in [dialogue, dialogue + 1, 0, u64::MAX] {
        assert!(stranger.answer(id, RIGHT).await.is_err(), "{id}");
        stranger.cancel(id).await.unwrap();
    }
    let (_, verdict, _) = login.answer(dialogue, RIGHT).await.unwrap();
    assert_eq!(verdict, "allow");
}

#[tokio::test]
async fn a_connection_that_closes_ends_its_dialogue_and_frees_its_place() {
    let served = Served::start().await;
    for round in 0..2 * crate::login::slots::LIMIT {
        let (connection, login) = served.connect().await;
        let (_, _, verdict, _) = login.begin("auth", login_of("alice")).await.unwrap();
        assert_eq!(verdict, "", "round {round}");
        drop(login);
        connection.close().await.unwrap();
        let line = served.line("event=login.abandoned").await;
        assert!(line.contains(r#"user="alice""#) && line.contains("the connection was closed"));
    }
}

#[tokio::test]
async fn a_cancelled_dialogue_is_over_and_leaves_a_line() {
    let served = Served::start().await;
    let (_connection, login) = served.connect().await;
    let (dialogue, ..) = login.begin("auth", login_of("alice")).await.unwrap();
    login.cancel(dialogue).await.unwrap();
    login.cancel(dialogue).await.unwrap();
    assert!(login.answer(dialogue, RIGHT).await.is_err());
    assert!(served.line("event=login.abandoned").await.contains("cancelled"));
}

#[tokio::test]
async fn a_call_of_the_wrong_form_is_an_error_and_the_connection_goes_on() {
    let served = Served::start().await;
    let (_connection, login) = served.connect().await;
    let with = |key: &'static str, value: Variant<'static>| {
        let mut context = login_of("alice");
        context.insert(key, value);
        context
    };
    let cases = [
        ("AUTH", login_of("alice")),
        ("", login_of("alice")),
        ("auth", HashMap::new()),
        ("auth", with("user", Variant::from(1000u32))),
        ("auth", with("user", Variant::from("x".repeat(513)))),
        ("auth", with("ssh_auth_info", Variant::from("x".repeat(100_000)))),
        ("account", with("ticket", Variant::from(vec![1u8, 2, 3]))),
    ];
    for (phase, context) in cases {
        let error = login.begin(phase, context).await.err().unwrap();
        let name = "org.freedesktop.DBus.Error.InvalidArgs: ";
        assert!(error.to_string().starts_with(name), "{error}");
    }
    let (_, _, verdict, _) = login.begin("auth", login_of("alice")).await.unwrap();
    assert_eq!(verdict, "");
}

#[tokio::test]
async fn hostile_names_and_answers_are_wrong_and_nothing_worse() {
    let served = Served::start().await;
    let (_connection, login) = served.connect().await;
    for name in ["", "../alice", "alice\n", "a/b", "\u{1b}[2J", "alice\u{202e}", "ALICE", "0"] {
        let (dialogue, _, verdict, _) = login.begin("auth", login_of(name)).await.unwrap();
        assert_eq!(verdict, "", "{name:?}");
        login.cancel(dialogue).await.unwrap();
    }
    let long = "1".repeat(200_000);
    for (n, answer) in ["", " ", "359152\n000000", "\u{1b}[2J", &long].into_iter().enumerate() {
        let name = format!("nobody-here{n}");
        let (dialogue, ..) = login.begin("auth", login_of(&name)).await.unwrap();
        let (_, verdict, _) = login.answer(dialogue, answer).await.unwrap();
        assert_eq!(verdict, "");
        login.cancel(dialogue).await.unwrap();
    }
    for line in served.setup.lines() {
        assert!(!line.chars().any(char::is_control), "{line:?}");
    }
}

#[tokio::test]
async fn a_message_of_ten_megabytes_ends_its_own_connection_and_no_other() {
    let served = Served::start().await;
    let (_connection, login) = served.connect().await;
    let (_other, other) = served.connect().await;
    let long = "1".repeat(10_000_000);
    assert!(login.answer(1, &long).await.is_err());
    assert!(login.answer(1, "").await.is_err());
    let (_, _, verdict, _) = other.begin("auth", login_of("alice")).await.unwrap();
    assert_eq!(verdict, "");
}

#[tokio::test]
async fn one_connection_has_sixteen_dialogues_at_the_most() {
    let served = Served::start().await;
    let (_connection, login) = served.connect().await;
    for n in 0..16 {
        login.begin("auth", login_of(&format!("stranger{n}"))).await.unwrap();
    }
    let error = login.begin("auth", login_of("stranger16")).await.err().unwrap();
    let name = "org.freedesktop.DBus.Error.LimitsExceeded: ";
    assert!(error.to_string().starts_with(name), "{error}");
}

#[tokio::test]
async fn silent_and_babbling_peers_block_nobody() {
    let served = Served::start().await;
    let silent: Vec<_> = (0..64).map(|_| StdStream::connect(served.socket()).unwrap()).collect();
    for mut babbling in (0..8).map(|_| StdStream::connect(served.socket()).unwrap()) {
        let _ = babbling.write_all(&[b'A'; 4096]);
    }
    let (_connection, login) = served.connect().await;
    let begun =
        tokio::time::timeout(Duration::from_secs(5), login.begin("auth", login_of("alice")));
    assert_eq!(begun.await.unwrap().unwrap().2, "");
    drop(silent);
}

#[tokio::test]
async fn peers_who_sit_on_every_place_without_a_dialogue_keep_nobody_out() {
    // Both ends of every connection are in this process.
    let mut limit = Command::new("prlimit");
    limit.args(["--pid", &std::process::id().to_string(), "--nofile=4096:"]);
    assert!(limit.status().unwrap().success());
    let served = Served::start().await;
    let mut sitting = Vec::new();
    // One has ended its dialogue and does not go; the others never say a word.
    let (connection, login) = served.connect().await;
    let (dialogue, ..) = login.begin("auth", login_of("alice")).await.unwrap();
    login.cancel(dialogue).await.unwrap();
    // And one is in the middle of its own.
    let (_kept, in_dialogue) = served.connect().await;
    let (dialogue, ..) = in_dialogue.begin("auth", login_of("alice")).await.unwrap();
    for _ in 0..listener::CONNECTIONS + 100 {
        sitting.push(StdStream::connect(served.socket()).unwrap());
        tokio::task::yield_now().await;
    }
    let (_connection, other) = served.connect().await;
    let begun =
        tokio::time::timeout(Duration::from_secs(5), other.begin("auth", login_of("alice")));
    assert_eq!(begun.await.unwrap().unwrap().2, "");
    let gone = tokio::time::timeout(PATIENCE, connection.closed());
    assert!(gone.await.is_ok(), "the oldest without a dialogue is gone");
    let answered = in_dialogue.answer(dialogue, RIGHT).await.unwrap();
    assert_eq!(answered.1, "allow", "who has a dialogue keeps the place");
    drop(sitting);
}

#[tokio::test]
async fn the_socket_is_of_root_alone_and_a_stale_one_is_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("deep").join("login.sock");
    let listener = listener::bind(&path).unwrap();
    assert_eq!(mode(&path), 0o600);
    assert!(matches!(listener::bind(&path), Err(ListenError::InUse(_))));
    drop(listener);
    let again = listener::bind(&path).unwrap();
    assert_eq!(mode(&path), 0o600);
    drop(again);
    std::fs::remove_file(&path).unwrap();
    std::fs::write(&path, "precious").unwrap();
    assert!(matches!(listener::bind(&path), Err(ListenError::NotASocket(_))));
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "precious");
}

#[test]
fn a_daemon_that_hangs_with_a_full_queue_is_not_taken_for_a_stale_socket() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("login.sock");
    let hung = StdListener::bind(&path).unwrap();
    nix::sys::socket::listen(&hung, nix::sys::socket::Backlog::new(0).unwrap()).unwrap();
    let _waiting = StdStream::connect(&path).unwrap();
    assert!(matches!(listener::bind(&path), Err(ListenError::InUse(_))));
    assert!(matches!(listener::bind(&path), Err(ListenError::InUse(_))));
}

fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[tokio::test]
async fn a_peer_that_is_not_root_is_turned_away_whatever_the_mode_of_the_socket() {
    let served = Served::start().await;
    for open in [served.folder.path(), &served.socket()] {
        std::fs::set_permissions(open, std::fs::Permissions::from_mode(0o777)).unwrap();
    }
    let socket = served.socket();
    let heard = tokio::task::spawn_blocking(move || {
        let me = std::env::current_exe().unwrap();
        let mut child = Command::new(me)
            .args(["--exact", "--ignored", "--nocapture", "login::tests::wire::stranger"])
            .uid(65534)
            .gid(65534)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        writeln!(child.stdin.take().unwrap(), "{}", socket.display()).unwrap();
        String::from_utf8(child.wait_with_output().unwrap().stdout).unwrap()
    });
    let heard = tokio::time::timeout(PATIENCE, heard).await.unwrap().unwrap();
    assert!(heard.contains("turned away after 0 bytes"), "{heard}");
    let line = served.line("event=call.refused").await;
    assert!(line.contains("uid 65534 called the login socket"), "{line}");
}

#[test]
#[ignore = "the peer of a test above, which runs it as another user"]
fn stranger() {
    let mut path = String::new();
    std::io::stdin().read_line(&mut path).unwrap();
    let mut stream = StdStream::connect(path.trim_end()).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut heard = Vec::new();
    stream.read_to_end(&mut heard).unwrap();
    println!("turned away after {} bytes", heard.len());
}

/// A module of another minor version of this interface: it leaves out what came later, or says what
/// this daemon has never heard of, in whatever type.
#[tokio::test]
async fn a_module_of_an_earlier_or_a_later_version_is_answered() {
    let earlier = login_of("alice");
    let mut later = login_of("alice");
    later.insert("interactive", Variant::from(true));
    later.insert("seat", Variant::from(7_u32));
    later.insert("languages", Variant::from(vec!["de", "en"]));
    later.insert("ticket_kind", Variant::from(HashMap::from([("a", "b")])));
    for context in [earlier, later] {
        let served = Served::start().await;
        let (_connection, login) = served.connect().await;
        let (dialogue, messages, verdict, _) = login.begin("auth", context).await.unwrap();
        assert_eq!((messages, verdict.as_str()), (prompt(), ""));
        let (_, verdict, details) = login.answer(dialogue, RIGHT).await.unwrap();
        assert_eq!(verdict, "allow");
        assert!(details.contains_key("ticket"));
    }
}
