//! A machine on which Twinlock is installed and enabled as `packaging/` has it.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use twinlock_tests::rig::artifacts::{module, workspace};
use twinlock_tests::rig::bus::Bus;
use twinlock_tests::rig::command::twinlock;
use twinlock_tests::rig::daemon::{self, CONFIGURATION, Daemon};
use twinlock_tests::rig::host::Host;
use twinlock_tests::rig::namespace::{mount_overlay, write};
use twinlock_tests::rig::process::demand;

/// What README says to write for sshd.
pub const SSHD: &str = "/etc/ssh/sshd_config.d/00-twinlock.conf";

/// The bus, which is the daemon's for as long as a test runs.
pub struct Machine {
    pub daemon: Daemon,
    _bus: Bus,
}

/// Runs a test on it.
pub fn run(test: impl FnOnce(&mut Machine) + Send + 'static) {
    Host::run(|_| {
        daemon::create_user();
        install_module();
        write(CONFIGURATION, "version = 1\n");
        fs::set_permissions(CONFIGURATION, Permissions::from_mode(0o644)).expect("its mode");
        demand(Command::new("ssh-keygen").args(["-q", "-A"]));
        write(
            SSHD,
            "UsePAM yes\nKbdInteractiveAuthentication yes\nPasswordAuthentication no\n\
             AuthenticationMethods keyboard-interactive\nLoginGraceTime 120\n\
             MaxStartups 10:30:100\nUseDNS no\nPermitRootLogin no\n",
        );
        for service in ["sshd", "su", "sudo", "sudo-i"] {
            enable(service);
        }
        let bus = Bus::start();
        test(&mut Machine { daemon: Daemon::start_as_installed(), _bus: bus });
    });
}

/// Where libpam has its own modules.
pub fn security() -> PathBuf {
    let folders = fs::read_dir("/usr/lib").expect("/usr/lib").flatten();
    let folders = folders.map(|entry| entry.path().join("security"));
    let among = folders.chain(["/usr/lib64/security".into(), "/usr/lib/security".into()]);
    among
        .into_iter()
        .find(|folder| folder.join("pam_permit.so").exists())
        .expect("libpam's modules")
}

fn install_module() {
    let security = security();
    mount_overlay(security.to_str().expect("a path"));
    let installed = security.join("pam_twinlock.so");
    fs::copy(module(), &installed).expect("install the module");
    fs::set_permissions(&installed, Permissions::from_mode(0o644)).expect("its mode");
}

/// Puts the lines of Twinlock that the example in `packaging/pam` has into the distribution's own file:
/// auth behind, account before the common ones.
pub fn enable(service: &str) {
    // The example of sudo is for its login shell too.
    let example = workspace().join("packaging/pam").join(service.trim_end_matches("-i"));
    let example = fs::read_to_string(example).expect("the example");
    let own = |phase: &str| {
        let is_own = |line: &&str| line.starts_with(phase) && line.contains("pam_twinlock.so");
        example
            .lines()
            .find(is_own)
            .unwrap_or_else(|| panic!("{service} has no {phase} line"))
            .to_owned()
    };
    let path = Path::new("/etc/pam.d").join(service);
    let stock = fs::read_to_string(&path).expect("the distribution's file");
    let (mut auth, mut account) = (false, false);
    let mut lines = Vec::new();
    for line in stock.lines() {
        let is = |name: &str| line.split_whitespace().collect::<Vec<_>>() == ["@include", name];
        if is("common-account") {
            lines.push(own("account"));
            account = true;
        }
        lines.push(line.to_owned());
        if is("common-auth") {
            lines.push(own("auth"));
            auth = true;
        }
    }
    assert!(auth && account, "{service} is as Debian has it");
    write(path, &(lines.join("\n") + "\n"));
}

/// What a run said.
#[derive(Debug)]
pub struct Report {
    pub exit: i32,
    pub json: Value,
}

impl Report {
    pub fn findings(&self) -> &[Value] {
        self.json["findings"].as_array().map_or(&[], Vec::as_slice)
    }

    /// The words of the faults.
    pub fn faults(&self) -> Vec<String> {
        let words = self.findings().iter().map(|finding| finding["fault"].as_str());
        words.map(|word| word.expect("a fault has a word").to_owned()).collect()
    }
}

/// Runs `twinlock doctor --json` as root.
pub fn examine() -> Report {
    let output = twinlock(&["doctor", "--json"]);
    let json = serde_json::from_slice(&output.stdout);
    let json = json.unwrap_or_else(|error| panic!("doctor prints no JSON: {error}: {output:?}"));
    Report { exit: output.status.code().expect("an exit code"), json }
}
