//! Recovery codes: who makes them, with whose word, and that the old ones are void.

use twinlock_bus_api::{account::EnrolmentOptions, error::Error};
use twinlock_core::{
    contact::Vouched,
    notice::Subject,
    policy::{Method, Policy, Profile},
};

use super::{
    fresh_code::{own, root, with_email},
    *,
};
use crate::{
    bus::account::Authority,
    testing::{CODES, RIGHT, STEP, WRONG, alice, change, enrol},
};

async fn enrolled() -> (Setup, Accounts) {
    let setup = Setup::new();
    let accounts = setup.accounts().await;
    enrol(&accounts.engine, &alice()).await;
    change(&accounts.engine, &alice(), |record| with_email(record, Vouched::User)).await;
    (setup, accounts)
}

async fn renew(accounts: &Accounts, code: &str) -> Result<Vec<String>, Error> {
    accounts.new_recovery_codes(&alice(), &own(), Authority::Own, code).await
}

async fn left(accounts: &Accounts) -> Option<u32> {
    accounts.status(&alice(), Authority::Own).await.unwrap().recovery_codes
}

#[tokio::test]
async fn a_users_own_word_needs_a_fresh_code_and_voids_the_old_ones() {
    let (setup, accounts) = enrolled().await;
    assert!(matches!(renew(&accounts, "").await, Err(Error::CodeRequired(_))));
    assert!(matches!(renew(&accounts, WRONG).await, Err(Error::WrongCode(_))));
    let codes = renew(&accounts, RIGHT).await.unwrap();
    assert_eq!((codes.len(), left(&accounts).await), (10, Some(10)));
    assert!(matches!(renew(&accounts, RIGHT).await, Err(Error::UsedCode(_))));
    // One of them is a fresh code itself.
    let others = renew(&accounts, &codes[3]).await.unwrap();
    let old = accounts.verify(&alice(), &own(), &codes[4]).await;
    assert!(matches!(old, Err(Error::WrongCode(_))));
    for code in &others {
        accounts.verify(&alice(), &own(), &code.to_lowercase()).await.unwrap();
        let again = accounts.verify(&alice(), &own(), code).await;
        assert!(matches!(again, Err(Error::UsedCode(_))), "a recovery code works once");
    }
    assert_eq!(left(&accounts).await, Some(0));
    let lines = setup.lines().concat();
    assert_eq!(lines.matches("event=recovery.renewed user=\"alice\"").count(), 2, "{lines}");
    assert!(codes.iter().chain(&others).all(|code| !lines.contains(code)), "{lines}");
    let letters = setup.notices();
    let told = |subject: &Subject| letters.iter().filter(|l| l.subject == *subject).count();
    assert_eq!(told(&Subject::RecoveryCodesRenewed), 2);
    assert_eq!(told(&Subject::RecoveryCodeUsed { left: 9 }), 2, "each use is told");
    assert!(letters.iter().all(|letter| letter.by.is_none() && letter.reference.is_some()));
}

#[tokio::test]
async fn an_administrator_makes_them_without_a_code_for_who_has_a_factor() {
    let (setup, accounts) = enrolled().await;
    let administrator = Authority::Administrator;
    let made = accounts.new_recovery_codes(&alice(), &root(), administrator, "").await.unwrap();
    assert_eq!(made.len(), 10);
    let line = setup.lines().concat();
    assert!(line.contains("event=recovery.renewed user=\"alice\" by=\"root\""), "{line}");
    assert_eq!(setup.notices()[0].by.as_deref(), Some("root"));
    let bob = crate::testing::user("bob", 1001);
    let refused = accounts.new_recovery_codes(&bob, &root(), administrator, "").await;
    assert!(matches!(refused, Err(Error::NotEnrolled(_))));
}

#[tokio::test]
async fn where_no_login_takes_them_none_are_made() {
    let profile = Profile { methods: Some([Method::Totp].into()), ..Profile::default() };
    let setup = Setup::under(Policy { profiles: vec![profile], ..Policy::default() });
    let accounts = setup.accounts().await;
    enrol(&accounts.engine, &alice()).await;
    assert!(matches!(renew(&accounts, RIGHT).await, Err(Error::MethodUnavailable(_))));
    accounts.verify(&alice(), &own(), RIGHT).await.unwrap();
}

/// Enrols over the bus; the recovery codes that come with it.
async fn enrol_by_bus(accounts: &Accounts, setup: &Setup, code: &str) -> Option<Vec<String>> {
    use crate::clock::Clock;
    let options = EnrolmentOptions { code: code.to_owned(), ..EnrolmentOptions::default() };
    let offer = accounts.begin_enrolment(&alice(), &own(), Authority::Own, &options).await.unwrap();
    let secret = data_encoding::BASE32_NOPAD.decode(offer.secret.as_bytes()).unwrap();
    let app = totp_rs::Builder::new().with_secret(secret).build_noncompliant();
    let first = app.generate(setup.clock.wall().as_secs()).to_string();
    accounts.confirm_enrolment(&own(), offer.enrolment, &first).await.unwrap().recovery_codes
}

#[tokio::test]
async fn they_come_with_the_first_factor_alone() {
    let setup = Setup::new();
    let accounts = setup.accounts().await;
    let codes = enrol_by_bus(&accounts, &setup, "").await.unwrap();
    assert_eq!(codes.len(), 10);
    assert!(enrol_by_bus(&accounts, &setup, &codes[0]).await.is_none(), "nine are left");
    assert_eq!(left(&accounts).await, Some(9));
    let lines = setup.lines().concat();
    assert_eq!(lines.matches("event=recovery.renewed").count(), 1, "{lines}");

    let (setup, accounts) = enrolled().await;
    assert!(enrol_by_bus(&accounts, &setup, CODES[STEP]).await.is_none(), "a second factor");
    let letters = setup.notices();
    let told = Subject::FactorEnrolled { label: "authenticator".to_owned() };
    assert_eq!(letters.len(), 1);
    assert_eq!(letters[0].subject, told);

    let options = EnrolmentOptions { unconfirmed: true, ..EnrolmentOptions::default() };
    let setup = Setup::new();
    let accounts = setup.accounts().await;
    let administrator = Authority::Administrator;
    accounts.begin_enrolment(&alice(), &root(), administrator, &options).await.unwrap();
    assert_eq!(left(&accounts).await, Some(0), "nobody has seen any");
}
