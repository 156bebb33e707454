//! The disk of the store is full: every change is refused with the cause, nothing of it is done, and
//! with room again everything works, without a restart.

use std::fs::{self, File, Permissions};
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use serde_json::Value;
use twinlock_tests::login::Login;
use twinlock_tests::rig::application::login;
use twinlock_tests::rig::command::{enrol, errors, failures, json, show, twinlock, twinlock_as};
use twinlock_tests::rig::daemon::Daemon;
use twinlock_tests::rig::host::Host;
use twinlock_tests::rig::namespace::write;
use twinlock_tests::rig::pam_stack::{code_alone, install};
use twinlock_tests::rig::process::demand;
use twinlock_tests::rig::users::User;

/// The file system of the store.
const PLACE: &str = "/var/lib/twinlock";
const FILLER: &str = "/var/lib/twinlock/filler";
const OATH: &str = "/run/rig/users.oath";
const BACKUP: &str = "/run/rig/backup";

/// A daemon whose store is on a small file system of its own.
fn on_small_disk(daemon: &mut Daemon) {
    daemon.stop();
    fs::remove_dir_all(PLACE).unwrap();
    fs::remove_file("/etc/twinlock/key").unwrap();
    fs::create_dir(PLACE).unwrap();
    let options = ["-t", "tmpfs", "-o", "size=64m,mode=0755", "tmpfs", PLACE];
    demand(Command::new("mount").args(options));
    daemon.restart();
}

/// Up to the last byte.
fn fill() {
    let mut filler = File::create(FILLER).unwrap();
    let block = vec![1; 64 * 1024];
    while filler.write_all(&block).is_ok() {}
    while filler.write_all(&[1]).is_ok() {}
}

/// bob asks for a reset; this is the request's id.
fn request() -> String {
    assert!(twinlock_as("bob", &["reset", "request"]).status.success());
    show("bob")["reset_request"]["id"].as_str().unwrap().to_owned()
}

/// Whoever changes something, and what: in an order in which all of it can be done.
fn changes(request: &str, factor: &str, code: &str) -> Vec<(&'static str, Vec<String>)> {
    let line = |who, line: &str| (who, line.split(' ').map(str::to_owned).collect());
    vec![
        line("root", "contact set alice --email alice@example.org"),
        line("root", "trusted clear alice --yes"),
        line("alice", &format!("verify {code}")),
        line("root", "unlock alice"),
        line("root", "recovery new alice --yes"),
        line("root", "bypass alice --for 1h --reason test"),
        line("root", "mfa off alice --yes"),
        line("root", "mfa default alice --yes"),
        line("root", "enroll carol --no-confirm"),
        line("alice", "reset request"),
        line("root", &format!("factor remove alice {factor} --yes")),
        line("root", "reset alice --yes"),
        line("root", "invite dan --print"),
        line("root", &format!("reset approve {request} --yes")),
        line("root", &format!("import oath {OATH} --yes")),
        line("root", "user forget bob --yes"),
        line("root", &format!("restore {BACKUP} --yes")),
    ]
}

fn run(who: &str, arguments: &[String]) -> (Option<i32>, String, String) {
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let output = if who == "root" { twinlock(&arguments) } else { twinlock_as(who, &arguments) };
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    (output.status.code(), printed, errors(&output))
}

fn store() -> Value {
    json(&["user", "list", "--json"])
}

#[test]
fn every_change_on_a_full_disk_is_refused_with_the_cause_and_works_when_there_is_room() {
    Host::run_with_daemon(|_, daemon| {
        for name in ["carol", "dan"] {
            User::create(name, "correct horse");
        }
        write(OATH, "HOTP/T30 dan - 3132333435363738393031323334353637383930\n");
        fs::set_permissions(OATH, Permissions::from_mode(0o600)).unwrap();
        install("sshd", &code_alone("timeout=3"));
        on_small_disk(daemon);
        let mut phone = enrol("alice");
        enrol("bob");
        let login_of = Login::new("sshd", "alice").environment("SSH_AUTH_INFO_0", "password");
        let from = login_of.from("203.0.113.7");
        assert!(login(&from.clone().answer(phone.fresh()).answer("y")).is_success());
        assert_eq!(show("alice")["trusted_hosts"].as_array().map(Vec::len), Some(1));
        assert!(!login(&from.clone().from("203.0.113.8").answer(phone.wrong())).is_success());
        assert!(twinlock(&["mfa", "on", "alice"]).status.success());
        assert!(twinlock(&["backup", BACKUP, "--store-key"]).status.success());
        let factor = show("alice")["factors"][0]["id"].as_str().unwrap().to_owned();
        let (request, code) = (request(), phone.fresh());
        let all = changes(&request, &factor, &code);

        let before = store();
        fill();
        for (who, arguments) in &all {
            let (ended, printed, errors) = run(who, arguments);
            let said = format!("{who}: {arguments:?}: {printed}{errors}");
            assert_eq!(ended, Some(1), "{said}");
            assert!(said.contains("nearly full") && said.contains("Make room"), "{said}");
            // No code and no key of what was not done.
            assert!(!printed.contains("Key: ") && !printed.contains("works once"), "{said}");
            assert_eq!(store(), before, "{said}");
        }
        let refused = login(&from.clone().from("203.0.113.8").answer(code.as_str()));
        assert!(!refused.is_success(), "{refused:?}");
        assert_eq!(failures("alice"), 1);
        // What only reads goes on: above all a copy of it.
        let copy = twinlock(&["backup", "/run/rig/copy", "--store-key"]);
        assert!(copy.status.success(), "{}", errors(&copy));

        fs::remove_file(FILLER).unwrap();
        for (who, arguments) in &all {
            let (ended, printed, errors) = run(who, arguments);
            assert_eq!(ended, Some(0), "{who}: {arguments:?}: {printed}{errors}");
        }
        assert!(show("bob")["factors"].as_array().is_some_and(|factors| factors.len() == 1));
        assert_eq!(show("dan")["state"], "enrolled");
        let kept = twinlock(&["log", "--user", "bob", "--json"]);
        assert!(String::from_utf8_lossy(&kept.stdout).contains("user.forgotten"));
    });
}
