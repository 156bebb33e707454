//! A stack for `passwd` with Twinlock's line: a password is changed by who has the code, and who has
//! changed it can set the second factor up anew.

use std::fs;
use std::process::Command;

use twinlock_tests::login::{Login, code};
use twinlock_tests::rig::application::Application;
use twinlock_tests::rig::authenticator::Authenticator;
use twinlock_tests::rig::command::{enrol, show, verifies};
use twinlock_tests::rig::host::Host;
use twinlock_tests::rig::pam_stack::{install, twinlock};
use twinlock_tests::rig::process::{PATIENCE, as_user, demand};
use twinlock_tests::rig::terminal::Terminal;

const NEW: &str = "a new and longer one";

fn install_stack() {
    install(
        "passwd",
        &[twinlock("password", "required", ""), "password required pam_unix.so".into()],
    );
}

/// Debian's stack with the line where the packaged example has it.
fn install_packaged() {
    let example = include_str!("../../../packaging/pam/passwd");
    let module = twinlock("password", "required", "");
    let lines = example.lines().map(|line| match line.contains("pam_twinlock.so") {
        true => module.as_str(),
        false => line,
    });
    install("passwd", &lines.collect::<Vec<_>>());
}

const QUESTION: &str = "Set up your second factor anew? [y/N]";
const CONFIRM: &str = "Verification code (i: redraw for a light screen):";
const REPLACE: &str = "Press Enter to put it in the place of the old one:";

/// alice's `passwd`, up to what comes behind the new password.
fn changed(host: &Host, phone: &mut Authenticator) -> Terminal {
    let mut terminal = Terminal::start(&as_user("alice", "passwd"));
    terminal.expect("Current password:").type_line(&host.alice.password);
    terminal.expect("Verification code").type_line(&phone.fresh());
    terminal.expect("New password:").type_line(NEW);
    terminal.expect("Retype new password:").type_line(NEW);
    terminal
}

/// The phone takes the key that stands on the terminal.
fn scan(terminal: &mut Terminal) -> Authenticator {
    terminal.expect("Account: alice@web1").expect("Key: ").expect(CONFIRM);
    let shown = terminal.transcript();
    let key = shown.rsplit("Key: ").next().and_then(|rest| rest.lines().next());
    Authenticator::new(key.expect("a key").trim())
}

/// The ids of alice's factors.
fn factors() -> Vec<String> {
    let shown = show("alice");
    let ids = shown["factors"].as_array().expect("a list").iter().map(|it| it["id"].to_string());
    ids.collect()
}

/// The hash that the account has now.
fn hash_of(user: &str) -> String {
    let shadow = fs::read_to_string("/etc/shadow").expect("the hashes");
    let line = shadow.lines().find(|line| line.starts_with(&format!("{user}:")));
    line.and_then(|line| line.split(':').nth(1)).expect("a hash").to_owned()
}

#[test]
fn a_user_changes_the_password_with_a_code_and_not_without() {
    Host::run_with_daemon(|host, _| {
        install_stack();
        let mut phone = enrol("alice");
        let before = hash_of("alice");
        let passwd = as_user("alice", "passwd");

        let mut wrong = Terminal::start(&passwd);
        for _ in 0..3 {
            wrong.expect("Verification code").type_line(&phone.wrong());
        }
        // libpam asks every module of the stack first; whatever is typed, nothing is changed.
        wrong.expect("Current password:").type_line(&host.alice.password);
        assert!(!wrong.finish().success(), "{}", wrong.transcript());
        assert_eq!(hash_of("alice"), before);

        let mut right = Terminal::start(&passwd);
        right.expect("Verification code").type_line(&phone.fresh());
        right.expect("Current password:").type_line(&host.alice.password);
        right.expect("New password:").type_line(NEW);
        right.expect("Retype new password:").type_line(NEW);
        assert!(right.finish().success(), "{}", right.transcript());
        assert_ne!(hash_of("alice"), before);
    });
}

#[test]
fn root_sets_a_password_without_a_code() {
    Host::run_with_daemon(|_, _| {
        install_stack();
        enrol("alice");
        let before = hash_of("alice");
        let mut passwd = Command::new("passwd");
        passwd.arg("alice");
        let mut terminal = Terminal::start(&passwd);
        terminal.expect("New password:").type_line(NEW);
        terminal.expect("Retype new password:").type_line(NEW);
        assert!(terminal.finish().success(), "{}", terminal.transcript());
        assert!(!terminal.transcript().contains("Verification code"));
        assert_ne!(hash_of("alice"), before);
    });
}

#[test]
fn behind_the_new_password_a_new_factor_takes_the_place_of_the_old() {
    Host::run_with_daemon(|host, _| {
        install_packaged();
        let mut phone = enrol("alice");
        let (old, before, mark) = (factors(), hash_of("alice"), host.syslog.mark());
        let mut terminal = changed(host, &mut phone);
        terminal.expect(QUESTION).type_line("y");
        let mut new = scan(&mut terminal);
        assert_ne!(new.secret(), phone.secret());
        terminal.type_line(&new.wrong()).expect("is not right").expect(CONFIRM);
        terminal.type_line(&new.fresh()).expect("recovery codes").expect(REPLACE).type_line("");
        terminal.expect("Your new second factor counts from now on");
        assert!(terminal.finish().success(), "{}", terminal.transcript());
        assert_ne!(hash_of("alice"), before);
        assert_ne!(factors(), old);
        assert_eq!(factors().len(), 1);
        host.syslog.wait_for(mark, &["event=factor.enrolled", "service=\"passwd\""], PATIENCE);
        host.syslog.wait_for(mark, &["event=factor.removed", "service=\"passwd\""], PATIENCE);
        assert!(!host.syslog.since(mark).join("\n").contains(new.secret()));

        // At the next login the new code is right and the old one wrong.
        let mut application = Application::start();
        let login = |code: String| Login::new("code", "alice").answer(code.as_str());
        let refused = application.login(&login(phone.fresh()));
        assert_ne!(refused.authenticate, Some(code::SUCCESS), "{refused:?}");
        let allowed = application.login(&login(new.fresh()));
        assert_eq!(allowed.authenticate, Some(code::SUCCESS), "{allowed:?}");
        assert!(!verifies("alice", &phone.fresh()));
    });
}

#[test]
fn without_a_yes_or_a_right_code_the_old_factor_stays_and_the_password_is_changed() {
    Host::run_with_daemon(|host, _| {
        install_packaged();
        let mut phone = enrol("alice");
        let old = factors();
        let set_back = || {
            assert_eq!(factors(), old);
            let line = format!("printf 'alice:%s\n' '{}' | chpasswd", host.alice.password);
            demand(Command::new("sh").args(["-c", &line]));
            hash_of("alice")
        };
        let mut before = set_back();

        let mut no = changed(host, &mut phone);
        no.expect(QUESTION).type_line("");
        assert!(no.finish().success(), "{}", no.transcript());
        assert_ne!(hash_of("alice"), before);
        before = set_back();

        let mut wrong = changed(host, &mut phone);
        wrong.expect(QUESTION).type_line("y");
        let new = scan(&mut wrong);
        for _ in 0..4 {
            wrong.type_line(&new.wrong()).expect("is not right").expect(CONFIRM);
        }
        wrong.type_line(&new.wrong()).expect("Your second factor stays as it was");
        assert!(wrong.finish().success(), "{}", wrong.transcript());
        assert_ne!(hash_of("alice"), before);
        before = set_back();

        // The end of the input, at the question and behind the right code.
        let mut silent = changed(host, &mut phone);
        silent.expect(QUESTION).type_bytes(&[4]);
        assert!(silent.finish().success(), "{}", silent.transcript());
        assert_ne!(hash_of("alice"), before);
        before = set_back();
        let mut silent = changed(host, &mut phone);
        silent.expect(QUESTION).type_line("y");
        let mut new = scan(&mut silent);
        silent.type_line(&new.fresh()).expect(REPLACE).type_bytes(&[4]);
        assert!(silent.finish().success(), "{}", silent.transcript());
        assert_ne!(hash_of("alice"), before);
        before = set_back();

        // The terminal goes away.
        let mut broken = changed(host, &mut phone);
        broken.expect(QUESTION).type_line("y");
        scan(&mut broken);
        // Whether by the signal or by the end of its input, it ends.
        broken.hang_up();
        assert_ne!(hash_of("alice"), before);
        assert_eq!(factors(), old);
        assert!(verifies("alice", &phone.fresh()));
    });
}

#[test]
fn a_daemon_that_dies_behind_the_new_password_takes_nothing_with_it() {
    Host::run_with_daemon(|host, daemon| {
        install_packaged();
        let mut phone = enrol("alice");
        let (old, before) = (factors(), hash_of("alice"));
        let mut terminal = changed(host, &mut phone);
        terminal.expect(QUESTION);
        daemon.kill();
        terminal.type_line("y").expect("It is not certain that your second factor");
        assert!(terminal.finish().success(), "{}", terminal.transcript());
        assert_ne!(hash_of("alice"), before);
        daemon.restart();
        assert_eq!(factors(), old);

        let mut terminal = Terminal::start(&as_user("alice", "passwd"));
        terminal.expect("Current password:").type_line(NEW);
        terminal.expect("Verification code").type_line(&phone.fresh());
        terminal.expect("New password:");
        daemon.kill();
        terminal.type_line(&host.alice.password);
        terminal.expect("Retype new password:").type_line(&host.alice.password);
        assert!(terminal.finish().success(), "{}", terminal.transcript());
        daemon.restart();
    });
}

#[test]
fn nothing_is_offered_to_root_to_a_wrong_password_or_where_the_line_stands_elsewhere() {
    Host::run_with_daemon(|host, _| {
        install_packaged();
        let mut phone = enrol("alice");
        let mut by_root = Command::new("passwd");
        by_root.arg("alice");
        let mut terminal = Terminal::start(&by_root);
        terminal.expect("New password:").type_line(&host.alice.password);
        terminal.expect("Retype new password:").type_line(&host.alice.password);
        assert!(terminal.finish().success(), "{}", terminal.transcript());
        assert!(!terminal.transcript().contains("anew"), "{}", terminal.transcript());

        // A thief of the session who does not know the password spends no try on the code.
        let mut thief = Terminal::start(&as_user("alice", "passwd"));
        thief.expect("Current password:").type_line("a guess");
        assert!(!thief.answer_if_asked("Verification code", ""), "{}", thief.transcript());

        install("passwd", &[twinlock("password", "required", "")]);
        let mut alone = Terminal::start(&as_user("alice", "passwd"));
        alone.expect("Verification code").type_line(&phone.fresh());
        let _ = alone.finish();
        assert!(!alone.transcript().contains("anew"), "{}", alone.transcript());
        let unix = "password required pam_unix.so".to_owned();
        install("passwd", &[twinlock("password", "required", ""), unix]);
        let mut before = Terminal::start(&as_user("alice", "passwd"));
        before.expect("Verification code").type_line(&phone.fresh());
        before.expect("Current password:").type_line(&host.alice.password);
        before.expect("New password:").type_line(NEW);
        before.expect("Retype new password:").type_line(NEW);
        assert!(before.finish().success(), "{}", before.transcript());
        assert!(!before.transcript().contains("anew"), "{}", before.transcript());
    });
}
