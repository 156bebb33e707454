//! An invitation where no login asks for it: `twinlock enroll` takes it, of its user, once.

use twinlock_tests::rig::artifacts;
use twinlock_tests::rig::authenticator::Authenticator;
use twinlock_tests::rig::command::{enrol, errors, json, show, twinlock_as};
use twinlock_tests::rig::daemon::{Daemon, configure};
use twinlock_tests::rig::host::Host;
use twinlock_tests::rig::pam_stack::{install, password_then_code};
use twinlock_tests::rig::process::{PATIENCE, as_user};
use twinlock_tests::rig::ssh::{Ssh, is_in};
use twinlock_tests::rig::sshd::Sshd;
use twinlock_tests::rig::terminal::Terminal;

const CODE: &str = "Verification code: ";
const INVITATION: &str = "Invitation code: ";
const NOT_RIGHT: &str = "That invitation code is not right";

/// Asks for a code of who is enrolled, and reminds the others.
fn at_medium(daemon: &mut Daemon) {
    configure("version = 1\nlevel = \"medium\"\n");
    daemon.reload();
}

/// Resets a user who had a factor; the invitation that was printed.
fn invited(user: &str) -> String {
    enrol(user);
    let outcome = &json(&["reset", user, "--yes", "--json"])[0];
    assert_eq!(outcome["done"], true, "{outcome}");
    outcome["invitation"]["code"].as_str().expect("a printed code").to_owned()
}

fn enrolls(user: &str) -> Terminal {
    let mut command = as_user(user, artifacts::command());
    command.args(["enroll", "--qr", "none"]);
    Terminal::start(&command)
}

/// The app that has taken over the key on the terminal.
fn phone(terminal: &mut Terminal) -> Authenticator {
    terminal.expect("Key: ").expect(CODE);
    let shown = terminal.transcript();
    let key = shown.rsplit("Key: ").next().and_then(|rest| rest.lines().next());
    Authenticator::new(key.expect("a key").trim())
}

#[test]
fn after_a_reset_at_medium_the_command_takes_the_invitation_and_the_next_login_asks_again() {
    Host::run_with_daemon(|host, daemon| {
        at_medium(daemon);
        install("sshd", &password_then_code(""));
        let _sshd = Sshd::start(&["AuthenticationMethods keyboard-interactive"]);
        let ssh = Ssh::to(&host.alice).from("203.0.113.7");
        let invitation = invited("alice");

        let mut alone = ssh.start_shell();
        alone.expect("assword:").type_line(&host.alice.password);
        alone.expect("set it up with 'twinlock enroll'. It asks for an invitation code");
        alone.type_line(Ssh::LEAVE);
        assert!(is_in(&mut alone, "alice"), "{}", alone.transcript());
        assert!(!alone.transcript().contains(INVITATION), "{}", alone.transcript());

        let mark = host.syslog.mark();
        let mut command = enrolls("alice");
        command.expect(INVITATION).type_line("0000-0000-0000-0000").expect(NOT_RIGHT);
        // As people copy it: small letters, no hyphens.
        command.expect(INVITATION).type_line(&invitation.to_lowercase().replace('-', " "));
        let mut phone = phone(&mut command);
        command.type_line(&phone.fresh()).expect("Done. alice has a new factor");
        assert!(command.finish().success(), "{}", command.transcript());
        let refused = ["event=code.refused", "user=\"alice\"", "wrong invitation code"];
        host.syslog.wait_for(mark, &refused, PATIENCE);
        let enrolled = ["event=factor.enrolled", "user=\"alice\"", "confirmed with a code"];
        host.syslog.wait_for(mark, &enrolled, PATIENCE);
        assert_eq!(show("alice")["state"], "enrolled");
        assert_eq!(show("alice")["invitation"], serde_json::Value::Null, "it is used");

        let mut next = ssh.start();
        next.expect("assword:").type_line(&host.alice.password);
        next.expect("Verification code").type_line(&phone.fresh());
        assert!(is_in(&mut next, "alice"), "{}", next.transcript());

        // It stands for no code of the factor that there is now.
        let mut again = enrolls("alice");
        for _ in 0..3 {
            again.expect("Code of a factor that you have already").type_line(&invitation);
        }
        assert_eq!(again.finish().code(), Some(1), "{}", again.transcript());
        assert!(!again.transcript().contains("Key: "), "{}", again.transcript());
        let log = host.syslog.since(mark).join("\n");
        assert!(!log.contains(&invitation), "{log}");
    });
}

#[test]
fn a_stranger_who_has_the_invitation_of_another_user_enrols_nobody() {
    Host::run_with_daemon(|_, daemon| {
        at_medium(daemon);
        let of_alice = invited("alice");
        let of_bob = invited("bob");

        let named = twinlock_as("bob", &["enroll", "alice", "--qr", "none"]);
        assert_eq!(named.status.code(), Some(1), "{}", errors(&named));
        for typed in [&of_alice, &of_alice] {
            let mut stranger = enrolls("bob");
            for _ in 0..2 {
                stranger.expect(INVITATION).type_line(typed).expect(NOT_RIGHT);
            }
            stranger.hang_up();
        }
        let mut fifth = enrolls("bob");
        fifth.expect(INVITATION).type_line(&of_alice).expect(NOT_RIGHT);
        // From then on not even his own is tried.
        fifth.expect(INVITATION).type_line(&of_bob).expect("Too many wrong codes. Try again in");
        assert_eq!(fifth.finish().code(), Some(1), "{}", fifth.transcript());
        for user in ["alice", "bob"] {
            assert_eq!(show(user)["factors"].as_array().map(Vec::len), Some(0), "{user}");
        }

        let mut owner = enrolls("alice");
        owner.expect(INVITATION).type_line(&of_alice);
        let mut phone = phone(&mut owner);
        owner.type_line(&phone.fresh()).expect("Done. alice has a new factor");
        assert!(owner.finish().success(), "{}", owner.transcript());
    });
}
