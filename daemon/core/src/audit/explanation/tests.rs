use super::*;
use crate::{
    audit::{AuditEvent, Happening},
    policy::{Decision, DenyReason, Methods, SkipReason},
    time::Timestamp,
};

fn explained(happening: Happening, cause: impl Into<String>) -> Explanation {
    let event = AuditEvent {
        service: Some("sshd".to_owned()),
        source: Some(crate::login::Source::Address("203.0.113.9".parse().unwrap())),
        ..AuditEvent::new(happening, "alice", cause)
    };
    explain(&AuditRecord::new(&event, Timestamp::EPOCH))
}

fn every_reason() -> Vec<DenyReason> {
    let totp = Methods::from_iter([crate::policy::Method::Totp]);
    vec![
        DenyReason::DeniedNetwork { network: "203.0.113.0/24".parse().unwrap() },
        DenyReason::NetworkNotAllowed { address: "203.0.113.9".parse().unwrap() },
        DenyReason::UnknownSource,
        DenyReason::NoFirstFactor,
        DenyReason::EnrolmentByAdmin,
        DenyReason::MethodsNotPermitted { enrolled: totp, permitted: totp },
        DenyReason::NoUsableMethod { enrolled: totp },
        DenyReason::NothingToEnrol,
        DenyReason::KeyAlone { service: "sshd".to_owned() },
    ]
}

#[test]
fn a_clock_that_is_off_is_told_with_its_direction_and_distance() {
    let ahead = explained(Happening::CodeRefused, "right code for another time: +3 steps of 30 s");
    assert_eq!(
        ahead.meaning,
        "The code was right for another time: the clock of the phone is about 90 seconds ahead of \
         the clock of this host (3 steps of 30 seconds)."
    );
    assert!(ahead.advice.contains("timedatectl"), "{}", ahead.advice);
    let behind =
        explained(Happening::CodeRefused, "right code for another time: -10 steps of 30 s");
    assert!(behind.meaning.contains("about 5 minutes behind"), "{}", behind.meaning);
}

#[test]
fn every_reason_of_the_policy_is_explained_with_what_to_do() {
    for reason in every_reason() {
        let told = explained(Happening::LoginRefused, reason.to_string());
        assert!(!told.meaning.starts_with("The login was refused:"), "{}", told.meaning);
        assert!(!told.advice.is_empty(), "{reason:?}");
        let command = "twinlock policy explain alice --service sshd --from 203.0.113.9";
        let is_of_the_policy = !matches!(reason, DenyReason::UnknownSource);
        assert_eq!(told.advice.contains(command), is_of_the_policy, "{}", told.advice);
    }
}

#[test]
fn what_observe_mode_let_through_is_explained_as_what_would_have_been() {
    for reason in every_reason() {
        let alone = explained(Happening::LoginRefused, reason.to_string());
        let would_be = Box::new(Decision::Deny(reason));
        let told =
            explained(Happening::LoginObserved, SkipReason::Observed { would_be }.to_string());
        assert!(told.meaning.starts_with("Nobody was refused"), "{}", told.meaning);
        assert!(told.meaning.ends_with(&alone.meaning), "{}", told.meaning);
        assert_eq!(told.advice, alone.advice);
    }
    let totp = Methods::from_iter([crate::policy::Method::Totp]);
    let would_be = Box::new(Decision::Require(totp));
    let told = explained(Happening::LoginObserved, SkipReason::Observed { would_be }.to_string());
    assert!(told.meaning.ends_with("would have been asked for one of: totp."), "{}", told.meaning);
    let told = explained(Happening::LoginObserved, "would deny: no such user");
    assert!(told.meaning.contains("NSS"), "{}", told.meaning);
}

#[test]
fn waits_and_stopped_accounts_are_told_with_what_ends_them() {
    let told = explained(Happening::LoginLocked, "the source waits 40 s");
    assert!(told.meaning.contains("another 40 seconds"), "{}", told.meaning);
    assert!(told.advice.contains("'twinlock unlock alice'"), "{}", told.advice);
    let told = explained(Happening::LoginLocked, "the account has reached its hard limit");
    assert!(told.advice.contains("'twinlock unlock alice'"), "{}", told.advice);
}

#[test]
fn a_record_of_an_earlier_account_is_told_with_both_uids() {
    let told = explained(Happening::LoginRefused, "the record is of uid 1000, the user has 4242");
    assert!(told.meaning.contains("uid 1000, and the name has uid 4242"), "{}", told.meaning);
    assert!(told.advice.contains("'twinlock reset alice'"), "{}", told.advice);
}

#[test]
fn trouble_names_where_to_look() {
    for (cause, place) in [
        ("the user database did not answer within 4 s", "nsswitch.conf"),
        ("the clock is 600 s behind the latest time seen; dates go by the latter", "timedatectl"),
        ("The store is out of service since a write failed (EIO).", "journalctl"),
        ("12 audit lines were lost: the log was too slow", "load"),
    ] {
        let told = explained(Happening::Trouble, cause);
        assert!(told.meaning.contains(cause), "{}", told.meaning);
        assert!(told.advice.contains(place), "{}", told.advice);
    }
}

#[test]
fn a_hostile_name_is_in_no_command() {
    let event = AuditEvent::new(Happening::LoginRefused, "$(reboot)", "no such user");
    let told = explain(&AuditRecord::new(&event, Timestamp::EPOCH));
    assert!(told.advice.contains("'getent passwd USER'"), "{}", told.advice);
    assert!(!told.advice.contains("reboot"), "{}", told.advice);
}

#[test]
fn what_is_not_known_is_shown_as_it_stands() {
    let told = explained(Happening::LoginRefused, "a cause of a later version");
    assert_eq!(told.meaning, "The login was refused: a cause of a later version.");
    assert_eq!(told.advice, "");
    let json = r#"{"at":0,"event":"phone.stolen"}"#;
    let told = explain(&serde_json::from_str(json).unwrap());
    assert_eq!(told.meaning, "Phone.stolen.");
}

#[test]
fn of_two_enrolments_the_later_is_told_of_the_other() {
    let cause = crate::record::Superseded::Enrolment.to_string();
    let told = explained(Happening::LoginRefused, cause);
    assert!(told.meaning.contains("another one of the same user"), "{}", told.meaning);
}

#[test]
fn what_became_of_an_invitation_or_a_request_is_told_with_the_next_command() {
    for (cause, command) in [
        ("not an invitation code", "'twinlock invite alice'"),
        ("an invitation code, and the user has no invitation", "'twinlock invite alice'"),
        ("the invitation has expired", "'twinlock invite alice'"),
        ("wrong invitation code", "'twinlock invite alice'"),
        (&crate::record::Superseded::Invitation.to_string(), "'twinlock invite alice'"),
        (&crate::record::Superseded::Factors.to_string(), "Log in again"),
        ("asks for a reset", "'twinlock reset approve'"),
        ("a reset request is open already", "'twinlock reset list'"),
        ("a reset was asked for less than a day ago", "'twinlock reset list'"),
        ("asks for a reset without a first factor", "after the module that takes the password"),
    ] {
        let told = explained(Happening::LoginRefused, cause);
        assert!(!told.meaning.contains(cause) || cause == "asks for a reset", "{}", told.meaning);
        assert!(told.advice.contains(command), "{cause}: {}", told.advice);
    }
    let told = explained(Happening::BypassIssued, "bypass 7F3KQ2 until x, uses 1: phone lost");
    assert!(
        told.meaning.ends_with("bypass 7F3KQ2 until x, uses 1: phone lost."),
        "{}",
        told.meaning
    );
}
