//! Faults of the configuration, the daemon, and what it needs of the host.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, chown};
use std::process::Command;

use twinlock_tests::rig::command::twinlock;
use twinlock_tests::rig::daemon::{CONFIGURATION, LOGIN_SOCKET, STORE};
use twinlock_tests::rig::namespace::write;
use twinlock_tests::rig::process::{PATIENCE, demand, eventually};

use super::{Planted, configured, edited, fault, opened, removed};

/// All of them.
pub fn all() -> Vec<Planted> {
    vec![
        fault(
            "severe",
            "configuration-broken",
            configured("levle = \"high\"\n"),
            "twinlock config check",
        ),
        fault(
            "warning",
            "configuration-not-in-force",
            edited(CONFIGURATION, |text| format!("{text}[totp]\nwindow = 2\n")),
            "twinlock config check && systemctl reload twinlockd",
        ),
        fault(
            "warning",
            "configuration-wants-restart",
            configured("[audit]\nkeep = \"30d\"\n"),
            "systemctl restart twinlockd",
        ),
        fault(
            "warning",
            "configuration-doubtful",
            configured("[[profile]]\nname = \"robots\"\nusers = [\"bob\"]\nmfa = false\n"),
            "twinlock config check",
        ),
        fault(
            "severe",
            "socket-mode",
            opened(LOGIN_SOCKET, 0o666),
            "chmod 0600 /run/twinlock/login.sock",
        ),
        fault(
            "severe",
            "socket-directory",
            opened("/run/twinlock", 0o777),
            "chmod 0755 /run/twinlock",
        ),
        fault(
            "severe",
            "socket-owner",
            |_| {
                chown(LOGIN_SOCKET, Some(65534), None).expect("give it away");
                Box::new(|_| chown(LOGIN_SOCKET, Some(0), None).expect("take it back"))
            },
            "systemctl restart twinlock-login.socket",
        ),
        fault(
            "severe",
            "key-open",
            opened("/etc/twinlock/key", 0o644),
            "chmod 0600 /etc/twinlock/key",
        ),
        fault("severe", "store-open", opened(STORE, 0o755), "chmod -R u=rwX,go="),
        fault(
            "severe",
            "bus-policy-absent",
            |machine| {
                let undo = removed("/etc/dbus-1/system.d/org.twinlock1.conf")(machine);
                Box::new(|machine| {
                    undo(machine);
                    // dbus-daemon reads its policy again when it sees the file.
                    let answers = || twinlock(&["status", "alice"]).status.success();
                    assert!(eventually(PATIENCE, answers), "the bus does not find its policy");
                })
            },
            "systemctl reload dbus",
        ),
        Planted {
            along: &["socket-silent"],
            ..fault(
                "severe",
                "daemon-silent",
                |machine| {
                    machine.daemon.pause();
                    Box::new(|machine| machine.daemon.resume())
                },
                "systemctl restart twinlockd",
            )
        },
        Planted {
            along: &["socket-silent"],
            ..fault(
                "severe",
                "daemon-absent",
                |machine| {
                    machine.daemon.stop();
                    Box::new(|machine| machine.daemon.restart())
                },
                "systemctl enable --now twinlock-login.socket twinlockd",
            )
        },
        fault(
            "warning",
            "clock-unsynchronised",
            |_| {
                let program = "/run/rig/timedatectl";
                write(program, "#!/bin/sh\necho no\n");
                fs::set_permissions(program, Permissions::from_mode(0o755)).expect("its mode");
                demand(Command::new("mount").args(["--bind", program, "/usr/bin/timedatectl"]));
                Box::new(|_| {
                    demand(Command::new("umount").arg("/usr/bin/timedatectl"));
                })
            },
            "timedatectl set-ntp true",
        ),
    ]
}
