//! One login is one dialogue: bound to its connection, user, service and time, and few at once.

use std::path::Path;
use std::thread;
use std::time::Duration;

use twinlock_tests::login::{Login, Outcome, code};
use twinlock_tests::rig::application::{Application, Barrier, login};
use twinlock_tests::rig::command::{enrol, failures};
use twinlock_tests::rig::host::Host;
use twinlock_tests::rig::namespace::write;
use twinlock_tests::rig::pam_stack::{code_alone, install};
use twinlock_tests::rig::process::{PATIENCE, eventually};

#[test]
fn one_source_has_eight_dialogues_with_a_user_and_no_more() {
    Host::run_with_daemon(|host, _| {
        let mut phone = enrol("alice");
        let barrier = Barrier::close("eight");
        let mut eight: Vec<_> = (0..8).map(|_| Application::start()).collect();
        let attempt = Login::new("code", "alice").from("203.0.113.9").behind(barrier.path());
        for application in &mut eight {
            application.submit(&attempt);
            application.wait_at_barrier();
        }
        let mark = host.syslog.mark();
        let ninth = Login::new("code", "alice").from("203.0.113.9").answer(phone.wrong());
        let outcome = login(&ninth);
        assert!(!outcome.is_success() && outcome.code_prompts() == 0, "{outcome:?}");
        assert!(!outcome.text().is_empty(), "the person is told what to do");
        host.syslog.wait_for(mark, &["alice", "203.0.113.9"], PATIENCE);
        // The owner, from elsewhere, is not kept out by it.
        let owner = Login::new("code", "alice").from("203.0.113.7").answer(phone.fresh());
        assert!(login(&owner).is_success());
        // A caller who vanishes gives the place back.
        drop(eight.pop());
        let mut free = Outcome::clone(&outcome);
        for _ in 0..50 {
            free = login(&ninth);
            if free.code_prompts() > 0 {
                break;
            }
            thread::sleep(Duration::from_millis(20));
        }
        assert!(free.code_prompts() > 0, "{free:?}");
        barrier.open();
    });
}

#[test]
fn a_login_that_is_broken_off_counts_nothing_and_is_logged() {
    Host::run_with_daemon(|host, _| {
        enrol("alice");
        let mark = host.syslog.mark();
        let barrier = Barrier::close("gone");
        let mut application = Application::start();
        application.submit(&Login::new("code", "alice").behind(barrier.path()));
        application.wait_at_barrier();
        drop(application);
        host.syslog.wait_for(mark, &["event=login.abandoned", "alice"], PATIENCE);
        assert_eq!(failures("alice"), 0);
    });
}

#[test]
fn the_account_phase_alone_is_refused_in_sshd_and_passes_elsewhere() {
    Host::run_with_daemon(|_, _| {
        install("sshd", &code_alone(""));
        enrol("alice");
        let connection = "203.0.113.9 40000 203.0.113.1 22";
        let key = Login { authenticate: false, ..Login::new("sshd", "alice") };
        let key = key.from("203.0.113.9").environment("SSH_CONNECTION", connection);
        let outcome = login(&key);
        assert_eq!(outcome.account, Some(code::PERM_DENIED), "{outcome:?}");
        assert!(outcome.text().contains("AuthenticationMethods publickey,keyboard-interactive"));
        let elsewhere = Login { authenticate: false, ..Login::new("code", "alice") };
        assert_eq!(login(&elsewhere).account, Some(code::SUCCESS));
    });
}

#[test]
fn a_right_code_carries_its_ticket_into_the_account_phase_of_sshd() {
    Host::run_with_daemon(|_, _| {
        install("sshd", &code_alone(""));
        let mut phone = enrol("alice");
        let connection = "203.0.113.9 40000 203.0.113.1 22";
        let attempt = Login::new("sshd", "alice")
            .from("203.0.113.9")
            .environment("SSH_CONNECTION", connection)
            .environment("SSH_AUTH_INFO_0", "publickey ssh-ed25519 AAAA\n")
            .answer(phone.fresh());
        let outcome = login(&attempt);
        assert_eq!((outcome.authenticate, outcome.account), (Some(0), Some(0)), "{outcome:?}");
    });
}

#[test]
fn a_ticket_outlives_no_restart_of_the_daemon() {
    Host::run_with_daemon(|_, daemon| {
        // Behind Twinlock in the auth phase, so with the ticket given out, the login stands still
        // until the daemon is back; then the account phase shows the ticket.
        let hold = "touch /run/rig/held\n\
                    for turn in $(seq 400); do [ -e /run/rig/on ] && exit; sleep 0.05; done\n";
        write("/run/rig/hold", hold);
        let mut stack = code_alone("timeout=3");
        stack.insert(1, "auth optional pam_exec.so quiet /bin/sh /run/rig/hold".to_owned());
        install("code", &stack);
        let mut phone = enrol("alice");
        let mut application = Application::start();
        let attempt = Login::new("code", "alice").from("203.0.113.9").answer(phone.fresh());
        application.submit(&attempt);
        assert!(eventually(PATIENCE, || Path::new("/run/rig/held").exists()), "no ticket came");
        daemon.stop();
        daemon.restart();
        write("/run/rig/on", "");
        let outcome = application.outcome();
        assert_eq!(outcome.authenticate, Some(code::SUCCESS), "{outcome:?}");
        assert_eq!(outcome.account, Some(code::PERM_DENIED), "{outcome:?}");
    });
}

#[test]
fn the_daemon_gives_no_prompt_to_a_silent_login() {
    Host::run_with_daemon(|_, _| {
        let mut phone = enrol("alice");
        let silent = Login { silent: true, ..Login::new("code", "alice") };
        let outcome = login(&silent.answer(phone.fresh()));
        // PAM_SILENT forbids messages, not prompts: a right code still comes in.
        assert!(outcome.is_success(), "{outcome:?}");
        assert!(outcome.messages.iter().all(|shown| shown.style <= 2), "{outcome:?}");
    });
}
