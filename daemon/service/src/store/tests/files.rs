//! The files of the embedded store: whose they are, who may read them, and what is in them.

use std::{
    fs,
    os::unix::fs::{MetadataExt, PermissionsExt, symlink},
    time::{Duration, Instant},
};

use super::*;
use crate::store::keep_new_files_private;

/// Every path within, with its permission bits.
fn modes(directory: &Path) -> Vec<(PathBuf, u32)> {
    let mut found = vec![(directory.to_owned(), directory.metadata().unwrap().mode() & 0o7777)];
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        let mode = path.symlink_metadata().unwrap().mode() & 0o7777;
        if path.is_dir() { found.extend(modes(&path)) } else { found.push((path, mode)) }
    }
    found
}

fn assert_private(directory: &Path) {
    for (path, mode) in modes(directory) {
        let expected = if path.is_dir() { 0o700 } else { 0o600 };
        assert_eq!(mode, expected, "{path:?} has mode {mode:o}");
    }
}

#[tokio::test]
async fn files_and_directories_are_the_owners_alone_whatever_they_were() {
    let place = Place::new();
    write(&place.open(), "k", Version::ABSENT, "1").await;
    assert_private(&place.path());
    for (path, mode) in modes(&place.path()) {
        let open = if path.is_dir() { 0o777 } else { 0o666 };
        fs::set_permissions(&path, PermissionsExt::from_mode(open)).unwrap();
        assert_ne!(open, mode);
    }
    let store = place.open();
    assert_private(&place.path());
    assert_eq!(value(&store, "k").await, Some(b"1".to_vec()));
}

#[test]
fn the_mask_of_the_process_makes_new_files_private() {
    // The mask is the process's: no other test of this crate may need another.
    keep_new_files_private();
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("new");
    fs::write(&path, "").unwrap();
    fs::create_dir(directory.path().join("within")).unwrap();
    assert_eq!(path.metadata().unwrap().mode() & 0o7777, 0o600);
    assert_eq!(directory.path().join("within").metadata().unwrap().mode() & 0o7777, 0o700);
}

#[test]
fn missing_directories_are_made_private() {
    let mut place = Place::new();
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("var/lib/store");
    drop(SledStore::open(&path, &place.key, Options::default()).unwrap());
    assert_private(&directory.path().join("var"));
    place.directory = directory;
}

#[test]
fn a_second_opening_is_refused_while_the_first_lasts() {
    let place = Place::new();
    let store = place.open();
    let Err(error) = place.try_open() else { panic!("it opened twice") };
    assert!(matches!(error, OpenError::InUse { .. }), "{error}");
    assert!(error.to_string().contains("Stop the other twinlockd"), "{error}");
    drop(store);
    drop(place.open());
}

#[test]
fn what_a_store_does_not_make_is_not_taken_for_one() {
    let place = Place::new();
    let elsewhere = place.directory.path().join("elsewhere");
    fs::create_dir(&elsewhere).unwrap();
    let refused = |place: &Place| match place.try_open() {
        Err(OpenError::Foreign { path }) => path,
        Err(error) => panic!("{error}"),
        Ok(_) => panic!("the store opened"),
    };
    symlink(&elsewhere, place.path()).unwrap();
    assert_eq!(refused(&place), place.path());
    fs::remove_file(place.path()).unwrap();

    fs::write(place.path(), "a file").unwrap();
    assert_eq!(refused(&place), place.path());
    fs::remove_file(place.path()).unwrap();

    drop(place.open());
    let link = place.path().join("snap.link");
    symlink("/etc/passwd", &link).unwrap();
    assert_eq!(refused(&place), link);
    fs::remove_file(&link).unwrap();
    drop(place.open());
}

#[test]
fn a_directory_of_somebody_else_is_refused() {
    // Only root can give a directory away, and only to root is another's open.
    if !nix::unistd::geteuid().is_root() {
        let place = Place::new();
        let opened = SledStore::open(Path::new("/usr"), &place.key, Options::default());
        assert!(matches!(opened, Err(OpenError::Owner { owner: 0, .. })));
        return;
    }
    let place = Place::new();
    drop(place.open());
    std::os::unix::fs::chown(place.path().join("db"), Some(65534), None).unwrap();
    let Err(error) = place.try_open() else { panic!("the store opened") };
    assert!(matches!(error, OpenError::Owner { owner: 65534, own: 0, .. }), "{error}");
    std::os::unix::fs::chown(place.path(), Some(65534), None).unwrap();
    let Err(error) = place.try_open() else { panic!("the store opened") };
    assert!(matches!(error, OpenError::Owner { owner: 65534, own: 0, .. }), "{error}");
    assert!(error.to_string().contains("belongs to uid 65534"), "{error}");
}

#[tokio::test]
async fn a_canary_secret_is_in_no_file_of_the_store() {
    const CANARY: &[u8] = b"JBSWY3DPEHPK3PXPCANARY";
    let place = Place::new();
    let store = place.open();
    let mut version = Version::ABSENT;
    for round in 0..100u8 {
        let secret = [&[round][..], &CANARY.repeat(20)].concat();
        version = store.commit(vec![put("user/alice", version, secret)]).await.unwrap();
    }
    drop(store);
    drop(place.open());
    let mut bytes_seen = 0;
    let mut key_seen = false;
    for (path, _) in modes(&place.path()) {
        if path.is_dir() {
            continue;
        }
        let bytes = fs::read(&path).unwrap();
        bytes_seen += bytes.len();
        let contains = |word: &[u8]| bytes.windows(word.len()).any(|window| window == word);
        assert!(!contains(CANARY), "{path:?}");
        key_seen |= contains(b"user/alice");
    }
    // The search finds what is there in the clear.
    assert!(key_seen && bytes_seen > 1000);
}

#[test]
fn debug_output_shows_no_value() {
    let change = put("k", Version(1), "CANARY");
    let versioned = Versioned { version: Version(1), value: Some(bytes("CANARY")) };
    let entry =
        crate::store::Entry { key: "k".into(), version: Version(1), value: Ok(bytes("CANARY")) };
    for shown in [format!("{change:?}"), format!("{versioned:?}"), format!("{entry:?}")] {
        assert!(shown.contains("version: 1") && shown.contains('6'), "{shown}");
        let canary = format!("{:?}", b"CANARY");
        assert!(!shown.contains("CANARY") && !shown.contains(&canary), "{shown}");
    }
}

/// Values beyond a quarter of a segment would go to files that sled never brings to the disk.
#[tokio::test]
async fn no_value_is_kept_outside_the_log() {
    let place = Place::new();
    let store = place.open();
    let largest = vec![7; crate::store::MAX_VALUE];
    let mut versions = [Version::ABSENT; 64];
    for round in 0..3 {
        for (n, version) in versions.iter_mut().enumerate() {
            // Neighbouring keys of full length share a leaf; deletions make leaves merge.
            let key = format!("{n:02}{}", "k".repeat(crate::store::MAX_KEY - 2));
            *version = store.commit(vec![put(&key, *version, &largest)]).await.unwrap();
            if round == 1 && n % 5 != 0 {
                store.commit(vec![Change::delete(key, *version)]).await.unwrap();
                *version = Version::ABSENT;
            }
        }
    }
    let blobs = || fs::read_dir(place.path().join("blobs")).unwrap().count();
    assert_eq!(blobs(), 0);
    drop(store);
    assert_eq!(place.open().scan("").await.unwrap().len(), 64);
    assert_eq!(blobs(), 0);
}

#[tokio::test]
#[allow(clippy::disallowed_methods)] // the time that a test takes is nobody's clock
async fn a_store_of_ten_thousand_records_opens_and_scans_in_time() {
    let place = Place::new();
    let store = place.open();
    for stretch in 0..20 {
        let changes = (0..500)
            .map(|n| put(&format!("user/{stretch}-{n}"), Version::ABSENT, [b'x'; 1000]))
            .collect();
        store.commit(changes).await.unwrap();
    }
    drop(store);
    let begin = Instant::now();
    let store = place.open();
    assert_eq!(store.scan("user/").await.unwrap().len(), 10_000);
    assert!(begin.elapsed() < Duration::from_secs(20), "{:?}", begin.elapsed());
}
