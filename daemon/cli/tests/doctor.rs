//! What `twinlock doctor` prints.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test stops at its first surprise")]

use jiff::Timestamp;
use jiff::tz::TimeZone;
use twinlock_cli::doctor::finding::{Area, Finding, Omission, Place, Report, Severity};
use twinlock_cli::render::{Palette, View, diagnosis, json};
use twinlock_cli::verbs::doctor::conclude;

fn view(palette: Palette) -> View {
    View { palette, now: Timestamp::UNIX_EPOCH, zone: TimeZone::UTC, unicode: true }
}

fn report() -> Report {
    let finding = |severity, place| Finding {
        area: Area::Store,
        fault: "key-open",
        severity,
        place,
        what: "the key of the store has mode 0644".to_owned(),
        why: "Whoever reads it can make codes for everybody.".to_owned(),
        mend: "chmod 0600 /etc/twinlock/key".to_owned(),
    };
    Report {
        findings: vec![
            finding(Severity::Severe, Some(Place::file("/etc/twinlock/key"))),
            finding(Severity::Warning, Some(Place::line("/etc/pam.d/ss\u{1b}[2Jhd", 4))),
            finding(Severity::Note, None),
        ],
        examined: vec![Area::Configuration, Area::Bus, Area::Store],
        omitted: vec![
            Omission {
                area: Area::Sshd,
                because: "there is no sshd on this host".to_owned(),
                needs_root: false,
            },
            Omission {
                area: Area::LoginSocket,
                because: "only root can ask it for an answer".to_owned(),
                needs_root: true,
            },
        ],
    }
}

#[test]
fn a_finding_says_where_why_and_what_mends_it() {
    insta::assert_snapshot!(diagnosis::text(&report(), &view(Palette::plain())));
}

#[test]
fn severe_is_red_and_a_warning_is_yellow() {
    let text = diagnosis::text(&report(), &view(Palette::coloured()));
    assert!(text.contains("\u{1b}[31msevere\u{1b}[0m"), "{text}");
    assert!(text.contains("\u{1b}[33mwarning\u{1b}[0m"), "{text}");
    assert!(!text.contains("\u{1b}[2J"), "a name in a file draws on the terminal: {text}");
}

#[test]
fn nothing_found_says_so_and_what_was_looked_at() {
    let report = Report { examined: vec![Area::Clock, Area::Store], ..Report::default() };
    insta::assert_snapshot!(diagnosis::text(&report, &view(Palette::plain())));
}

#[test]
fn json_has_stable_keys() {
    let line = json::line(&diagnosis::Keys::from(&report())).unwrap();
    insta::assert_snapshot!(std::str::from_utf8(&line).unwrap());
}

#[test]
fn what_is_severe_fails_the_command_and_nothing_else_does() {
    let one = report();
    let mut two = report();
    two.findings.push(report().findings.remove(0));
    let sentences = [one, two].map(|report| conclude(&report).unwrap_err().to_string());
    insta::assert_snapshot!("severe", sentences.join("\n"));
    let mut harmless = report();
    harmless.findings.retain(|finding| finding.severity != Severity::Severe);
    assert!(conclude(&harmless).is_ok());
}
