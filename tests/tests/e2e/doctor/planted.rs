//! The faults, each with how to plant it and what its mend has to say.

mod host;
mod messages;

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use twinlock_tests::rig::daemon::CONFIGURATION;
use twinlock_tests::rig::namespace::write;

use super::machine::{Machine, SSHD, security};

/// Takes a fault away again.
type Undo = Box<dyn FnOnce(&mut Machine)>;

/// One fault.
pub struct Planted {
    /// Its stable word.
    pub fault: &'static str,
    pub severity: &'static str,
    pub plant: Box<dyn FnOnce(&mut Machine) -> Undo>,
    /// What its mend says.
    pub mend: &'static str,
    /// What else follows from it.
    pub along: &'static [&'static str],
}

fn fault(
    severity: &'static str,
    fault: &'static str,
    plant: impl FnOnce(&mut Machine) -> Undo + 'static,
    mend: &'static str,
) -> Planted {
    Planted { fault, severity, plant: Box::new(plant), mend, along: &[] }
}

/// Another text for a file.
fn edited(
    path: &'static str,
    change: impl FnOnce(&str) -> String + 'static,
) -> impl FnOnce(&mut Machine) -> Undo {
    move |_| {
        let before = fs::read_to_string(path).expect("a file to plant in");
        let after = change(&before);
        assert_ne!(before, after, "nothing was planted in {path}");
        write(path, &after);
        Box::new(move |_| write(path, &before))
    }
}

/// Something more in the configuration, which the daemon is told to read.
fn configured(more: impl Into<String>) -> impl FnOnce(&mut Machine) -> Undo {
    let more = more.into();
    move |machine| {
        let undo = edited(CONFIGURATION, move |text| format!("{text}{more}"))(machine);
        machine.daemon.reload();
        Box::new(|machine| {
            undo(machine);
            machine.daemon.reload();
        })
    }
}

/// A part of a file replaced.
fn replaced(
    path: &'static str,
    from: &'static str,
    to: &'static str,
) -> impl FnOnce(&mut Machine) -> Undo {
    edited(path, move |text| text.replace(from, to))
}

/// Another mode.
fn opened(path: impl Into<PathBuf>, mode: u32) -> impl FnOnce(&mut Machine) -> Undo {
    let path = path.into();
    move |_| {
        let before = fs::metadata(&path).expect("a file to open").permissions();
        fs::set_permissions(&path, Permissions::from_mode(mode)).expect("open it");
        Box::new(move |_| fs::set_permissions(&path, before).expect("close it"))
    }
}

/// A file that is away.
fn removed(path: impl Into<PathBuf>) -> impl FnOnce(&mut Machine) -> Undo {
    let path = path.into();
    move |_| {
        let away = path.with_extension("away");
        fs::copy(&path, &away).expect("keep it");
        fs::remove_file(&path).expect("take it away");
        Box::new(move |_| {
            fs::copy(&away, &path).expect("put it back");
            fs::remove_file(&away).expect("leave nothing");
        })
    }
}

const AUTH: &str = "auth       required     pam_twinlock.so                        # Twinlock\n";
const ACCOUNT: &str = "account    required     pam_twinlock.so                        # Twinlock\n";

/// All of them.
pub fn all() -> Vec<Planted> {
    let mut all = stacks();
    all.extend(sshd());
    all.extend(host::all());
    all.extend(messages::all());
    all
}

fn stacks() -> Vec<Planted> {
    let su = "/etc/pam.d/su";
    let ssh = "/etc/pam.d/sshd";
    let common = "/etc/pam.d/common-auth";
    let severe = "severe";
    vec![
        fault(
            severe,
            "pam-passed-over",
            edited(common, |text| format!("auth sufficient pam_sss.so\n{text}")),
            "common-auth:1 write 'auth [success=2 default=ignore] pam_sss.so'",
        ),
        fault(
            severe,
            "pam-passed-over",
            replaced(su, "@include common-auth\n", "auth [success=done default=die] pam_unix.so\n"),
            "write 'auth requisite pam_unix.so'",
        ),
        fault(
            severe,
            "pam-refusal-ignored",
            replaced(su, AUTH, "auth optional pam_twinlock.so\n"),
            "write 'auth required pam_twinlock.so'",
        ),
        fault(
            severe,
            "pam-sibling-unasked",
            edited("/etc/pam.d/sudo-i", |text| text.replace(AUTH, "").replace(ACCOUNT, "")),
            "twinlock pam enable sudo-i",
        ),
        fault(
            "warning",
            "pam-open-without-daemon",
            replaced(
                su,
                AUTH,
                "auth [success=ok ignore=ignore authinfo_unavail=ignore default=die] pam_twinlock.so\n",
            ),
            "write 'auth required pam_twinlock.so'",
        ),
        fault(
            "warning",
            "pam-wrong-factor-goes-on",
            replaced(su, "@include common-auth\n", "auth required pam_unix.so\n"),
            "write 'auth requisite pam_unix.so'",
        ),
        fault(
            severe,
            "pam-account-line-absent",
            replaced(ssh, ACCOUNT, ""),
            "Write 'account required pam_twinlock.so'",
        ),
        fault(
            severe,
            "pam-auth-line-absent",
            replaced(ssh, AUTH, ""),
            "Write 'auth required pam_twinlock.so' into",
        ),
        Planted {
            // sshd's settings here let a login come without a key.
            along: &["sshd-code-alone"],
            ..fault(
                severe,
                "pam-ignored-by-all",
                replaced(ssh, "@include common-auth\n", ""),
                "End the auth lines of /etc/pam.d/sshd with 'auth required pam_permit.so'",
            )
        },
        fault(
            severe,
            "pam-before-first-factor",
            edited(su, |text| {
                text.replace(AUTH, "")
                    .replace("@include common-auth\n", &format!("{AUTH}@include common-auth\n"))
            }),
            "behind /etc/pam.d/common-auth:",
        ),
        fault(
            "warning",
            "pam-account-passed-over",
            edited(ssh, |text| {
                text.replace(ACCOUNT, "").replace(
                    "@include common-account\n",
                    &format!("@include common-account\n{ACCOUNT}"),
                )
            }),
            "Move Twinlock's account line before /etc/pam.d/sshd:",
        ),
        fault(
            severe,
            "pam-arguments",
            replaced(su, AUTH, "auth required pam_twinlock.so nullok\n"),
            "write 'auth required pam_twinlock.so'",
        ),
        fault(
            severe,
            "pam-other-socket",
            replaced(su, AUTH, "auth required pam_twinlock.so socket=/run/other\n"),
            "pam_twinlock.so socket=/run/twinlock/login.sock'",
        ),
        fault(
            severe,
            "pam-line-broken",
            edited(su, |text| format!("{text}auht required pam_env.so\n")),
            "Mend /etc/pam.d/su:",
        ),
        fault(
            severe,
            "pam-module-absent",
            removed(security().join("pam_twinlock.so")),
            "Install the package again",
        ),
        fault(
            severe,
            "pam-module-open",
            opened(security().join("pam_twinlock.so"), 0o666),
            "chmod go-w ",
        ),
        fault(
            "warning",
            "pam-session-unknown",
            configured("[remember]\nsession = \"10 minutes\"\n"),
            "End the session lines of /etc/pam.d/sshd with 'session optional pam_twinlock.so'",
        ),
    ]
}

fn sshd() -> Vec<Planted> {
    let line = |fault_word, severity, from, to, mend| {
        fault(severity, fault_word, replaced(SSHD, from, to), mend)
    };
    vec![
        line(
            "sshd-without-pam",
            "severe",
            "UsePAM yes",
            "UsePAM no",
            "twinlock.conf:1 write 'UsePAM yes'",
        ),
        line(
            "sshd-root-out",
            "warning",
            "PermitRootLogin no",
            "PermitRootLogin prohibit-password",
            "write 'PermitRootLogin yes'",
        ),
        Planted {
            along: &["sshd-password"],
            ..line(
                "sshd-without-prompts",
                "severe",
                "KbdInteractiveAuthentication yes\nPasswordAuthentication no\n\
                 AuthenticationMethods keyboard-interactive",
                "KbdInteractiveAuthentication no\nPasswordAuthentication yes\n\
                 AuthenticationMethods publickey,password",
                "write 'KbdInteractiveAuthentication yes'",
            )
        },
        line(
            "sshd-refuses",
            "severe",
            "AuthenticationMethods keyboard-interactive",
            "AuthenticationMethods password",
            "sshd -t",
        ),
        line(
            "sshd-key-alone",
            "warning",
            "Methods keyboard-interactive",
            "Methods publickey keyboard-interactive",
            "twinlock.conf:4 write 'AuthenticationMethods keyboard-interactive'",
        ),
        line(
            "sshd-little-time",
            "warning",
            "LoginGraceTime 120",
            "LoginGraceTime 20",
            "write 'LoginGraceTime 120'",
        ),
        line(
            "sshd-few-connections",
            "warning",
            "MaxStartups 10",
            "MaxStartups 2",
            "write 'MaxStartups 10:30:100'",
        ),
        line("sshd-names", "note", "UseDNS no", "UseDNS yes", "write 'UseDNS no'"),
    ]
}
