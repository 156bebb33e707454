//! Logins, standings and policies that tests start from.

use twinlock_core::{
    login::{FirstFactor, LoginContext, Source, User},
    policy::{List, Methods, Place, Policy, Profile, Standing},
    time::Timestamp,
};

/// 2027-01-01, the date of these tests.
pub const DATE: Timestamp = Timestamp::from_secs(1_798_761_600);

/// A moment before [`DATE`].
pub const BEFORE: Timestamp = Timestamp::from_secs(1_798_761_599);

/// A year after [`DATE`].
pub const AFTER: Timestamp = Timestamp::from_secs(1_798_761_600 + 365 * 86_400);

pub fn from(address: &str) -> Source {
    Source::Address(address.parse().unwrap())
}

pub fn local() -> Source {
    Source::Local { requester: Some("bob".into()) }
}

pub fn publickey() -> FirstFactor {
    FirstFactor::PublicKey { fingerprint: Some("SHA256:alice".into()) }
}

/// alice, of the group staff, over SSH from 203.0.113.9 with a password.
pub fn login() -> LoginContext {
    LoginContext {
        service: "sshd".into(),
        user: User {
            name: "alice".into(),
            uid: 1000,
            groups: vec!["alice".into(), "staff".into()],
        },
        source: from("203.0.113.9"),
        tty: Some("ssh".into()),
        first_factors: vec![FirstFactor::Password],
        interactive: true,
        redeems: true,
        session_code: None,
    }
}

pub fn with_factors(factors: &[FirstFactor]) -> LoginContext {
    LoginContext { first_factors: factors.to_vec(), ..login() }
}

pub fn from_source(source: Source) -> LoginContext {
    LoginContext { source, ..login() }
}

pub fn enrolled() -> Standing {
    Standing::with(Methods::OFFLINE)
}

pub fn unenrolled() -> Standing {
    Standing::default()
}

pub fn list<T>(entries: &[&str]) -> List<T>
where
    T: std::str::FromStr<Err: std::fmt::Display>,
{
    List::parse(entries).unwrap()
}

/// A profile that matches everybody, named after its line.
pub fn profile(line: u32) -> Profile {
    Profile {
        name: format!("line {line}"),
        place: Place::new("twinlock.toml", line),
        ..Profile::default()
    }
}

pub fn policy(profiles: impl IntoIterator<Item = Profile>) -> Policy {
    Policy { profiles: profiles.into_iter().collect(), ..Policy::default() }
}
