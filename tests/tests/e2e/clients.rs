//! A first login with each of four clients: the QR code is read off the screen, and what was shown
//! works.

use twinlock_tests::login::Login;
use twinlock_tests::rig::application::login;
use twinlock_tests::rig::authenticator::Authenticator;
use twinlock_tests::rig::camera::read_qr;
use twinlock_tests::rig::clients::Client;
use twinlock_tests::rig::command::show;
use twinlock_tests::rig::host::Host;
use twinlock_tests::rig::pam_stack::{code_alone, install, password_then_code};
use twinlock_tests::rig::ssh::{TRUST, is_in};
use twinlock_tests::rig::sshd::Sshd;

const CONFIRM: &str = "Verification code (i: redraw for a light screen)";

/// What a person copies off the screen.
struct Enrolled {
    phone: Authenticator,
    recovery: Vec<String>,
}

fn secret_in(uri: &str) -> &str {
    let (_, rest) = uri.split_once("secret=").expect("an otpauth URI has a secret");
    rest.split('&').next().unwrap_or(rest)
}

/// The first login, up to the shell.
fn enrols(client: Client, host: &Host) -> Enrolled {
    let mut terminal = client.start(&host.alice);
    terminal.expect("assword").type_line(&host.alice.password);
    terminal.expect("Account: alice@web1").expect("Key: ").expect(CONFIRM);
    if !client.shows_blocks() {
        terminal.type_line("a").expect("Key: ").expect(CONFIRM);
    }
    let screen = terminal.transcript();
    let key = screen.rsplit("Key: ").next().and_then(|rest| rest.lines().next());
    let mut phone = Authenticator::new(key.expect("a key").trim());
    let scanned = read_qr(&screen, true);
    assert!(scanned.starts_with("otpauth://totp/"), "{client:?}: {scanned}");
    assert_eq!(secret_in(&scanned), phone.secret(), "{client:?}");

    terminal.type_line("i").expect("Key: ").expect(CONFIRM);
    assert_eq!(read_qr(&terminal.transcript(), false), scanned, "{client:?}, on a light screen");
    terminal.type_line(&phone.fresh()).expect("Done.").expect("Press Enter to go on");
    let screen = terminal.transcript();
    let shown = screen.rsplit("Done.").next().expect("the recovery codes").to_owned();
    terminal.type_line("");
    assert!(is_in(&mut terminal, "alice"), "{client:?}: {}", terminal.transcript());
    let recovery: Vec<_> = shown
        .split_whitespace()
        .filter(|word| word.len() == 19 && word.matches('-').count() == 3)
        .map(str::to_owned)
        .collect();
    assert_eq!(recovery.len(), 10, "{client:?}: {shown}");
    Enrolled { phone, recovery }
}

/// A further login with this answer to the prompt for a code.
fn comes_in(client: Client, host: &Host, code: &str) -> bool {
    let mut terminal = client.start(&host.alice);
    terminal.expect("assword").type_line(&host.alice.password);
    terminal.expect("Verification code (or r: recovery code").type_line(code);
    is_in(&mut terminal, "alice")
}

fn walks_through(client: Client) {
    Host::run_with_daemon(move |host, _| {
        install("sshd", &password_then_code(""));
        install("code", &code_alone(""));
        let _sshd = Sshd::start(&["AuthenticationMethods keyboard-interactive"]);
        let Enrolled { mut phone, recovery } = enrols(client, host);
        assert_eq!(show("alice")["factors"].as_array().map(Vec::len), Some(1));
        assert!(comes_in(client, host, &phone.fresh()), "{client:?}");
        assert!(comes_in(client, host, &recovery[0].to_lowercase()), "{client:?}");
        for code in &recovery[1..] {
            let answer =
                || login(&Login::new("code", "alice").from("203.0.113.7").answer(code.as_str()));
            assert!(answer().is_success(), "{client:?}: each works");
        }
        for code in [&recovery[0], &recovery[9]] {
            let again = Login::new("code", "alice").from("203.0.113.8").answer(code.as_str());
            assert!(!login(&again).is_success(), "{client:?}: and works once");
        }
    });
}

#[test]
fn openssh_shows_the_code_and_what_it_shows_works() {
    walks_through(Client::OpenSsh);
}

#[test]
fn plink_shows_the_code_and_what_it_shows_works() {
    walks_through(Client::Plink);
}

#[test]
fn dbclient_shows_the_code_in_ascii_and_what_it_shows_works() {
    walks_through(Client::Dropbear);
}

#[test]
fn paramiko_shows_the_code_and_what_it_shows_works() {
    walks_through(Client::Paramiko);
}

#[test]
fn a_right_code_is_followed_by_the_question_whether_to_trust_the_host() {
    Host::run_with_daemon(|host, _| {
        install("sshd", &password_then_code(""));
        let _sshd = Sshd::start(&["AuthenticationMethods keyboard-interactive"]);
        for client in Client::ALL {
            let mut phone = twinlock_tests::rig::command::enrol("alice");
            let mut terminal = client.start(&host.alice);
            terminal.expect("assword").type_line(&host.alice.password);
            terminal.expect("Verification code").type_line(&phone.fresh());
            terminal.expect(TRUST).expect("from 203.0.113.1 for 14 days? [y/N]").type_line("");
            assert!(is_in(&mut terminal, "alice"), "{client:?}: {}", terminal.transcript());
        }
    });
}
