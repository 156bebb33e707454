//! Who takes a change back when nobody confirms it: a process of its own, that needs neither the
//! daemon nor the terminal nor the session in which the change was made.
//!
//! Where systemd runs the host it is a transient timer, which `systemctl list-timers` shows; elsewhere
//! a process in a session of its own. Both run `twinlock pam revert SERVICE --change ID` at the
//! deadline, which does nothing if the change was confirmed or is another one by then. After a restart
//! of the host `twinlock-pam-revert.service` does the same for every change that was not confirmed.

use std::io;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use nix::unistd::{Pid, getsid};

use super::record::Record;
use super::reload;

/// Where sd_booted(3) looks.
const SYSTEMD: &str = "/run/systemd/system";

/// The unit that takes back after a restart.
const BOOT_UNIT: &str = "twinlock-pam-revert.service";

/// Who takes a change back.
pub trait Guard {
    /// Sees to it that a change is taken back after a time, and says who does it.
    ///
    /// # Errors
    /// The sentence why nobody would.
    fn arm(&self, record: &Record, after: Duration) -> Result<Armed, String>;

    /// Has sshd read its configuration again, and returns when it takes logins by it. Says what was done;
    /// nothing where no sshd runs for which that would be needed.
    ///
    /// # Errors
    /// The sentence why an sshd that runs did not.
    fn reload_sshd(&self) -> Result<Option<String>, String>;

    /// Takes the order back. One that runs nevertheless finds nothing to do.
    fn disarm(&self, record: &Record);
}

/// Who takes a change back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Armed {
    /// For a person: `the timer twinlock-pam-revert-sshd-….timer`.
    pub who: String,
    /// Whether a restart of the host takes the change back as well.
    pub survives_restart: bool,
}

/// The guard of this host.
pub struct SystemGuard;

impl Guard for SystemGuard {
    fn reload_sshd(&self) -> Result<Option<String>, String> {
        reload::sshd(Path::new(SYSTEMD).is_dir())
    }

    fn arm(&self, record: &Record, after: Duration) -> Result<Armed, String> {
        let program = std::env::current_exe()
            .map_err(|cause| format!("where this program is cannot be told: {cause}"))?;
        // An upgrade has put another one in its place.
        if !program.is_file() {
            return Err("this program was replaced while it ran; try again".to_owned());
        }
        if Path::new(SYSTEMD).is_dir() {
            by_timer(&program, record, after)
        } else {
            by_process(&program, record, after)
        }
    }

    fn disarm(&self, record: &Record) {
        if Path::new(SYSTEMD).is_dir() {
            let timer = format!("{}.timer", unit_of(record));
            let _ = quiet("/usr/bin/systemctl").args(["stop", &timer]).status();
        }
    }
}

fn unit_of(record: &Record) -> String {
    // A service's name may have characters that a unit's has not.
    let service: String =
        record.service.chars().map(|c| if c == '+' || c == '@' { '_' } else { c }).collect();
    format!("twinlock-pam-revert-{service}-{}", record.id)
}

fn by_timer(program: &Path, record: &Record, after: Duration) -> Result<Armed, String> {
    let unit = unit_of(record);
    let mut command = quiet("/usr/bin/systemd-run");
    command.args(["--quiet", "--collect", "--unit", &unit]);
    command.arg(format!("--on-active={}ms", after.as_millis()));
    command.arg("--timer-property=AccuracySec=100ms");
    command.arg(format!("--description=Take back the PAM change of {}", record.service));
    // A full disk or a lock that is held passes; whoever is locked out until then waits for this.
    // Every five seconds is too seldom for the limit of starts to count.
    command.args(["--property=Restart=on-failure", "--property=RestartSec=5", "--"]);
    command.arg(program).args(revert_arguments(record));
    let output = command
        .stderr(Stdio::piped())
        .output()
        .map_err(|cause| format!("systemd-run does not start: {cause}"))?;
    if !output.status.success() {
        let why = String::from_utf8_lossy(&output.stderr);
        return Err(format!("systemd-run made no timer: {}", why.trim()));
    }
    let enabled = quiet("/usr/bin/systemctl").args(["is-enabled", "--quiet", BOOT_UNIT]).status();
    Ok(Armed {
        who: format!("the timer {unit}.timer"),
        survives_restart: enabled.is_ok_and(|status| status.success()),
    })
}

fn by_process(program: &Path, record: &Record, after: Duration) -> Result<Armed, String> {
    let mut command = quiet(program);
    command.args(revert_arguments(record));
    command.arg("--after-ms").arg(after.as_millis().to_string());
    command.current_dir("/").env_clear();
    let child = command.spawn().map_err(|cause| format!("it cannot be started: {cause}"))?;
    await_detached(&child)?;
    Ok(Armed { who: format!("the process {}", child.id()), survives_restart: false })
}

/// Waits until the process leads a session of its own: before that the end of the terminal would be
/// its end too, and nobody would take anything back.
fn await_detached(child: &Child) -> Result<(), String> {
    let process = Pid::from_raw(child.id().cast_signed());
    for _ in 0..500 {
        // In a container the session of whoever started it can have a leader outside, which counts as
        // process 0: no mistake, only not yet a session of its own.
        if getsid(Some(process)) == Ok(process) {
            return Ok(());
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    Err("it does not leave the session of the terminal".to_owned())
}

fn revert_arguments(record: &Record) -> [&str; 5] {
    ["pam", "revert", &record.service, "--change", &record.id]
}

pub(super) fn quiet(program: impl Into<PathBuf>) -> Command {
    let mut command = Command::new(program.into());
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command
}

/// Leaves the session of whoever started this process, so that its end does not end this.
///
/// # Errors
/// The system refused.
pub fn detach() -> io::Result<()> {
    match rustix::process::setsid() {
        // It leads a session already.
        Ok(_) | Err(rustix::io::Errno::PERM) => Ok(()),
        Err(cause) => Err(cause.into()),
    }
}
