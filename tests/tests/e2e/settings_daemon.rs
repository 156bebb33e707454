//! Keys of the daemon itself, each with the difference that it makes.

use std::os::unix::fs::symlink;
use std::os::unix::net::UnixDatagram;
use std::path::Path;
use std::thread::sleep;
use std::time::Duration;

use twinlock_tests::login::{Login, code};
use twinlock_tests::rig::application::login;
use twinlock_tests::rig::bus::{self, Bus};
use twinlock_tests::rig::clock::{Clock, HOUR_OF_A_RACING_CLOCK};
use twinlock_tests::rig::command::{enrol, errors, json, twinlock, verifies};
use twinlock_tests::rig::daemon::{Daemon, LOGIN_SOCKET, STORE, configure};
use twinlock_tests::rig::host::Host;
use twinlock_tests::rig::pam_stack::{code_alone, install};
use twinlock_tests::rig::process::{PATIENCE, eventually};

fn reconfigure(daemon: &mut Daemon, text: &str) {
    configure(&format!("version = 1\n{text}"));
    daemon.reload();
}

#[test]
fn the_window_says_how_early_or_late_a_code_may_be() {
    Host::run_with_daemon(|_, daemon| {
        let phone = enrol("alice");
        reconfigure(daemon, "[totp]\nwindow = 0\n");
        assert!(!verifies("alice", &phone.away(-1)));
        assert!(!verifies("alice", &phone.away(1)));
        reconfigure(daemon, "[totp]\nwindow = 3\n");
        assert!(verifies("alice", &phone.away(-3)));
        assert!(verifies("alice", &phone.away(3)));
    });
}

#[test]
fn the_issuer_stands_in_what_the_app_is_given() {
    Host::run_with_daemon(|_, daemon| {
        reconfigure(daemon, "[totp]\nissuer = \"Example %h\"\n");
        let printed = json(&["enroll", "alice", "--no-confirm", "--json"]);
        assert!(printed.to_string().contains("issuer=Example%20web1"), "{printed}");
    });
}

#[test]
fn waits_begin_at_the_delay_and_double_up_to_the_longest() {
    Host::run_with_daemon(|_, daemon| {
        reconfigure(
            daemon,
            "[lockout]\nattempts = 1\ndelay = \"10 minutes\"\nmax_delay = \"15 minutes\"\n",
        );
        let phone = enrol("alice");
        let guess = Login::new("code", "alice").from("203.0.113.9");
        for (minutes, wait) in [(1, "10 minutes"), (13, "15 minutes")] {
            daemon.restart_at(Clock::minutes_ahead(minutes));
            assert_eq!(login(&guess.clone().answer(phone.wrong())).code_prompts(), 1);
            let waits = login(&guess);
            assert_eq!(waits.authenticate, Some(code::MAXTRIES), "{waits:?}");
            assert!(waits.text().contains(&format!("Try again in {wait}")), "{waits:?}");
        }
    });
}

#[test]
fn at_the_hard_limit_a_right_code_is_taken_no_longer() {
    Host::run_with_daemon(|_, daemon| {
        reconfigure(daemon, "[lockout]\nattempts = 2\nhard_limit = 3\n");
        let mut phone = enrol("alice");
        for source in ["203.0.113.9", "203.0.113.10", "203.0.113.11"] {
            login(&Login::new("code", "alice").from(source).answer(phone.wrong()));
        }
        let owner = Login::new("code", "alice").from("203.0.113.7");
        let outcome = login(&owner.clone().answer(phone.fresh()));
        assert_eq!(outcome.authenticate, Some(code::MAXTRIES), "{outcome:?}");
        assert!(outcome.text().contains("administrator to unlock"), "{outcome:?}");
        assert!(twinlock(&["unlock", "alice"]).status.success());
        assert!(login(&owner.answer(phone.fresh())).is_success());
    });
}

#[test]
fn the_store_and_its_key_lie_where_the_file_says() {
    Host::run(|_| {
        configure(
            "version = 1\n[store]\npath = \"/var/lib/twinlock/elsewhere\"\n\
             key_file = \"/etc/twinlock/another.key\"\n",
        );
        let _bus = Bus::start();
        let mut daemon = Daemon::start();
        let mut phone = enrol("alice");
        assert!(Path::new("/var/lib/twinlock/elsewhere").is_dir());
        assert!(Path::new("/etc/twinlock/another.key").is_file());
        assert!(!Path::new(STORE).exists() && !Path::new("/etc/twinlock/key").exists());
        daemon.stop();
        daemon.restart();
        assert!(verifies("alice", &phone.fresh()));
    });
}

#[test]
fn the_login_socket_is_where_the_file_says() {
    Host::run(|_| {
        let socket = "/run/twinlock/other.sock";
        configure(&format!("version = 1\nlevel = \"low\"\n[login]\nsocket = \"{socket}\"\n"));
        install("code", &code_alone(&format!("socket={socket}")));
        install("default", &code_alone(""));
        let _daemon = Daemon::start();
        assert!(!Path::new(LOGIN_SOCKET).exists());
        assert!(login(&Login::new("code", "alice")).is_success());
        let outcome = login(&Login::new("default", "alice"));
        assert_eq!(outcome.authenticate, Some(code::AUTHINFO_UNAVAIL), "{outcome:?}");
    });
}

#[test]
fn the_bus_is_where_the_file_says() {
    Host::run(|_| {
        let address = "/run/dbus/another";
        configure(&format!("version = 1\n[bus]\naddress = \"unix:path={address}\"\n"));
        let _bus = Bus::start();
        let _daemon = Daemon::start();
        assert_eq!(twinlock(&["user", "list"]).status.code(), Some(3));
        symlink(bus::SOCKET, address).expect("link the bus");
        assert!(eventually(PATIENCE, || twinlock(&["user", "list"]).status.success()));
    });
}

#[test]
fn the_log_is_written_to_the_socket_that_the_file_names() {
    Host::run(|host| {
        let path = "/run/rig/another-log";
        let log = UnixDatagram::bind(path).expect("bind the log");
        log.set_read_timeout(Some(Duration::from_secs(5))).expect("a time-out");
        configure(&format!("version = 1\nlevel = \"low\"\n[audit]\nsyslog = \"{path}\"\n"));
        install("code", &code_alone(""));
        let _daemon = Daemon::start();
        assert!(login(&Login::new("code", "alice")).is_success());
        let mut buffer = [0; 4096];
        let found = std::iter::from_fn(|| {
            log.recv(&mut buffer)
                .ok()
                .map(|count| String::from_utf8_lossy(&buffer[..count]).into_owned())
        })
        .any(|line| line.contains("event=login.skipped") && line.contains("user=\"alice\""));
        assert!(found, "no event came to {path}");
        assert!(!host.syslog.text().contains("event=login"), "{}", host.syslog.text());
    });
}

/// Whether `twinlock log` has an event of this user's.
fn is_kept(user: &str) -> bool {
    let output = twinlock(&["log", "--user", user, "--json"]);
    assert!(output.status.success(), "{}", errors(&output));
    !output.stdout.is_empty()
}

#[test]
fn events_are_kept_for_as_long_as_the_file_says() {
    Host::run_with_daemon(|_, daemon| {
        enrol("alice");
        daemon.restart_at(Clock::days_ahead(20));
        enrol("bob");
        // Of the events of 40 and of 20 days ago those go, at the next full hour, that are too old.
        for (keep, gone, is_bob_kept) in [("30 days", "alice", true), ("10 days", "bob", false)] {
            configure(&format!("version = 1\n[audit]\nkeep = \"{keep}\"\n"));
            let is_gone = (0..5).any(|_| {
                daemon.restart_at(Clock::racing(40));
                sleep(HOUR_OF_A_RACING_CLOCK + Duration::from_secs(1));
                daemon.restart_at(Clock::days_ahead(41));
                !is_kept(gone)
            });
            assert!(is_gone, "{keep}: what happened to {gone} is kept");
            assert_eq!(is_kept("bob"), is_bob_kept, "{keep}");
        }
    });
}
