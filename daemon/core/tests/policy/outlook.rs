//! What a user has to expect: the strictest of what can apply, before any login is seen.

use std::time::Duration;

use proptest::prelude::*;
use twinlock_core::{
    login::User,
    policy::{EnrolmentMode, Level, Outlook, Policy, SecondFactor, Standing, Timing},
    time::Timestamp,
};

use crate::{random::*, setup::*};

const DAY: Duration = Duration::from_secs(86_400);

fn alice() -> User {
    login().user
}

fn outlook(policy: &Policy, now: Timestamp) -> Outlook {
    policy.outlook(&alice(), &unenrolled(), now)
}

#[test]
fn without_profiles_the_level_says_what_to_expect() {
    let mut policy = Policy::default();
    for (level, demand, due) in [
        (Level::Low, SecondFactor::Voluntary, None),
        (Level::Medium, SecondFactor::Enrolled, None),
        (Level::High, SecondFactor::Required, Some(Timing::Enforced)),
        (Level::VeryHigh, SecondFactor::Always, Some(Timing::Enforced)),
    ] {
        policy.level = level;
        let found = outlook(&policy, DATE);
        assert_eq!((found.demand, found.due), (demand, due), "{level}");
        let enrolled = policy.outlook(&alice(), &enrolled(), DATE);
        assert_eq!((enrolled.demand, enrolled.due), (demand, None), "{level}");
    }
}

#[test]
fn a_profile_for_some_networks_can_apply_and_hides_nothing_behind_it() {
    let mut inside = profile(1);
    inside.networks = list(&["203.0.113.0/24"]);
    inside.level = Some(Level::Low);
    let strict_behind = policy([inside.clone()]);
    assert_eq!(outlook(&strict_behind, DATE).due, Some(Timing::Enforced));

    inside.level = Some(Level::VeryHigh);
    let mut strict_before = policy([inside]);
    strict_before.level = Level::Low;
    let found = outlook(&strict_before, DATE);
    assert_eq!((found.demand, found.due), (SecondFactor::Always, Some(Timing::Enforced)));
    assert_eq!(found.terms.profile.unwrap().name, "line 1");
}

#[test]
fn a_profile_for_some_first_factors_can_apply_and_hides_nothing_behind_it() {
    let mut keys = profile(1);
    keys.first_factor = list(&["key"]);
    keys.mfa = Some(false);
    assert_eq!(outlook(&policy([keys]), DATE).demand, SecondFactor::Required);
}

#[test]
fn a_profile_for_every_login_of_the_user_ends_the_search() {
    let mut staff = profile(1);
    staff.groups = list(&["staff"]);
    staff.mfa = Some(false);
    let policy = policy([staff, profile(2)]);
    assert_eq!(outlook(&policy, DATE).demand, SecondFactor::Off);
    let other = User { groups: Vec::new(), ..alice() };
    assert_eq!(
        policy.outlook(&other, &unenrolled(), DATE).demand,
        SecondFactor::Required,
        "who is not of the staff"
    );
}

#[test]
fn the_strictest_of_the_account_services_counts_and_no_other_service() {
    let mut console = profile(1);
    console.services = list(&["login"]);
    let mut policy = policy([console]);
    policy.level = Level::Low;
    assert_eq!(outlook(&policy, DATE).demand, SecondFactor::Voluntary);
    policy.profiles[0].level = Some(Level::High);
    assert_eq!(outlook(&policy, DATE).demand, SecondFactor::Voluntary);
    policy.account_services.push("login".to_owned());
    assert_eq!(outlook(&policy, DATE).demand, SecondFactor::Required);

    policy.account_services.clear();
    policy.profiles[0].services = list(&["sshd"]);
    assert_eq!(outlook(&policy, DATE).demand, SecondFactor::Required, "sshd where none is named");
}

#[test]
fn the_earliest_deadline_counts() {
    let mut later = profile(1);
    later.networks = list(&["203.0.113.0/24"]);
    later.level = Some(Level::VeryHigh);
    later.enforce_from = Some(DATE.after(DAY * 9));
    let mut sooner = profile(2);
    sooner.enforce_from = Some(DATE);
    sooner.grace = Some(DAY);
    let found = outlook(&policy([later, sooner]), BEFORE);
    let deadline = DATE.after(DAY);
    assert_eq!(found.due, Some(Timing::BeforeDate { from: DATE, deadline }));
    assert_eq!(found.demand, SecondFactor::Required);
}

#[test]
fn grace_that_has_not_begun_is_told_from_grace_that_runs() {
    let mut graced = profile(1);
    graced.grace = Some(DAY);
    let policy = policy([graced]);
    let deadline = DATE.after(DAY);
    assert_eq!(outlook(&policy, DATE).due, Some(Timing::Grace { deadline, begins: true }));
    let seen = Standing { first_login: Some(BEFORE), ..unenrolled() };
    let runs = policy.outlook(&alice(), &seen, DATE).due;
    assert_eq!(runs, Some(Timing::Grace { deadline: BEFORE.after(DAY), begins: false }));
}

#[test]
fn the_switch_goes_over_everything() {
    let mut off = profile(1);
    off.mfa = Some(false);
    let (on, off_by_name) = (
        Standing { switch: Some(true), ..unenrolled() },
        Standing { switch: Some(false), ..unenrolled() },
    );
    let found = policy([off]).outlook(&alice(), &on, DATE);
    assert_eq!((found.demand, found.due), (SecondFactor::Required, Some(Timing::Enforced)));
    let strictest = Policy { level: Level::VeryHigh, ..Policy::default() };
    let found = strictest.outlook(&alice(), &off_by_name, DATE);
    assert_eq!((found.demand, found.due), (SecondFactor::Off, None));
}

#[test]
fn of_two_that_are_due_at_once_the_stricter_enrolment_counts() {
    let mut outside = profile(1);
    outside.networks = list(&["!203.0.113.0/24"]);
    outside.enrolment = Some(EnrolmentMode::Admin);
    let found = outlook(&policy([outside]), DATE);
    assert_eq!(found.terms.enrolment, EnrolmentMode::Admin);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

    #[test]
    fn no_login_meets_terms_that_are_due_earlier_or_demand_more(
        mut policy in policies(),
        login in logins(),
        standing in standings(),
        now in times(),
    ) {
        policy.account_services.push(login.service.clone());
        let outlook = policy.outlook(&login.user, &standing, now);
        let auth = policy.terms(&login);
        let account = policy.evaluate_account(&login, &standing, now).terms;
        for terms in [auth, account] {
            let expected = outlook.terms.deadline(&standing, now);
            match terms.deadline(&standing, now) {
                Some(deadline) => prop_assert!(expected.is_some_and(|it| it <= deadline)),
                None if expected.is_none() => {
                    prop_assert!(terms.demand(&standing) <= outlook.demand);
                }
                None => {}
            }
        }
        prop_assert_eq!(outlook.due.is_some(), outlook.terms.deadline(&standing, now).is_some());
    }
}
