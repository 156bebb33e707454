//! A record that comes back from a backup: what is void, and what goes on from the present.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

#[path = "support/hashing.rs"]
mod hashing;

use std::time::Duration;

use hashing::Plain;
use twinlock_core::{
    contact::{Contact, Vouched},
    factor::{
        Kind,
        hotp::{self, HotpFactor},
        one_time_code::{Check as Sent, Rules as SendRules, Scope},
        totp::{Check, Secret, TotpFactor},
    },
    lockout::Rules,
    login::User,
    policy::{EnrolmentMode, Method, Methods},
    printed_code::PrintedCode,
    record::{Present, UserRecord},
    reset_request::ResetRequest,
    scratch_codes::ScratchCodes,
    time::Timestamp,
    trusted_host::{Binding, TrustedHost},
    voucher::{Bypass, Invitation},
};

/// The codes of the secret of RFC 4226 appendix D, at the steps 0 to 9.
const CODES: [&str; 10] = [
    "755224", "287082", "359152", "969429", "338314", "254676", "287922", "162583", "399871",
    "520489",
];

/// The fifth time step.
const NOW: Timestamp = Timestamp::from_secs(4 * 30);

const PRESENT: Present = Present { clock: NOW, window: 1 };

fn record(uid: u32) -> UserRecord {
    UserRecord::new(&User { name: "alice".to_owned(), uid, groups: Vec::new() })
}

fn enrolled(uid: u32, secret: &[u8]) -> UserRecord {
    let mut record = record(uid);
    let totp = TotpFactor::new(Secret::new(secret));
    record.enrol("7F3KQ2".to_owned(), "phone".to_owned(), totp, NOW).unwrap();
    record
}

fn alice() -> UserRecord {
    enrolled(1000, b"12345678901234567890")
}

fn totp(record: &mut UserRecord) -> &mut TotpFactor {
    let Kind::Totp(totp) = &mut record.factors[0].kind else { panic!("no TOTP") };
    totp
}

fn check(record: &mut UserRecord, step: usize) -> Check {
    totp(record).check(CODES[step], 1, Timestamp::from_secs(30 * step as u64))
}

fn printed(n: u8) -> PrintedCode {
    PrintedCode::from_random(&[n; 10])
}

fn until() -> Timestamp {
    NOW.after(Duration::from_secs(3600))
}

#[test]
fn no_code_that_could_have_been_used_by_now_works_again() {
    let mut restored = alice().restored(None, PRESENT);
    for step in 3..=5 {
        assert_eq!(check(&mut restored, step), Check::Used, "step {step}");
    }
    assert_eq!(check(&mut restored, 6), Check::Fresh { step: 6 });
}

#[test]
fn what_the_store_knows_to_be_used_stays_used_though_its_clock_was_ahead() {
    let mut stored = alice();
    totp(&mut stored).accept(8);
    let mut restored = alice().restored(Some(&stored), PRESENT);
    assert_eq!(check(&mut restored, 8), Check::Used);
    assert_eq!(check(&mut restored, 9), Check::Fresh { step: 9 });
    // Also where the record is of an earlier account, but the key is the same.
    let mut of_another = enrolled(1001, b"12345678901234567890");
    totp(&mut of_another).accept(8);
    assert_eq!(check(&mut alice().restored(Some(&of_another), PRESENT), 8), Check::Used);
}

#[test]
fn a_token_that_counts_moves_past_what_a_login_would_have_taken() {
    let token = HotpFactor::imported(Secret::new(b"12345678901234567890"), 6, 0).unwrap();
    let mut backup = alice();
    backup.factors[0].kind = Kind::Hotp(token.clone());
    let of = |record: &UserRecord| match &record.factors[0].kind {
        Kind::Hotp(hotp) => CODES.map(|code| hotp.check(code)),
        Kind::Totp(_) => panic!("no HOTP"),
    };
    assert!(of(&backup).iter().all(|check| matches!(check, hotp::Check::Fresh { .. })));
    let fresh = |check: &hotp::Check| matches!(check, hotp::Check::Fresh { .. });
    assert!(!of(&backup.restored(None, PRESENT)).iter().any(fresh));
}

#[test]
fn of_scratch_codes_those_stay_that_the_store_has_too() {
    let codes = ["12345678", "23456789"];
    let (mut stored, mut backup) = (alice(), alice());
    backup.scratch = ScratchCodes::new(codes, [1; 16], &Plain).unwrap();
    stored.scratch = backup.scratch.clone();
    let used = stored.scratch.find(codes[0], &Plain).unwrap();
    stored.scratch.spend(used);
    let restored = backup.clone().restored(Some(&stored), PRESENT);
    assert!(restored.scratch.find(codes[0], &Plain).is_none());
    assert!(restored.scratch.find(codes[1], &Plain).is_some());
    stored.scratch = ScratchCodes::new(codes, [2; 16], &Plain).unwrap();
    assert!(backup.restored(Some(&stored), PRESENT).scratch.is_empty(), "another set");
}

#[test]
fn invitations_bypass_codes_and_requests_are_void() {
    let mut record = alice();
    record.invite(Invitation {
        code: printed(1).hashed([1; 16], &Plain),
        id: "I1".to_owned(),
        until: until(),
    });
    record.issue_bypass(
        Bypass {
            id: "B1".to_owned(),
            code: printed(2).hashed([2; 16], &Plain),
            since: NOW,
            until: until(),
            uses_left: 1,
            from: None,
            reason: "phone left at home".to_owned(),
            by: "root".to_owned(),
        },
        NOW,
    );
    record.reset_request = Some(ResetRequest {
        id: "R1".to_owned(),
        since: NOW,
        source: "local".to_owned(),
        service: "sshd".to_owned(),
        reason: None,
        closed: false,
    });
    let restored = record.restored(None, PRESENT);
    assert!(restored.invitation.is_none() && restored.bypasses.is_empty());
    assert!(restored.reset_request.as_ref().is_some_and(|request| !request.is_open(NOW)));
}

/// Where the mailed code and the trusted host of [`trusting`] are good.
const SCOPE: Scope<'_> = Scope { user: "alice", service: "sshd", source: "203.0.113.9" };

/// With a code on its way by e-mail, and a host that is trusted for an hour.
fn trusting() -> UserRecord {
    let mut record = alice();
    record.one_time.issue(SCOPE, Method::Email, "123456", &Plain, &SendRules::default(), NOW);
    let address = Some("203.0.113.9/32".parse().unwrap());
    let host = TrustedHost {
        id: "H1".to_owned(),
        binding: Binding { address, key: None },
        since: NOW,
        until: until(),
        last_used_at: None,
    };
    record.trust(host, 20, NOW);
    record
}

fn mailed(record: &mut UserRecord) -> Sent {
    record.one_time.check(SCOPE, Methods::ALL, "123456", &Plain, NOW)
}

#[test]
fn a_code_on_its_way_and_the_trust_in_a_host_are_void() {
    assert_eq!(mailed(&mut trusting()), Sent::Fresh(Method::Email));
    // What the backup knows of, and what the store has come to know since.
    let of_the_backup = trusting().restored(None, PRESENT);
    let of_the_store = alice().restored(Some(&trusting()), PRESENT);
    let of_both = trusting().restored(Some(&trusting()), PRESENT);
    for mut restored in [of_the_backup, of_the_store, of_both] {
        assert_eq!(mailed(&mut restored), Sent::Wrong);
        assert!(restored.trusted.is_empty());
        let epoch = trusting().trust_epoch;
        assert!(restored.trust_epoch > epoch, "what waits for its account phase trusts no host");
    }
}

#[test]
fn what_was_sent_since_the_backup_still_counts_for_the_day() {
    let restored = alice().restored(Some(&trusting()), PRESENT);
    let rules = SendRules { per_day: 1, ..SendRules::default() };
    let later = NOW.after(Duration::from_secs(60));
    assert!(alice().one_time.may_send(Method::Email, SCOPE, &rules, later).is_ok());
    assert!(restored.one_time.may_send(Method::Email, SCOPE, &rules, later).is_err());
}

#[test]
fn what_a_reset_since_the_backup_demands_is_still_demanded() {
    let mut stored = alice();
    let user = User { name: "alice".to_owned(), uid: 1000, groups: Vec::new() };
    stored.reset(&user, Some(EnrolmentMode::Invitation), NOW);
    assert_eq!(record(1000).restored(Some(&stored), PRESENT).enrolment, stored.enrolment);
    assert_eq!(record(1000).restored(None, PRESENT).enrolment, None);
    assert_eq!(record(1001).restored(Some(&stored), PRESENT).enrolment, None, "somebody else");
}

#[test]
fn trust_that_was_withdrawn_since_is_not_staged_from_before() {
    let (mut stored, backup) = (alice(), alice());
    stored.distrust();
    stored.distrust();
    let last = stored.trust_epoch;
    assert!(backup.restored(Some(&stored), PRESENT).trust_epoch > last);
}

#[test]
fn of_recovery_codes_those_stay_that_the_store_has_too() {
    let codes: Vec<_> = (1..=3).map(|n| printed(n).hashed([n; 16], &Plain)).collect();
    let (mut stored, mut backup) = (alice(), alice());
    backup.renew_recovery(codes.clone(), NOW);
    stored.renew_recovery(codes[1..].to_vec(), NOW);
    assert!(backup.clone().restored(Some(&stored), PRESENT).recovery == codes[1..]);
    assert!(backup.clone().restored(None, PRESENT).recovery == codes);
    let stranger = record(1001);
    assert!(backup.restored(Some(&stranger), PRESENT).recovery == codes, "of an earlier account");
}

#[test]
fn guesses_that_the_store_has_counted_stay_counted() {
    let (mut stored, rules) = (alice(), Rules::default());
    for _ in 0..rules.hard_limit {
        let _ = stored.lockout.record_failure("203.0.113.9", &rules, NOW);
    }
    assert!(alice().restored(Some(&stored), PRESENT).lockout.is_stopped());
}

#[test]
fn a_factor_that_was_taken_away_since_is_noticed() {
    let other = enrolled(1000, b"09876543210987654321");
    assert!(alice().revives(&other) && alice().revives(&record(1000)));
    assert!(!alice().revives(&alice()) && !record(1000).revives(&alice()));
}

fn contact<T: std::str::FromStr>(value: &str) -> Contact<T>
where
    T::Err: std::fmt::Debug,
{
    let vouched = Vouched::Administrator;
    Contact { value: value.parse().unwrap(), vouched, since: NOW, last_used_at: None }
}

#[test]
fn a_contact_that_was_changed_since_and_a_second_factor_that_is_off_are_noticed() {
    let with = |email: Option<&str>, mobile: Option<&str>| {
        let mut record = alice();
        record.contacts.email = email.map(contact);
        record.contacts.mobile = mobile.map(contact);
        record
    };
    let (old, new) = (Some("a@example.org"), Some("b@example.org"));
    assert!(with(old, None).revives(&with(new, None)) && with(old, None).revives(&alice()));
    assert!(!with(old, None).revives(&with(old, new.and(Some("+14155550123")))));
    let (old, new) = (Some("+14155550123"), Some("+14155550124"));
    assert!(with(None, old).revives(&with(None, new)) && with(None, old).revives(&alice()));
    assert!(!with(None, old).revives(&with(None, old)) && !alice().revives(&with(None, old)));

    let switched = |mfa| {
        let mut record = alice();
        record.mfa = mfa;
        record
    };
    for stored in [Some(true), None] {
        assert!(switched(Some(false)).revives(&switched(stored)), "{stored:?}");
        assert!(!switched(stored).revives(&switched(Some(false))), "{stored:?}");
    }
}
