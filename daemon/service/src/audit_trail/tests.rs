//! The trail on a store in memory, with the faults of a real one.

use std::{sync::Arc, time::Duration};

use tokio::{task::JoinHandle, time::sleep};
use twinlock_core::{
    audit::{AuditEvent, AuditRecord, Happening},
    reference::Reference,
    time::Timestamp,
};
use zeroize::Zeroizing;

use super::{block::BLOCK, day::Day, *};
use crate::{
    audit_log::AuditLog,
    clock::testing::TestClock,
    store::{
        Change, MAX_VALUE, Store, StoreError, Version,
        memory::{Fault, MemoryStore},
    },
};

mod damage;
mod faults;
mod old_days;

/// 2026-11-21T12:00:00Z.
const NOON: u64 = 1_795_262_400;

struct Rig {
    store: Arc<MemoryStore>,
    trail: Trail,
    syslog: std::os::unix::net::UnixDatagram,
    _folder: tempfile::TempDir,
    writer: JoinHandle<()>,
}

impl Rig {
    fn start() -> Self {
        Self::on(Arc::new(MemoryStore::new()), "A")
    }

    fn on(store: Arc<MemoryStore>, name: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        let syslog = std::os::unix::net::UnixDatagram::bind(&path).unwrap();
        syslog.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        let log = AuditLog::start(&path).unwrap();
        let (trail, writer) = Trail::new(store.clone(), log, name.to_owned());
        let writer = tokio::spawn(writer.run());
        Self { store, trail, syslog, _folder: folder, writer }
    }

    fn history(&self) -> History {
        History::new(self.store.clone())
    }

    /// The next line of the system log.
    fn line(&self) -> String {
        let mut buffer = [0; 4096];
        let length = self.syslog.recv(&mut buffer).unwrap();
        String::from_utf8(buffer[..length].to_vec()).unwrap()
    }

    async fn page(&self, filter: Filter) -> Page {
        self.history().page(&filter, 10_000).await.unwrap()
    }

    async fn users(&self, filter: Filter) -> Vec<String> {
        self.page(filter).await.events.into_iter().map(|(_, record)| record.user).collect()
    }
}

fn at(seconds: u64) -> Timestamp {
    Timestamp::from_secs(NOON + seconds)
}

fn record(happening: Happening, user: &str, seconds: u64) -> AuditRecord {
    AuditRecord::new(&AuditEvent::new(happening, user, "a cause"), at(seconds))
}

fn refused(user: &str, seconds: u64) -> AuditRecord {
    record(Happening::LoginRefused, user, seconds)
}

#[tokio::test(start_paused = true)]
async fn what_comes_within_a_second_is_one_commit() {
    let rig = Rig::start();
    for n in 0..50 {
        rig.trail.keep(refused("alice", n));
    }
    sleep(Duration::from_millis(900)).await;
    assert_eq!(rig.store.commits(), 0);
    sleep(Duration::from_millis(200)).await;
    assert_eq!(rig.store.commits(), 1);
    assert_eq!(rig.page(Filter::default()).await.events.len(), 50);
}

#[tokio::test(start_paused = true)]
async fn many_at_once_do_not_wait_for_the_second() {
    let rig = Rig::start();
    for n in 0..300 {
        rig.trail.keep(refused("alice", n));
    }
    sleep(Duration::from_millis(10)).await;
    assert_eq!(rig.store.commits(), 1);
}

#[tokio::test(start_paused = true)]
async fn whoever_asks_finds_what_was_kept_before() {
    let rig = Rig::start();
    rig.trail.keep(refused("alice", 0));
    rig.trail.settle().await;
    assert_eq!(rig.users(Filter::default()).await, ["alice"]);
}

#[tokio::test(start_paused = true)]
async fn the_last_events_are_written_when_the_daemon_stops() {
    let Rig { store, trail, writer, .. } = Rig::start();
    trail.keep(refused("alice", 0));
    drop(trail);
    writer.await.unwrap();
    assert_eq!(store.commits(), 1);
}

#[tokio::test(start_paused = true)]
async fn events_share_blocks_that_are_small_and_in_order() {
    let rig = Rig::start();
    let users: Vec<_> = (0..500).map(|n| format!("user-{n}")).collect();
    for (user, second) in users.iter().zip(0..) {
        rig.trail.keep(refused(user, second));
        sleep(Duration::from_millis(20)).await;
    }
    rig.trail.settle().await;
    let blocks = rig.store.scan("audit/2026-11-21/").await.unwrap();
    let length = |block: &crate::store::Entry| block.value.as_ref().unwrap().len();
    let bytes: usize = blocks.iter().map(length).sum();
    assert!(blocks.len() < bytes / (BLOCK / 2), "{} blocks of {bytes} bytes", blocks.len());
    assert!(blocks.iter().all(|block| length(block) <= BLOCK));
    assert_eq!(rig.users(Filter::default()).await, users);
}

#[tokio::test(start_paused = true)]
async fn a_record_as_large_as_can_be_fits_the_store() {
    let rig = Rig::start();
    let hostile = "\u{1}".repeat(100_000);
    let event = AuditEvent {
        service: Some(hostile.clone()),
        tty: Some(hostile.clone()),
        by: Some(hostile.clone()),
        ..AuditEvent::new(Happening::LoginRefused, hostile.clone(), hostile)
    };
    for _ in 0..100 {
        rig.trail.keep(AuditRecord::new(&event, at(0)));
    }
    rig.trail.settle().await;
    assert_eq!(rig.page(Filter::default()).await.events.len(), 100);
    let blocks = rig.store.scan("audit/").await.unwrap();
    assert!(
        blocks
            .iter()
            .all(|block| { block.value.as_ref().unwrap().len() <= BLOCK && BLOCK <= MAX_VALUE })
    );
}

#[tokio::test(start_paused = true)]
async fn events_on_both_sides_of_midnight_lie_under_their_days() {
    let rig = Rig::start();
    for (user, seconds) in [("alice", 43_199), ("bob", 43_200)] {
        rig.trail.keep(refused(user, seconds));
    }
    rig.trail.settle().await;
    for day in ["2026-11-21", "2026-11-22"] {
        assert_eq!(rig.store.scan(&format!("audit/{day}/")).await.unwrap().len(), 1, "{day}");
    }
    assert_eq!(rig.users(Filter::default()).await, ["alice", "bob"]);
}

#[tokio::test(start_paused = true)]
async fn a_filter_leaves_out_what_was_not_asked_for() {
    let rig = Rig::start();
    for (happening, user, seconds) in [
        (Happening::LoginRefused, "alice", 0),
        (Happening::LoginObserved, "bob", 10),
        (Happening::LoginRefused, "bob", 20),
        (Happening::LoginRefused, "carol", 90_000),
    ] {
        rig.trail.keep(record(happening, user, seconds));
    }
    rig.trail.settle().await;
    let bob = Filter { user: Some("bob".to_owned()), ..Filter::default() };
    assert_eq!(rig.users(bob).await, ["bob", "bob"]);
    let observed = Filter { event: Some("login.observed".to_owned()), ..Filter::default() };
    assert_eq!(rig.users(observed).await, ["bob"]);
    let some = Filter { since: Some(at(10)), until: Some(at(20)), ..Filter::default() };
    assert_eq!(rig.users(some).await, ["bob"]);
    let late = Filter { since: Some(at(21)), ..Filter::default() };
    assert_eq!(rig.users(late).await, ["carol"]);
}

#[tokio::test(start_paused = true)]
async fn pages_follow_on_each_other_and_on_what_comes_later() {
    let rig = Rig::start();
    let users: Vec<_> = (0..250).map(|n| format!("user-{n}")).collect();
    for (user, n) in users.iter().zip(0..) {
        // Two days, several blocks each.
        rig.trail.keep(refused(user, n * 345));
    }
    rig.trail.settle().await;
    let (mut filter, mut found, mut pages) = (Filter::default(), Vec::new(), 0);
    loop {
        let page = rig.history().page(&filter, 40).await.unwrap();
        found.extend(page.events.into_iter().map(|(_, record)| record.user));
        // The cursor survives a program that keeps it as text.
        filter.after = Some(page.next.unwrap().to_string().parse().unwrap());
        pages += 1;
        if !page.is_cut {
            break;
        }
    }
    assert_eq!((found, pages), (users, 7));
    assert!(rig.users(filter.clone()).await.is_empty());
    rig.trail.keep(refused("late", 250 * 345));
    rig.trail.settle().await;
    assert_eq!(rig.users(filter).await, ["late"]);
}

#[tokio::test(start_paused = true)]
async fn a_clock_that_goes_back_hides_nothing_from_who_follows() {
    let rig = Rig::start();
    rig.trail.keep(refused("alice", 600));
    rig.trail.settle().await;
    let next = rig.page(Filter::default()).await.next;
    // The same daemon, and one that was started anew.
    rig.trail.keep(refused("bob", 0));
    rig.trail.settle().await;
    let again = Rig::on(rig.store.clone(), "B");
    again.trail.keep(refused("carol", 300));
    again.trail.settle().await;
    let after = Filter { after: next, ..Filter::default() };
    assert_eq!(rig.users(after).await, ["bob", "carol"]);
}

#[test]
fn a_cursor_that_is_none_is_refused() {
    for wrong in ["", "/", "2026-11-21/x", "2026-11-21/x/-1", "x/y/1", "2026-11-21/../../user/1"] {
        assert!(wrong.parse::<Cursor>().is_err(), "{wrong}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_reference_leads_to_its_login_and_to_nothing_else() {
    let rig = Rig::start();
    let of_login = |happening, user: &str, seconds, reference: Option<u8>| {
        let event = AuditEvent {
            service: Some("sshd".to_owned()),
            reference: reference.map(|byte| Reference::from_random([byte; 6])),
            ..AuditEvent::new(happening, user, "a cause")
        };
        AuditRecord::new(&event, at(seconds))
    };
    let login = [
        of_login(Happening::CodeRefused, "alice", 5_000, Some(1)),
        of_login(Happening::CodeRefused, "alice", 5_010, Some(2)),
        of_login(Happening::LoginRefused, "alice", 5_020, Some(2)),
    ];
    rig.trail.keep(of_login(Happening::LoginRefused, "alice", 0, Some(2)));
    rig.trail.keep(of_login(Happening::LoginRefused, "alice", 4_000, None));
    for (record, n) in login.iter().zip(0..) {
        rig.trail.keep(of_login(Happening::CodeRefused, "bob", 5_000 + n, Some(3)));
        rig.trail.keep(record.clone());
    }
    rig.trail.keep(of_login(Happening::LoginAllowed, "alice", 90_000, None));
    rig.trail.settle().await;
    let mut found = rig.history().login_of("222222").await.unwrap().records;
    // The same reference once more: thirty bits repeat.
    assert_eq!(found.remove(0).at, at(0));
    assert_eq!(found, login);
    assert_eq!(rig.history().login_of("777777").await.unwrap(), FoundLogin::default());
}
