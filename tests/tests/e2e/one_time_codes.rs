//! Codes by e-mail and as text messages: from the prompt through real servers and back, once.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use twinlock_tests::login::{Login, Outcome};
use twinlock_tests::rig::application::{Application, Barrier, login};
use twinlock_tests::rig::bus::Bus;
use twinlock_tests::rig::certificates::Authority;
use twinlock_tests::rig::clock::Clock;
use twinlock_tests::rig::command::{enrol, errors, twinlock};
use twinlock_tests::rig::daemon::{Daemon, configure};
use twinlock_tests::rig::gateway::{Answer, Gateway};
use twinlock_tests::rig::host::Host;
use twinlock_tests::rig::kannel::{Kannel, PASSWORD, USER};
use twinlock_tests::rig::mailbox::{Mailbox, Mode};
use twinlock_tests::rig::pam_stack::{code_alone, install, password_then_code};
use twinlock_tests::rig::process::PATIENCE;
use twinlock_tests::rig::ssh::{Ssh, is_in};
use twinlock_tests::rig::sshd::Sshd;
use twinlock_tests::rig::users::create_many;

use super::races::{PROCESSES, ROUNDS};

const ADDRESS: &str = "alice@example.org";
const NUMBER: &str = "+14155550123";

/// A machine with a mail server, and a daemon that sends through it.
struct Site {
    daemon: Daemon,
    mailbox: Mailbox,
    _bus: Bus,
    _authority: Authority,
}

impl Site {
    /// `password` is what the daemon gives; the server takes `open sesame`.
    fn start(password: &str, more: &str) -> Self {
        let authority = Authority::new();
        let certificate = authority.certify("localhost");
        let mailbox = Mailbox::for_user(Mode::StartTls, &certificate, "twinlock", "open sesame");
        let file = "/etc/twinlock/smtp.password";
        fs::create_dir_all("/etc/twinlock").expect("the directory of the configuration");
        fs::write(file, password).expect("write the password");
        fs::set_permissions(file, fs::Permissions::from_mode(0o600)).expect("close it");
        let ca = authority.file();
        configure(&format!(
            "version = 1\n[email]\nserver = \"smtp://twinlock@localhost:{}\"\n\
             from = \"security@example.org\"\npassword_file = \"{file}\"\nca_file = \"{}\"\n{more}",
            mailbox.port(),
            ca.display()
        ));
        let bus = Bus::start();
        for service in ["code", "sshd"] {
            install(service, &code_alone("timeout=3"));
        }
        Self { daemon: Daemon::start(), mailbox, _bus: bus, _authority: authority }
    }
}

fn set_contact(user: &str, option: &str, value: &str) {
    let output = twinlock(&["contact", "set", user, option, value]);
    assert!(output.status.success(), "{}", errors(&output));
}

fn attempt() -> Login {
    after_a_password("alice", "203.0.113.7")
}

/// A login that sshd has taken a password for, as in its `password` method.
fn after_a_password(user: &str, source: &str) -> Login {
    Login::new("sshd", user).from(source).environment("SSH_AUTH_INFO_0", "password")
}

/// Asks for a code and hangs up.
fn asks(login_of: &Login, option: &str) -> Outcome {
    let outcome = login(&login_of.clone().answer(option));
    assert!(!outcome.is_success(), "{outcome:?}");
    outcome
}

#[test]
fn a_code_by_e_mail_comes_in_once_and_dies_after_ten_minutes() {
    Host::run(|_| {
        let mut site = Site::start("open sesame", "");
        enrol("alice");
        set_contact("alice", "--email", ADDRESS);
        let known = site.mailbox.mails().len();
        let told = asks(&attempt(), "e");
        assert!(
            told.text().contains("on its way to a…@example.org. It works once, for 10 minutes")
        );
        assert!(!told.text().contains(ADDRESS), "{told:?}");
        let mail = code_mail(&site.mailbox, known);
        // Over another connection, while it lives.
        assert!(login(&attempt().answer(mail.as_str()).answer("n")).is_success());
        let nothing = Login::new("code", "alice").from("203.0.113.8").answer("e");
        let shown = login(&nothing).text();
        assert!(shown.contains("neither a password nor a key"), "{shown}");
        let again = login(&attempt().answer(mail.as_str()));
        assert!(!again.is_success() && again.text().contains("was used already"), "{again:?}");

        let known = site.mailbox.mails().len();
        site.daemon.restart_at(Clock::minutes_ahead(2));
        asks(&attempt(), "e");
        let late = code_mail(&site.mailbox, known);
        site.daemon.restart_at(Clock::minutes_ahead(13));
        let dead = login(&attempt().answer(late.as_str()));
        assert!(!dead.is_success() && dead.text().contains("not good any more"), "{dead:?}");
    });
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

#[test]
fn a_code_as_a_text_message_comes_in_once_and_dies_and_without_a_gateway_the_app_is_left() {
    Host::run(|host| {
        let kannel = Kannel::start();
        configure(&format!(
            "version = 1\n[sms]\nurl = \"http://127.0.0.1:{}/cgi-bin/sendsms?username={USER}\
             &password={PASSWORD}&to={{to}}&text={{text}}\"\n",
            kannel.port()
        ));
        let _bus = Bus::start();
        let mut daemon = Daemon::start();
        install("sshd", &password_then_code(""));
        let _sshd = Sshd::start(&["AuthenticationMethods keyboard-interactive"]);
        let phone = enrol("alice");
        set_contact("alice", "--mobile", NUMBER);
        let mut terminal =
            Ssh::to(&host.alice).methods("keyboard-interactive").from("203.0.113.7").start();
        terminal.expect("assword:").type_line(&host.alice.password);
        terminal.expect("s: text message").type_line("s").expect("on its way to +…23");
        // The first message tells of the new number.
        let code = code_text(&kannel, 1);
        terminal.expect("Verification code").type_line(&code);
        assert!(is_in(&mut terminal, "alice"), "{}", terminal.transcript());

        install("sshd", &code_alone("timeout=3"));
        let again = login(&attempt().answer(code.as_str()));
        assert!(!again.is_success() && again.text().contains("was used already"), "{again:?}");

        daemon.restart_at(Clock::minutes_ahead(2));
        asks(&attempt(), "s");
        let late = code_text(&kannel, 2);
        assert_ne!(late, code);
        daemon.restart_at(Clock::minutes_ahead(13));
        let dead = login(&attempt().answer(late.as_str()));
        assert!(!dead.is_success() && dead.text().contains("not good any more"), "{dead:?}");

        drop(kannel);
        let mark = host.syslog.mark();
        // The app is on a phone whose clock goes by the host's.
        let by_app = attempt().answer("s").answer(phone.away(26)).answer("n");
        let outcome = login(&by_app);
        assert!(outcome.is_success(), "{outcome:?}");
        assert!(outcome.text().contains("on its way to +…23"), "{outcome:?}");
        assert!(outcome.millis < 2000, "nobody waits for a gateway: {outcome:?}");
        let told = ["event=message.delayed user=\"alice\"", "nobody answers"];
        host.syslog.wait_for(mark, &told, PATIENCE);
    });
}

/// The code in the message to alice that comes after so many.
fn code_text(kannel: &Kannel, earlier: usize) -> String {
    let text = kannel.wait_for_next(NUMBER, earlier, PATIENCE);
    let digits = |word: &&str| word.len() == 6 && word.bytes().all(|b| b.is_ascii_digit());
    let mut words = text.split(|c: char| !c.is_ascii_alphanumeric());
    words.find(digits).unwrap_or_else(|| panic!("no code in {text}")).to_owned()
}

#[test]
fn a_server_that_refuses_the_password_or_is_gone_leaves_the_app() {
    Host::run(|host| {
        let mut site = Site::start("not the password", "");
        let mut phone = enrol("alice");
        set_contact("alice", "--email", ADDRESS);
        let mark = host.syslog.mark();
        let outcome = login(&attempt().answer("e").answer(phone.fresh()).answer("n"));
        assert!(outcome.is_success(), "{outcome:?}");
        assert!(outcome.millis < 2000, "nobody waits for a server: {outcome:?}");
        host.syslog.wait_for(mark, &["event=message.failed"], PATIENCE);
        assert!(site.mailbox.mails().is_empty());

        configure(
            "version = 1\n[email]\nserver = \"smtp://localhost:9\"\nfrom = \"s@example.org\"\n\
             [one_time_code]\nresend_after = \"1 second\"\nlifetime = \"30 seconds\"\n",
        );
        site.daemon.reload();
        let mark = host.syslog.mark();
        std::thread::sleep(std::time::Duration::from_millis(1100));
        let outcome = login(&attempt().answer("e").answer(phone.fresh()).answer("n"));
        assert!(outcome.is_success() && outcome.millis < 2000, "{outcome:?}");
        let dead = "will be tried again: localhost:9 cannot be reached: nobody answers";
        host.syslog.wait_for(mark, &["event=message.delayed user=\"alice\"", dead], PATIENCE);
        host.syslog.wait_for(mark, &["event=message.failed", "given up"], 4 * PATIENCE);
    });
}

#[test]
fn an_outage_of_the_gateway_is_in_the_log_at_once_and_once_until_it_works_again() {
    Host::run(|host| {
        let gateway = Gateway::start(Answer::Status(202));
        let name = format!("the gateway 127.0.0.1:{}", gateway.port());
        configure(&format!(
            "version = 1\n[sms]\nurl = \"http://127.0.0.1:{}/?to={{to}}&text={{text}}\"\n",
            gateway.port()
        ));
        install("sshd", &code_alone("timeout=3"));
        let (_bus, _daemon) = (Bus::start(), Daemon::start());
        for (user, number) in [("alice", NUMBER), ("bob", "+14155550124")] {
            enrol(user);
            set_contact(user, "--mobile", number);
            let sent = ["event=message.sent", &format!("user=\"{user}\"")];
            host.syslog.wait_for(0, &sent, PATIENCE);
        }
        let mark = host.syslog.mark();
        gateway.turn(Answer::Status(503));
        asks(&attempt(), "s");
        let cause =
            format!("one-time-code to +…23 will be tried again: {name} answers with status 503\"");
        let told = ["event=message.delayed user=\"alice\"", &cause];
        host.syslog.wait_for(mark, &told, std::time::Duration::from_secs(2));
        asks(&after_a_password("bob", "203.0.113.8"), "s");
        // Behind the second tries of both.
        std::thread::sleep(std::time::Duration::from_secs(4));
        gateway.turn(Answer::Status(202));
        for user in ["alice", "bob"] {
            let sent = ["event=message.sent", &format!("user=\"{user}\"")];
            host.syslog.wait_for(mark, &sent, 4 * PATIENCE);
        }
        let again = format!("cause=\"{name} takes messages again\"");
        host.syslog.wait_for(mark, &["event=message.resumed", &again], PATIENCE);
        let lines = host.syslog.since(mark);
        for event in ["event=message.delayed", "event=message.resumed"] {
            let told = lines.iter().filter(|line| line.contains(event)).count();
            assert_eq!(told, 1, "{event}: {lines:#?}");
        }
    });
}

#[test]
fn how_long_codes_live_and_how_often_they_are_sent_is_what_the_file_says() {
    Host::run(|_| {
        let keys =
            "[one_time_code]\nlifetime = \"1 minute\"\nresend_after = \"1 hour\"\nper_day = 2\n";
        let mut site = Site::start("open sesame", keys);
        enrol("alice");
        set_contact("alice", "--email", ADDRESS);
        let told = asks(&attempt(), "e");
        assert!(told.text().contains("It works once, for 60 seconds"), "{told:?}");
        let soon = asks(&attempt(), "e");
        assert!(soon.text().contains("Ask for another in 60 minutes"), "{soon:?}");
        for (minutes, words) in [(61, "on its way"), (122, "No more codes are sent to you today")] {
            site.daemon.restart_at(Clock::minutes_ahead(minutes));
            let later = asks(&attempt(), "e");
            assert!(later.text().contains(words), "{later:?}");
        }
    });
}

/// All of them answer with one code at the same moment: eight from the source that asked for it,
/// which has no more dialogues open at once, and eight from others, where it counts for nothing.
#[test]
fn of_sixteen_processes_with_one_code_by_e_mail_exactly_one_is_let_in() {
    Host::run(|_| {
        let site = Site::start("open sesame", "");
        let mut applications: Vec<_> = (0..PROCESSES).map(|_| Application::start()).collect();
        for user in create_many("mailed", ROUNDS) {
            enrol(&user);
            set_contact(&user, "--email", ADDRESS);
            let known = site.mailbox.mails().len();
            asks(&after_a_password(&user, "198.51.100.1"), "e");
            let code = code_mail(&site.mailbox, known);
            let barrier = Barrier::close(&user);
            for (number, application) in applications.iter_mut().enumerate() {
                let elsewhere = format!("203.0.113.{}", number + 1);
                let source = if number < 8 { "198.51.100.1" } else { &elsewhere };
                let login = after_a_password(&user, source).answer(code.as_str()).answer("n");
                application.submit(&login.behind(barrier.path()));
            }
            applications.iter_mut().for_each(Application::wait_at_barrier);
            barrier.open();
            let outcomes: Vec<_> = applications.iter_mut().map(Application::outcome).collect();
            let winners = outcomes.iter().filter(|outcome| outcome.is_success()).count();
            assert_eq!(winners, 1, "{user}: {outcomes:?}");
            let used = outcomes.iter().filter(|o| o.text().contains("was used already")).count();
            assert_eq!(used, 7, "{user}: {outcomes:?}");
        }
    });
}
