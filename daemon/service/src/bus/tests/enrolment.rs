//! Who may enrol, with what, and which of two enrolments wins.

use twinlock_bus_api::{
    account::{EnrolmentOffer, EnrolmentOptions},
    error::{Error, Result},
};
use twinlock_core::policy::{EnrolmentMode, FirstFactorKind, List, Policy, Profile};

use super::*;
use crate::{
    bus::{account::Authority, caller::Caller},
    testing::{RIGHT, WRONG, alice, enrol},
};

pub(super) fn caller(connection: &str) -> Caller {
    Caller::supposed(connection, 1000)
}

pub(super) fn options(code: &str) -> EnrolmentOptions {
    EnrolmentOptions { code: code.to_owned(), ..EnrolmentOptions::default() }
}

async fn accounts(setup: &Setup) -> Accounts {
    setup.accounts().await
}

async fn begin(accounts: &Accounts, connection: &str, code: &str) -> Result<EnrolmentOffer> {
    let caller = caller(connection);
    accounts.begin_enrolment(&alice(), &caller, Authority::Own, &options(code)).await
}

/// The code of an offered key at this time.
pub(super) fn code_of(offer: &EnrolmentOffer, at: u64) -> String {
    let secret = data_encoding::BASE32_NOPAD.decode(offer.secret.as_bytes()).unwrap();
    let app = totp_rs::Builder::new().with_secret(secret).build_noncompliant();
    app.generate(at).to_string()
}

pub(super) fn at(setup: &Setup) -> u64 {
    use crate::clock::Clock;
    setup.clock.wall().as_secs()
}

#[tokio::test]
async fn without_a_factor_the_policy_says_whether_users_enrol_themselves() {
    for (mode, open) in [
        (EnrolmentMode::AtWill, true),
        (EnrolmentMode::AtLogin, true),
        (EnrolmentMode::Invitation, false),
        (EnrolmentMode::Admin, false),
    ] {
        let profile =
            Profile { name: "all".to_owned(), enrolment: Some(mode), ..Profile::default() };
        let setup = Setup::under(Policy { profiles: vec![profile], ..Policy::default() });
        let begun = begin(&accounts(&setup).await, ":1.1", "").await;
        match begun {
            Ok(_) => assert!(open, "{mode:?}"),
            Err(Error::EnrolmentClosed(_)) => assert!(!open, "{mode:?}"),
            Err(other) => panic!("{mode:?}: {other}"),
        }
    }
}

#[tokio::test]
async fn a_profile_that_only_some_logins_meet_still_closes_enrolment_to_users() {
    let strict = Profile {
        name: "staff".to_owned(),
        services: List { included: vec!["sshd".to_owned()], ..List::default() },
        enrolment: Some(EnrolmentMode::Admin),
        ..Profile::default()
    };
    let by_password = Profile {
        first_factor: List { included: vec![FirstFactorKind::Password], ..List::default() },
        ..strict.clone()
    };
    let by_network = Profile {
        networks: List { included: vec!["203.0.113.0/24".parse().unwrap()], ..List::default() },
        ..strict.clone()
    };
    for profile in [strict, by_password, by_network] {
        let setup = Setup::under(Policy { profiles: vec![profile], ..Policy::default() });
        let begun = begin(&accounts(&setup).await, ":1.1", "").await;
        assert!(matches!(begun, Err(Error::EnrolmentClosed(_))));
    }
}

#[tokio::test]
async fn with_a_factor_a_fresh_code_of_it_is_needed_and_used_up() {
    let setup = Setup::new();
    let accounts = accounts(&setup).await;
    enrol(&accounts.engine, &alice()).await;
    assert!(matches!(begin(&accounts, ":1.1", "").await, Err(Error::CodeRequired(_))));
    assert!(matches!(begin(&accounts, ":1.1", WRONG).await, Err(Error::WrongCode(_))));
    assert_eq!(accounts.engine.read("alice").await.unwrap().unwrap().lockout.consecutive(), 1);
    begin(&accounts, ":1.1", RIGHT).await.unwrap();
    assert!(matches!(begin(&accounts, ":1.1", RIGHT).await, Err(Error::UsedCode(_))));
    let lines = setup.lines().concat();
    assert!(lines.contains("event=code.refused") && !lines.contains(RIGHT), "{lines}");
}

#[tokio::test]
async fn only_an_administrator_enrols_without_a_confirming_code() {
    let setup = Setup::new();
    let accounts = accounts(&setup).await;
    let options = EnrolmentOptions { unconfirmed: true, ..EnrolmentOptions::default() };
    let own = accounts.begin_enrolment(&alice(), &caller(":1.1"), Authority::Own, &options).await;
    assert!(matches!(own, Err(Error::NotAuthorized(_))));
    assert!(accounts.engine.read("alice").await.unwrap().is_none());
    let root = Caller::supposed(":1.2", 0);
    let authority = Authority::Administrator;
    let offer = accounts.begin_enrolment(&alice(), &root, authority, &options).await.unwrap();
    assert_eq!(offer.enrolment, 0);
    assert!(accounts.engine.read("alice").await.unwrap().unwrap().is_enrolled());
    let lines = setup.lines().concat();
    assert!(lines.contains("event=factor.enrolled user=\"alice\" by=\"root\""), "{lines}");
    assert!(!lines.contains(&offer.secret));
}

#[tokio::test]
async fn an_enrolment_is_its_connections_and_the_first_of_two_wins() {
    let setup = Setup::new();
    let accounts = accounts(&setup).await;
    let first = begin(&accounts, ":1.1", "").await.unwrap();
    let second = begin(&accounts, ":1.2", "").await.unwrap();
    let (code, other) = (code_of(&first, at(&setup)), code_of(&second, at(&setup)));
    for stranger in [caller(":1.2"), Caller::supposed(":1.1", 1001), Caller::supposed(":1.9", 0)] {
        let stolen = accounts.confirm_enrolment(&stranger, first.enrolment, &code).await;
        assert!(matches!(stolen, Err(Error::NoSuchEnrolment(_))));
        accounts.cancel_enrolment(&stranger, first.enrolment);
    }
    let wrong = accounts.confirm_enrolment(&caller(":1.1"), first.enrolment, &other).await;
    assert!(matches!(wrong, Err(Error::WrongCode(_))));
    let factor = accounts.confirm_enrolment(&caller(":1.1"), first.enrolment, &code).await.unwrap();
    assert_eq!(factor.id, first.factor);
    let late = accounts.confirm_enrolment(&caller(":1.2"), second.enrolment, &other).await;
    assert!(matches!(late, Err(Error::NoSuchEnrolment(_))));
    let record = accounts.engine.read("alice").await.unwrap().unwrap();
    assert_eq!(record.factors.len(), 1);
    // The confirming code is used up, and a wrong one was no guess at a login.
    let used = accounts.verify(&alice(), &caller(":1.1"), &code).await;
    assert!(matches!(used, Err(Error::UsedCode(_))));
    assert_eq!(record.lockout.consecutive(), 0);
}

#[tokio::test]
async fn a_store_that_is_down_for_a_moment_does_not_cost_the_key() {
    use crate::store::{StoreError, memory::Fault};
    let setup = Setup::new();
    let accounts = accounts(&setup).await;
    let offer = begin(&accounts, ":1.1", "").await.unwrap();
    let code = code_of(&offer, at(&setup));
    let down = StoreError::OutOfService { cause: "for a moment".to_owned() };
    setup.store.inject(Fault::FailCommit(down));
    let failed = accounts.confirm_enrolment(&caller(":1.1"), offer.enrolment, &code).await;
    assert!(matches!(failed, Err(Error::Unavailable(_))));
    accounts.confirm_enrolment(&caller(":1.1"), offer.enrolment, &code).await.unwrap();
}

#[tokio::test]
async fn a_key_that_was_offered_before_all_trust_was_withdrawn_is_confirmed_by_nobody() {
    let setup = Setup::new();
    let accounts = accounts(&setup).await;
    let offer = begin(&accounts, ":1.1", "").await.unwrap();
    let withdrawn = |record: &mut twinlock_core::record::UserRecord| {
        record.distrust();
    };
    crate::testing::change(&accounts.engine, &alice(), withdrawn).await;
    let code = code_of(&offer, at(&setup));
    let refused = accounts.confirm_enrolment(&caller(":1.1"), offer.enrolment, &code).await;
    assert!(refused.is_err());
    let record = accounts.engine.read("alice").await.unwrap().unwrap();
    assert!(!record.is_enrolled());
}
