//! The e-mail before `enforce_from`: when, to whom, once.

use std::process::Command;
use std::time::Duration;

use twinlock_tests::rig::bus::Bus;
use twinlock_tests::rig::certificates::Authority;
use twinlock_tests::rig::clock::Clock;
use twinlock_tests::rig::command::{enrol, errors, twinlock};
use twinlock_tests::rig::daemon::{Daemon, configure};
use twinlock_tests::rig::host::Host;
use twinlock_tests::rig::mailbox::{Mailbox, Mode};
use twinlock_tests::rig::process::{PATIENCE, demand, eventually};
use twinlock_tests::rig::users::User;

/// The date so many days from now, from a calendar that is not ours.
fn date(days: u32) -> String {
    let day = format!("+{days} days");
    demand(Command::new("date").args(["--utc", "--date", &day, "+%Y-%m-%d"])).trim().to_owned()
}

/// An administrator enters an address. Its old one and its new one are told, which is not counted.
fn reachable(user: &str) {
    let address = format!("{user}@example.org");
    let output = twinlock(&["contact", "set", user, "--email", &address]);
    assert!(output.status.success(), "{}", errors(&output));
}

/// The configuration of a host that sends through this server.
fn server(mailbox: &Mailbox, authority: &Authority) -> String {
    format!(
        "version = 1\n[email]\nserver = \"smtp://localhost:{}\"\nca_file = \"{}\"\n\
         from = \"security@example.org\"\n",
        mailbox.port(),
        authority.file().display()
    )
}

fn reminders(mailbox: &Mailbox) -> Vec<String> {
    let mails = mailbox.mails().into_iter();
    let texts = mails.map(|mail| mail.text).filter(|text| !text.contains("To: witness"));
    texts.filter(|text| text.contains("will be required on web1")).collect()
}

/// Starts the daemon at a time at which the witness, who has just become reachable, is reminded
/// and alice is not: users come in the order of their names.
fn reminds_the_witness_alone(host: &Host, daemon: &mut Daemon, clock: Clock, witness: &str) {
    User::create(witness, "Tr0ub4dor");
    reachable(witness);
    let mark = host.syslog.mark();
    daemon.restart_at(clock);
    let user = format!("user=\"{witness}\"");
    host.syslog.wait_for(mark, &["event=user.reminded", &user], PATIENCE);
    let lines = host.syslog.since(mark);
    let of_alice = |line: &&String| line.contains("user.reminded") && line.contains("\"alice\"");
    assert_eq!(lines.iter().find(of_alice), None);
}

/// The same once there are so many, which is soon after the log says so; and no more.
fn awaited(mailbox: &Mailbox, count: usize) -> Vec<String> {
    eventually(PATIENCE, || reminders(mailbox).len() >= count);
    let sent = reminders(mailbox);
    assert_eq!(sent.len(), count, "{sent:?}");
    sent
}

#[test]
fn who_is_not_enrolled_gets_one_e_mail_before_the_date_and_another_when_it_moves() {
    Host::run(|host| {
        let authority = Authority::new();
        let mailbox = Mailbox::start(Mode::StartTls, &authority.certify("localhost"));
        let server = server(&mailbox, &authority);
        let everyone = "[[profile]]\nname = \"everyone\"\n";
        let day = date(6);
        let sooner = "[[profile]]\nname = \"sooner\"\nusers = [\"witness1\"]\n";
        let sooner = format!("{sooner}enforce_from = {}\n", date(3));
        configure(&format!(
            "{server}reminder = \"2 days\"\n{sooner}{everyone}enforce_from = {day}\n"
        ));
        let _bus = Bus::start();
        let mut daemon = Daemon::start();
        reachable("alice");
        reachable("bob");
        enrol("bob");

        let mark = host.syslog.mark();
        // For alice it is too early.
        reminds_the_witness_alone(host, &mut daemon, Clock::days_ahead(2), "witness1");
        assert_eq!(reminders(&mailbox), [""; 0]);

        daemon.restart_at(Clock::days_ahead(4));
        let line = host.syslog.wait_for(mark, &["event=user.reminded", "user=\"alice\""], PATIENCE);
        assert!(line.contains(&day), "{line}");
        let sent = awaited(&mailbox, 1);
        assert!(sent[0].contains("To: alice@example.org"), "{}", sent[0]);
        assert!(sent[0].contains(&day) && sent[0].contains("twinlock enroll"), "{}", sent[0]);
        assert!(sent[0].contains("Content-Type: text/html"), "{}", sent[0]);

        reminds_the_witness_alone(host, &mut daemon, Clock::days_ahead(4), "witness2");
        assert_eq!(reminders(&mailbox).len(), 1, "a restart sends nothing again");

        let moved = date(7);
        configure(&format!("{server}reminder = \"never\"\n{everyone}enforce_from = {moved}\n"));
        daemon.restart_at(Clock::days_ahead(5));
        std::thread::sleep(Duration::from_secs(2));
        assert_eq!(reminders(&mailbox).len(), 1, "it is switched off");

        configure(&format!("{server}reminder = \"2 days\"\n{everyone}enforce_from = {moved}\n"));
        daemon.restart_at(Clock::days_ahead(5));
        let sent = awaited(&mailbox, 2);
        assert!(sent[1].contains("To: alice@example.org") && sent[1].contains(&moved));
    });
}

#[test]
fn a_reminder_that_the_server_refuses_is_sent_on_another_day_and_then_no_more() {
    Host::run(|host| {
        let authority = Authority::new();
        let certificate = authority.certify("localhost");
        let full = Mailbox::start(Mode::Full, &certificate);
        let mailbox = Mailbox::start(Mode::StartTls, &certificate);
        let policy = format!("[[profile]]\nname = \"everyone\"\nenforce_from = {}\n", date(6));
        configure(&format!("{}{policy}", server(&full, &authority)));
        let _bus = Bus::start();
        let mut daemon = Daemon::start();
        let mark = host.syslog.mark();
        reachable("alice");
        let refused = ["event=message.failed", "reminder to a…@example.org", "answers 552"];
        daemon.restart_at(Clock::minutes_ahead(1));
        host.syslog.wait_for(mark, &refused, PATIENCE);

        // Not twice on one day.
        let almost = Clock::minutes_ahead(23 * 60);
        let mark = host.syslog.mark();
        reminds_the_witness_alone(host, &mut daemon, almost, "witness1");
        daemon.restart_at(Clock::minutes_ahead(25 * 60));
        host.syslog.wait_for(mark, &refused, PATIENCE);

        configure(&format!("{}{policy}", server(&mailbox, &authority)));
        daemon.restart_at(Clock::days_ahead(3));
        let taken = ["event=message.sent", "reminder to a…@example.org"];
        host.syslog.wait_for(mark, &taken, PATIENCE);
        awaited(&mailbox, 1);
        // The store has it soon after the log.
        std::thread::sleep(Duration::from_secs(3));
        reminds_the_witness_alone(host, &mut daemon, Clock::days_ahead(5), "witness2");
        assert_eq!(reminders(&mailbox).len(), 1, "it was taken");
    });
}
