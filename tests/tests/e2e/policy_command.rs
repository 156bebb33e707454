//! What an administrator asks of the policy and switches in it, against the real daemon.

use twinlock_tests::login::Login;
use twinlock_tests::rig::application::login;
use twinlock_tests::rig::command::{enrol, errors, json, twinlock};
use twinlock_tests::rig::daemon::{CONFIGURATION, configure};
use twinlock_tests::rig::host::Host;
use twinlock_tests::rig::pam_stack::{code_alone, install};
use twinlock_tests::rig::process::PATIENCE;

/// A login through sshd after a password.
fn attempt(user: &str) -> Login {
    let login = Login::new("sshd", user).from("203.0.113.9");
    login.environment("SSH_AUTH_INFO_0", "password")
}

#[test]
fn an_explanation_names_the_profile_and_its_line_and_the_login_does_as_it_says() {
    Host::run_with_daemon(|_, daemon| {
        configure(
            "version = 1\n\n[[profile]]\nname = \"robots\"\nusers = [\"bob\"]\nmfa = false\n\n\
             [[profile]]\nname = \"over SSH\"\nservices = [\"sshd\"]\nlevel = \"high\"\n",
        );
        daemon.reload();
        install("sshd", &code_alone(""));
        let mut phone = enrol("alice");
        let explain = |user| {
            let login =
                ["--service", "sshd", "--from", "203.0.113.9", "--first-factor", "password"];
            let all = [&["policy", "explain", user, "--json"][..], &login].concat();
            json(&all)
        };
        let alice = explain("alice");
        assert_eq!(alice["decision"]["decision"], "require", "{alice}");
        assert_eq!(alice["decided_by"]["name"], "over SSH", "{alice}");
        assert_eq!(alice["decided_by"]["place"]["file"], CONFIGURATION, "{alice}");
        assert_eq!(alice["decided_by"]["place"]["line"], 8, "{alice}");
        let robots = alice["rules"].as_array().expect("rules").iter();
        let robots: Vec<_> = robots.filter(|rule| rule["name"] == "robots").collect();
        assert_eq!(robots.len(), 1, "{alice}");
        assert_eq!(robots[0]["outcome"], "not-matched", "{alice}");
        let outcome = login(&attempt("alice").answer(phone.fresh()).answer("n"));
        assert!(outcome.is_success() && outcome.code_prompts() == 2, "{outcome:?}");

        let bob = explain("bob");
        assert_eq!(bob["decision"]["decision"], "skip", "{bob}");
        assert_eq!(bob["decided_by"]["name"], "robots", "{bob}");
        let outcome = login(&attempt("bob"));
        assert!(outcome.is_success() && outcome.code_prompts() == 0, "{outcome:?}");

        let output = twinlock(&["policy", "explain", "alice"]);
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success() && text.contains("over SSH"), "{text}");
    });
}

#[test]
fn the_switch_of_one_user_goes_over_profile_and_level_and_is_logged() {
    Host::run_with_daemon(|host, daemon| {
        install("sshd", &code_alone(""));
        enrol("alice");
        assert_eq!(login(&attempt("alice")).code_prompts(), 1);
        let mark = host.syslog.mark();
        let off = twinlock(&["mfa", "off", "alice", "--yes"]);
        assert!(off.status.success(), "{}", errors(&off));
        host.syslog.wait_for(mark, &["twinlockd", "user=\"alice\"", "root"], PATIENCE);
        let outcome = login(&attempt("alice"));
        assert!(outcome.is_success() && outcome.code_prompts() == 0, "{outcome:?}");

        configure("version = 1\nlevel = \"low\"\n");
        daemon.reload();
        assert!(twinlock(&["mfa", "on", "bob"]).status.success());
        let outcome = login(&attempt("bob"));
        assert!(!outcome.is_success(), "the level asks nothing, the switch does: {outcome:?}");
        assert!(twinlock(&["mfa", "default", "bob", "--yes"]).status.success());
        assert!(login(&attempt("bob")).is_success());
    });
}

#[test]
fn the_list_of_the_pending_has_who_has_not_enrolled_yet() {
    Host::run_with_daemon(|_, _| {
        enrol("alice");
        let pending = json(&["user", "list", "--state", "pending", "--json"]);
        let names: Vec<_> =
            pending.as_array().expect("users").iter().map(|user| &user["user"]).collect();
        assert!(names.iter().any(|name| *name == "bob"), "{pending}");
        assert!(!names.iter().any(|name| *name == "alice"), "{pending}");
    });
}
