//! A whole machine: a Debian root file system with its own systemd, D-Bus, sshd and rsyslog, booted
//! in a container (systemd-nspawn(1)), with a person at its console.
//!
//! ```text
//! <directory>/upper, work   what this machine changed      overlay, mounted in a mount namespace
//! <root>                    the system, never written to   that only the machine's process has
//! ```
//!
//! The machine ends with the test, however that ends: the container's first process has a death
//! signal of systemd-nspawn, and systemd-nspawn one of the test's thread. Its mounts go with their
//! namespace.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use super::process::{eventually, guarded, run_within};
use super::terminal::Terminal;

/// The machine's host name.
pub const HOST_NAME: &str = "web1";

/// Where its sshd is reached: a documentation address, because a loopback one is no remote source.
pub const ADDRESS: &str = "203.0.113.1";

/// A boot takes a second on an idle host.
const BOOT: Duration = Duration::from_secs(90);

/// The longest that one command inside may take.
const COMMAND: Duration = Duration::from_secs(120);

/// Mounts the root, and runs the container's supervisor as often as the machine restarts, in a
/// control group of its own: two machines in one would end each other's services. Arguments: the
/// machine's directory, the root below, a name.
const START: &str = r#"set -e
cd "$1"
mount -t overlay overlay -o "lowerdir=$2,upperdir=$PWD/upper,workdir=$PWD/work" root
name=$3
while IFS=: read -r _ controllers path; do
    case $controllers in
        name=systemd) parent=/sys/fs/cgroup/systemd$path ;;
        '') parent=/sys/fs/cgroup$path
            [ ! -e /sys/fs/cgroup/unified ] || parent=/sys/fs/cgroup/unified$path ;;
        *) continue ;;
    esac
    mkdir "${parent%/}/$name"
    echo "${parent%/}/$name" >> cgroups
done < /proc/self/cgroup
while :; do
    status=0
    setpriv --pdeathsig KILL -- sh -c '
        while read -r group; do echo $$ > "$group/cgroup.procs"; done < cgroups
        exec systemd-nspawn "$@"' sh \
        --boot --directory=root --machine="$name" --hostname=web1 --register=no --keep-unit \
        --private-network --link-journal=no --resolv-conf=off --timezone=off \
        --console=interactive || status=$?
    # What it ends with when the machine asks for a restart, for a unit to obey.
    [ "$status" -eq 133 ] || exit "$status"
done
"#;

/// A machine that runs.
pub struct Machine {
    directory: PathBuf,
    console: Terminal,
    leader: u32,
}

impl Machine {
    /// Boots a machine on a root file system, which stays as it is.
    ///
    /// Panics with what stands on its console when it does not come up.
    pub fn boot(root: &Path) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::SeqCst);
        let name = format!("twinlock-{}-{number}", std::process::id());
        let directory = std::env::temp_dir().join(&name);
        for part in ["upper", "work", "root"] {
            fs::create_dir_all(directory.join(part)).expect("create the machine's directory");
        }
        let mut command = guarded("unshare");
        command.args(["--mount", "--propagation", "private", "--", "sh", "-c", START, "sh"]);
        command.args([&directory, root, Path::new(&name)]);
        let mut console = Terminal::start(&command);
        console.expect_within("login:", BOOT);
        let leader = leader_below(console.pid());
        let machine = Self { directory, console, leader };
        machine.raise_network();
        machine
    }

    /// The console, on which somebody is asked for a name.
    pub fn console(&mut self) -> &mut Terminal {
        &mut self.console
    }

    /// A command inside, as root, with an environment of its own.
    pub fn command(&self, program: &str) -> Command {
        let mut command = guarded("nsenter");
        command.args(["--target", &self.leader.to_string(), "--all", "--", "env", "-i"]);
        command.args(["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"]);
        command.args(["HOME=/root", "LC_ALL=C.UTF-8", "TERM=dumb", program]);
        command
    }

    /// Runs a shell script inside; its exit status, and what it wrote to both outputs.
    pub fn try_shell(&self, script: &str) -> (bool, String) {
        let mut command = self.command("sh");
        command.args(["-c", &format!("exec 2>&1\n{script}")]);
        let output = run_within(&mut command, COMMAND);
        (output.status.success(), String::from_utf8_lossy(&output.stdout).into_owned())
    }

    /// Runs a shell script inside that has to succeed, and returns what it wrote.
    pub fn shell(&self, script: &str) -> String {
        let (succeeded, said) = self.try_shell(script);
        assert!(succeeded, "on the machine, `{script}` failed:\n{said}");
        said
    }

    /// Asks until a script succeeds. Panics at the time-out with what it said last.
    pub fn wait_until(&self, script: &str, timeout: Duration) {
        let mut said = String::new();
        let came = eventually(timeout, || {
            let (succeeded, output) = self.try_shell(script);
            said = output;
            succeeded
        });
        assert!(came, "on the machine, `{script}` did not come true in {timeout:?}:\n{said}");
    }

    /// Puts a file of the host into the machine's `/root`, under its own name.
    pub fn bring(&self, file: &Path) {
        let name = file.file_name().expect("a file has a name");
        let inside = PathBuf::from(format!("/proc/{}/root/root", self.leader)).join(name);
        fs::copy(file, inside).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    }

    /// Writes a file inside.
    pub fn write(&self, path: &str, text: &str) {
        let inside = format!("/proc/{}/root{path}", self.leader);
        fs::write(&inside, text).unwrap_or_else(|error| panic!("write {path}: {error}"));
    }

    /// Restarts it as an administrator does, and waits until somebody can log in again.
    pub fn reboot(&mut self) {
        // The answer may not come back: what asks is on the machine that goes down.
        let _ = self.try_shell("systemctl reboot");
        let first = format!("/proc/{}", self.leader);
        assert!(eventually(BOOT, || !Path::new(&first).exists()), "the machine does not go down");
        // A getty may ask for a name more than once.
        self.console.look_away();
        self.console.expect_within("login:", BOOT);
        self.leader = leader_below(self.console.pid());
        self.raise_network();
    }

    fn raise_network(&self) {
        self.shell(&format!("ip address replace {ADDRESS}/24 dev lo && ip link set lo up"));
        let waiting = "systemctl is-system-running --wait";
        let (running, state) = self.try_shell(waiting);
        assert!(running, "the machine is {state}{}", self.shell("systemctl --failed --no-pager"));
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        // Its first process, and with it everything on it; systemd-nspawn then ends by itself.
        let _ = nix::sys::signal::kill(
            super::process::as_pid(self.leader),
            nix::sys::signal::Signal::SIGKILL,
        );
        let pid = self.console.pid();
        let gone = eventually(Duration::from_secs(10), || children(pid).is_empty());
        let groups = fs::read_to_string(self.directory.join("cgroups")).unwrap_or_default();
        for group in groups.lines() {
            remove_group(Path::new(group));
        }
        let removed = fs::remove_dir_all(&self.directory);
        if !std::thread::panicking() {
            assert!(gone, "the machine goes on");
            removed.expect("remove the machine's directory");
        }
    }
}

/// Removes a control group and those in it.
fn remove_group(group: &Path) {
    let Ok(entries) = fs::read_dir(group) else { return };
    for entry in entries.flatten() {
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            remove_group(&entry.path());
        }
    }
    // The kernel may still be counting down the last process; an empty group left is harmless.
    eventually(Duration::from_secs(2), || fs::remove_dir(group).is_ok());
}

/// The first process of the machine, below the processes that supervise it.
fn leader_below(supervisor: u32) -> u32 {
    let mut leader = None;
    eventually(BOOT, || {
        let supervisors = children(supervisor);
        leader = supervisors.into_iter().flat_map(children).find(|child| {
            let status = fs::read_to_string(format!("/proc/{child}/status")).unwrap_or_default();
            let numbers = status.lines().find_map(|line| line.strip_prefix("NSpid:"));
            numbers.is_some_and(|numbers| numbers.split_whitespace().last() == Some("1"))
        });
        leader.is_some()
    });
    leader.expect("the machine has a first process")
}

fn children(parent: u32) -> Vec<u32> {
    let listed = fs::read_to_string(format!("/proc/{parent}/task/{parent}/children"));
    listed.unwrap_or_default().split_whitespace().filter_map(|id| id.parse().ok()).collect()
}
