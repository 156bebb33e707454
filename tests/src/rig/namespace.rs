//! A machine of its own, made of Linux namespaces around one thread.
//!
//! ```text
//! /run     tmpfs, empty            /etc  overlay, changes kept in /run/rig
//! /dev     tmpfs with the usual    /var  overlay, likewise
//!          devices and own ptys    lo    127/8, ::1, 203.0.113.0/24, 2001:db8::/64
//! ```
//!
//! A mount namespace belongs to a thread, not to a process: what the thread spawns, threads and
//! programs, lives in it, and other tests in the same process do not. `unshare(2)`.

use std::fs::{self, File};
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;

use nix::mount::{MsFlags, mount};
use nix::sched::{CloneFlags, unshare};
use nix::unistd::{Uid, sethostname};

use super::process::demand;

/// The host name inside.
pub const HOST_NAME: &str = "web1";

/// Where the rigs keep their own files; inside the private `/run`.
pub const RIG: &str = "/run/rig";

/// The addresses that servers and clients use: documentation addresses, because loopback ones
/// are no remote source to Twinlock.
pub const SERVER: &str = "203.0.113.1";

/// The same over IPv6.
pub const SERVER_V6: &str = "2001:db8::1";

const NO_SOURCE: Option<&str> = None;
const DEVICES: [&str; 6] = ["null", "zero", "full", "random", "urandom", "tty"];

/// Moves the calling thread into fresh namespaces.
///
/// Panics with a sentence when the kernel or the account does not allow it: a test that cannot
/// be isolated must not pass, and must not touch the machine.
pub fn enter() {
    assert!(
        Uid::effective().is_root(),
        "the end-to-end tests make namespaces of their own and need root for it: run them with sudo"
    );
    unshare(
        CloneFlags::CLONE_NEWNS
            | CloneFlags::CLONE_NEWNET
            | CloneFlags::CLONE_NEWUTS
            | CloneFlags::CLONE_NEWIPC,
    )
    .unwrap_or_else(|error| {
        panic!("this machine allows no mount, network and host-name namespaces ({error}); the end-to-end tests need them")
    });
    // Nothing that is mounted from here on may spread back to the machine.
    mount(NO_SOURCE, "/", NO_SOURCE, MsFlags::MS_REC | MsFlags::MS_PRIVATE, NO_SOURCE)
        .expect("make the mounts private");
    mount_tmpfs("/run", "mode=755");
    for directory in [RIG, "/run/lock", "/run/sshd", "/run/dbus", "/run/home"] {
        fs::create_dir_all(directory).expect("create a directory in /run");
    }
    mount_overlay("/etc");
    mount_overlay("/var");
    mount_dev();
    name_host();
    raise_network();
}

fn mount_tmpfs(target: &str, options: &str) {
    mount(Some("tmpfs"), target, Some("tmpfs"), MsFlags::empty(), Some(options))
        .unwrap_or_else(|error| panic!("mount a tmpfs on {target}: {error}"));
}

/// Lets a directory of the machine be written to by this private one alone.
pub fn mount_overlay(target: &str) {
    let base = format!("{RIG}/overlay{target}");
    let (upper, work) = (format!("{base}/upper"), format!("{base}/work"));
    fs::create_dir_all(&upper).expect("create an overlay's upper directory");
    fs::create_dir_all(&work).expect("create an overlay's work directory");
    let options = format!("lowerdir={target},upperdir={upper},workdir={work}");
    mount(Some("overlay"), target, Some("overlay"), MsFlags::empty(), Some(options.as_str()))
        .unwrap_or_else(|error| panic!("this kernel mounts no overlay on {target}: {error}"));
}

/// A `/dev` with room for a `/dev/log` of its own, and terminals that no other test sees.
fn mount_dev() {
    let staging = format!("{RIG}/dev");
    fs::create_dir(&staging).expect("create the staging /dev");
    mount_tmpfs(&staging, "mode=755");
    for name in DEVICES {
        let target = format!("{staging}/{name}");
        File::create(&target).expect("create a device's mount point");
        let source = format!("/dev/{name}");
        mount(Some(source.as_str()), target.as_str(), NO_SOURCE, MsFlags::MS_BIND, NO_SOURCE)
            .unwrap_or_else(|error| panic!("bind {source}: {error}"));
    }
    for name in ["pts", "shm"] {
        fs::create_dir(format!("{staging}/{name}")).expect("create a directory in /dev");
    }
    mount_tmpfs(&format!("{staging}/shm"), "mode=1777");
    let options = "newinstance,ptmxmode=0666,mode=0620,gid=5";
    let terminals = format!("{staging}/pts");
    mount(Some("devpts"), terminals.as_str(), Some("devpts"), MsFlags::empty(), Some(options))
        .expect("mount terminals of its own");
    symlink("pts/ptmx", format!("{staging}/ptmx")).expect("link ptmx");
    for (name, target) in [("fd", ""), ("stdin", "/0"), ("stdout", "/1"), ("stderr", "/2")] {
        symlink(format!("/proc/self/fd{target}"), format!("{staging}/{name}")).expect("link fd");
    }
    mount(Some(staging.as_str()), "/dev", NO_SOURCE, MsFlags::MS_MOVE, NO_SOURCE)
        .expect("move the staging /dev into place");
}

fn name_host() {
    sethostname(HOST_NAME).expect("set the host name");
    write("/etc/hostname", &format!("{HOST_NAME}\n"));
    write("/etc/hosts", &format!("127.0.0.1 localhost\n::1 localhost\n{SERVER} {HOST_NAME}\n"));
    // Without a resolver a look-up of a name ends at once, not after its time-out.
    let _ = fs::remove_file("/etc/resolv.conf");
    write("/etc/resolv.conf", "");
    let services = fs::read_to_string("/etc/nsswitch.conf").unwrap_or_default();
    let mut services: Vec<_> =
        services.lines().filter(|line| !line.starts_with("hosts:")).collect();
    services.push("hosts: files");
    write("/etc/nsswitch.conf", &(services.join("\n") + "\n"));
}

fn raise_network() {
    for arguments in [
        "link set lo up",
        "address add 203.0.113.1/24 dev lo",
        "-6 address add 2001:db8::1/64 dev lo nodad",
    ] {
        demand(Command::new("ip").args(arguments.split(' ')));
    }
}

/// Gives the host a further address, for a client to come from.
pub fn add_address(address: &str) {
    let (family, length) = if address.contains(':') { ("-6", 128) } else { ("-4", 32) };
    let address = format!("{address}/{length}");
    let mut command = Command::new("ip");
    command.args([family, "address", "replace", &address, "dev", "lo"]);
    if family == "-6" {
        command.arg("nodad");
    }
    demand(&mut command);
}

/// Writes a file of the private machine, with its directories.
pub fn write(path: impl AsRef<Path>, text: &str) {
    let path = path.as_ref();
    if let Some(directory) = path.parent() {
        fs::create_dir_all(directory).expect("create a directory");
    }
    fs::write(path, text).unwrap_or_else(|error| panic!("write {}: {error}", path.display()));
}
