//! What the lists of a profile match, one list at a time.

use twinlock_core::{
    login::{FirstFactor, LoginContext, Source},
    policy::{Level, Profile},
};

use crate::setup::*;

/// Whether the profile is the one that holds for the login.
fn matches(profile: &Profile, login: &LoginContext) -> bool {
    policy([profile.clone()]).terms(login).profile.is_some()
}

#[test]
fn an_empty_profile_matches_every_login() {
    for source in [local(), Source::Unknown, from("2001:db8::9")] {
        assert!(matches(&profile(1), &from_source(source)));
    }
    assert!(matches(&profile(1), &with_factors(&[])));
}

#[test]
fn services_and_users_are_names_in_full() {
    for (entries, expected) in [
        (&["sshd"][..], true),
        (&["su", "sshd"], true),
        (&["ssh"], false),
        (&["SSHD"], false),
        (&["!su"], true),
        (&["!sshd"], false),
        (&["sshd", "!sshd"], false),
        (&["!sshd", "sshd"], false),
        (&["su", "!sudo"], false),
    ] {
        let services = Profile { services: list(entries), ..profile(1) };
        assert_eq!(matches(&services, &login()), expected, "{entries:?}");
    }
    let bob = Profile { users: list(&["bob"]), ..profile(1) };
    assert!(!matches(&bob, &login()));
    let others = Profile { users: list(&["!bob"]), ..profile(1) };
    assert!(matches(&others, &login()));
}

#[test]
fn any_group_of_the_user_matches_and_any_excluded_one_excludes() {
    for (entries, expected) in [
        (&["staff"][..], true),
        (&["alice"], true),
        (&["admins", "staff"], true),
        (&["admins"], false),
        (&["!robots"], true),
        (&["!staff"], false),
        (&["alice", "!staff"], false),
        (&["staff", "!robots"], true),
    ] {
        let groups = Profile { groups: list(entries), ..profile(1) };
        assert_eq!(matches(&groups, &login()), expected, "{entries:?}");
    }
}

#[test]
fn networks_match_addresses_only() {
    for (entries, source, expected) in [
        (&["203.0.113.0/24"][..], from("203.0.113.9"), true),
        (&["203.0.113.0/24", "!203.0.113.9/32"], from("203.0.113.9"), false),
        (&["!198.51.100.0/24"], from("203.0.113.9"), true),
        (&["2001:db8::/32"], from("203.0.113.9"), false),
        (&["0.0.0.0/0", "::/0"], local(), false),
        (&["!198.51.100.0/24"], local(), false),
        (&["0.0.0.0/0", "::/0"], Source::Unknown, false),
        (&["!198.51.100.0/24"], Source::Unknown, false),
    ] {
        let networks = Profile { networks: list(entries), ..profile(1) };
        let login = from_source(source.clone());
        assert_eq!(matches(&networks, &login), expected, "{entries:?} {source:?}");
    }
}

#[test]
fn every_list_must_match() {
    let mut all = profile(1);
    all.services = list(&["sshd"]);
    all.users = list(&["alice"]);
    all.groups = list(&["staff"]);
    all.networks = list(&["203.0.113.0/24"]);
    all.first_factor = list(&["password"]);
    assert!(matches(&all, &login()));
    let mut one_wrong = vec![all.clone(); 5];
    one_wrong[0].services = list(&["su"]);
    one_wrong[1].users = list(&["bob"]);
    one_wrong[2].groups = list(&["admins"]);
    one_wrong[3].networks = list(&["198.51.100.0/24"]);
    one_wrong[4].first_factor = list(&["key"]);
    for profile in one_wrong {
        assert!(!matches(&profile, &login()), "{profile:?}");
    }
}

/// first_factor; methods used; whether a profile that demands matches, whether one with
/// `mfa = false` does.
#[test]
fn a_demanding_profile_matches_any_method_and_a_lenient_one_only_all_of_them() {
    use FirstFactor::{Gssapi, HostBased, Key, Other, Password};
    let other = || Other("new".into());
    for (entries, used, demanding, lenient) in [
        (&["password"][..], vec![Password], true, true),
        (&["password"], vec![publickey()], false, false),
        (&["password"], vec![publickey(), Password], true, false),
        (&["publickey", "password"], vec![publickey(), Password], true, true),
        (&["key"], vec![publickey()], true, true),
        (&["key"], vec![Gssapi, HostBased], true, true),
        (&["key"], vec![publickey(), Password], true, false),
        (&["key"], vec![Key], true, true),
        (&["key"], vec![Password], false, false),
        (&["key"], vec![], false, false),
        (&["key"], vec![other()], false, false),
        (&["key"], vec![publickey(), other()], true, false),
        (&["publickey"], vec![Key], true, false),
        (&["publickey", "gssapi", "hostbased"], vec![Key], true, true),
        (&["publickey", "!gssapi"], vec![Key], true, false),
        (&["publickey", "!publickey"], vec![Key], false, false),
        (&["!key"], vec![Key], false, false),
        (&["!gssapi"], vec![Key], true, false),
        (&["!password"], vec![publickey()], true, true),
        (&["!password"], vec![publickey(), Password], false, false),
        (&["!password"], vec![], true, false),
        (&["!password"], vec![other()], true, false),
        (&["key", "!gssapi"], vec![publickey()], true, true),
        (&["key", "!gssapi"], vec![Gssapi], false, false),
    ] {
        let login = with_factors(&used);
        let strict = Profile { first_factor: list(entries), ..profile(1) };
        assert_eq!(matches(&strict, &login), demanding, "demanding {entries:?} {used:?}");
        let off = Profile { mfa: Some(false), ..strict.clone() };
        assert_eq!(matches(&off, &login), lenient, "off {entries:?} {used:?}");
        let low = Profile { level: Some(Level::Low), ..strict };
        assert_eq!(matches(&low, &login), lenient, "low {entries:?} {used:?}");
    }
}

#[test]
fn groups_are_needed_only_where_a_profile_names_one() {
    assert!(!policy([profile(1)]).needs_groups());
    for entry in ["staff", "!staff"] {
        let groups = Profile { groups: list(&[entry]), ..profile(2) };
        assert!(policy([profile(1), groups]).needs_groups());
    }
}
