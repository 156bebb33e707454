//! Keys of profiles and levels, each with the difference that it makes to a login.

use serde_json::Value;
use twinlock_tests::login::{Login, Outcome};
use twinlock_tests::rig::application::login;
use twinlock_tests::rig::command::{enrol, json};
use twinlock_tests::rig::daemon::{Daemon, configure};
use twinlock_tests::rig::host::Host;
use twinlock_tests::rig::pam_stack::{code_alone, install};

fn reconfigure(daemon: &mut Daemon, text: &str) {
    configure(&format!("version = 1\n{text}"));
    daemon.reload();
}

fn from(source: &str, service: &str) -> Outcome {
    login(&Login::new(service, "alice").from(source))
}

#[test]
fn a_profile_is_for_its_services_and_networks() {
    Host::run_with_daemon(|_, daemon| {
        install("other", &code_alone(""));
        enrol("alice");
        reconfigure(
            daemon,
            "[[profile]]\nname = \"inside\"\nservices = [\"code\"]\n\
             networks = [\"203.0.113.0/29\"]\nmfa = false\n",
        );
        assert!(from("203.0.113.7", "code").is_success());
        for (source, service) in [("203.0.113.9", "code"), ("203.0.113.7", "other")] {
            let outcome = from(source, service);
            assert!(!outcome.is_success() && outcome.code_prompts() > 0, "{outcome:?}");
        }
    });
}

#[test]
fn methods_that_do_not_count_are_not_asked_for() {
    Host::run_with_daemon(|_, daemon| {
        enrol("alice");
        assert_ne!(from("203.0.113.7", "code").code_prompts(), 0);
        for text in [
            "[[profile]]\nname = \"mail\"\nmethods = [\"email\"]\n",
            "[levels.high]\nmethods = [\"email\"]\n",
        ] {
            reconfigure(daemon, text);
            let outcome = from("203.0.113.7", "code");
            assert!(!outcome.is_success() && outcome.code_prompts() == 0, "{text}: {outcome:?}");
        }
    });
}

#[test]
fn a_level_is_what_the_file_makes_of_it() {
    Host::run_with_daemon(|_, daemon| {
        install("sshd", &code_alone(""));
        reconfigure(daemon, "level = \"low\"\n");
        assert!(from("203.0.113.7", "code").is_success());
        let required = "level = \"low\"\n[levels.low]\nmfa = \"required\"\n";
        let by_password = || {
            let attempt = Login::new("sshd", "alice").from("203.0.113.7");
            login(&attempt.environment("SSH_AUTH_INFO_0", "password"))
        };
        for (enrolment, offers) in [("at-login", true), ("admin", false)] {
            reconfigure(daemon, &format!("{required}enrol = \"{enrolment}\"\n"));
            let outcome = by_password();
            assert!(!outcome.is_success(), "{enrolment}: {outcome:?}");
            assert_eq!(outcome.text().contains("Key: "), offers, "{enrolment}: {outcome:?}");
        }
    });
}

#[test]
fn how_long_a_host_is_trusted_comes_from_profile_and_level() {
    Host::run_with_daemon(|_, daemon| {
        enrol("alice");
        let remember = || {
            let explained: Value = json(&["policy", "explain", "alice", "--json"]);
            explained["terms"]["remember"].clone()
        };
        assert_eq!(remember(), "14 days");
        reconfigure(daemon, "[levels.high]\nremember = \"2 days\"\n");
        assert_eq!(remember(), "2 days");
        let profile = "[[profile]]\nname = \"all\"\nremember = \"3 days\"\n";
        reconfigure(daemon, &format!("{profile}[levels.high]\nremember = \"2 days\"\n"));
        assert_eq!(remember(), "3 days");
    });
}
