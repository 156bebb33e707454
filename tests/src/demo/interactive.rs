//! The machine left running, for whoever wants to try a login of their own.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use tokio::signal::unix::{SignalKind, signal};

use super::door::Doorway;
use super::machine::{self, COMMAND, Machine};
use super::page::Page;
use crate::rig::host::Host;

/// Enrols bob, opens a port on 127.0.0.1, says what to type, and shows the log until Enter, the
/// end of standard input, Ctrl-C, or the request to end.
pub fn run(page: &mut Page, host: &Host, machine: &Machine, doorway: Doorway) {
    page.headline("Your turn: you are bob");
    page.say("Scan the code with your own authenticator app, or type the key in by hand.");
    page.command("# twinlock enroll bob --no-confirm");
    let (screen, phone) = machine::enrol_without_code(&host.bob.name);
    page.show(&screen);
    let (port, key, pid) = (doorway.port(), phone.secret(), machine.daemon.pid());
    let _door = doorway.open();
    page.say("\nIn another terminal of this host, as any user:");
    page.command(&format!(
        "ssh -p {port} -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null bob@127.0.0.1"
    ));
    page.gap();
    page.show(&format!(
        "password   {}\n\
         code       from your app, or: oathtool --totp --base32 {key}",
        host.bob.password
    ));
    page.say("\nOnce in, try 'twinlock status'. As the administrator of web1, from a root shell:");
    page.command(&format!("nsenter -t {pid} -m -n -u {COMMAND} user show bob"));
    page.say("\nThe log follows here. Enter or Ctrl-C stops the machine.\n");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime").block_on(until_told(page, host));
}

async fn until_told(page: &mut Page, host: &Host) {
    let listen = |kind| signal(kind).expect("listen for a signal");
    let mut interrupt = listen(SignalKind::interrupt());
    let mut terminate = listen(SignalKind::terminate());
    let mut hang_up = listen(SignalKind::hangup());
    let enter = enter();
    tokio::select! {
        _ = interrupt.recv() => page.gap(),
        _ = terminate.recv() => {}
        _ = hang_up.recv() => {}
        () = follow(page, host, &enter) => {}
    }
}

/// Prints the daemon's lines as they come, until the flag is set.
async fn follow(page: &mut Page, host: &Host, enter: &AtomicBool) {
    let mut seen = host.syslog.mark();
    while !enter.load(Ordering::SeqCst) {
        let end = host.syslog.mark();
        if end > seen {
            page.show(&super::ours(&host.syslog.since(seen)).join("\n"));
            seen = end;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// A flag that is set when a line or the end comes on standard input. The thread that waits for
/// it may outlive the demo; the process does not wait for it.
fn enter() -> Arc<AtomicBool> {
    let flag = Arc::new(AtomicBool::new(false));
    thread::spawn({
        let flag = flag.clone();
        move || {
            // An error is an end like any other.
            let _ = io::stdin().read_line(&mut String::new());
            flag.store(true, Ordering::SeqCst);
        }
    });
    flag
}
