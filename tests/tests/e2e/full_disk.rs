//! The disk of the store is full: every change is refused with the cause, nothing of it is done, and
//! with room again everything works, without a restart.

use std::collections::BTreeSet;
use std::fs::{self, File, Permissions};
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use serde_json::Value;
use twinlock_tests::login::Login;
use twinlock_tests::rig::application::login;
use twinlock_tests::rig::authenticator::Authenticator;
use twinlock_tests::rig::command::{enrol, errors, failures, json, show, twinlock, twinlock_as};
use twinlock_tests::rig::daemon::Daemon;
use twinlock_tests::rig::host::Host;
use twinlock_tests::rig::namespace::write;
use twinlock_tests::rig::pam_stack::{code_alone, install, twinlock as line};
use twinlock_tests::rig::process::{as_user, demand};
use twinlock_tests::rig::terminal::Terminal;
use twinlock_tests::rig::users::User;

use super::authority::leaves;

/// The file system of the store.
const PLACE: &str = "/var/lib/twinlock";
const FILLER: &str = "/var/lib/twinlock/filler";
const OATH: &str = "/run/rig/users.oath";
const GOOGLE: &str = "/run/rig/of-root/.google_authenticator";
const BACKUP: &str = "/run/rig/backup";

/// The verbs that change nothing in the store. Those of PAM change the host's files.
const OTHERS: [&str; 21] = [
    "backup",
    "completions",
    "config check",
    "contact show",
    "doctor",
    "factor list",
    "log",
    "pam confirm",
    "pam disable",
    "pam enable",
    "pam revert",
    "pam status",
    "policy explain",
    "recovery count",
    "report",
    "reset list",
    "status",
    "trusted list",
    "user list",
    "user show",
    "why",
];

/// erin's, one after the other.
const PASSWORDS: [&str; 3] =
    ["correct horse", "a new and longer one", "an even newer and longer one"];

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

/// A user asks for a reset; this is the request's id.
fn request_of(user: &str) -> String {
    assert!(twinlock_as(user, &["reset", "request"]).status.success());
    show(user)["reset_request"]["id"].as_str().unwrap().to_owned()
}

/// What a change is of: a request for a reset of bob's and one of dan's, a factor of alice's and a code.
#[derive(Default)]
struct Words {
    bobs: String,
    dans: String,
    factor: String,
    code: String,
}

/// Whoever changes something, and what: in an order in which all of it can be done.
fn changes(words: &Words) -> Vec<(&'static str, Vec<String>)> {
    let line = |who, line: &str| (who, line.split(' ').map(str::to_owned).collect());
    let Words { bobs, dans, factor, code } = words;
    vec![
        line("root", "contact set alice --email alice@example.org"),
        line("root", "trusted clear alice --yes"),
        line("alice", &format!("verify {code}")),
        line("root", "unlock alice"),
        line("root", "recovery new alice --yes"),
        line("root", "bypass alice --for 1h --reason test"),
        line("root", "mfa off alice --yes"),
        line("root", "mfa default alice --yes"),
        line("root", "mfa on bob"),
        line("root", "enroll carol --no-confirm"),
        line("alice", "reset request"),
        line("erin", "reset request --cancel"),
        line("root", &format!("factor remove alice {factor} --yes")),
        line("root", "reset alice --yes"),
        line("root", "invite dan --print"),
        line("root", &format!("reset approve {bobs} --yes")),
        line("root", &format!("reset refuse {dans}")),
        line("root", &format!("import oath {OATH} --yes")),
        line("root", &format!("import google-authenticator {GOOGLE} --yes")),
        line("root", "user forget bob --yes"),
        line("root", &format!("restore {BACKUP} --yes")),
    ]
}

#[test]
fn what_is_tried_on_a_full_disk_has_every_verb_that_changes_the_store() {
    let mut verbs = BTreeSet::new();
    leaves(&twinlock_cli::command(), "", &mut verbs);
    let mut missing = verbs.clone();
    for verb in OTHERS {
        assert!(missing.remove(verb), "{verb} is no verb");
    }
    for (_, words) in changes(&Words::default()) {
        let is_of = |length: usize| verbs.get(&words[..length].join(" "));
        let verb = (1..=words.len()).rev().find_map(is_of).unwrap();
        assert!(!OTHERS.contains(&verb.as_str()), "{verb} changes something");
        missing.remove(verb);
    }
    assert_eq!(missing, BTreeSet::new(), "verbs that nobody tried on a full disk");
}

/// erin's `passwd` up to the question whether the second factor should be set up anew.
fn changes_password(old: &str, new: &str, phone: &mut Authenticator) -> Terminal {
    let mut terminal = Terminal::start(&as_user("erin", "passwd"));
    terminal.expect("Current password:").type_line(old);
    terminal.expect("Verification code").type_line(&phone.fresh());
    terminal.expect("New password:").type_line(new);
    terminal.expect("Retype new password:").type_line(new);
    terminal.expect("Set up your second factor anew? [y/N]");
    terminal
}

/// Yes, with a code of the new key, up to the last question.
fn renews(terminal: &mut Terminal) {
    terminal.type_line("y").expect("Key: ").expect("Verification code (i");
    let shown = terminal.transcript();
    let key = shown.rsplit("Key: ").next().and_then(|rest| rest.lines().next()).unwrap();
    terminal.type_line(&Authenticator::new(key.trim()).fresh());
    terminal.expect("Press Enter to put it in the place of the old one:").type_line("");
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
        for name in ["carol", "dan", "erin"] {
            User::create(name, PASSWORDS[0]);
        }
        write(OATH, "HOTP/T30 dan - 3132333435363738393031323334353637383930\n");
        write(GOOGLE, "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ\n\" TOTP_AUTH\n");
        for file in [OATH, GOOGLE] {
            fs::set_permissions(file, Permissions::from_mode(0o600)).unwrap();
        }
        install(
            "passwd",
            &["password required pam_unix.so".into(), line("password", "required", "")],
        );
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
        let mut erins = enrol("erin");
        request_of("erin");
        let (bobs, dans) = (request_of("bob"), request_of("dan"));
        let words = Words { bobs, dans, factor, code: phone.fresh() };
        let all = changes(&words);
        let mut renewal = changes_password(PASSWORDS[0], PASSWORDS[1], &mut erins);

        let before = store();
        fill();
        renews(&mut renewal);
        renewal.expect("It is not certain that your second factor was set up anew");
        assert!(renewal.finish().success(), "{}", renewal.transcript());
        assert_eq!(store(), before);
        for (who, arguments) in &all {
            let (ended, printed, errors) = run(who, arguments);
            let said = format!("{who}: {arguments:?}: {printed}{errors}");
            assert_eq!(ended, Some(1), "{said}");
            assert!(said.contains("nearly full") && said.contains("Make room"), "{said}");
            // No code and no key of what was not done.
            assert!(!printed.contains("Key: ") && !printed.contains("works once"), "{said}");
            assert_eq!(store(), before, "{said}");
        }
        let refused = login(&from.clone().from("203.0.113.8").answer(words.code.as_str()));
        assert!(!refused.is_success(), "{refused:?}");
        assert_eq!(failures("alice"), 1);
        // What only reads goes on: above all a copy of it.
        let copy = twinlock(&["backup", "/run/rig/copy", "--store-key"]);
        assert!(copy.status.success(), "{}", errors(&copy));

        fs::remove_file(FILLER).unwrap();
        let mut renewal = changes_password(PASSWORDS[1], PASSWORDS[2], &mut erins);
        renews(&mut renewal);
        renewal.expect("Your new second factor counts from now on");
        assert!(renewal.finish().success(), "{}", renewal.transcript());
        // The code of before may be too old by now.
        let words = Words { code: phone.fresh(), ..words };
        for (who, arguments) in &changes(&words) {
            let (ended, printed, errors) = run(who, arguments);
            assert_eq!(ended, Some(0), "{who}: {arguments:?}: {printed}{errors}");
        }
        assert!(show("bob")["factors"].as_array().is_some_and(|factors| factors.len() == 1));
        assert_eq!(show("dan")["state"], "enrolled");
        let kept = twinlock(&["log", "--user", "bob", "--json"]);
        assert!(String::from_utf8_lossy(&kept.stdout).contains("user.forgotten"));
    });
}
