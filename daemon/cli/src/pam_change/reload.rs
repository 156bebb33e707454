//! Has sshd read its configuration again, and waits until it takes logins by it.
//!
//! Told by SIGHUP, sshd closes the sockets at which it listens, starts itself anew as the same process
//! and opens others (sshd(8)). Whoever connects in between is refused, and neither kill(2) nor
//! `systemctl reload` waits for the end of it: the kernel's tables tell (proc(5), `/proc/PID/fd` and
//! `/proc/PID/net/tcp`).

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Stdio;
use std::thread::sleep;
use std::time::Duration;

use super::guard::quiet;

/// A busy host starts a program in a second.
const PATIENCE: Duration = Duration::from_secs(10);

/// How often is looked.
const STEP: Duration = Duration::from_millis(20);

/// TCP_LISTEN of the kernel's `tcp_states.h`, as its tables show it.
const LISTENING: &str = "0A";

/// Has the sshd that runs read its configuration, and says what was done; nothing where none runs
/// for which that would be needed.
///
/// # Errors
/// The sentence why it did not, or does not listen since.
pub fn sshd(by_systemd: bool) -> Result<Option<String>, String> {
    if by_systemd { unit() } else { process() }
}

/// Reloads the unit that is active. An sshd that a socket starts for each login reads anew anyway.
fn unit() -> Result<Option<String>, String> {
    for unit in ["ssh.service", "sshd.service"] {
        let active = quiet("/usr/bin/systemctl").args(["is-active", "--quiet", unit]).status();
        if !active.is_ok_and(|status| status.success()) {
            continue;
        }
        let process = main_process(unit);
        let before = process.map(Sockets::of);
        let reloaded = quiet("/usr/bin/systemctl").args(["reload", unit]).status();
        match reloaded {
            Ok(status) if status.success() => {}
            Ok(status) => return Err(format!("'systemctl reload {unit}' ended with {status}")),
            Err(cause) => return Err(format!("systemctl does not start: {cause}")),
        }
        if let Some(before) = before {
            before.opened_anew(PATIENCE)?;
        }
        return Ok(Some(format!("{unit} is reloaded")));
    }
    Ok(None)
}

/// The process that a unit's reload signals.
fn main_process(unit: &str) -> Option<u32> {
    let mut command = quiet("/usr/bin/systemctl");
    command.args(["show", "--property=MainPID", "--value", unit]).stdout(Stdio::piped());
    let shown = command.output().ok()?;
    let process: u32 = String::from_utf8_lossy(&shown.stdout).trim().parse().ok()?;
    (process != 0).then_some(process)
}

/// Sends SIGHUP to the sshd that its file of process ids names (sshd(8)), if it is one.
fn process() -> Result<Option<String>, String> {
    let Ok(text) = fs::read_to_string("/run/sshd.pid") else { return Ok(None) };
    let number = text.trim();
    let name = fs::read_to_string(format!("/proc/{number}/comm")).unwrap_or_default();
    let process = number.parse().ok().and_then(rustix::process::Pid::from_raw);
    match process {
        Some(process) if name.trim() == "sshd" => {
            let before = Sockets::of(process.as_raw_nonzero().get().unsigned_abs());
            rustix::process::kill_process(process, rustix::process::Signal::HUP)
                .map_err(|cause| format!("sshd, process {number}, got no signal: {cause}"))?;
            before.opened_anew(PATIENCE)?;
            Ok(Some(format!("sshd, process {number}, has read it")))
        }
        _ => Ok(None),
    }
}

/// The sockets at which a process listens, by their inodes.
struct Sockets {
    process: u32,
    inodes: BTreeSet<u64>,
}

impl Sockets {
    fn of(process: u32) -> Self {
        let held = held_by(process);
        let listening = ["tcp", "tcp6"].into_iter().flat_map(|table| {
            // Of the network name space that the process is in.
            let text = fs::read_to_string(format!("/proc/{process}/net/{table}"));
            listening_in(&text.unwrap_or_default())
        });
        Self { process, inodes: listening.filter(|inode| held.contains(inode)).collect() }
    }

    /// Waits until the process listens at others than these.
    fn opened_anew(&self, patience: Duration) -> Result<(), String> {
        // What a socket unit listens at stays open, and whoever connects is kept waiting.
        if self.inodes.is_empty() || !self.inodes.is_disjoint(&held_by(1)) {
            return Ok(());
        }
        let process = self.process;
        let is_there = || Path::new(&format!("/proc/{process}")).exists();
        self.replaced(patience, || is_there().then(|| Self::of(process).inodes))
    }

    /// Waits until others are listened at; `now` has them, and nothing once the process is gone.
    fn replaced(
        &self,
        patience: Duration,
        mut now: impl FnMut() -> Option<BTreeSet<u64>>,
    ) -> Result<(), String> {
        let process = self.process;
        let mut waited = Duration::ZERO;
        loop {
            let Some(now) = now() else {
                return Err(format!("process {process} ended when it was told to; start it again"));
            };
            if !now.is_empty() && now.is_disjoint(&self.inodes) {
                return Ok(());
            }
            if waited >= patience {
                let seconds = patience.as_secs();
                return Err(format!("process {process} does not listen again after {seconds} s"));
            }
            sleep(STEP);
            waited += STEP;
        }
    }
}

/// The sockets that a process holds: `socket:[INODE]` among its descriptors.
fn held_by(process: u32) -> BTreeSet<u64> {
    let descriptors = fs::read_dir(format!("/proc/{process}/fd"));
    let links = descriptors.into_iter().flatten().flatten();
    links
        .filter_map(|entry| {
            let link = fs::read_link(entry.path()).ok()?;
            link.to_str()?.strip_prefix("socket:[")?.strip_suffix(']')?.parse().ok()
        })
        .collect()
}

/// The inodes of the sockets that a table of proc(5) shows as listening: of each line the fourth and the
/// tenth word.
fn listening_in(table: &str) -> Vec<u64> {
    let lines = table.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
    lines
        .filter(|words| words.get(3) == Some(&LISTENING))
        .filter_map(|words| words.get(9)?.parse().ok())
        .collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "test code")]
mod tests {
    use std::net::{TcpListener, TcpStream};
    use std::os::fd::AsRawFd;

    use super::*;

    fn sockets(inodes: &[u64]) -> Sockets {
        Sockets { process: 4711, inodes: inodes.iter().copied().collect() }
    }

    #[test]
    fn who_closes_its_sockets_is_waited_for_until_it_has_opened_others() {
        let mut looks = [&[1, 2][..], &[2], &[], &[], &[3, 4]].into_iter();
        let seen = |inodes: &[u64]| sockets(inodes).inodes;
        sockets(&[1, 2]).replaced(PATIENCE, || looks.next().map(seen)).unwrap();
        assert_eq!(looks.next(), None, "it is looked until there are others, and no further");
    }

    #[test]
    fn who_keeps_them_opens_none_or_ends_is_told_of() {
        let short = 3 * STEP;
        for kept in [&[1][..], &[]] {
            let why = sockets(&[1]).replaced(short, || Some(sockets(kept).inodes)).unwrap_err();
            assert!(why.contains("4711 does not listen again"), "{why}");
        }
        let why = sockets(&[1]).replaced(short, || None).unwrap_err();
        assert!(why.contains("4711 ended"), "{why}");
    }

    #[test]
    fn of_the_sockets_of_a_process_the_listening_ones_count() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let inode = |descriptor: &dyn AsRawFd| {
            let link = fs::read_link(format!("/proc/self/fd/{}", descriptor.as_raw_fd())).unwrap();
            let digits = link.to_str().unwrap().trim_matches(|c: char| !c.is_ascii_digit());
            digits.parse::<u64>().unwrap()
        };
        let sockets = Sockets::of(std::process::id());
        assert!(sockets.inodes.contains(&inode(&listener)));
        assert!(!sockets.inodes.contains(&inode(&client)));
    }

    #[test]
    fn of_a_table_of_the_kernel_the_listening_sockets_count() {
        let table = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   \
                     uid  timeout inode\n   0: 00000000:0016 00000000:0000 0A 00000000:00000000 \
                     00:00000000 00000000     0        0 4711 1 0000000000000000 100 0 0 10 0\n   1: \
                     0100007F:0016 0100007F:8C3E 01 00000000:00000000 00:00000000 00000000     0        \
                     0 4712 1 0000000000000000 20 4 30 10 -1\n";
        assert_eq!(listening_in(table), [4711]);
    }
}
