//! Requests for a reset, and records deleted: who may have what, when, and who is told.

use twinlock_bus_api::error::Error;
use twinlock_core::notice::{Channels, Subject};
use zeroize::Zeroizing;

use super::*;
use crate::{
    bus::{account::Authority, caller::Caller},
    store::{Change, Store},
    testing::{alice, change, enrol, user},
};

const DAY: u64 = 86_400;

fn root() -> Caller {
    Caller::supposed(":1.2", 0)
}

/// Alice is enrolled and can be written to.
async fn daemon() -> (Setup, Accounts) {
    let setup = Setup::new();
    let accounts = setup.accounts().await;
    enrol(&accounts.engine, &alice()).await;
    let mut settings = (*accounts.engine.settings()).clone();
    settings.channels = Channels { email: true, mobile: false };
    accounts.engine.replace_settings(settings);
    change(&accounts.engine, &alice(), |record| {
        record.contacts = serde_json::from_str(
            r#"{"email":{"value":"alice@example.org","vouched":"administrator","since":0}}"#,
        )
        .unwrap();
    })
    .await;
    (setup, accounts)
}

#[tokio::test]
async fn one_request_is_open_at_a_time_is_told_and_can_be_taken_back() {
    let (setup, accounts) = daemon().await;
    let request = accounts.request_reset(&alice(), " phone lost ").await.unwrap();
    assert_eq!((request.user.as_str(), request.reason.as_deref()), ("alice", Some("phone lost")));
    assert_eq!((request.source.as_str(), request.service.as_str()), ("local", "twinlock"));
    assert_eq!(request.expires - request.since, 7 * DAY);
    let notices = setup.notices();
    let [notice] = notices.as_slice() else { panic!("{notices:?}") };
    assert!(matches!(&notice.subject, Subject::ResetRequested { id, .. } if *id == request.id));
    assert_eq!(notice.to.len(), 1);
    let status = accounts.status(&alice(), Authority::Own).await.unwrap();
    assert_eq!(status.reset_request.as_ref(), Some(&request));
    assert_eq!(accounts.list_resets().await.unwrap().0, std::slice::from_ref(&request));

    let again = accounts.request_reset(&alice(), "").await;
    assert!(matches!(again, Err(Error::ResetRequested(_))));
    accounts.cancel_reset(&alice()).await.unwrap();
    assert!(accounts.list_resets().await.unwrap().0.is_empty());
    assert!(matches!(accounts.cancel_reset(&alice()).await, Err(Error::NoSuchRequest(_))));
    let at_once = accounts.request_reset(&alice(), "").await;
    assert!(matches!(at_once, Err(Error::ResetRequested(_))), "mail cannot be sent at will");
    setup.clock.advance(DAY);
    accounts.request_reset(&alice(), "").await.unwrap();
    let lines = setup.lines();
    for line in [
        r#"event=reset.requested user="alice" service="twinlock" source="local""#.to_owned(),
        format!("event=reset.closed user=\"alice\" cause=\"request {} taken back\"", request.id),
    ] {
        assert!(lines.iter().any(|told| told.contains(&line)), "{line}: {lines:?}");
    }
}

#[tokio::test]
async fn an_approval_resets_once_and_the_request_is_gone() {
    let (setup, accounts) = daemon().await;
    let id = accounts.request_reset(&alice(), "").await.unwrap().id;
    setup.notices();
    let lower = id.to_ascii_lowercase();
    let root = root();
    let (one, other) = tokio::join!(
        accounts.approve_reset(&id, Some("alice"), &root, false),
        accounts.approve_reset(&lower, Some("alice"), &root, false)
    );
    let refused = [&one, &other].map(|end| matches!(end, Err(Error::NoSuchRequest(_))));
    assert_eq!(refused.iter().filter(|refused| **refused).count(), 1);
    let done = one.or(other).unwrap();
    assert!(done.done && done.invitation.is_some());
    let record = accounts.engine.read("alice").await.unwrap().unwrap();
    assert!(!record.is_enrolled() && record.reset_request.is_none());
    let subjects: Vec<_> = setup.notices().into_iter().map(|notice| notice.subject).collect();
    assert!(matches!(subjects.as_slice(), [Subject::Reset, Subject::Invitation { .. }]));
    let told = format!("cause=\"request {id} approved; 1 factor\"");
    assert!(setup.lines().iter().any(|line| line.contains(&told)));
}

#[tokio::test]
async fn a_refusal_changes_nothing_and_is_told() {
    let (setup, accounts) = daemon().await;
    let id = accounts.request_reset(&alice(), "").await.unwrap().id;
    setup.notices();
    for asked in [None, Some("bob")] {
        let refused = accounts.refuse_reset(&id, asked, &root()).await;
        assert!(matches!(refused, Err(Error::NoSuchRequest(_))), "polkit was asked about another");
    }
    assert_eq!(accounts.refuse_reset(&id, Some("alice"), &root()).await.unwrap(), "alice");
    let notices = setup.notices();
    let [notice] = notices.as_slice() else { panic!("{notices:?}") };
    assert!(matches!(&notice.subject, Subject::ResetRefused { id: told } if *told == id));
    assert!(accounts.engine.read("alice").await.unwrap().unwrap().is_enrolled());
    assert!(matches!(
        accounts.refuse_reset(&id, Some("alice"), &root()).await,
        Err(Error::NoSuchRequest(_))
    ));
    let approved = accounts.approve_reset(&id, Some("alice"), &root(), false).await;
    assert!(matches!(approved, Err(Error::NoSuchRequest(_))));
}

#[tokio::test]
async fn a_request_that_has_lapsed_or_was_never_made_is_not_approved() {
    let (setup, accounts) = daemon().await;
    let id = accounts.request_reset(&alice(), "").await.unwrap().id;
    setup.clock.advance(7 * DAY);
    for id in [id.as_str(), "ZZZZZZ", "", "alice"] {
        let refused = accounts.approve_reset(id, Some("alice"), &root(), false).await;
        assert!(matches!(refused, Err(Error::NoSuchRequest(_))), "{id:?}");
    }
    assert!(accounts.engine.read("alice").await.unwrap().unwrap().is_enrolled());
    let status = accounts.status(&alice(), Authority::Own).await.unwrap();
    assert_eq!(status.reset_request, None);
}

#[tokio::test]
async fn nobody_takes_the_request_of_another_back() {
    let (_setup, accounts) = daemon().await;
    accounts.request_reset(&alice(), "").await.unwrap();
    let bob = user("bob", 1001);
    assert!(matches!(accounts.cancel_reset(&bob).await, Err(Error::NoSuchRequest(_))));
    assert_eq!(accounts.list_resets().await.unwrap().0.len(), 1);
}

#[tokio::test]
async fn the_reason_of_a_request_is_one_short_line() {
    let (_setup, accounts) = daemon().await;
    for wrong in ["two\nlines".to_owned(), "x".repeat(201)] {
        let refused = accounts.request_reset(&alice(), &wrong).await;
        assert!(matches!(refused, Err(Error::InvalidArgument(_))), "{wrong}");
    }
}

#[tokio::test]
async fn the_request_of_a_user_who_is_gone_is_not_approved_and_the_record_can_be_forgotten() {
    let (setup, accounts) = daemon().await;
    let id = accounts.request_reset(&alice(), "").await.unwrap().id;
    setup.directory.remove("alice");
    let refused = accounts.approve_reset(&id, Some("alice"), &root(), false).await;
    assert!(matches!(refused, Err(Error::UnknownUser(_))));
    let reset = accounts.reset_all(vec!["alice".to_owned()], &root(), false).await.unwrap();
    let text = &reset[0].text;
    assert!(!reset[0].done && text.contains("'twinlock user forget alice'"), "{text}");
    accounts.forget("alice", &root()).await.unwrap();
    assert!(accounts.engine.read("alice").await.unwrap().is_none());
    assert!(matches!(accounts.forget("alice", &root()).await, Err(Error::UnknownUser(_))));
    let told = "event=user.forgotten user=\"alice\" by=\"root\" cause=\"the record of uid 1000, 1 factor\"";
    assert!(setup.lines().iter().any(|line| line.contains(told)));
}

#[tokio::test]
async fn a_record_of_an_earlier_account_or_one_that_cannot_be_read_is_forgotten_too() {
    let (setup, accounts) = daemon().await;
    setup.directory.set("alice", 1005);
    accounts.forget("alice", &root()).await.unwrap();
    assert!(accounts.engine.read("alice").await.unwrap().is_none());

    let version = setup.store.read("user/bob").await.unwrap().version;
    let garbage = Change::put("user/bob", version, Zeroizing::new(b"garbage".to_vec()));
    setup.store.commit(vec![garbage]).await.unwrap();
    accounts.forget("bob", &root()).await.unwrap();
    assert!(accounts.engine.read("bob").await.unwrap().is_none());
}

#[tokio::test]
async fn no_name_reaches_anything_but_a_record() {
    let (setup, accounts) = daemon().await;
    let before = setup.store.commits();
    let long = "x".repeat(600);
    for name in ["", "no-such-user", "../audit", "alice/", "alice\0", long.as_str()] {
        let refused = accounts.forget(name, &root()).await;
        assert!(matches!(refused, Err(Error::UnknownUser(_))), "{name:?}");
    }
    assert_eq!(setup.store.commits(), before);
}
