//! What came from another program: tokens that count, and scratch codes that can be guessed.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

#[path = "support/hashing.rs"]
mod hashing;

use hashing::Plain;
use twinlock_core::{
    factor::{
        Factor, Kind,
        hotp::HotpFactor,
        totp::{Algorithm, Secret, TotpFactor},
    },
    lockout::{Gate, Rules},
    login::{Source, User},
    policy::{Method, Methods},
    record::{CodeRules, Import, ImportError, Proof, Trial, UserRecord, Verification},
    response::Response,
    scratch_codes::ScratchCodes,
    time::Timestamp,
};

const NOW: Timestamp = Timestamp::from_secs(60);

/// RFC 4226 appendix D.
const CODES: [&str; 5] = ["755224", "287082", "359152", "969429", "338314"];

const SCRATCH: [&str; 3] = ["12345678", "23456789", "34567890"];

fn secret() -> Secret {
    Secret::new(b"12345678901234567890".to_vec())
}

fn token(id: &str) -> (String, String, Kind) {
    let hotp = HotpFactor::imported(secret(), 6, 0).unwrap();
    (id.to_owned(), "token".to_owned(), Kind::Hotp(hotp))
}

fn import() -> Import {
    let scratch = ScratchCodes::new(SCRATCH, [1; 16], &Plain).unwrap();
    Import { factors: vec![token("7F3KQ2")], scratch, replace: false }
}

fn imported() -> UserRecord {
    let user = User { name: "alice".to_owned(), uid: 1000, groups: Vec::new() };
    let mut record = UserRecord::new(&user);
    record.import(&import(), NOW).unwrap();
    record
}

fn verify(record: &mut UserRecord, code: &str, hard_limit: u32, methods: Methods) -> Verification {
    let source = Source::Address("203.0.113.9".parse().unwrap());
    let lockout = Rules { attempts: 5, hard_limit, ..Rules::default() };
    let rules = CodeRules { lockout, ..CodeRules::default() };
    let trial = Trial {
        counter: &source.counter_key(),
        source: &source,
        service: "sshd",
        methods,
        bypass: true,
        rules: &rules,
        hashing: &Plain,
        now: NOW,
        clock: NOW,
    };
    record.verify(&Response::new(code.to_owned()), &trial)
}

fn tried(record: &mut UserRecord, code: &str) -> Verification {
    verify(record, code, 100, Methods::ALL)
}

fn is_wrong(verification: &Verification) -> bool {
    matches!(verification, Verification::Wrong { .. })
}

#[test]
fn a_token_that_counts_is_an_authenticator_whose_codes_are_accepted_once() {
    let mut record = imported();
    assert!(record.methods().contains(Method::Totp));
    assert_eq!(record.factors[0].kind.method(), "hotp");
    let proof = Verification::Accepted(Proof::Totp { factor: "7F3KQ2".to_owned() });
    assert_eq!(tried(&mut record, CODES[1]), proof);
    assert_eq!(tried(&mut record, CODES[1]), Verification::Used);
    assert_eq!(tried(&mut record, CODES[0]), Verification::Used);
    assert_eq!(record.lockout.consecutive(), 0);
    assert_eq!(tried(&mut record, CODES[2]), proof);
    assert_eq!(record.factors[0].last_used_at, Some(NOW));
}

/// An app with the key of [`token`], whose codes have so many digits.
fn app(id: &str, digits: u8) -> (String, String, Kind) {
    let totp = TotpFactor::imported(secret(), Algorithm::Sha1, digits, 30).unwrap();
    (id.to_owned(), "app".to_owned(), Kind::Totp(totp))
}

#[test]
fn two_factors_of_one_key_are_not_imported() {
    let alice = User { name: "alice".to_owned(), uid: 1000, groups: Vec::new() };
    for twins in [[token("AAAAAA"), token("BBBBBB")], [app("AAAAAA", 6), app("BBBBBB", 8)]] {
        let mut record = UserRecord::new(&alice);
        let import = Import { factors: twins.to_vec(), ..import() };
        assert_eq!(record.import(&import, NOW), Err(ImportError::SameKey));
        assert!(record == UserRecord::new(&alice));
    }
    let mut record = UserRecord::new(&alice);
    let import = Import { factors: vec![token("AAAAAA"), app("BBBBBB", 6)], ..import() };
    record.import(&import, NOW).unwrap();
}

#[test]
fn a_record_that_has_one_key_twice_takes_a_code_once() {
    for [one, twin] in [[token("AAAAAA"), token("BBBBBB")], [app("AAAAAA", 6), app("BBBBBB", 6)]] {
        let mut record = imported();
        let factor = record.factors.remove(0);
        let as_factor = |it: &(String, String, Kind)| Factor {
            id: it.0.clone(),
            kind: it.2.clone(),
            ..factor.clone()
        };
        record.factors = vec![as_factor(&one), as_factor(&twin)];
        let taken = tried(&mut record, CODES[2]);
        assert!(matches!(taken, Verification::Accepted(Proof::Totp { .. })), "{taken:?}");
        assert_eq!(tried(&mut record, CODES[2]), Verification::Used);
        // What only one of them knows, as of a record that is older than the rule.
        let mut older = record.clone();
        older.factors[0] = as_factor(&one);
        assert_eq!(tried(&mut older, CODES[2]), Verification::Used);
        for gone in [0, 1] {
            let mut record = record.clone();
            record.factors.remove(gone);
            assert_eq!(tried(&mut record, CODES[2]), Verification::Used, "{gone} was removed");
        }
    }
}

#[test]
fn of_one_key_twice_the_token_that_lags_takes_no_code_that_the_other_has_passed() {
    let mut record = imported();
    let mut lags = record.factors[0].clone();
    lags.id = "BBBBBB".to_owned();
    let Kind::Hotp(ahead) = &mut record.factors[0].kind else { panic!("no token") };
    // Farther than used codes are looked back for.
    ahead.accept(49);
    for factors in [[record.factors[0].clone(), lags.clone()], [lags, record.factors[0].clone()]] {
        let mut record = record.clone();
        record.factors = factors.to_vec();
        for code in CODES {
            assert!(is_wrong(&tried(&mut record, code)), "{code}");
        }
    }
}

#[test]
fn of_one_key_twice_neither_token_comes_back_with_a_code_that_the_other_took() {
    let mut record = imported();
    let mut twin = record.factors[0].clone();
    twin.id = "BBBBBB".to_owned();
    record.factors.push(twin);
    // Counters 20 and 21 bring both back, and one of them takes the second.
    assert!(is_wrong(&tried(&mut record, "328281")));
    assert!(matches!(tried(&mut record, "191635"), Verification::Accepted(_)));
    for gone in [0, 1] {
        let mut record = record.clone();
        record.factors.remove(gone);
        assert_eq!(tried(&mut record, "191635"), Verification::Used, "{gone} was removed");
        // Twelve more, so that it is not looked back for.
        let Kind::Hotp(token) = &mut record.factors[0].kind else { panic!("no token") };
        let mut other = token.clone();
        other.accept(33);
        token.go_on_from(&other);
        assert!(is_wrong(&tried(&mut record, "191635")), "{gone} was removed");
    }
}

#[test]
fn a_token_that_is_right_leaves_another_one_s_resynchronisation_alone() {
    let mut record = imported();
    let other = HotpFactor::imported(Secret::new(b"another secret".to_vec()), 6, 0).unwrap();
    let import = Import {
        factors: vec![
            token("AAAAAA"),
            ("BBBBBB".to_owned(), "other".to_owned(), Kind::Hotp(other)),
        ],
        replace: true,
        ..import()
    };
    record.import(&import, NOW).unwrap();
    // Counters 20 and 21 of the first one; in between a code of the other.
    assert!(is_wrong(&tried(&mut record, "328281")));
    assert!(matches!(tried(&mut record, "226513"), Verification::Accepted(_)));
    assert!(matches!(tried(&mut record, "191635"), Verification::Accepted(_)));
}

#[test]
fn a_code_that_was_used_here_is_used_after_an_import_of_the_same_key() {
    let mut record = imported();
    assert!(matches!(tried(&mut record, CODES[2]), Verification::Accepted(_)));
    record.import(&Import { replace: true, ..import() }, NOW).unwrap();
    assert_eq!(tried(&mut record, CODES[2]), Verification::Used);
    assert!(matches!(tried(&mut record, CODES[3]), Verification::Accepted(_)));
}

#[test]
fn a_token_far_ahead_comes_back_with_two_codes_of_which_the_first_is_counted() {
    let mut record = imported();
    // Counters 20 and 21, as oathtool(1) makes them.
    let (first, second) = ("328281", "191635");
    assert!(is_wrong(&tried(&mut record, first)));
    assert_eq!(record.lockout.consecutive(), 1);
    let json = serde_json::to_string(&record).unwrap();
    let mut record: UserRecord = serde_json::from_str(&json).unwrap();
    assert!(matches!(tried(&mut record, second), Verification::Accepted(Proof::Totp { .. })));
    assert_eq!(tried(&mut record, second), Verification::Used);
}

#[test]
fn a_scratch_code_works_once_and_counts_as_recovery() {
    let mut record = imported();
    assert!(record.methods().contains(Method::Recovery));
    assert_eq!(
        tried(&mut record, "1234 5678"),
        Verification::Accepted(Proof::Recovery { left: 2 })
    );
    assert!(is_wrong(&tried(&mut record, SCRATCH[0])));
    assert_eq!(record.lockout.consecutive(), 1, "its second use is a guess like any other");
    let no_recovery = Methods::from_iter([Method::Totp]);
    assert!(is_wrong(&verify(&mut record, SCRATCH[1], 100, no_recovery)));
    assert_eq!(tried(&mut record, SCRATCH[1]), Verification::Accepted(Proof::Recovery { left: 1 }));
}

#[test]
fn guesses_at_scratch_codes_count_and_a_stopped_account_takes_none() {
    let mut record = imported();
    for n in 0..4 {
        assert!(is_wrong(&verify(&mut record, &format!("9999999{n}"), 4, Methods::ALL)));
    }
    assert!(record.lockout.is_stopped());
    let before = record.clone();
    let refused = verify(&mut record, SCRATCH[0], 4, Methods::ALL);
    assert_eq!(refused, Verification::Refused(Gate::Stopped));
    assert!(record == before, "the code is not used up");
    record.lockout.unlock();
    assert!(matches!(tried(&mut record, SCRATCH[0]), Verification::Accepted(_)));
}

#[test]
fn a_source_that_waits_is_not_heard_with_a_scratch_code() {
    let mut record = imported();
    for n in 0..5 {
        assert!(is_wrong(&tried(&mut record, &format!("9999999{n}"))));
    }
    let refused = tried(&mut record, SCRATCH[0]);
    assert!(matches!(refused, Verification::Refused(Gate::Wait(_))), "{refused:?}");
}

#[test]
fn new_recovery_codes_and_a_reset_void_scratch_codes() {
    let mut renewed = imported();
    renewed.renew_recovery(Vec::new(), NOW);
    assert!(is_wrong(&tried(&mut renewed, SCRATCH[0])));
    let mut reset = imported();
    let user = User { name: "alice".to_owned(), uid: 1000, groups: Vec::new() };
    reset.reset(&user, None, NOW);
    assert_eq!(reset.recovery_left(), 0);
    let mut removed = imported();
    removed.remove_factor("7F3KQ2", NOW).unwrap();
    assert_eq!(removed.recovery_left(), 0, "they stood in for the factor that has gone");
}

#[test]
fn an_import_changes_all_or_nothing_and_replaces_only_where_it_may() {
    let mut record = imported();
    let before = record.clone();
    let again = Import { factors: vec![token("ZZZZZZ")], ..import() };
    assert_eq!(record.import(&again, NOW), Err(ImportError::HasFactors));
    let nothing = Import { factors: Vec::new(), replace: true, ..import() };
    assert_eq!(record.import(&nothing, NOW), Err(ImportError::Nothing));
    let many = (0..11).map(|n| token(&format!("K{n}"))).collect();
    let many = Import { factors: many, replace: true, ..import() };
    assert_eq!(record.import(&many, NOW), Err(ImportError::TooManyFactors));
    assert!(record == before);
    record.import(&Import { replace: true, ..again }, NOW).unwrap();
    assert_eq!(record.factor_ids(), ["ZZZZZZ"]);
    assert!(record.trust_epoch > before.trust_epoch, "trust that was staged is void");
}

#[test]
fn a_record_from_before_there_were_imports_reads_and_writes_as_it_was() {
    let user = User { name: "alice".to_owned(), uid: 1000, groups: Vec::new() };
    let mut record = UserRecord::new(&user);
    record.enrol("7F3KQ2".to_owned(), "phone".to_owned(), TotpFactor::new(secret()), NOW).unwrap();
    let json = serde_json::to_string(&record).unwrap();
    assert!(!json.contains("scratch") && !json.contains("hotp"), "{json}");
    assert!(serde_json::from_str::<UserRecord>(&json).unwrap() == record);
}
