//! The shipped filter of fail2ban, on the lines of a real daemon.

use std::fs;
use std::process::Command;

use twinlock_tests::login::Login;
use twinlock_tests::rig::application::login;
use twinlock_tests::rig::artifacts::workspace;
use twinlock_tests::rig::command::enrol;
use twinlock_tests::rig::host::Host;
use twinlock_tests::rig::namespace::RIG;
use twinlock_tests::rig::process::{PATIENCE, demand};

/// The lines as a syslog daemon writes them to a file: without the priority, with the host.
fn as_in_a_file(lines: &[String]) -> String {
    let mut text = String::new();
    for line in lines.iter().filter(|line| line.contains(" twinlockd[")) {
        let (_priority, line) = line.split_once('>').expect("a priority");
        // RFC 3164: a time of 15 characters.
        let (time, rest) = line.split_at(15);
        let message = rest.split_once("twinlockd[").expect("the daemon's name").1;
        text.push_str(&format!("{time} web1 twinlockd[{message}\n"));
    }
    text
}

/// The addresses that the filter finds in a file, one for each match. The filter is read where its
/// common part is, as when it is installed.
fn found(file: &str) -> Vec<String> {
    let folder = format!("{RIG}/filter.d");
    fs::create_dir(&folder).expect("make a folder");
    let filter = format!("{folder}/twinlock.conf");
    fs::copy(workspace().join("packaging/fail2ban/filter.d/twinlock.conf"), &filter).expect("copy");
    fs::copy("/etc/fail2ban/filter.d/common.conf", format!("{folder}/common.conf")).expect("copy");
    let output = demand(Command::new("fail2ban-regex").args(["--out", "ip", file, &filter]));
    output.lines().map(str::to_owned).collect()
}

#[test]
fn addresses_that_guess_are_found_and_no_others() {
    Host::run_with_daemon(|host, _| {
        let mut phone = enrol("alice");
        let mark = host.syslog.mark();
        let attempt = |user: &str, last: u8, codes: &[String]| {
            let mut attempt = Login::new("code", user).from(&format!("203.0.113.{last}"));
            for code in codes {
                attempt = attempt.answer(code.clone());
            }
            login(&attempt)
        };
        let wrong = phone.wrong();
        // Three codes are three, and the end of the login is none; two more make the source wait.
        attempt("alice", 1, &[wrong.clone(), wrong.clone(), wrong.clone()]);
        attempt("alice", 1, &[wrong.clone(), wrong.clone()]);
        attempt("alice", 1, &[]);
        attempt("alice", 2, &["password".to_owned()]);
        attempt("mallory", 3, std::slice::from_ref(&wrong));
        // Innocent: let in, and late with the same code.
        let right = phone.fresh();
        assert!(attempt("alice", 4, std::slice::from_ref(&right)).is_success());
        attempt("alice", 5, &[right]);
        // A name that tries to have another address banned, or to hide its own.
        let forged = "x\" source=\"198.51.100.1\" cause=\"wrong code\" \\";
        attempt(forged, 6, std::slice::from_ref(&wrong));
        let console = Login::new("code", "alice").answer(wrong.clone());
        login(&console);
        let ipv6 = Login::new("code", "alice").from("2001:db8::7").answer(wrong);
        login(&ipv6);
        host.syslog.wait_for(mark, &["event=code.refused", "2001:db8::7"], PATIENCE);

        let file = format!("{RIG}/auth.log");
        let text = as_in_a_file(&host.syslog.since(mark));
        fs::write(&file, &text).expect("write the log");
        let found = found(&file);
        for address in ["203.0.113.4", "203.0.113.5", "198.51.100.1"] {
            assert!(!found.iter().any(|it| it == address), "{address} in {found:?} of\n{text}");
        }
        for address in ["203.0.113.2", "203.0.113.3", "203.0.113.6", "2001:db8::7"] {
            assert_eq!(found.iter().filter(|it| *it == address).count(), 1, "{address}:\n{text}");
        }
        // Five codes, the wait that the fifth one began, and the try within it.
        let first = found.iter().filter(|it| *it == "203.0.113.1").count();
        assert_eq!(first, 7, "{found:?} of\n{text}");
        assert_eq!(found.len(), 11, "{found:?} of\n{text}");
    });
}
