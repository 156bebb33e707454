//! `twinlock enroll` of who has no factor and enrols with an invitation.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test stops at its first surprise")]

mod support;

use support::daemon::{Daemon, LOCKING, NOW};
use support::person::{Scene, Shown};
use support::state::PRINTED;
use support::transcript;
use twinlock_bus_api::voucher::InvitationInfo;

const INVITATION: &str = "Invitation code: ";
const CODE: &str = "Verification code: ";
const WRONG: &str = "0000-0000-0000-0000";

/// Frank is invited.
fn invited() -> Daemon {
    let daemon = Daemon::for_caller("frank");
    let invitation = InvitationInfo { id: "N1".to_owned(), until: NOW + 2 * 86_400 };
    daemon.state.lock().unwrap().status_mut("frank").invitation = Some(invitation);
    daemon
}

fn enrol(daemon: &Daemon, script: &[(&'static str, &'static str)]) -> Shown {
    Scene::at_terminal(script).run(&["--config", daemon.config(), "enroll", "--qr", "none"])
}

#[test]
fn the_invitation_is_asked_for_and_not_what_a_code_is_asked_for_with() {
    let daemon = invited();
    let script = [(INVITATION, WRONG), (INVITATION, PRINTED), (CODE, "123456")];
    let shown = enrol(&daemon, &script);
    assert_eq!(shown.code, 0, "{}", shown.sentence);
    insta::assert_snapshot!("enrolled", shown.transcript());
    assert_eq!(daemon.requests(), ["begin frank ''", "enrol frank ''"]);
}

#[test]
fn an_enrolment_with_an_invitation_is_refused_with_what_to_do_next() {
    let mut all = String::new();
    for (daemon, script) in [
        (Daemon::for_caller("frank"), &[][..]),
        (invited(), &[(INVITATION, "")]),
        (invited(), &[(INVITATION, "7F3K\tQ2M8")]),
        (invited(), &[(INVITATION, LOCKING)]),
        (invited(), &[(INVITATION, WRONG), (INVITATION, WRONG), (INVITATION, WRONG)]),
    ] {
        let shown = enrol(&daemon, script);
        assert_eq!(shown.code, 1);
        assert!(daemon.requests().is_empty(), "{:?}", daemon.requests());
        all.push_str(&shown.transcript());
    }
    insta::assert_snapshot!("refused", all);
}

#[test]
fn the_invitation_can_come_from_standard_input_and_from_no_argument() {
    let daemon = invited();
    let enroll = ["--config", daemon.config(), "enroll", "--qr", "none"];
    let wrong = transcript(&enroll, &format!("{WRONG}\n{PRINTED}\n123456\n"));
    assert!(wrong.contains("That invitation code is not right") && wrong.contains("code 1"));
    assert!(daemon.requests().is_empty(), "nobody is there to be asked again");
    let right = transcript(&enroll, &format!("{PRINTED}\n123456\n"));
    assert!(right.contains("Done. frank has a new factor"), "{right}");
    let argument = transcript(&[&enroll[..], &["--invitation", PRINTED]].concat(), "");
    assert!(argument.contains("unexpected argument"), "{argument}");
}

#[test]
fn the_status_tells_the_invited_which_command_takes_it() {
    let daemon = invited();
    let status = transcript(&["--config", daemon.config(), "status"], "");
    assert!(
        status.contains("'twinlock enroll' adds one, and asks for the invitation."),
        "{status}"
    );
    let uninvited = Daemon::for_caller("frank");
    let status = transcript(&["--config", uninvited.config(), "status"], "");
    assert!(status.contains("takes an invitation: ask an administrator."), "{status}");
}
