//! Trusted hosts: when the question is asked, what a yes is worth, and what ends it.

use std::time::Duration;

use twinlock_core::{
    dialogue::{Settings, Verdict, open_password},
    lockout::{self, Rules},
    login::{FirstFactor, LoginContext, SessionCode, Source},
    policy::{Level, Policy, Profile, Remember},
    record::{Superseded, UserRecord},
    time::Timestamp,
    trusted_host::Bind,
};

use super::hashing::Plain;
use super::setup::{Login, NOW, code_of, enrolled, login, right, settings, with_recovery};

const DAY: u64 = 86_400;

pub fn days(n: u64) -> Timestamp {
    NOW.after(Duration::from_secs(n * DAY))
}

pub fn from(address: &str) -> LoginContext {
    LoginContext { source: Source::Address(address.parse().unwrap()), ..login() }
}

pub fn with_key(address: &str, fingerprint: &str) -> LoginContext {
    let fingerprint = Some(format!("SHA256:{fingerprint}"));
    LoginContext { first_factors: vec![FirstFactor::PublicKey { fingerprint }], ..from(address) }
}

fn bound_to(bind: Bind) -> Settings {
    let mut settings = settings(Policy::default());
    settings.remember.bind = bind;
    settings
}

/// A login that gave a right code and trusts its host.
pub fn trusting(settings: Settings, record: UserRecord, login: LoginContext) -> Login {
    let mut login = Login::of(settings, record, login, true);
    login.answer(&right()).answer("y").redeem();
    assert_eq!(login.record.trusted.iter().count(), 1);
    login
}

pub fn is_let_in_unasked(trusted: &Login, now: Timestamp, login: LoginContext) -> bool {
    let next = trusted.again(now, login);
    !next.is_asking() && next.outcome().verdict == Verdict::Allow
}

#[test]
fn a_yes_trusts_the_host_for_the_time_that_the_question_names() {
    let mut login = Login::begin(Policy::default(), enrolled(), login());
    login.answer(&right());
    assert_eq!(login.shown(), ["? Do not ask again from 203.0.113.9 for 14 days? [y/N] "]);
    login.answer("yes");
    assert!(login.record.trusted.is_empty(), "not before the account phase");
    login.redeem();
    assert!(is_let_in_unasked(&login, days(13), super::setup::login()));
    assert!(!is_let_in_unasked(&login, days(14), super::setup::login()));
    assert!(!is_let_in_unasked(&login, days(1), from("203.0.113.10")));
}

#[test]
fn anything_else_trusts_nothing_and_the_code_still_lets_in() {
    for answer in ["", "n", "no", "ja", "123456", "yy"] {
        let mut login = Login::begin(Policy::default(), enrolled(), login());
        login.answer(&right()).answer(answer);
        assert_eq!(login.outcome().verdict, Verdict::Allow, "{answer:?}");
        assert_eq!(login.outcome().staged, []);
    }
}

#[test]
fn the_question_says_what_is_trusted() {
    let key = "for 14 days? [y/N] ";
    for (bind, login, question) in [
        (Bind::Auto, from("2001:db8:1:2:3::4"), "? Do not ask again from 2001:db8:1:2::/64 "),
        (Bind::Auto, with_key("203.0.113.9", "K1"), "? Do not ask again with this key "),
        (Bind::Address, with_key("203.0.113.9", "K1"), "? Do not ask again from 203.0.113.9 "),
        (
            Bind::AddressAndKey,
            with_key("203.0.113.9", "K1"),
            "? Do not ask again from 203.0.113.9 with this key ",
        ),
    ] {
        let mut login = Login::of(bound_to(bind), enrolled(), login, true);
        login.answer(&right());
        assert_eq!(login.shown(), [format!("{question}{key}")], "{bind}");
    }
}

#[test]
fn what_is_bound_must_match_in_full() {
    let (k1, k2) = ("K1", "K2");
    let (here, there) = ("203.0.113.9", "198.51.100.7");
    for (bind, same_key_there, other_key_here) in [
        (Bind::Auto, true, false),
        (Bind::Key, true, false),
        (Bind::Address, false, true),
        (Bind::AddressAndKey, false, false),
    ] {
        let trusted = trusting(bound_to(bind), enrolled(), with_key(here, k1));
        assert!(is_let_in_unasked(&trusted, days(1), with_key(here, k1)), "{bind}");
        assert_eq!(
            is_let_in_unasked(&trusted, days(1), with_key(there, k1)),
            same_key_there,
            "{bind}"
        );
        assert_eq!(
            is_let_in_unasked(&trusted, days(1), with_key(here, k2)),
            other_key_here,
            "{bind}"
        );
        assert!(!is_let_in_unasked(&trusted, days(1), with_key(there, k2)), "{bind}");
    }
    // Trust in an address that was given to a password says nothing of a key, and the reverse.
    let by_password = trusting(bound_to(Bind::Auto), enrolled(), from(here));
    assert!(!is_let_in_unasked(&by_password, days(1), with_key(here, k1)));
    let by_key = trusting(bound_to(Bind::Auto), enrolled(), with_key(here, k1));
    assert!(!is_let_in_unasked(&by_key, days(1), from(here)));
}

#[test]
fn ipv6_is_one_host_by_its_64() {
    let trusted = trusting(bound_to(Bind::Auto), enrolled(), from("2001:db8:1:2:3::4"));
    assert!(is_let_in_unasked(&trusted, days(1), from("2001:db8:1:2:ffff::1")));
    assert!(!is_let_in_unasked(&trusted, days(1), from("2001:db8:1:3:3::4")));
}

#[test]
fn where_nothing_can_be_trusted_nothing_is_asked() {
    let unreadable = LoginContext {
        first_factors: vec![FirstFactor::PublicKey { fingerprint: None }],
        ..login()
    };
    let local = |service: &str| LoginContext {
        service: service.to_owned(),
        source: Source::Local { requester: Some("alice".to_owned()) },
        ..login()
    };
    let cases = [
        from("127.0.0.1"),
        from("::1"),
        from("169.254.1.1"),
        from("fe80::1"),
        from("0.0.0.0"),
        unreadable,
        local("su"),
        local("sudo"),
        local("login"),
        LoginContext { source: Source::Unknown, ..login() },
        LoginContext { redeems: false, ..login() },
        LoginContext { interactive: false, ..login() },
        LoginContext { first_factors: Vec::new(), service: "telnet".to_owned(), ..login() },
    ];
    for case in cases {
        let mut login = Login::begin(Policy::default(), enrolled(), case.clone());
        login.answer(&right());
        assert_eq!(login.outcome().verdict, Verdict::Allow, "{case:?}");
        assert_eq!(login.outcome().staged, [], "{case:?}");
    }
    // A key is bound wherever it comes from.
    let mut by_key = Login::begin(Policy::default(), enrolled(), with_key("127.0.0.1", "K1"));
    by_key.answer(&right());
    assert!(by_key.is_asking());
}

#[test]
fn very_high_and_never_trust_nothing_and_honour_nothing() {
    let trusted = trusting(settings(Policy::default()), enrolled(), login());
    let very_high = Policy { level: Level::VeryHigh, ..Policy::default() };
    let stubborn = Profile {
        name: "all".to_owned(),
        level: Some(Level::VeryHigh),
        remember: Some(Remember::For(Duration::from_secs(DAY))),
        ..Profile::default()
    };
    let never =
        Profile { name: "all".to_owned(), remember: Some(Remember::Never), ..Profile::default() };
    for policy in [
        very_high,
        Policy { profiles: vec![stubborn], ..Policy::default() },
        Policy { profiles: vec![never], ..Policy::default() },
    ] {
        let mut next = Login::begin(policy, trusted.record.clone(), login());
        assert!(next.is_asking());
        next.answer(&code_of(super::setup::SECRET, 1));
        assert_eq!(next.outcome().verdict, Verdict::Allow);
        assert_eq!(next.outcome().staged, []);
    }
}

#[test]
fn a_policy_that_became_stricter_holds_for_hosts_that_were_trusted_before() {
    let trusted = trusting(settings(Policy::default()), enrolled(), login());
    let a_day = Profile {
        name: "all".to_owned(),
        remember: Some(Remember::For(Duration::from_secs(DAY))),
        ..Profile::default()
    };
    let mut stricter = trusted;
    stricter.settings.policy.profiles = vec![a_day];
    assert!(is_let_in_unasked(&stricter, NOW.after(Duration::from_secs(DAY - 1)), login()));
    assert!(!is_let_in_unasked(&stricter, days(1), login()));
}

#[test]
fn a_login_that_was_decided_before_trust_was_withdrawn_trusts_nothing_after() {
    let mut login = Login::begin(Policy::default(), enrolled(), login());
    login.answer(&right()).answer("y");
    let staged = login.outcome().staged.clone();
    login.record.distrust();
    assert_eq!(login.record.apply(&staged[0], &Plain, NOW), Err(Superseded::Factors));
    assert!(login.record.trusted.is_empty());
}

#[test]
fn a_reset_while_the_question_is_open_lets_nobody_in() {
    let mut login = Login::begin(Policy::default(), enrolled(), login());
    login.answer(&right());
    login.record.reset(&super::setup::alice(), None, NOW);
    login.answer("n");
    assert_eq!(login.outcome().verdict, Verdict::Deny);
}

#[test]
fn a_host_has_one_timer_and_the_oldest_makes_room() {
    let mut settings = settings(Policy::default());
    settings.remember.limit = 3;
    let mut last = trusting(settings, enrolled(), from("203.0.113.1"));
    for n in [2, 3, 4, 4] {
        let steps = 2 * last.record.trusted.iter().count() as i64 + 2 * n;
        let now = Timestamp::from_secs(NOW.as_secs().saturating_add_signed(30 * steps));
        last = last.again(now, from(&format!("203.0.113.{n}")));
        if last.is_asking() {
            last.answer(&code_of(super::setup::SECRET, steps)).answer("y").redeem();
        }
    }
    let record = last.record;
    let hosts: Vec<_> = record.trusted.iter().map(|host| host.binding.to_string()).collect();
    assert_eq!(hosts, ["203.0.113.2", "203.0.113.3", "203.0.113.4"]);
}

#[test]
fn a_password_change_asks_for_a_code_from_a_trusted_host_too() {
    let trusted = trusting(settings(Policy::default()), enrolled(), login());
    let change = Login::with(trusted.settings, trusted.record, |record, world| {
        open_password(login(), true, record, world)
    });
    assert!(change.is_asking());
}

#[test]
fn strangers_do_not_hinder_a_trusted_host_and_it_does_not_count_for_the_account() {
    let mut trusted = trusting(settings(Policy::default()), with_recovery(), login());
    for n in 0..100 {
        let source = format!("198.51.100.{n}");
        let _ = trusted.record.lockout.record_failure(&source, &Rules::default(), NOW);
    }
    assert!(trusted.record.lockout.is_stopped());
    assert!(is_let_in_unasked(&trusted, days(1), login()));
    // Asked for a code after all, as for a new password, it is still not stopped.
    let mut change =
        Login::at(days(1), trusted.settings.clone(), trusted.record, |record, world| {
            open_password(login(), true, record, world)
        });
    change.answer("000000");
    assert_eq!(change.record.lockout.consecutive(), 100);
    assert!(change.is_asking(), "{:?}", change.shown());
}

#[test]
fn a_trusted_host_has_the_same_limit_of_its_own() {
    let mut trusted = trusting(settings(Policy::default()), enrolled(), login());
    let counter = lockout::of_trusted_host(&trusted.record.trusted.iter().next().unwrap().id);
    for _ in 0..100 {
        let _ = trusted.record.lockout.record_failure(&counter, &Rules::default(), NOW);
    }
    assert!(!trusted.record.lockout.is_stopped());
    let change = Login::at(days(1), trusted.settings, trusted.record, |record, world| {
        open_password(login(), true, record, world)
    });
    assert_eq!(change.outcome().verdict, Verdict::Locked);
}

#[test]
fn within_a_session_that_gave_a_code_su_and_sudo_ask_none_for_a_while() {
    let within = |service: &str, given: Option<Timestamp>| LoginContext {
        service: service.to_owned(),
        source: Source::Local { requester: Some("alice".to_owned()) },
        session_code: given.map(|at| SessionCode { at, epoch: 0 }),
        ..login()
    };
    let mut settings = settings(Policy::default());
    let begin = |settings: &Settings, login| Login::of(settings.clone(), enrolled(), login, true);
    assert!(begin(&settings, within("sudo", Some(NOW))).is_asking(), "off by default");
    settings.remember.session = Duration::from_secs(600);
    let ago = |seconds| Some(Timestamp::from_secs(NOW.as_secs() - seconds));
    for service in ["su", "su-l", "sudo", "sudo-i"] {
        assert!(!begin(&settings, within(service, ago(599))).is_asking(), "{service}");
        assert!(begin(&settings, within(service, ago(600))).is_asking(), "{service}");
        assert!(begin(&settings, within(service, None)).is_asking(), "{service}");
    }
    assert!(begin(&settings, within("login", ago(1))).is_asking());
    let remote = LoginContext { source: login().source, ..within("sudo", ago(1)) };
    assert!(begin(&settings, remote).is_asking());
    let mut reset = enrolled();
    reset.distrust();
    let after = Login::of(settings.clone(), reset, within("sudo", ago(1)), true);
    assert!(after.is_asking(), "what was withdrawn since does not count");
    settings.policy.level = Level::VeryHigh;
    assert!(begin(&settings, within("sudo", ago(1))).is_asking());
}
