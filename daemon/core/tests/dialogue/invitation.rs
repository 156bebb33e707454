//! Enrolment at a login that needs an invitation.

use std::time::Duration;

use twinlock_core::{
    dialogue::{Staged, Verdict},
    policy::{EnrolmentMode, Level, Policy},
    printed_code::PrintedCode,
    record::{Superseded, UserRecord},
    voucher::Invitation,
};

use super::hashing::Plain;
use super::setup::{Login, NOW, alice, login};

fn code() -> PrintedCode {
    PrintedCode::from_random(&[42; 10])
}

fn invited() -> UserRecord {
    let mut record = UserRecord::new(&alice());
    let until = NOW.after(Duration::from_secs(3 * 86_400));
    let code = code().hashed([1; 16], &Plain);
    record.invite(Invitation { code, id: "INV1".to_owned(), until });
    record
}

fn begin(record: UserRecord) -> Login {
    Login::begin(Policy { level: Level::VeryHigh, ..Policy::default() }, record, login())
}

/// Goes through the enrolment that is offered.
fn enrol(login: &mut Login) {
    let text = login.shown().join("\n");
    let key = text.split("Key: ").nth(1).expect("a key is offered");
    let key = key.lines().next().unwrap().replace(' ', "");
    let secret = data_encoding::BASE32_NOPAD.decode(key.as_bytes()).unwrap();
    login.answer(&super::setup::code_of(&secret, 0)).answer("");
}

#[test]
fn the_invitation_is_typed_first_and_used_up_when_the_login_has_gone_through() {
    let mut login = begin(invited());
    assert_eq!(login.shown()[1], "? Invitation code: ");
    login.answer(&code().shown().to_lowercase());
    enrol(&mut login);
    assert_eq!(login.outcome().verdict, Verdict::Allow);
    assert!(login.record.invitation.is_some() && !login.record.is_enrolled());
    let mut second = begin(login.record.clone());
    second.answer(&code().shown());
    enrol(&mut second);
    login.redeem();
    assert!(login.record.is_enrolled() && login.record.invitation.is_none());
    let staged = &second.outcome().staged[0];
    assert_eq!(login.record.apply(staged, &Plain, NOW), Err(Superseded::Enrolment));
}

#[test]
fn an_invitation_that_was_withdrawn_in_between_enrols_nobody() {
    let mut login = begin(invited());
    login.answer(&code().shown());
    enrol(&mut login);
    login.record.invitation = None;
    let staged: Vec<Staged> = login.outcome().staged.clone();
    assert_eq!(login.record.apply(&staged[0], &Plain, NOW), Err(Superseded::Invitation));
    assert!(!login.record.is_enrolled());
}

#[test]
fn an_invitation_whose_time_ended_before_the_code_enrols_nobody() {
    let mut login = begin(invited());
    login.answer(&code().shown());
    enrol(&mut login);
    login.record.invitation.as_mut().unwrap().until = NOW;
    let staged: Vec<Staged> = login.outcome().staged.clone();
    assert_eq!(login.record.apply(&staged[0], &Plain, NOW), Err(Superseded::Invitation));
    assert!(!login.record.is_enrolled());
}

#[test]
fn wrong_late_and_missing_invitations_look_alike_and_cost_what_wrong_codes_cost() {
    let mut late = invited();
    late.invitation.as_mut().unwrap().until = NOW;
    let wrong = PrintedCode::from_random(&[43; 10]).shown().to_string();
    let right = code().shown().to_string();
    for (record, typed, cause) in [
        (invited(), wrong.as_str(), "wrong invitation code"),
        (late, &right, "the invitation has expired"),
        (UserRecord::new(&alice()), &right, "an invitation code, and the user has no invitation"),
        (invited(), "123456", "not an invitation code"),
    ] {
        let mut login = begin(record);
        login.answer(typed);
        assert!(login.shown()[0].contains("not right, or its time is over"), "{cause}");
        assert_eq!(login.events(), [format!("code.refused: {cause}")]);
        assert_eq!(login.record.lockout.consecutive(), 0, "it says nothing of the account");
        login.answer(typed).answer(typed);
        assert_eq!(login.outcome().verdict, Verdict::Deny);
        let mut next = begin(login.record);
        next.answer(typed).answer(typed);
        assert_eq!(next.outcome().verdict, Verdict::Locked, "five make the source wait");
        let waiting = begin(next.record);
        assert_eq!(waiting.outcome().verdict, Verdict::Locked, "and it is not even asked");
    }
}

#[test]
fn an_enrolment_that_was_offered_before_a_reset_is_none_after_it() {
    let mut login = Login::begin(Policy::default(), UserRecord::new(&alice()), login());
    enrol(&mut login);
    let staged: Vec<Staged> = login.outcome().staged.clone();
    login.record.reset(&alice(), Some(EnrolmentMode::Invitation), NOW);
    assert_eq!(login.record.apply(&staged[0], &Plain, NOW), Err(Superseded::Factors));
    assert!(!login.record.is_enrolled());
}

#[test]
fn after_a_reset_the_password_alone_enrols_nobody() {
    let mut record = UserRecord::new(&alice());
    record.reset(&alice(), Some(EnrolmentMode::Invitation), NOW);
    let login = Login::begin(Policy::default(), record, login());
    assert_eq!(login.shown()[1], "? Invitation code: ");
}

#[test]
fn recovery_codes_are_shown_with_the_enrolment_and_each_works_once() {
    let mut login = begin(invited());
    login.answer(&code().shown());
    let text = login.shown().join("\n");
    let key = text.split("Key: ").nth(1).unwrap().lines().next().unwrap().replace(' ', "");
    let secret = data_encoding::BASE32_NOPAD.decode(key.as_bytes()).unwrap();
    login.answer(&super::setup::code_of(&secret, 0));
    let text = login.shown().join("\n");
    let codes: Vec<_> = text.split_whitespace().filter(|word| word.len() == 19).collect();
    assert_eq!(codes.len(), 10, "{text}");
    login.answer("").redeem();
    assert_eq!(login.record.recovery.len(), 10);
    for (n, code) in codes.iter().enumerate() {
        let mut next = login.again(NOW, super::setup::login());
        next.answer(code);
        // The random bytes of a test are all alike, and so are its codes.
        assert_eq!(next.outcome().verdict, Verdict::Allow, "code {n}");
        login.record = next.record;
    }
    let mut next = login.again(NOW, super::setup::login());
    next.answer(codes[0]);
    assert_ne!(next.shown()[0], "i ");
    assert!(next.is_asking());
}
