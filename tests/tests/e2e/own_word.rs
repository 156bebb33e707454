//! What users do about themselves with the command: recovery codes, trusted hosts, contacts.

use std::fs;
use std::io::Write;
use std::process::{Output, Stdio};
use std::thread;
use std::time::Duration;

use serde_json::Value;
use twinlock_tests::rig::artifacts;
use twinlock_tests::rig::bus::Bus;
use twinlock_tests::rig::certificates::Authority;
use twinlock_tests::rig::command::{enrol, errors, show, twinlock, twinlock_as};
use twinlock_tests::rig::daemon::{Daemon, configure};
use twinlock_tests::rig::host::Host;
use twinlock_tests::rig::mailbox::{Mailbox, Mode};
use twinlock_tests::rig::pam_stack::{code_alone, install, password_then_code};
use twinlock_tests::rig::process::{PATIENCE, as_user};
use twinlock_tests::rig::ssh::{Ssh, TRUST, is_in};
use twinlock_tests::rig::sshd::Sshd;

const CODE: &str = "Verification code";

/// Runs `twinlock` as alice, who types these lines.
fn alice_types(arguments: &[&str], lines: &str) -> Output {
    let mut command = as_user("alice", artifacts::command());
    command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("start the command");
    let typed = child.stdin.take().expect("its input").write_all(lines.as_bytes());
    typed.expect("type the lines");
    child.wait_with_output().expect("the command ends")
}

fn json(output: &Output) -> Value {
    assert!(output.status.success(), "{}", errors(output));
    serde_json::from_slice(&output.stdout).expect("JSON")
}

fn by_key(host: &Host) -> (Sshd, Ssh) {
    install("sshd", &code_alone(""));
    let sshd = Sshd::start(&["AuthenticationMethods publickey,keyboard-interactive"]);
    (sshd, Ssh::to(&host.alice).from("203.0.113.7"))
}

/// Whether a login with this recovery code is in; its host is not offered trust.
fn gets_in_with(ssh: &Ssh, code: &str) -> bool {
    let mut terminal = ssh.start();
    terminal.expect(CODE).type_line(code);
    if terminal.expect_one_of(&["in as alice", "is not right"], PATIENCE) == 0 {
        return is_in(&mut terminal, "alice");
    }
    terminal.expect(CODE).type_line("nonsense").expect(CODE).type_line("nonsense");
    is_in(&mut terminal, "alice")
}

#[test]
fn recovery_codes_that_a_user_made_each_work_once_at_a_login() {
    Host::run_with_daemon(|host, _| {
        let mut phone = enrol("alice");
        let (_sshd, ssh) = by_key(host);
        let new = ["recovery", "new", "--json"];
        let refused = alice_types(&new, "\n");
        assert_eq!(refused.status.code(), Some(1), "{}", errors(&refused));
        let made = json(&alice_types(&new, &format!("{}\n", phone.fresh())));
        let codes: Vec<_> = made["recovery_codes"].as_array().expect("a list").clone();
        assert_eq!(codes.len(), 10);
        for code in &codes {
            let code = code.as_str().expect("a code");
            assert!(gets_in_with(&ssh, code));
        }
        assert!(!gets_in_with(&ssh, codes[9].as_str().expect("a code")), "a second time");
        assert_eq!(show("alice")["recovery_codes"], 0);
        // A stranger makes none for her.
        let stranger = twinlock_as("bob", &["recovery", "new", "alice"]);
        assert_eq!(stranger.status.code(), Some(1), "{}", errors(&stranger));
        assert_eq!(show("alice")["recovery_codes"], 0);
    });
}

#[test]
fn a_host_whose_trust_its_user_clears_is_asked_again() {
    Host::run_with_daemon(|host, _| {
        let mut phone = enrol("alice");
        install("sshd", &password_then_code(""));
        let _sshd = Sshd::start(&["AuthenticationMethods keyboard-interactive"]);
        let ssh = Ssh::to(&host.alice).methods("keyboard-interactive").from("203.0.113.7");
        let mut first = ssh.start();
        first.expect("assword:").type_line(&host.alice.password);
        first.expect(CODE).type_line(&phone.fresh()).expect(TRUST).type_line("y");
        assert!(is_in(&mut first, "alice"), "{}", first.transcript());
        let listed = json(&twinlock_as("alice", &["trusted", "list", "--json"]));
        assert_eq!(listed[0]["address"], "203.0.113.7", "{listed}");
        let mut spared = ssh.start();
        spared.expect("assword:").type_line(&host.alice.password);
        assert!(is_in(&mut spared, "alice"), "{}", spared.transcript());

        let stranger = twinlock_as("bob", &["trusted", "clear", "alice", "--yes"]);
        assert_eq!(stranger.status.code(), Some(1), "{}", errors(&stranger));
        let id = listed[0]["id"].as_str().expect("an id");
        let cleared = twinlock_as("alice", &["trusted", "clear", "--host", id, "--yes"]);
        assert!(cleared.status.success(), "{}", errors(&cleared));
        let mut asked = ssh.start();
        asked.expect("assword:").type_line(&host.alice.password);
        asked.expect(CODE).type_line(&phone.fresh());
        assert!(asked.answer_if_asked(TRUST, "y") && is_in(&mut asked, "alice"));

        let all = json(&twinlock(&["trusted", "clear", "--group", "alice", "--yes", "--json"]));
        assert_eq!((&all[0]["user"], &all[0]["cleared"]), (&"alice".into(), &1.into()), "{all}");
        let listed = json(&twinlock_as("alice", &["trusted", "list", "--json"]));
        assert_eq!(listed, serde_json::json!([]));
    });
}

#[test]
fn a_user_proves_a_new_address_and_then_lives_by_mailed_codes() {
    Host::run(|_| {
        let authority = Authority::new();
        let mailbox = Mailbox::start(Mode::StartTls, &authority.certify("localhost"));
        fs::create_dir_all("/etc/twinlock").expect("the directory of the configuration");
        configure(&format!(
            "version = 1\n[email]\nserver = \"smtp://localhost:{}\"\nfrom = \
             \"security@example.org\"\nca_file = \"{}\"\n[one_time_code]\nresend_after = \
             \"1 second\"\n",
            mailbox.port(),
            authority.file().display()
        ));
        let _bus = Bus::start();
        let _daemon = Daemon::start();
        let mut phone = enrol("alice");
        let set = ["contact", "set", "--email", "alice@example.org"];
        let without = alice_types(&set, "\n");
        assert_eq!(without.status.code(), Some(1), "{}", errors(&without));

        prove(&set, &phone.fresh(), &mailbox);
        assert_eq!(show("alice")["contacts"][0]["vouched"], "user");
        // The phone goes; what is left is e-mail.
        let id = show("alice")["factors"][0]["id"].as_str().expect("an id").to_owned();
        let removed = alice_types(&["factor", "remove", &id, "--yes"], &(phone.fresh() + "\n"));
        assert!(removed.status.success(), "{}", errors(&removed));
        let earlier = settled(&mailbox);
        let hung_up = alice_types(&["recovery", "new", "--json"], "e\n");
        assert_eq!(hung_up.status.code(), Some(1), "{}", errors(&hung_up));
        let code = code_mail(&mailbox, earlier);
        let made = json(&alice_types(&["recovery", "new", "--json"], &(code + "\n")));
        assert_eq!(made["recovery_codes"].as_array().map(Vec::len), Some(10));
        assert_eq!(show("alice")["factors"][0]["id"], "email");
    });
}

/// Sets a contact with this fresh code and the code of the mail that comes.
fn prove(arguments: &[&str], fresh: &str, mailbox: &Mailbox) {
    let earlier = settled(mailbox);
    let mut command = as_user("alice", artifacts::command());
    command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("start the command");
    let mut input = child.stdin.take().expect("its input");
    input.write_all(format!("{fresh}\n").as_bytes()).expect("type the code");
    let code = code_mail(mailbox, earlier);
    input.write_all(format!("{code}\n").as_bytes()).expect("type the code");
    drop(input);
    let output = child.wait_with_output().expect("the command ends");
    assert!(output.status.success(), "{}", errors(&output));
}

/// How many messages there are once those under way have come.
fn settled(mailbox: &Mailbox) -> usize {
    thread::sleep(Duration::from_millis(1500));
    mailbox.mails().len()
}

/// The code of the next message that has one.
fn code_mail(mailbox: &Mailbox, mut known: usize) -> String {
    loop {
        let mail = mailbox.wait_for(known, PATIENCE);
        if let Some(code) = mail.code() {
            return code.to_owned();
        }
        known += 1;
    }
}
