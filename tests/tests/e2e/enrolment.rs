//! Enrolment at the first login: the key is shown once, and counts only when the whole login has
//! gone through.

use twinlock_tests::rig::authenticator::Authenticator;
use twinlock_tests::rig::command::{enrol, show};
use twinlock_tests::rig::host::Host;
use twinlock_tests::rig::pam_stack::{code_alone, install, password_then_code};
use twinlock_tests::rig::process::PATIENCE;
use twinlock_tests::rig::ssh::{Ssh, is_in};
use twinlock_tests::rig::sshd::Sshd;
use twinlock_tests::rig::terminal::Terminal;

const CONFIRM: &str = "Verification code (i: redraw for a light screen):";

/// The phone takes the key that stands on the terminal.
fn scan(terminal: &mut Terminal) -> Authenticator {
    terminal.expect("Account: alice@web1").expect("Key: ").expect(CONFIRM);
    let shown = terminal.transcript();
    let key = shown.rsplit("Key: ").next().and_then(|rest| rest.lines().next());
    Authenticator::new(key.expect("a key").trim())
}

fn by_key(host: &Host) -> (Sshd, Ssh) {
    install("sshd", &code_alone(""));
    let sshd = Sshd::start(&["AuthenticationMethods publickey,keyboard-interactive"]);
    (sshd, Ssh::to(&host.alice).from("203.0.113.7"))
}

fn is_enrolled() -> bool {
    !show("alice")["factors"].as_array().expect("a list of factors").is_empty()
}

#[test]
fn the_first_login_enrols_and_the_second_asks_for_a_code() {
    Host::run_with_daemon(|host, _| {
        let (_sshd, ssh) = by_key(host);
        let mark = host.syslog.mark();
        let mut first = ssh.start();
        let mut phone = scan(&mut first);
        first.type_line("i");
        assert_eq!(scan(&mut first).secret(), phone.secret(), "a redraw keeps the key");
        first.type_line(&phone.wrong()).expect("That code is not right").expect(CONFIRM);
        let code = phone.fresh();
        first.type_line(&code).expect("Done.").expect("Press Enter to go on:").type_line("");
        assert!(is_in(&mut first, "alice"), "{}", first.transcript());
        assert!(is_enrolled());
        let log = host.syslog.since(mark).join("\n");
        assert!(!log.contains(phone.secret()), "{log}");

        let mut second = ssh.start();
        second.expect("Verification code").type_line(&code).expect("was used already");
        second.expect("Verification code").type_line(&phone.fresh());
        assert!(is_in(&mut second, "alice"), "{}", second.transcript());
        assert!(!second.transcript().contains("Key:"), "{}", second.transcript());
    });
}

#[test]
fn an_enrolment_that_is_broken_off_leaves_nothing() {
    Host::run_with_daemon(|host, _| {
        let (_sshd, ssh) = by_key(host);
        let mut first = ssh.start();
        let phone = scan(&mut first);
        drop(first);
        assert!(!is_enrolled());
        let mut confirmed = ssh.start();
        let mut other = scan(&mut confirmed);
        assert_ne!(phone.secret(), other.secret(), "a key is shown to one dialogue only");
        confirmed.type_line(&other.fresh()).expect("Press Enter to go on:");
        drop(confirmed);
        assert!(!is_enrolled());
    });
}

#[test]
fn a_stranger_with_a_wrong_password_enrols_nobody() {
    Host::run_with_daemon(|host, _| {
        let mut stack = password_then_code("");
        // The stack goes on after a wrong password, and only fails at its end.
        stack[0] = "auth required pam_unix.so nodelay".to_owned();
        install("sshd", &stack);
        let _sshd = Sshd::start(&[]);
        let mut terminal =
            Ssh::to(&host.alice).methods("keyboard-interactive").from("203.0.113.66").start();
        terminal.expect("assword:").type_line("a guess");
        let mut phone = scan(&mut terminal);
        terminal.type_line(&phone.fresh()).expect("Press Enter to go on:").type_line("");
        assert!(!is_in(&mut terminal, "alice"), "{}", terminal.transcript());
        assert!(!is_enrolled());

        stack[0] = "auth requisite pam_unix.so nodelay".to_owned();
        install("sshd", &stack);
        let mut terminal =
            Ssh::to(&host.alice).methods("keyboard-interactive").from("203.0.113.66").start();
        terminal.expect("assword:").type_line("a guess");
        assert!(!terminal.answer_if_asked("Key:", ""), "no key is shown to a thief");
        assert!(!is_in(&mut terminal, "alice"), "{}", terminal.transcript());
        assert!(!is_enrolled());
    });
}

#[test]
fn a_login_without_any_first_factor_is_shown_no_key() {
    Host::run_with_daemon(|host, _| {
        install("sshd", &code_alone(""));
        let _sshd = Sshd::start(&[]);
        let mark = host.syslog.mark();
        let mut terminal =
            Ssh::to(&host.alice).methods("keyboard-interactive").from("203.0.113.66").start();
        assert!(!is_in(&mut terminal, "alice"), "{}", terminal.transcript());
        assert!(!terminal.transcript().contains("Key:"), "{}", terminal.transcript());
        host.syslog.wait_for(mark, &["event=login.refused", "alice"], PATIENCE);
        assert!(!is_enrolled());
    });
}

#[test]
fn of_two_enrolments_at_once_the_first_to_go_through_wins() {
    Host::run_with_daemon(|host, _| {
        let (_sshd, ssh) = by_key(host);
        let (mut one, mut two) = (ssh.start(), ssh.start());
        let (mut winner, mut loser) = (scan(&mut one), scan(&mut two));
        one.type_line(&winner.fresh()).expect("Press Enter to go on:");
        two.type_line(&loser.fresh()).expect("Press Enter to go on:");
        one.type_line("");
        assert!(is_in(&mut one, "alice"), "{}", one.transcript());
        two.type_line("");
        assert!(!is_in(&mut two, "alice"), "{}", two.transcript());
        let mut next = ssh.start();
        next.expect("Verification code").type_line(&loser.fresh()).expect("is not right");
        next.expect("Verification code").type_line(&winner.fresh());
        assert!(is_in(&mut next, "alice"), "{}", next.transcript());
    });
}

#[test]
fn an_administrators_enrolment_wins_over_one_that_is_under_way() {
    Host::run_with_daemon(|host, _| {
        let (_sshd, ssh) = by_key(host);
        let mut terminal = ssh.start();
        let mut phone = scan(&mut terminal);
        terminal.type_line(&phone.fresh()).expect("Press Enter to go on:");
        let mut given = enrol("alice");
        terminal.type_line("");
        assert!(!is_in(&mut terminal, "alice"), "{}", terminal.transcript());
        let mut next = ssh.start();
        next.expect("Verification code").type_line(&given.fresh());
        assert!(is_in(&mut next, "alice"), "{}", next.transcript());
    });
}
