use super::*;
use crate::hashing::testing::Plain;

const NOON: Timestamp = Timestamp::from_secs(1_800_000_000);
const SSHD: Scope<'_> = Scope { user: "alice", service: "sshd", source: "203.0.113.9" };
const BOTH: [Method; 2] = [Method::Email, Method::Sms];

fn later(seconds: u64) -> Timestamp {
    NOON.after(Duration::from_secs(seconds))
}

fn mailed(code: &str) -> OneTimeCodes {
    let mut codes = OneTimeCodes::default();
    codes.issue(SSHD, Method::Email, code, &Plain, &Rules::default(), NOON);
    codes
}

fn check(codes: &mut OneTimeCodes, scope: Scope<'_>, digits: &str, now: Timestamp) -> Check {
    codes.check(scope, BOTH.into(), digits, &Plain, now)
}

#[test]
fn a_code_is_good_once_within_its_lifetime() {
    let mut codes = mailed("482913");
    let mut dead = codes.clone();
    assert_eq!(check(&mut dead, SSHD, "482913", later(600)), Check::Late);
    assert_eq!(check(&mut codes, SSHD, "482913", later(599)), Check::Fresh(Method::Email));
    assert_eq!(check(&mut codes, SSHD, "482913", later(599)), Check::Used);
}

#[test]
fn a_code_is_good_for_its_user_service_and_method_only() {
    let mut codes = mailed("482913");
    let su = Scope { service: "su", ..SSHD };
    let bob = Scope { user: "bob", ..SSHD };
    assert_eq!(check(&mut codes, su, "482913", NOON), Check::Wrong);
    assert_eq!(check(&mut codes, bob, "482913", NOON), Check::Wrong);
    let by_text = codes.check(SSHD, [Method::Sms].into(), "482913", &Plain, NOON);
    assert_eq!(by_text, Check::Wrong);
}

#[test]
fn five_wrong_tries_void_a_code_and_asking_again_resets_nothing() {
    let rules = Rules::default();
    let mut codes = mailed("482913");
    for _ in 0..4 {
        codes.count_wrong(SSHD, later(10));
    }
    codes.issue(SSHD, Method::Email, "115599", &Plain, &rules, later(60));
    assert_eq!(check(&mut codes, SSHD, "482913", later(61)), Check::Wrong, "replaced");
    codes.count_wrong(SSHD, later(61));
    assert_eq!(check(&mut codes, SSHD, "115599", later(62)), Check::Late);
    let withheld = codes.may_send(Method::Email, SSHD, &rules, later(200));
    assert_eq!(withheld, Err(Withheld::Void(Duration::from_secs(460))));
    assert_eq!(codes.may_send(Method::Email, SSHD, &rules, later(660)), Ok(()));
}

#[test]
fn sends_are_throttled_and_capped_for_a_day() {
    let rules = Rules { per_day: 3, ..Rules::default() };
    let mut codes = mailed("1");
    let soon = codes.may_send(Method::Sms, SSHD, &rules, later(10));
    assert_eq!(soon, Err(Withheld::TooSoon(Duration::from_secs(20))));
    for n in 1..3 {
        assert_eq!(codes.may_send(Method::Sms, SSHD, &rules, later(100 * n)), Ok(()));
        codes.issue(SSHD, Method::Sms, "2", &Plain, &rules, later(100 * n));
    }
    let capped = codes.may_send(Method::Email, SSHD, &rules, later(400));
    assert_eq!(capped, Err(Withheld::DailyLimit(Duration::from_secs(86_000))));
    assert_eq!(codes.may_send(Method::Email, SSHD, &rules, later(86_400)), Ok(()));
    let never = Rules { per_day: 0, ..rules };
    assert!(OneTimeCodes::default().may_send(Method::Email, SSHD, &never, NOON).is_err());
}

#[test]
fn a_stranger_elsewhere_neither_replaces_nor_voids_nor_uses_up_the_owner_s_code() {
    let rules = Rules::default();
    let stranger = Scope { source: "198.51.100.7", ..SSHD };
    let mut codes = mailed("482913");
    let mut sent = 0;
    for n in 0..100 {
        if codes.may_send(Method::Email, stranger, &rules, later(n)).is_ok() {
            codes.issue(stranger, Method::Email, "115599", &Plain, &rules, later(n));
            sent += 1;
        }
        codes.count_wrong(stranger, later(n));
    }
    assert!((1..=15).contains(&sent), "{sent}");
    assert_eq!(check(&mut codes.clone(), stranger, "482913", later(100)), Check::Wrong);
    assert_eq!(check(&mut codes, SSHD, "482913", later(100)), Check::Fresh(Method::Email));
    for n in 1..100 {
        let now = later(1000 + 60 * n);
        if codes.may_send(Method::Email, stranger, &rules, now).is_ok() {
            codes.issue(stranger, Method::Email, "115599", &Plain, &rules, now);
        }
    }
    assert_eq!(codes.may_send(Method::Email, SSHD, &rules, later(9000)), Ok(()), "a rest is left");
}

#[test]
fn strangers_in_many_places_do_not_push_out_the_owner_s_code() {
    let rules = Rules::default();
    for places in [3, 40] {
        let mut codes = mailed("482913");
        for n in 0..120 {
            let source = format!("2001:db8:{:x}::/64", n % places);
            let stranger = Scope { source: &source, service: &format!("s{n}"), ..SSHD };
            codes.issue(stranger, Method::Email, "115599", &Plain, &rules, later(n));
            assert!(codes.pending.len() <= MAX_PENDING);
        }
        assert_eq!(check(&mut codes, SSHD, "482913", later(120)), Check::Fresh(Method::Email));
    }
    let mut codes = OneTimeCodes::default();
    for n in 0..20 {
        let source = format!("2001:db8:{n:x}::/64");
        codes.issue(
            Scope { source: &source, ..SSHD },
            Method::Email,
            "1",
            &Plain,
            &rules,
            later(n),
        );
    }
    codes.issue(SSHD, Method::Email, "482913", &Plain, &rules, later(20));
    assert_eq!(check(&mut codes, SSHD, "482913", later(21)), Check::Fresh(Method::Email));
}

#[test]
fn what_is_remembered_is_bounded() {
    let mut codes = OneTimeCodes::default();
    for n in 0..100 {
        let service = format!("{n}{}", "x".repeat(500));
        let scope = Scope { service: &service, ..SSHD };
        codes.issue(scope, Method::Email, "1", &Plain, &Rules::default(), later(n));
    }
    assert_eq!(codes.pending.len(), MAX_PENDING);
    assert!(serde_json::to_string(&codes).unwrap().len() < 8192);
}

#[test]
fn codes_have_six_digits() {
    assert_eq!(*code_from_random([0; 8]), "000000");
    assert_eq!(code_from_random([255; 8]).len(), 6);
}
