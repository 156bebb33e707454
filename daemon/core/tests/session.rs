//! What a person is told when a session opens.
#![allow(clippy::unwrap_used, reason = "tests")]

#[path = "support/hashing.rs"]
mod hashing;
#[path = "support/web1.rs"]
mod web1;

use std::time::Duration;

use twinlock_core::{
    dialogue::{World, greet},
    factor::totp::{Secret, TotpFactor},
    fresh::{FRESH_BYTES, Fresh},
    lockout::Rules,
    login::LoginContext,
    policy::{Methods, Policy, Profile},
    record::{CodeRules, Trial, UserRecord},
    response::Response,
    time::Timestamp,
};
use zeroize::Zeroizing;

use hashing::Plain;

const NOW: Timestamp = Timestamp::from_secs(1_800_000_000);

fn login() -> LoginContext {
    LoginContext { tty: None, first_factors: Vec::new(), ..web1::login() }
}

fn greeted(login: &LoginContext, record: &mut UserRecord, policy: Policy) -> Vec<String> {
    let settings = web1::settings(policy);
    let fresh = Fresh::new(Zeroizing::new([1; FRESH_BYTES]));
    let world = World { settings: &settings, now: NOW, clock: NOW, fresh: &fresh, hashing: &Plain };
    greet(login, record, &world).into_iter().map(|message| message.text).collect()
}

fn record_with_news() -> UserRecord {
    let mut record = UserRecord::new(&login().user);
    let totp = TotpFactor::new(Secret::new(vec![7; 20]));
    record.enrol("7F3KQ2".to_owned(), "phone".to_owned(), totp, NOW).unwrap();
    let rules = CodeRules { window: 1, lockout: Rules::default() };
    let code = Response::new("nonsense".to_owned());
    let _ = record.verify(
        &code,
        &Trial {
            counter: "203.0.113.9",
            source: &login().source,
            service: "sshd",
            methods: Methods::ALL,
            bypass: true,
            rules: &rules,
            hashing: &Plain,
            now: NOW,
            clock: NOW,
        },
    );
    record
}

#[test]
fn news_are_told_once_to_their_owner_who_can_read_them() {
    let mut record = record_with_news();
    let silent = LoginContext { interactive: false, ..login() };
    let mut other = login();
    other.user.uid = 1001;
    for deaf in [silent, other] {
        assert!(greeted(&deaf, &mut record, Policy::default()).is_empty());
    }
    assert_eq!(
        greeted(&login(), &mut record, Policy::default()),
        [
            "A wrong code was given for you from 203.0.113.9 at 2027-01-15 08:00 UTC.",
            "A second factor 'phone' was set up at 2027-01-15 08:00 UTC.",
        ]
    );
    assert!(greeted(&login(), &mut record, Policy::default()).is_empty());
}

#[test]
fn a_deadline_that_is_to_come_is_told_with_its_date_and_the_command() {
    let profile = Profile {
        name: "staff".to_owned(),
        enforce_from: Some(NOW.after(Duration::from_secs(86_400))),
        ..Profile::default()
    };
    let policy = Policy { profiles: vec![profile], ..Policy::default() };
    let mut record = UserRecord::new(&login().user);
    assert_eq!(
        greeted(&login(), &mut record, policy),
        ["Two-factor authentication is required on web1 from 2027-01-16 on; set it up with \
             'twinlock enroll' before."]
    );
}
