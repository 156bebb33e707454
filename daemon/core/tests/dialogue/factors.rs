//! Codes that are sent, recovery codes and bypass codes at the prompt.

use std::time::Duration;

use twinlock_core::{
    contact::{Contact, Vouched},
    dialogue::{Settings, Verdict},
    lockout::Rules,
    notice::{Channels, Recipient, Subject},
    policy::{Method, Policy},
    printed_code::PrintedCode,
    record::UserRecord,
    voucher::Bypass,
};

use super::setup::{
    Login, NOW, WRONG, alice, bypass, enrolled, login, recovery_code, right, settings,
    with_recovery,
};

const ALL: &str = "? Verification code (or e: e-mail, s: text message, r: recovery code, l: lost \
                   everything): ";

pub fn with_contacts(mut record: UserRecord) -> UserRecord {
    let email = "alice@example.org".parse().unwrap();
    let mobile = "+14155550123".parse().unwrap();
    let (vouched, since, last_used_at) = (Vouched::Administrator, NOW, None);
    record.set_email(Some(Contact { value: email, vouched, since, last_used_at }), NOW);
    record.set_mobile(Some(Contact { value: mobile, vouched, since, last_used_at }), NOW);
    record
}

pub fn with_channels() -> Settings {
    let channels = Channels { email: true, mobile: true };
    Settings { channels, ..settings(Policy::default()) }
}

fn begin(record: UserRecord) -> Login {
    Login::of(with_channels(), record, login(), true)
}

/// The code in the last message to the user.
pub fn sent(login: &Login) -> String {
    match &login.notices.last().unwrap().subject {
        Subject::OneTimeCode { code, .. } => code.reveal().to_owned(),
        other => panic!("{other:?}"),
    }
}

fn seconds(n: u64) -> Duration {
    Duration::from_secs(n)
}

#[test]
fn every_method_that_counts_can_be_chosen_and_no_other() {
    assert_eq!(begin(with_contacts(with_recovery())).shown(), [ALL]);
    let no_gateway = Login::begin(Policy::default(), with_contacts(with_recovery()), login());
    let offline = "? Verification code (or r: recovery code, l: lost everything): ";
    assert_eq!(no_gateway.shown(), [offline]);
    let mut totp = Login::begin(Policy::default(), enrolled(), login());
    assert_eq!(totp.shown(), ["? Verification code: "]);
    totp.answer("e");
    assert!(totp.shown()[0].contains("not right"), "there is no address: {:?}", totp.shown());
    assert!(totp.notices.is_empty());
}

#[test]
fn a_code_by_e_mail_is_sent_once_asked_for_and_works_once() {
    let mut login = begin(with_contacts(enrolled()));
    login.answer("e");
    let about = "i A code is on its way to a…@example.org. It works once, for 10 minutes.";
    assert_eq!(login.shown()[0], about);
    let notice = login.notices.last().unwrap();
    assert_eq!(notice.to, [Recipient::Email("alice@example.org".parse().unwrap())]);
    let code = sent(&login);
    login.answer(&code).answer("n");
    assert_eq!(login.outcome().verdict, Verdict::Allow);
    assert_eq!(
        login.events(),
        ["code.sent: by e-mail to a…@example.org", "login.allowed: code by e-mail"]
    );
    assert!(!login.lines().join("\n").contains(&code));
    let mut again = login.again(NOW, super::setup::login());
    again.answer(&code);
    assert!(again.shown()[0].contains("used already"), "{:?}", again.shown());
}

#[test]
fn a_sent_code_lives_out_its_lifetime_over_a_dropped_connection_and_dies_after_it() {
    let mut first = begin(with_contacts(enrolled()));
    first.answer("s");
    let code = sent(&first);
    let mut later = first.again(NOW.after(seconds(599)), login());
    later.answer(&code).answer("n");
    assert_eq!(later.outcome().verdict, Verdict::Allow);
    let mut late = first.again(NOW.after(seconds(600)), login());
    late.answer(&code);
    assert!(late.shown()[0].contains("not good any more"), "{:?}", late.shown());
    assert_eq!(late.record.lockout.consecutive(), 1);
}

#[test]
fn asking_for_codes_is_throttled_and_no_guess() {
    let mut login = begin(with_contacts(enrolled()));
    login.answer("e").answer("e");
    let wait = "! A code was sent a moment ago. Ask for another in 30 seconds.";
    assert_eq!(login.shown()[0], wait);
    login.answer("s");
    assert_eq!(login.shown()[0], wait);
    assert_eq!((login.notices.len(), login.record.lockout.consecutive()), (1, 0));
}

#[test]
fn a_day_has_only_so_many_messages() {
    let mut record = with_contacts(enrolled());
    let mut settings = with_channels();
    settings.one_time_code.per_day = 3;
    for n in 0..5 {
        let now = NOW.after(seconds(60 * n));
        let mut login = Login::at(now, settings.clone(), record, |record, world| {
            twinlock_core::dialogue::Dialogue::open(login(), true, record, world)
        });
        login.answer("e");
        assert_eq!(login.notices.len(), usize::from(n < 3), "message {n}");
        assert_eq!(login.shown()[0].contains("No more codes are sent"), n >= 3);
        record = login.record;
    }
}

#[test]
fn where_nothing_else_is_left_a_code_is_sent_unasked_and_only_one() {
    let mut record = with_contacts(UserRecord::new(&alice()));
    record.contacts.mobile = None;
    let first = begin(record);
    assert_eq!(
        first.shown(),
        [
            "i A code is on its way to a…@example.org. It works once, for 10 minutes.",
            "? Verification code (or Enter: e-mail, l: lost everything): "
        ]
    );
    let mut second = first.again(NOW.after(seconds(60)), login());
    assert!(second.notices.is_empty());
    assert!(second.shown()[0].contains("still works"), "{:?}", second.shown());
    second.answer("");
    assert_eq!(second.notices.len(), 1, "asked for");
}

#[test]
fn the_method_that_was_used_last_is_what_enter_asks_for() {
    let mut record = with_contacts(with_recovery());
    record.last_method = Some(Method::Sms);
    let mut login = begin(record);
    let prompt = "? Verification code (or e: e-mail, Enter: text message, r: recovery code, l: lost \
                  everything): ";
    assert_eq!(login.shown(), [prompt]);
    login.answer("");
    assert!(matches!(login.notices[0].to[0], Recipient::Mobile(_)));
    let code = right();
    login.answer(&code).answer("n");
    assert_eq!(login.outcome().verdict, Verdict::Allow, "an authenticator needs no choice");
}

#[test]
fn a_recovery_code_works_once_and_says_how_many_are_left() {
    let mut login = Login::begin(Policy::default(), with_recovery(), login());
    login.answer("r");
    assert_eq!(login.shown(), ["? Recovery code: "]);
    login.answer("").answer("r").answer(&recovery_code(3).to_lowercase());
    assert_eq!(login.outcome().verdict, Verdict::Allow, "and no host is trusted after it");
    assert_eq!(login.shown(), ["i 9 recovery codes are left."]);
    assert!(matches!(login.notices[0].subject, Subject::RecoveryCodeUsed { left: 9 }));
    let mut again = login.again(NOW, super::setup::login());
    again.answer(&recovery_code(3));
    let used = "! This recovery code was used on 2027-01-15 08:00 UTC; take another one.";
    assert_eq!(again.shown()[0], used);
    assert_eq!(again.record.lockout.consecutive(), 0, "nobody has guessed it");
    again.answer(&recovery_code(3)).answer(&recovery_code(3));
    assert_eq!(again.outcome().verdict, Verdict::Deny, "three tries, as of any code");
    assert_eq!(again.events()[0], "code.refused: recovery code used before");
}

#[test]
fn a_spent_recovery_code_is_forgotten_with_its_set_and_a_guess_at_it_counts() {
    let mut first = Login::begin(Policy::default(), with_recovery(), login());
    first.answer(&recovery_code(3));
    let mut near = first.again(NOW, login());
    let mut other = [3; 10];
    other[9] = 4;
    near.answer(&PrintedCode::from_random(&other).shown());
    assert!(near.shown()[0].contains("not right"), "{:?}", near.shown());
    assert_eq!(near.record.lockout.consecutive(), 1);
    let mut renewed = first;
    renewed.record.renew_recovery(Vec::new(), NOW);
    let mut next = renewed.again(NOW, login());
    next.answer(&recovery_code(3));
    assert!(next.shown()[0].contains("not right"), "{:?}", next.shown());
    assert_eq!(next.record.lockout.consecutive(), 1);
}

#[test]
fn at_two_recovery_codes_left_the_person_is_told_to_make_new_ones() {
    let mut record = with_recovery();
    record.recovery.truncate(3);
    for left in ["2 recovery codes are left. Make", "One recovery code is left. Make", "the last"] {
        let mut login = Login::begin(Policy::default(), record, login());
        let code = (1..=3).map(recovery_code).nth(3 - login.record.recovery.len()).unwrap();
        login.answer(&code);
        assert!(login.shown()[0].contains(left), "{:?}", login.shown());
        record = login.record;
    }
}

#[test]
fn a_stopped_account_asks_for_a_recovery_code_and_one_opens_it() {
    let mut record = with_recovery();
    for n in 0..100 {
        let _ = record.lockout.record_failure(&format!("s{n}"), &Rules::default(), NOW);
    }
    let mut login = Login::begin(Policy::default(), record, login());
    assert!(
        login.shown()[0].contains("Only a recovery or bypass code is taken"),
        "{:?}",
        login.shown()
    );
    assert_eq!(login.shown()[1], "? Recovery code: ");
    login.answer(&right());
    assert_eq!(login.outcome().verdict, Verdict::Locked, "the authenticator's code does not");
    let mut login = login.again(NOW, super::setup::login());
    login.answer(&recovery_code(1));
    assert_eq!(login.outcome().verdict, Verdict::Allow);
    assert!(!login.record.lockout.is_stopped());
}

#[test]
fn a_bypass_code_lets_in_at_any_prompt_for_a_code_and_trusts_nothing() {
    let code = PrintedCode::from_random(&[99; 10]);
    let mut record = with_contacts(enrolled());
    record.issue_bypass(bypass(&code), NOW);
    let mut login = Login::begin(Policy::default(), record, login());
    login.answer(&code.shown());
    assert_eq!(login.outcome().verdict, Verdict::Allow);
    assert_eq!(login.events(), ["login.allowed: bypass code B1, 0 uses left"]);
    assert!(matches!(login.notices[0].subject, Subject::BypassUsed));
    let mut again = login.again(NOW, super::setup::login());
    again.answer(&code.shown());
    assert!(again.shown()[0].contains("not right"));
}

#[test]
fn a_dialogue_ends_after_its_prompts_whatever_was_asked_for() {
    let mut login = begin(with_contacts(with_recovery()));
    for _ in 0..8 {
        login.answer("e");
    }
    login.answer("r").answer(WRONG);
    assert!(!login.is_asking(), "{:?}", login.shown());
    assert_eq!(login.outcome().verdict, Verdict::Deny);
}

#[test]
fn where_a_bypass_code_is_in_force_it_stands_for_an_enrolment_too() {
    let code = PrintedCode::from_random(&[99; 10]);
    let mut record = UserRecord::new(&alice());
    let from = Some("203.0.113.0/24".parse().unwrap());
    record.issue_bypass(Bypass { from, ..bypass(&code) }, NOW);
    let mut login = Login::begin(Policy::default(), record, login());
    assert_eq!(login.shown(), ["? Bypass code (Enter: go on without one): "]);
    let mut without = login.again(NOW, super::setup::login());
    without.answer("");
    assert!(without.shown().join("").contains("Scan this"), "{:?}", without.shown());
    login.answer(WRONG);
    assert!(login.shown()[0].contains("not right"), "{:?}", login.shown());
    login.answer(&code.shown());
    assert_eq!(login.outcome().verdict, Verdict::Allow);
    assert_eq!(login.outcome().staged, []);
    let elsewhere = twinlock_core::login::LoginContext {
        source: twinlock_core::login::Source::Address("198.51.100.1".parse().unwrap()),
        ..super::setup::login()
    };
    let elsewhere = without.again(NOW, elsewhere);
    assert!(elsewhere.shown().join("").contains("Scan this"), "{:?}", elsewhere.shown());
}

#[test]
fn who_has_shown_nothing_is_asked_for_no_bypass_code() {
    let code = PrintedCode::from_random(&[99; 10]);
    let mut record = UserRecord::new(&alice());
    record.issue_bypass(bypass(&code), NOW);
    let nothing =
        twinlock_core::login::LoginContext { first_factors: Vec::new(), ..super::setup::login() };
    let login = Login::begin(Policy::default(), record, nothing);
    assert!(!login.shown().join("").contains("Bypass code"), "{:?}", login.shown());
}
