//! Who is written to before a second factor is required of them, and when.
//!
//! ```text
//!        enforce_from - ahead          enforce_from
//! ────────────────┼─────────────────────────┼────────────────►
//!                  one e-mail for this date
//! ```
//!
//! The record says of [which dates](Dates) its user was reminded, so that nobody is reminded of one
//! date twice, and everybody of a date that was moved. What no server took is tried again, once a day
//! until the date: an address is mended, a server comes back.

mod dates;

use std::{collections::BTreeSet, time::Duration};

use crate::{
    audit::{AuditEvent, Happening},
    dialogue::{Effect, Settings, World},
    login::User,
    notice::{Notice, Recipient, Subject},
    policy::{Methods, Mode, Standing, Timing},
    record::UserRecord,
    time::Timestamp,
};

pub use self::dates::{AGAIN, Dates, MOST_DATES};

/// The dates of the policy that come so soon that users are to be reminded of them: none where
/// nobody is reminded, where no e-mail is sent, or where the policy only observes.
pub fn approaching(settings: &Settings, now: Timestamp) -> BTreeSet<Timestamp> {
    let Some(ahead) = settings.reminder else { return BTreeSet::new() };
    if !settings.channels.email || settings.policy.mode == Mode::Observe {
        return BTreeSet::new();
    }
    let dates = settings.policy.profiles.iter().filter_map(|profile| profile.enforce_from);
    dates.filter(|date| is_near(*date, ahead, now)).collect()
}

/// Whether a user with this record may have to be reminded of one of these dates: whether it is
/// worth asking the user database for them.
pub fn may_concern(record: &UserRecord, dates: &BTreeSet<Timestamp>, now: Timestamp) -> bool {
    !record.is_enrolled() && dates.iter().any(|date| is_open(record, *date, now))
}

/// Whether a reminder of this date can leave: there is an address, and it has not got one.
fn is_open(record: &UserRecord, date: Timestamp, now: Timestamp) -> bool {
    let email = record.contacts.email.as_ref();
    email.is_some_and(|email| record.reminded_of.is_due(date, email.since, now))
}

/// The date of which this user is to be reminded now. A contact that an administrator entered is
/// no enrolment: its owner may not know of it.
pub fn due(
    record: &UserRecord,
    user: &User,
    settings: &Settings,
    now: Timestamp,
) -> Option<Timestamp> {
    let dates = approaching(settings, now);
    if !may_concern(record, &dates, now) || record.check_owner(user).is_err() {
        return None;
    }
    let none = Methods::default();
    let standing = Standing { enrolled: none, usable: none, ..record.standing(settings.channels) };
    match settings.policy.outlook(user, &standing, now).due? {
        Timing::BeforeDate { from, .. } if dates.contains(&from) && is_open(record, from, now) => {
            Some(from)
        }
        _ => None,
    }
}

/// Reminds a user, where that is due: the record says so before the e-mail leaves, so that none is
/// sent twice at once. What nobody [acknowledges](acknowledge) is sent again after [`AGAIN`].
pub fn remind(record: &mut UserRecord, user: &User, world: &World<'_>) -> Vec<Effect> {
    let Some(from) = due(record, user, world.settings, world.now) else { return Vec::new() };
    let Some(email) = &record.contacts.email else { return Vec::new() };
    let to = vec![Recipient::Email(email.value.clone())];
    let cause = format!("a second factor is required from {}", from.date());
    record.reminded_of.begin(from, world.now);
    let notice = Notice::new(to, Subject::Reminder { from }, user.name.clone(), world.now);
    vec![
        Effect::Audit(AuditEvent::new(Happening::UserReminded, user.name.clone(), cause)),
        Effect::Notify(Box::new(notice)),
    ]
}

/// A server took the reminder of this date that was sent to this user.
pub fn acknowledge(record: &mut UserRecord, user: &User, date: Timestamp) {
    if record.check_owner(user).is_ok() {
        record.reminded_of.sent(date);
    }
}

fn is_near(date: Timestamp, ahead: Duration, now: Timestamp) -> bool {
    now < date && date <= now.after(ahead)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        factor::totp::{Secret, TotpFactor},
        notice::Channels,
        policy::{Level, List, Profile},
    };

    const DAY: u64 = 86_400;
    const DATE: Timestamp = Timestamp::from_secs(1_798_761_600); // 2027-01-01
    const WEEK: Duration = Duration::from_secs(7 * DAY);

    fn days_before(days: u64) -> Timestamp {
        Timestamp::from_secs(DATE.as_secs() - days * DAY)
    }

    fn alice() -> User {
        User { name: "alice".to_owned(), uid: 1000, groups: Vec::new() }
    }

    /// Alice, as an administrator has entered her address.
    fn record() -> UserRecord {
        let mut record = UserRecord::new(&alice());
        record.contacts = serde_json::from_str(
            r#"{"email":{"value":"alice@example.org","vouched":"administrator","since":0}}"#,
        )
        .unwrap();
        record
    }

    fn settings() -> Settings {
        let everyone =
            Profile { name: "everyone".to_owned(), enforce_from: Some(DATE), ..Profile::default() };
        let mut settings = Settings {
            channels: Channels { email: true, mobile: false },
            reminder: Some(WEEK),
            ..Settings::default()
        };
        settings.policy.profiles = vec![everyone];
        settings
    }

    /// What the record says when a server has taken the reminder of [`DATE`].
    fn sent() -> Dates {
        serde_json::from_str(&DATE.as_secs().to_string()).unwrap()
    }

    fn due_at(now: Timestamp, record: &UserRecord, settings: &Settings) -> Option<Timestamp> {
        due(record, &alice(), settings, now)
    }

    #[test]
    fn it_is_due_from_so_long_before_the_date_until_the_date() {
        let due = |now| due_at(now, &record(), &settings());
        assert_eq!(due(Timestamp::from_secs(days_before(7).as_secs() - 1)), None);
        assert_eq!(due(days_before(7)), Some(DATE));
        assert_eq!(due(Timestamp::from_secs(DATE.as_secs() - 1)), Some(DATE));
        assert_eq!(due(DATE), None, "who is asked already needs no reminder");
    }

    #[test]
    fn who_was_reminded_of_the_date_is_not_again_but_of_another_one() {
        let (mut record, mut settings) = (record(), settings());
        record.reminded_of = sent();
        assert_eq!(due_at(days_before(1), &record, &settings), None);
        for moved in [days_before(2), DATE.after(Duration::from_secs(DAY))] {
            settings.policy.profiles[0].enforce_from = Some(moved);
            assert_eq!(due_at(days_before(3), &record, &settings), Some(moved));
        }
    }

    #[test]
    fn what_no_server_took_is_due_again_a_day_later_until_the_date() {
        let mut record = record();
        record.reminded_of.begin(DATE, days_before(7));
        assert_eq!(
            due_at(days_before(7).after(Duration::from_secs(3600)), &record, &settings()),
            None
        );
        for days in (1..7).rev() {
            assert_eq!(due_at(days_before(days), &record, &settings()), Some(DATE), "{days}");
            record.reminded_of.begin(DATE, days_before(days));
        }
        assert_eq!(due_at(DATE, &record, &settings()), None);
    }

    #[test]
    fn a_server_that_took_it_ends_it_for_this_account_and_no_other_of_the_name() {
        let mut record = record();
        record.reminded_of.begin(DATE, days_before(7));
        acknowledge(&mut record, &User { uid: 1001, ..alice() }, DATE);
        assert_eq!(due_at(days_before(1), &record, &settings()), Some(DATE));
        acknowledge(&mut record, &alice(), DATE);
        assert_eq!(due_at(days_before(1), &record, &settings()), None);
    }

    #[test]
    fn who_is_enrolled_has_no_address_or_another_uid_gets_none() {
        let settings = settings();
        let mut enrolled = record();
        let totp = TotpFactor::new(Secret::new(b"12345678901234567890"));
        enrolled.enrol("7F3KQ2".to_owned(), "phone".to_owned(), totp, Timestamp::EPOCH).unwrap();
        assert_eq!(due_at(days_before(1), &enrolled, &settings), None);
        assert_eq!(due_at(days_before(1), &UserRecord::new(&alice()), &settings), None);
        let another = User { uid: 1001, ..alice() };
        assert_eq!(due(&record(), &another, &settings, days_before(1)), None);
    }

    #[test]
    fn who_proved_an_address_is_enrolled_and_gets_none() {
        let mut proved = record();
        if let Some(email) = &mut proved.contacts.email {
            email.vouched = crate::contact::Vouched::User;
        }
        assert_eq!(due_at(days_before(1), &proved, &settings()), None);
    }

    #[test]
    fn whom_the_policy_asks_nothing_from_that_date_gets_none() {
        let mut of_bob = settings();
        of_bob.policy.profiles[0].users = List::parse(["bob"]).unwrap();
        of_bob.policy.level = Level::Low;
        assert_eq!(due_at(days_before(1), &record(), &of_bob), None, "another's date");
        let mut off = settings();
        off.policy.profiles[0].mfa = Some(false);
        assert_eq!(due_at(days_before(1), &record(), &off), None, "nothing is asked");
        for switch in [true, false] {
            let record = UserRecord { mfa: Some(switch), ..record() };
            assert_eq!(due_at(days_before(1), &record, &settings()), None, "switched {switch}");
        }
    }

    #[test]
    fn nobody_is_reminded_where_it_is_off_no_e_mail_is_sent_or_the_policy_observes() {
        let off = Settings { reminder: None, ..settings() };
        let silent = Settings { channels: Channels::default(), ..settings() };
        let mut observes = settings();
        observes.policy.mode = Mode::Observe;
        for settings in [off, silent, observes] {
            assert_eq!(due_at(days_before(1), &record(), &settings), None);
            assert!(approaching(&settings, days_before(1)).is_empty());
        }
    }

    #[test]
    fn the_date_survives_a_reset_and_a_restore() {
        let mut reminded = UserRecord { reminded_of: sent(), ..record() };
        reminded.reset(&alice(), None, days_before(1));
        assert_eq!(reminded.reminded_of, sent());
        let present = crate::record::Present { clock: days_before(1), window: 1 };
        assert_eq!(record().restored(Some(&reminded), present).reminded_of, sent());
    }
}
