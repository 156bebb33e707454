//! The demo of `make demo`, told and checked step by step.

mod door;
mod interactive;
mod machine;
mod page;
mod visit;

use std::panic::{AssertUnwindSafe, catch_unwind, set_hook};
use std::path::Path;
use std::time::Duration;

use crate::rig::artifacts;
use crate::rig::authenticator::Authenticator;
use crate::rig::command::failures;
use crate::rig::host::Host;
use crate::rig::process::PATIENCE;
use door::Doorway;
use machine::Machine;
use page::Page;

/// How the demo ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Manner {
    /// Tells the whole and cleans up.
    Told,
    /// Then leaves the machine running until Enter or Ctrl-C.
    Interactive,
}

/// Where the person at the client sits.
const SOURCE: &str = "203.0.113.7";

/// Runs the demo.
///
/// # Errors
/// A sentence about the first thing that did not go as told.
pub fn run(manner: Manner) -> Result<(), String> {
    for program in [artifacts::module(), artifacts::daemon(), artifacts::command()] {
        if !Path::new(&program).exists() {
            let path = program.display();
            return Err(format!("{path} is not built. `make demo` builds it and comes back here."));
        }
    }
    let doorway = match manner {
        Manner::Told => None,
        Manner::Interactive => Some(
            Doorway::reserve().map_err(|error| format!("there is no port on 127.0.0.1: {error}"))?,
        ),
    };
    // The sentence is printed once, by the caller.
    set_hook(Box::new(|_| {}));
    catch_unwind(AssertUnwindSafe(|| Host::run_bare(|host| tell(host, doorway))))
        .map_err(|cause| sentence(cause.as_ref()))
}

fn sentence(cause: &(dyn std::any::Any + Send)) -> String {
    match (cause.downcast_ref::<String>(), cause.downcast_ref::<&str>()) {
        (Some(text), _) => text.clone(),
        (_, Some(text)) => (*text).to_owned(),
        _ => "a part of it stopped without a word".to_owned(),
    }
}

fn tell(host: &mut Host, doorway: Option<Doorway>) {
    let mut page = Page::new();
    let mark = host.syslog.mark();
    let machine = start(&mut page);
    let mut phone = enrol(&mut page);
    let code = phone.fresh();
    let secret = phone.secret().to_owned();
    right_code(&mut page, host, &code);
    wrong_code(&mut page, host, &phone);
    used_code(&mut page, host, &code);
    log(&mut page, host, mark, &[&secret, &code]);
    if let Some(doorway) = doorway {
        interactive::run(&mut page, host, &machine, doorway);
    }
    clean_up(&mut page, machine);
}

fn start(page: &mut Page) -> Machine {
    page.say(
        "A login over SSH that asks for a code, on a private machine named web1, made of Linux\n\
         namespaces: nothing in /etc, no running service and no port of this host is touched.",
    );
    page.headline("The machine starts");
    let machine = Machine::start();
    page.show(
        "dbus-daemon   the system bus, with packaging/dbus/org.twinlock1.conf\n\
         twinlockd     the daemon, with its defaults\n\
         sshd          AuthenticationMethods keyboard-interactive\n\
         \n\
         /etc/pam.d/sshd\n\
         auth     requisite  pam_unix.so        the password\n\
         auth     required   pam_twinlock.so    then a code\n\
         account  required   pam_unix.so\n\
         account  required   pam_twinlock.so",
    );
    machine
}

fn enrol(page: &mut Page) -> Authenticator {
    page.headline("An administrator enrols alice");
    page.say("She scans the QR code with any authenticator app; here oathtool gets the key.");
    page.command("# twinlock enroll alice");
    let (screen, phone) = machine::enrol("alice");
    page.show(&screen);
    page.gap();
    page.check(machine::has_qr_code(&screen), "The QR code and the key are on the terminal.");
    phone
}

fn right_code(page: &mut Page, host: &Host, code: &str) {
    page.headline("alice logs in with her password and a code");
    page.say(&format!("oathtool, which shares no code with Twinlock, says {code}."));
    let visit = visit::with_right_code(&host.alice, SOURCE, code);
    show(page, &visit.screen);
    page.check(visit.in_shell, "She is in.");
}

fn wrong_code(page: &mut Page, host: &Host, phone: &Authenticator) {
    page.headline("Somebody who knows her password guesses codes");
    let visit = visit::with_refused_code(&host.alice, SOURCE, &phone.wrong());
    show(page, &visit.screen);
    let refusals = visit.screen.matches("That code is not right").count();
    page.check(!visit.in_shell && refusals > 0, "A wrong code is refused.");
    page.check(failures("alice") == 3, "Each guess is counted: 3. After 5 the source must wait.");
}

fn used_code(page: &mut Page, host: &Host, code: &str) {
    page.headline("Somebody saw her password and her code, and types both");
    let visit = visit::with_refused_code(&host.alice, SOURCE, code);
    show(page, &visit.screen);
    let refusals = visit.screen.matches("That code was used already").count();
    page.check(!visit.in_shell && refusals > 0, "A used code is refused, although it was right.");
}

fn show(page: &mut Page, screen: &str) {
    page.command(&format!("$ {}", visit::COMMAND));
    page.show(screen);
    page.gap();
}

fn log(page: &mut Page, host: &Host, mark: usize, secrets: &[&str]) {
    page.headline("What the log has of it (syslog, authpriv)");
    let mut from = mark;
    for words in [
        ["event=factor.enrolled", "user=\"alice\"", ""],
        ["event=login.allowed", "user=\"alice\"", SOURCE],
        ["event=code.refused", "wrong code", SOURCE],
        ["event=login.refused", "3 codes refused", SOURCE],
        ["event=code.refused", "code used before", SOURCE],
        ["event=login.refused", "3 codes refused", SOURCE],
    ] {
        let line = host.syslog.wait_for(from, &words, PATIENCE);
        let text = host.syslog.text();
        from += text[from..].find(&line).map_or(0, |at| at + line.len());
    }
    let lines = ours(&host.syslog.since(mark));
    page.gap();
    page.show(&lines.join("\n"));
    page.gap();
    let told = lines.join("\n");
    page.check(true, "Every login is there, with its cause and the reference that was shown.");
    page.check(!secrets.iter().any(|it| told.contains(it)), "No code and no key is there.");
}

/// The daemon's lines, without the priority in front that only syslogd reads, RFC 3164.
fn ours(lines: &[String]) -> Vec<String> {
    let daemon = lines.iter().filter(|line| line.contains("twinlockd["));
    daemon.map(|line| line.split_once('>').map_or(line.as_str(), |(_, it)| it).to_owned()).collect()
}

fn clean_up(page: &mut Page, machine: Machine) {
    page.headline("The machine stops");
    let daemon = format!("/proc/{}", machine.daemon.pid());
    machine.stop();
    page.check(
        crate::rig::process::eventually(Duration::from_secs(5), || !Path::new(&daemon).exists()),
        "Its programs have ended, and its files were in memory only.",
    );
}
