//! Logins that never pass PAM's auth phase: a key alone is refused where a second factor is
//! wanted, and what the administrator lets pass, passes.

use std::process::Command;

use twinlock_tests::login::{Login, code};
use twinlock_tests::rig::application::login;
use twinlock_tests::rig::command::enrol;
use twinlock_tests::rig::daemon::{Daemon, configure};
use twinlock_tests::rig::host::Host;
use twinlock_tests::rig::namespace::write;
use twinlock_tests::rig::pam_stack::{code_alone, install, password_then_code};
use twinlock_tests::rig::process::{PATIENCE, as_user, guarded};
use twinlock_tests::rig::ssh::{Ssh, is_in};
use twinlock_tests::rig::sshd::Sshd;
use twinlock_tests::rig::terminal::Terminal;

const CODE: &str = "Verification code";
const SETTING: &str = "AuthenticationMethods publickey,keyboard-interactive";

fn reconfigure(daemon: &mut Daemon, text: &str) {
    configure(&format!("version = 1\n{text}"));
    daemon.reload();
}

/// A session that opened without Twinlock's auth phase: `su` from root, cron.
fn account_alone(service: &str, user: &str) -> Login {
    Login { authenticate: false, ..Login::new(service, user) }
}

#[test]
fn a_key_alone_is_refused_from_everywhere_but_an_exempt_network() {
    Host::run_with_daemon(|host, daemon| {
        reconfigure(daemon, "[network]\nexempt = [\"203.0.113.7\", \"2001:db8::7\"]\n");
        install("sshd", &password_then_code(""));
        let _sshd = Sshd::start(&[]);
        enrol("alice");
        for (user, source, passes) in [
            (&host.alice, "203.0.113.8", false),
            (&host.alice, "203.0.113.7", true),
            (&host.alice, "2001:db8::8", false),
            (&host.alice, "2001:db8::7", true),
            // Who has not enrolled is treated alike.
            (&host.bob, "203.0.113.8", false),
            (&host.bob, "203.0.113.7", true),
        ] {
            let mark = host.syslog.mark();
            let mut terminal = Ssh::to(user).methods("publickey").from(source).start();
            assert_eq!(is_in(&mut terminal, &user.name), passes, "{}", terminal.transcript());
            let shown = terminal.transcript();
            assert_eq!(shown.contains(SETTING), !passes, "{source}: {shown}");
            let event = if passes { "event=login.skipped" } else { "event=login.refused" };
            let (name, from) = (format!("user=\"{}\"", user.name), format!("source=\"{source}\""));
            host.syslog.wait_for(mark, &[event, &name, &from], PATIENCE);
        }
    });
}

#[test]
fn a_service_account_comes_in_by_key_alone_and_by_nothing_less_than_a_code_otherwise() {
    Host::run_with_daemon(|host, daemon| {
        let profile = "[[profile]]\nname = \"robots\"\nusers = [\"bob\"]\nfirst_factor = [\"key\"]\nmfa = false\n";
        reconfigure(daemon, profile);
        install("sshd", &password_then_code(""));
        let _sshd = Sshd::start(&[]);
        enrol("alice");
        let mut phone = enrol("bob");
        let mut by_key = Ssh::to(&host.bob).methods("publickey").from("203.0.113.7").start();
        assert!(is_in(&mut by_key, "bob"), "{}", by_key.transcript());

        let by_password = Ssh::to(&host.bob).methods("keyboard-interactive").from("203.0.113.7");
        let mut guess = by_password.start();
        guess.expect("assword:").type_line(&host.bob.password);
        for _ in 0..3 {
            guess.expect(CODE).type_line(&phone.wrong());
        }
        assert!(!is_in(&mut guess, "bob"), "{}", guess.transcript());
        let mut right = by_password.start();
        right.expect("assword:").type_line(&host.bob.password);
        right.expect(CODE).type_line(&phone.fresh());
        assert!(is_in(&mut right, "bob"), "{}", right.transcript());

        // The profile is bob's alone.
        let mut other = Ssh::to(&host.alice).methods("publickey").from("203.0.113.7").start();
        assert!(!is_in(&mut other, "alice"), "{}", other.transcript());
        assert!(other.transcript().contains(SETTING), "{}", other.transcript());
    });
}

/// What sshd says in `SSH_AUTH_INFO_0` decides, not what the client would like: a password beside
/// the key is more than `key`.
#[test]
fn a_profile_for_keys_does_not_match_a_login_that_also_used_a_password() {
    Host::run_with_daemon(|host, daemon| {
        let profile =
            "[[profile]]\nname = \"robots\"\nfirst_factor = [\"publickey\"]\nmfa = false\n";
        reconfigure(daemon, profile);
        install("sshd", &code_alone(""));
        let mut phone = enrol("alice");
        let ssh = Ssh::to(&host.alice).from("203.0.113.7");
        {
            let _sshd = Sshd::start(&["AuthenticationMethods publickey,keyboard-interactive"]);
            let mut terminal = ssh.start();
            assert!(is_in(&mut terminal, "alice"), "{}", terminal.transcript());
            assert!(!terminal.transcript().contains(CODE), "{}", terminal.transcript());
        }
        install("sshd", &password_then_code(""));
        let _sshd = Sshd::start(&["AuthenticationMethods publickey,keyboard-interactive"]);
        let mut terminal = ssh.start();
        terminal.expect("assword:").type_line(&host.alice.password);
        terminal.expect(CODE).type_line(&phone.fresh());
        assert!(is_in(&mut terminal, "alice"), "{}", terminal.transcript());
    });
}

#[test]
fn su_from_root_and_sudo_without_a_password_are_not_in_the_way() {
    Host::run_with_daemon(|host, _| {
        let mut stack = password_then_code("");
        stack.insert(0, "auth sufficient pam_rootok.so".to_owned());
        install("su", &stack);
        install("sudo", &password_then_code(""));
        write("/etc/sudoers", "alice ALL=(ALL) NOPASSWD: ALL\n");
        enrol("alice");
        enrol("bob");
        let mark = host.syslog.mark();
        let mut su = guarded("su");
        su.args(["bob", "-c", "echo in as $(id -un)"]);
        let mut sudo: Command = as_user("alice", "sudo");
        sudo.args(["-n", "sh", "-c", "echo in as $(id -un)"]);
        for (command, greeting) in [(su, "in as bob"), (sudo, "in as root")] {
            let mut terminal = Terminal::start(&command);
            terminal.expect(greeting);
            assert!(terminal.finish().success(), "{}", terminal.transcript());
            assert!(!terminal.transcript().contains(CODE), "{}", terminal.transcript());
        }
        let log = host.syslog.since(mark).join("\n");
        assert!(!log.contains("event=login."), "an account phase that passes is silent: {log}");
    });
}

#[test]
fn only_account_services_demand_a_ticket_in_the_account_phase() {
    Host::run_with_daemon(|host, daemon| {
        install("cron", &code_alone(""));
        enrol("alice");
        let mark = host.syslog.mark();
        assert_eq!(login(&account_alone("cron", "alice")).account, Some(code::SUCCESS));
        assert!(!host.syslog.since(mark).join("\n").contains("event=login."));

        reconfigure(daemon, "account_services = [\"sshd\", \"cron\"]\n");
        let outcome = login(&account_alone("cron", "alice"));
        assert_eq!(outcome.account, Some(code::PERM_DENIED), "{outcome:?}");
        host.syslog.wait_for(mark, &["event=login.refused", "service=\"cron\""], PATIENCE);

        reconfigure(daemon, "account_services = []\n");
        install("sshd", &code_alone(""));
        let key = account_alone("sshd", "alice").from("203.0.113.7");
        assert_eq!(login(&key).account, Some(code::SUCCESS), "sshd is in the list no longer");
    });
}
