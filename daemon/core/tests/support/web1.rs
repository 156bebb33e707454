//! The host web1, its user alice, and a login of hers over SSH with her password.
#![allow(dead_code, reason = "each test uses its part")]

use twinlock_core::{
    dialogue::Settings,
    login::{FirstFactor, LoginContext, Source, User},
    policy::Policy,
};

pub fn alice() -> User {
    User { name: "alice".to_owned(), uid: 1000, groups: Vec::new() }
}

pub fn login() -> LoginContext {
    LoginContext {
        service: "sshd".to_owned(),
        user: alice(),
        source: Source::Address("203.0.113.9".parse().unwrap()),
        tty: Some("ssh".to_owned()),
        first_factors: vec![FirstFactor::Password],
        interactive: true,
        redeems: true,
        session_code: None,
    }
}

pub fn settings(policy: Policy) -> Settings {
    let name = || "web1".to_owned();
    Settings { policy, issuer: name(), host: name(), ..Settings::default() }
}
