//! Every section and key with its type, default and meaning, as data: the manual page is made from
//! it, and tests hold the shipped file and each other against it.

use serde::Serialize;

use crate::{
    section::Section as _,
    sections::{
        audit::Audit, bus::Bus, email::EmailKeys, general::General, level::LevelKeys,
        lockout::Lockout, login::Login, network::Network, one_time_code::OneTimeCode,
        profile::ProfileKeys, remember::Remember, reset::Reset, sms::SmsKeys, store::Store,
        totp::Totp,
    },
};

/// How a section is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Shape {
    /// Keys before the first header.
    Top,
    /// `[name]`
    Table,
    /// `[[name]]`, any number of times.
    List,
    /// `[name.WORD]`, once for each of a set of words.
    Named,
}

/// A key of the configuration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Key {
    /// Its name.
    pub name: &'static str,
    /// What may be written, for people.
    pub values: String,
    /// What holds where it is left out, as TOML; none where leaving it out means something that
    /// cannot be written, which `doc` says.
    pub default: Option<String>,
    /// What it does.
    pub doc: String,
}

/// A section of the configuration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Section {
    /// The name in its header; empty for the keys before the first one.
    pub name: &'static str,
    /// How it is written.
    pub shape: Shape,
    /// What it is about.
    pub doc: &'static str,
    /// Its keys.
    pub keys: Vec<Key>,
}

/// Every section, in the order of the manual.
pub fn schema() -> Vec<Section> {
    let section = |name, shape, doc, keys| Section { name, shape, doc, keys };
    vec![
        section("", Shape::Top, "What holds for the host as a whole.", General::keys()),
        section(
            "network",
            Shape::Table,
            "Addresses and blocks of remote logins. Deny goes over allow, both over exempt.",
            Network::keys(),
        ),
        section(
            "profile",
            Shape::List,
            "Who is treated otherwise. The first profile that matches holds; its lists must all \
             match, and what it leaves out comes from its level. In a list any entry matches, \
             `!` excludes, and a list of exclusions only means everyone else.",
            ProfileKeys::keys(),
        ),
        section(
            "levels",
            Shape::Named,
            "Redefines a level: [levels.low], [levels.medium], [levels.high], [levels.very-high].",
            LevelKeys::keys(),
        ),
        section("totp", Shape::Table, "Codes of an authenticator app (RFC 6238).", Totp::keys()),
        section(
            "one_time_code",
            Shape::Table,
            "Codes by e-mail and as text messages.",
            OneTimeCode::keys(),
        ),
        section("remember", Shape::Table, "Trusted hosts, and su and sudo.", Remember::keys()),
        section("lockout", Shape::Table, "What wrong codes cost.", Lockout::keys()),
        section(
            "reset",
            Shape::Table,
            "After the factors of a user were taken away.",
            Reset::keys(),
        ),
        section("email", Shape::Table, "How e-mail is sent.", EmailKeys::keys()),
        section("sms", Shape::Table, "How text messages are sent.", SmsKeys::keys()),
        section("store", Shape::Table, "Where secrets and states are kept.", Store::keys()),
        section("login", Shape::Table, "Between the PAM module and the daemon.", Login::keys()),
        section("bus", Shape::Table, "Between the twinlock command and the daemon.", Bus::keys()),
        section("audit", Shape::Table, "The record of logins and changes.", Audit::keys()),
    ]
}

/// The names of the keys of each section.
const NAMES: &[(&str, &[&str])] = &[
    ("", General::NAMES),
    ("network", Network::NAMES),
    ("profile", ProfileKeys::NAMES),
    ("totp", Totp::NAMES),
    ("one_time_code", OneTimeCode::NAMES),
    ("remember", Remember::NAMES),
    ("lockout", Lockout::NAMES),
    ("reset", Reset::NAMES),
    ("email", EmailKeys::NAMES),
    ("sms", SmsKeys::NAMES),
    ("store", Store::NAMES),
    ("login", Login::NAMES),
    ("bus", Bus::NAMES),
    ("audit", Audit::NAMES),
];

/// Where a key belongs that stands in the wrong section, as a hint.
pub(crate) fn home_of(key: &str) -> Option<String> {
    let homes = NAMES.iter().filter(|(_, keys)| keys.contains(&key));
    let homes: Vec<_> = homes.map(|(section, _)| *section).collect();
    match homes.as_slice() {
        [] => None,
        ["", ..] => Some(format!("\"{key}\" belongs before the first section")),
        ["profile", ..] => Some(format!("\"{key}\" belongs in a [[profile]]")),
        [section, ..] => Some(format!("\"{key}\" belongs in [{section}]")),
    }
}
