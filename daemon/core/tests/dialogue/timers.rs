//! One timer for each user and host: a host that is trusted later moves no other's end.

use twinlock_core::{
    login::{LoginContext, User},
    policy::Policy,
    record::UserRecord,
    time::Timestamp,
};

use super::setup::{Login, SECRET, code_of, enrolled, settings};
use super::trust::{days, from, is_let_in_unasked, trusting, with_key};

/// Time steps of a day.
const STEPS: i64 = 2_880;

/// The record after a login on this day that gave a code and trusts its host.
fn trusting_on(day: u64, before: &Login, host: LoginContext) -> Login {
    let mut login = before.again(days(day), host);
    let code = code_of(SECRET, STEPS * i64::try_from(day).unwrap());
    login.answer(&code).answer("y").redeem();
    login
}

fn ends(record: &UserRecord) -> Vec<Timestamp> {
    record.trusted.iter().map(|host| host.until).collect()
}

#[test]
fn two_hosts_of_one_user_end_each_at_its_own_time() {
    let (a, b) = ("203.0.113.1", "198.51.100.7");
    for [first, second] in
        [[from(a), from(b)], [with_key(a, "K1"), with_key(a, "K2")], [from(a), with_key(a, "K1")]]
    {
        let login = trusting(settings(Policy::default()), enrolled(), first.clone());
        let login = trusting_on(10, &login, second.clone());
        assert_eq!(ends(&login.record), [days(14), days(24)]);
        for (day, first_holds, second_holds) in [
            (13, true, true),
            (14, false, true),
            (15, false, true),
            (23, false, true),
            (24, false, false),
        ] {
            assert_eq!(is_let_in_unasked(&login, days(day), first.clone()), first_holds, "{day}");
            assert_eq!(is_let_in_unasked(&login, days(day), second.clone()), second_holds, "{day}");
        }
        // The timer of the one that is trusted anew starts anew, and only that one.
        let login = trusting_on(15, &login, first.clone());
        assert_eq!(ends(&login.record), [days(24), days(29)]);
        assert!(is_let_in_unasked(&login, days(25), first));
        assert!(!is_let_in_unasked(&login, days(25), second));
    }
}

#[test]
fn two_users_of_one_host_end_each_at_their_own_time() {
    let host = || from("203.0.113.1");
    let user = || User { name: "bob".to_owned(), uid: 1001, groups: Vec::new() };
    let of_bob = || LoginContext { user: user(), ..host() };
    let record = UserRecord { user: user().name, uid: user().uid, ..enrolled() };
    let alice = trusting(settings(Policy::default()), enrolled(), host());
    let nobody_yet = Login::of(settings(Policy::default()), record, of_bob(), true);
    assert!(!is_let_in_unasked(&nobody_yet, days(1), of_bob()), "alice's trust is not bob's");
    let bob = trusting_on(10, &nobody_yet, of_bob());
    for (day, alice_s_holds, bob_s_holds) in
        [(13, true, true), (15, false, true), (24, false, false)]
    {
        assert_eq!(is_let_in_unasked(&alice, days(day), host()), alice_s_holds, "{day}");
        assert_eq!(is_let_in_unasked(&bob, days(day), of_bob()), bob_s_holds, "{day}");
    }
}
