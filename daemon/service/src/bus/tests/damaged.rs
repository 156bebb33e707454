//! One record is damaged: the others are shown, it is named, and its user can be reset.

use twinlock_bus_api::error::Error;
use zeroize::Zeroizing;

use super::*;
use crate::{
    bus::{account::Authority, caller::Caller},
    store::{Change, Store, StoreError, memory::Fault},
    testing::{alice, enrol, user},
};

/// Alice is enrolled and has asked for a reset; the record of bob does not unseal, and that of
/// nobody is not one.
async fn daemon() -> (Setup, Accounts) {
    let setup = Setup::new();
    let accounts = setup.accounts().await;
    for user in [alice(), user("bob", 1001), user("nobody", 65534)] {
        enrol(&accounts.engine, &user).await;
    }
    accounts.request_reset(&alice(), "").await.unwrap();
    setup.store.damage("user/bob");
    let version = setup.store.read("user/nobody").await.unwrap().version;
    let garbage = Change::put("user/nobody", version, Zeroizing::new(b"{".to_vec()));
    setup.store.commit(vec![garbage]).await.unwrap();
    setup.lines();
    (setup, accounts)
}

/// Each is named with the remedy, and the log has it under the same reference.
fn check(problems: &[twinlock_bus_api::account::Problem], lines: &[String]) {
    let named: Vec<_> = problems.iter().map(|problem| problem.user.as_str()).collect();
    assert_eq!(named, ["bob", "nobody"]);
    assert!(problems[0].text.contains("is damaged"), "{}", problems[0].text);
    assert!(problems[0].text.contains("'twinlock user forget'"), "{}", problems[0].text);
    assert!(problems[1].text.contains("reset the user"), "{}", problems[1].text);
    for problem in problems {
        let (_, rest) = problem.text.split_once("(reference ").unwrap();
        let reference = format!("reference={}", &rest[..6]);
        assert!(lines.iter().any(|line| line.contains(&reference)), "{reference}: {lines:?}");
    }
}

#[tokio::test]
async fn lists_show_what_can_be_read_and_name_each_record_that_cannot() {
    let (setup, accounts) = daemon().await;
    let (users, problems) = accounts.list().await.unwrap();
    assert_eq!(users.iter().map(|user| user.user.as_str()).collect::<Vec<_>>(), ["alice"]);
    check(&problems, &setup.lines());

    let (requests, problems) = accounts.list_resets().await.unwrap();
    assert_eq!(requests.len(), 1);
    check(&problems, &setup.lines());

    let names = ["alice", "bob", "nobody"].map(str::to_owned);
    let (statuses, problems) = accounts.statuses(&names).await.unwrap();
    assert_eq!(statuses.len(), 1);
    check(&problems, &setup.lines());
}

#[tokio::test]
async fn a_request_is_approved_beside_a_record_that_is_damaged() {
    let (_setup, accounts) = daemon().await;
    let id = accounts.list_resets().await.unwrap().0.remove(0).id;
    let root = Caller::supposed(":1.2", 0);
    assert!(accounts.approve_reset(&id, Some("alice"), &root, true).await.unwrap().done);
}

#[tokio::test]
async fn a_damaged_record_is_an_error_of_its_own_and_a_reset_mends_it() {
    let (_setup, accounts) = daemon().await;
    let root = Caller::supposed(":1.2", 0);
    for user in [user("bob", 1001), user("nobody", 65534)] {
        let refused = accounts.status(&user, Authority::Administrator).await;
        assert!(matches!(refused, Err(Error::RecordUnreadable(_))), "{}", user.name);
        let ends = accounts.reset_all(vec![user.name.clone()], &root, true).await.unwrap();
        assert!(ends[0].done, "{}", ends[0].text);
        assert_eq!(accounts.status(&user, Authority::Administrator).await.unwrap().user, user.name);
    }
    assert_eq!(accounts.list().await.unwrap().1, []);
}

#[tokio::test]
async fn a_store_that_is_down_is_no_list_of_damaged_records() {
    let (setup, accounts) = daemon().await;
    let down = StoreError::OutOfService { cause: "injected".to_owned() };
    setup.store.inject(Fault::FailRead(down));
    assert!(matches!(accounts.list().await, Err(Error::Unavailable(_))));
}
