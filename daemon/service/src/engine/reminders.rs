//! Reminders, sent by the daemon's own timer: a few users at a time, each once for a date, and once
//! more each day while no server takes it.

use std::{sync::Arc, time::Duration};

use tokio::{
    sync::mpsc,
    time::{MissedTickBehavior, interval},
};
use twinlock_core::reminder;

use super::{Done, Engine, EngineError};
use crate::{journal, post::Receipt};

/// How often it is looked whether somebody is to be reminded.
const INTERVAL: Duration = Duration::from_secs(600);

/// How many users are reminded at one look. What a mail server that is down keeps waiting for two
/// hours still has room in the outbox.
const AT_ONCE: usize = 20;

impl Engine {
    /// Looks every ten minutes, and notes what was taken by a server, for as long as the daemon runs.
    pub async fn keep_reminding(self: Arc<Self>, mut receipts: mpsc::Receiver<Receipt>) {
        let mut looks = interval(INTERVAL);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                _ = looks.tick() => {
                    if let Err(error) = self.remind().await {
                        let later = "users could not be reminded, and will be later";
                        journal::line(&format!("{later}: {error}"));
                    }
                }
                Some(receipt) = receipts.recv() => {
                    if let Err(error) = self.acknowledge(&receipt).await {
                        let user = receipt.user.escape_debug();
                        let again = "was reminded, and may be once more tomorrow";
                        journal::line(&format!("{user} {again}: {error}"));
                    }
                }
            }
        }
    }

    /// Remembers that a server took a reminder.
    ///
    /// # Errors
    /// It is not remembered, and the user will be reminded once more.
    pub async fn acknowledge(&self, receipt: &Receipt) -> Result<(), EngineError> {
        let Some(user) = self.find_user(&receipt.user).await? else { return Ok(()) };
        let step = self.step(&user, |record, _| {
            reminder::acknowledge(record, &user, receipt.date);
            Done { answer: (), effects: Vec::new() }
        });
        step.await
    }

    /// Reminds those for whom it is due, [`AT_ONCE`] of them at the most; says how many. The store
    /// is looked through only while a date is near.
    ///
    /// # Errors
    /// The store failed, or of some users it or the user database did; all others were looked at.
    pub async fn remind(&self) -> Result<usize, EngineError> {
        let settings = self.settings();
        let now = self.now().horizon;
        let dates = reminder::approaching(&settings, now);
        if dates.is_empty() {
            return Ok(0);
        }
        let (mut reminded, mut failed) = (0, None);
        // Whose record cannot be read is named by every list, and has no address to write to.
        for record in self.read_all().await?.read {
            if reminded == AT_ONCE {
                break;
            }
            if !reminder::may_concern(&record, &dates, now) {
                continue;
            }
            // One user whose look-up fails is in nobody else's way.
            let user = match self.find_user(&record.user).await {
                Ok(Some(user)) => user,
                Ok(None) => continue,
                Err(error) => {
                    failed.get_or_insert(error);
                    continue;
                }
            };
            if reminder::due(&record, &user, &settings, self.now().horizon).is_none() {
                continue;
            }
            let step = self.step(&user, |record, world| {
                let effects = reminder::remind(record, &user, world);
                Done { answer: !effects.is_empty(), effects }
            });
            match step.await {
                Ok(was_due) => reminded += usize::from(was_due),
                Err(error) => {
                    failed.get_or_insert(error);
                }
            }
        }
        failed.map_or(Ok(reminded), Err)
    }
}

#[cfg(test)]
mod tests {
    use twinlock_core::{
        notice::{Channels, Notice, Subject},
        policy::{Policy, Profile},
        time::Timestamp,
    };

    use super::*;
    use crate::{
        directory::DirectoryError,
        testing::{Setup, alice, change, enrol, user},
    };

    const DAY: u64 = 86_400;
    const WEEK: Duration = Duration::from_secs(7 * DAY);

    /// A host whose policy has a date so many days after its clock.
    fn host(days: u64) -> Setup {
        let mut setup = Setup::under(Policy::default());
        setup.settings.channels = Channels { email: true, mobile: true };
        setup.settings.reminder = Some(WEEK);
        setup.settings.policy = due_in(days);
        setup
    }

    fn due_in(days: u64) -> Policy {
        let from = Timestamp::from_secs(days * DAY);
        let everyone =
            Profile { name: "all".to_owned(), enforce_from: Some(from), ..Profile::default() };
        Policy { profiles: vec![everyone], ..Policy::default() }
    }

    /// An administrator entered an address and a number of this user.
    async fn can_be_reached(engine: &Engine, name: &str, uid: u32) {
        change(engine, &user(name, uid), |record| {
            record.contacts = serde_json::from_str(&format!(
                r#"{{"email":{{"value":"{name}@example.org","vouched":"administrator","since":0}},
                    "mobile":{{"value":"+14155550123","vouched":"administrator","since":0}}}}"#,
            ))
            .unwrap();
        })
        .await;
    }

    fn told(notices: &[Notice]) -> Vec<(&str, &str)> {
        notices
            .iter()
            .map(|notice| {
                assert!(matches!(notice.subject, Subject::Reminder { .. }), "{notice:?}");
                assert_eq!(notice.to.len(), 1, "one e-mail: {notice:?}");
                (notice.user.as_str(), notice.to[0].as_str())
            })
            .collect()
    }

    #[tokio::test]
    async fn each_is_reminded_once_for_a_date_also_by_a_daemon_that_starts_anew() {
        let mut setup = host(5);
        let engine = setup.engine().await;
        can_be_reached(&engine, "alice", 1000).await;
        can_be_reached(&engine, "root", 0).await;
        can_be_reached(&engine, "gone", 4242).await;
        enrol(&engine, &user("root", 0)).await;
        enrol(&engine, &user("bob", 1001)).await;
        setup.lines();
        assert_eq!(engine.remind().await.unwrap(), 1);
        let notices = setup.notices();
        assert_eq!(told(&notices), [("alice", "alice@example.org")]);
        assert_eq!(
            setup.lines(),
            [
                "event=user.reminded user=\"alice\" cause=\"a second factor is required from 1970-01-06\""
            ]
        );
        assert_eq!(engine.remind().await.unwrap(), 0);
        assert_eq!(setup.engine().await.remind().await.unwrap(), 0, "the store remembers");

        setup.settings.policy = due_in(6);
        let engine = setup.engine().await;
        assert_eq!(engine.remind().await.unwrap(), 1, "the date was moved");
        assert_eq!(engine.remind().await.unwrap(), 0);
    }

    #[tokio::test]
    async fn what_no_server_took_is_sent_once_a_day_until_one_does() {
        let setup = host(6);
        let engine = setup.engine().await;
        can_be_reached(&engine, "alice", 1000).await;
        let mut sent = 0;
        for _ in 0..3 * 24 {
            sent += engine.remind().await.unwrap();
            setup.clock.advance(3600);
        }
        assert_eq!((sent, setup.notices().len()), (3, 3), "once on each of three days");
        assert_eq!(engine.remind().await.unwrap(), 1);
        let receipt = Receipt { user: "alice".to_owned(), date: Timestamp::from_secs(6 * DAY) };
        engine.acknowledge(&receipt).await.unwrap();
        engine.acknowledge(&Receipt { user: "gone".to_owned(), ..receipt }).await.unwrap();
        setup.clock.advance(2 * DAY);
        assert_eq!(setup.engine().await.remind().await.unwrap(), 0, "the store remembers");
    }

    #[tokio::test]
    async fn hosts_that_share_a_store_and_have_dates_of_their_own_remind_once_each() {
        let mut setup = host(5);
        let one = setup.engine().await;
        setup.settings.policy = due_in(6);
        let other = setup.engine().await;
        can_be_reached(&one, "alice", 1000).await;
        let mut sent = 0;
        for _ in 0..3 {
            sent += one.remind().await.unwrap() + other.remind().await.unwrap();
        }
        assert_eq!(sent, 2);
    }

    #[tokio::test]
    async fn of_two_daemons_that_look_at_once_one_reminds() {
        let setup = host(5);
        let engines = [setup.engine().await, setup.engine().await];
        can_be_reached(&engines[0], "alice", 1000).await;
        let (one, other) = tokio::join!(engines[0].remind(), engines[1].remind());
        assert_eq!(one.unwrap() + other.unwrap(), 1);
        assert_eq!(setup.notices().len(), 1);
    }

    #[tokio::test]
    async fn one_look_reminds_a_few_and_the_next_ones_the_others() {
        let setup = host(5);
        let engine = setup.engine().await;
        for n in 0..45 {
            let name = format!("user{n}");
            setup.directory.set(&name, 2000 + n);
            can_be_reached(&engine, &name, 2000 + n).await;
        }
        for expected in [20, 20, 5, 0] {
            assert_eq!(engine.remind().await.unwrap(), expected);
        }
        assert_eq!(setup.notices().len(), 45);
    }

    #[tokio::test]
    async fn a_damaged_record_and_a_failing_user_database_take_no_reminder_from_anybody() {
        let setup = host(5);
        let engine = setup.engine().await;
        can_be_reached(&engine, "alice", 1000).await;
        can_be_reached(&engine, "bob", 1001).await;
        setup.store.damage("user/alice");
        setup.directory.fail(Some(DirectoryError::TimedOut));
        assert!(engine.remind().await.is_err());
        setup.directory.fail(None);
        assert_eq!(engine.remind().await.unwrap(), 1);
        assert_eq!(told(&setup.notices()), [("bob", "bob@example.org")]);
    }

    #[tokio::test]
    async fn a_user_whom_the_database_does_not_answer_for_is_in_nobody_s_way() {
        let setup = host(5);
        let engine = setup.engine().await;
        can_be_reached(&engine, "alice", 1000).await;
        can_be_reached(&engine, "bob", 1001).await;
        setup.directory.leave_unanswered("alice");
        assert!(engine.remind().await.is_err());
        assert_eq!(told(&setup.notices()), [("bob", "bob@example.org")]);
    }

    #[tokio::test]
    async fn without_a_date_that_is_near_the_store_is_left_alone() {
        let setup = host(30);
        let engine = setup.engine().await;
        can_be_reached(&engine, &alice().name, 1000).await;
        let down = crate::store::StoreError::OutOfService { cause: "injected".to_owned() };
        setup.store.inject(crate::store::memory::Fault::FailRead(down));
        assert_eq!(engine.remind().await.unwrap(), 0, "nothing was read");
    }
}
