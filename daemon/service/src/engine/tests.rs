use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use twinlock_core::{
    audit::{AuditEvent, Happening},
    contact::{Contact, Vouched},
    factor::{
        one_time_code::{self, Scope},
        totp::{Secret, TotpFactor},
    },
    login::Source,
    policy::{Method, Methods},
    printed_code::PrintedCode,
    record::{RECOVERY_CODES, Trial, Verification},
    reset_request::ResetRequest,
    response::Response,
    trusted_host::{Binding, TrustedHost},
    voucher::{Bypass, Invitation, LONGEST_REASON},
};

use super::*;
use crate::{
    hashing::CodeHashing,
    store::{StoreError, memory::Fault},
    testing::{RIGHT, SECRET, Setup, WRONG, alice, change, enrol, user},
};

fn broken() -> StoreError {
    StoreError::OutOfService { cause: "the disk is gone".to_owned() }
}

/// Tries a code as a login would, and says so in the log.
async fn attempt(
    engine: &Engine,
    user: &User,
    code: &str,
    source: &str,
) -> Result<Verification, EngineError> {
    let step = |record: &mut UserRecord, world: &World<'_>| {
        let code = Response::new(code.to_owned());
        let trial = Trial {
            counter: source,
            source: &Source::Unknown,
            service: "sshd",
            methods: Methods::ALL,
            bypass: true,
            rules: &world.settings.codes,
            hashing: world.hashing,
            now: world.now,
            clock: world.clock,
        };
        let answer = record.verify(&code, &trial);
        let event = AuditEvent::new(Happening::CodeAccepted, user.name.clone(), "tried");
        Done { answer, effects: vec![Effect::Audit(event)] }
    };
    engine.step(user, step).await
}

fn accepted(result: &Result<Verification, EngineError>) -> bool {
    matches!(result, Ok(Verification::Accepted { .. }))
}

#[tokio::test]
async fn a_commit_that_fails_answers_nobody_tells_nobody_and_changes_nothing() {
    let setup = Setup::new();
    let engine = setup.engine().await;
    enrol(&engine, &alice()).await;
    setup.store.inject(Fault::FailCommit(broken()));
    let failed = attempt(&engine, &alice(), RIGHT, "local").await;
    assert!(matches!(failed, Err(EngineError::Commit(_))));
    assert_eq!(setup.lines(), Vec::<String>::new());
    assert!(accepted(&attempt(&engine, &alice(), RIGHT, "local").await), "it was never used up");
    assert_eq!(setup.lines().len(), 1);
}

#[tokio::test]
async fn a_commit_whose_answer_is_lost_lets_nobody_in_and_the_code_is_used_up() {
    let setup = Setup::new();
    let engine = setup.engine().await;
    enrol(&engine, &alice()).await;
    let lost = StoreError::TimedOut { waited: Duration::from_secs(4) };
    setup.store.inject(Fault::LoseAnswer(lost));
    assert!(attempt(&engine, &alice(), RIGHT, "local").await.is_err());
    let again = attempt(&engine, &alice(), RIGHT, "local").await;
    assert!(matches!(again, Ok(Verification::Used)));
}

#[tokio::test]
async fn a_conflict_runs_the_step_again_on_the_fresh_record_and_tells_of_the_last_run_only() {
    let setup = Setup::new();
    let engine = setup.engine().await;
    enrol(&engine, &alice()).await;
    setup.store.inject(Fault::Conflict);
    setup.store.inject(Fault::Conflict);
    let runs = AtomicUsize::new(0);
    let step = |record: &mut UserRecord, _: &World<'_>| {
        runs.fetch_add(1, Ordering::SeqCst);
        assert_eq!(record.mfa, None, "a run must not see what an earlier one did");
        record.mfa = Some(true);
        let event = AuditEvent::new(Happening::UserReset, "alice", "once");
        Done { answer: (), effects: vec![Effect::Audit(event)] }
    };
    engine.step(&alice(), step).await.unwrap();
    assert_eq!(runs.load(Ordering::SeqCst), 3);
    assert_eq!(setup.lines().len(), 1);
}

#[tokio::test]
async fn a_step_that_changes_nothing_writes_nothing() {
    let setup = Setup::new();
    let engine = setup.engine().await;
    change(&engine, &alice(), |_| {}).await;
    enrol(&engine, &alice()).await;
    change(&engine, &alice(), |_| {}).await;
    assert_eq!(setup.store.commits(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_sixteen_right_codes_at_once_over_two_daemons_one_is_accepted() {
    let setup = Setup::new();
    let engines = [setup.engine().await, setup.engine().await];
    for round in 0..100 {
        let user = user(&format!("user{round}"), 2000 + round);
        enrol(&engines[0], &user).await;
        let tries: Vec<_> = (0..16)
            .map(|n| {
                let (engine, user) = (Arc::clone(&engines[n % 2]), user.clone());
                tokio::spawn(async move { attempt(&engine, &user, RIGHT, "local").await })
            })
            .collect();
        let (mut won, mut used) = (0, 0);
        for attempt in tries {
            match attempt.await.unwrap().unwrap() {
                Verification::Accepted { .. } => won += 1,
                Verification::Used => used += 1,
                other => panic!("round {round}: {other:?}"),
            }
        }
        assert_eq!((won, used), (1, 15), "round {round}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn sixteen_wrong_codes_at_once_over_two_daemons_are_sixteen_failures() {
    let setup = Setup::new();
    let engines = [setup.engine().await, setup.engine().await];
    for round in 0..25 {
        let user = user(&format!("user{round}"), 2000 + round);
        enrol(&engines[0], &user).await;
        let tries: Vec<_> = (0..16)
            .map(|n| {
                let (engine, user) = (Arc::clone(&engines[n % 2]), user.clone());
                let source = format!("203.0.113.{n}");
                tokio::spawn(async move { attempt(&engine, &user, WRONG, &source).await })
            })
            .collect();
        for attempt in tries {
            assert!(matches!(attempt.await.unwrap(), Ok(Verification::Wrong { .. })));
        }
        let record = engines[1].read(&user.name).await.unwrap().unwrap();
        assert_eq!(record.lockout.consecutive(), 16, "round {round}");
    }
}

/// Puts bytes where the record of alice is.
async fn overwrite(setup: &Setup, bytes: &[u8]) {
    let version = setup.store.read("user/alice").await.unwrap().version;
    let change = Change::put("user/alice", version, Zeroizing::new(bytes.to_vec()));
    setup.store.commit(vec![change]).await.unwrap();
}

#[tokio::test]
async fn a_record_that_cannot_be_understood_is_an_error_that_shows_none_of_it() {
    let setup = Setup::new();
    let engine = setup.engine().await;
    enrol(&engine, &alice()).await;
    let stored = setup.store.read("user/alice").await.unwrap().value.unwrap();
    let stored = String::from_utf8(stored.to_vec()).unwrap();
    let secret = Secret::new(SECRET).to_base32();
    assert!(stored.contains(secret.as_str()), "the canary is in the record");
    let damaged = [
        stored[..stored.len() - 1].to_owned(),
        stored.replace(r#""digits":6"#, r#""digits":"JBSWY3DP""#),
        stored.replace(secret.as_str(), "JBSWY3DP not base32"),
        stored.replace("alice", "bob"),
        stored.replacen('{', r#"{"JBSWY3DP":1,"#, 1),
        format!("\"{stored}"),
        String::new(),
        "JBSWY3DP".to_owned(),
    ];
    for text in damaged {
        overwrite(&setup, text.as_bytes()).await;
        for error in [
            attempt(&engine, &alice(), RIGHT, "local").await.err().unwrap(),
            engine.read("alice").await.err().unwrap(),
            engine.read_all().await.unwrap().unread.remove(0).1,
        ] {
            assert!(matches!(error, EngineError::Record { .. }), "{text}: {error}");
            for shown in [error.to_string(), format!("{error:?}")] {
                assert!(!shown.contains("JBSWY3DP") && !shown.contains(secret.as_str()), "{shown}");
            }
        }
    }
    assert_eq!(setup.lines(), Vec::<String>::new());
}

#[tokio::test]
async fn a_record_that_cannot_be_read_can_be_replaced_by_whoever_takes_everything_away() {
    let setup = Setup::new();
    let engine = setup.engine().await;
    enrol(&engine, &alice()).await;
    overwrite(&setup, b"garbage").await;
    let empty = |record: &mut UserRecord, world: &World<'_>| {
        assert!(!record.is_enrolled());
        record.reset(&alice(), None, world.now);
        Done { answer: (), effects: Vec::new() }
    };
    engine.step_afresh(&alice(), empty).await.unwrap();
    assert!(!engine.read("alice").await.unwrap().unwrap().is_enrolled());

    enrol(&engine, &alice()).await;
    let version = setup.store.read("user/alice").await.unwrap().version;
    let damaged = StoreError::Damaged { key: "user/alice".to_owned(), version };
    setup.store.inject(Fault::FailRead(damaged));
    engine.step_afresh(&alice(), empty).await.unwrap();
    assert!(!engine.read("alice").await.unwrap().unwrap().is_enrolled());

    setup.store.inject(Fault::FailRead(broken()));
    assert!(
        engine.step_afresh(&alice(), empty).await.is_err(),
        "a store that is down is no record"
    );
}

#[tokio::test(start_paused = true)]
async fn a_store_that_hangs_holds_nobody_longer_than_the_limit() {
    let setup = Setup::new();
    let engine = setup.engine().await;
    enrol(&engine, &alice()).await;
    for fault in [Fault::HangRead, Fault::HangCommit] {
        setup.store.inject(fault);
        let limit = Duration::from_secs(3);
        let late = within(limit, attempt(&engine, &alice(), RIGHT, "local")).await;
        assert!(matches!(late, Err(EngineError::TooLate(waited)) if waited == limit));
    }
    assert!(accepted(&attempt(&engine, &alice(), RIGHT, "local").await), "the turn was given back");
}

#[tokio::test]
async fn a_host_that_boots_in_1970_knows_from_the_store_what_time_it_was() {
    let setup = Setup::new();
    let today = 1_800_000_000;
    setup.clock.set_wall(today);
    setup.engine().await.remember_time().await.unwrap();
    setup.clock.set_wall(10);
    let engine = setup.engine().await;
    let now = engine.now();
    assert_eq!((now.horizon.as_secs(), now.wall.as_secs()), (today, 10));
    // A code near the epoch is verified like any other, and the time is not taken back.
    enrol(&engine, &alice()).await;
    let early = attempt(&engine, &alice(), WRONG, "local").await;
    assert!(matches!(early, Ok(Verification::Wrong { .. })));
    let right = attempt(&engine, &alice(), crate::testing::CODES[0], "local").await;
    assert!(accepted(&right));
    engine.remember_time().await.unwrap();
    assert_eq!(time::remembered(&*setup.store).await.unwrap().as_secs(), today);
}

#[tokio::test]
async fn a_record_that_is_full_to_the_brim_fits_the_store() {
    let setup = Setup::new();
    let engine = setup.engine().await;
    let name = "u".repeat(255);
    let user = user(&name, 1000);
    for n in 0..twinlock_core::record::MAX_FACTORS {
        change(&engine, &user, |record| {
            let totp = TotpFactor::new(Secret::new(SECRET));
            let label = "\u{1f600}".repeat(64);
            record.enrol(format!("ZZZZZ{n}"), label, totp, Timestamp::from_secs(u64::MAX)).unwrap();
        })
        .await;
    }
    for n in 0..600 {
        let source = format!("local:{n}{}", "\"\\\u{1}\u{1f600}".repeat(60));
        let rules = twinlock_core::lockout::Rules { hard_limit: u32::MAX, ..Default::default() };
        change(&engine, &user, |record| {
            record.news.wrong_code(&source, Timestamp::EPOCH);
            let _ = record.lockout.record_failure(&source, &rules, Timestamp::EPOCH);
        })
        .await;
    }
    change(&engine, &user, fill).await;
}

/// With as much as a record can hold beside its factors and counters.
fn fill(record: &mut UserRecord) {
    let (now, far) = (Timestamp::from_secs(u64::MAX - 1), Timestamp::from_secs(u64::MAX));
    let hashing = CodeHashing::for_tests();
    let code = || PrintedCode::from_random(&[1; 10]).hashed([1; 16], &hashing);
    record.renew_recovery((0..RECOVERY_CODES).map(|_| code()).collect(), now);
    let long = "x".repeat(60);
    let address = format!("{long}@{long}.{long}.{long}.example");
    let (vouched, since) = (Vouched::User, now);
    let value = address.parse().unwrap();
    record.set_email(Some(Contact { value, vouched, since, last_used_at: Some(far) }), now);
    let value = "+123456789012345".parse().unwrap();
    record.set_mobile(Some(Contact { value, vouched, since, last_used_at: Some(far) }), now);
    let service = "\"".repeat(100);
    let rules = one_time_code::Rules { lifetime: Duration::MAX, ..Default::default() };
    let user = record.user.clone();
    for n in 0..100 {
        let source = format!("{n}{service}");
        let scope = Scope { user: &user, service: &service, source: &source };
        record.one_time.issue(scope, Method::Email, "482913", &hashing, &rules, now);
    }
    for n in 0..20 {
        let key = format!("{n:0128}");
        let address = Some("2001:db8:ffff:ffff::/64".parse().unwrap());
        let binding = Binding { address, key: Some(key) };
        let id = "ZZZZZZ".to_owned();
        let host = TrustedHost { id, binding, since, until: far, last_used_at: Some(far) };
        record.trust(host, 20, now);
    }
    for _ in 0..10 {
        let bypass = Bypass {
            id: "ZZZZZZ".to_owned(),
            code: code(),
            since,
            until: far,
            uses_left: u32::MAX,
            from: Some("2001:db8:ffff:ffff::/64".parse().unwrap()),
            reason: "\"".repeat(LONGEST_REASON),
            by: "r".repeat(64),
        };
        record.issue_bypass(bypass, now);
    }
    record.invite(Invitation { code: code(), id: "ZZZZZZ".to_owned(), until: far });
    record.reset_request = Some(ResetRequest {
        id: "ZZZZZZ".to_owned(),
        since,
        source: "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff".to_owned(),
        service,
        reason: Some("\"".repeat(LONGEST_REASON)),
        closed: true,
    });
}
