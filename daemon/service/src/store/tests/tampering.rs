//! Somebody has the disk but not the key, and sled to write on it with.

use super::*;

fn name(key: &str) -> Vec<u8> {
    crate::store::committer::record_name(key)
}

/// A closed store with `alice` at three versions, of which the first two are kept aside, and `bob`.
async fn place() -> (Place, [::sled::IVec; 2]) {
    let place = Place::new();
    let mut version = Version::ABSENT;
    let mut old = Vec::new();
    for round in ["one", "two", "three"] {
        let store = place.open();
        version = write(&store, "alice", version, round).await;
        drop(store);
        old.push(place.raw().get(name("alice")).unwrap().unwrap());
    }
    write(&place.open(), "bob", Version::ABSENT, "bob's").await;
    old.truncate(2);
    (place, old.try_into().unwrap())
}

fn refusal(place: &Place) -> String {
    match place.try_open() {
        Err(error @ OpenError::Damaged { .. }) => error.to_string(),
        Err(error) => panic!("{error}"),
        Ok(_) => panic!("the store opened"),
    }
}

#[tokio::test]
async fn a_record_put_back_to_an_older_version_keeps_the_store_shut() {
    let (place, old) = place().await;
    for old in old {
        place.meddle(|db| drop(db.insert(name("alice"), old).unwrap()));
        assert!(refusal(&place).contains("not those of its last commit"));
    }
}

#[tokio::test]
async fn a_record_that_was_removed_keeps_the_store_shut() {
    let (place, _) = place().await;
    place.meddle(|db| drop(db.remove(name("bob")).unwrap()));
    let refusal = refusal(&place);
    assert!(refusal.contains("not those of its last commit"));
    assert!(refusal.contains("twinlock restore"), "{refusal}");
}

#[tokio::test]
async fn a_record_that_was_brought_back_after_its_deletion_keeps_the_store_shut() {
    let (place, _) = place().await;
    let bob = place.raw().get(name("bob")).unwrap().unwrap();
    let store = place.open();
    let version = store.read("bob").await.unwrap().version;
    store.commit(vec![Change::delete("bob", version)]).await.unwrap();
    drop(store);
    place.meddle(|db| drop(db.insert(name("bob"), bob).unwrap()));
    assert!(refusal(&place).contains("not those of its last commit"));
}

#[tokio::test]
async fn a_store_without_its_head_or_with_an_older_one_is_not_served() {
    let (place, _) = place().await;
    let head = place.raw().get("head").unwrap().unwrap();
    let store = place.open();
    let version = store.read("bob").await.unwrap().version;
    write(&store, "bob", version, "new").await;
    drop(store);
    place.meddle(|db| drop(db.insert("head", head).unwrap()));
    assert!(refusal(&place).contains("its last commits are missing"));
    place.meddle(|db| drop(db.remove("head").unwrap()));
    assert!(refusal(&place).contains("its head is missing"));
    place.meddle(|db| drop(db.insert("head", vec![1; 80]).unwrap()));
    assert!(matches!(place.try_open(), Err(OpenError::WrongKey { .. })));
}

#[tokio::test]
async fn a_head_with_a_flipped_bit_is_not_served() {
    let (place, _) = place().await;
    let head = place.raw().get("head").unwrap().unwrap().to_vec();
    for byte in [0, 1, 20, 45, head.len() - 1] {
        let mut changed = head.clone();
        changed[byte] ^= 1;
        place.meddle(|db| drop(db.insert("head", changed).unwrap()));
        assert!(refusal(&place).contains("its head does not unseal"), "byte {byte}");
    }
}

#[tokio::test]
async fn values_exchanged_between_two_keys_are_not_served() {
    let (place, _) = place().await;
    place.meddle(|db| {
        let [alice, bob] = ["alice", "bob"].map(|key| db.get(name(key)).unwrap().unwrap());
        db.insert(name("alice"), bob).unwrap();
        db.insert(name("bob"), alice).unwrap();
    });
    assert!(refusal(&place).contains("not those of its last commit"));
}

/// Whoever keeps the version in the clear as it was passes the opening, and is found by the seal.
#[tokio::test]
async fn a_changed_value_is_an_error_that_names_its_key_and_the_others_are_served() {
    let (place, _) = place().await;
    let sound = place.raw().get(name("alice")).unwrap().unwrap().to_vec();
    let bob = place.raw().get(name("bob")).unwrap().unwrap().to_vec();
    let mut changes = vec![
        ("cut", sound[..sound.len() - 1].to_vec()),
        ("longer", [&sound[..], &[0]].concat()),
        ("the value of another key", [&sound[..17], &bob[17..]].concat()),
    ];
    for byte in [9, 17, 41, sound.len() - 1] {
        let mut flipped = sound.clone();
        flipped[byte] ^= 0x80;
        changes.push(("a flipped bit", flipped));
    }
    for (what, changed) in changes {
        place.meddle(|db| drop(db.insert(name("alice"), changed).unwrap()));
        let store = place.open();
        let error = store.read("alice").await.unwrap_err();
        assert!(matches!(&error, StoreError::Damaged { key, .. } if key == "alice"), "{what}");
        assert!(error.to_string().contains("\"alice\""), "{error}");
        let found = store.scan("").await.unwrap();
        let [alice, bob] = found.as_slice() else { panic!("{what}: {found:?}") };
        assert_eq!((alice.key.as_str(), &alice.value), ("alice", &Err(error.clone())), "{what}");
        let StoreError::Damaged { version, .. } = error else { panic!("{what}") };
        assert_eq!(alice.version, version, "{what}");
        assert_eq!(bob.value.as_ref().unwrap().as_slice(), b"bob's", "{what}");
        assert_eq!(value(&store, "bob").await, Some(b"bob's".to_vec()));
    }
    // The version that the error names is enough to be rid of the record.
    let store = place.open();
    let Err(StoreError::Damaged { key, version }) = store.read("alice").await else {
        panic!("the damage is gone");
    };
    store.commit(vec![Change::delete(key, version)]).await.unwrap();
    drop(store);
    let store = place.open();
    assert_eq!(store.read("alice").await, Ok(Versioned::ABSENT));
    assert_eq!(store.scan("").await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_value_that_is_none_keeps_the_store_shut() {
    let (place, _) = place().await;
    let version_zero = [&[1][..], &[0; 80]].concat();
    for junk in [&b""[..], b"short", &version_zero, &[9; 80]] {
        place.meddle(|db| drop(db.insert(name("carol"), junk).unwrap()));
        assert!(refusal(&place).contains("something in it that is no record"));
    }
    place.meddle(|db| {
        db.remove(name("carol")).unwrap();
        db.insert(b"record/\xff", vec![1; 80]).unwrap();
    });
    assert!(refusal(&place).contains("something in it that is no record"));
    place.meddle(|db| {
        db.remove(b"record/\xff").unwrap();
        db.insert("stranger", vec![1; 80]).unwrap();
    });
    assert!(refusal(&place).contains("something in it that is no record"));
}

/// Everything that sled keeps, put back, is a sound store of yesterday; the witness is not in it.
#[tokio::test]
async fn a_rollback_of_all_that_sled_keeps_is_noticed() {
    let (place, _) = place().await;
    let yesterday = place.directory.path().join("yesterday");
    copy(&place.path(), &yesterday);
    let store = place.open();
    let version = store.read("bob").await.unwrap().version;
    write(&store, "bob", version, "today").await;
    drop(store);
    let witness = std::fs::read(place.path().join("witness")).unwrap();
    std::fs::remove_dir_all(place.path()).unwrap();
    copy(&yesterday, &place.path());
    std::fs::write(place.path().join("witness"), witness).unwrap();
    assert!(refusal(&place).contains("its last commits are missing"));
}

#[tokio::test]
async fn a_witness_with_one_slot_left_still_speaks_and_with_none_keeps_the_store_shut() {
    let (place, _) = place().await;
    let path = place.path().join("witness");
    let sound = std::fs::read(&path).unwrap();
    for slot in [0, 4096] {
        let mut half = sound.clone();
        half[slot + 20] ^= 1;
        std::fs::write(&path, &half).unwrap();
        drop(place.open());
        half[4096 - slot + 20] ^= 1;
        std::fs::write(&path, &half).unwrap();
        assert!(refusal(&place).contains("its witness does not unseal"));
    }
    for short in [&b""[..], &sound[..10]] {
        std::fs::write(&path, short).unwrap();
        assert!(refusal(&place).contains("its witness does not unseal"));
    }
    std::fs::remove_file(&path).unwrap();
    assert!(refusal(&place).contains("its witness is missing"));
}

/// The bound of what sealing does: yesterday's store is a store.
#[tokio::test]
async fn a_rollback_of_the_whole_store_is_not_noticed() {
    let (place, _) = place().await;
    let yesterday = place.directory.path().join("yesterday");
    copy(&place.path(), &yesterday);
    let store = place.open();
    let version = store.read("bob").await.unwrap().version;
    write(&store, "bob", version, "today").await;
    drop(store);
    std::fs::remove_dir_all(place.path()).unwrap();
    copy(&yesterday, &place.path());
    assert_eq!(value(&place.open(), "bob").await, Some(b"bob's".to_vec()));
}

#[tokio::test]
async fn another_key_does_not_open_the_store_and_changes_nothing() {
    let (mut place, _) = place().await;
    let key = std::mem::replace(&mut place.key, MasterKey::generate().unwrap());
    let Err(error) = place.try_open() else { panic!("the store opened") };
    assert!(matches!(error, OpenError::WrongKey { .. }), "{error}");
    assert!(error.to_string().contains("Put the key back"), "{error}");
    place.key = key;
    assert_eq!(value(&place.open(), "bob").await, Some(b"bob's".to_vec()));
}

#[test]
fn a_store_that_never_held_anything_is_bound_to_its_key_already() {
    let mut place = Place::new();
    drop(place.open());
    place.key = MasterKey::generate().unwrap();
    assert!(matches!(place.try_open(), Err(OpenError::WrongKey { .. })));
}
