//! The Debian package, from its installation to its purge.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use twinlock_tests::rig::authenticator::Authenticator;
use twinlock_tests::rig::machine::Machine;
use twinlock_tests::rig::terminal::Terminal;

use super::site::{
    self, CODE, PASSWORD, REGULARS, STEP, answer_code, confirm, enable, enrol, give_code, in_shell,
    install, is_let_in_by_password_alone, shell_over_ssh,
};
use super::snapshot::Snapshot;

/// What a purge leaves, as the package says: the user, so that its number is given to nobody else.
const LEFT: [&str; 8] = [
    "/etc/group",
    "/etc/group-",
    "/etc/gshadow",
    "/etc/gshadow-",
    "/etc/passwd",
    "/etc/passwd-",
    "/etc/shadow",
    "/etc/shadow-",
];

/// The services that a login goes through here.
const SERVICES: [&str; 4] = ["sshd", "su", "sudo", "login"];

#[test]
#[ignore = "needs the packages and a root file system: scripts/test-installed"]
fn a_package_is_installed_used_rebooted_upgraded_and_purged_without_a_trace() {
    let mut machine = site::site();
    let before = Snapshot::of(&machine);

    install(&machine, "TWINLOCK_DEB");
    touches_no_pam_file(&machine, &before);
    for service in SERVICES {
        enable(&machine, service);
    }
    let mut alice = enrol(&machine, "alice");
    let mut bob = enrol(&machine, "bob");
    every_way_in_asks_for_a_code(&mut machine, &mut alice, &mut bob);
    for service in SERVICES {
        confirm(&machine, service);
    }

    machine.reboot();
    shell_over_ssh(&machine, "alice", &mut alice).type_line("exit").finish();

    no_login_fails_by_an_upgrade(&machine, &mut alice, &mut bob);

    // What this test may have added itself.
    machine.shell("rm -f /etc/ssh/sshd_config.d/site.conf /etc/ssh/sshd_config.d/00-patience.conf");
    machine.shell("apt-get purge --quiet --yes twinlock");
    let after = Snapshot::of(&machine);
    let left = after.changed(&before);
    let unexpected: Vec<_> = left.iter().filter(|path| !LEFT.contains(&path.as_str())).collect();
    assert!(unexpected.is_empty(), "a purge leaves behind or changes {unexpected:?}");
    is_let_in_by_password_alone(&machine, "alice");
}

fn touches_no_pam_file(machine: &Machine, before: &Snapshot) {
    let changed = Snapshot::of(machine).changed(before);
    assert!(changed.iter().any(|path| path.ends_with("/pam_twinlock.so")), "{changed:?}");
    let pam: Vec<_> = changed.iter().filter(|path| path.starts_with("/etc/pam")).collect();
    assert!(pam.is_empty(), "installing changes {pam:?}");
}

/// Over SSH, from there by su and sudo, and at the console; each is in the log that rsyslog writes.
fn every_way_in_asks_for_a_code(
    machine: &mut Machine,
    alice: &mut Authenticator,
    bob: &mut Authenticator,
) {
    let mut terminal = shell_over_ssh(machine, "alice", alice);
    in_shell(&mut terminal, "echo in as $(id -un)", "in as alice");

    terminal.type_line("su bob -c 'echo in as $(id -un)'").expect_within("assword:", STEP);
    terminal.type_line(PASSWORD);
    give_code(&mut terminal, bob, "in as bob");

    terminal.type_line("sudo sh -c 'echo in as $(id -un)'").expect_within("assword", STEP);
    terminal.type_line(PASSWORD);
    give_code(&mut terminal, alice, "in as root");
    terminal.type_line("exit").finish();

    let console = machine.console();
    console.type_line("alice").expect_within("assword:", STEP).type_line(PASSWORD);
    give_code(console, alice, "$ ");
    in_shell(console, "echo in as $(id -un)", "in as alice");
    console.type_line("exit").expect_within("login:", STEP);

    for (service, user) in [("sshd", "alice"), ("su", "bob"), ("sudo", "alice"), ("login", "alice")]
    {
        machine.wait_until(
            &format!(
                "grep 'twinlockd.*event=login.allowed user=\"{user}\" service=\"{service}\"' \
                 /var/log/auth.log"
            ),
            STEP,
        );
    }
}

/// Logins that begin before, during and after an upgrade, of six users side by side. Each has
/// three codes at hand; more would have to be waited for. And two that are under way when module and
/// daemon are replaced: bob has been asked for a code, alice has a shell.
fn no_login_fails_by_an_upgrade(
    machine: &Machine,
    alice: &mut Authenticator,
    bob: &mut Authenticator,
) {
    // bob waits for as long as all others log in.
    machine.write("/etc/ssh/sshd_config.d/00-patience.conf", "LoginGraceTime 600\n");
    machine.shell("systemctl restart ssh");
    let mut shell = shell_over_ssh(machine, "alice", alice);
    let mut phones = REGULARS.map(|user| enrol(machine, user));
    let mut prompt = Terminal::start(&site::ssh(machine, "bob"));
    prompt.expect_within("assword:", STEP).type_line(PASSWORD).expect_within(CODE, STEP);
    let inode = "stat --format=%i /usr/lib/*/security/pam_twinlock.so";
    let daemon = "systemctl show --property=MainPID twinlockd";
    let (first, old) = (machine.shell(inode), machine.shell(daemon));
    let done = AtomicBool::new(false);
    let logins: usize = thread::scope(|scope| {
        let mut people = Vec::new();
        for (number, (user, phone)) in (0..).zip(REGULARS.iter().zip(&mut phones)) {
            let done = &done;
            people.push(scope.spawn(move || {
                thread::sleep(Duration::from_millis(200 * number));
                let mut logins = 0;
                while logins < 3 && !done.load(Ordering::SeqCst) {
                    shell_over_ssh(machine, user, phone).type_line("exit").finish();
                    logins += 1;
                }
                logins
            }));
        }
        install(machine, "TWINLOCK_DEB_NEXT");
        done.store(true, Ordering::SeqCst);
        people.into_iter().map(|person| person.join().expect("every login succeeds")).sum()
    });
    assert!(logins >= REGULARS.len(), "only {logins} logins ran beside the upgrade");
    assert_ne!(old, machine.shell(daemon), "the daemon is the new one");
    let next = machine.shell(inode);
    assert_ne!(first, next, "the module is a new file, and programs that run keep the old one");

    // sshd's process has the old module still, and it speaks to the new daemon. That knows nothing of
    // the question that the old one asked.
    answer_code(&mut prompt, bob, "$ ");
    in_shell(&mut prompt, "echo in as $(id -un)", "in as bob");
    prompt.type_line("exit").finish();
    shell.type_line("sudo sh -c 'echo in as $(id -un)'").expect_within("assword", STEP);
    shell.type_line(PASSWORD);
    give_code(&mut shell, alice, "in as root");
    shell.type_line("exit").finish();
    shell_over_ssh(machine, "alice", alice).type_line("exit").finish();

    let version = machine.shell("dpkg-query --show --showformat='${Version}' twinlock");
    assert!(made_of(&version), "the version installed is {version}");
}

fn made_of(version: &str) -> bool {
    let package = site::made("TWINLOCK_DEB_NEXT");
    package.to_string_lossy().contains(&format!("_{version}_"))
}
