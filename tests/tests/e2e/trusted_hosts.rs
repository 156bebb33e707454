//! Trusted hosts over real logins: who is asked again, from where, with which key, and what ends it.

use std::fs;
use std::process::Command;

use twinlock_tests::rig::authenticator::Authenticator;
use twinlock_tests::rig::command::{enrol, show, twinlock};
use twinlock_tests::rig::daemon::configure;
use twinlock_tests::rig::host::Host;
use twinlock_tests::rig::pam_stack::{code_alone, install, password_then_code};
use twinlock_tests::rig::process::demand;
use twinlock_tests::rig::ssh::{Ssh, TRUST, is_in};
use twinlock_tests::rig::sshd::Sshd;
use twinlock_tests::rig::users::User;

const CODE: &str = "Verification code";

/// A login with a password and a code, which trusts its host.
fn trusts(ssh: &Ssh, user: &User, phone: &mut Authenticator) {
    let mut terminal = ssh.start();
    terminal.expect("assword:").type_line(&user.password);
    terminal.expect(CODE).type_line(&phone.fresh());
    terminal.expect(TRUST).type_line("y");
    assert!(is_in(&mut terminal, &user.name), "{}", terminal.transcript());
}

/// Whether a login is in after the first factor alone.
fn is_spared(ssh: &Ssh, user: &User, password: bool) -> bool {
    let mut terminal = ssh.start();
    if password {
        terminal.expect("assword:").type_line(&user.password);
    }
    if terminal.answer_if_asked(CODE, "nonsense") {
        terminal.expect(CODE).type_line("nonsense").expect(CODE).type_line("nonsense");
        assert!(!is_in(&mut terminal, &user.name));
        assert!(twinlock(&["unlock", &user.name]).status.success());
        return false;
    }
    assert!(is_in(&mut terminal, &user.name), "{}", terminal.transcript());
    true
}

fn by_password(host: &Host) -> Sshd {
    install("sshd", &password_then_code(""));
    assert!(!host.alice.password.is_empty());
    Sshd::start(&["AuthenticationMethods keyboard-interactive"])
}

fn from(user: &User, address: &str) -> Ssh {
    Ssh::to(user).methods("keyboard-interactive").from(address)
}

#[test]
fn each_user_has_a_timer_of_their_own_on_each_host_and_two_on_one_host_keep_both() {
    Host::run_with_daemon(|host, _| {
        let _sshd = by_password(host);
        let (mut alice, mut bob) = (enrol("alice"), enrol("bob"));
        let here = |user| from(user, "203.0.113.7");
        trusts(&here(&host.alice), &host.alice, &mut alice);
        assert!(!is_spared(&here(&host.bob), &host.bob, true), "trust is alice's alone");
        trusts(&here(&host.bob), &host.bob, &mut bob);
        assert!(is_spared(&here(&host.alice), &host.alice, true));
        assert!(is_spared(&here(&host.bob), &host.bob, true));
        let there = from(&host.alice, "203.0.113.8");
        assert!(!is_spared(&there, &host.alice, true));
        trusts(&there, &host.alice, &mut alice);
        assert!(
            is_spared(&there, &host.alice, true)
                && is_spared(&here(&host.alice), &host.alice, true)
        );
    });
}

#[test]
fn a_host_that_is_bound_to_its_key_is_known_by_the_key_wherever_it_is() {
    Host::run_with_daemon(|host, _| {
        install("sshd", &code_alone(""));
        let _sshd = Sshd::start(&["AuthenticationMethods publickey,keyboard-interactive"]);
        let mut phone = enrol("alice");
        let other = second_key(&host.alice);
        let mut first = Ssh::to(&host.alice).from("203.0.113.7").start();
        first.expect(CODE).type_line(&phone.fresh());
        first.expect(TRUST).expect("with this key for 14 days").type_line("y");
        assert!(is_in(&mut first, "alice"), "{}", first.transcript());
        let same_key_elsewhere = Ssh::to(&host.alice).from("203.0.113.8");
        assert!(is_spared(&same_key_elsewhere, &host.alice, false));
        let other_key_here = Ssh::with_key(&host.alice, &other).from("203.0.113.7");
        assert!(!is_spared(&other_key_here, &host.alice, false));
    });
}

/// Another key that the server takes for the user.
fn second_key(user: &User) -> std::path::PathBuf {
    let key = user.key().with_file_name("second");
    let path = key.to_str().expect("a path in UTF-8");
    demand(Command::new("ssh-keygen").args(["-q", "-t", "ed25519", "-N", "", "-f", path]));
    let public = fs::read_to_string(format!("{path}.pub")).expect("the public key");
    let list = user.authorized_keys();
    let before = fs::read_to_string(&list).expect("the keys that are taken");
    fs::write(list, before + &public).expect("add a key");
    key
}

#[test]
fn a_change_of_the_password_or_the_mobile_number_ends_all_trust() {
    Host::run_with_daemon(|host, _| {
        let _sshd = by_password(host);
        install("passwd", &["password required pam_unix.so nullok".to_owned(), line("password")]);
        let mut phone = enrol("alice");
        let ssh = from(&host.alice, "203.0.113.7");
        trusts(&ssh, &host.alice, &mut phone);
        assert!(is_spared(&ssh, &host.alice, true));
        demand(Command::new("sh").args([
            "-c",
            &format!("printf '%s\\n%s\\n' '{0}' '{0}' | passwd alice", host.alice.password),
        ]));
        assert!(!is_spared(&ssh, &host.alice, true), "a new password, though it is the same");

        trusts(&ssh, &host.alice, &mut phone);
        let set = twinlock(&["contact", "set", "alice", "--mobile", "+14155550123"]);
        assert!(set.status.success(), "{}", String::from_utf8_lossy(&set.stderr));
        assert!(!is_spared(&ssh, &host.alice, true));
    });
}

fn line(kind: &str) -> String {
    twinlock_tests::rig::pam_stack::twinlock(kind, "required", "")
}

/// A stack in which `pam_unix` has this control word.
fn stack(control: &str) -> Vec<String> {
    vec![
        format!("auth {control} pam_unix.so nodelay"),
        line("auth"),
        "account required pam_unix.so".to_owned(),
        line("account"),
        "session required pam_permit.so".to_owned(),
    ]
}

fn is_trusted(user: &str) -> bool {
    show(user).to_string().contains("203.0.113.7")
}

#[test]
fn who_does_not_know_the_password_trusts_nothing_even_with_a_right_code() {
    Host::run_with_daemon(|host, _| {
        let mut phone = enrol("alice");
        let ssh = from(&host.alice, "203.0.113.7");
        // A wrong password does not end the stack here: the thief is asked all the same.
        install("sshd", &stack("required"));
        let sshd = Sshd::start(&["AuthenticationMethods keyboard-interactive"]);
        let mut thief = ssh.start();
        thief.expect("assword:").type_line("not the password");
        thief.expect(CODE).type_line(&phone.fresh());
        thief.expect(TRUST).type_line("y");
        assert!(!is_in(&mut thief, "alice"));
        assert!(!is_trusted("alice"));
        assert!(!is_spared(&ssh, &host.alice, true));

        install("sshd", &stack("requisite"));
        let mut thief = ssh.start();
        thief.expect("assword:").type_line("not the password");
        assert!(!thief.answer_if_asked(CODE, "nonsense"), "nothing is asked of a thief");
        assert!(!is_in(&mut thief, "alice"));
        assert!(!is_trusted("alice"));
        drop(sshd);
    });
}

#[test]
fn where_nothing_checks_a_first_factor_a_code_alone_is_not_even_asked_for() {
    Host::run_with_daemon(|host, _| {
        install("sshd", &code_alone(""));
        let _sshd = Sshd::start(&["AuthenticationMethods keyboard-interactive"]);
        enrol("alice");
        let mut login = from(&host.alice, "203.0.113.7").start();
        login.expect("neither a password nor a key");
        assert!(!login.transcript().contains(CODE), "{}", login.transcript());
        assert!(!is_in(&mut login, "alice"), "{}", login.transcript());
        assert!(!is_trusted("alice"));
    });
}

#[test]
fn what_is_bound_and_how_many_hosts_are_kept_is_what_the_file_says() {
    Host::run(|host| {
        configure("version = 1\n[remember]\nbind = \"address\"\nlimit = 1\n");
        let _bus = twinlock_tests::rig::bus::Bus::start();
        let _daemon = twinlock_tests::rig::daemon::Daemon::start();
        install("sshd", &code_alone(""));
        let _sshd = Sshd::start(&["AuthenticationMethods publickey,keyboard-interactive"]);
        let mut phone = enrol("alice");
        for address in ["203.0.113.7", "203.0.113.8"] {
            let mut login = Ssh::to(&host.alice).from(address).start();
            login.expect(CODE).type_line(&phone.fresh());
            login.expect(TRUST).expect(&format!("from {address} for")).type_line("y");
            assert!(is_in(&mut login, "alice"), "{}", login.transcript());
        }
        assert!(!is_spared(&Ssh::to(&host.alice).from("203.0.113.7"), &host.alice, false));
        assert!(is_spared(&Ssh::to(&host.alice).from("203.0.113.8"), &host.alice, false));
    });
}
