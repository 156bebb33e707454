//! Who comes from google-authenticator or pam_oath goes on with what they have.

use std::fmt::Write as _;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::process::Command;
use std::time::{Duration, Instant};

use twinlock_tests::login::Login;
use twinlock_tests::rig::application::login;
use twinlock_tests::rig::artifacts;
use twinlock_tests::rig::authenticator::Authenticator;
use twinlock_tests::rig::command::{errors, failures, json, show, twinlock};
use twinlock_tests::rig::host::Host;
use twinlock_tests::rig::process::{as_user, demand, run_within};
use twinlock_tests::rig::users::{User, create_many};

/// Lines of the large users.oath.
const MANY: u32 = 1_000;

/// How long importing them may take: seconds, and more where a host is busy.
const PATIENCE: Duration = Duration::from_secs(60);

/// What google-authenticator's own command made.
struct Made {
    secret: String,
    scratch: Vec<String>,
}

fn google_authenticator(user: &User, kind: &[&str]) -> Made {
    let file = user.home.join(".google_authenticator");
    let mut command = as_user(&user.name, "/usr/bin/google-authenticator");
    command.args(kind).args(["-f", "-r", "3", "-R", "30", "-w", "3", "-Q", "NONE", "-q", "-s"]);
    demand(command.arg(&file));
    let text = fs::read_to_string(&file).expect("the file that the command made");
    let mut lines = text.lines().filter(|line| !line.starts_with('"')).map(str::to_owned);
    Made { secret: lines.next().expect("a secret"), scratch: lines.collect() }
}

fn gets_in(user: &str, code: &str) -> bool {
    login(&Login::new("code", user).answer(code)).is_success()
}

fn oathtool(arguments: &[&str]) -> String {
    demand(Command::new("oathtool").args(arguments)).trim().to_owned()
}

#[test]
fn accounts_of_google_authenticator_log_in_with_their_apps_tokens_and_scratch_codes() {
    Host::run_with_daemon(|host, _| {
        let carol = User::create("carol", "Tr0ub4dor");
        let alice = google_authenticator(&host.alice, &["-t", "-d"]);
        let bob = google_authenticator(&host.bob, &["-t", "-D"]);
        let token = google_authenticator(&carol, &["-c"]);

        let phones = [("alice", &alice), ("bob", &bob)]
            .map(|(user, made)| (user, Authenticator::new(&made.secret)));
        // What void means here is a step before that of the import, whatever the time is after it.
        let void = phones.each_ref().map(|(_, phone)| phone.away(-1));

        let homes = "/run/home";
        let planned = json(&["import", "google-authenticator", homes, "--dry-run", "--json"]);
        assert_eq!(planned["users"].as_array().map(Vec::len), Some(3), "{planned}");
        assert_eq!(show("alice")["factors"].as_array().map(Vec::len), Some(0));

        let mark = host.syslog.mark();
        let done = json(&["import", "google-authenticator", homes, "--yes", "--json"]);
        for user in done["users"].as_array().expect("users") {
            assert_eq!(user["result"], "imported", "{done}");
        }
        let words = ["event=user.imported", "carol", "google-authenticator"];
        let line = host.syslog.wait_for(mark, &words, Duration::from_secs(10));
        let shown = format!("{line:?}{done}");
        assert!(!shown.contains(&token.secret) && !shown.contains(&token.scratch[0]), "{shown}");

        for ((user, phone), void) in phones.iter().zip(&void) {
            assert!(!gets_in(user, void), "a code from before the import is void");
            let code = phone.current();
            assert!(gets_in(user, &code), "{user} with a code of the old secret");
            assert!(!gets_in(user, &code), "it counts as used");
        }
        let code = |counter: &str| oathtool(&["--hotp", "--base32", "-c", counter, &token.secret]);
        assert!(gets_in("carol", &code("1")));
        assert!(!gets_in("carol", &code("1")), "each counter once");
        assert!(gets_in("carol", &code("4")), "a few presses ahead");
        assert!(!gets_in("carol", &code("2")), "what was passed over is void");

        assert_eq!(alice.scratch.len(), 5);
        for scratch in &alice.scratch {
            assert!(gets_in("alice", scratch));
        }
        let before = failures("alice");
        assert!(!gets_in("alice", &alice.scratch[0]), "a scratch code works once");
        assert!(failures("alice") > before, "a guess like any other");
    });
}

#[test]
fn a_file_that_others_can_read_is_refused_and_the_other_homes_are_imported() {
    Host::run_with_daemon(|host, _| {
        google_authenticator(&host.alice, &["-t", "-d"]);
        google_authenticator(&host.bob, &["-t", "-d"]);
        let file = host.alice.home.join(".google_authenticator");
        fs::set_permissions(&file, Permissions::from_mode(0o644)).expect("open the file");
        let output = twinlock(&["import", "google-authenticator", "/run/home", "--yes"]);
        assert_eq!(output.status.code(), Some(1));
        let printed = String::from_utf8_lossy(&output.stdout);
        assert!(printed.contains("others than its owner have access (mode 0644)"), "{printed}");
        assert_eq!(show("alice")["factors"].as_array().map(Vec::len), Some(0));
        assert_eq!(show("bob")["factors"].as_array().map(Vec::len), Some(1));
    });
}

#[test]
fn a_users_oath_of_a_thousand_lines_is_imported_and_its_users_log_in() {
    Host::run_with_daemon(|_, _| {
        let users = create_many("user", MANY);
        let secret = |n: usize| format!("{:040x}", 0x3132_3334_u64 * (n as u64 + 1));
        let mut text = String::from("# users\n");
        for (n, user) in users.iter().enumerate() {
            let (kind, rest) = if n % 2 == 0 { ("HOTP/T30/6", "") } else { ("HOTP/E/8", " 7") };
            writeln!(text, "{kind} {user} - {}{rest}", secret(n)).expect("a line");
        }
        let path = "/run/rig/users.oath";
        fs::write(path, format!("{text}HOTP broken\n")).expect("users.oath");
        fs::set_permissions(path, Permissions::from_mode(0o600)).expect("close it");
        let output = twinlock(&["import", "oath", path, "--yes"]);
        assert_eq!(output.status.code(), Some(1));
        let printed = String::from_utf8_lossy(&output.stdout);
        assert!(printed.contains("users.oath:1002: it has no PIN"), "{printed}");
        assert_eq!(show("user0")["factors"].as_array().map(Vec::len), Some(0));

        fs::write(path, &text).expect("users.oath, mended");
        let began = Instant::now();
        let mut import = Command::new(artifacts::command());
        let output = run_within(import.args(["import", "oath", path, "--yes"]), PATIENCE);
        let took = began.elapsed();
        assert!(output.status.success(), "{}", errors(&output));
        let printed = String::from_utf8_lossy(&output.stdout);
        assert!(printed.ends_with("1000 of 1000 users imported.\n"), "{printed}");
        println!("1,000 lines were imported in {took:?}");

        for n in [0, 500, 998] {
            let code = oathtool(&["--totp", &secret(n)]);
            assert!(gets_in(&users[n], &code), "{}", users[n]);
        }
        for n in [1, 999] {
            let code = oathtool(&["--hotp", "--digits", "8", "-c", "7", &secret(n)]);
            assert!(gets_in(&users[n], &code), "{}", users[n]);
            assert!(!gets_in(&users[n], &code), "each counter once");
        }
        let again = twinlock(&["import", "oath", path, "--yes"]);
        assert!(again.status.success(), "who has a factor is skipped: {}", errors(&again));
    });
}
