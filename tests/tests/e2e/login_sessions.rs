//! `[remember] session`: `sudo` in a login session that gave a code, over sshd, with the session that
//! the kernel counts.

use twinlock_tests::rig::authenticator::Authenticator;
use twinlock_tests::rig::bus::Bus;
use twinlock_tests::rig::command::{enrol, json, twinlock};
use twinlock_tests::rig::daemon::{Daemon, configure};
use twinlock_tests::rig::host::Host;
use twinlock_tests::rig::namespace::write;
use twinlock_tests::rig::pam_stack::{self, install, password_then_code};
use twinlock_tests::rig::process::PATIENCE;
use twinlock_tests::rig::ssh::{Ssh, TRUST};
use twinlock_tests::rig::sshd::Sshd;
use twinlock_tests::rig::terminal::Terminal;
use twinlock_tests::rig::users::User;

const CODE: &str = "Verification code";

/// What a shell shows that is open: put together only by the shell, so that it is no echo.
const OPEN: (&str, &str) = ("echo in as $(id -un)", "in as alice");

/// sshd's stack, as the packaged example has it behind Debian's `pam_loginuid`.
fn install_sshd(session: &[String]) {
    let mut stack = password_then_code("");
    stack.push("session required pam_loginuid.so".to_owned());
    stack.extend_from_slice(session);
    install("sshd", &stack);
}

/// A shell over SSH after the password, with a code of this phone where one is asked for; the host is
/// trusted.
fn shell(user: &User, phone: Option<&mut Authenticator>) -> Terminal {
    let ssh = Ssh::to(user).methods("keyboard-interactive").from("203.0.113.7");
    let mut terminal = ssh.start_shell();
    terminal.expect("assword:").type_line(&user.password);
    if let Some(phone) = phone {
        terminal.expect(CODE).type_line(&phone.fresh()).expect(TRUST).type_line("y");
    }
    // What is typed before the shell asks for it goes to a client that throws it away.
    terminal.expect("$ ").type_line(OPEN.0).expect(OPEN.1);
    terminal
}

/// Whether `sudo` in this shell asks for a code behind the password; it gets one of these.
fn is_asked(terminal: &mut Terminal, user: &User, codes: &mut Vec<String>) -> bool {
    terminal.type_line("sudo sh -c 'echo in as $(id -un)'");
    terminal.expect("assword").expect(":").type_line(&user.password);
    let is_asked = terminal.expect_one_of(&["in as root", CODE], PATIENCE) == 1;
    if is_asked {
        terminal.type_line(&codes.pop().expect("a code")).expect("in as root");
    }
    is_asked
}

#[test]
fn sudo_asks_for_no_second_code_in_a_session_that_gave_one_where_the_file_says_so() {
    const SPARED: &str = "version = 1\n[remember]\nsession = \"10 minutes\"\n";
    Host::run(|host| {
        configure(SPARED);
        let (_bus, mut daemon) = (Bus::start(), Daemon::start());
        let line = pam_stack::twinlock("session", "optional", "");
        install_sshd(&[line]);
        install("sudo", &password_then_code(""));
        write(
            "/etc/sudoers",
            "Defaults passwd_tries=1, timestamp_timeout=0\nalice ALL=(ALL) ALL\n",
        );
        let _sshd = Sshd::start(&["AuthenticationMethods keyboard-interactive"]);
        let alice = &host.alice;
        let mut phone = enrol("alice");
        let made = json(&["recovery", "new", "alice", "--yes", "--json"]);
        let made = made["recovery_codes"].as_array().expect("a list").iter();
        let codes = &mut made.map(|code| code.as_str().expect("a code").to_owned()).collect();

        let mut gave_one = shell(alice, Some(&mut phone));
        assert!(!is_asked(&mut gave_one, alice, codes), "{}", gave_one.transcript());
        let mut trusted = shell(alice, None);
        assert!(is_asked(&mut trusted, alice, codes), "it is the host that was spared a code");

        configure("version = 1\n");
        daemon.reload();
        assert!(is_asked(&mut gave_one, alice, codes), "nothing in the file says so any longer");
        configure(SPARED);
        daemon.reload();
        assert!(!is_asked(&mut gave_one, alice, codes), "{}", gave_one.transcript());

        // Without the line in the session phase nobody tells which session it is.
        install_sshd(&[]);
        let cleared = twinlock(&["trusted", "clear", "alice", "--yes"]);
        assert!(cleared.status.success());
        let mut untold = shell(alice, Some(&mut phone));
        assert!(is_asked(&mut untold, alice, codes), "{}", untold.transcript());
    });
}
