//! The rules of libpam, one by one.

use std::path::PathBuf;

use super::*;
use crate::Folders;

const ANY: Assumptions = Assumptions { daemon: Daemon::Any, unknown: Role::FirstFactor };

/// Where a stack with these auth lines can end: how each path ends and what became of Twinlock.
fn ends(lines: &str, daemon: Daemon) -> BTreeSet<(bool, Asked)> {
    let folders = Folders::at(vec![PathBuf::from("/nonexistent/pam.d")])
        .with(PathBuf::from("/nonexistent/pam.d/x"), lines.as_bytes().to_vec())
        .with(
            PathBuf::from("/nonexistent/pam.d/inner"),
            b"auth sufficient pam_sss.so\nauth requisite pam_deny.so\n".to_vec(),
        );
    let stack = Stack::read(&folders, "x", Phase::Auth).unwrap();
    let ends = run(&stack, Assumptions { daemon, ..ANY }).unwrap();
    ends.into_iter().map(|end| (end.is_success(), end.asked)).collect()
}

fn lets_in(lines: &str) -> Vec<Asked> {
    let all = ends(lines, Daemon::Any).into_iter();
    all.filter(|(success, _)| *success).map(|(_, asked)| asked).collect()
}

#[test]
fn a_requisite_factor_and_a_required_code_let_in_by_both_only() {
    let stack = "auth requisite pam_unix.so\nauth required pam_twinlock.so\n";
    assert_eq!(lets_in(stack), [Asked::Allowed, Asked::Ignored]);
    assert!(ends(stack, Daemon::Down).iter().all(|(success, _)| !success));
}

#[test]
fn sufficient_ends_the_stack_and_a_substack_confines_it() {
    let tail = "auth required pam_twinlock.so\n";
    assert!(lets_in(&format!("auth sufficient pam_sss.so\n{tail}")).contains(&Asked::Never));
    assert!(lets_in(&format!("auth include inner\n{tail}")).contains(&Asked::Never));
    assert_eq!(lets_in(&format!("auth substack inner\n{tail}")), [Asked::Allowed, Asked::Ignored]);
}

#[test]
fn a_failure_before_keeps_sufficient_from_ending_it() {
    let stack = "auth required pam_deny.so\nauth sufficient pam_permit.so\n";
    assert_eq!(lets_in(stack), []);
}

#[test]
fn a_jump_passes_over_lines_and_a_substack_is_one() {
    let jump = |count: u32, middle: &str| {
        lets_in(&format!(
            "auth [success={count} default=ignore] pam_unix.so\n{middle}auth requisite pam_deny.so\n\
             auth required pam_permit.so\nauth required pam_twinlock.so\n"
        ))
    };
    assert_eq!(jump(1, ""), [Asked::Allowed, Asked::Ignored]);
    assert_eq!(jump(2, "auth substack inner\n"), [Asked::Allowed, Asked::Ignored]);
    assert_eq!(jump(3, ""), [], "nothing but the jump counted");
    assert_eq!(jump(9, ""), [], "there is not so much to jump over");
}

#[test]
fn what_every_line_ignores_is_a_refusal() {
    assert_eq!(lets_in("auth required pam_twinlock.so\n"), [Asked::Allowed]);
    assert_eq!(
        lets_in("auth required pam_twinlock.so\nauth required pam_permit.so\n"),
        [Asked::Allowed, Asked::Ignored]
    );
}

#[test]
fn a_reset_forgets_what_was_before_within_its_substack() {
    let reset = "auth [default=reset] pam_unix.so\nauth required pam_permit.so\n";
    assert_eq!(lets_in(&format!("auth required pam_deny.so\n{reset}")), [Asked::Never]);
}

#[test]
fn a_line_that_libpam_cannot_read_fails_and_its_control_may_make_nothing_of_that() {
    let ends = ends("auth sufficient\nauth required pam_permit.so\n", Daemon::Any);
    assert_eq!(Vec::from_iter(ends), [(false, Asked::Never), (true, Asked::Never)]);
}

#[test]
fn a_first_factor_ignores_only_what_it_was_told_to() {
    let stack = |argument: &str| {
        lets_in(&format!(
            "auth required pam_sss.so{argument}\nauth required pam_twinlock.so\n\
                          auth required pam_permit.so\n"
        ))
    };
    assert_eq!(stack(""), [Asked::Allowed, Asked::Ignored]);
    let ends = ends("auth required pam_sss.so ignore_unknown_user\n", Daemon::Any);
    assert!(ends.contains(&(false, Asked::Never)) && ends.contains(&(true, Asked::Never)));
    let told = "auth required pam_sss.so ignore_unknown_user\nauth required pam_permit.so\n";
    assert_eq!(lets_in(told), [Asked::Never]);
}

#[test]
fn a_stack_that_grows_without_measure_is_given_up() {
    let many = "auth [success=1 default=ignore] pam_succeed_if.so\n".repeat(2000);
    let folders = Folders::at(vec![PathBuf::from("/nonexistent/pam.d")])
        .with(PathBuf::from("/nonexistent/pam.d/x"), (many.clone() + &many).into_bytes());
    // Either libpam's bound on lines or ours; never an endless run.
    assert!(Stack::read(&folders, "x", Phase::Auth).is_err());
    let folders = Folders::at(vec![PathBuf::from("/nonexistent/pam.d")])
        .with(PathBuf::from("/nonexistent/pam.d/x"), many.into_bytes());
    let stack = Stack::read(&folders, "x", Phase::Auth).unwrap();
    assert!(run(&stack, ANY).is_some(), "two thousand lines are few states");
}
