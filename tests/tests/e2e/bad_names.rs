//! User names, sources and terminals that mean ill: never a path, a second log line, or a login.

use std::fs;

use twinlock_tests::login::Login;
use twinlock_tests::rig::application::Application;
use twinlock_tests::rig::command::{enrol, json};
use twinlock_tests::rig::daemon::{STORE, configure};
use twinlock_tests::rig::host::Host;
use twinlock_tests::rig::process::PATIENCE;

fn names() -> Vec<String> {
    [
        "mallory",
        "../alice",
        "../../../../etc/shadow",
        "/etc/passwd",
        "alice/",
        ".",
        "..",
        "alice\nevent=login.allowed user=\"root\"",
        "alice\u{1b}[2J",
        "\u{202e}ecila",
        "alice ",
        " ",
        "Alice",
        "%n%s",
        "$(id)",
        "-rf",
        "alice\u{fffd}",
    ]
    .map(str::to_owned)
    .into_iter()
    .chain(["x".repeat(300), "ü".repeat(300)])
    .collect()
}

#[test]
fn a_hostile_user_name_is_asked_refused_and_logged_on_one_line() {
    Host::run_with_daemon(|host, daemon| {
        let phone = enrol("alice");
        let code = phone.current();
        // Elsewhere the account phase without a ticket asks nobody's name.
        configure("version = 1\naccount_services = [\"sshd\", \"code\"]\n");
        daemon.reload();
        let listing = || fs::read_dir(STORE).expect("the store").count();
        let files = listing();
        let mut application = Application::start();
        for name in names() {
            let mark = host.syslog.mark();
            let attempt = Login::new("code", &name).from("203.0.113.9").answer(code.as_str());
            let outcome = application.login(&attempt);
            assert!(!outcome.is_success(), "{name:?}: {outcome:?}");
            let account = Login { authenticate: false, ..attempt };
            let outcome = application.login(&account);
            assert!(!outcome.is_success(), "{name:?} passes the account phase: {outcome:?}");
            host.syslog.wait_for(mark, &["user="], PATIENCE);
            for line in host.syslog.since(mark) {
                assert!(line.starts_with('<'), "{name:?} forged a line: {line}");
                assert!(!line.chars().any(char::is_control), "{name:?}: {line:?}");
                assert!(line.len() < 4096, "{name:?}: a line of {} bytes", line.len());
            }
        }
        assert_eq!(listing(), files, "a name became a file");
        assert!(daemon.is_running());
        let users = json(&["user", "list", "--json"]).to_string();
        assert!(users.contains("alice") && !users.contains("mallory"), "{users}");
    });
}

#[test]
fn a_hostile_source_is_logged_on_one_line_and_no_reason_to_let_anybody_in() {
    Host::run_with_daemon(|host, _| {
        let mut phone = enrol("alice");
        let mut application = Application::start();
        let sources = [
            "203.0.113.9\nevent=login.allowed",
            "\u{1b}[2J",
            "::ffff:203.0.113.9",
            "fe80::1%eth0",
            "host.example.org",
            "999.1.1.1",
            &"9".repeat(5000),
        ];
        for source in sources {
            let mark = host.syslog.mark();
            let mut attempt = Login::new("code", "alice").from(source).answer(phone.wrong());
            attempt.tty = Some(source.to_owned());
            attempt.ruser = Some(source.to_owned());
            let outcome = application.login(&attempt);
            assert!(!outcome.is_success(), "{source:?}: {outcome:?}");
            host.syslog.wait_for(mark, &["alice"], PATIENCE);
            for line in host.syslog.since(mark) {
                assert!(line.starts_with('<'), "{source:?} forged a line: {line}");
                assert!(!line.chars().any(char::is_control), "{source:?}: {line:?}");
            }
        }
        let outcome = application.login(&Login::new("code", "alice").answer(phone.fresh()));
        assert!(outcome.is_success(), "{outcome:?}");
    });
}
