//! Codes tried, factors removed, records reset: with whose word, and what is left of them.

use twinlock_bus_api::error::Error;
use zeroize::Zeroizing;

use super::*;
use crate::{
    bus::{account::Authority, caller::Caller},
    directory::DirectoryError,
    store::{Change, Store},
    testing::{CODES, RIGHT, STEP, WRONG, alice, enrol},
};

fn own() -> Caller {
    Caller::supposed(":1.1", 1000)
}

fn root() -> Caller {
    Caller::supposed(":1.2", 0)
}

async fn enrolled() -> (Setup, Accounts) {
    let setup = Setup::new();
    let accounts = setup.accounts().await;
    enrol(&accounts.engine, &alice()).await;
    (setup, accounts)
}

async fn remove(accounts: &Accounts, factor: &str, code: &str) -> Result<(), Error> {
    accounts.remove_factor(&alice(), &own(), Authority::Own, factor, code).await
}

#[tokio::test]
async fn users_take_a_factor_away_with_a_fresh_code_only() {
    let (setup, accounts) = enrolled().await;
    assert!(matches!(remove(&accounts, "7F3KQ2", "").await, Err(Error::CodeRequired(_))));
    assert!(matches!(remove(&accounts, "7F3KQ2", WRONG).await, Err(Error::WrongCode(_))));
    accounts.verify(&alice(), &own(), RIGHT).await.unwrap();
    assert!(matches!(remove(&accounts, "7F3KQ2", RIGHT).await, Err(Error::UsedCode(_))));
    let next = CODES[STEP + 1];
    assert!(matches!(remove(&accounts, "ZZZZZZ", next).await, Err(Error::NoSuchFactor(_))));
    assert!(matches!(remove(&accounts, "7F3KQ2", next).await, Err(Error::UsedCode(_))));
    setup.clock.advance(60);
    remove(&accounts, "7f3kq2", CODES[STEP + 2]).await.unwrap();
    assert!(!accounts.engine.read("alice").await.unwrap().unwrap().is_enrolled());
    let again = remove(&accounts, "7F3KQ2", CODES[STEP + 3]).await;
    assert!(matches!(again, Err(Error::NotEnrolled(_))));
}

#[tokio::test]
async fn guesses_over_the_bus_are_counted_and_make_their_caller_wait() {
    let (_setup, accounts) = enrolled().await;
    for _ in 0..5 {
        let wrong = accounts.verify(&alice(), &own(), WRONG).await;
        assert!(matches!(wrong, Err(Error::WrongCode(_))));
    }
    assert!(matches!(accounts.verify(&alice(), &own(), RIGHT).await, Err(Error::Locked(_))));
    assert!(matches!(remove(&accounts, "7F3KQ2", RIGHT).await, Err(Error::Locked(_))));
    accounts.unlock(&alice(), &root()).await.unwrap();
    accounts.verify(&alice(), &own(), RIGHT).await.unwrap();
}

#[tokio::test]
async fn a_record_of_an_earlier_account_is_touched_by_a_reset_alone() {
    let (setup, accounts) = enrolled().await;
    setup.directory.set("alice", 1005);
    let newcomer = accounts.user("alice").await.unwrap();
    let caller = Caller::supposed(":1.1", 1005);
    let before = setup.store.commits();
    let mismatched = [
        accounts.verify(&newcomer, &caller, RIGHT).await,
        accounts.remove_factor(&newcomer, &root(), Authority::Administrator, "7F3KQ2", "").await,
        accounts.unlock(&newcomer, &root()).await,
    ];
    for refused in mismatched {
        assert!(matches!(refused, Err(Error::RecordMismatch(_))));
    }
    assert_eq!(setup.store.commits(), before);
    assert!(accounts.reset(&newcomer, &root(), false).await.unwrap().done);
    assert_eq!(accounts.engine.read("alice").await.unwrap().unwrap().uid, 1005);
}

#[tokio::test]
async fn a_record_that_cannot_be_read_is_refused_to_all_and_goes_with_a_reset() {
    let (setup, accounts) = enrolled().await;
    let version = setup.store.read("user/alice").await.unwrap().version;
    let garbage = Change::put("user/alice", version, Zeroizing::new(b"garbage".to_vec()));
    setup.store.commit(vec![garbage]).await.unwrap();
    let refused = accounts.verify(&alice(), &own(), RIGHT).await;
    assert!(matches!(refused, Err(Error::RecordUnreadable(_))));
    accounts.reset(&alice(), &root(), false).await.unwrap();
    assert!(!accounts.engine.read("alice").await.unwrap().unwrap().is_enrolled());
}

#[tokio::test]
async fn a_user_database_that_fails_or_disagrees_with_itself_serves_nobody() {
    let (setup, accounts) = enrolled().await;
    let caller = Caller::supposed(":1.1", 1000);
    assert_eq!(accounts.own(&caller).await.unwrap().name, "alice");
    setup.directory.fail(Some(DirectoryError::TimedOut));
    assert!(matches!(accounts.own(&caller).await, Err(Error::Unavailable(_))));
    setup.directory.fail(None);
    let stranger = Caller::supposed(":1.1", 4242);
    assert!(matches!(accounts.own(&stranger).await, Err(Error::UnknownUser(_))));
    // One source has the uid under a name that another source gives another uid.
    setup.directory.alias(4242, "alice");
    assert!(matches!(accounts.own(&stranger).await, Err(Error::UnknownUser(_))));
}
