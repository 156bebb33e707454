//! What happens to the account while a dialogue is open: whoever stands at the prompt goes on with the
//! account as it is by now, not as it was when they came.

use std::time::Duration;

use twinlock_core::{
    dialogue::{Staged, Verdict},
    factor::totp::{Secret, TotpFactor},
    policy::{EnrolmentMode, Level, Policy},
    printed_code::PrintedCode,
    record::UserRecord,
    voucher::Invitation,
};

use super::factors::{with_channels, with_contacts};
use super::hashing::Plain;
use super::setup::{Login, NOW, SECRET, alice, bypass, code_of, enrolled, login, right};

fn enrol_elsewhere(login: &mut Login) {
    let totp = TotpFactor::new(Secret::new(SECRET));
    login.record.enrol("OWNER1".to_owned(), "phone".to_owned(), totp, NOW).unwrap();
}

/// Somebody at the prompt for the bypass code that alice has.
fn at_the_bypass_prompt() -> Login {
    let mut record = UserRecord::new(&alice());
    record.issue_bypass(bypass(&PrintedCode::from_random(&[99; 10])), NOW);
    let login = Login::begin(Policy::default(), record, login());
    assert!(login.shown()[0].starts_with("? Bypass code"), "{:?}", login.shown());
    login
}

#[test]
fn who_waits_for_the_owner_to_enrol_is_asked_for_the_owner_s_code() {
    let mut login = at_the_bypass_prompt();
    enrol_elsewhere(&mut login);
    login.answer("");
    assert!(
        login.shown().last().unwrap().starts_with("? Verification code"),
        "{:?}",
        login.shown()
    );
    login.answer(&right()).answer("n");
    assert_eq!(login.outcome().verdict, Verdict::Allow);
    assert!(!login.outcome().staged.iter().any(|staged| matches!(staged, Staged::Enrol(_))));
}

#[test]
fn who_waits_for_a_reset_enrols_nothing() {
    let mut login = at_the_bypass_prompt();
    login.record.reset(&alice(), Some(EnrolmentMode::Invitation), NOW);
    login.answer("");
    assert_eq!(login.outcome().verdict, Verdict::Deny);
    assert!(login.shown()[0].contains("changed just now"), "{:?}", login.shown());
}

#[test]
fn after_a_reset_no_code_goes_to_the_contacts_that_it_left() {
    let mut login = Login::of(with_channels(), with_contacts(enrolled()), login(), true);
    login.record.reset(&alice(), Some(EnrolmentMode::Invitation), NOW);
    login.answer("e");
    assert_eq!(login.outcome().verdict, Verdict::Deny);
    assert_eq!(login.notices, []);
    assert_eq!(login.record.lockout.consecutive(), 0);
}

#[test]
fn an_invitation_enrols_nobody_beside_the_owner() {
    let code = PrintedCode::from_random(&[42; 10]);
    let mut record = UserRecord::new(&alice());
    let until = NOW.after(Duration::from_secs(86_400));
    record.invite(Invitation { code: code.hashed([1; 16], &Plain), id: "I1".to_owned(), until });
    let policy = Policy { level: Level::VeryHigh, ..Policy::default() };
    let mut login = Login::begin(policy, record, login());
    assert_eq!(login.shown().last().unwrap(), "? Invitation code: ");
    enrol_elsewhere(&mut login);
    login.answer(&code.shown());
    assert_eq!(login.outcome().verdict, Verdict::Deny);
    assert_eq!(login.record.factor_ids(), ["OWNER1"]);
}

#[test]
fn a_key_that_was_shown_before_a_reset_is_confirmed_by_nobody() {
    let mut login = Login::begin(Policy::default(), UserRecord::new(&alice()), login());
    let text = login.shown().join("\n");
    let key = text.split("Key: ").nth(1).and_then(|key| key.lines().next()).unwrap();
    let key = data_encoding::BASE32_NOPAD.decode(key.replace(' ', "").as_bytes()).unwrap();
    login.record.reset(&alice(), Some(EnrolmentMode::Invitation), NOW);
    login.answer(&code_of(&key, 0));
    assert_eq!(login.outcome().verdict, Verdict::Deny);
    assert_eq!(login.outcome().staged, []);
}
