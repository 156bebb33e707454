//! `mode = "observe"`: nobody is asked or refused, and the log says who would have been.

use twinlock_tests::login::Login;
use twinlock_tests::rig::application::login;
use twinlock_tests::rig::command::{enrol, errors, failures, show, twinlock};
use twinlock_tests::rig::daemon::{Daemon, configure};
use twinlock_tests::rig::host::Host;
use twinlock_tests::rig::pam_stack::{code_alone, install, password_then_code};
use twinlock_tests::rig::process::PATIENCE;
use twinlock_tests::rig::ssh::{Ssh, is_in};
use twinlock_tests::rig::sshd::Sshd;

const OBSERVE: &str = "version = 1\nmode = \"observe\"\n[network]\ndeny = [\"203.0.113.9\"]\n";

fn observe(daemon: &mut Daemon) {
    configure(OBSERVE);
    daemon.reload();
}

#[test]
fn nobody_is_asked_or_refused_and_the_log_says_what_would_have_been() {
    Host::run_with_daemon(|host, daemon| {
        observe(daemon);
        install("sshd", &password_then_code(""));
        let _sshd = Sshd::start(&[]);
        enrol("alice");
        for (user, methods, source, would) in [
            (&host.alice, "keyboard-interactive", "203.0.113.7", "would "),
            (&host.bob, "keyboard-interactive", "203.0.113.7", "would "),
            (&host.alice, "keyboard-interactive", "203.0.113.9", "would deny"),
            (&host.alice, "publickey", "203.0.113.7", "would deny"),
            (&host.alice, "publickey", "203.0.113.9", "would deny"),
        ] {
            let mark = host.syslog.mark();
            let mut terminal = Ssh::to(user).methods(methods).from(source).start();
            if methods == "keyboard-interactive" {
                terminal.expect("assword:").type_line(&user.password);
            }
            assert!(is_in(&mut terminal, &user.name), "{methods}: {}", terminal.transcript());
            let shown = terminal.transcript();
            assert!(!shown.contains("ode:") && !shown.contains("wo-factor"), "{shown}");
            let (name, from) = (format!("user=\"{}\"", user.name), format!("source=\"{source}\""));
            host.syslog.wait_for(mark, &["event=login.observed", &name, &from, would], PATIENCE);
        }
        assert_eq!(show("bob")["state"], "pending", "nobody is enrolled by it");
        assert_eq!(failures("alice"), 0);

        let listed = twinlock(&["log", "--observed", "--json"]);
        assert!(listed.status.success(), "{}", errors(&listed));
        let listed = String::from_utf8(listed.stdout).expect("UTF-8");
        assert_eq!(listed.lines().count(), 5, "an event a line, and no other event: {listed}");
        for line in listed.lines() {
            let event: serde_json::Value = serde_json::from_str(line).expect("JSON");
            let cause = event["cause"].as_str().expect("a cause");
            assert_eq!(event["event"], "login.observed", "{event}");
            assert!(cause.starts_with("would "), "{event}");
        }
    });
}

#[test]
fn with_enforce_again_the_same_logins_are_asked_and_refused() {
    Host::run_with_daemon(|_, daemon| {
        observe(daemon);
        install("sshd", &code_alone(""));
        enrol("alice");
        let attempt = Login::new("sshd", "alice").environment("SSH_AUTH_INFO_0", "password");
        let (near, denied) = (attempt.clone().from("203.0.113.7"), attempt.from("203.0.113.9"));
        assert!(login(&near).is_success() && login(&denied).is_success());
        configure(&OBSERVE.replace("observe", "enforce"));
        daemon.reload();
        let (near, denied) = (login(&near), login(&denied));
        assert!(!near.is_success() && near.code_prompts() == 1, "{near:?}");
        assert!(!denied.is_success() && denied.code_prompts() == 0, "{denied:?}");
    });
}

/// Observing is the daemon's word. Without the daemon there is nobody to give it.
#[test]
fn it_says_nothing_about_a_daemon_that_is_out_of_reach() {
    Host::run_with_daemon(|_, daemon| {
        observe(daemon);
        assert!(login(&Login::new("code", "alice").from("203.0.113.7")).is_success());
        daemon.stop();
        assert!(!login(&Login::new("code", "alice").from("203.0.113.7")).is_success());
        assert_eq!(twinlock(&["log", "--observed"]).status.code(), Some(3));
    });
}
