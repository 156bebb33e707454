//! What needs no server; with servers it is tried in `tests/tests/post`.

use std::{
    fs,
    io::Write,
    process::{Command, Stdio},
    sync::mpsc::Receiver,
    time::Duration,
};

use twinlock_config::templates::Overrides;
use twinlock_core::{
    audit::{AuditEvent, Happening},
    login::Source,
    notice::{Recipient, SecretText, Subject},
    reference::Reference,
    time::Timestamp,
};

use super::*;
use crate::{audit_log, clock::SystemClock};

fn code(lifetime: Duration) -> Subject {
    Subject::OneTimeCode { code: SecretText::new("482913"), lifetime }
}

fn every_subject() -> Vec<Subject> {
    let (until, lifetime) = (Timestamp::from_secs(1_800_000_000), Duration::from_secs(600));
    let secret = || SecretText::new("482913");
    let text = || "text".to_owned();
    vec![
        code(lifetime),
        Subject::ContactProof { code: secret(), lifetime },
        Subject::FactorEnrolled { label: text() },
        Subject::FactorRemoved { label: text() },
        Subject::HostTrusted { host: text(), until },
        Subject::ContactChanged { what: "mobile number", old: None, new: Some(text()) },
        Subject::RecoveryCodeUsed { left: 3 },
        Subject::RecoveryCodesRenewed,
        Subject::BypassIssued { until, uses: 1, reason: text() },
        Subject::BypassUsed,
        Subject::Reset,
        Subject::ResetRequested { id: text(), expires: until, reason: None },
        Subject::ResetRefused { id: text() },
        Subject::Invitation { code: secret(), until },
        Subject::Switched { on: false },
        Subject::Reminder { from: until },
    ]
}

fn notice(to: &[&str], subject: Subject) -> Notice {
    let to = to.iter().map(|to| match to.parse() {
        Ok(address) => Recipient::Email(address),
        Err(_) => Recipient::Mobile(to.parse().unwrap()),
    });
    Notice::new(to.collect(), subject, "alice", Timestamp::from_secs(1_800_000_000))
}

struct Host {
    outbox: Outbox,
    events: Receiver<AuditEvent>,
}

impl Host {
    fn new(config: &str) -> Self {
        let (audit, events) = audit_log::testing::captured();
        let runtime = tokio::runtime::Handle::current();
        let clock = std::sync::Arc::new(SystemClock::start());
        Self { outbox: Outbox::new(sending(config), audit, clock, runtime), events }
    }

    /// The next event, which comes soon.
    fn event(&self) -> AuditEvent {
        self.events.recv_timeout(Duration::from_secs(20)).unwrap()
    }
}

fn sending(config: &str) -> Sending {
    let text = format!("version = 1\n{config}\n");
    let loaded = twinlock_config::parse(&[("twinlock.toml", &text)]);
    let loaded = loaded.unwrap_or_else(|wrong| panic!("{wrong}"));
    Sending::new(&loaded.config, &Overrides::new(), "web1")
}

/// A program in a directory of its own.
fn program(script: &str) -> (tempfile::TempDir, String) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("send");
    let here = directory.path().display();
    let text = format!("#!/bin/sh\ncd {here}\n{script}\n");
    // Whatever another thread forks here would keep a file that is being written from being run.
    let mut install = Command::new("install")
        .args(["-m755", "/dev/stdin"])
        .arg(&path)
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    install.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    assert!(install.wait().unwrap().success());
    (directory, path.display().to_string())
}

#[test]
fn every_message_has_the_values_that_its_template_may_use() {
    for subject in every_subject() {
        let mut notice = notice(&[], subject);
        wording::check(&notice);
        notice.source = Some(Source::Address("203.0.113.9".parse().unwrap()));
        notice.reference = Some(Reference::from_random([1; 6]));
        wording::check(&notice);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_gets_number_and_text_as_whole_arguments_and_an_empty_environment() {
    let (directory, path) =
        program("printf '%s\\n' \"$#\" \"$1\" \"$2\" > got; env >> got; cat >> got");
    let host = Host::new(&format!("[sms]\ncommand = [\"{path}\", \"{{to}}\", \"{{text}}\"]"));
    host.outbox.send(notice(&["+14155550123"], code(Duration::from_secs(600))));
    let event = host.event();
    assert_eq!(event.happening, Happening::MessageSent, "{event}");
    assert_eq!(event.cause, "one-time-code to +…23");
    let got = fs::read_to_string(directory.path().join("got")).unwrap();
    let lines: Vec<_> = got.lines().collect();
    assert_eq!(lines[..2], ["2", "+14155550123"], "{got}");
    assert!(lines[2].starts_with("482913 is your code"), "{got}");
    let own = |line: &&&str| {
        !["PATH", "PWD", "OLDPWD", "SHLVL", "_"]
            .iter()
            .any(|name| line.starts_with(&format!("{name}=")))
    };
    assert_eq!(lines[3..].iter().filter(own).count(), 0, "{got}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_without_the_text_reads_it() {
    let (directory, path) = program("echo \"$1\" > got; cat >> got");
    let host = Host::new(&format!("[sms]\ncommand = [\"{path}\", \"{{digits}}\"]"));
    host.outbox.send(notice(&["+14155550123"], code(Duration::from_secs(600))));
    assert_eq!(host.event().happening, Happening::MessageSent);
    let got = fs::read_to_string(directory.path().join("got")).unwrap();
    assert!(got.starts_with("14155550123\n482913 is your code"), "{got}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_like_sendmail_gets_a_whole_message() {
    let (directory, path) = program("echo \"$@\" > arguments; cat > message");
    let mail = format!("[email]\nserver = \"{path}\"\nfrom = \"Security <s@example.org>\"");
    let host = Host::new(&mail);
    host.outbox.send(notice(&["alice@example.org"], code(Duration::from_secs(600))));
    let event = host.event();
    assert_eq!(event.happening, Happening::MessageSent, "{event}");
    let got = |name: &str| fs::read_to_string(directory.path().join(name)).unwrap();
    assert_eq!(got("arguments"), "-i -f s@example.org -- alice@example.org\n");
    let message = got("message");
    for line in [
        "From: Security <s@example.org>",
        "To: alice@example.org",
        "Subject: Your code for web1",
        "Date: Fri, 15 Jan 2027 08:00:00 +0000",
        "Auto-Submitted: auto-generated",
    ] {
        assert!(message.contains(&format!("{line}\r\n")), "{line}: {message}");
    }
    assert!(message.contains("\r\n482913\r\n") && message.contains("text/html"), "{message}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_that_fails_is_logged_with_its_status_and_without_the_code() {
    let (_directory, path) = program("cat; echo 482913 >&2; exit 3");
    let host = Host::new(&format!("[sms]\ncommand = [\"{path}\", \"{{to}}\"]"));
    host.outbox.send(notice(&["+14155550123"], code(Duration::from_secs(600))));
    let event = host.event();
    assert_eq!(event.happening, Happening::MessageFailed);
    assert!(event.cause.ends_with("send ended with status 3"), "{event}");
    assert!(!event.to_string().contains("482913"), "{event}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_that_hangs_is_ended_with_all_that_it_started() {
    let (directory, path) = program("sleep 1000 & echo $! > child; exec sleep 1000");
    let sent = program::run(&path, &[], b"", Duration::from_secs(1)).await;
    assert!(
        matches!(&sent, Err(failure::Failure::Passing(cause)) if cause.contains("within 1 s")),
        "{sent:?}"
    );
    let child = fs::read_to_string(directory.path().join("child")).unwrap();
    let process = format!("/proc/{}/stat", child.trim());
    let is_gone = || fs::read_to_string(&process).map_or(true, |stat| stat.contains(") Z "));
    for _ in 0..200 {
        if is_gone() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("the child of the program still runs");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_that_is_being_replaced_is_tried_again_and_one_that_is_none_is_not() {
    let (directory, path) = program("exit 0");
    let written = fs::File::options().append(true).open(&path).unwrap();
    let busy = program::run(&path, &[], b"", Duration::from_secs(10)).await;
    assert!(matches!(&busy, Err(failure::Failure::Passing(cause)) if cause.contains("busy")));
    drop(written);
    let missing = directory.path().join("none").display().to_string();
    let none = program::run(&missing, &[], b"", Duration::from_secs(10)).await;
    assert!(matches!(none, Err(failure::Failure::Lasting(_))), "{none:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_is_tried_again_and_never_sent_after_its_time() {
    let (directory, path) = program("echo try >> tries; exit 75");
    let host = Host::new(&format!("[sms]\ncommand = [\"{path}\", \"{{to}}\"]"));
    host.outbox.send(notice(&["+14155550123"], code(Duration::from_secs(4))));
    let event = host.event();
    assert_eq!(event.happening, Happening::MessageDelayed);
    let waits = "one-time-code to +…23 will be tried again: ";
    assert!(event.cause.starts_with(waits) && event.cause.ends_with("try again later"), "{event}");
    let event = host.event();
    assert_eq!(event.happening, Happening::MessageFailed);
    assert!(event.cause.contains("given up: ") && event.cause.contains("try again"), "{event}");
    let tries = fs::read_to_string(directory.path().join("tries")).unwrap();
    assert_eq!(tries, "try\ntry\n", "the second after two seconds, and none after the fourth");

    host.outbox.send(notice(&["+14155550123"], code(Duration::ZERO)));
    assert!(host.event().cause.contains("its time was over"));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_outage_is_told_of_once_however_many_messages_wait_and_so_is_its_end() {
    let (directory, path) = program("test -e up || exit 75");
    let host = Host::new(&format!("[sms]\ncommand = [\"{path}\", \"{{to}}\"]"));
    for _ in 0..20 {
        host.outbox.send(notice(&["+14155550123"], code(Duration::from_secs(600))));
    }
    let event = host.event();
    assert_eq!((event.happening, event.user.as_str()), (Happening::MessageDelayed, "alice"));
    // Longer than the first tries of all and the second ones of most take.
    let more = host.events.recv_timeout(Duration::from_secs(3));
    assert!(more.is_err(), "told once, and then {more:?}");
    fs::write(directory.path().join("up"), "").unwrap();
    // Several go out at the same moment, so that the order is anybody's.
    let (ends, sent): (Vec<_>, Vec<_>) = (0..21)
        .map(|_| host.event())
        .partition(|event| event.happening == Happening::MessageResumed);
    assert_eq!(ends.len(), 1, "{ends:?}");
    assert_eq!(ends[0].cause, format!("{path} takes messages again"));
    assert!(sent.iter().all(|event| event.happening == Happening::MessageSent), "{sent:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reminder_is_acknowledged_by_a_server_that_took_it_and_by_none_that_refused() {
    let (directory, path) = program("test -e open");
    let mail = format!("[email]\nserver = \"{path}\"\nfrom = \"s@example.org\"");
    let host = Host::new(&mail);
    let mut receipts = host.outbox.receipts();
    let date = Timestamp::from_secs(1_800_000_000);
    let send = |subject| host.outbox.send(notice(&["alice@example.org"], subject));
    send(Subject::Reminder { from: date });
    assert_eq!(host.event().happening, Happening::MessageFailed);
    assert!(receipts.try_recv().is_err());
    fs::write(directory.path().join("open"), "").unwrap();
    send(Subject::BypassUsed);
    send(Subject::Reminder { from: date });
    for _ in 0..2 {
        assert_eq!(host.event().happening, Happening::MessageSent);
    }
    assert_eq!(receipts.recv().await, Some(Receipt { user: "alice".to_owned(), date }));
    assert!(receipts.try_recv().is_err(), "news of another kind need none");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_no_place_is_left_for_is_dropped_and_logged() {
    let (_directory, path) = program("exec sleep 1000");
    let host = Host::new(&format!("[sms]\ncommand = [\"{path}\", \"{{to}}\"]"));
    for _ in 0..257 {
        host.outbox.send(notice(&["+14155550123"], code(Duration::from_secs(600))));
    }
    let event = host.event();
    assert_eq!(event.happening, Happening::MessageFailed);
    assert!(event.cause.ends_with("too many messages wait to be sent"), "{event}");
    // News have a lane of their own.
    host.outbox.send(notice(&["+14155550123"], Subject::BypassUsed));
    assert!(host.events.recv_timeout(Duration::from_millis(100)).is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_to_be_tried_again_is_logged_when_the_daemon_ends() {
    let (_directory, path) = program("exit 75");
    let host = Host::new(&format!("[sms]\ncommand = [\"{path}\", \"{{to}}\"]"));
    host.outbox.send(notice(&["+14155550123"], code(Duration::from_secs(600))));
    assert_eq!(host.event().happening, Happening::MessageDelayed);
    host.outbox.close().await;
    let event = host.event();
    assert!(event.cause.contains("was stopped before the next try"), "{event}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reload_changes_how_the_next_message_is_sent() {
    let (_first, failing) = program("exit 1");
    let (_second, working) = program("exit 0");
    let config = |path: &str| format!("[sms]\ncommand = [\"{path}\", \"{{to}}\"]");
    let host = Host::new(&config(&failing));
    let send = || host.outbox.send(notice(&["+14155550123"], Subject::BypassUsed));
    send();
    assert_eq!(host.event().happening, Happening::MessageFailed);
    host.outbox.replace(sending(&config(&working)));
    send();
    assert_eq!(host.event().happening, Happening::MessageSent);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kind_of_message_that_is_not_configured_is_no_failure() {
    let host = Host::new("");
    host.outbox.send(notice(&["alice@example.org", "+14155550123"], Subject::BypassUsed));
    assert!(host.events.recv_timeout(Duration::from_millis(100)).is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_cannot_be_used_is_named_by_each_message_that_it_costs() {
    let gateway =
        "[sms]\nurl = \"http://127.0.0.1:9/{to}/{text}/{password}\"\npassword_file = \"/x\"";
    let mail =
        "[email]\nserver = \"smtp://localhost:9\"\nfrom = \"a@example.org\"\nca_file = \"/y\"";
    let host = Host::new(&format!("{gateway}\n{mail}"));
    host.outbox.send(notice(&["+14155550123"], Subject::BypassUsed));
    assert!(host.event().cause.contains("/x cannot be read"));
    host.outbox.send(notice(&["alice@example.org"], Subject::BypassUsed));
    assert!(host.event().cause.contains("/y cannot be read"));
}
