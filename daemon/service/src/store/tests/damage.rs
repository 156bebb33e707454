//! Files that a disk or a crash has damaged: a clear error, or a sound store, and never a panic, a
//! hang or a wrong value.

use std::{fs, time::Duration};

use super::*;

const RECORDS: usize = 200;

/// A closed store of known records, some of them rewritten.
async fn place() -> Place {
    let place = Place::new();
    let store = place.open();
    for round in 0..2 {
        for n in 0..RECORDS {
            let key = format!("user/{n}");
            let version = store.read(&key).await.unwrap().version;
            let changes = vec![put(&key, version, format!("{round} {n} {}", "x".repeat(300)))];
            store.commit(changes).await.unwrap();
        }
    }
    place
}

fn sound(n: usize) -> Vec<u8> {
    format!("1 {n} {}", "x".repeat(300)).into_bytes()
}

/// Opens the damaged store and holds it to its word. Says whether it was served.
async fn judge(place: &Place, what: &str) -> bool {
    let options = Options {
        answer_within: Duration::from_secs(5),
        open_within: Duration::from_secs(10),
        ..Options::default()
    };
    let store = match SledStore::open(&place.path(), &place.key, options) {
        Ok(store) => store,
        Err(error) => {
            let text = error.to_string();
            assert!(text.contains("twinlock restore"), "{what}: {text}");
            assert!(!text.contains('\n'), "{what}: {text}");
            return false;
        }
    };
    for n in 0..RECORDS {
        match store.read(&format!("user/{n}")).await {
            Ok(read) => {
                let value = read.value.unwrap_or_else(|| panic!("{what}: user/{n} is gone"));
                assert_eq!(value.to_vec(), sound(n), "{what}");
            }
            Err(StoreError::Damaged { .. } | StoreError::OutOfService { .. }) => {}
            Err(error) => panic!("{what}: {error}"),
        }
    }
    true
}

fn replace_directory(place: &Place, with: &Path) {
    fs::remove_dir_all(place.path()).unwrap();
    copy(with, &place.path());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_damaged_file_is_a_clear_error_or_a_sound_store() {
    let place = place().await;
    let image = place.directory.path().join("image");
    copy(&place.path(), &image);
    let mut refused = 0;
    let files: Vec<_> =
        ["db", "conf", "witness"].map(str::to_owned).into_iter().chain(snapshot(&image)).collect();
    for file in &files {
        let sound = fs::read(image.join(file)).unwrap();
        let used = sound.iter().rposition(|byte| *byte != 0).unwrap() + 1;
        let mut cases =
            vec![("empty".to_owned(), vec![]), ("noise".to_owned(), noise(sound.len()))];
        for part in 1..6 {
            let at = used * part / 6;
            cases.push((format!("cut at {at}"), sound[..at].to_vec()));
            let mut flipped = sound.clone();
            flipped[at] ^= 0x10;
            cases.push((format!("a bit at {at}"), flipped));
            let mut zeroed = sound.clone();
            let end = (at + 4096).min(zeroed.len());
            zeroed[at..end].fill(0);
            cases.push((format!("a page of zeroes at {at}"), zeroed));
            let mut noisy = sound.clone();
            noisy[at..end].copy_from_slice(&noise(end - at));
            cases.push((format!("a page of noise at {at}"), noisy));
        }
        for (what, bytes) in cases {
            replace_directory(&place, &image);
            fs::write(place.path().join(file), bytes).unwrap();
            refused += usize::from(!judge(&place, &format!("{file}, {what}")).await);
        }
        replace_directory(&place, &image);
        fs::remove_file(place.path().join(file)).unwrap();
        refused += usize::from(!judge(&place, &format!("{file} removed")).await);
    }
    // The damage was felt.
    assert!(refused > 10, "{refused} refusals");
}

#[tokio::test]
async fn a_store_whose_beginning_was_cut_short_begins_again() {
    let place = Place::new();
    fs::create_dir(place.path()).unwrap();
    // Before the first file had its name.
    fs::write(place.path().join("witness.new"), "half").unwrap();
    drop(place.open());
    // Before sled had written anything.
    for file in ["db", "conf"] {
        fs::remove_file(place.path().join(file)).unwrap();
    }
    if let Some(snapshot) = snapshot(&place.path()) {
        fs::remove_file(place.path().join(snapshot)).unwrap();
    }
    write(&place.open(), "k", Version::ABSENT, "1").await;
    assert_eq!(value(&place.open(), "k").await, Some(b"1".to_vec()));
}

fn snapshot(image: &Path) -> Option<String> {
    fs::read_dir(image)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .find(|name| name.starts_with("snap."))
}

/// The same at each run: a linear congruential generator.
fn noise(length: usize) -> Vec<u8> {
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    (0..length)
        .map(|_| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            state.to_be_bytes()[0]
        })
        .collect()
}
