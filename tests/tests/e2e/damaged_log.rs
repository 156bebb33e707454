//! One block of the audit trail is damaged in the store: `log`, `why` and `report` tell what they can,
//! say what they cannot, and end with 1; who follows the log goes on.

use std::process::Output;
use std::thread::sleep;
use std::time::Duration;

use nix::sys::signal::Signal;
use serde_json::Value;
use twinlock_tests::login::Login;
use twinlock_tests::rig::application::login;
use twinlock_tests::rig::artifacts;
use twinlock_tests::rig::command::{enrol, errors, twinlock};
use twinlock_tests::rig::daemon::{Daemon, STORE};
use twinlock_tests::rig::host::Host;
use twinlock_tests::rig::process::{PATIENCE, Process, guarded};

/// Under which names sled has the blocks of events.
const BLOCKS: &str = "record/audit/";

/// Flips a bit in every block of the closed store, with sled's own means; says how many there are.
fn damage() -> usize {
    let config = sled::Config::new().path(STORE).segment_size(4 << 20).mode(sled::Mode::LowSpace);
    // Threads of the daemon that has ended may keep the lock for a moment.
    let opened = (0..100).find_map(|_| {
        let opened = config.open().ok();
        if opened.is_none() {
            sleep(Duration::from_millis(20));
        }
        opened
    });
    let store = opened.expect("the store opens");
    let blocks: Vec<_> = store.scan_prefix(BLOCKS).map(Result::unwrap).collect();
    for (name, value) in &blocks {
        let mut flipped = value.to_vec();
        *flipped.last_mut().expect("a sealed value") ^= 0x80;
        store.insert(name, flipped).unwrap();
    }
    store.flush().unwrap();
    blocks.len()
}

/// A store with a block of alice's that is damaged, and a sound one in which bob is refused; under
/// which reference alice was refused.
fn live(daemon: &mut Daemon) -> String {
    let phone = enrol("alice");
    let refused = login(&Login::new("code", "alice").from("203.0.113.9").answer(phone.wrong()));
    let text = refused.text();
    let (_, rest) = text.split_once("(reference ").expect("a reference");
    daemon.stop();
    assert_eq!(damage(), 1, "what one daemon wrote of a day lies in one block");
    daemon.restart();
    assert!(!login(&Login::new("code", "bob").from("203.0.113.9")).is_success());
    rest[..6].to_owned()
}

/// Ends with 1, and says what is missing of which day and what to do.
fn check(output: &Output, what: &str) {
    let sentences = errors(output);
    assert_eq!(output.status.code(), Some(1), "{sentences}");
    for part in ["Warning: 1 block of events of 20", "check the disk", what] {
        assert!(sentences.contains(part), "{part:?}: {sentences}");
    }
}

fn lines(output: &Output) -> Vec<Value> {
    let text = String::from_utf8_lossy(&output.stdout);
    text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
}

#[test]
fn what_can_be_read_of_the_log_is_shown_and_what_cannot_is_told() {
    Host::run_with_daemon(|_, daemon| {
        let reference = live(daemon);
        let log = twinlock(&["log"]);
        check(&log, "The log is not complete: 1 block of events could not be read");
        let text = String::from_utf8_lossy(&log.stdout);
        assert!(text.contains("bob") && !text.contains("alice"), "{text}");

        for filter in [&[][..], &["--user", "alice"]] {
            let log = twinlock(&[&["log", "--json"], filter].concat());
            check(&log, "The log is not complete");
            let (damaged, events): (Vec<_>, Vec<_>) =
                lines(&log).into_iter().partition(|line| line.get("problem").is_some());
            assert_eq!((damaged.len(), &damaged[0]["blocks"]), (1, &1.into()), "{filter:?}");
            assert_eq!(events.is_empty(), !filter.is_empty(), "{events:?}");
        }
        check(&twinlock(&["why", &reference]), "No event that can be read has the reference");
        let report = twinlock(&["report", "--json"]);
        check(&report, "logins may be missing");
        let report = lines(&report).remove(0);
        assert_eq!(report["damaged"][0]["blocks"], 1);
        let refused = report["logins"].as_object().expect("days").values();
        assert_eq!(refused.filter_map(|day| day["refused"].as_u64()).sum::<u64>(), 1);
    });
}

#[test]
fn who_follows_the_log_is_told_of_the_damage_once_and_goes_on() {
    Host::run_with_daemon(|_, daemon| {
        live(daemon);
        let mut command = guarded(artifacts::command());
        command.args(["log", "--follow", "--json"]);
        let mut follower = Process::start("twinlock log", command);
        assert!(follower.stdout().find(0, "\"bob\"", PATIENCE).is_some());
        let seen = follower.stdout().text().len();
        assert!(!login(&Login::new("code", "bob").from("203.0.113.10")).is_success());
        assert!(follower.stdout().find(seen, "203.0.113.10", PATIENCE).is_some());
        follower.signal(Signal::SIGINT);
        assert_eq!(follower.wait(PATIENCE).code(), Some(1));
        assert_eq!(follower.stdout().text().matches("\"problem\"").count(), 1);
        let errors = follower.stderr().text();
        assert_eq!(errors.matches("Warning: ").count(), 1, "{errors}");
    });
}
