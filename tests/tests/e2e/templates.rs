//! Templates of messages: what they say is what people read from the next reload on; a mistake in one
//! is told, and stops nothing.

use std::fs;

use twinlock_tests::rig::bus::Bus;
use twinlock_tests::rig::command::{enrol, errors, twinlock};
use twinlock_tests::rig::daemon::{CONFIGURATION, Daemon, configure};
use twinlock_tests::rig::gateway::{Answer, Gateway};
use twinlock_tests::rig::host::Host;
use twinlock_tests::rig::namespace::write;
use twinlock_tests::rig::process::PATIENCE;

const TEMPLATE: &str = "/etc/twinlock/templates/one-time-code.sms";

#[test]
fn a_mistake_in_a_template_is_told_with_its_line_by_the_command_and_by_the_daemon_which_starts() {
    Host::run(|_| {
        configure("version = 1\n");
        for (text, line, message) in [
            ("Hello\nYour code is {{ cod }}.\n", 2, "unknown variable \"cod\""),
            ("{% if source %}\nfrom {{ source }}\n", 2, "syntax error"),
        ] {
            write(TEMPLATE, text);
            let output = twinlock(&["config", "check"]);
            let shown = String::from_utf8_lossy(&output.stdout).into_owned();
            assert_eq!(output.status.code(), Some(0), "{shown}{}", errors(&output));
            assert!(shown.contains(&format!("{TEMPLATE}:{line}:")), "{shown}");
            assert!(shown.contains(message) && shown.contains("with 1 warning"), "{shown}");
            assert!(shown.contains("the shipped template is used in its place"), "{shown}");

            let mut daemon = Daemon::start();
            assert!(daemon.says(&format!("{TEMPLATE}:{line}:")), "{}", daemon.stderr());
            write(TEMPLATE, "Your code is {{ code }}.\n");
            daemon.reload();
            assert_eq!(daemon.stderr().matches(TEMPLATE).count(), 1, "{}", daemon.stderr());
            daemon.stop();
        }
        let output = twinlock(&["config", "check", CONFIGURATION]);
        let shown = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(shown.contains("is valid.\n"), "{shown}");
    });
}

#[test]
fn a_message_is_worded_as_the_template_says_from_the_reload_on_and_until_the_template_is_gone() {
    const RENEWED: &str = "/etc/twinlock/templates/recovery-codes-renewed.sms";
    Host::run(|_| {
        let gateway = Gateway::start(Answer::Status(202));
        configure(&format!(
            "version = 1\n[sms]\nurl = \"http://127.0.0.1:{}/?to={{to}}&text={{text}}\"\n",
            gateway.port()
        ));
        let _bus = Bus::start();
        let mut daemon = Daemon::start();
        enrol("alice");
        run(&["contact", "set", "alice", "--mobile", "+14155550123"]);
        // The first message tells of the number.
        let mut earlier = 1;
        let mut reads = || {
            run(&["recovery", "new", "alice", "--yes"]);
            let request = gateway.wait_for(earlier, PATIENCE);
            earlier += 1;
            request.line.replace("%20", " ")
        };
        let shipped = "New recovery codes were made for alice on web1";
        let worded = "text=Fresh codes for alice at web1 ";

        assert!(reads().contains(shipped));
        write(RENEWED, "Fresh codes for {{ user }} at {{ host }}\n");
        assert!(reads().contains(shipped), "nobody has asked for a reload");
        daemon.reload();
        let line = reads();
        assert!(line.contains(worded) && !line.contains("recovery"), "{line}");
        fs::remove_file(RENEWED).expect("remove the template");
        daemon.reload();
        assert!(reads().contains(shipped));
    });
}

fn run(arguments: &[&str]) {
    let output = twinlock(arguments);
    assert!(output.status.success(), "{}", errors(&output));
}
