//! Logins over SSH with the real server and client: each asks for a code, and only a right one
//! that nobody used before comes in.

use twinlock_tests::rig::authenticator::Authenticator;
use twinlock_tests::rig::command::{enrol, failures, twinlock};
use twinlock_tests::rig::daemon::configure;
use twinlock_tests::rig::host::Host;
use twinlock_tests::rig::pam_stack::{self, code_alone, install, password_then_code};
use twinlock_tests::rig::process::PATIENCE;
use twinlock_tests::rig::ssh::{Ssh, is_in};
use twinlock_tests::rig::sshd::Sshd;

const CODE: &str = "Verification code";
const WRONG: &str = "That code is not right";
const USED: &str = "That code was used already";

/// A right code comes in; the same one again, and wrong ones, do not; the log says which.
fn holds_the_door(host: &Host, phone: &mut Authenticator, ssh: &Ssh, password: Option<&str>) {
    let start = || {
        let mut terminal = ssh.start();
        if let Some(password) = password {
            terminal.expect("assword:").type_line(password);
        }
        terminal.expect(CODE);
        terminal
    };
    let code = phone.lasting();

    let mark = host.syslog.mark();
    let mut right = start();
    right.type_line(&code);
    assert!(is_in(&mut right, "alice"), "{}", right.transcript());
    host.syslog.wait_for(
        mark,
        &["twinlockd", "event=login.allowed", "user=\"alice\"", "service=\"sshd\"", "203.0.113.7"],
        PATIENCE,
    );

    let mark = host.syslog.mark();
    let mut used = start();
    used.type_line(&code).expect(USED).expect(CODE).type_line(&code).expect(CODE);
    used.type_line(&code);
    assert!(!is_in(&mut used, "alice"), "{}", used.transcript());
    host.syslog.wait_for(mark, &["event=login.refused", "203.0.113.7"], PATIENCE);
    assert_eq!(failures("alice"), 0, "a used code is no guess");

    let mark = host.syslog.mark();
    let mut wrong = start();
    for _ in 0..2 {
        wrong.type_line(&phone.wrong()).expect(WRONG).expect(CODE);
    }
    wrong.type_line(&phone.wrong());
    assert!(!is_in(&mut wrong, "alice"), "{}", wrong.transcript());
    host.syslog.wait_for(mark, &["event=code.refused", "wrong code", "203.0.113.7"], PATIENCE);
    assert_eq!(failures("alice"), 3, "each wrong code is counted");

    let mut after = start();
    after.type_line(&phone.fresh());
    assert!(is_in(&mut after, "alice"), "{}", after.transcript());
    assert_eq!(failures("alice"), 0, "a right code ends the row");
}

#[test]
fn keyboard_interactive_asks_for_the_password_and_then_a_code() {
    Host::run_with_daemon(|host, _| {
        install("sshd", &password_then_code(""));
        let _sshd = Sshd::start(&[]);
        let mut phone = enrol("alice");
        let ssh = Ssh::to(&host.alice).methods("keyboard-interactive").from("203.0.113.7");
        holds_the_door(host, &mut phone, &ssh, Some(&host.alice.password));
    });
}

#[test]
fn a_key_and_then_keyboard_interactive_asks_for_the_code_alone() {
    Host::run_with_daemon(|host, _| {
        install("sshd", &code_alone(""));
        let _sshd = Sshd::start(&["AuthenticationMethods publickey,keyboard-interactive"]);
        let mut phone = enrol("alice");
        let ssh = Ssh::to(&host.alice).from("203.0.113.7");
        holds_the_door(host, &mut phone, &ssh, None);
    });
}

/// In sshd's `password` method the module has no way to ask, which is `conv_err`; the stack goes
/// on there because the account phase still demands the ticket of an answered code.
#[test]
fn the_password_method_and_then_keyboard_interactive_asks_for_a_code() {
    Host::run_with_daemon(|host, _| {
        let control = "[success=ok ignore=ignore conv_err=ignore default=die]";
        let mut stack = password_then_code("");
        stack[1] = pam_stack::twinlock("auth", control, "");
        install("sshd", &stack);
        let _sshd = Sshd::start(&["AuthenticationMethods password,keyboard-interactive"]);
        let mut phone = enrol("alice");
        let ssh = Ssh::to(&host.alice).methods("password,keyboard-interactive").from("203.0.113.7");
        let mut terminal = ssh.start();
        terminal.expect("assword:").type_line(&host.alice.password);
        terminal.expect("assword:").type_line(&host.alice.password);
        terminal.expect(CODE).type_line(&phone.fresh());
        assert!(is_in(&mut terminal, "alice"), "{}", terminal.transcript());
        for answer in [phone.wrong(), String::new()] {
            // Counters are not what this is about.
            assert!(twinlock(&["unlock", "alice"]).status.success());
            let mut terminal = ssh.start();
            terminal.expect("assword:").type_line(&host.alice.password);
            terminal.expect("assword:").type_line(&host.alice.password);
            for _ in 0..3 {
                terminal.expect(CODE).type_line(&answer);
            }
            assert!(!is_in(&mut terminal, "alice"), "{}", terminal.transcript());
        }
    });
}

#[test]
fn a_login_over_ipv6_is_logged_with_its_address() {
    Host::run_with_daemon(|host, _| {
        install("sshd", &code_alone(""));
        let _sshd = Sshd::start(&["AuthenticationMethods publickey,keyboard-interactive"]);
        let mut phone = enrol("alice");
        let mark = host.syslog.mark();
        let mut terminal = Ssh::to(&host.alice).from("2001:db8::7").start();
        terminal.expect(CODE).type_line(&phone.fresh());
        assert!(is_in(&mut terminal, "alice"), "{}", terminal.transcript());
        host.syslog.wait_for(mark, &["event=login.allowed", "source=\"2001:db8::7\""], PATIENCE);
    });
}

#[test]
fn a_user_whom_only_an_administrator_enrols_is_refused_without_a_factor() {
    Host::run_with_daemon(|host, daemon| {
        configure("version = 1\n[[profile]]\nname = \"by hand\"\nenrol = \"admin\"\n");
        daemon.reload();
        install("sshd", &code_alone(""));
        let _sshd = Sshd::start(&["AuthenticationMethods publickey,keyboard-interactive"]);
        let mark = host.syslog.mark();
        let mut terminal = Ssh::to(&host.bob).from("203.0.113.7").start();
        assert!(!is_in(&mut terminal, "bob"), "{}", terminal.transcript());
        assert!(!terminal.transcript().contains("Key:"), "{}", terminal.transcript());
        host.syslog.wait_for(mark, &["event=login.refused", "user=\"bob\""], PATIENCE);
    });
}

#[test]
fn an_unknown_user_is_asked_like_any_other_and_never_let_in() {
    Host::run_with_daemon(|host, _| {
        // Whatever becomes of the password: what an unknown user sees is Twinlock's doing alone.
        let mut stack = code_alone("");
        stack.insert(0, "auth optional pam_unix.so".to_owned());
        install("sshd", &stack);
        let _sshd = Sshd::start(&[]);
        let phone = enrol("alice");
        // Whoever enrolled at a login has recovery codes.
        assert!(twinlock(&["recovery", "new", "alice", "--json"]).status.success());
        let ssh = Ssh::to(&host.alice).methods("keyboard-interactive").from("203.0.113.7");
        let mut transcripts = ["mallory", "alice"].map(|name| {
            let mut terminal = ssh.clone().name(name).start();
            terminal.expect("assword:").type_line("wrong");
            for _ in 0..3 {
                terminal.expect(CODE).type_line(&phone.wrong());
            }
            assert!(!is_in(&mut terminal, name), "{}", terminal.transcript());
            without_references(&terminal.transcript()).replace(name, "NAME")
        });
        transcripts.iter_mut().for_each(|text| *text = text.trim().to_owned());
        assert_eq!(transcripts[0], transcripts[1], "the prompts tell who has an account");
    });
}

/// References differ from login to login by design.
fn without_references(text: &str) -> String {
    text.split("(reference ")
        .enumerate()
        .map(|(n, part)| if n == 0 { part } else { part.split_once(')').map_or(part, |p| p.1) })
        .collect()
}
