//! Faults of how messages are sent, and what a policy allows.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;

use twinlock_tests::rig::namespace::write;

use super::{Planted, configured, fault};

const PASSWORD: &str = "/etc/twinlock/smtp.password";

/// All of them.
pub fn all() -> Vec<Planted> {
    vec![
        Planted {
            // The level that holds by default takes codes by e-mail once it is sent.
            along: &["email-factor"],
            ..fault(
                "warning",
                "server-unreachable",
                configured(
                    "[email]\nserver = \"smtps://203.0.113.1:9\"\nfrom = \"a@example.org\"\n",
                ),
                "telnet://203.0.113.1:9",
            )
        },
        Planted {
            along: &["server-unreachable"],
            ..fault(
                "warning",
                "email-factor",
                configured(
                    "[email]\nserver = \"smtps://203.0.113.1:9\"\nfrom = \"a@example.org\"\n",
                ),
                "methods = [\"totp\", \"recovery\"]",
            )
        },
        Planted {
            along: &["server-unreachable", "email-factor"],
            ..fault(
                "severe",
                "password-file-open",
                |machine| {
                    write(PASSWORD, "secret\n");
                    fs::set_permissions(PASSWORD, Permissions::from_mode(0o644)).expect("open it");
                    let undo = configured(format!(
                        "[email]\nserver = \"smtps://bob@203.0.113.1:9\"\n\
                         from = \"a@example.org\"\npassword_file = \"{PASSWORD}\"\n"
                    ))(machine);
                    Box::new(|machine| {
                        undo(machine);
                        fs::remove_file(PASSWORD).expect("leave nothing");
                    })
                },
                "chmod o= /etc/twinlock/smtp.password",
            )
        },
        fault(
            "warning",
            "program-unusable",
            configured("[sms]\ncommand = [\"/usr/bin/no-such-program\", \"{to}\"]\n"),
            "Install what brings /usr/bin/no-such-program",
        ),
        fault(
            "warning",
            "address-trust",
            configured("[remember]\nbind = \"address\"\n"),
            "bind = \"auto\"",
        ),
    ]
}
