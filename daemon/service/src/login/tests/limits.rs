//! What bounds a dialogue, and what one user or source may have open.

use super::*;
use crate::{
    login::slots,
    testing::{RIGHT, WRONG, alice, enrol},
};

async fn enrolled() -> (Setup, Desk) {
    let setup = Setup::new();
    let engine = setup.engine().await;
    enrol(&engine, &alice()).await;
    (setup, desk(&engine))
}

#[tokio::test]
async fn a_dialogue_ends_after_five_minutes_also_with_the_right_code() {
    let (setup, desk) = enrolled().await;
    let (_, early) = asked(begin(&desk, "auth", "alice", &[]).await);
    let (_, late) = asked(begin(&desk, "auth", "alice", &[]).await);
    setup.clock.advance(299);
    // The code is of another time by now; what counts is that it is looked at.
    asked(desk.answer(early, &Response::new(RIGHT.to_owned())).await);
    setup.clock.advance(1);
    setup.lines();
    let ending = done(desk.answer(late, &Response::new(RIGHT.to_owned())).await);
    assert_eq!(ending.verdict, Verdict::Deny);
    assert_eq!(texts(&ending), ["That took too long. Log in again."]);
    let lines = setup.lines();
    assert!(lines[0].starts_with("event=login.abandoned user=\"alice\""), "{lines:?}");
}

#[tokio::test]
async fn eight_dialogues_are_open_for_a_user_and_source_and_the_ninth_is_refused() {
    let (setup, desk) = enrolled().await;
    let mut open = Vec::new();
    for _ in 0..slots::LIMIT {
        open.push(asked(begin(&desk, "auth", "alice", &[]).await).1);
    }
    let ninth = done(begin(&desk, "auth", "alice", &[]).await);
    let lines = assert_refused(&ninth, &setup);
    assert!(lines[0].contains("too many logins of this user wait"), "{lines:?}");
    let elsewhere = [("ssh_connection", Variant::from("198.51.100.7 50022 192.0.2.1 22"))];
    asked(begin(&desk, "auth", "alice", &elsewhere).await);
    asked(begin(&desk, "auth", "no-such-user", &[]).await);
    desk.abandon(open.pop().unwrap(), "cancelled");
    let (_, last) = asked(begin(&desk, "auth", "alice", &[]).await);
    let ending = done(desk.answer(last, &Response::new(RIGHT.to_owned())).await);
    assert_eq!(ending.verdict, Verdict::Allow);
    asked(begin(&desk, "auth", "alice", &[]).await);
}

#[tokio::test]
async fn after_five_wrong_codes_the_source_waits_and_no_other_does() {
    let (setup, desk) = enrolled().await;
    let (_, mut open) = asked(begin(&desk, "auth", "alice", &[]).await);
    for _ in 0..2 {
        open = asked(desk.answer(open, &Response::new(WRONG.to_owned())).await).1;
    }
    assert_eq!(
        done(desk.answer(open, &Response::new(WRONG.to_owned())).await).verdict,
        Verdict::Deny
    );
    let open = asked(log_in(&desk, "alice", WRONG).await).1;
    let ending = done(desk.answer(open, &Response::new(WRONG.to_owned())).await);
    assert_eq!(ending.verdict, Verdict::Locked);
    assert_eq!(texts(&ending), ["Too many wrong codes. Try again in 30 seconds."]);
    assert!(ending.ticket.is_none());
    let waiting = done(begin(&desk, "auth", "alice", &[]).await);
    assert_eq!(waiting.verdict, Verdict::Locked);
    let elsewhere = [("ssh_connection", Variant::from("198.51.100.7 50022 192.0.2.1 22"))];
    asked(begin(&desk, "auth", "alice", &elsewhere).await);
    setup.clock.advance(30);
    asked(begin(&desk, "auth", "alice", &[]).await);
}

#[tokio::test]
async fn a_policy_that_names_other_groups_since_the_look_up_decides_nothing() {
    let (setup, desk) = enrolled().await;
    let (_, before) = asked(begin(&desk, "auth", "alice", &[]).await);
    let mut settings = (*desk.engine.settings()).clone();
    let staff = twinlock_core::policy::List {
        included: std::iter::once("staff".to_owned()).collect(),
        ..Default::default()
    };
    let profile = twinlock_core::policy::Profile { groups: staff, ..Default::default() };
    settings.policy.profiles.push(profile);
    desk.engine.replace_settings(settings);
    let ending = done(desk.answer(before, &Response::new(RIGHT.to_owned())).await);
    assert_eq!((ending.verdict, ending.ticket.is_some()), (Verdict::Deny, false));
    let lines = setup.lines();
    assert!(lines.iter().any(|line| line.contains("names other groups")), "{lines:?}");
    let (_, after) = asked(begin(&desk, "auth", "alice", &[]).await);
    setup.clock.advance(30);
    asked(desk.answer(after, &Response::new(WRONG.to_owned())).await);
}

#[tokio::test]
async fn who_does_not_exist_has_to_wait_like_who_does() {
    let (setup, desk) = enrolled().await;
    for name in ["alice", "no-such-user"] {
        let (_, mut open) = asked(begin(&desk, "auth", name, &[]).await);
        for _ in 0..2 {
            open = asked(desk.answer(open, &Response::new(WRONG.to_owned())).await).1;
        }
        drop(open);
        let open = asked(log_in(&desk, name, WRONG).await).1;
        let open = asked(desk.answer(open, &Response::new(WRONG.to_owned())).await).1;
        let fifth = done(desk.answer(open, &Response::new(WRONG.to_owned())).await);
        assert_eq!(texts(&fifth), ["Too many wrong codes. Try again in 30 seconds."], "{name}");
        let waiting = done(begin(&desk, "auth", name, &[]).await);
        assert_eq!(waiting.verdict, Verdict::Locked, "{name}");
    }
    setup.clock.advance(30);
    asked(begin(&desk, "auth", "no-such-user", &[]).await);
    let commits = setup.store.commits();
    asked(log_in(&desk, "no-such-user-either", WRONG).await);
    assert_eq!(setup.store.commits(), commits, "nothing is stored of names that anybody makes up");
}
