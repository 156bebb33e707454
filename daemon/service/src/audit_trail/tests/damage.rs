//! Blocks that cannot be read: the others can, and where they are missing is told, once.

use super::*;
use crate::store::Entry;

/// Three daemons, an hour apart, so that each has a block of its own.
async fn three_blocks() -> (Rig, Vec<String>) {
    let first = Rig::start();
    let store = first.store.clone();
    for (user, hour, name) in [("alice", 0, "A"), ("bob", 1, "B"), ("carol", 2, "C")] {
        let rig = Rig::on(store.clone(), name);
        rig.trail.keep(refused(user, hour * 3600));
        rig.trail.settle().await;
    }
    let blocks = store.scan("audit/").await.unwrap();
    (first, blocks.into_iter().map(|Entry { key, .. }| key).collect())
}

fn told(damaged: &Damaged) -> Vec<(String, u32)> {
    damaged.0.iter().map(|(day, blocks)| (day.to_string(), *blocks)).collect()
}

fn one() -> Vec<(String, u32)> {
    vec![("2026-11-21".to_owned(), 1)]
}

#[tokio::test(start_paused = true)]
async fn a_damaged_block_hides_no_other_and_is_told_whomever_the_filter_names() {
    let (rig, blocks) = three_blocks().await;
    rig.store.damage(&blocks[1]);
    let page = rig.page(Filter::default()).await;
    let users: Vec<_> = page.events.iter().map(|(_, record)| record.user.as_str()).collect();
    assert_eq!((users, told(&page.damaged)), (vec!["alice", "carol"], one()));
    let of_alice = Filter { user: Some("alice".to_owned()), ..Filter::default() };
    assert_eq!(told(&rig.page(of_alice).await.damaged), one());
    let of_tomorrow = Filter { since: Some(at(86_400)), ..Filter::default() };
    assert_eq!(rig.page(of_tomorrow).await, Page::default());
}

#[tokio::test(start_paused = true)]
async fn who_goes_on_is_told_of_damage_once_and_of_what_can_be_read_again() {
    let (rig, blocks) = three_blocks().await;
    let sound = rig.store.read(&blocks[2]).await.unwrap();
    rig.store.damage(&blocks[2]);
    let (mut filter, mut pages) = (Filter::default(), Vec::new());
    for _ in 0..4 {
        let page = rig.history().page(&filter, 1).await.unwrap();
        filter.after = Some(page.next.unwrap().to_string().parse().unwrap());
        pages.push((page.events.len(), told(&page.damaged), page.is_cut));
    }
    let nothing = (0, Vec::new(), false);
    assert_eq!(pages, [(1, Vec::new(), true), (1, one(), false), nothing.clone(), nothing]);
    // Somebody mends it, as the writer does that still has it.
    let mended = Change::put(blocks[2].clone(), sound.version, sound.value.unwrap());
    rig.store.commit(vec![mended]).await.unwrap();
    assert_eq!(rig.users(filter).await, ["carol"]);
}

#[tokio::test(start_paused = true)]
async fn a_block_that_was_read_in_part_and_is_damaged_since_is_told() {
    let (rig, blocks) = three_blocks().await;
    let next = rig.page(Filter::default()).await.next;
    rig.store.damage(&blocks[2]);
    let page = rig.page(Filter { after: next, ..Filter::default() }).await;
    assert_eq!(told(&page.damaged), one());
    let page = rig.page(Filter { after: page.next, ..Filter::default() }).await;
    assert_eq!(told(&page.damaged), []);
}

#[tokio::test(start_paused = true)]
async fn a_reference_is_found_beside_a_damaged_block_and_where_it_may_be_is_told() {
    let (rig, blocks) = three_blocks().await;
    let event = AuditEvent {
        reference: Some(Reference::from_random([1; 6])),
        ..AuditEvent::new(Happening::CodeRefused, "dave", "a cause")
    };
    let day = 86_400;
    rig.trail.keep(AuditRecord::new(&event, at(2 * day)));
    rig.trail.settle().await;
    rig.store.damage(&blocks[0]);
    let found = rig.history().login_of("111111").await.unwrap();
    assert_eq!((found.records.len(), told(&found.damaged)), (1, Vec::new()), "of another day");
    let missed = rig.history().login_of("777777").await.unwrap();
    assert_eq!((missed.records.len(), told(&missed.damaged)), (0, one()));
    rig.trail.keep(refused("erin", 2 * day + 3600));
    rig.trail.settle().await;
    let of_that_day = rig.store.scan("audit/2026-11-23/").await.unwrap();
    assert_eq!(of_that_day.len(), 1, "the open block took it");
    rig.store.damage(&of_that_day[0].key);
    let missed = rig.history().login_of("111111").await.unwrap();
    assert_eq!((missed.records.len(), missed.damaged.0.len()), (0, 2));
}

#[tokio::test(start_paused = true)]
async fn a_store_that_is_down_is_no_damaged_block() {
    let (rig, _) = three_blocks().await;
    let down = StoreError::OutOfService { cause: "injected".to_owned() };
    rig.store.inject(Fault::FailRead(down.clone()));
    assert_eq!(rig.history().page(&Filter::default(), 10).await, Err(down));
}
