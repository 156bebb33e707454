//! Trusted hosts are shown and cleared.

use twinlock_bus_api::error::Error;
use twinlock_core::{
    notice::Subject,
    record::UserRecord,
    time::Timestamp,
    trusted_host::{Binding, TrustedHost},
};

use super::{
    fresh_code::{own, root},
    *,
};
use crate::{
    bus::account::Authority,
    testing::{RIGHT, alice, change, enrol},
};

const NOW: Timestamp = Timestamp::from_secs(120);
const LATER: Timestamp = Timestamp::from_secs(9_000);

pub(super) fn trust(record: &mut UserRecord, id: &str, address: &str, until: Timestamp) {
    let address = Some(address.parse().unwrap());
    let binding = Binding { address, key: None };
    let host = TrustedHost { id: id.to_owned(), binding, since: NOW, until, last_used_at: None };
    record.trust(host, 20, NOW);
}

async fn trusting() -> (Setup, Accounts) {
    let setup = Setup::new();
    let accounts = setup.accounts().await;
    enrol(&accounts.engine, &alice()).await;
    change(&accounts.engine, &alice(), |record| {
        trust(record, "H00001", "203.0.113.7/32", LATER);
        trust(record, "H00002", "2001:db8::/64", LATER);
        trust(record, "H00003", "203.0.113.9/32", Timestamp::from_secs(130));
    })
    .await;
    setup.clock.advance(30);
    (setup, accounts)
}

async fn trusted(accounts: &Accounts) -> Vec<(String, String)> {
    let status = accounts.status(&alice(), Authority::Own).await.unwrap();
    let hosts = status.trusted_hosts.unwrap();
    hosts.into_iter().map(|host| (host.id, host.address.unwrap())).collect()
}

#[tokio::test]
async fn those_whose_time_lasts_are_shown_and_one_is_cleared_without_a_code() {
    let (setup, accounts) = trusting().await;
    let shown = |id: &str, address: &str| (id.to_owned(), address.to_owned());
    let two = [shown("H00001", "203.0.113.7"), shown("H00002", "2001:db8::/64")];
    assert_eq!(trusted(&accounts).await, two);
    for unknown in ["H00003", "H00009", "\u{1b}[2J"] {
        let cleared = accounts.clear_trusted(&alice(), &own(), unknown).await;
        assert!(matches!(cleared, Err(Error::NoSuchHost(_))), "{unknown:?}");
    }
    assert_eq!(accounts.clear_trusted(&alice(), &own(), "h00001").await.unwrap(), 1);
    assert_eq!(trusted(&accounts).await, two[1..]);
    assert_eq!(
        setup.lines(),
        [r#"event=host.cleared user="alice" cause="host H00001 (203.0.113.7)""#]
    );
}

#[tokio::test]
async fn all_are_cleared_by_an_administrator_and_a_login_under_way_trusts_none() {
    let (setup, accounts) = trusting().await;
    let epoch = accounts.engine.read("alice").await.unwrap().unwrap().trust_epoch;
    assert_eq!(accounts.clear_trusted(&alice(), &root(), "").await.unwrap(), 2);
    let before = setup.store.commits();
    assert_eq!(accounts.clear_trusted(&alice(), &own(), "").await.unwrap(), 0);
    assert_eq!(setup.store.commits(), before, "nobody has something written at will");
    assert_eq!(accounts.clear_trusted(&alice(), &root(), "").await.unwrap(), 0);
    let record = accounts.engine.read("alice").await.unwrap().unwrap();
    assert!(record.trusted.is_empty() && record.trust_epoch > epoch);
    assert!(setup.lines()[0].contains("event=host.cleared user=\"alice\" by=\"root\""));
    accounts.verify(&alice(), &own(), RIGHT).await.unwrap();
}

#[tokio::test]
async fn a_factor_that_goes_and_a_switch_that_turns_are_told_to_the_user() {
    let (setup, accounts) = trusting().await;
    change(&accounts.engine, &alice(), |record| {
        super::fresh_code::with_email(record, twinlock_core::contact::Vouched::Administrator);
    })
    .await;
    for word in ["off", "off", "default", "on", "default"] {
        accounts.set_switch(&alice(), &root(), word).await.unwrap();
    }
    let authority = Authority::Administrator;
    accounts.remove_factor(&alice(), &root(), authority, "7F3KQ2", "").await.unwrap();
    let letters = setup.notices();
    let subjects: Vec<_> = letters.iter().map(|letter| letter.subject.clone()).collect();
    let switched = |on| Subject::Switched { on };
    let removed = Subject::FactorRemoved { label: "phone".to_owned() };
    assert_eq!(subjects, [switched(false), switched(true), switched(true), removed]);
    let to_root = |letter: &twinlock_core::notice::Notice| letter.by.as_deref() == Some("root");
    assert!(letters.iter().all(|letter| letter.to.len() == 1 && to_root(letter)));
}
