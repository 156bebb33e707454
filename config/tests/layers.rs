//! Several files are one configuration.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panic")]

use std::time::Duration;

use twinlock_config::{Config, parse};
use twinlock_core::policy::{Level, Place};

fn config(texts: &[(&str, &str)]) -> Config {
    parse(texts).unwrap_or_else(|wrong| panic!("{wrong}")).config
}

const MAIN: (&str, &str) = (
    "twinlock.toml",
    "version = 1\nlevel = \"low\"\n[lockout]\nattempts = 7\ndelay = \"1 minute\"\n\
     [network]\nallow = [\"192.0.2.0/24\"]\n[[profile]]\nname = \"one\"\n",
);

#[test]
fn a_later_file_overrides_key_by_key() {
    let later = ("conf.d/a.toml", "level = \"high\"\n[lockout]\nattempts = 8\n");
    let config = config(&[MAIN, later]);
    assert_eq!(config.policy.level, Level::High);
    assert_eq!(config.policy.level_place, Some(Place::new("conf.d/a.toml", 1)));
    assert_eq!(config.lockout.attempts, 8);
    assert_eq!(config.lockout.delay, Duration::from_secs(60), "the other keys stay");
    assert_eq!(config.policy.network.allow.place, Some(Place::new("twinlock.toml", 7)));
}

#[test]
fn a_list_is_overridden_as_a_whole() {
    let later = ("conf.d/a.toml", "network.allow = [\"198.51.100.7\"]\n");
    let allow = config(&[MAIN, later]).policy.network.allow;
    assert_eq!(allow.networks, ["198.51.100.7/32".parse().unwrap()]);
    assert_eq!(allow.place, Some(Place::new("conf.d/a.toml", 1)));
}

#[test]
fn profiles_follow_one_another_in_the_order_of_reading() {
    let second = ("conf.d/a.toml", "[[profile]]\nname = \"two\"\n[[profile]]\nname = \"three\"\n");
    let third = ("conf.d/b.toml", "[[profile]]\nname = \"four\"\n");
    let profiles = config(&[MAIN, second, third]).policy.profiles;
    let shown: Vec<_> = profiles.iter().map(|p| (p.name.as_str(), p.place.to_string())).collect();
    let expected = [
        ("one", "twinlock.toml:8"),
        ("two", "conf.d/a.toml:1"),
        ("three", "conf.d/a.toml:3"),
        ("four", "conf.d/b.toml:1"),
    ];
    assert_eq!(shown, expected.map(|(name, place)| (name, place.to_owned())));
}

#[test]
fn levels_are_redefined_key_by_key() {
    let first = ("a", "version = 1\n[levels.high]\nremember = \"1 day\"\n");
    let second = ("b", "[levels.high]\nenrol = \"admin\"\n");
    let levels = config(&[first, second]).policy.levels;
    assert_eq!(levels.high.remember.to_string(), "1 day");
    assert_eq!(levels.high.enrolment.as_str(), "admin");
    assert_eq!(levels.high.place, Some(Place::new("b", 1)));
    assert_eq!(levels.low, Config::default().policy.levels.low);
}

#[test]
fn what_is_overridden_is_checked_all_the_same() {
    let wrong = ("conf.d/a.toml", "level = \"hgih\"\n[lockout]\nattempts = 0\n");
    let right = ("conf.d/b.toml", "level = \"high\"\n[lockout]\nattempts = 5\n");
    let diagnostics = parse(&[MAIN, wrong, right]).unwrap_err();
    let places: Vec<_> = diagnostics.iter().map(|d| (d.file.as_str(), d.line)).collect();
    assert_eq!(places, [("conf.d/a.toml", Some(1)), ("conf.d/a.toml", Some(3))]);
}

#[test]
fn what_two_files_say_together_can_contradict() {
    let later = ("conf.d/a.toml", "[lockout]\nmax_delay = \"30 seconds\"\n");
    let diagnostics = parse(&[MAIN, later]).unwrap_err();
    let shown = diagnostics.to_string();
    assert!(shown.contains("delay, 1 minute) is longer than max_delay (30 seconds)"), "{shown}");
}

#[test]
fn a_name_of_a_profile_is_taken_over_all_files() {
    let later = ("conf.d/a.toml", "\n[[profile]]\nname = \"one\"\n");
    let diagnostics = parse(&[MAIN, later]).unwrap_err();
    let only = diagnostics.iter().next().unwrap();
    assert_eq!((only.file.as_str(), only.line, only.column), ("conf.d/a.toml", Some(3), Some(8)));
    assert_eq!(only.hint.as_deref(), Some("the other one is at twinlock.toml:9"));
}

#[test]
fn the_version_is_required_once_and_may_be_repeated() {
    config(&[MAIN, ("conf.d/a.toml", "version = 1\n")]);
    let diagnostics = parse(&[("twinlock.toml", ""), ("conf.d/a.toml", "")]).unwrap_err();
    assert_eq!(diagnostics.iter().count(), 1);
}

#[test]
fn a_file_of_another_version_is_not_read_as_one_of_this() {
    let later = ("conf.d/a.toml", "version = 2\nnew_key = true\n");
    let diagnostics = parse(&[MAIN, later]).unwrap_err();
    insta::assert_snapshot!(diagnostics);
}
