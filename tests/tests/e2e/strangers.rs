//! Local users who mean ill: a socket or a bus of their own, variables, calls that are not theirs.

use std::fs;
use std::process::Command;

use twinlock_tests::login::{Login, code};
use twinlock_tests::rig::application::{Application, login};
use twinlock_tests::rig::artifacts;
use twinlock_tests::rig::command::{enrol, errors, twinlock_as};
use twinlock_tests::rig::daemon::LOGIN_SOCKET;
use twinlock_tests::rig::host::Host;
use twinlock_tests::rig::namespace::write;
use twinlock_tests::rig::pam_stack::{install, password_then_code};
use twinlock_tests::rig::process::{PATIENCE, Process, as_user, demand, guarded};
use twinlock_tests::rig::terminal::Terminal;

const FALSE_BUS: &str = "/run/home/alice/bus";

#[test]
fn a_socket_of_a_stranger_is_not_believed() {
    Host::run_with_daemon(|host, daemon| {
        let phone = enrol("alice");
        daemon.stop();
        demand(Command::new("chown").args(["alice", "/run/twinlock"]));
        let _ = fs::remove_file(LOGIN_SOCKET);
        let mut listen = as_user("alice", artifacts::stranger());
        listen.args(["listen", LOGIN_SOCKET]);
        let stranger = Process::start("stranger", listen);
        assert!(stranger.stdout().find(0, "ready", PATIENCE).is_some());
        let mark = host.syslog.mark();
        let outcome = login(&Login::new("code", "alice").answer(phone.current()));
        assert_eq!(outcome.authenticate, Some(code::AUTHINFO_UNAVAIL), "{outcome:?}");
        let uid = demand(Command::new("id").args(["-u", "alice"]));
        host.syslog.wait_for(mark, &["pam_twinlock", uid.trim()], PATIENCE);
        let account = Login { authenticate: false, ..Login::new("code", "alice") };
        assert_eq!(login(&account).account, Some(code::AUTHINFO_UNAVAIL));
        // It would have said yes: the same peer as root is believed.
        drop(stranger);
        fs::remove_file(LOGIN_SOCKET).expect("the stranger's socket");
        let mut listen = guarded(artifacts::stranger());
        listen.args(["listen", LOGIN_SOCKET]);
        let root = Process::start("stranger", listen);
        assert!(root.stdout().find(0, "ready", PATIENCE).is_some());
        assert_eq!(login(&Login::new("code", "alice")).authenticate, Some(code::SUCCESS));
    });
}

/// A bus of alice's own, with a false daemon on it that lets everybody in.
fn false_bus() -> (Process, Process) {
    let configuration = "/run/home/alice/bus.conf";
    write(
        configuration,
        &format!(
            "<busconfig><type>system</type><listen>unix:path={FALSE_BUS}</listen>\
             <policy context=\"default\"><allow user=\"*\"/><allow own=\"*\"/>\
             <allow send_destination=\"*\"/><allow receive_sender=\"*\"/></policy></busconfig>"
        ),
    );
    let mut daemon = as_user("alice", "dbus-daemon");
    daemon.args(["--nofork", "--nopidfile", "--nosyslog", "--config-file", configuration]);
    let bus = Process::start("false bus", daemon);
    let mut connected = None;
    let came = twinlock_tests::rig::process::eventually(PATIENCE, || {
        connected = std::os::unix::net::UnixStream::connect(FALSE_BUS).ok();
        connected.is_some()
    });
    assert!(came, "the false bus does not listen: {}", bus.stderr().text());
    let mut join = as_user("alice", artifacts::stranger());
    join.args(["join", &format!("unix:path={FALSE_BUS}")]);
    let daemon = Process::start("stranger", join);
    let ready = daemon.stdout().find(0, "ready", PATIENCE);
    assert!(ready.is_some(), "the false daemon: {}", daemon.stderr().text());
    (bus, daemon)
}

/// Everything in which a caller could name a bus, a socket or a file to the module.
fn variables() -> Vec<(String, String)> {
    let address = format!("unix:path={FALSE_BUS}");
    let mut variables: Vec<_> = [
        "DBUS_SYSTEM_BUS_ADDRESS",
        "DBUS_SESSION_BUS_ADDRESS",
        "DBUS_STARTER_ADDRESS",
        "DBUS_STARTER_BUS_TYPE",
        "TWINLOCK_SOCKET",
        "TWINLOCK_BUS_ADDRESS",
        "PAM_TWINLOCK_SOCKET",
    ]
    .map(|name| (name.to_owned(), address.clone()))
    .to_vec();
    for name in ["TWINLOCK_CONFIG", "LD_LIBRARY_PATH", "LD_PRELOAD", "HOME", "XDG_RUNTIME_DIR"] {
        variables.push((name.to_owned(), "/run/home/alice".to_owned()));
    }
    for (name, value) in [("SSH_CONNECTION", "127.0.0.1 1 127.0.0.1 22"), ("RUST_LOG", "trace")] {
        variables.push((name.to_owned(), value.to_owned()));
    }
    variables
}

#[test]
fn su_and_sudo_ask_no_bus_that_a_variable_names() {
    Host::run_with_daemon(|host, daemon| {
        write(
            "/etc/sudoers",
            "Defaults passwd_tries=1, timestamp_timeout=0\nalice ALL=(ALL) ALL\n",
        );
        for service in ["su", "sudo"] {
            install(service, &password_then_code("timeout=2"));
        }
        let (alices, bobs) = (enrol("alice"), enrol("bob"));
        let (_bus, _daemon) = false_bus();
        let mut su = as_user("alice", "su");
        su.args(["bob", "-c", "echo in as $(id -un)"]).envs(variables());
        let mut sudo = as_user("alice", "sudo");
        sudo.args(["sh", "-c", "echo in as $(id -un)"]).envs(variables());
        let programs = [(su, &host.bob.password, bobs), (sudo, &host.alice.password, alices)];
        for (command, password, phone) in &programs {
            // The real daemon is asked, not the false one.
            let mut terminal = Terminal::start(command);
            terminal.expect("assword").expect(":").type_line(password);
            for _ in 0..3 {
                terminal.expect("Verification code").type_line(&phone.wrong());
            }
            assert!(!terminal.finish().success(), "{}", terminal.transcript());
            assert!(!terminal.transcript().contains("in as"), "{}", terminal.transcript());
        }
        daemon.stop();
        for (command, password, _) in &programs {
            let mark = host.syslog.mark();
            let mut terminal = Terminal::start(command);
            terminal.expect("assword").expect(":").type_line(password);
            assert!(!terminal.finish().success(), "{}", terminal.transcript());
            assert!(!terminal.transcript().contains("in as"), "{}", terminal.transcript());
            host.syslog.wait_for(mark, &["pam_twinlock"], PATIENCE);
        }
    });
}

#[test]
fn a_process_with_every_variable_set_still_asks_the_real_daemon() {
    Host::run_with_daemon(|_, _| {
        let mut phone = enrol("alice");
        let (_bus, _daemon) = false_bus();
        let variables = variables();
        let variables: Vec<_> = variables
            .iter()
            .filter(|(name, _)| !name.starts_with("LD_"))
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        let mut application = Application::start_with(&variables);
        let wrong = application.login(&Login::new("code", "alice").answer(phone.wrong()));
        assert!(!wrong.is_success() && wrong.code_prompts() > 0, "{wrong:?}");
        let right = application.login(&Login::new("code", "alice").answer(phone.fresh()));
        assert!(right.is_success(), "{right:?}");
    });
}

#[test]
fn a_user_reaches_neither_the_login_socket_nor_what_is_the_administrators() {
    Host::run_with_daemon(|_, _| {
        enrol("bob");
        let mut connect = as_user("alice", artifacts::stranger());
        connect.args(["hoard", LOGIN_SOCKET, "1"]);
        let hoarder = Process::start("stranger", connect);
        assert!(hoarder.stdout().find(0, "ready 0", PATIENCE).is_some(), "alice can connect");
        for arguments in [
            &["user", "list"][..],
            &["user", "show", "bob"],
            &["enroll", "bob", "--no-confirm", "--json"],
            &["reset", "bob", "--yes"],
            &["unlock", "bob"],
            &["verify", "bob", "000000"],
            &["factor", "list", "bob"],
        ] {
            let output = twinlock_as("alice", arguments);
            assert_eq!(output.status.code(), Some(1), "{arguments:?}: {}", errors(&output));
            assert!(output.stdout.is_empty(), "{arguments:?} printed something");
        }
    });
}
