//! Contacts: whose word counts at once, what has to be proved, and who is told.

use twinlock_bus_api::{contact::ConfirmedContact, error::Error};
use twinlock_core::{
    contact::Vouched,
    notice::{Recipient, Subject},
    time::Timestamp,
};

use super::{
    fresh_code::{code_in, own, root, sending, with_email},
    trust::trust,
    *,
};
use crate::{
    bus::{account::Authority, caller::Caller},
    testing::{CODES, STEP, WRONG, alice, change, enrol},
};

const OLD: &str = "alice@example.org";
const NEW: &str = "alice@mail.example.org";

/// Alice with an app, an address of an administrator's word, and a trusted host.
async fn enrolled() -> (Setup, Accounts) {
    let setup = sending();
    let accounts = setup.accounts().await;
    enrol(&accounts.engine, &alice()).await;
    change(&accounts.engine, &alice(), |record| {
        with_email(record, Vouched::Administrator);
        trust(record, "H00001", "203.0.113.7/32", Timestamp::from_secs(9_000));
    })
    .await;
    (setup, accounts)
}

async fn offer(accounts: &Accounts, address: &str, code: &str) -> Result<(u64, String), Error> {
    accounts.offer_contact(&alice(), &own(), "email", address, code).await
}

async fn confirm(accounts: &Accounts, proof: u64, code: &str) -> Result<ConfirmedContact, Error> {
    accounts.confirm_contact(&own(), proof, code).await
}

async fn email(accounts: &Accounts) -> Option<(String, Vouched)> {
    let record = accounts.engine.read("alice").await.unwrap().unwrap();
    record.contacts.email.map(|contact| (contact.value.to_string(), contact.vouched))
}

fn emails(addresses: &[&str]) -> Vec<Recipient> {
    addresses.iter().map(|address| Recipient::Email(address.parse().unwrap())).collect()
}

#[tokio::test]
async fn a_users_own_contact_counts_once_its_code_has_come_back() {
    let (setup, accounts) = enrolled().await;
    assert!(matches!(offer(&accounts, NEW, "").await, Err(Error::CodeRequired(_))));
    assert!(matches!(offer(&accounts, NEW, WRONG).await, Err(Error::WrongCode(_))));
    assert!(matches!(offer(&accounts, "nonsense", "").await, Err(Error::InvalidArgument(_))));
    assert!(setup.notices().is_empty(), "nothing is sent without a fresh code");
    let (proof, to) = offer(&accounts, NEW, CODES[STEP]).await.unwrap();
    assert_eq!(to, "a…@mail.example.org");
    let letters = setup.notices();
    assert_eq!(letters[0].to, emails(&[NEW]));
    let Subject::ContactProof { code, .. } = &letters[0].subject else { panic!() };
    assert_eq!(email(&accounts).await.unwrap().0, OLD, "not before it is proved");
    assert!(matches!(confirm(&accounts, proof, "12").await, Err(Error::WrongCode(_))));
    let confirmed = confirm(&accounts, proof, code.reveal()).await.unwrap();
    assert_eq!((confirmed.address.as_str(), confirmed.recovery_codes), (to.as_str(), None));
    assert_eq!(email(&accounts).await, Some((NEW.to_owned(), Vouched::User)));
    let record = accounts.engine.read("alice").await.unwrap().unwrap();
    assert!(record.trusted.is_empty(), "trusted hosts go with the contact");
    assert!(record.news.sentences().iter().any(|told| told.contains("e-mail address")));
    let told = setup.notices();
    assert_eq!(told[0].to, emails(&[OLD, NEW]), "the old one is told as well as the new one");
    let again = confirm(&accounts, proof, code.reveal()).await;
    assert!(matches!(again, Err(Error::NoSuchEnrolment(_))));
    let lines = setup.lines().concat();
    assert!(!lines.contains(code.reveal()) && !lines.contains(NEW), "{lines}");
    assert!(lines.contains("cause=\"e-mail address: a…@mail.example.org, before: a…@example.org"));
}

#[tokio::test]
async fn a_proof_is_its_connections_and_ends_after_five_wrong_codes() {
    let (setup, accounts) = enrolled().await;
    let (proof, _) = offer(&accounts, NEW, CODES[STEP]).await.unwrap();
    let code = code_in(&setup);
    for stranger in [Caller::supposed(":1.9", 1000), Caller::supposed(":1.1", 1001), root()] {
        let stolen = accounts.confirm_contact(&stranger, proof, &code).await;
        assert!(matches!(stolen, Err(Error::NoSuchEnrolment(_))));
    }
    for _ in 0..5 {
        assert!(matches!(confirm(&accounts, proof, WRONG).await, Err(Error::WrongCode(_))));
    }
    assert!(matches!(confirm(&accounts, proof, &code).await, Err(Error::NoSuchEnrolment(_))));
    let record = accounts.engine.read("alice").await.unwrap().unwrap();
    assert_eq!(record.lockout.consecutive(), 0, "no guess at a login");
}

#[tokio::test]
async fn a_proof_falls_with_the_factor_or_the_contact_that_it_rested_on() {
    let administrator = Authority::Administrator;
    for change in 0..3 {
        let (setup, accounts) = enrolled().await;
        let (proof, _) = offer(&accounts, NEW, CODES[STEP]).await.unwrap();
        let code = code_in(&setup);
        let (user, by) = (alice(), root());
        match change {
            0 => accounts.remove_factor(&user, &by, administrator, "7F3KQ2", "").await.unwrap(),
            1 => assert!(accounts.set_contact(&user, &by, "email", "a@example.org").await.unwrap()),
            _ => setup.clock.advance(600),
        }
        let late = confirm(&accounts, proof, &code).await;
        assert!(matches!(late, Err(Error::NoSuchEnrolment(_))), "{change}");
    }
}

#[tokio::test]
async fn proofs_are_sent_no_faster_than_codes_and_refused_before_the_code_is_used_up() {
    let (setup, accounts) = enrolled().await;
    offer(&accounts, NEW, CODES[STEP]).await.unwrap();
    let next = CODES[STEP + 1];
    assert!(matches!(offer(&accounts, NEW, next).await, Err(Error::Throttled(_))));
    let mut closed = setup.settings.clone();
    closed.channels.email = false;
    accounts.engine.replace_settings(closed);
    assert!(matches!(offer(&accounts, NEW, next).await, Err(Error::MethodUnavailable(_))));
    accounts.verify(&alice(), &own(), next).await.unwrap();
}

#[tokio::test]
async fn an_administrators_word_counts_at_once() {
    let (setup, accounts) = enrolled().await;
    let (user, by) = (alice(), root());
    assert!(accounts.set_contact(&user, &by, "sms", "+1 (415) 555-0123").await.unwrap());
    let status = accounts.status(&user, Authority::Administrator).await.unwrap();
    let contacts = status.contacts.unwrap();
    let shown: Vec<_> = contacts.iter().map(|contact| contact.address.as_str()).collect();
    assert_eq!(shown, [OLD, "+14155550123"]);
    let own = accounts.status(&user, Authority::Own).await.unwrap();
    let contacts = own.contacts.unwrap();
    let shown: Vec<_> = contacts.iter().map(|contact| contact.address.as_str()).collect();
    assert_eq!(shown, ["a…@example.org", "+…23"], "masked for everybody else");
    let ids: Vec<_> = own.factors.iter().map(|factor| factor.id.as_str()).collect();
    assert_eq!(ids, ["7F3KQ2", "email", "sms"]);
    assert_eq!(own.trusted_hosts.unwrap(), []);
    let letters = setup.notices();
    assert_eq!((letters.len(), letters[0].to.len()), (1, 2));
    assert!(!accounts.set_contact(&user, &by, "sms", "+14155550123").await.unwrap(), "the same");
    assert!(accounts.set_contact(&user, &by, "sms", "").await.unwrap());
    assert!(!accounts.set_contact(&user, &by, "sms", " ").await.unwrap(), "there is none");
    assert!(matches!(
        accounts.set_contact(&user, &by, "fax", "1").await,
        Err(Error::InvalidArgument(_))
    ));
    let lines = setup.lines();
    let told =
        r#"event=contact.changed user="alice" by="root" cause="mobile number: +…23, before: none""#;
    assert!(lines[0].starts_with(told) && lines.len() == 2, "{lines:?}");
}

#[tokio::test]
async fn a_contact_that_is_taken_away_by_its_user_takes_a_fresh_code() {
    let (setup, accounts) = enrolled().await;
    let remove = async |code: &str| {
        accounts.remove_factor(&alice(), &own(), Authority::Own, "email", code).await
    };
    assert!(matches!(remove("").await, Err(Error::CodeRequired(_))));
    remove(CODES[STEP]).await.unwrap();
    assert_eq!(email(&accounts).await, None);
    assert_eq!(setup.notices()[0].to, emails(&[OLD]));
    assert!(matches!(remove(CODES[STEP + 1]).await, Err(Error::NoSuchFactor(_))));
    setup.clock.advance(60);
    let none = offer(&accounts, "", CODES[STEP + 2]).await;
    assert!(matches!(none, Err(Error::InvalidArgument(_))));
}

#[tokio::test]
async fn who_has_no_factor_proves_no_contact() {
    let setup = sending();
    let accounts = setup.accounts().await;
    assert!(matches!(offer(&accounts, NEW, "").await, Err(Error::NotEnrolled(_))));
    assert!(setup.notices().is_empty());
}

#[tokio::test]
async fn proving_the_address_that_an_administrator_set_makes_it_a_factor_of_ones_own() {
    let setup = sending();
    let accounts = setup.accounts().await;
    change(&accounts.engine, &alice(), |record| with_email(record, Vouched::Administrator)).await;
    accounts.send_code(&alice(), &own(), "email").await.unwrap();
    let fresh = code_in(&setup);
    setup.clock.advance(60);
    let (proof, _) = offer(&accounts, OLD, &fresh).await.unwrap();
    let code = code_in(&setup);
    let confirmed = confirm(&accounts, proof, &code).await.unwrap();
    assert_eq!(confirmed.recovery_codes.unwrap().len(), 10);
    assert_eq!(email(&accounts).await, Some((OLD.to_owned(), Vouched::User)));
    assert!(accounts.engine.read("alice").await.unwrap().unwrap().is_enrolled());
}
