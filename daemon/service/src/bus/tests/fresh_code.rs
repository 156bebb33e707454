//! What counts as a fresh code, and how one is sent to those who have no app.

use twinlock_bus_api::error::Error;
use twinlock_core::{
    contact::{Contact, Vouched},
    notice::{Channels, Subject},
    policy::{List, Method, Policy, Profile},
    record::UserRecord,
    time::Timestamp,
};

use super::*;
use crate::{
    bus::{account::Authority, caller::Caller},
    testing::{CODES, STEP, WRONG, alice, change, enrol},
};

pub(super) fn own() -> Caller {
    Caller::supposed(":1.1", 1000)
}

pub(super) fn root() -> Caller {
    Caller::supposed(":1.2", 0)
}

/// A host that sends both kinds of message.
pub(super) fn sending() -> Setup {
    let mut setup = Setup::new();
    setup.settings.channels = Channels { email: true, mobile: true };
    setup
}

/// Gives a record an e-mail address that rests on this word.
pub(super) fn with_email(record: &mut UserRecord, vouched: Vouched) {
    let value = "alice@example.org".parse().unwrap();
    let since = Timestamp::from_secs(100);
    record.contacts.email = Some(Contact { value, vouched, since, last_used_at: None });
}

/// Alice with an e-mail address and nothing else.
async fn by_mail(setup: &Setup, vouched: Vouched) -> Accounts {
    let accounts = setup.accounts().await;
    change(&accounts.engine, &alice(), |record| with_email(record, vouched)).await;
    accounts
}

/// The code in the latest letter.
pub(super) fn code_in(setup: &Setup) -> String {
    let letters = setup.notices();
    match &letters.last().unwrap().subject {
        Subject::OneTimeCode { code, .. } | Subject::ContactProof { code, .. } => {
            code.reveal().to_owned()
        }
        other => panic!("no code in {other:?}"),
    }
}

async fn send(accounts: &Accounts, method: &str) -> Result<(String, u64), Error> {
    accounts.send_code(&alice(), &own(), method).await
}

#[tokio::test]
async fn who_has_no_app_is_sent_a_code_that_counts_once() {
    let setup = sending();
    let accounts = by_mail(&setup, Vouched::User).await;
    assert_eq!(send(&accounts, "email").await.unwrap(), ("a…@example.org".to_owned(), 600));
    let code = code_in(&setup);
    accounts.verify(&alice(), &own(), &code).await.unwrap();
    let again = accounts.verify(&alice(), &own(), &code).await;
    assert!(matches!(again, Err(Error::UsedCode(_))));
    let lines = setup.lines().concat();
    let sent = "event=code.sent user=\"alice\" service=\"twinlock\" source=\"local\"";
    assert!(lines.contains(sent) && !lines.contains(&code), "{lines}");
}

#[tokio::test]
async fn codes_are_sent_no_faster_than_at_a_login() {
    let setup = sending();
    let accounts = by_mail(&setup, Vouched::User).await;
    send(&accounts, "email").await.unwrap();
    assert!(matches!(send(&accounts, "email").await, Err(Error::Throttled(_))));
    // One source has three quarters of what a day allows.
    for _ in 1..15 {
        setup.clock.advance(60);
        send(&accounts, "email").await.unwrap();
    }
    setup.clock.advance(60);
    let Err(Error::Throttled(sentence)) = send(&accounts, "email").await else { panic!() };
    assert!(sentence.contains("today"), "{sentence}");
    assert_eq!(setup.notices().len(), 15);
}

#[tokio::test]
async fn a_code_is_sent_by_what_exists_is_open_and_counts() {
    let mut setup = sending();
    let profile = Profile {
        name: "apps only".to_owned(),
        services: List { included: vec!["sshd".to_owned()], ..List::default() },
        methods: Some([Method::Totp, Method::Sms].into()),
        ..Profile::default()
    };
    let closed = Channels { email: false, mobile: true };
    let unavailable = |sent: Result<_, Error>| matches!(sent, Err(Error::MethodUnavailable(_)));
    let accounts = by_mail(&setup, Vouched::User).await;
    assert!(unavailable(send(&accounts, "sms").await), "no number");
    assert!(matches!(send(&accounts, "totp").await, Err(Error::InvalidArgument(_))));
    setup.settings.policy = Policy { profiles: vec![profile], ..Policy::default() };
    accounts.engine.replace_settings(setup.settings.clone());
    assert!(unavailable(send(&accounts, "email").await), "sshd takes no mailed code");
    setup.settings.policy = Policy::default();
    setup.settings.channels = closed;
    accounts.engine.replace_settings(setup.settings.clone());
    assert!(unavailable(send(&accounts, "email").await), "no mail server");
    assert!(setup.notices().is_empty());
}

#[tokio::test]
async fn a_mailed_code_does_not_set_up_what_opens_a_stricter_way_in() {
    let mut setup = sending();
    let accounts = by_mail(&setup, Vouched::User).await;
    enrol(&accounts.engine, &alice()).await;
    send(&accounts, "email").await.unwrap();
    let code = code_in(&setup);
    let level = Some(twinlock_core::policy::Level::VeryHigh);
    let profile = Profile { name: "strict".to_owned(), level, ..Profile::default() };
    setup.settings.policy = Policy { profiles: vec![profile], ..Policy::default() };
    accounts.engine.replace_settings(setup.settings.clone());
    let by_mail = accounts.verify(&alice(), &own(), &code).await;
    assert!(matches!(by_mail, Err(Error::WrongCode(_))));
    accounts.verify(&alice(), &own(), CODES[STEP]).await.unwrap();
}

#[tokio::test]
async fn a_channel_that_is_closed_does_not_make_the_code_needless() {
    for vouched in [Vouched::User, Vouched::Administrator] {
        let setup = Setup::new();
        let accounts = by_mail(&setup, vouched).await;
        let (user, caller) = (alice(), own());
        let required = |refused: Error| assert!(matches!(refused, Error::CodeRequired(_)));
        let options = twinlock_bus_api::account::EnrolmentOptions::default();
        let begun = accounts.begin_enrolment(&user, &caller, Authority::Own, &options).await;
        required(begun.err().unwrap());
        required(
            accounts.new_recovery_codes(&user, &caller, Authority::Own, "").await.unwrap_err(),
        );
        required(accounts.offer_contact(&user, &caller, "email", "", "").await.unwrap_err());
        let removed = accounts.remove_factor(&user, &caller, Authority::Own, "email", "").await;
        required(removed.unwrap_err());
        assert!(matches!(send(&accounts, "email").await, Err(Error::MethodUnavailable(_))));
    }
}

#[tokio::test]
async fn who_must_wait_is_sent_no_code() {
    let setup = sending();
    let accounts = by_mail(&setup, Vouched::User).await;
    for _ in 0..5 {
        let wrong = accounts.verify(&alice(), &own(), WRONG).await;
        assert!(matches!(wrong, Err(Error::WrongCode(_))));
    }
    assert!(matches!(send(&accounts, "email").await, Err(Error::Locked(_))));
    assert!(setup.notices().is_empty());
}
