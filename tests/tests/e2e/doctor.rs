//! `twinlock doctor` on a machine as the packages leave it, with one fault at a time.

mod machine;
mod mending;
mod planted;

use serde_json::Value;
use twinlock_tests::rig::command::twinlock_as;

use machine::{examine, run};

/// What is noted on a machine on which nothing is wrong: hosts are trusted for 14 days by default.
const WELL: [&str; 1] = ["long-trust"];

#[test]
fn the_stacks_of_the_distribution_with_twinlock_as_the_packages_have_it_are_not_severe() {
    run(|_| {
        let report = examine();
        assert_eq!(report.exit, 0, "{report:#?}");
        assert_eq!(report.faults(), WELL, "{report:#?}");
        for area in ["configuration", "pam", "sshd", "login-socket", "bus", "daemon", "store"] {
            assert!(report.json["examined"].as_array().unwrap().contains(&area.into()), "{area}");
        }
    });
}

#[test]
fn each_planted_fault_is_found_alone_and_its_mend_mends_it() {
    run(|daemon| {
        let all = planted::all();
        assert!(all.len() >= 15, "{} faults", all.len());
        for planted in all {
            let undo = (planted.plant)(daemon);
            let sick = examine();
            let of_it = |finding: &&Value| finding["fault"] == planted.fault;
            let found = sick.findings().iter().find(of_it);
            let found = found.unwrap_or_else(|| panic!("{}: not in {sick:#?}", planted.fault));
            let severe = sick.findings().iter().any(|finding| finding["severity"] == "severe");
            assert_eq!(found["severity"], planted.severity, "{found:#?}");
            assert_eq!(sick.exit == 1, severe, "{sick:#?}");
            let alone = sick.faults().iter().all(|fault| {
                let fault = fault.as_str();
                fault == planted.fault || WELL.contains(&fault) || planted.along.contains(&fault)
            });
            assert!(alone, "{}: {:?}", planted.fault, sick.faults());
            let mend = found["mend"].as_str().unwrap();
            assert!(mend.contains(planted.mend), "{}: {mend:?}", planted.fault);
            if mending::apply(mend) {
                let mended = examine();
                let left = mended.faults();
                assert!(!left.contains(&planted.fault.to_owned()), "{mend:?} leaves {mended:#?}");
            }
            undo(daemon);
            let well = examine();
            assert_eq!(well.faults(), WELL, "after {}: {well:#?}", planted.fault);
        }
    });
}

#[test]
fn a_stranger_is_told_what_takes_root_and_sees_the_rest() {
    run(|daemon| {
        let undo = planted::all().into_iter().find(|it| it.fault == "pam-refusal-ignored");
        let undo = (undo.expect("it is planted").plant)(daemon);
        let output = twinlock_as("alice", &["doctor", "--json"]);
        let json: Value = serde_json::from_slice(&output.stdout).expect("JSON");
        assert_eq!(output.status.code(), Some(1), "{json:#}");
        assert_eq!(json["findings"][0]["fault"], "pam-refusal-ignored", "{json:#}");
        let omitted = json["omitted"].as_array().expect("what was omitted").iter();
        let for_root: Vec<_> = omitted
            .filter(|omission| omission["needs_root"] == true)
            .map(|omission| omission["area"].as_str().unwrap().to_owned())
            .collect();
        assert_eq!(for_root, ["daemon", "login-socket", "store", "sshd"], "{json:#}");

        let output = twinlock_as("alice", &["doctor"]);
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(text.contains("Root sees more: sudo twinlock doctor"), "{text}");
        undo(daemon);
    });
}

#[test]
fn a_host_on_which_every_way_in_needs_the_daemon_is_warned_about() {
    run(|_| {
        machine::enable("login");
        let report = examine();
        assert_eq!(report.faults(), ["no-way-in", WELL[0]], "{report:#?}");
        assert_eq!(report.exit, 0, "{report:#?}");
    });
}
