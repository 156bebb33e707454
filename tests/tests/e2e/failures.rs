//! What stands at the login socket is not the daemon, or not well: nobody is let in, everybody is
//! answered in bounded time, and the log tells the cases apart.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::time::Duration;

use twinlock_tests::login::{Login, code};
use twinlock_tests::rig::application::{Application, login};
use twinlock_tests::rig::command::enrol;
use twinlock_tests::rig::daemon::LOGIN_SOCKET;
use twinlock_tests::rig::host::Host;
use twinlock_tests::rig::pam_stack::{code_alone, install};
use twinlock_tests::rig::peer::{Manner, Peer};
use twinlock_tests::rig::process::PATIENCE;

/// The module's time-out in these stacks, in seconds.
const TIMEOUT: u64 = 1;

/// What a login may take then, in milliseconds: less than without the argument, whose default is
/// five seconds.
const MOST: u64 = 4000;

/// A login is refused in both phases, in time, with a sentence for the person and a line in the
/// log, whose cause is returned.
fn refused(host: &Host, case: &str) -> String {
    let mark = host.syslog.mark();
    let mut application = Application::start();
    let auth = Login::new("code", "alice").from("203.0.113.9").answer("123456");
    let outcome = application.login(&auth);
    assert_eq!(outcome.authenticate, Some(code::AUTHINFO_UNAVAIL), "{case}: {outcome:?}");
    assert!(outcome.millis <= MOST, "{case}: {outcome:?}");
    assert!(!outcome.text().is_empty(), "{case}: the person is told nothing");
    let line = host.syslog.wait_for(mark, &["pam_twinlock(code:auth)"], PATIENCE);

    let outcome = application.login(&Login { authenticate: false, ..auth });
    assert_eq!(outcome.account, Some(code::AUTHINFO_UNAVAIL), "{case}: {outcome:?}");
    assert!(outcome.millis <= MOST, "{case}: {outcome:?}");
    host.syslog.wait_for(mark, &["pam_twinlock(code:account)"], PATIENCE);
    line.split_once("]: ").map_or(line.as_str(), |(_, cause)| cause).to_owned()
}

fn short_timeout() {
    install("code", &code_alone(&format!("timeout={TIMEOUT}")));
}

#[test]
fn a_daemon_that_hangs_was_killed_or_was_stopped_lets_nobody_in() {
    Host::run_with_daemon(|host, daemon| {
        short_timeout();
        let mut phone = enrol("alice");
        daemon.pause();
        let hung = refused(host, "hung");
        daemon.resume();
        daemon.kill();
        let killed = refused(host, "killed");
        daemon.restart();
        daemon.stop();
        let _ = fs::remove_file(LOGIN_SOCKET);
        let gone = refused(host, "no socket");
        assert!(hung != killed && killed != gone && gone != hung, "{hung} / {killed} / {gone}");
        daemon.restart();
        let outcome = login(&Login::new("code", "alice").answer(phone.fresh()));
        assert!(outcome.is_success(), "all is well again: {outcome:?}");
    });
}

#[test]
fn a_peer_that_is_no_daemon_lets_nobody_in_and_is_told_apart_in_the_log() {
    Host::run(|host| {
        short_timeout();
        let causes = Manner::ALL.map(|manner| {
            let _peer = Peer::start(manner);
            (manner, refused(host, &format!("{manner:?}")))
        });
        let cause = |wanted| &causes.iter().find(|(manner, _)| *manner == wanted).unwrap().1;
        let (silent, nonsense) = (cause(Manner::Silent), cause(Manner::Nonsense));
        let closes = cause(Manner::Closes);
        assert!(silent != nonsense && nonsense != closes && closes != silent, "{causes:?}");
        assert_eq!(silent, cause(Manner::SilentAfterHello), "both are a time-out");
    });
}

#[test]
fn a_daemon_that_hangs_between_two_calls_of_one_login_refuses_it_in_time() {
    Host::run_with_daemon(|host, daemon| {
        install("code", &code_alone(&format!("timeout={TIMEOUT}")));
        let mut phone = enrol("alice");
        let barrier = twinlock_tests::rig::application::Barrier::close("hang");
        let mut application = Application::start();
        let attempt = Login::new("code", "alice").answer(phone.fresh()).behind(barrier.path());
        application.submit(&attempt);
        application.wait_at_barrier();
        daemon.pause();
        let mark = host.syslog.mark();
        barrier.open();
        let outcome = application.outcome();
        daemon.resume();
        assert_eq!(outcome.authenticate, Some(code::AUTHINFO_UNAVAIL), "{outcome:?}");
        assert!(outcome.millis <= MOST, "{outcome:?}");
        host.syslog.wait_for(mark, &["pam_twinlock"], PATIENCE);
    });
}

#[test]
fn a_system_log_that_hangs_keeps_nobody_waiting() {
    Host::run_with_daemon(|host, _| {
        let mut phone = enrol("alice");
        host.syslog.pause();
        // More than the log's socket queues, so that a blocking writer would be found out.
        let mut application = Application::start();
        let wrong = Login::new("code", "alice");
        for number in 0..40 {
            let source = format!("203.0.113.{number}");
            let outcome = application.login(&wrong.clone().from(&source).answer(phone.wrong()));
            assert!(!outcome.is_success() && outcome.millis < 4000, "{outcome:?}");
        }
        let outcome = application.login(&wrong.answer(phone.fresh()));
        host.syslog.resume();
        assert!(outcome.is_success() && outcome.millis < 4000, "{outcome:?}");
    });
}

#[test]
fn a_store_that_cannot_be_read_is_not_served() {
    Host::run_with_daemon(|_, daemon| {
        let mut phone = enrol("alice");
        daemon.stop();
        let key = fs::read("/etc/twinlock/key").expect("the daemon made its key");
        for wrong in [None, Some(vec![7; key.len()]), Some(Vec::new())] {
            fs::remove_file("/etc/twinlock/key").ok();
            if let Some(bytes) = wrong {
                write_key(&bytes);
            }
            let (status, said) = twinlock_tests::rig::daemon::Daemon::start_in_vain();
            assert_eq!(status, Some(1), "{said}");
            assert!(said.contains("key"), "{said}");
            let outcome = login(&Login::new("code", "alice").answer(phone.current()));
            assert_eq!(outcome.authenticate, Some(code::AUTHINFO_UNAVAIL), "{outcome:?}");
        }
        fs::remove_file("/etc/twinlock/key").expect("the wrong key");
        write_key(&key);
        daemon.restart();
        let outcome = login(&Login::new("code", "alice").answer(phone.fresh()));
        assert!(outcome.is_success(), "{outcome:?}");
    });
}

/// A key that nobody else reads: another mode is refused for its own reason.
fn write_key(key: &[u8]) {
    let mut options = OpenOptions::new();
    let file = options.write(true).create_new(true).mode(0o600).open("/etc/twinlock/key");
    file.and_then(|mut file| file.write_all(key)).expect("write the key");
}

#[test]
fn a_user_database_that_fails_refuses_and_says_so() {
    Host::run_with_daemon(|host, _| {
        let mut phone = enrol("alice");
        let passwd = fs::read("/etc/passwd").expect("the accounts");
        let mark = host.syslog.mark();
        let mut application = Application::start();
        fs::remove_file("/etc/passwd").expect("no accounts");
        let outcome = application.login(&Login::new("code", "alice").answer(phone.current()));
        fs::write("/etc/passwd", passwd).expect("the accounts");
        assert!(!outcome.is_success(), "{outcome:?}");
        host.syslog.wait_for(mark, &["twinlockd", "alice"], PATIENCE);
        assert!(Duration::from_millis(outcome.millis) < Duration::from_secs(4));
        let outcome = application.login(&Login::new("code", "alice").answer(phone.fresh()));
        assert!(outcome.is_success(), "{outcome:?}");
    });
}
