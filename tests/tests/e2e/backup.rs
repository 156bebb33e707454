//! A backup is whole, nothing that was void works again after its restore, and a restore is all or
//! nothing.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Output, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use twinlock_tests::login::Login;
use twinlock_tests::rig::application::login;
use twinlock_tests::rig::artifacts;
use twinlock_tests::rig::command::{
    enrol, errors, failures, json, show, twinlock, twinlock_as, verifies,
};
use twinlock_tests::rig::daemon::{Daemon, STORE};
use twinlock_tests::rig::host::Host;
use twinlock_tests::rig::namespace::write;
use twinlock_tests::rig::process::demand;
use twinlock_tests::rig::users::create_many;

const FILE: &str = "/run/rig/backup";
const PASSPHRASE: &str = "/run/rig/passphrase";

fn backup(more: &[&str]) -> Output {
    write(PASSPHRASE, "correct horse battery staple\n");
    fs::set_permissions(PASSPHRASE, fs::Permissions::from_mode(0o600)).unwrap();
    twinlock(&[&["backup", "--passphrase-file", PASSPHRASE], more].concat())
}

fn restore(file: &str) -> Output {
    twinlock(&["restore", file, "--passphrase-file", PASSPHRASE, "--yes", "--json"])
}

fn succeeds(output: &Output) {
    assert!(output.status.success(), "{}", errors(output));
}

fn refuses(output: &Output, words: &str) {
    assert_eq!(output.status.code(), Some(1), "{}", errors(output));
    assert!(errors(output).contains(words), "{}", errors(output));
}

/// A new store with a new key, as on another machine.
fn start_afresh(daemon: &mut Daemon) {
    fs::remove_dir_all(STORE).unwrap();
    fs::remove_file("/etc/twinlock/key").unwrap();
    daemon.restart();
}

fn enrolled() -> usize {
    json(&["user", "list", "--json"]).as_array().unwrap().len()
}

#[test]
fn a_backup_under_load_has_every_acknowledged_change_and_revives_nothing_that_was_void() {
    Host::run_with_daemon(|_, daemon| {
        let mut alice = enrol("alice");
        let bypass =
            json(&["bypass", "alice", "--for", "1h", "--uses", "9", "--reason", "test", "--json"]);
        let bypass = bypass["code"].as_str().unwrap().to_owned();
        let bob = enrol("bob");
        let wrong = bob.wrong();
        let (stop, acknowledged) = (AtomicBool::new(false), Mutex::new(Vec::new()));
        let names = create_many("load", 400);
        let (expected, failed) = thread::scope(|scope| {
            scope.spawn(|| {
                for name in &names {
                    if stop.load(Ordering::Relaxed) {
                        break;
                    }
                    enrol(name);
                    acknowledged.lock().unwrap().push(name.clone());
                }
            });
            scope.spawn(|| {
                while !stop.load(Ordering::Relaxed) {
                    login(&Login::new("code", "bob").from("203.0.113.9").answer(wrong.as_str()));
                }
            });
            while acknowledged.lock().unwrap().len() < 20 {
                thread::sleep(Duration::from_millis(5));
            }
            let (expected, failed) = (acknowledged.lock().unwrap().clone(), failures("bob"));
            succeeds(&backup(&[FILE]));
            stop.store(true, Ordering::Relaxed);
            (expected, failed)
        });
        let about = fs::metadata(FILE).unwrap();
        assert_eq!(about.permissions().mode() & 0o7777, 0o600);
        let sealed = fs::read(FILE).unwrap();
        for secret in ["load0", "\"secret\"", alice.secret()] {
            assert!(!sealed.windows(secret.len()).any(|bytes| bytes == secret.as_bytes()));
        }

        // After the backup: the code is used.
        let code = alice.fresh();
        assert!(login(&Login::new("code", "alice").answer(code.as_str())).is_success());
        assert!(login(&Login::new("code", "alice").answer(bypass.as_str())).is_success());
        daemon.stop();
        start_afresh(daemon);
        assert_eq!(enrolled(), 0);
        succeeds(&restore(FILE));
        for name in &expected {
            assert_eq!(show(name)["state"], "enrolled", "{name}");
        }
        assert!(failures("bob") >= failed, "{failed} wrong codes were counted");
        assert!(!login(&Login::new("code", "alice").answer(code)).is_success());
        assert!(!login(&Login::new("code", "alice").answer(bypass)).is_success());
        succeeds(&twinlock(&["unlock", "alice"]));
        // It is alice's phone: the code of a later step, once it has come. The restore took with
        // it the current step and the next one.
        for _ in 0..3 {
            let code = alice.lasting();
            if verifies("alice", &code) {
                return;
            }
        }
        panic!("alice's phone does not work after the restore");
    });
}

#[test]
fn each_wrong_file_has_an_error_of_its_own_and_changes_nothing() {
    Host::run_with_daemon(|_, _| {
        enrol("alice");
        succeeds(&backup(&[FILE]));
        refuses(&backup(&[FILE]), "exists");
        succeeds(&backup(&[FILE, "--replace"]));
        let whole = fs::read(FILE).unwrap();
        let enrolled_before = show("alice");
        let attempt = |bytes: &[u8], words: &str| {
            fs::write("/run/rig/other", bytes).unwrap();
            refuses(&restore("/run/rig/other"), words);
            assert_eq!(show("alice"), enrolled_before);
        };
        for length in [1, 50, 95, 96, 97, whole.len() - 1] {
            attempt(&whole[..length], "is not whole");
        }
        attempt(b"", "is not a backup");
        attempt(b"PK\x03\x04 something else altogether", "is not a backup");
        attempt(&[&whole[..], b"x"].concat(), "behind its end");
        for at in [20, 40, 90] {
            let mut flipped = whole.clone();
            flipped[at] ^= 4;
            attempt(&flipped, "is damaged");
        }
        for at in [96, whole.len() - 1] {
            let mut flipped = whole.clone();
            flipped[at] ^= 1;
            attempt(&flipped, "The file is damaged");
        }
        fs::write(PASSPHRASE, "correct horse battery stable\n").unwrap();
        attempt(&whole, "The passphrase does not open this backup");
        fs::set_permissions(PASSPHRASE, fs::Permissions::from_mode(0o644)).unwrap();
        attempt(&whole, "can be read or written by others");
        refuses(&restore("/run/rig/nowhere"), "cannot be read");
        let output = twinlock(&["restore", FILE, "--passphrase-file", PASSPHRASE]);
        assert_eq!(output.status.code(), Some(1));
        let stranger = twinlock_as("alice", &["backup", "/run/home/alice/backup", "--store-key"]);
        refuses(&stranger, "administrator");
        assert!(fs::metadata("/run/home/alice/backup").is_err());
    });
}

#[test]
fn a_backup_with_the_store_s_key_comes_back_into_the_same_store_and_says_what_it_revives() {
    Host::run_with_daemon(|_, daemon| {
        let mut phone = enrol("alice");
        enrol("bob");
        succeeds(&twinlock(&["backup", FILE, "--store-key"]));
        succeeds(&twinlock(&["reset", "alice", "--yes"]));
        demand(Command::new("usermod").args(["--uid", "4711", "bob"]));
        let done = twinlock(&["restore", FILE, "--yes", "--json"]);
        succeeds(&done);
        let done: serde_json::Value = serde_json::from_slice(&done.stdout).unwrap();
        assert_eq!((&done["added"], &done["replaced"]), (&0.into(), &2.into()));
        assert_eq!(done["revived"], serde_json::json!(["alice"]));
        assert_eq!(done["mismatched"], serde_json::json!(["bob"]));
        assert_eq!(show("bob")["state"], "mismatch", "bob is another account by now");
        assert_eq!(show("alice")["state"], "enrolled");
        assert!(!verifies("alice", &phone.fresh()), "it could have been used before");
        let log = twinlock(&["log", "--json"]);
        let log = String::from_utf8(log.stdout).unwrap();
        assert!(log.contains("backup.made") && log.contains("backup.restored"), "{log}");
        daemon.stop();
        start_afresh(daemon);
        refuses(&twinlock(&["restore", FILE, "--yes"]), "the key of another store");
        assert_eq!(enrolled(), 0);
    });
}

#[test]
fn a_restore_that_is_killed_is_whole_or_has_not_been() {
    Host::run_with_daemon(|_, daemon| {
        const USERS: usize = 150;
        for name in create_many("many", USERS as u32) {
            enrol(&name);
        }
        succeeds(&backup(&[FILE]));
        daemon.stop();
        start_afresh(daemon);
        let begun = Instant::now();
        succeeds(&restore(FILE));
        let lasts = begun.elapsed();
        assert_eq!(enrolled(), USERS);
        let mut seen = [0, 0];
        // The second half, where the commit is, and once well before, however long the time that
        // was measured is for this host.
        let later = (0..12).map(|round| lasts / 2 + lasts * round / 22);
        for (round, moment) in later.chain([lasts / 10]).enumerate() {
            daemon.stop();
            start_afresh(daemon);
            let mut child = Command::new(artifacts::command())
                .args(["restore", FILE, "--passphrase-file", PASSPHRASE, "--yes"])
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .spawn()
                .unwrap();
            thread::sleep(moment);
            daemon.kill();
            let told = child.wait().unwrap().success();
            daemon.restart();
            let count = enrolled();
            assert!(count == 0 || count == USERS, "round {round}: {count}");
            assert!(!told || count == USERS, "round {round}: it was acknowledged");
            seen[usize::from(count == USERS)] += 1;
        }
        assert!(seen[0] > 0, "killed before it was done: {seen:?}");
    });
}

#[test]
fn a_full_disk_leaves_no_half_of_a_backup_and_no_half_of_a_restore() {
    Host::run_with_daemon(|_, daemon| {
        for name in create_many("many", 40) {
            enrol(&name);
        }
        fs::create_dir("/run/rig/small").unwrap();
        let mount = |size: &str, at: &str| {
            demand(Command::new("mount").args(["-t", "tmpfs", "-o", size, "tmpfs", at]));
        };
        mount("size=8k", "/run/rig/small");
        refuses(&backup(&["/run/rig/small/backup"]), "No space left");
        assert_eq!(fs::read_dir("/run/rig/small").unwrap().count(), 0);
        succeeds(&backup(&[FILE]));

        daemon.stop();
        fs::remove_dir_all(STORE).unwrap();
        fs::create_dir(STORE).unwrap();
        mount("size=40m,mode=0700", STORE);
        daemon.restart();
        assert_eq!(enrolled(), 0);
        demand(Command::new("mount").args(["-o", "remount,size=14m", STORE]));
        refuses(&restore(FILE), "nearly full");
        assert_eq!(enrolled(), 0);
        demand(Command::new("mount").args(["-o", "remount,size=80m", STORE]));
        succeeds(&restore(FILE));
        assert_eq!(enrolled(), 40);
    });
}
