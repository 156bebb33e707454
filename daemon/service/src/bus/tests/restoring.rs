//! A file that is handed over in pieces: each bounded, and together no more than was announced.

use twinlock_bus_api::{
    backup::{HEAD, MAX_FILE, PIECE},
    error::Error,
};

use super::{fresh_code::root, *};
use crate::{
    backup::contents::{self, Contents},
    clock::Clock,
    testing::{CODES, STEP, alice, enrol},
};

async fn daemon() -> Accounts {
    Setup::new().accounts().await
}

fn refusal(result: Result<(), Error>) -> String {
    match result {
        Err(Error::InvalidArgument(why)) => why,
        other => panic!("no refusal, but {other:?}"),
    }
}

#[tokio::test]
async fn a_piece_that_is_too_long_is_refused_and_leaves_nothing_behind() {
    let accounts = daemon().await;
    let restore = accounts.begin_restore(&root(), 2 * PIECE as u64).unwrap();
    let write = |length: usize| accounts.write_restore(&root(), restore, &vec![7; length]);
    let why = refusal(write(PIECE + 1));
    assert_eq!(
        why,
        format!("A piece of a backup has {PIECE} bytes at the most; send smaller ones.")
    );
    for _ in 0..2 {
        write(PIECE).expect("there is room for the whole file");
    }
    assert_eq!(refusal(write(1)), "That is more than was announced; begin anew.");
}

#[tokio::test]
async fn no_room_is_made_for_a_file_that_is_no_backup_or_too_large() {
    let accounts = daemon().await;
    for size in [0, HEAD as u64 - 1, MAX_FILE + 1, u64::MAX] {
        let begun = accounts.begin_restore(&root(), size);
        assert!(matches!(begun, Err(Error::InvalidArgument(_))), "{size}");
    }
    for size in [HEAD as u64, MAX_FILE] {
        accounts.begin_restore(&root(), size).unwrap();
    }
}

/// A backup that alice is in, made so many seconds from when tests begin.
async fn backup(ahead: u64) -> (Setup, Accounts, Contents) {
    let setup = Setup::new();
    let accounts = setup.accounts().await;
    enrol(&accounts.engine, &alice()).await;
    let began = setup.clock.wall().as_secs();
    setup.clock.set_wall(began + ahead);
    let (about, records) = accounts.engine.export().await.unwrap();
    setup.clock.set_wall(began);
    let contents = contents::read(&contents::write(about, &records).unwrap()).unwrap();
    (setup, accounts, contents)
}

#[tokio::test]
async fn a_backup_from_far_in_the_future_keeps_nobody_out_until_then() {
    let (setup, accounts, contents) = backup(86_400).await;
    accounts.engine.restore(&contents).await.unwrap();
    let code = async |step: usize| accounts.verify(&alice(), &root(), CODES[step]).await;
    assert!(code(STEP).await.is_err() && code(STEP + 1).await.is_err());
    setup.clock.advance(60);
    code(STEP + 2).await.unwrap();
}

#[tokio::test]
async fn of_two_hosts_a_little_apart_the_later_clock_counts() {
    let (setup, accounts, contents) = backup(60).await;
    accounts.engine.restore(&contents).await.unwrap();
    setup.clock.advance(90);
    let code = async |step: usize| accounts.verify(&alice(), &root(), CODES[step]).await;
    assert!(code(STEP + 3).await.is_err(), "it could have been used on the other host");
    code(STEP + 4).await.unwrap();
}
