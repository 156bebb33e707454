//! From the auth phase to the account phase, and what a password change is.

use std::time::Duration;

use twinlock_core::{
    policy::{Mode, Policy, Profile},
    printed_code::PrintedCode,
    time::Timestamp,
};

use super::*;
use crate::hashing::CodeHashing;
use crate::testing::{CODES, RIGHT, STEP, WRONG, alice, change, enrol, user};

async fn enrolled() -> (Setup, Arc<Engine>) {
    let setup = Setup::new();
    let engine = setup.engine().await;
    enrol(&engine, &alice()).await;
    (setup, engine)
}

#[tokio::test]
async fn a_right_code_gives_a_ticket_that_opens_the_account_phase_once() {
    let (setup, engine) = enrolled().await;
    let desk = desk(&engine);
    let (messages, open) = asked(begin(&desk, "auth", "alice", &[]).await);
    assert_eq!(messages.last().unwrap().text, "Verification code: ");
    let ending = done(desk.answer(open, &Response::new(RIGHT.to_owned())).await);
    assert_eq!(ending.verdict, Verdict::Allow);
    let ticket = ticket(&ending);
    assert_eq!(ticket.len(), 64);
    assert_eq!(
        setup.lines(),
        [
            r#"event=login.allowed user="alice" service="sshd" source="203.0.113.9" cause="code of factor 7F3KQ2""#
        ]
    );
    assert_eq!(redeem(&desk, "alice", &ticket).await.verdict, Verdict::Allow);
    let again = redeem(&desk, "alice", &ticket).await;
    let lines = assert_refused(&again, &setup);
    assert!(lines[0].contains("the ticket is not known"), "{lines:?}");
    assert!(!lines.concat().contains(&ticket));
}

#[tokio::test]
async fn a_restart_forgets_tickets_and_the_login_is_refused() {
    let (setup, engine) = enrolled().await;
    let ticket = ticket(&done(log_in(&desk(&engine), "alice", RIGHT).await));
    let engine = setup.engine().await;
    let restarted = desk(&engine);
    setup.lines();
    assert_refused(&redeem(&restarted, "alice", &ticket).await, &setup);
    let replayed = asked(log_in(&restarted, "alice", RIGHT).await).0;
    assert_eq!(replayed[0].text, "That code was used already; wait for the next one.");
}

#[tokio::test]
async fn a_ticket_of_another_user_service_source_or_process_opens_nothing() {
    let sshd_elsewhere = [("ssh_connection", Variant::from("198.51.100.7 50022 192.0.2.1 22"))];
    let su = [("service", Variant::from("su"))];
    type Case<'a> = (&'a str, &'a [(&'a str, Variant<'a>)], i32);
    let cases: [Case<'_>; 4] = [
        ("bob", &[], PROCESS),
        ("alice", &sshd_elsewhere, PROCESS),
        ("alice", &su, PROCESS),
        ("alice", &[], PROCESS + 1),
    ];
    for (name, extra, process) in cases {
        let (setup, engine) = enrolled().await;
        let desk = desk(&engine);
        let ticket = ticket(&done(log_in(&desk, "alice", RIGHT).await));
        setup.lines();
        let mut extra: Vec<_> =
            extra.iter().map(|(key, value)| (*key, value.try_clone().unwrap())).collect();
        extra.push(("ticket", Variant::from(ticket.as_str())));
        let ending = done(desk.begin(request("account", name, &extra), process).await);
        let lines = assert_refused(&ending, &setup);
        assert!(lines[0].contains("belongs to another login"), "{name} {process}: {lines:?}");
        // Whoever shows a ticket has used it up, so that it cannot be tried on.
        assert_eq!(redeem(&desk, "alice", &ticket).await.verdict, Verdict::Deny);
    }
}

#[tokio::test]
async fn a_ticket_is_good_for_two_minutes_and_for_the_same_account_only() {
    let (setup, engine) = enrolled().await;
    let desk = desk(&engine);
    let late = ticket(&done(log_in(&desk, "alice", RIGHT).await));
    setup.clock.advance(120);
    assert_eq!(redeem(&desk, "alice", &late).await.verdict, Verdict::Deny);
    let code = CODES[STEP + 4];
    let other = ticket(&done(log_in(&desk, "alice", code).await));
    setup.directory.set("alice", 1005);
    assert_eq!(redeem(&desk, "alice", &other).await.verdict, Verdict::Deny);
}

#[tokio::test]
async fn an_empty_ticket_is_no_missing_one() {
    let setup = Setup::under(Policy { mode: Mode::Enforce, ..Policy::default() });
    let engine = setup.engine().await;
    let desk = desk(&engine);
    let cron = [("service", Variant::from("cron"))];
    assert_eq!(done(begin(&desk, "account", "alice", &cron).await).verdict, Verdict::Skip);
    let empty = [("service", Variant::from("cron")), ("ticket", Variant::from(""))];
    assert_eq!(done(begin(&desk, "account", "alice", &empty).await).verdict, Verdict::Deny);
}

#[tokio::test]
async fn grace_begins_when_the_account_phase_redeems_and_not_before() {
    let grace = Profile {
        name: "staff".to_owned(),
        grace: Some(Duration::from_secs(14 * 86_400)),
        ..Profile::default()
    };
    let setup = Setup::under(Policy { profiles: vec![grace], ..Policy::default() });
    let engine = setup.engine().await;
    let stacks = tempfile::tempdir().unwrap();
    let lines = "auth required pam_twinlock.so\naccount required pam_twinlock.so\n";
    std::fs::write(stacks.path().join("sshd"), lines).unwrap();
    let desk = Desk::new(Arc::clone(&engine), Stacks::in_folders(vec![stacks.path().to_owned()]));
    let ending = done(begin(&desk, "auth", "alice", &[]).await);
    assert_eq!(ending.verdict, Verdict::Skip);
    assert_eq!(
        texts(&ending),
        ["Two-factor authentication is required on web1 from 1970-01-15 on; set it up with \
          'twinlock enroll' before."]
    );
    assert!(engine.read("alice").await.unwrap().is_none(), "a stranger could have come this far");
    assert_eq!(redeem(&desk, "alice", &ticket(&ending)).await.verdict, Verdict::Skip);
    let record = engine.read("alice").await.unwrap().unwrap();
    assert_eq!(record.first_seen.unwrap().as_secs(), 30 * STEP as u64);

    // A key alone reaches the account phase only, and its grace begins there.
    let by_key = done(begin(&desk, "account", "bob", &[]).await);
    assert_eq!(by_key.verdict, Verdict::Skip);
    assert!(engine.read("bob").await.unwrap().unwrap().first_seen.is_some());
    setup.clock.advance(15 * 86_400);
    let over = done(begin(&desk, "account", "bob", &[]).await);
    assert_eq!(over.verdict, Verdict::Deny);
    assert!(texts(&over)[0].contains("AuthenticationMethods publickey,keyboard-interactive"));
}

#[tokio::test]
async fn a_password_change_asks_the_user_and_not_root() {
    let (_setup, engine) = enrolled().await;
    let desk = desk(&engine);
    let passwd = |extra: &[(&'static str, Variant<'static>)]| {
        let mut all = vec![("service", Variant::from("passwd"))];
        all.extend(extra.iter().map(|(key, value)| (*key, value.try_clone().unwrap())));
        all
    };
    let of_alice = passwd(&[("caller_uid", Variant::from(1000u32))]);
    let (_, open) = asked(begin(&desk, "password", "alice", &of_alice).await);
    let allowed = done(desk.answer(open, &Response::new(RIGHT.to_owned())).await);
    assert_eq!(allowed.verdict, Verdict::Allow);
    // Any user can claim that a password has expired: passwd -k.
    let claimed =
        passwd(&[("caller_uid", Variant::from(1000u32)), ("expired", Variant::from(true))]);
    let (_, open) = asked(begin(&desk, "password", "alice", &claimed).await);
    drop(open);
    for extra in [
        passwd(&[("caller_uid", Variant::from(0u32))]),
        passwd(&[("caller_uid", Variant::from(0u32)), ("expired", Variant::from(true))]),
    ] {
        let skipped = done(begin(&desk, "password", "alice", &extra).await);
        assert_eq!(skipped.verdict, Verdict::Skip);
        let mut update = extra;
        update.push(("ticket", Variant::from(ticket(&skipped))));
        assert_eq!(done(begin(&desk, "password", "alice", &update).await).verdict, Verdict::Skip);
    }
    let mut update = of_alice;
    update.push(("ticket", Variant::from(ticket(&allowed))));
    assert_eq!(done(begin(&desk, "password", "alice", &update).await).verdict, Verdict::Allow);
    assert_eq!(done(begin(&desk, "password", "alice", &update).await).verdict, Verdict::Deny);
}

#[tokio::test]
async fn the_ticket_of_a_password_change_opens_no_login_and_the_other_way_round() {
    let (_setup, engine) = enrolled().await;
    let desk = desk(&engine);
    let by_root = [("caller_uid", Variant::from(0u32))];
    let change = ticket(&done(begin(&desk, "password", "alice", &by_root).await));
    assert_eq!(redeem(&desk, "alice", &change).await.verdict, Verdict::Deny);
    let login = ticket(&done(log_in(&desk, "alice", RIGHT).await));
    let update = [("ticket", Variant::from(login))];
    assert_eq!(done(begin(&desk, "password", "alice", &update).await).verdict, Verdict::Deny);
}

#[tokio::test]
async fn a_session_decides_nothing_and_gives_no_ticket() {
    let (_setup, engine) = enrolled().await;
    let desk = desk(&engine);
    for name in ["alice", "no-such-user"] {
        let ending = done(begin(&desk, "session", name, &[]).await);
        assert_eq!(ending.verdict, Verdict::Skip);
        assert!(ending.ticket.is_none());
    }
}

#[tokio::test]
async fn an_unknown_user_is_asked_like_an_enrolled_one_and_never_let_in() {
    let (setup, engine) = enrolled().await;
    // Whoever enrolled at a login has recovery codes.
    let code = PrintedCode::from_random(&[1; 10]).hashed([1; 16], &CodeHashing::for_tests());
    change(&engine, &alice(), |record| record.renew_recovery(vec![code.clone()], Timestamp::EPOCH))
        .await;
    let desk = desk(&engine);
    let mut heard = Vec::new();
    for name in ["alice", "no-such-user"] {
        let (messages, mut open) = asked(begin(&desk, "auth", name, &[]).await);
        let mut texts: Vec<_> = messages.into_iter().map(|message| message.text).collect();
        let ending = loop {
            match desk.answer(open, &Response::new(WRONG.to_owned())).await {
                Reply::Ask(messages, next) => {
                    texts.extend(messages.into_iter().map(|message| message.text));
                    open = *next;
                }
                Reply::Done(ending) => break ending,
            }
        };
        texts.extend(ending.messages.iter().map(|message| message.text.clone()));
        assert_eq!(ending.verdict, Verdict::Deny);
        // References differ; everything else is the same.
        let same = |text: &String| text.split('(').next().unwrap_or_default().to_owned();
        heard.push(texts.iter().map(same).collect::<Vec<_>>());
    }
    assert_eq!(heard[0], heard[1]);
    let lines = setup.lines();
    assert_eq!(lines.iter().filter(|line| line.contains("no such user")).count(), 3);
    let account = done(begin(&desk, "account", "no-such-user", &[]).await);
    assert_eq!(account.verdict, Verdict::Deny);
}

#[tokio::test]
async fn a_record_of_an_earlier_account_lets_nobody_in() {
    let (setup, engine) = enrolled().await;
    setup.directory.set("alice", 1005);
    change(&engine, &user("bob", 1001), |record| record.mfa = Some(false)).await;
    setup.directory.set("bob", 1006);
    let desk = desk(&engine);
    for (phase, name) in
        [("auth", "alice"), ("auth", "bob"), ("account", "bob"), ("password", "bob")]
    {
        setup.lines();
        let ending = done(begin(&desk, phase, name, &[]).await);
        let lines = assert_refused(&ending, &setup);
        assert!(texts(&ending)[0].contains("an earlier account of this name"), "{phase} {name}");
        assert!(lines[0].contains("the record is of uid"), "{lines:?}");
    }
}

/// The code was given to a record that is gone by the account phase.
#[tokio::test]
async fn trust_from_before_the_record_was_forgotten_does_not_count_for_the_next_enrolment() {
    let setup = Setup::new();
    let engine = setup.engine().await;
    enrol(&engine, &alice()).await;
    let stacks = tempfile::tempdir().unwrap();
    std::fs::write(stacks.path().join("sshd"), "account required pam_twinlock.so\n").unwrap();
    let desk = Desk::new(Arc::clone(&engine), Stacks::in_folders(vec![stacks.path().to_owned()]));
    let (messages, open) = asked(log_in(&desk, "alice", RIGHT).await);
    assert!(messages.last().unwrap().text.starts_with("Do not ask again"), "{messages:?}");
    let ending = done(desk.answer(open, &Response::new("y".to_owned())).await);
    assert_eq!(ending.verdict, Verdict::Allow);
    engine.forget("alice").await.unwrap();
    enrol(&engine, &alice()).await;
    assert_refused(&redeem(&desk, "alice", &ticket(&ending)).await, &setup);
    let record = engine.read("alice").await.unwrap().unwrap();
    assert_eq!(record.trusted.iter().count(), 0);
}
