//! Many logins leave nothing behind, in the process that logs people in and in the daemon.

use std::fs;
use std::time::Duration;

use twinlock_tests::login::Login;
use twinlock_tests::rig::application::{Application, Barrier};
use twinlock_tests::rig::authenticator::Authenticator;
use twinlock_tests::rig::command::enrol;
use twinlock_tests::rig::daemon::Daemon;
use twinlock_tests::rig::host::Host;
use twinlock_tests::rig::process::eventually;
use twinlock_tests::rig::users::create_many;

const LOGINS: usize = 200;

/// What the allocator keeps for the next login differs by a few pages; 200 logins that each kept
/// one page would show as 800 KiB.
const PAGES_KIB: usize = 256;

/// The daemon's runtime keeps threads for blocking work as it needs them, and lets them go; one
/// that each login left would be thirty.
const THREADS: usize = 4;

fn entries(daemon: &Daemon, directory: &str) -> usize {
    fs::read_dir(format!("/proc/{}/{directory}", daemon.pid())).expect("the daemon runs").count()
}

#[test]
fn two_hundred_logins_in_one_process_leave_nothing_behind() {
    Host::run_with_daemon(|_, daemon| {
        let mut people: Vec<(String, Authenticator)> =
            create_many("leak", 50).into_iter().map(|user| (user.clone(), enrol(&user))).collect();
        let mut application = Application::start();
        let mut outcomes = Vec::new();
        for round in 0..LOGINS / people.len() {
            for (user, phone) in &mut people {
                // One of four rounds is refused: a failure must not leave more than a success.
                let code = if round == 1 { phone.wrong() } else { phone.fresh() };
                let outcome = application.login(&Login::new("code", user).answer(code));
                assert_eq!(outcome.is_success(), round != 1, "{outcome:?}");
                outcomes.push(outcome);
            }
        }
        assert_eq!(outcomes.len(), LOGINS);
        let (early, last) = (&outcomes[49], &outcomes[LOGINS - 1]);
        assert_eq!(last.threads, 1, "threads are left");
        assert_eq!(last.descriptors, early.descriptors, "descriptors are left");
        assert!(
            last.resident_kib <= early.resident_kib + PAGES_KIB,
            "memory grew from {} to {} KiB",
            early.resident_kib,
            last.resident_kib
        );
        assert!(daemon.is_running());
    });
}

#[test]
fn logins_that_break_off_leave_nothing_in_the_daemon() {
    Host::run_with_daemon(|_, daemon| {
        enrol("alice");
        let settled = |daemon: &Daemon| (entries(daemon, "fd"), entries(daemon, "task"));
        // A first login opens what stays open for good.
        Application::start().login(&Login::new("code", "alice"));
        let before = settled(daemon);
        for number in 0..30 {
            let barrier = Barrier::close(&format!("left-{number}"));
            let mut application = Application::start();
            application.submit(&Login::new("code", "alice").behind(barrier.path()));
            application.wait_at_barrier();
            drop(application);
        }
        let back = eventually(Duration::from_secs(5), || {
            let now = settled(daemon);
            now.0 <= before.0 && now.1 <= before.1 + THREADS
        });
        assert!(back, "descriptors, threads: {before:?} before, {:?} after", settled(daemon));
    });
}
