//! One record in the store is damaged: its user is refused, the others log in as ever, every list
//! shows what it can and names what it cannot, and a reset mends it.

use std::path::{Path, PathBuf};

use serde_json::Value;
use twinlock_service::store::{Change, KeySources, Options, SledStore, Store};
use twinlock_tests::login::Login;
use twinlock_tests::rig::application::login;
use twinlock_tests::rig::command::{enrol, errors, show, twinlock, twinlock_as};
use twinlock_tests::rig::daemon::STORE;
use twinlock_tests::rig::host::Host;

/// Writes what is no record in the place of a user's, with the key of the store.
fn damage(user: &str) {
    let keys = KeySources { credentials: None, file: PathBuf::from("/etc/twinlock/key") };
    let store = SledStore::open(Path::new(STORE), &keys.load().unwrap(), Options::default());
    let store = store.unwrap_or_else(|error| panic!("{error}"));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let key = format!("user/{user}");
        let version = store.read(&key).await.unwrap().version;
        let garbage = Change::put(key, version, b"{\"user\":".to_vec().into());
        store.commit(vec![garbage]).await.unwrap();
    });
}

/// What a list in JSON names beside what it shows, and what it shows.
fn listed(arguments: &[&str]) -> (Vec<Value>, Vec<Value>) {
    let output = twinlock(arguments);
    let sentence = errors(&output);
    assert_eq!(output.status.code(), Some(1), "{arguments:?}: {sentence}");
    assert!(sentence.contains("Warning: bob:"), "{arguments:?}: {sentence}");
    assert!(sentence.contains("reset the user"), "{arguments:?}: {sentence}");
    assert!(sentence.contains("not complete: 1 user"), "{arguments:?}: {sentence}");
    let all: Vec<Value> = serde_json::from_slice(&output.stdout).unwrap();
    all.into_iter().partition(|entry| entry.get("problem").is_some())
}

#[test]
fn a_damaged_record_refuses_its_user_alone_is_named_by_every_list_and_goes_with_a_reset() {
    Host::run_with_daemon(|_, daemon| {
        let (mut of_alice, mut of_bob) = (enrol("alice"), enrol("bob"));
        assert!(twinlock_as("alice", &["reset", "request"]).status.success());
        daemon.stop();
        damage("bob");
        daemon.restart();

        let outcome = login(&Login::new("code", "bob").answer(of_bob.fresh()));
        assert!(!outcome.is_success(), "cannot read is not: not enrolled: {outcome:?}");
        let outcome = login(&Login::new("code", "alice").answer(of_alice.fresh()));
        assert!(outcome.is_success(), "{outcome:?}");

        for list in [&["user", "list", "--json"][..], &["reset", "list", "--json"]] {
            let (untold, told) = listed(list);
            assert_eq!((told.len(), &told[0]["user"]), (1, &"alice".into()), "{list:?}");
            assert_eq!((untold.len(), &untold[0]["user"]), (1, &"bob".into()), "{list:?}");
        }
        let (untold, _) = listed(&["user", "list", "--state", "pending", "--json"]);
        assert_eq!(untold.len(), 1, "named once, though both calls name it: {untold:?}");
        let cleared = twinlock(&["trusted", "clear", "--all", "--yes"]);
        assert_eq!(cleared.status.code(), Some(1));
        assert!(errors(&cleared).contains("trusted hosts of bob were not cleared"));

        let refused = twinlock(&["user", "show", "bob"]);
        assert_eq!(refused.status.code(), Some(1));
        assert!(errors(&refused).contains("reset the user"), "{}", errors(&refused));
        let reset = twinlock(&["reset", "bob", "--yes", "--print"]);
        assert!(reset.status.success(), "{}", errors(&reset));
        assert_eq!(show("bob")["state"], "pending");
        assert!(twinlock(&["user", "list"]).status.success());
    });
}
