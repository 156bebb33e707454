//! Address lists: who comes from where is decided before anything is asked, by the address that
//! sshd saw and never by a name.

use twinlock_tests::login::{Login, Outcome, code};
use twinlock_tests::rig::application::login;
use twinlock_tests::rig::authenticator::Authenticator;
use twinlock_tests::rig::command::{enrol, failures};
use twinlock_tests::rig::daemon::{Daemon, configure};
use twinlock_tests::rig::host::Host;
use twinlock_tests::rig::namespace::{HOST_NAME, SERVER, write};
use twinlock_tests::rig::pam_stack::{code_alone, install, password_then_code};
use twinlock_tests::rig::process::PATIENCE;
use twinlock_tests::rig::ssh::{Ssh, is_in};
use twinlock_tests::rig::sshd::Sshd;

const CODE: &str = "Verification code";
const ELSEWHERE: &str = "not allowed from where you are";
const KEY_THEN_CODE: &str = "AuthenticationMethods publickey,keyboard-interactive";

fn reconfigure(daemon: &mut Daemon, lists: &str) {
    configure(&format!("version = 1\n[network]\n{lists}"));
    daemon.reload();
}

/// sshd with key and code: from this address alice is refused without being asked for anything.
fn is_turned_away(host: &Host, source: &str) {
    let mark = host.syslog.mark();
    let mut terminal = Ssh::to(&host.alice).from(source).start();
    assert!(!is_in(&mut terminal, "alice"), "{}", terminal.transcript());
    let shown = terminal.transcript();
    assert!(!shown.contains(CODE) && !shown.contains("Key:"), "{source} is asked: {shown}");
    let from = format!("source=\"{source}\"");
    host.syslog.wait_for(mark, &["event=login.refused", "user=\"alice\"", &from], PATIENCE);
}

/// From this address the code is asked and taken.
fn gives_a_code(host: &Host, phone: &mut Authenticator, source: &str) {
    let mut terminal = Ssh::to(&host.alice).from(source).start();
    terminal.expect(CODE).type_line(&phone.fresh());
    assert!(is_in(&mut terminal, "alice"), "{}", terminal.transcript());
}

/// From this address nothing but the key is asked.
fn passes(host: &Host, source: &str) {
    let mut terminal = Ssh::to(&host.alice).from(source).start();
    assert!(is_in(&mut terminal, "alice"), "{}", terminal.transcript());
    assert!(!terminal.transcript().contains(CODE), "{}", terminal.transcript());
}

/// A login of sshd as libpam sees it.
fn sshd_login(rhost: &str, connection: Option<&str>) -> Login {
    let login = Login::new("sshd", "alice").from(rhost).environment("SSH_AUTH_INFO_0", "password");
    match connection {
        Some(address) => {
            login.environment("SSH_CONNECTION", &format!("{address} 50000 {SERVER} 22"))
        }
        None => login,
    }
}

fn is_turned_away_by_pam(outcome: &Outcome) -> bool {
    outcome.authenticate == Some(code::AUTH_ERR)
        && outcome.code_prompts() == 0
        && outcome.text().contains(ELSEWHERE)
}

#[test]
fn a_denied_network_is_refused_before_any_prompt() {
    Host::run_with_daemon(|host, daemon| {
        reconfigure(daemon, "deny = [\"203.0.113.8/29\", \"2001:db8::f0/124\"]\n");
        install("sshd", &code_alone(""));
        let _sshd = Sshd::start(&[KEY_THEN_CODE]);
        let mut phone = enrol("alice");
        is_turned_away(host, "203.0.113.9");
        is_turned_away(host, "2001:db8::f7");
        gives_a_code(host, &mut phone, "203.0.113.7");
        gives_a_code(host, &mut phone, "2001:db8::7");
        assert_eq!(failures("alice"), 0, "nothing is counted of whoever is turned away");
        let told = login(&sshd_login("203.0.113.9", Some("203.0.113.9")));
        assert!(is_turned_away_by_pam(&told), "{told:?}");
    });
}

#[test]
fn a_denied_network_is_refused_in_the_account_phase_too() {
    Host::run_with_daemon(|host, daemon| {
        let profile = "[[profile]]\nname = \"robots\"\nfirst_factor = [\"key\"]\nmfa = false\n";
        reconfigure(daemon, &format!("deny = [\"203.0.113.9\"]\n{profile}"));
        install("sshd", &password_then_code(""));
        let _sshd = Sshd::start(&[]);
        let key = Ssh::to(&host.alice).methods("publickey");
        let mut away = key.clone().from("203.0.113.9").start();
        assert!(!is_in(&mut away, "alice"), "{}", away.transcript());
        assert!(away.transcript().contains(ELSEWHERE), "{}", away.transcript());
        let mut welcome = key.from("203.0.113.7").start();
        assert!(is_in(&mut welcome, "alice"), "{}", welcome.transcript());

        // The deny list holds in each service; its account phase asks for nothing else.
        install("other", &code_alone(""));
        let account = Login { authenticate: false, ..Login::new("other", "alice") };
        let outcome = login(&account.clone().from("203.0.113.9"));
        assert_eq!(outcome.account, Some(code::PERM_DENIED), "{outcome:?}");
        assert!(login(&account.clone().from("203.0.113.7")).is_success());
        assert!(login(&account).is_success(), "a local login comes from no network");
    });
}

#[test]
fn with_an_allow_list_everyone_else_is_refused() {
    Host::run_with_daemon(|host, daemon| {
        reconfigure(daemon, "allow = [\"203.0.113.7\", \"2001:db8::/125\"]\n");
        install("sshd", &code_alone(""));
        let _sshd = Sshd::start(&[KEY_THEN_CODE]);
        let mut phone = enrol("alice");
        is_turned_away(host, "203.0.113.8");
        is_turned_away(host, "2001:db8::8");
        gives_a_code(host, &mut phone, "203.0.113.7");
        gives_a_code(host, &mut phone, "2001:db8::7");
        let local = login(&Login::new("code", "alice").answer(phone.fresh()));
        assert!(local.is_success(), "address lists do not concern a local login: {local:?}");
    });
}

#[test]
fn deny_goes_over_allow_and_both_over_exempt() {
    Host::run_with_daemon(|host, daemon| {
        reconfigure(
            daemon,
            "allow = [\"203.0.113.0/28\"]\ndeny = [\"203.0.113.9\"]\n\
             exempt = [\"203.0.113.8/31\", \"203.0.113.20\"]\n",
        );
        install("sshd", &code_alone(""));
        let _sshd = Sshd::start(&[KEY_THEN_CODE]);
        let mut phone = enrol("alice");
        is_turned_away(host, "203.0.113.9");
        is_turned_away(host, "203.0.113.20");
        passes(host, "203.0.113.8");
        gives_a_code(host, &mut phone, "203.0.113.7");
        // The strictest level knows no exemption.
        configure("version = 1\nlevel = \"very-high\"\n[network]\nexempt = [\"203.0.113.8\"]\n");
        daemon.reload();
        gives_a_code(host, &mut phone, "203.0.113.8");
    });
}

#[test]
fn with_names_in_sshd_the_address_still_decides() {
    Host::run_with_daemon(|host, daemon| {
        reconfigure(daemon, "deny = [\"203.0.113.9\"]\nexempt = [\"203.0.113.8\"]\n");
        write(
            "/etc/hosts",
            &format!(
                "127.0.0.1 localhost\n{SERVER} {HOST_NAME}\n203.0.113.7 home.example.org\n\
                 203.0.113.8 office.example.org\n203.0.113.9 away.example.org\n"
            ),
        );
        let mut stack = code_alone("");
        stack.insert(0, "auth optional pam_exec.so quiet log=/run/rig/rhost /usr/bin/env".into());
        install("sshd", &stack);
        let _sshd = Sshd::start(&["UseDNS yes", KEY_THEN_CODE]);
        let mut phone = enrol("alice");
        is_turned_away(host, "203.0.113.9");
        passes(host, "203.0.113.8");
        gives_a_code(host, &mut phone, "203.0.113.7");
        let seen = std::fs::read_to_string("/run/rig/rhost").expect("what PAM was told");
        assert!(seen.contains("PAM_RHOST=away.example.org"), "sshd gives names: {seen}");
    });
}

#[test]
fn other_spellings_of_an_address_are_the_same_address() {
    Host::run_with_daemon(|_, daemon| {
        reconfigure(daemon, "deny = [\"203.0.113.9\", \"fe80::/10\"]\n");
        install("sshd", &code_alone(""));
        enrol("alice");
        for address in ["::ffff:203.0.113.9", "::ffff:cb00:7109", "fe80::1%eth0", "FE80::1"] {
            for spelled in [sshd_login("203.0.113.7", Some(address)), sshd_login(address, None)] {
                let outcome = login(&spelled);
                assert!(is_turned_away_by_pam(&outcome), "{address}: {outcome:?}");
            }
        }
        // The first word of SSH_CONNECTION goes over PAM_RHOST.
        let outcome = login(&sshd_login("203.0.113.9", Some("203.0.113.7")));
        assert_eq!(outcome.code_prompts(), 1, "{outcome:?}");
    });
}

#[test]
fn a_source_that_cannot_be_read_is_refused_where_a_list_is_set_and_never_exempt() {
    Host::run_with_daemon(|_, daemon| {
        install("sshd", &code_alone(""));
        enrol("alice");
        let nowhere = [
            sshd_login("away.example.org", None),
            sshd_login("UNKNOWN", Some("UNKNOWN")),
            sshd_login("203.0.113.300", None),
        ];
        for list in ["deny = [\"192.0.2.1\"]\n", "allow = [\"0.0.0.0/0\", \"::/0\"]\n"] {
            reconfigure(daemon, list);
            for attempt in &nowhere {
                let outcome = login(attempt);
                assert!(is_turned_away_by_pam(&outcome), "{list}{attempt:?}: {outcome:?}");
            }
        }
        reconfigure(daemon, "exempt = [\"0.0.0.0/0\", \"::/0\"]\n");
        for attempt in &nowhere {
            let outcome = login(attempt);
            assert!(!outcome.is_success(), "{attempt:?}: {outcome:?}");
        }
        assert!(login(&sshd_login("203.0.113.7", None)).is_success());
    });
}
