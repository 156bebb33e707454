//! What of a machine has to be as it was: every file's name, kind, mode and owner, and the contents
//! of everything in `/etc`.

use std::collections::BTreeMap;

use twinlock_tests::rig::machine::Machine;

/// What lives and changes on any running machine, or records that packages came and went.
const RESTLESS: [&str; 12] = [
    "/proc",
    "/sys",
    "/dev",
    "/run",
    "/tmp",
    "/root",
    "/home",
    "/var/log",
    "/var/cache",
    "/var/lib/dpkg",
    "/var/lib/apt",
    "/var/lib/systemd",
];

/// Further places that a running machine writes to: who has logged in, the kept times of sudo, and
/// what is put aside every night.
const RECORDS: [&str; 6] = [
    "/var/tmp",
    "/var/lib/rpm",
    "/var/lib/sudo",
    "/var/lib/private",
    "/var/backups",
    "/var/lib/logrotate",
];

/// A state of a machine, by path.
pub struct Snapshot(BTreeMap<String, String>);

impl Snapshot {
    /// The state of now.
    pub fn of(machine: &Machine) -> Self {
        let pruned: Vec<_> =
            RESTLESS.iter().chain(&RECORDS).map(|path| format!("-path {path}")).collect();
        let pruned = pruned.join(" -o ");
        // The times and sizes of directories tell what was in them once, on some file systems.
        let files = machine.shell(&format!(
            "find / -xdev \\( {pruned} \\) -prune -o -printf '%p\\t%y %m %U:%G %l\\n'"
        ));
        let contents = machine.shell("find /etc -xdev -type f -exec sha256sum -- {} +");
        let mut state: BTreeMap<String, String> = files
            .lines()
            .filter_map(|line| line.split_once('\t'))
            .map(|(path, what)| (path.to_owned(), what.to_owned()))
            .collect();
        for line in contents.lines() {
            let (sum, path) = line.split_once("  ").expect("a sum and a path");
            state.entry(path.to_owned()).or_default().push_str(sum);
        }
        assert!(state.len() > 5000, "a machine has more than {} files", state.len());
        assert!(state.contains_key("/etc/pam.d/sshd"), "the PAM files are looked at");
        Self(state)
    }

    /// The paths that came, went or changed since.
    pub fn changed(&self, since: &Self) -> Vec<String> {
        let paths = self.0.keys().chain(since.0.keys().filter(|path| !self.0.contains_key(*path)));
        let mut changed: Vec<_> =
            paths.filter(|path| self.0.get(*path) != since.0.get(*path)).cloned().collect();
        changed.sort();
        changed
    }
}
