//! What takes the trust in hosts away takes the codes on their way with it: a password, a contact or
//! a set of factors that changes may have been in a stranger's hands.

use twinlock_core::{
    contact::{Contact, Vouched},
    dialogue::{Dialogue, Staged, Verdict},
    factor::totp::{Secret, TotpFactor},
    login::LoginContext,
    record::UserRecord,
};

use super::factors::{sent, with_channels, with_contacts};
use super::hashing::Plain;
use super::setup::{Login, SECRET, alice, enrolled};
use super::trust::{days, from, trusting, with_key};

const MOVED: &str = "alice@example.net";

fn set_email(record: &mut UserRecord, address: &str) -> bool {
    let (value, vouched) = (address.parse().unwrap(), Vouched::Administrator);
    let contact = Contact { value, vouched, since: days(1), last_used_at: None };
    record.set_email(Some(contact), days(1))
}

fn set_mobile(record: &mut UserRecord, number: &str) -> bool {
    let (value, vouched) = (number.parse().unwrap(), Vouched::Administrator);
    let contact = Contact { value, vouched, since: days(1), last_used_at: None };
    record.set_mobile(Some(contact), days(1))
}

fn enrol_again(record: &mut UserRecord) {
    let totp = TotpFactor::new(Secret::new(SECRET));
    record.enrol("F2".to_owned(), "phone".to_owned(), totp, days(1)).unwrap();
}

/// A host that alice trusts since yesterday, and a code that she has just had mailed elsewhere.
struct Before {
    host: LoginContext,
    mailed: Login,
    code: String,
}

impl Before {
    fn new(host: LoginContext) -> Self {
        let trusted = trusting(with_channels(), with_contacts(enrolled()), host.clone());
        let mut mailed = trusted.again(days(1), from("198.51.100.7"));
        mailed.answer("e");
        let code = sent(&mailed);
        Self { host, mailed, code }
    }

    /// With a host that is known by its address, and one that is known by a key.
    fn each() -> [Self; 2] {
        [from("203.0.113.9"), with_key("203.0.113.9", "K1")].map(Self::new)
    }

    /// After a change: whether the host is still trusted, and whether the code still lets in.
    fn after(&self, change: impl FnOnce(&mut UserRecord)) -> (bool, bool) {
        let mut record = self.mailed.record.clone();
        change(&mut record);
        let login = |context| {
            Login::at(days(1), with_channels(), record.clone(), |record, world| {
                Dialogue::open(context, true, record, world)
            })
        };
        let is_trusted = is_let_in(&login(self.host.clone()));
        let mut by_code = login(from("198.51.100.7"));
        by_code.answer(&self.code);
        if by_code.shown()[0].starts_with("? Do not ask again") {
            by_code.answer("n");
        }
        let refused = by_code.shown().first().is_some_and(|text| text.contains("not right"));
        assert_ne!(is_let_in(&by_code), refused, "{:?}", by_code.shown());
        (is_trusted, is_let_in(&by_code))
    }
}

fn is_let_in(login: &Login) -> bool {
    !login.is_asking() && login.outcome().verdict == Verdict::Allow
}

#[test]
fn trust_and_codes_on_their_way_end_with_the_password_a_contact_and_a_reset() {
    type Change = (&'static str, fn(&mut UserRecord));
    let changes: [Change; 6] = [
        ("password", |record| {
            record.apply(&Staged::ChangePassword, &Plain, days(1)).unwrap();
        }),
        ("e-mail address", |record| assert!(set_email(record, MOVED))),
        ("mobile number", |record| assert!(set_mobile(record, "+14155550199"))),
        ("no mobile number", |record| assert!(record.set_mobile(None, days(1)))),
        ("reset", |record| {
            record.reset(&alice(), None, days(1));
            enrol_again(record);
        }),
        ("last factor", |record| {
            assert!(record.remove_factor("7F3KQ2", days(1)).is_some());
            enrol_again(record);
        }),
    ];
    for before in Before::each() {
        for (what, change) in changes {
            assert_eq!(before.after(change), (false, false), "{what}, {:?}", before.host);
        }
    }
}

#[test]
fn what_changes_nothing_takes_nothing_away() {
    for before in Before::each() {
        assert_eq!(before.after(|_| {}), (true, true));
        let same = |record: &mut UserRecord| {
            assert!(!set_email(record, "alice@example.org"));
            assert!(!set_mobile(record, "+14155550123"));
        };
        assert_eq!(before.after(same), (true, true));
    }
}

#[test]
fn a_host_that_is_cleared_by_its_id_is_asked_and_the_code_on_its_way_stands() {
    for before in Before::each() {
        let id = before.mailed.record.trusted.iter().next().unwrap().id.clone();
        assert_eq!(before.after(|record| assert!(record.clear_trusted(&id))), (false, true));
    }
}
