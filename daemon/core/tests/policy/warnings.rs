//! What a policy is warned about.

use std::time::Duration;

use proptest::prelude::*;
use twinlock_core::policy::{
    Level, Method, Place, Policy, Profile, Remember, SecondFactor, Warning, WarningKind,
};

use crate::{random::*, setup::*};

fn words(policy: &Policy) -> Vec<String> {
    policy.warnings().iter().map(ToString::to_string).collect()
}

fn never_reached(earlier: Profile, later: Profile) -> bool {
    policy([earlier, later])
        .warnings()
        .iter()
        .any(|warning| matches!(warning.kind, WarningKind::NeverReached { .. }))
}

#[test]
fn the_defaults_and_an_ordinary_policy_are_not_warned_about() {
    assert_eq!(Policy::default().warnings(), []);
    let mut staff = profile(1);
    staff.groups = list(&["staff"]);
    let mut policy = policy([staff, profile(2)]);
    policy.network.exempt = ["203.0.113.0/24".parse().unwrap()].into_iter().collect();
    assert_eq!(policy.warnings(), []);
}

#[test]
fn a_profile_that_an_earlier_one_takes_all_of_is_named_with_both_places() {
    let mut staff = profile(9);
    staff.groups = list(&["staff"]);
    let warnings = policy([profile(4), staff]).warnings();
    let kind = WarningKind::NeverReached {
        profile: "line 9".into(),
        by: "line 4".into(),
        by_place: Place::new("twinlock.toml", 4),
    };
    assert_eq!(warnings, [Warning { kind, place: Some(Place::new("twinlock.toml", 9)) }]);
    assert_eq!(
        warnings[0].to_string(),
        "the profile \"line 9\" can never match: \"line 4\" at twinlock.toml:4 takes all of it"
    );
}

#[test]
fn taking_all_of_another_profile_is_seen_list_by_list() {
    for (earlier, later, expected) in [
        (&["sshd", "su"][..], &["su"][..], true),
        (&["su"], &["sshd", "su"], false),
        (&["!sshd"], &["su"], true),
        (&["!su"], &["su", "sshd"], false),
        (&["!su"], &["su", "sshd", "!su"], true),
        (&["!su"], &["!su", "!sshd"], true),
        (&["!su", "!sshd"], &["!su"], false),
        (&["su"], &["!sshd"], false),
        (&["su"], &[], false),
        (&[], &["su"], true),
    ] {
        let services = |entries| Profile { services: list(entries), ..profile(1) };
        let users = |entries| Profile { users: list(entries), ..profile(1) };
        for (earlier, later) in
            [(services(earlier), services(later)), (users(earlier), users(later))]
        {
            assert_eq!(
                never_reached(earlier.clone(), later.clone()),
                expected,
                "{earlier:?} {later:?}"
            );
        }
    }
}

#[test]
fn a_user_of_two_groups_keeps_a_group_profile_reachable() {
    let groups = |entries: &[&str]| Profile { groups: list(entries), ..profile(1) };
    assert!(never_reached(groups(&["staff", "admins"]), groups(&["staff"])));
    assert!(!never_reached(groups(&["staff", "!robots"]), groups(&["staff"])));
    assert!(never_reached(groups(&["staff", "!robots"]), groups(&["staff", "!robots"])));
    assert!(!never_reached(groups(&["!robots"]), groups(&["staff"])));
}

#[test]
fn a_block_within_an_earlier_one_is_never_reached_unless_an_exclusion_leaves_it() {
    let networks = |entries: &[&str]| Profile { networks: list(entries), ..profile(1) };
    assert!(never_reached(networks(&["203.0.113.0/24"]), networks(&["203.0.113.128/25"])));
    assert!(!never_reached(
        networks(&["203.0.113.0/24", "!203.0.113.200/32"]),
        networks(&["203.0.113.128/25"])
    ));
    assert!(never_reached(
        networks(&["203.0.113.0/24", "!203.0.113.1/32"]),
        networks(&["203.0.113.128/25"])
    ));
    assert!(!never_reached(networks(&["0.0.0.0/0", "::/0"]), profile(1)));
}

#[test]
fn a_lenient_profile_does_not_take_the_logins_that_a_strict_one_matches() {
    let strict = Profile { first_factor: list(&["key"]), ..profile(1) };
    let off = Profile { mfa: Some(false), ..strict.clone() };
    assert!(!never_reached(off.clone(), strict.clone()));
    assert!(never_reached(strict.clone(), off.clone()));
    assert!(never_reached(strict.clone(), strict));
    assert!(never_reached(off.clone(), off));
}

#[test]
fn a_profile_whose_exclusions_leave_nothing_is_warned_about() {
    let mut nobody = profile(3);
    nobody.groups = list(&["staff", "!staff"]);
    let mut nowhere = profile(5);
    nowhere.networks = list(&["203.0.113.128/25", "!203.0.113.0/24"]);
    let mut nothing = profile(7);
    nothing.first_factor = list(&["gssapi", "!key"]);
    for profile in [nobody, nowhere, nothing] {
        let profile_name = profile.name.clone();
        let warnings = policy([profile]).warnings();
        assert_eq!(warnings[0].kind, WarningKind::MatchesNobody { profile: profile_name });
        assert_eq!(warnings.len(), 1);
    }
}

#[test]
fn whatever_asks_nothing_is_warned_about() {
    let mut off = profile(2);
    off.users = list(&["bob"]);
    off.mfa = Some(false);
    let very = Profile { level: Some(Level::VeryHigh), ..off.clone() };
    let mut policy = policy([off, Profile { users: list(&["alice"]), ..very }]);
    policy.levels.low.second_factor = SecondFactor::Off;
    policy.levels.low.place = Some(Place::new("twinlock.toml", 40));
    policy.network.exempt = ["::/0".parse().unwrap()].into_iter().collect();
    assert_eq!(
        words(&policy),
        [
            "::/0 in network.exempt asks no second factor of anybody",
            "the level low asks no second factor of anybody",
            "the profile \"line 2\" asks no second factor",
            "the profile \"line 2\" asks no second factor, although its level is very-high",
        ]
    );
    assert_eq!(policy.warnings()[1].place, Some(Place::new("twinlock.toml", 40)));
}

#[test]
fn a_block_that_another_list_overrules_is_warned_about() {
    let mut policy = Policy::default();
    let blocks = |blocks: &[&str]| blocks.iter().map(|block| block.parse().unwrap()).collect();
    policy.network.deny = blocks(&["203.0.113.0/24"]);
    policy.network.allow = blocks(&["203.0.113.0/25", "198.51.100.0/24"]);
    policy.network.exempt = blocks(&["203.0.113.9/32", "192.0.2.0/24", "198.51.100.7/32"]);
    assert_eq!(
        words(&policy),
        [
            "203.0.113.0/25 in network.allow has no effect: network.deny refuses all of it",
            "203.0.113.9/32 in network.exempt has no effect: network.deny refuses all of it",
            "192.0.2.0/24 in network.exempt has no effect: network.allow has none of it",
        ]
    );
}

#[test]
fn settings_without_effect_or_against_their_level_are_warned_about() {
    let dated = Profile {
        users: list(&["alice"]),
        level: Some(Level::Medium),
        grace: Some(Duration::from_secs(60)),
        ..profile(1)
    };
    let remembered = Profile {
        users: list(&["bob"]),
        level: Some(Level::VeryHigh),
        remember: Some(Remember::For(Duration::from_secs(60))),
        ..profile(2)
    };
    let codes =
        Profile { services: list(&["su"]), methods: Some([Method::Recovery].into()), ..profile(3) };
    let some_keys =
        Profile { level: Some(Level::Low), first_factor: list(&["publickey"]), ..profile(4) };
    assert_eq!(
        words(&policy([dated, remembered, codes, some_keys])),
        [
            "enforce_from and grace have no effect in the profile \"line 1\", which requires nothing",
            "the profile \"line 2\" trusts hosts, although very-high asks for a second factor at \
             every login",
            "the profile \"line 3\" requires a second factor, and none of its methods can be set up",
            "the profile \"line 4\" does not hold for logins by key alone, of which sshd does not \
             say which kind it was; name \"key\" in its first_factor",
        ]
    );
}

#[test]
fn a_level_is_warned_about_once_and_not_for_each_of_its_profiles() {
    let mut policy = policy([profile(1)]);
    policy.levels.high.methods = [Method::Recovery].into();
    policy.levels.very_high.remember = Remember::For(Duration::from_secs(60));
    assert_eq!(
        words(&policy),
        [
            "the level high requires a second factor, and none of its methods can be set up",
            "the level very-high trusts hosts, although very-high asks for a second factor at \
             every login",
        ]
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn a_profile_that_is_said_never_to_match_never_does(
        policy in policies(),
        logins in prop::collection::vec(logins(), 60),
        now in times(),
        standing in standings(),
    ) {
        let dead: Vec<_> = policy
            .warnings()
            .into_iter()
            .filter_map(|warning| match warning.kind {
                WarningKind::NeverReached { profile, .. }
                | WarningKind::MatchesNobody { profile } => Some(profile),
                _ => None,
            })
            .collect();
        for login in logins {
            let auth = policy.terms(&login).profile;
            let account = policy.evaluate_account(&login, &standing, now).terms.profile;
            for profile in [auth, account].into_iter().flatten() {
                prop_assert!(!dead.contains(&profile.name), "{} by {login:?}", profile.name);
            }
        }
    }
}
