//! The unit on a running system: what the daemon can do there, what it may use, and who looks after
//! it.

use std::time::Duration;

use twinlock_tests::rig::machine::Machine;

use super::site::{self, STEP, install};

/// The most that `systemd-analyze security` may find, of 10.
const EXPOSURE: f64 = 1.5;

fn installed() -> Machine {
    let machine = site::site();
    install(&machine, "TWINLOCK_DEB");
    machine
}

fn property(machine: &Machine, name: &str) -> String {
    let printed = machine.shell(&format!("systemctl show --value --property={name} twinlockd"));
    printed.trim().to_owned()
}

#[test]
#[ignore = "needs the packages and a root file system: scripts/test-installed"]
fn the_daemon_is_walled_in_and_bounded() {
    let machine = installed();
    let report = machine.shell("systemd-analyze security --no-pager twinlockd");
    let (_, level) = report.rsplit_once("twinlockd.service: ").expect("a level");
    let level: f64 = level.split(' ').next().and_then(|level| level.parse().ok()).expect("a level");
    assert!(level <= EXPOSURE, "the exposure is {level}:\n{report}");

    let pid = property(&machine, "MainPID");
    let status = machine.shell(&format!("cat /proc/{pid}/status"));
    let of = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name)).expect("it is told");
        line.trim_start_matches(':').trim().to_owned()
    };
    for set in ["CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"] {
        assert_eq!(of(set), "0000000000000000", "{set}");
    }
    assert_eq!(of("NoNewPrivs"), "1");
    assert_eq!(of("Seccomp"), "2", "system calls are filtered");
    assert!(!of("Uid").starts_with("0\t"), "it is not root");
    let limits = machine.shell(&format!("cat /proc/{pid}/limits"));
    let cores = limits.lines().find(|line| line.starts_with("Max core file size")).expect("cores");
    assert_eq!(cores.split_whitespace().rev().nth(1), Some("0"), "{cores}");
    for limit in ["MemoryMax", "TasksMax"] {
        assert_ne!(property(&machine, limit), "infinity", "{limit}");
    }
}

#[test]
#[ignore = "needs the packages and a root file system: scripts/test-installed"]
fn a_daemon_that_hangs_is_started_again() {
    let machine = installed();
    // The unit's own patience, thirty seconds, is only shortened here.
    assert_eq!(property(&machine, "WatchdogUSec"), "30s");
    machine.shell("mkdir -p /run/systemd/system/twinlockd.service.d");
    machine.write(
        "/run/systemd/system/twinlockd.service.d/patience.conf",
        "[Service]\nWatchdogSec=2\n",
    );
    machine.shell("systemctl daemon-reload && systemctl restart twinlockd");
    let pid = property(&machine, "MainPID");
    machine.shell(&format!("kill -STOP {pid}"));
    machine.wait_until(
        &format!("systemctl is-active twinlockd && ! [ -e /proc/{pid} ]"),
        STEP + Duration::from_secs(30),
    );
    assert_ne!(property(&machine, "MainPID"), pid);
}
