//! Wrong arguments in a PAM stack and wrong configuration files: refused with the place and the
//! reason, and nothing lost.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;

use twinlock_tests::login::{Login, code};
use twinlock_tests::rig::application::login;
use twinlock_tests::rig::artifacts;
use twinlock_tests::rig::command::{enrol, errors, twinlock};
use twinlock_tests::rig::daemon::{self, CONFIGURATION, Daemon, configure};
use twinlock_tests::rig::host::Host;
use twinlock_tests::rig::pam_stack::{code_alone, install};
use twinlock_tests::rig::process::{PATIENCE, as_user, run_within};

#[test]
fn a_wrong_module_argument_fails_the_login_and_is_logged() {
    Host::run_with_daemon(|host, _| {
        let phone = enrol("alice");
        for argument in ["nullok", "timeout=soon", "timeout=0", "socket=login.sock", "debug debug"]
        {
            install("wrong", &code_alone(argument));
            let mark = host.syslog.mark();
            let outcome = login(&Login::new("wrong", "alice").answer(phone.current()));
            assert_eq!(
                outcome.authenticate,
                Some(code::AUTHINFO_UNAVAIL),
                "{argument}: {outcome:?}"
            );
            let word = argument.split(['=', ' ']).next().expect("a word");
            host.syslog.wait_for(mark, &["pam_twinlock", word], PATIENCE);
            let account = Login { authenticate: false, ..Login::new("wrong", "alice") };
            assert_eq!(login(&account).account, Some(code::AUTHINFO_UNAVAIL), "{argument}");
        }
    });
}

/// Files that are no configuration, and where the error is.
const BAD: [(&str, &str); 6] = [
    ("version = 1\nlevle = \"high\"\n", ":2:1"),
    ("version = 1\nlevel = \"extreme\"\n", ":2:9"),
    ("version = 1\n[lockout]\nattempts = \"many\"\n", ":3:12"),
    ("version = 1\n[lockout]\ndelay = \"30 bananas\"\n", ":3:9"),
    ("version = 1\nlevel = \n", ":2:9"),
    ("version = 1\n[network]\ndeny = [\"example.org\"]\n", ":3:9"),
];

#[test]
fn a_daemon_with_a_bad_file_says_where_and_does_not_start() {
    Host::run(|_| {
        for (text, place) in BAD {
            configure(text);
            let (status, said) = Daemon::start_in_vain();
            assert_eq!(status, Some(1), "{text:?}: {said}");
            assert!(said.contains(&format!("{CONFIGURATION}{place}")), "{text:?}: {said}");
            assert!(said.contains('^'), "{text:?} is shown with a caret: {said}");
            let output = twinlock(&["config", "check", CONFIGURATION]);
            assert_eq!(output.status.code(), Some(1), "{text:?}");
            let said = errors(&output) + &String::from_utf8_lossy(&output.stdout);
            assert!(said.contains(&format!("{CONFIGURATION}{place}")), "{text:?}: {said}");
        }
    });
}

#[test]
fn a_daemon_that_is_told_to_read_a_bad_file_keeps_the_old_one() {
    Host::run_with_daemon(|host, daemon| {
        configure("version = 1\n[lockout]\nattempts = 2\n");
        daemon.reload();
        let mut phone = enrol("alice");
        for (number, (text, place)) in BAD.iter().enumerate() {
            configure(text);
            daemon.reload();
            let (level, sentence) = (format!("{CONFIGURATION}{place}: error"), daemon.stderr());
            assert!(daemon.says(&level), "{text:?}: {sentence}");
            // The old rules hold: the second wrong code makes the source wait.
            let source = format!("203.0.113.{}", number + 10);
            let wrong = phone.wrong();
            let guess = Login::new("code", "alice").from(&source);
            let outcome = login(&guess.answer(wrong.as_str()).answer(wrong));
            assert_eq!(outcome.authenticate, Some(code::MAXTRIES), "{text:?}: {outcome:?}");
        }
        let mark = host.syslog.mark();
        configure("version = 1\n[lockout]\nattempts = 3\n");
        daemon.reload();
        let wrong = phone.wrong();
        let guess = Login::new("code", "alice").from("203.0.113.99");
        let outcome = login(&guess.clone().answer(wrong.as_str()).answer(wrong.as_str()));
        assert_eq!(outcome.code_prompts(), 3, "a good file takes effect: {outcome:?}");
        assert!(login(&guess.answer(phone.fresh())).is_success());
        host.syslog.wait_for(mark, &["event=login.allowed"], PATIENCE);
    });
}

/// The mode that a careful umask gives.
#[test]
fn a_file_that_the_daemon_must_not_read_is_found_before_the_daemon_finds_it() {
    Host::run(|_| {
        daemon::create_user();
        configure("version = 1\n");
        let set = |mode| fs::set_permissions(CONFIGURATION, Permissions::from_mode(mode)).unwrap();
        let started = || {
            let output = run_within(&mut as_user("twinlock", artifacts::daemon()), PATIENCE);
            errors(&output)
        };
        set(0o600);
        let said = started();
        assert!(said.contains("this user must not read it"), "{said}");
        let checked = twinlock(&["config", "check"]);
        let said = String::from_utf8_lossy(&checked.stdout).into_owned();
        assert_eq!(checked.status.code(), Some(1), "{said}");
        assert!(said.contains(&format!("chmod a+r {CONFIGURATION}")), "{said}");
        let examined = twinlock(&["doctor"]);
        let said = String::from_utf8_lossy(&examined.stdout).into_owned();
        assert!(said.contains("the user twinlock must not read it"), "{said}");

        set(0o644);
        let said = started();
        assert!(!said.contains("must not read it"), "{said}");
        assert!(twinlock(&["config", "check"]).status.success());
    });
}
