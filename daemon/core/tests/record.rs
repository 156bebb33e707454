//! A user's record: what a typed code turns out to be, and what is remembered of it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

#[path = "support/hashing.rs"]
mod hashing;
#[path = "support/web1.rs"]
mod web1;

use std::time::Duration;

use hashing::Plain;
use twinlock_core::{
    contact::{Contact, Vouched},
    factor::{
        one_time_code::{Rules, Scope},
        totp::{Secret, TotpFactor},
    },
    lockout::Gate,
    login::{Source, User},
    notice::{Channels, Recipient},
    policy::{EnrolmentMode, Method, Methods},
    printed_code::PrintedCode,
    record::{CodeRules, Proof, Trial, UidMismatch, UserRecord, Verification},
    response::Response,
    scratch_codes::ScratchCodes,
    time::Timestamp,
    voucher::Bypass,
};
use web1::alice;

const NOW: Timestamp = Timestamp::from_secs(60);

/// The code of the secret of RFC 4226 appendix D at [`NOW`].
const RIGHT: &str = "359152";

fn enrolled() -> UserRecord {
    let mut record = UserRecord::new(&alice());
    let totp = TotpFactor::new(Secret::new(b"12345678901234567890".to_vec()));
    record.enrol("7F3KQ2".to_owned(), "phone".to_owned(), totp, NOW).unwrap();
    record
}

fn printed(n: u8) -> PrintedCode {
    PrintedCode::from_random(&[n; 10])
}

fn with_recovery() -> UserRecord {
    let mut record = enrolled();
    let codes = (1..=3).map(|n| printed(n).hashed([n; 16], &Plain)).collect();
    record.renew_recovery(codes, NOW);
    record
}

fn bypass(uses_left: u32, from: Option<&str>) -> Bypass {
    Bypass {
        id: "B1".to_owned(),
        code: printed(9).hashed([9; 16], &Plain),
        since: NOW,
        until: NOW.after(Duration::from_secs(3600)),
        uses_left,
        from: from.map(|place| place.parse().unwrap()),
        reason: "phone in repair".to_owned(),
        by: "root".to_owned(),
    }
}

struct Attempt {
    source: Source,
    service: &'static str,
    methods: Methods,
    now: Timestamp,
}

const HERE: &str = "203.0.113.9";

impl Default for Attempt {
    fn default() -> Self {
        let source = Source::Address(HERE.parse().unwrap());
        Self { source, service: "sshd", methods: Methods::ALL, now: NOW }
    }
}

impl Attempt {
    fn with(&self, record: &mut UserRecord, code: &str) -> Verification {
        let counter = self.source.counter_key();
        let trial = Trial {
            counter: &counter,
            source: &self.source,
            service: self.service,
            methods: self.methods,
            bypass: true,
            rules: &CodeRules::default(),
            hashing: &Plain,
            now: self.now,
            clock: NOW,
        };
        record.verify(&Response::new(code.to_owned()), &trial)
    }
}

fn verify(record: &mut UserRecord, code: &str) -> Verification {
    Attempt::default().with(record, code)
}

fn is_wrong(verification: &Verification) -> bool {
    matches!(verification, Verification::Wrong { .. })
}

#[test]
fn a_right_code_is_used_up_and_its_second_use_is_no_guess() {
    let mut record = enrolled();
    let proof = Proof::Totp { factor: "7F3KQ2".to_owned() };
    assert_eq!(verify(&mut record, RIGHT), Verification::Accepted(proof));
    assert_eq!(verify(&mut record, RIGHT), Verification::Used);
    assert_eq!(record.lockout.consecutive(), 0);
}

#[test]
fn while_a_source_waits_even_the_right_code_is_not_looked_at() {
    let mut record = with_recovery();
    for _ in 0..5 {
        assert!(is_wrong(&verify(&mut record, "000000")));
    }
    let before = record.clone();
    let recovery = printed(1).shown();
    for code in [RIGHT, recovery.as_str()] {
        let verification = verify(&mut record, code);
        assert!(matches!(verification, Verification::Refused(Gate::Wait(_))));
    }
    assert!(record == before, "a refused code changes nothing");
    let elsewhere = Attempt { source: Source::Unknown, ..Attempt::default() };
    assert!(matches!(elsewhere.with(&mut record, RIGHT), Verification::Accepted(_)));
}

#[test]
fn without_a_factor_every_code_is_wrong() {
    let mut record = UserRecord::new(&alice());
    for code in ["", "000000", RIGHT, &printed(1).shown()] {
        assert!(is_wrong(&verify(&mut record, code)), "{code:?}");
    }
}

#[test]
fn a_method_that_does_not_count_here_is_not_tried() {
    let mut record = with_recovery();
    let email = Attempt { methods: [Method::Email].into(), ..Attempt::default() };
    assert!(is_wrong(&email.with(&mut record, RIGHT)));
    assert!(is_wrong(&email.with(&mut record, &printed(1).shown())));
    assert!(matches!(verify(&mut record, RIGHT), Verification::Accepted(_)), "not used up");
}

#[test]
fn a_second_authenticator_does_not_hide_that_a_code_was_used() {
    let mut record = enrolled();
    let other = TotpFactor::new(Secret::new(b"another secret of 20".to_vec()));
    record.enrol("ZZZZZZ".to_owned(), "tablet".to_owned(), other, NOW).unwrap();
    assert!(matches!(verify(&mut record, RIGHT), Verification::Accepted(_)));
    assert_eq!(verify(&mut record, RIGHT), Verification::Used);
}

#[test]
fn each_recovery_code_works_once_however_it_is_written() {
    let mut record = with_recovery();
    let shown = printed(2).shown().to_lowercase().replace('-', " ");
    assert_eq!(verify(&mut record, &shown), Verification::Accepted(Proof::Recovery { left: 2 }));
    assert_eq!(verify(&mut record, &shown), Verification::Spent(NOW));
    let other = printed(1).shown();
    assert_eq!(verify(&mut record, &other), Verification::Accepted(Proof::Recovery { left: 1 }));
}

#[test]
fn a_recovery_code_opens_an_account_that_guesses_have_stopped_and_a_totp_code_does_not() {
    let mut record = with_recovery();
    for n in 0..100 {
        let source = Source::Address(format!("198.51.100.{n}").parse().unwrap());
        let _ = Attempt { source, ..Attempt::default() }.with(&mut record, "000000");
    }
    assert!(record.lockout.is_stopped());
    assert_eq!(verify(&mut record, RIGHT), Verification::Refused(Gate::Stopped));
    let code = printed(3).shown();
    assert_eq!(verify(&mut record, &code), Verification::Accepted(Proof::Recovery { left: 2 }));
    assert!(matches!(verify(&mut record, RIGHT), Verification::Accepted(_)));
}

#[test]
fn a_bypass_code_works_as_often_and_from_where_it_says_and_no_longer() {
    let mut record = enrolled();
    record.issue_bypass(bypass(2, Some("203.0.113.0/24")), NOW);
    let code = printed(9).shown();
    let far = Source::Address("198.51.100.1".parse().unwrap());
    assert!(is_wrong(&Attempt { source: far, ..Attempt::default() }.with(&mut record, &code)));
    let late = Attempt { now: NOW.after(Duration::from_secs(3600)), ..Attempt::default() };
    assert!(is_wrong(&late.with(&mut record.clone(), &code)));
    for left in [1, 0] {
        let proof = Proof::Bypass { id: "B1".to_owned(), left };
        assert_eq!(verify(&mut record, &code), Verification::Accepted(proof));
    }
    assert!(is_wrong(&verify(&mut record, &code)));
}

#[test]
fn a_bypass_code_does_not_end_the_row_of_wrong_codes() {
    let mut record = enrolled();
    record.issue_bypass(bypass(1, None), NOW);
    let _ = verify(&mut record, "000000");
    assert!(matches!(verify(&mut record, &printed(9).shown()), Verification::Accepted(_)));
    assert_eq!(record.lockout.consecutive(), 1);
}

#[test]
fn a_code_that_was_sent_is_good_in_its_service_and_five_wrong_ones_void_it() {
    let scope = Scope { user: "alice", service: "sshd", source: HERE };
    let mut record = enrolled();
    record.one_time.issue(scope, Method::Email, "482913", &Plain, &Rules::default(), NOW);
    let mut guessed = record.clone();
    let su = Attempt { service: "su", ..Attempt::default() };
    assert!(is_wrong(&su.with(&mut record, "482913")));
    let sent = Verification::Accepted(Proof::Sent(Method::Email));
    assert_eq!(verify(&mut record, "482913"), sent);
    assert_eq!(record.last_method, Some(Method::Email));
    assert_eq!(verify(&mut record, "482913"), Verification::Used);
    for n in 0..5 {
        let source = Source::Address(format!("198.51.100.{n}").parse().unwrap());
        assert!(is_wrong(&Attempt { source, ..Attempt::default() }.with(&mut guessed, "000000")));
    }
    assert_eq!(verify(&mut guessed.clone(), "482913"), sent, "wrong codes from elsewhere");
    for _ in 0..5 {
        assert!(is_wrong(&verify(&mut guessed, "000000")));
    }
    guessed.lockout.unlock();
    let late = verify(&mut guessed, "482913");
    assert!(matches!(late, Verification::Wrong { late: true, .. }), "{late:?}");
}

#[test]
fn after_a_reset_nothing_works_any_more_and_contacts_carry_invitations_only() {
    let mut record = with_recovery();
    record.issue_bypass(bypass(2, None), NOW);
    let value = "alice@example.org".parse().unwrap();
    let email = Contact { value, vouched: Vouched::User, since: NOW, last_used_at: None };
    record.set_email(Some(email), NOW);
    let scope = Scope { user: "alice", service: "sshd", source: HERE };
    record.one_time.issue(scope, Method::Email, "482913", &Plain, &Rules::default(), NOW);
    record.reset(&alice(), Some(EnrolmentMode::Invitation), NOW);
    for code in [RIGHT, "482913", &printed(1).shown(), &printed(9).shown()] {
        assert!(!matches!(verify(&mut record, code), Verification::Accepted(_)), "{code}");
    }
    let channels = Channels { email: true, mobile: true };
    assert!(!record.is_enrolled() && record.contacts.email.is_some());
    assert!(record.standing(channels).enrolled.is_empty());
    assert_eq!(record.standing(channels).enrolment, Some(EnrolmentMode::Invitation));
}

#[test]
fn a_contact_that_an_administrator_entered_carries_codes_but_is_nobody_s_choice() {
    let mut record = UserRecord::new(&alice());
    let value = "+14155550123".parse().unwrap();
    let mobile = Contact { value, vouched: Vouched::Administrator, since: NOW, last_used_at: None };
    record.set_mobile(Some(mobile), NOW);
    let without = record.standing(Channels::default());
    assert!(without.enrolled.contains(Method::Sms) && without.usable.is_empty() && !without.own);
    let with = record.standing(Channels { email: false, mobile: true });
    assert!(with.usable.contains(Method::Sms));
}

#[test]
fn a_record_survives_its_stored_form() {
    let mut record = with_recovery();
    record.issue_bypass(bypass(2, Some("local")), NOW);
    let scope = Scope { user: "alice", service: "sshd", source: HERE };
    record.one_time.issue(scope, Method::Email, "482913", &Plain, &Rules::default(), NOW);
    let _ = verify(&mut record, RIGHT);
    let _ = verify(&mut record, "000000");
    let stored = serde_json::to_vec(&record).unwrap();
    assert!(serde_json::from_slice::<UserRecord>(&stored).unwrap() == record);
}

/// As version 0.1.0 wrote it: what a user has not got is not written, so that an earlier version
/// reads back what it could have written itself.
#[test]
fn a_record_of_an_authenticator_alone_has_the_keys_of_the_first_version() {
    let stored = serde_json::to_value(enrolled()).unwrap();
    let keys: Vec<_> = stored.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(keys, ["factors", "first_seen", "lockout", "mfa", "news", "uid", "user"]);
}

/// As records have it that were written while a user could have been reminded of one date alone.
#[test]
fn a_record_with_the_one_date_of_a_reminder_is_read_and_written_as_it_was() {
    let mut stored = serde_json::to_value(enrolled()).unwrap();
    stored["reminded_of"] = 1_798_761_600.into();
    let record: UserRecord = serde_json::from_value(stored.clone()).unwrap();
    assert!(!record.reminded_of.is_empty());
    assert_eq!(serde_json::to_value(&record).unwrap(), stored);
}

#[test]
fn another_account_of_the_same_name_is_not_the_owner() {
    let newcomer = User { uid: 1001, ..alice() };
    let mismatch = UidMismatch { recorded: 1000, actual: 1001 };
    assert_eq!(enrolled().check_owner(&newcomer), Err(mismatch));
    let mut record = enrolled();
    record.reset(&newcomer, None, NOW);
    assert_eq!(record.check_owner(&newcomer), Ok(()));
    assert!(!record.is_enrolled());
}

fn recipient(method: Method, text: &str) -> Recipient {
    Recipient::read(method, text).unwrap().unwrap()
}

#[test]
fn a_contact_that_is_vouched_for_anew_stays_what_it_is_and_keeps_trust() {
    let mut record = enrolled();
    let address = recipient(Method::Email, "alice@example.org");
    assert!(record.set_contact(&address, Vouched::Administrator, NOW));
    let epoch = record.trust_epoch;
    assert!(!record.set_contact(&address, Vouched::User, NOW));
    assert_eq!(record.trust_epoch, epoch);
    assert_eq!(record.contacts.email.as_ref().unwrap().vouched, Vouched::User);
    // An administrator who types what is there already makes it nobody's word but the user's.
    assert!(!record.set_contact(&address, Vouched::Administrator, NOW));
    assert_eq!(record.contacts.email.as_ref().unwrap().vouched, Vouched::User);
    assert!(record.set_contact(&recipient(Method::Sms, "+14155550123"), Vouched::User, NOW));
    assert!(record.trust_epoch > epoch);
}

#[test]
fn recovery_codes_go_with_the_last_contact_that_they_stood_in_for() {
    let mut record = with_recovery();
    record.set_contact(&recipient(Method::Email, "alice@example.org"), Vouched::User, NOW);
    record.set_contact(&recipient(Method::Sms, "+14155550123"), Vouched::Administrator, NOW);
    record.factors.clear();
    record.scratch = ScratchCodes::new(["12345678"], [3; 16], &Plain).unwrap();
    assert!(record.take_contact(Method::Email, NOW).is_some());
    assert_eq!(record.recovery.len(), 3, "a code can still be sent");
    assert!(record.take_contact(Method::Sms, NOW).is_some());
    assert!(record.recovery.is_empty() && record.scratch.is_empty() && !record.has_factor());
    assert!(record.take_contact(Method::Sms, NOW).is_none());
}
