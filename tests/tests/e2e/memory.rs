//! What an enrolment showed is not left in the memory of the daemon once it is over.

use std::fs::{self, File};
use std::os::unix::fs::FileExt;
use std::process::Command;

use twinlock_tests::login::Login;
use twinlock_tests::rig::application::Application;
use twinlock_tests::rig::authenticator::Authenticator;
use twinlock_tests::rig::command::{json, twinlock};
use twinlock_tests::rig::daemon::Daemon;
use twinlock_tests::rig::host::Host;
use twinlock_tests::rig::namespace::{RIG, write};
use twinlock_tests::rig::pam_stack::{code_alone, install};
use twinlock_tests::rig::process::run;
use twinlock_tests::rig::ssh::{Ssh, is_in};
use twinlock_tests::rig::sshd::Sshd;
use twinlock_tests::rig::terminal::Terminal;

const CONFIRM: &str = "Verification code (i: redraw for a light screen):";

/// Everything that the daemon can write to, by the name of its place: proc_pid_maps(5).
fn memory(daemon: &Daemon) -> Vec<(String, Vec<u8>)> {
    let process = format!("/proc/{}", daemon.pid());
    let maps = fs::read_to_string(format!("{process}/maps")).expect("the daemon's map");
    let memory = File::open(format!("{process}/mem")).expect("the daemon's memory");
    let mut regions = Vec::new();
    for line in maps.lines() {
        let mut words = line.split_whitespace();
        let (range, rights) = (words.next().expect("a range"), words.next().expect("rights"));
        if !rights.starts_with("rw") {
            continue;
        }
        let place = words.nth(3).unwrap_or("anonymous").to_owned();
        let (from, to) = range.split_once('-').expect("from and to");
        let number = |text| u64::from_str_radix(text, 16).expect("an address");
        let (from, to) = (number(from), number(to));
        let mut bytes = vec![0; usize::try_from(to - from).expect("a size")];
        // A region can go while it is looked for.
        if memory.read_exact_at(&mut bytes, from).is_ok() {
            regions.push((place, bytes));
        }
    }
    assert!(!regions.is_empty(), "root reads the daemon's memory");
    regions
}

/// The forms of which something is found, each with its place.
fn found(daemon: &Daemon, canaries: &[(&str, String)]) -> Vec<String> {
    let patterns = format!("{RIG}/canaries");
    let lines: Vec<_> = canaries.iter().map(|(_, canary)| canary.as_str()).collect();
    write(&patterns, &lines.join("\n"));
    let mut found = Vec::new();
    for (place, bytes) in memory(daemon) {
        let dump = format!("{RIG}/region");
        fs::write(&dump, bytes).expect("write the region");
        let arguments = ["--text", "--only-matching", "--fixed-strings", "--file", &patterns];
        let mut grep = Command::new("grep");
        let matches = run(grep.env("LC_ALL", "C").args(arguments).arg(&dump));
        for line in String::from_utf8_lossy(&matches.stdout).lines() {
            let (form, _) = canaries.iter().find(|(_, it)| it == line).expect("one of them");
            found.push(format!("{form} in {place}"));
        }
    }
    found
}

/// The key as it is shown in groups, as it stands in an URI, and in part, as where other data has
/// been written over its beginning.
fn of_key(key: &str) -> Vec<(&'static str, String)> {
    let groups: Vec<_> = key.as_bytes().chunks(4).map(String::from_utf8_lossy).collect();
    vec![
        ("key in groups", groups.join(" ")),
        ("end of the groups", groups[4..].join(" ")),
        ("key", key.to_owned()),
        ("end of the key", key[16..].to_owned()),
    ]
}

/// The phone takes the key that stands on the terminal.
fn scan(terminal: &mut Terminal) -> Authenticator {
    terminal.expect("Account: alice@web1").expect("Key: ").expect(CONFIRM);
    let shown = terminal.transcript();
    let key = shown.rsplit("Key: ").next().and_then(|rest| rest.lines().next());
    Authenticator::new(key.expect("a key").trim())
}

/// Words that have the form of a recovery code.
fn printed_codes(text: &str) -> Vec<String> {
    let form = |word: &&str| {
        word.len() == 19 && word.split('-').count() == 4 && word.split('-').all(|it| it.len() == 4)
    };
    text.split_whitespace().filter(form).map(str::to_owned).collect()
}

#[test]
fn keys_and_recovery_codes_of_a_finished_enrolment_are_not_in_the_daemons_memory() {
    Host::run_with_daemon(|host, daemon| {
        install("sshd", &code_alone(""));
        let _sshd = Sshd::start(&["AuthenticationMethods publickey,keyboard-interactive"]);
        let mut login = Ssh::to(&host.alice).from("203.0.113.7").start();
        let mut phone = scan(&mut login);
        login.type_line(&phone.fresh()).expect("Press Enter to go on:");
        let codes = printed_codes(&login.transcript());
        assert_eq!(codes.len(), 10, "{}", login.transcript());
        let mut canaries = of_key(phone.secret());
        canaries.extend(codes.iter().map(|code| ("recovery code", code.clone())));
        canaries.extend(codes.iter().map(|code| ("recovery code", code.replace('-', ""))));
        let open = found(daemon, &canaries);
        assert!(!open.is_empty(), "the open dialogue holds the codes that it will store");
        login.type_line("");
        assert!(is_in(&mut login, "alice"), "{}", login.transcript());

        // The same over the bus.
        let offer = json(&["enroll", "bob", "--no-confirm", "--json"]);
        canaries.extend(of_key(offer["secret"].as_str().expect("a key")));
        let made = twinlock(&["recovery", "new", "bob", "--yes"]);
        let made = printed_codes(&String::from_utf8_lossy(&made.stdout));
        assert_eq!(made.len(), 10, "recovery new prints ten codes");
        canaries.extend(made.into_iter().map(|code| ("recovery code of the bus", code)));

        // Logins and calls of others go on.
        let mut application = Application::start();
        for user in ["alice", "bob"] {
            application.login(&Login::new("code", user).answer("000000"));
            twinlock(&["user", "show", user]);
        }
        twinlock(&["status", "alice"]);
        assert_eq!(found(daemon, &canaries), Vec::<String>::new());
    });
}
