//! sshd's `password` method answers every silent prompt with the password. It never answers a
//! prompt for a code. A password that has expired is changed before the login is over, with the code
//! that the login gave.

use std::process::Command;

use twinlock_tests::rig::command::{enrol, failures, show, verifies};
use twinlock_tests::rig::host::Host;
use twinlock_tests::rig::pam_stack::{install, password_then_code, twinlock};
use twinlock_tests::rig::process::{PATIENCE, demand};
use twinlock_tests::rig::ssh::{Ssh, is_in};
use twinlock_tests::rig::sshd::Sshd;

#[test]
fn a_password_that_is_a_right_code_does_not_pass_as_one() {
    Host::run_with_daemon(|host, _| {
        install("sshd", &password_then_code(""));
        let _sshd = Sshd::start(&["AuthenticationMethods password"]);
        let mut phone = enrol("alice");
        let code = phone.lasting();
        host.alice.set_password(&code);
        let mut terminal = Ssh::to(&host.alice).methods("password").from("203.0.113.7").start();
        terminal.expect("assword:").type_line(&code);
        assert!(!is_in(&mut terminal, "alice"), "{}", terminal.transcript());
        assert_eq!(failures("alice"), 0, "the password was not tried as a code");
        // Nor was it used up: it is still good where it is typed as a code.
        assert!(verifies("alice", &code));
    });
}

#[test]
fn a_password_after_a_failed_keyboard_interactive_try_in_the_same_connection_is_no_code() {
    Host::run_with_daemon(|host, _| {
        install("sshd", &password_then_code(""));
        let _sshd = Sshd::start(&[]);
        let mut phone = enrol("alice");
        let code = phone.lasting();
        host.alice.set_password(&code);
        let mut terminal = Ssh::to(&host.alice)
            .methods("keyboard-interactive,password")
            .from("203.0.113.7")
            .start();
        terminal.expect("assword:").type_line(&code);
        for _ in 0..3 {
            terminal.expect("Verification code").type_line(&phone.wrong());
        }
        terminal.expect("alice@203.0.113.1's password:").type_line(&code);
        assert!(!is_in(&mut terminal, "alice"), "{}", terminal.transcript());
        assert_eq!(failures("alice"), 3, "only what was typed as a code was counted");
        assert!(verifies("alice", &code));
    });
}

#[test]
fn a_stack_that_lets_the_password_method_pass_is_closed_by_the_account_phase() {
    Host::run_with_daemon(|host, _| {
        let control = "[success=ok ignore=ignore conv_err=ignore default=die]";
        let mut stack = password_then_code("");
        stack[1] = twinlock("auth", control, "");
        install("sshd", &stack);
        let _sshd = Sshd::start(&[]);
        enrol("alice");
        let mark = host.syslog.mark();
        let mut terminal = Ssh::to(&host.alice).methods("password").from("203.0.113.7").start();
        terminal.expect("assword:").type_line(&host.alice.password);
        assert!(!is_in(&mut terminal, "alice"), "{}", terminal.transcript());
        host.syslog.wait_for(mark, &["event=login.refused", "user=\"alice\""], PATIENCE);
    });
}

#[test]
fn a_key_alone_is_refused_with_the_setting_that_mends_it() {
    Host::run_with_daemon(|host, _| {
        install("sshd", &password_then_code(""));
        let _sshd = Sshd::start(&[]);
        enrol("alice");
        let mark = host.syslog.mark();
        let mut terminal = Ssh::to(&host.alice).methods("publickey").from("203.0.113.7").start();
        assert!(!is_in(&mut terminal, "alice"), "{}", terminal.transcript());
        let shown = terminal.transcript();
        assert!(shown.contains("AuthenticationMethods publickey,keyboard-interactive"), "{shown}");
        host.syslog.wait_for(mark, &["event=login.refused", "user=\"alice\""], PATIENCE);
    });
}

#[test]
fn an_expired_password_is_changed_in_a_login_that_gave_its_code_without_another_and_no_offer() {
    const NEW: &str = "a new and longer one";
    Host::run_with_daemon(|host, _| {
        let mut stack = password_then_code("");
        stack.push("password required pam_unix.so".to_owned());
        stack.push(twinlock("password", "required", ""));
        install("sshd", &stack);
        let _sshd = Sshd::start(&["AuthenticationMethods keyboard-interactive"]);
        let mut phone = enrol("alice");
        let factor = || show("alice")["factors"][0]["id"].clone();
        let before = factor();
        demand(Command::new("chage").args(["-d", "0", "alice"]));
        let ssh = Ssh::to(&host.alice).methods("keyboard-interactive").from("203.0.113.7");

        let mut terminal = ssh.start();
        terminal.expect("assword:").type_line(&host.alice.password);
        terminal.expect("Verification code").type_line(&phone.fresh());
        terminal.answer_if_asked("Do not ask again", "");
        terminal.expect("Current password:").type_line(&host.alice.password);
        terminal.expect("New password:").type_line(NEW);
        terminal.expect("Retype new password:").type_line(NEW);
        assert!(is_in(&mut terminal, "alice"), "{}", terminal.transcript());
        let shown = terminal.transcript();
        assert_eq!(shown.matches("Verification code").count(), 1, "{shown}");
        assert!(!shown.contains("anew"), "{shown}");
        assert_eq!(factor(), before);

        let mut next = ssh.start();
        next.expect("assword:").type_line(NEW);
        next.expect("Verification code").type_line(&phone.fresh());
        assert!(is_in(&mut next, "alice"), "it is the new one: {}", next.transcript());
        assert!(!next.transcript().contains("Current password"), "{}", next.transcript());
    });
}
