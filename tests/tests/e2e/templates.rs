//! Templates of messages: a mistake in one is told, and stops nothing.

use twinlock_tests::rig::command::{errors, twinlock};
use twinlock_tests::rig::daemon::{CONFIGURATION, Daemon, configure};
use twinlock_tests::rig::host::Host;
use twinlock_tests::rig::namespace::write;

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
