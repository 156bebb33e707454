//! The way back after a loss: a reset, the invitation that the next enrolment needs, a bypass code
//! meanwhile, and a request where nobody is there to ask.

use std::time::Duration;

use serde_json::Value;
use twinlock_tests::login::{Login, code};
use twinlock_tests::rig::application::login;
use twinlock_tests::rig::authenticator::Authenticator;
use twinlock_tests::rig::command::{enrol, errors, json, show, twinlock, twinlock_as};
use twinlock_tests::rig::daemon::configure;
use twinlock_tests::rig::host::Host;
use twinlock_tests::rig::pam_stack::{code_alone, install, password_then_code};
use twinlock_tests::rig::process::PATIENCE;
use twinlock_tests::rig::ssh::{Ssh, is_in};
use twinlock_tests::rig::sshd::Sshd;
use twinlock_tests::rig::terminal::Terminal;

const CODE: &str = "Verification code";
const INVITATION: &str = "Invitation code:";
const CONFIRM: &str = "Verification code (i: redraw for a light screen):";

/// Alice comes with her key and is asked for the rest.
fn by_key(host: &Host) -> (Sshd, Ssh) {
    install("sshd", &code_alone(""));
    let sshd = Sshd::start(&["AuthenticationMethods publickey,keyboard-interactive"]);
    (sshd, Ssh::to(&host.alice).from("203.0.113.7"))
}

/// The code of an invitation that a reset of alice printed.
fn printed(outcome: &Value) -> String {
    assert_eq!(outcome["done"], true, "{outcome}");
    outcome["invitation"]["code"].as_str().expect("a printed code").to_owned()
}

fn enrols(terminal: &mut Terminal) -> Authenticator {
    terminal.expect("Key: ").expect(CONFIRM);
    let shown = terminal.transcript();
    let key = shown.rsplit("Key: ").next().and_then(|rest| rest.lines().next());
    let mut phone = Authenticator::new(key.expect("a key").trim());
    terminal.type_line(&phone.fresh()).expect("Press Enter to go on:").type_line("");
    phone
}

#[test]
fn after_a_reset_the_old_code_is_void_and_an_invitation_enrols_once() {
    Host::run_with_daemon(|host, _| {
        let mut old = enrol("alice");
        let (_sshd, ssh) = by_key(host);
        let mark = host.syslog.mark();
        let invitation = printed(&json(&["reset", "alice", "--yes", "--json"])[0]);
        host.syslog.wait_for(mark, &["event=user.reset", "user=\"alice\"", "1 factor"], PATIENCE);
        assert_eq!(show("alice")["enrolment"], "invitation");

        let mut refused = ssh.start();
        refused.expect(INVITATION).type_line(&old.fresh()).expect(INVITATION);
        refused.type_line("0000-0000-0000-0000").expect(INVITATION).type_line("");
        assert!(!is_in(&mut refused, "alice"), "{}", refused.transcript());

        // As people copy it: small letters, no hyphens.
        let mut first = ssh.start();
        first.expect(INVITATION).type_line(&invitation.to_lowercase().replace('-', " "));
        let mut phone = enrols(&mut first);
        assert!(is_in(&mut first, "alice"), "{}", first.transcript());
        assert_eq!(show("alice")["state"], "enrolled");
        assert_eq!(show("alice")["invitation"], Value::Null, "it is used");

        let mut second = ssh.start();
        second.expect(CODE).type_line(&phone.fresh());
        assert!(is_in(&mut second, "alice"), "{}", second.transcript());

        let _ = printed(&json(&["reset", "alice", "--yes", "--json"])[0]);
        let mut again = ssh.start();
        again.expect(INVITATION).type_line(&invitation).expect("not right");
        again.expect(INVITATION).type_line("").expect(INVITATION).type_line("");
        assert!(!is_in(&mut again, "alice"), "the first invitation works no more");
        let log = host.syslog.since(mark).join("\n");
        assert!(!log.contains(&invitation), "{log}");
    });
}

#[test]
fn an_invitation_that_has_expired_enrols_nobody() {
    Host::run_with_daemon(|host, _| {
        let (_sshd, ssh) = by_key(host);
        enrol("alice");
        let _ = printed(&json(&["reset", "alice", "--yes", "--json"])[0]);
        let made = json(&["invite", "alice", "--for", "1s", "--json"]);
        std::thread::sleep(Duration::from_secs(2));
        let mut late = ssh.start();
        late.expect(INVITATION).type_line(made["code"].as_str().expect("a code"));
        late.expect("its time is over").expect(INVITATION).type_line("");
        late.expect(INVITATION).type_line("");
        assert!(!is_in(&mut late, "alice"), "{}", late.transcript());
    });
}

#[test]
fn a_reset_that_leaves_the_enrolment_to_the_login_asks_for_no_invitation() {
    Host::run(|host| {
        let _bus = twinlock_tests::rig::bus::Bus::start();
        configure("version = 1\n[reset]\nenrol = \"at-login\"\n");
        let _daemon = twinlock_tests::rig::daemon::Daemon::start();
        enrol("alice");
        let (_sshd, ssh) = by_key(host);
        let outcome = &json(&["reset", "alice", "--yes", "--json"])[0];
        assert_eq!((&outcome["done"], &outcome["invitation"]), (&true.into(), &Value::Null));
        let mut first = ssh.start();
        enrols(&mut first);
        assert!(is_in(&mut first, "alice"), "{}", first.transcript());
        assert!(!first.transcript().contains(INVITATION), "{}", first.transcript());
    });
}

#[test]
fn a_bypass_code_works_as_often_and_from_where_it_says() {
    Host::run_with_daemon(|host, _| {
        enrol("alice");
        let limits = ["--for", "1h", "--uses", "2", "--from", "203.0.113.7", "--json"];
        let reason = ["--reason", "phone in repair"];
        let issued = json(&[&["bypass", "alice"], &limits[..], &reason].concat());
        let bypass = issued["code"].as_str().expect("a code");
        let from = |address: &str| {
            let outcome = login(&Login::new("code", "alice").from(address).answer(bypass));
            outcome.authenticate == Some(code::SUCCESS)
        };
        let shown = &show("alice")["bypasses"][0];
        assert_eq!((&shown["uses_left"], &shown["reason"]), (&2.into(), &"phone in repair".into()));
        assert!(!show("alice").to_string().contains(bypass));

        assert!(!from("203.0.113.8"), "from elsewhere");
        assert!(from("203.0.113.7"));
        assert!(from("203.0.113.7"));
        assert!(!from("203.0.113.7"), "a third time");
        assert_eq!(show("alice")["bypasses"].as_array().map(Vec::len), Some(0));

        let short = json(&["bypass", "alice", "--for", "1s", "--reason", "x", "--json"]);
        std::thread::sleep(Duration::from_secs(2));
        let answer = short["code"].as_str().expect("a code");
        let late = login(&Login::new("code", "alice").from("203.0.113.7").answer(answer));
        assert!(!late.is_success(), "{late:?}");
        assert!(host.syslog.since(0).iter().all(|line| !line.contains(bypass)));
    });
}

#[test]
fn a_request_at_the_prompt_is_listed_and_approved_and_the_user_enrols_anew() {
    Host::run_with_daemon(|host, _| {
        enrol("alice");
        install("sshd", &password_then_code(""));
        let _sshd = Sshd::start(&["AuthenticationMethods keyboard-interactive"]);
        let ssh = Ssh::to(&host.alice).from("203.0.113.7");
        let mut lost = ssh.start();
        lost.expect("assword:").type_line(&host.alice.password);
        lost.expect(CODE).type_line("l").expect("Ask for it? [y/N]").type_line("y");
        lost.expect("waits for an administrator");
        assert!(!is_in(&mut lost, "alice"), "{}", lost.transcript());

        let waiting = json(&["reset", "list", "--json"]);
        let request = &waiting[0];
        assert_eq!(
            (&request["user"], &request["source"]),
            (&"alice".into(), &"203.0.113.7".into())
        );
        let id = request["id"].as_str().expect("an id");
        assert!(lost.transcript().contains(id), "{}", lost.transcript());
        let own = twinlock_as("alice", &["status"]);
        assert!(String::from_utf8_lossy(&own.stdout).contains(id), "{own:?}");

        // Somebody else neither sees it nor takes it back.
        for arguments in [&["reset", "list"][..], &["reset", "approve", id, "--yes"]] {
            let refused = twinlock_as("bob", arguments);
            assert_eq!(refused.status.code(), Some(1), "{}", errors(&refused));
        }
        let refused = twinlock_as("bob", &["reset", "request", "--cancel"]);
        assert_eq!(refused.status.code(), Some(1), "{}", errors(&refused));

        let approved = json(&["reset", "approve", id, "--yes", "--json"]);
        let invitation = printed(&approved);
        let mut first = ssh.start();
        first.expect("assword:").type_line(&host.alice.password);
        first.expect(INVITATION).type_line(&invitation);
        enrols(&mut first);
        assert!(is_in(&mut first, "alice"), "{}", first.transcript());
        assert_eq!(json(&["reset", "list", "--json"]), Value::Array(Vec::new()));
        let again = twinlock(&["reset", "approve", id, "--yes"]);
        assert_eq!(again.status.code(), Some(1), "{}", errors(&again));
    });
}

#[test]
fn a_user_asks_by_command_and_takes_it_back_and_a_refused_one_changes_nothing() {
    Host::run_with_daemon(|_, _| {
        enrol("alice");
        enrol("bob");
        let asked = twinlock_as("alice", &["reset", "request", "--reason", "phone lost"]);
        assert!(asked.status.success(), "{}", errors(&asked));
        assert_eq!(json(&["reset", "list", "--json"])[0]["reason"], "phone lost");
        let second = twinlock_as("alice", &["reset", "request"]);
        assert_eq!(second.status.code(), Some(1), "one is open at a time");
        assert!(twinlock_as("alice", &["reset", "request", "--cancel"]).status.success());
        assert_eq!(json(&["reset", "list", "--json"]), Value::Array(Vec::new()));

        assert!(twinlock_as("bob", &["reset", "request"]).status.success());
        let id = json(&["reset", "list", "--json"])[0]["id"].as_str().expect("an id").to_owned();
        assert!(twinlock(&["reset", "refuse", &id]).status.success());
        assert_eq!(show("bob")["state"], "enrolled");
    });
}

#[test]
fn the_record_of_a_user_who_is_gone_can_be_forgotten_and_nobody_else_does_it() {
    Host::run_with_daemon(|host, _| {
        enrol("bob");
        let refused = twinlock_as("alice", &["user", "forget", "bob", "--yes"]);
        assert_eq!(refused.status.code(), Some(1), "{}", errors(&refused));
        twinlock_tests::rig::process::demand(std::process::Command::new("userdel").arg("bob"));
        let unknown = twinlock(&["reset", "bob", "--yes"]);
        assert_eq!(unknown.status.code(), Some(1));
        let mark = host.syslog.mark();
        let forgotten = twinlock(&["user", "forget", "bob", "--yes"]);
        assert!(forgotten.status.success(), "{}", errors(&forgotten));
        host.syslog.wait_for(
            mark,
            &["event=user.forgotten", "user=\"bob\"", "by=\"root\""],
            PATIENCE,
        );
        assert_eq!(json(&["user", "list", "--json"]), Value::Array(Vec::new()));
        assert_eq!(twinlock(&["user", "forget", "bob", "--yes"]).status.code(), Some(1));
    });
}
