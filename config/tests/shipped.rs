//! The shipped file says what the program does, key by key.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panic")]

use std::collections::BTreeSet;

use twinlock_config::{Config, SHIPPED, Shape, Sms, parse, schema};

fn config(text: &str) -> Config {
    parse(&[("twinlock.toml", text)]).unwrap_or_else(|wrong| panic!("{wrong}")).config
}

/// A configuration without the places of its rules, which differ from file to file.
fn without_places(mut config: Config) -> Config {
    config.policy.level_place = None;
    for list in [
        &mut config.policy.network.allow,
        &mut config.policy.network.deny,
        &mut config.policy.network.exempt,
    ] {
        list.place = None;
    }
    for level in twinlock_core::policy::Level::ALL {
        config.policy.levels.rules_mut(*level).place = None;
    }
    config
}

/// The shipped file with its examples as settings.
fn with_examples() -> String {
    let lines = SHIPPED.lines().map(|line| match line.strip_prefix('#') {
        Some(example) if example.starts_with(|c: char| c == '[' || c.is_ascii_lowercase()) => {
            example
        }
        _ => line,
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// The examples without those of `[sms]` that are the other way to send a text.
fn with_examples_but(other_way: fn(&str) -> bool) -> String {
    let (before, rest) =
        with_examples().split_once("[sms]\n").map(|(a, b)| (a.to_owned(), b.to_owned())).unwrap();
    let lines = rest.lines().filter(|line| !other_way(line));
    format!("{before}[sms]\n{}", lines.collect::<Vec<_>>().join("\n"))
}

/// Every key that stands in a text, as `section.key`, with the line.
fn keys_in(text: &str) -> Vec<(String, &str)> {
    let mut section = String::new();
    let mut keys = Vec::new();
    for line in text.lines() {
        if let Some(header) = line.strip_prefix('[') {
            let header = header.trim_start_matches('[');
            section = header.split([']', '.']).next().unwrap_or_default().to_owned();
        } else if let Some((key, _)) = line.split_once('=')
            && line.starts_with(|c: char| c.is_ascii_lowercase())
        {
            keys.push((format!("{section}.{}", key.trim()), line));
        }
    }
    keys
}

fn keys_of_the_schema() -> BTreeSet<String> {
    let sections = schema();
    let keys = sections.iter().flat_map(|section| {
        section.keys.iter().map(move |key| format!("{}.{}", section.name, key.name))
    });
    keys.collect()
}

#[test]
fn the_shipped_file_is_the_default_and_without_warnings() {
    let loaded = parse(&[("twinlock.toml", SHIPPED)]).unwrap_or_else(|wrong| panic!("{wrong}"));
    assert_eq!(without_places(loaded.config), Config::default());
    assert_eq!(loaded.warnings, []);
}

#[test]
fn a_file_with_nothing_but_the_version_is_the_default() {
    assert_eq!(config("version = 1"), Config::default());
}

#[test]
fn every_key_stands_in_the_shipped_file_and_nothing_else() {
    let text = with_examples();
    let shipped: BTreeSet<_> = keys_in(&text).into_iter().map(|(key, _)| key).collect();
    assert_eq!(shipped, keys_of_the_schema());
}

#[test]
fn every_key_of_the_shipped_file_has_a_comment() {
    let text = with_examples();
    let mut commented = BTreeSet::new();
    for (key, line) in keys_in(&text) {
        let (_, before) = text.split_once(line).map(|(before, _)| ((), before)).unwrap();
        let above = before.lines().last().unwrap_or_default();
        if line.contains('#') || above.starts_with("# ") {
            commented.insert(key);
        }
    }
    // A section of one key may have its comment above the header.
    let bare: Vec<_> = keys_of_the_schema()
        .into_iter()
        .filter(|key| !commented.contains(key))
        .map(|key| key.split('.').next().unwrap_or_default().to_owned())
        .collect();
    for section in bare {
        let sections = schema();
        let found = sections.iter().find(|known| known.name == section).unwrap();
        let header = text.find(&format!("[{section}")).unwrap();
        let above = text[..header].lines().last().unwrap_or_default();
        let is_example = found.shape != Shape::Table;
        assert!(is_example || (found.keys.len() == 1 && above.starts_with("# ")), "{section}");
    }
}

#[test]
fn the_examples_of_the_shipped_file_are_valid() {
    let is_of_gateway = |line: &str| {
        ["url", "method", "headers", "body", "password_file", "ca_file"]
            .iter()
            .any(|key| line.starts_with(key))
    };
    let command = with_examples_but(is_of_gateway);
    let loaded = parse(&[("twinlock.toml", &command)]).unwrap_or_else(|wrong| panic!("{wrong}"));
    assert!(matches!(loaded.config.sms, Some(Sms::Command(_))));
    let gateway = with_examples_but(|line| line.starts_with("command"));
    let loaded = parse(&[("twinlock.toml", &gateway)]).unwrap_or_else(|wrong| panic!("{wrong}"));
    assert!(matches!(loaded.config.sms, Some(Sms::Gateway(_))));
    assert!(loaded.config.email.is_some());
    let names: Vec<_> =
        loaded.config.policy.profiles.iter().map(|profile| profile.name.as_str()).collect();
    assert_eq!(names, ["staff over SSH", "service accounts"]);
    assert_eq!(loaded.config.policy.profiles[1].mfa, Some(false));
    // As redefined in the example the level is what it was.
    assert_eq!(without_places(loaded.config).policy.levels, Default::default());
}

#[test]
fn every_key_of_the_schema_is_documented_and_its_default_is_valid() {
    for section in schema() {
        assert!(section.doc.ends_with('.'), "{}", section.name);
        for key in section.keys {
            let name = format!("{}.{}", section.name, key.name);
            assert!(key.doc.len() > 10 && key.doc.ends_with('.'), "{name}: {}", key.doc);
            assert!(!key.values.is_empty(), "{name}");
            let Some(default) = key.default else {
                assert!(key.doc.contains("Left out") || key.doc.contains("Required"), "{name}");
                continue;
            };
            let header = match section.shape {
                Shape::Top => String::new(),
                Shape::Table => format!("[{}]\n", section.name),
                Shape::List => format!("[[{}]]\nname = \"x\"\n", section.name),
                Shape::Named => format!("[{}.high]\n", section.name),
            };
            let version = if key.name == "version" { "" } else { "version = 1\n" };
            // What its section does not make sense without.
            let needed = match section.name {
                "email" => "server = \"sendmail\"\nfrom = \"a@example.org\"\n",
                _ => "",
            };
            let without = match needed {
                "" => Config::default(),
                _ => config(&format!("{version}{header}{needed}")),
            };
            let text = format!("{version}{header}{needed}{} = {default}\n", key.name);
            let mut read = without_places(config(&text));
            read.policy.profiles.clear();
            assert_eq!(read, without_places(without), "{text}");
        }
    }
}

#[test]
fn the_schema_as_people_read_it() {
    let mut shown = String::new();
    for section in schema() {
        shown += &format!("[{}] {}\n", section.name, section.doc);
        for key in section.keys {
            let default = key.default.unwrap_or_default();
            shown += &format!("  {} = {default}\n    {}\n    {}\n", key.name, key.values, key.doc);
        }
    }
    insta::assert_snapshot!(shown);
}

/// One setting for every key, other than its default.
const OTHER: &[(&str, &str)] = &[
    (".level", "\"low\""),
    (".mode", "\"observe\""),
    (".account_services", "[]"),
    ("network.allow", "[\"192.0.2.0/24\"]"),
    ("network.deny", "[\"192.0.2.0/24\"]"),
    ("network.exempt", "[\"192.0.2.0/24\"]"),
    ("profile.name", "\"other\""),
    ("profile.services", "[\"sshd\"]"),
    ("profile.users", "[\"alice\"]"),
    ("profile.groups", "[\"!staff\"]"),
    ("profile.networks", "[\"192.0.2.0/24\"]"),
    ("profile.first_factor", "[\"key\"]"),
    ("profile.level", "\"low\""),
    ("profile.mfa", "false"),
    ("profile.methods", "[\"totp\"]"),
    ("profile.remember", "\"1 day\""),
    ("profile.enforce_from", "2027-01-01"),
    ("profile.grace", "\"1 day\""),
    ("profile.enrol", "\"admin\""),
    ("levels.mfa", "\"enrolled\""),
    ("levels.methods", "[\"totp\"]"),
    ("levels.remember", "\"never\""),
    ("levels.enrol", "\"admin\""),
    ("totp.window", "2"),
    ("totp.issuer", "\"Example %h\""),
    ("one_time_code.lifetime", "\"5 minutes\""),
    ("one_time_code.resend_after", "\"1 minute\""),
    ("one_time_code.per_day", "5"),
    ("remember.bind", "\"address+key\""),
    ("remember.limit", "5"),
    ("remember.session", "\"5 minutes\""),
    ("reset.enrol", "\"at-login\""),
    ("email.server", "\"smtp://mail.example.org\""),
    ("email.from", "\"alice@example.org\""),
    ("email.password_file", "\"/srv/password\""),
    ("email.ca_file", "\"/srv/ca.pem\""),
    ("email.reminder", "\"never\""),
    ("sms.url", "\"https://sms.example.net/{to}/{text}?{password}\""),
    ("sms.method", "\"POST\""),
    ("sms.headers", "[\"X-Key: {password}\"]"),
    ("sms.body", "\"{text}\""),
    ("sms.password_file", "\"/srv/password\""),
    ("sms.ca_file", "\"/srv/ca.pem\""),
    ("sms.command", "[\"/usr/bin/send\", \"{to}\"]"),
    ("lockout.attempts", "6"),
    ("lockout.delay", "\"31 seconds\""),
    ("lockout.max_delay", "\"2 hours\""),
    ("lockout.hard_limit", "99"),
    ("store.path", "\"/srv/store\""),
    ("store.key_file", "\"/srv/key\""),
    ("login.socket", "\"/srv/login.sock\""),
    ("bus.address", "\"unix:path=/srv/bus\""),
    ("audit.syslog", "\"/srv/log\""),
    ("audit.keep", "\"30 days\""),
];

/// Keys that have one value only: another is refused, which `mistakes.rs` shows.
const SINGLE_VALUED: [&str; 2] = [".version", "store.backend"];

#[test]
fn every_key_changes_the_configuration() {
    let mut untested = keys_of_the_schema();
    for (name, value) in OTHER {
        assert!(untested.remove(*name), "{name} is no key, or stands here twice");
        let (section, key) = name.split_once('.').unwrap();
        let header = match section {
            "" => String::new(),
            "profile" if key == "name" => "[[profile]]\n".to_owned(),
            "profile" => "[[profile]]\nname = \"x\"\n".to_owned(),
            "levels" => "[levels.high]\n".to_owned(),
            section => format!("[{section}]\n"),
        };
        // What this key does not make sense without.
        let before = match (section, key) {
            ("email", "server") => "[email]\nserver = \"sendmail\"\nfrom = \"a@example.org\"",
            ("email", _) => {
                "[email]\nserver = \"smtps://a@mail.example.org\"\nfrom = \"a@example.org\"\n\
                 password_file = \"/etc/a\""
            }
            ("sms", "command") => "[sms]\ncommand = [\"/bin/a\", \"{to}\"]",
            ("sms", _) => {
                "[sms]\nurl = \"https://sms.example.org/{to}/{text}?{password}\"\n\
                 headers = [\"Content-Type: text/plain\"]\npassword_file = \"/etc/a\""
            }
            _ => "",
        };
        let before = format!("version = 1\n{before}\n");
        let without = match section {
            "profile" => without_places(config("version = 1\n[[profile]]\nname = \"x\"\n")),
            _ => config(&before),
        };
        let text = format!("{header}{key} = {value}\n");
        let loaded = parse(&[("first", &before), ("second", &text)]);
        let with = without_places(loaded.unwrap_or_else(|wrong| panic!("{name}: {wrong}")).config);
        assert_ne!(without.policy.profiles.len() + 1, with.policy.profiles.len(), "{name}");
        assert_ne!(with, without, "{name}");
    }
    assert_eq!(untested, SINGLE_VALUED.map(str::to_owned).into());
}
