//! Each way to a skip, tried by somebody who has no right to it.

use std::time::Duration;

use twinlock_core::{
    login::{FirstFactor, LoginContext, Source},
    policy::{
        Decision, DenyReason, EnrolHow, EnrolmentMode, InvitationCause, Level, Method, Methods,
        Mode, Policy, Profile, SkipReason, Standing,
    },
    time::Timestamp,
};

use crate::setup::*;

fn exempting(block: &str) -> Policy {
    let mut policy = Policy::default();
    policy.network.exempt = [block.parse().unwrap()].into_iter().collect();
    policy
}

#[test]
fn nobody_is_exempt_from_a_source_that_is_not_an_address() {
    let policy = exempting("0.0.0.0/0");
    for source in [Source::Unknown, local(), from("2001:db8::9")] {
        let decision = policy.decide(&from_source(source), &enrolled(), DATE);
        assert_eq!(decision, Decision::Require(Methods::OFFLINE));
    }
}

#[test]
fn an_environment_that_names_an_exempt_address_helps_nobody_outside_sshd() {
    let policy = exempting("203.0.113.0/24");
    let source = Source::of_login("su", Some("203.0.113.9 1 192.0.2.1 22"), None, Some("bob"));
    let login = LoginContext { service: "su".into(), ..from_source(source) };
    assert_eq!(policy.decide(&login, &enrolled(), DATE).word(), "require");
}

#[test]
fn an_address_that_only_looks_exempt_is_not() {
    let policy = exempting("203.0.113.0/24");
    for address in ["::203.0.113.9", "64:ff9b::203.0.113.9", "203.0.112.255", "2002:cb00:7109::1"] {
        let decision = policy.decide(&from_source(from(address)), &enrolled(), DATE);
        assert_eq!(decision.word(), "require", "{address}");
    }
}

#[test]
fn a_source_that_cannot_be_read_is_refused_by_either_list() {
    for deny in [true, false] {
        let mut policy = Policy::default();
        let list = if deny { &mut policy.network.deny } else { &mut policy.network.allow };
        *list = ["198.51.100.0/24".parse().unwrap()].into_iter().collect();
        let login = from_source(Source::Unknown);
        let refused = Decision::Deny(DenyReason::UnknownSource);
        assert_eq!(policy.decide(&login, &enrolled(), DATE), refused);
        assert_eq!(policy.decide_account(&login, &enrolled(), DATE), refused);
    }
}

#[test]
fn a_password_never_passes_as_the_key_of_a_service_account() {
    let mut robots = profile(1);
    robots.first_factor = list(&["key"]);
    robots.mfa = Some(false);
    let policy = policy([robots]);
    for used in [
        vec![FirstFactor::Password],
        vec![publickey(), FirstFactor::Password],
        vec![FirstFactor::Password, FirstFactor::Key],
        vec![FirstFactor::Other("keyboard-interactive".into())],
        vec![],
    ] {
        let login = with_factors(&used);
        assert_eq!(policy.decide(&login, &enrolled(), DATE).word(), "require", "{used:?}");
    }
    let stack_without_twinlock = with_factors(&[FirstFactor::Password]);
    let decision = policy.decide_account(&stack_without_twinlock, &enrolled(), DATE);
    assert_eq!(decision.word(), "key-alone");
}

#[test]
fn who_has_factors_that_do_not_count_is_not_let_in_and_does_not_enrol_with_a_password() {
    let mailed = Standing::with([Method::Email].into());
    for (level, mode) in [
        (Level::Low, None),
        (Level::Medium, None),
        (Level::High, None),
        (Level::VeryHigh, None),
        (Level::High, Some(EnrolmentMode::AtWill)),
        (Level::High, Some(EnrolmentMode::AtLogin)),
    ] {
        let offline = Profile {
            level: Some(level),
            methods: Some(Methods::OFFLINE),
            enrolment: mode,
            enforce_from: Some(DATE),
            ..profile(1)
        };
        let policy = policy([offline]);
        for now in [BEFORE, AFTER] {
            let methods = Methods::from([Method::Totp]);
            let cause = InvitationCause::MethodsNotPermitted;
            let invited = Decision::Enrol(EnrolHow::Invitation { methods, cause });
            assert_eq!(policy.decide(&login(), &mailed, now), invited, "{level}");
        }
    }
    let by_admin = Profile {
        methods: Some(Methods::OFFLINE),
        enrolment: Some(EnrolmentMode::Admin),
        ..profile(1)
    };
    let decision = policy([by_admin]).decide(&login(), &mailed, DATE);
    assert_eq!(decision.word(), "methods-not-permitted");
}

#[test]
fn a_factor_that_cannot_be_used_now_is_a_refusal_and_never_a_way_around_it() {
    let broken_mail = Standing { usable: Methods::NONE, ..Standing::with([Method::Email].into()) };
    for level in [Level::Low, Level::Medium, Level::High] {
        let policy = Policy { level, ..Policy::default() };
        let refused = DenyReason::NoUsableMethod { enrolled: [Method::Email].into() };
        assert_eq!(policy.decide(&login(), &broken_mail, DATE), Decision::Deny(refused));
    }
}

#[test]
fn a_method_that_is_usable_and_not_enrolled_is_not_asked_for() {
    let claimed = Standing { usable: Methods::ALL, ..Standing::with([Method::Totp].into()) };
    let decision = Policy::default().decide(&login(), &claimed, DATE);
    assert_eq!(decision, Decision::Require([Method::Totp].into()));
}

#[test]
fn a_recovery_code_alone_is_asked_for_and_does_not_open_an_enrolment() {
    let codes = Standing::with([Method::Recovery].into());
    let decision = Policy::default().decide(&login(), &codes, DATE);
    assert_eq!(decision, Decision::Require([Method::Recovery].into()));
}

#[test]
fn enrolment_needs_a_first_factor_that_is_known() {
    let policy = Policy::default();
    for used in [vec![], vec![FirstFactor::Other("none".into())]] {
        let decision = policy.decide(&with_factors(&used), &unenrolled(), DATE);
        assert_eq!(decision, Decision::Deny(DenyReason::NoFirstFactor));
    }
    let very_high = Policy { level: Level::VeryHigh, ..Policy::default() };
    let decision = very_high.decide(&with_factors(&[]), &unenrolled(), DATE);
    assert_eq!(decision, Decision::Deny(DenyReason::NoFirstFactor));
}

#[test]
fn a_level_whose_methods_cannot_be_set_up_refuses() {
    for methods in [Methods::NONE, [Method::Recovery].into()] {
        let only = Profile { methods: Some(methods), ..profile(1) };
        let decision = policy([only]).decide(&login(), &unenrolled(), DATE);
        assert_eq!(decision, Decision::Deny(DenyReason::NothingToEnrol));
    }
}

#[test]
fn an_enrolled_user_is_asked_before_the_date_and_in_grace() {
    let dated = Profile {
        enforce_from: Some(DATE),
        grace: Some(Duration::from_secs(86_400)),
        ..profile(1)
    };
    let policy = policy([dated]);
    for now in [Timestamp::EPOCH, BEFORE, DATE, AFTER] {
        assert_eq!(policy.decide(&login(), &enrolled(), now).word(), "require");
    }
}

#[test]
fn grace_is_not_drawn_out_by_logging_in_again() {
    let day = Duration::from_secs(86_400);
    let policy = policy([Profile { grace: Some(day), ..profile(1) }]);
    let first = policy.decide(&login(), &unenrolled(), DATE);
    let grace = SkipReason::Grace { deadline: DATE.after(day), begins: true };
    assert_eq!(first, Decision::Skip(grace));
    let seen = Standing { first_login: Some(DATE), ..unenrolled() };
    for hours in 0..24 {
        let now = DATE.after(Duration::from_secs(hours * 3_600));
        let grace = SkipReason::Grace { deadline: DATE.after(day), begins: false };
        assert_eq!(policy.decide(&login(), &seen, now), Decision::Skip(grace));
    }
    assert_eq!(policy.decide(&login(), &seen, DATE.after(day)).word(), "enrol");
    let key = with_factors(&[]);
    assert_eq!(policy.decide_account(&key, &seen, DATE.after(day)).word(), "key-alone");
}

#[test]
fn a_reset_does_not_reopen_enrolment_by_password() {
    let reset = Standing { enrolment: Some(EnrolmentMode::Invitation), ..unenrolled() };
    let decision = Policy::default().decide(&login(), &reset, DATE);
    assert_eq!(decision.word(), "enrol-invitation");
}

#[test]
fn an_observed_login_hears_nothing_and_begins_nothing() {
    let mut policy = policy([Profile { grace: Some(Duration::from_secs(60)), ..profile(1) }]);
    policy.mode = Mode::Observe;
    match policy.decide(&login(), &unenrolled(), DATE) {
        Decision::Skip(reason @ SkipReason::Observed { .. }) => {
            assert_eq!(reason.reminder(), None);
            assert_eq!(
                reason.to_string(),
                "would skip: not enrolled; grace begins and ends \
                2027-01-01T00:01:00Z"
            );
        }
        decision => panic!("{decision}"),
    }
    policy.network.deny = ["203.0.113.0/24".parse().unwrap()].into_iter().collect();
    let decision = policy.decide(&login(), &unenrolled(), DATE);
    let sentence = "would deny: the source is in the denied network 203.0.113.0/24";
    assert_eq!(decision.to_string(), sentence);
    assert!(decision.is_skip());
}

#[test]
fn names_from_outside_are_escaped_in_every_sentence() {
    let hostile = "x\n\u{1b}[2Jy".to_owned();
    for text in [
        Decision::Skip(SkipReason::ProfileSwitchedOff { profile: hostile.clone() }).to_string(),
        Decision::Deny(DenyReason::KeyAlone { service: hostile.clone() }).to_string(),
        hostile.parse::<Level>().unwrap_err().to_string(),
    ] {
        assert!(!text.contains(char::is_control), "{text:?}");
    }
}
