//! E-mail through a real server with STARTTLS and AUTH.

use std::net::TcpListener;
use std::time::Instant;

use twinlock_core::notice::{Recipient, Subject};
use twinlock_tests::rig::certificates::Authority;
use twinlock_tests::rig::mailbox::{Mailbox, Mode};

use super::{Host, PATIENCE, delayed, failed, password, resumed, sent};

const TO: &str = "alice@example.org";

/// A host that sends through this server.
fn host(server: &str, authority: &Authority, more: &str) -> Host {
    let ca = authority.file().display().to_string();
    Host::new(&format!(
        "[email]\nserver = \"{server}\"\nca_file = \"{ca}\"\n\
         from = \"Login security <security@example.org>\"\n{more}"
    ))
}

#[test]
fn a_code_arrives_over_starttls_with_the_user_and_the_password() {
    let authority = Authority::new();
    let certificate = authority.certify("localhost");
    let mailbox = Mailbox::for_user(Mode::StartTls, &certificate, "u@example.org", "open sesame");
    let (_directory, file) = password("open sesame");
    let server = format!("smtp://u@example.org@localhost:{}", mailbox.port());
    let host = host(&server, &authority, &format!("password_file = \"{file}\""));
    sent(&host.code(TO, 600));
    let mail = mailbox.wait_for(0, PATIENCE);
    assert!(mail.encrypted);
    assert_eq!(mail.user.as_deref(), Some("u@example.org"));
    assert_eq!(
        (mail.from.as_str(), mail.to.as_slice()),
        ("security@example.org", &[TO.to_owned()][..])
    );
    assert_eq!(mail.code(), Some("482913"), "{}", mail.text);
    assert_eq!(mail.header("Subject"), Some("Your code for web1"));
    assert_eq!(mail.header("To"), Some(TO));
    assert!(mail.text.contains("Content-Type: text/html"), "{}", mail.text);
    assert!(mail.header("Message-ID").unwrap().ends_with("@example.org>"), "{}", mail.text);
}

#[test]
fn a_code_arrives_over_tls_from_the_first_byte() {
    let authority = Authority::new();
    let mailbox = Mailbox::start(Mode::Implicit, &authority.certify("127.0.0.1"));
    let host = host(&format!("smtps://127.0.0.1:{}", mailbox.port()), &authority, "");
    sent(&host.code(TO, 600));
    let mail = mailbox.wait_for(0, PATIENCE);
    assert!(mail.encrypted && mail.code() == Some("482913"));
}

#[test]
fn a_hostile_label_ends_in_no_header() {
    let authority = Authority::new();
    let mailbox = Mailbox::start(Mode::StartTls, &authority.certify("localhost"));
    let host = host(&format!("smtp://localhost:{}", mailbox.port()), &authority, "");
    let label =
        "x\r\nBcc: mallory@example.org\r\n\r\n.\r\nMAIL FROM:<mallory@example.org>".to_owned();
    let to = vec![Recipient::Email(TO.parse().unwrap())];
    sent(&host.send(to, Subject::FactorEnrolled { label }));
    let mail = mailbox.wait_for(0, PATIENCE);
    assert_eq!(mail.to, [TO]);
    assert!(!mail.text.lines().any(|line| line.starts_with("Bcc") || line.starts_with("MAIL")));
    assert_eq!(mailbox.mails().len(), 1);
}

#[test]
fn a_wrong_password_is_told_and_not_tried_again() {
    let authority = Authority::new();
    let certificate = authority.certify("localhost");
    let mailbox = Mailbox::for_user(Mode::StartTls, &certificate, "u", "right");
    let (_directory, file) = password("wrong");
    let server = format!("smtp://u@localhost:{}", mailbox.port());
    let host = host(&server, &authority, &format!("password_file = \"{file}\""));
    // A further try would have been announced first.
    failed(&host.code(TO, 600), "refuses the user or the password (535)");
    assert!(mailbox.mails().is_empty());
}

#[test]
fn where_starttls_was_taken_out_nothing_is_sent() {
    let authority = Authority::new();
    let mailbox = Mailbox::start(Mode::Stripped, &authority.certify("localhost"));
    let host = host(&format!("smtp://localhost:{}", mailbox.port()), &authority, "");
    failed(&host.code(TO, 600), "STARTTLS is not supported");
    assert!(mailbox.mails().is_empty());
}

#[test]
fn a_certificate_that_cannot_be_verified_gets_no_message() {
    let (authority, stranger) = (Authority::new(), Authority::new());
    for (certificate, cause) in [
        (stranger.certify("localhost"), "its issuer is not trusted"),
        (authority.certify_long_ago("localhost"), "it has expired"),
        (authority.certify("mail.example.org"), "it is for another name"),
    ] {
        for (mode, scheme) in [(Mode::StartTls, "smtp"), (Mode::Implicit, "smtps")] {
            let mailbox = Mailbox::start(mode, &certificate);
            let server = format!("{scheme}://localhost:{}", mailbox.port());
            failed(&host(&server, &authority, "").code(TO, 600), cause);
            assert!(mailbox.mails().is_empty());
        }
    }
}

#[test]
fn a_private_authority_is_not_trusted_without_ca_file() {
    let authority = Authority::new();
    let mailbox = Mailbox::start(Mode::Implicit, &authority.certify("localhost"));
    let host = Host::new(&format!(
        "[email]\nserver = \"smtps://localhost:{}\"\nfrom = \"security@example.org\"",
        mailbox.port()
    ));
    let line = host.code(TO, 600);
    // A machine without any authority says that.
    assert!(line.contains("issuer is not trusted") || line.contains("no certificate of"), "{line}");
    assert!(mailbox.mails().is_empty());
}

#[test]
fn a_server_that_is_busy_is_tried_again_and_one_that_refuses_is_not() {
    let authority = Authority::new();
    let certificate = authority.certify("localhost");
    let busy = Mailbox::start(Mode::Busy, &certificate);
    let server = format!("localhost:{}", busy.port());
    let host_of_busy = host(&format!("smtp://{server}"), &authority, "");
    // What it says would forge a line.
    let said = "answers 451 try again \\\"later\\\" event=login.allowed";
    delayed(&host_of_busy.code(TO, 600), &format!("{server} {said}"));
    resumed(&host_of_busy.next_line(), &server);
    sent(&host_of_busy.next_line());
    busy.wait_for(0, PATIENCE);
    assert_eq!(busy.mails().len(), 1);

    let full = Mailbox::start(Mode::Full, &certificate);
    let line = host(&format!("smtp://localhost:{}", full.port()), &authority, "").code(TO, 600);
    // The server repeats the code, and the log does not.
    failed(&line, "answers 552 the mailbox is full, no room for …");
}

#[test]
fn a_server_that_is_not_there_or_says_nothing_costs_the_message_alone() {
    let authority = Authority::new();
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let dead = host(&format!("smtp://localhost:{free}"), &authority, "");
    failed(&dead.code(TO, 1), "cannot be reached: nobody answers");

    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = silent.local_addr().unwrap().port();
    let begun = Instant::now();
    failed(&host(&format!("smtp://localhost:{port}"), &authority, "").code(TO, 3), "in time");
    assert!(begun.elapsed().as_secs() < 8, "a code is not waited for beyond its time");
}
