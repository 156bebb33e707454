//! When a session opens, people are told what happened since their last login, once.

use twinlock_tests::login::Login;
use twinlock_tests::rig::application::login;
use twinlock_tests::rig::command::{enrol, errors, twinlock};
use twinlock_tests::rig::host::Host;
use twinlock_tests::rig::pam_stack::{code_alone, install, twinlock as line};
use twinlock_tests::rig::ssh::{Ssh, TRUST, is_in};
use twinlock_tests::rig::sshd::Sshd;

fn start_sshd() -> Sshd {
    let mut stack = code_alone("");
    stack.push(line("session", "optional", ""));
    install("sshd", &stack);
    Sshd::start(&["AuthenticationMethods publickey,keyboard-interactive"])
}

#[test]
fn wrong_codes_and_changes_since_the_last_login_are_told_once() {
    Host::run_with_daemon(|host, _| {
        let _sshd = start_sshd();
        enrol("alice");
        let output = twinlock(&["reset", "alice", "--yes"]);
        assert!(output.status.success(), "{}", errors(&output));
        let mut phone = enrol("alice");
        let wrong = phone.wrong();
        let guess = Login::new("code", "alice").from("203.0.113.66");
        login(&guess.answer(wrong.as_str()).answer(wrong));

        let ssh = Ssh::to(&host.alice).from("203.0.113.7");
        let mut next = ssh.start_shell();
        next.expect("Verification code").type_line(&phone.fresh());
        next.expect(TRUST).type_line("").type_line(Ssh::LEAVE);
        assert!(is_in(&mut next, "alice"), "{}", next.transcript());
        let shown = next.transcript();
        assert!(
            shown.contains("2 wrong codes were given for you from 203.0.113.66, the last at "),
            "{shown}"
        );
        assert!(shown.contains("An administrator reset your second factors at "), "{shown}");

        let mut later = ssh.start_shell();
        later.expect("Verification code").type_line(&phone.fresh());
        later.expect(TRUST).type_line("").type_line(Ssh::LEAVE);
        assert!(is_in(&mut later, "alice"), "{}", later.transcript());
        let shown = later.transcript();
        assert!(!shown.contains("wrong codes were"), "it is told once: {shown}");
        assert!(!shown.contains("reset your"), "it is told once: {shown}");
    });
}

#[test]
fn without_a_daemon_a_session_opens_and_is_told_nothing() {
    Host::run_with_daemon(|host, daemon| {
        install(
            "sshd",
            &[
                "auth required pam_permit.so".to_owned(),
                "account required pam_permit.so".to_owned(),
                "session required pam_permit.so".to_owned(),
                line("session", "optional", "timeout=1"),
            ],
        );
        let _sshd = Sshd::start(&[]);
        daemon.stop();
        let mut terminal = Ssh::to(&host.alice).from("203.0.113.7").start();
        assert!(is_in(&mut terminal, "alice"), "{}", terminal.transcript());
    });
}
