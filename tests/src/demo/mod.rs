//! The demo of `make demo`, told and checked step by step.

mod door;
mod interactive;
mod machine;
mod page;
mod visit;

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind, set_hook};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::rig::artifacts;
use crate::rig::authenticator::Authenticator;
use crate::rig::command::failures;
use crate::rig::host::Host;
use crate::rig::process::{PATIENCE, eventually};
use door::Doorway;
use machine::Machine;
use page::Page;
use visit::Visit;

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
    artifacts::name_module()
        .map_err(|error| format!("the module is not built ({error}). `make demo` builds it."))?;
    for program in [artifacts::daemon(), artifacts::command()] {
        if !program.exists() {
            let path = program.display();
            return Err(format!("{path} is not built. `make demo` builds it and comes back here."));
        }
    }
    let doorway = match manner {
        Manner::Told => None,
        Manner::Interactive => Some(
            Doorway::reserve()
                .map_err(|error| format!("there is no port on 127.0.0.1: {error}"))?,
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
    right_code(&mut page, host, &code);
    let guesses = wrong_code(&mut page, host, &phone);
    used_code(&mut page, host, &code);
    let log = log(&mut page, host, mark);
    let references = guesses.references();
    page.check(
        references.len() == 3 && references.iter().all(|it| log.contains(it)),
        "Each reference that was shown at a prompt leads to a line with the cause.",
    );
    page.check(
        !log.contains(phone.secret()) && !log.contains(&code),
        "No code and no key is there.",
    );
    if let Some(doorway) = doorway {
        interactive::run(&mut page, host, &machine, doorway);
        page.headline("The machine stops");
        machine.stop();
        // What visitors left running is the machine's too, and ends with it.
        for process in inhabitants() {
            // An error means that it has ended already.
            let _ = kill(process, Signal::SIGKILL);
        }
    } else {
        page.headline("The machine stops");
        machine.stop();
    }
    let empty = eventually(PATIENCE, || inhabitants().is_empty());
    page.check(empty, "No program of it is left, and its files were in memory only.");
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

fn wrong_code(page: &mut Page, host: &Host, phone: &Authenticator) -> Visit {
    page.headline("Somebody who knows her password guesses codes");
    let visit = visit::with_refused_code(&host.alice, SOURCE, &phone.wrong());
    show(page, &visit.screen);
    let refusals = visit.screen.matches("That code is not right").count();
    page.check(!visit.in_shell && refusals == 3, "A wrong code is refused.");
    page.check(failures("alice") == 3, "Each guess is counted: 3. After 5 the source must wait.");
    visit
}

fn used_code(page: &mut Page, host: &Host, code: &str) {
    page.headline("Somebody saw her password and her code, and types both");
    let visit = visit::with_refused_code(&host.alice, SOURCE, code);
    show(page, &visit.screen);
    let refusals = visit.screen.matches("That code was used already").count();
    page.check(!visit.in_shell && refusals == 3, "A used code is refused, although it was right.");
    page.check(failures("alice") == 3, "It does not count as a guess: still 3.");
}

fn show(page: &mut Page, screen: &str) {
    page.command(&format!("$ {}", visit::COMMAND));
    page.show(screen);
    page.gap();
}

/// Waits for the lines that are due, in their order, and shows all that the daemon wrote.
fn log(page: &mut Page, host: &Host, mark: usize) -> String {
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
        from += host.syslog.text()[from..].find(&line).map_or(0, |at| at + line.len());
    }
    let lines = ours(&host.syslog.since(mark)).join("\n");
    page.gap();
    page.show(&lines);
    page.gap();
    lines
}

/// The daemon's lines, without the priority in front that only syslogd reads, RFC 3164.
fn ours(lines: &[String]) -> Vec<String> {
    let daemon = lines.iter().filter(|line| line.contains("twinlockd["));
    daemon.map(|line| line.split_once('>').map_or(line.as_str(), |(_, it)| it).to_owned()).collect()
}

/// The processes that see the same mounts as this thread, which are the private machine's; the
/// process of this thread itself does not.
fn inhabitants() -> Vec<Pid> {
    let here = fs::read_link("/proc/thread-self/ns/mnt").expect("this thread has mounts");
    let processes = fs::read_dir("/proc").expect("processes are listed").flatten();
    let numbers = processes.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    // A process that ends while one looks has no namespace any more.
    let mounts = |number: &i32| fs::read_link(format!("/proc/{number}/ns/mnt")).ok();
    numbers.filter(|number| mounts(number).as_ref() == Some(&here)).map(Pid::from_raw).collect()
}
