//! The rigs work on what Debian ships, before they judge Twinlock.

use std::collections::BTreeMap;
use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::MetadataExt;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use twinlock_tests::login::{Login, code};
use twinlock_tests::rig::application::{Application, Barrier, login};
use twinlock_tests::rig::artifacts;
use twinlock_tests::rig::authenticator::Authenticator;
use twinlock_tests::rig::bus::{self, Bus};
use twinlock_tests::rig::daemon::LOGIN_SOCKET;
use twinlock_tests::rig::host::Host;
use twinlock_tests::rig::namespace::write;
use twinlock_tests::rig::pam_stack::install;
use twinlock_tests::rig::peer::{Manner, Peer};
use twinlock_tests::rig::process::{PATIENCE, Process, as_user, demand, eventually};
use twinlock_tests::rig::ssh::{Ssh, is_in};
use twinlock_tests::rig::sshd::Sshd;
use twinlock_tests::rig::terminal::Terminal;

const PASSWORD: [&str; 3] = [
    "auth required pam_unix.so nodelay",
    "account required pam_unix.so",
    "session required pam_permit.so",
];

#[test]
fn a_machine_of_its_own_leaves_the_real_one_as_it_was() {
    let before = fingerprint();
    Host::run_bare(|host| {
        assert_eq!(demand(&mut Command::new("hostname")).trim(), "web1");
        assert_eq!(demand(Command::new("id").args(["-un", "alice"])).trim(), "alice");
        write("/var/lib/twinlock/store/x", "inside");
        write("/etc/twinlock/key", "inside");
        install("sshd", &PASSWORD);
        host.alice.set_password("another");
    });
    let after = fingerprint();
    assert_eq!(before, after, "a test changed the machine");
    assert!(!before.is_empty());
}

/// What a test could have changed: `/etc`, Twinlock's places, mounts, addresses, the host name.
fn fingerprint() -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    describe(Path::new("/etc"), &mut found);
    for path in ["/var/lib/twinlock", "/run/rig", "/run/twinlock", "/run/home", "/dev/log"] {
        found.insert(path.to_owned(), Path::new(path).exists().to_string());
    }
    let mounts = fs::read_to_string("/proc/thread-self/mountinfo").expect("the mounts");
    found.insert("mounts".to_owned(), mounts);
    found.insert("name".to_owned(), demand(&mut Command::new("hostname")));
    // How long an address that was lent is valid goes down by itself.
    let addresses = demand(Command::new("ip").args(["-o", "address"]));
    let addresses = addresses.lines().filter_map(|line| line.split("valid_lft").next());
    found.insert("addresses".to_owned(), addresses.collect());
    found
}

fn describe(path: &Path, found: &mut BTreeMap<String, String>) {
    let metadata = fs::symlink_metadata(path).expect("a file of /etc");
    let content = if metadata.is_file() { fs::read(path).unwrap_or_default() } else { Vec::new() };
    let (mode, mtime) = (metadata.mode(), metadata.mtime());
    found.insert(path.display().to_string(), format!("{mode:o} {mtime} {content:?}"));
    if metadata.is_dir() {
        for entry in fs::read_dir(path).expect("a directory of /etc") {
            describe(&entry.expect("an entry of /etc").path(), found);
        }
    }
}

#[test]
fn two_machines_do_not_see_each_other() {
    let together = Arc::new(std::sync::Barrier::new(2));
    let machines = ["one", "two"].map(|name| {
        let together = together.clone();
        thread::spawn(move || {
            Host::run_bare(move |_| {
                write("/etc/mark", name);
                together.wait();
                assert_eq!(fs::read_to_string("/etc/mark").unwrap(), name);
                // The same port of the same address is free on both.
                let _listener = TcpListener::bind("203.0.113.1:22").expect("port 22 is free");
                together.wait();
            });
        })
    });
    for machine in machines {
        machine.join().expect("each machine is alone");
    }
}

#[test]
fn a_real_ssh_login_with_a_password_passes_and_a_wrong_one_does_not() {
    Host::run_bare(|host| {
        install("sshd", &PASSWORD);
        let sshd = Sshd::start(&[]);
        let mark = host.syslog.mark();
        for method in ["keyboard-interactive", "password"] {
            let ssh = Ssh::to(&host.alice).methods(method).from("203.0.113.7");
            let mut right = ssh.start();
            right.expect("assword:").type_line(&host.alice.password);
            assert!(is_in(&mut right, "alice"), "{}", right.transcript());
            let mut wrong = ssh.start();
            wrong.expect("assword:").type_line("not it");
            assert!(!is_in(&mut wrong, "alice"), "{}", wrong.transcript());
        }
        host.syslog.wait_for(mark, &["pam_unix(sshd:auth)", "203.0.113.7"], PATIENCE);
        assert!(sshd.log().text().contains("Accepted password for alice from 203.0.113.7"));
    });
}

#[test]
fn a_real_ssh_login_with_a_key_passes_over_both_address_families() {
    Host::run_bare(|host| {
        install("sshd", &PASSWORD);
        let _sshd = Sshd::start(&["AuthenticationMethods publickey"]);
        for source in ["203.0.113.9", "2001:db8::9"] {
            let mut terminal = Ssh::to(&host.bob).methods("publickey").from(source).start();
            assert!(is_in(&mut terminal, "bob"), "{}", terminal.transcript());
        }
    });
}

#[test]
fn su_sudo_and_login_run_on_a_terminal() {
    Host::run_bare(|host| {
        for service in ["su", "sudo", "login"] {
            install(service, &PASSWORD);
        }
        write("/etc/sudoers", "alice ALL=(ALL) ALL\n");
        let mut su = Terminal::start(as_user("alice", "su").args(["bob", "-c", "id -un"]));
        su.expect("Password:").type_line(&host.bob.password).expect("bob");
        assert!(su.finish().success());
        let mut sudo = Terminal::start(as_user("alice", "sudo").args(["id", "-un"]));
        sudo.expect("password for alice:").type_line(&host.alice.password).expect("root");
        assert!(sudo.finish().success());
        let mut console = Terminal::start(Command::new("login").arg("alice"));
        console.expect("Password:").type_line(&host.alice.password).expect("$");
        console.type_line("echo $((6*7)) $(id -un)").expect("42 alice").type_line("exit");
        console.finish();
    });
}

#[test]
fn the_bus_runs_debians_configuration_and_closes_to_strangers() {
    Host::run_bare(|_| {
        let bus = Bus::start();
        let call = |user: &str, name: &str| {
            let mut command = as_user(user, "dbus-send");
            command.args(["--system", "--print-reply", "--dest=org.freedesktop.DBus", "/"]);
            command.args([
                "org.freedesktop.DBus.RequestName",
                &format!("string:{name}"),
                "uint32:4",
            ]);
            command
        };
        let refused = call("alice", "org.twinlock1").output().expect("dbus-send runs");
        assert!(!refused.status.success(), "alice owns org.twinlock1");
        demand(&mut call("root", "org.twinlock1"));
        bus.stop();
        assert!(UnixStream::connect(bus::SOCKET).is_err());
    });
}

#[test]
fn an_application_reports_what_libpam_said() {
    Host::run_bare(|host| {
        install("password", &PASSWORD);
        install("open", &["auth required pam_permit.so", "account required pam_permit.so"]);
        install("closed", &["auth required pam_deny.so", "account required pam_deny.so"]);
        let mut application = Application::start();
        let outcome = application.login(&Login::new("open", "alice"));
        assert_eq!(outcome.authenticate, Some(code::SUCCESS));
        assert_eq!(outcome.account, Some(code::SUCCESS));
        assert!(outcome.is_success() && outcome.threads == 1 && outcome.resident_kib > 0);
        let outcome = application.login(&Login::new("closed", "alice"));
        assert_eq!((outcome.authenticate, outcome.account), (Some(code::AUTH_ERR), None));
        let right = Login::new("password", "alice").answer(host.alice.password.as_str());
        assert!(application.login(&right).is_success());
        assert_eq!(application.login(&right).messages[0].style, 1);
        assert!(!application.login(&Login::new("password", "alice").answer("no")).is_success());
        assert!(!application.login(&Login::new("password", "alice")).is_success());
    });
}

#[test]
fn many_applications_pass_a_barrier_at_once() {
    Host::run_bare(|host| {
        // google-authenticator asks with an echo here, as Twinlock does.
        let secret = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP";
        let file = host.alice.home.join(".google_authenticator");
        let settings = format!("{secret}\n\" WINDOW_SIZE 3\n\" TOTP_AUTH\n");
        write(&file, &settings);
        demand(Command::new("chmod").arg("400").arg(&file));
        let module = "auth required pam_google_authenticator.so user=root echo_verification_code";
        let secret_file = format!("secret={}", file.display());
        install("ga", &[&format!("{module} {secret_file}"), "account required pam_permit.so"]);
        let mut phone = Authenticator::new(secret);
        let barrier = Barrier::close("rig");
        let attempt = Login::new("ga", "alice").answer(phone.fresh()).behind(barrier.path());
        let mut applications: Vec<_> = (0..4).map(|_| Application::start()).collect();
        for application in &mut applications {
            application.submit(&attempt);
            application.wait_at_barrier();
        }
        barrier.open();
        for application in &mut applications {
            let outcome = application.outcome();
            assert!(outcome.is_success(), "{outcome:?}");
            assert_eq!(outcome.code_prompts(), 1);
        }
        let wrong = Login::new("ga", "alice").answer(phone.wrong());
        assert_eq!(login(&wrong).authenticate, Some(code::AUTH_ERR));
    });
}

#[test]
fn neighbouring_codes_are_to_be_had_at_once() {
    // RFC 6238, appendix B: the SHA-1 key, eight digits there, the last six of them here.
    let mut phone = Authenticator::new("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
    // Before the others, which may be of a later step than these.
    let near = [-1, 0, 1].map(|step| phone.away(step));
    let codes = [phone.fresh(), phone.fresh()];
    assert!(codes.iter().all(|code| code.len() == 6) && codes[0] != codes[1]);
    assert!(near.contains(&codes[0]));
    assert!(!codes.contains(&phone.wrong()));
}

#[test]
fn syslog_is_captured_line_by_line() {
    Host::run_bare(|host| {
        let mark = host.syslog.mark();
        demand(Command::new("logger").args(["-t", "rig", "-p", "authpriv.info", "first line"]));
        demand(Command::new("logger").args(["-t", "rig", "-p", "authpriv.info", "second line"]));
        let line = host.syslog.wait_for(mark, &["rig", "second"], PATIENCE);
        assert!(line.contains("second line") && !line.contains("first line"), "{line}");
        assert_eq!(host.syslog.since(mark).len(), 2);
        assert!(line.starts_with("<86>"), "authpriv.info is 10 * 8 + 6: {line}");
    });
}

#[test]
fn peers_and_strangers_stand_where_they_should() {
    Host::run_bare(|_| {
        for manner in Manner::ALL {
            let _peer = Peer::start(manner);
            assert!(UnixStream::connect(LOGIN_SOCKET).is_ok(), "{manner:?}");
        }
        assert!(UnixStream::connect(LOGIN_SOCKET).is_err());
        let mut listen = as_user("alice", artifacts::stranger());
        listen.args(["listen", "/run/home/alice/login.sock"]);
        let stranger = Process::start("stranger", listen);
        assert!(stranger.stdout().find(0, "ready", PATIENCE).is_some());
        assert!(UnixStream::connect("/run/home/alice/login.sock").is_ok());
        assert!(stranger.stdout().find(0, "visited", PATIENCE).is_some());
        let mut hoard = as_user("alice", artifacts::stranger());
        hoard.args(["hoard", "/run/home/alice/login.sock", "5"]);
        let hoarder = Process::start("stranger", hoard);
        assert!(hoarder.stdout().find(0, "ready 5", PATIENCE).is_some());
    });
}

#[test]
fn a_process_ends_with_its_rig() {
    Host::run_bare(|_| {
        let mut command = Command::new("sleep");
        command.arg("600");
        let process = Process::start("sleep", command);
        let directory = format!("/proc/{}", process.pid());
        assert!(Path::new(&directory).exists());
        drop(process);
        assert!(eventually(Duration::from_secs(2), || !Path::new(&directory).exists()));
    });
}
