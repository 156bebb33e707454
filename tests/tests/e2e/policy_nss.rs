//! Who a user is and in which groups, by the name service of the host; where it fails nobody is
//! taken for a user without groups.

use std::fs;
use std::process::Command;

use twinlock_tests::login::{Login, Outcome, code};
use twinlock_tests::rig::application::login;
use twinlock_tests::rig::daemon::{Daemon, configure};
use twinlock_tests::rig::host::Host;
use twinlock_tests::rig::namespace::write;
use twinlock_tests::rig::pam_stack::{code_alone, install};
use twinlock_tests::rig::process::{PATIENCE, demand};

const STAFF: &str = "version = 1\nlevel = \"low\"\n\
                     [[profile]]\nname = \"staff\"\ngroups = [\"staff\"]\nlevel = \"high\"\n\
                     enrol = \"admin\"\n";

/// A login of alice that hears why it fails, which takes the look-up three seconds at the most.
fn attempt() -> Outcome {
    login(&Login::new("code", "alice").from("203.0.113.7"))
}

fn with_alice_in_staff(daemon: &mut Daemon) {
    // The only source: of several, glibc tells what the last one said.
    let services = fs::read_to_string("/etc/nsswitch.conf").expect("the name service switch");
    let others = services.lines().filter(|line| !line.starts_with("group:"));
    let lines: Vec<_> = others.chain(["group: files"]).collect();
    write("/etc/nsswitch.conf", &(lines.join("\n") + "\n"));
    // The module waits longer than a look-up may take, to hear the reason.
    install("code", &code_alone("timeout=10"));
    demand(Command::new("groupadd").args(["--force", "staff"]));
    demand(Command::new("gpasswd").args(["--add", "alice", "staff"]));
    configure(STAFF);
    daemon.reload();
    let outcome = attempt();
    assert!(outcome.text().contains("is not set up for"), "{outcome:?}");
}

/// Denied, with a reference for the person and the reason in the log.
fn is_refused_with_a_reason(host: &Host, reason: &str) {
    let mark = host.syslog.mark();
    let outcome = attempt();
    assert_eq!(outcome.authenticate, Some(code::AUTH_ERR), "{outcome:?}");
    assert_eq!(outcome.code_prompts(), 0, "{outcome:?}");
    assert!(outcome.text().contains("cannot be checked right now (reference "), "{outcome:?}");
    host.syslog.wait_for(mark, &["the user database", reason], PATIENCE);
}

#[test]
fn a_supplementary_group_counts_from_the_next_login_on() {
    Host::run_with_daemon(|_, daemon| {
        with_alice_in_staff(daemon);
        assert!(login(&Login::new("code", "bob").from("203.0.113.7")).is_success());
        demand(Command::new("gpasswd").args(["--delete", "alice", "staff"]));
        assert!(attempt().is_success(), "alice is in the group no longer");
    });
}

#[test]
fn group_files_that_cannot_be_read_deny_and_are_never_no_groups() {
    Host::run_with_daemon(|host, daemon| {
        with_alice_in_staff(daemon);
        fs::rename("/etc/group", "/etc/group.away").expect("take the groups away");
        is_refused_with_a_reason(host, "cannot be read");
        fs::rename("/etc/group.away", "/etc/group").expect("bring the groups back");
        assert!(attempt().text().contains("is not set up for"));
    });
}

#[test]
fn groups_that_never_come_deny_in_bounded_time() {
    Host::run_with_daemon(|host, daemon| {
        with_alice_in_staff(daemon);
        fs::rename("/etc/group", "/etc/group.away").expect("take the groups away");
        // Who opens it waits for a writer, as for a directory server that is gone.
        demand(Command::new("mkfifo").args(["--mode", "644", "/etc/group"]));
        is_refused_with_a_reason(host, "did not answer within 3 s");
        fs::rename("/etc/group.away", "/etc/group").expect("bring the groups back");
        assert!(attempt().text().contains("is not set up for"), "the daemon has not hung");
    });
}
