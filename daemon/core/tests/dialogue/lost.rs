//! `l: lost everything`.

use std::time::Duration;

use twinlock_core::{
    contact::{Contact, Vouched},
    dialogue::Verdict,
    login::LoginContext,
    notice::Subject,
    policy::Policy,
    record::UserRecord,
};

use super::setup::{Login, NOW, enrolled, login, right, settings, with_recovery};

const PROMPT: &str = "? Verification code (or r: recovery code, l: lost everything): ";

fn record() -> UserRecord {
    let mut record = with_recovery();
    let value = "alice@example.org".parse().unwrap();
    let email = Contact { value, vouched: Vouched::User, since: NOW, last_used_at: None };
    record.set_email(Some(email), NOW);
    record
}

fn asked_for() -> Login {
    let mut login = Login::begin(Policy::default(), record(), login());
    login.answer("l").answer("y");
    login
}

#[test]
fn a_request_is_made_after_a_second_yes_and_lets_nobody_in() {
    let login = asked_for();
    assert_eq!(login.outcome().verdict, Verdict::Deny);
    let request = login.record.reset_request.clone().unwrap();
    assert!(request.is_open(NOW) && request.source == "203.0.113.9");
    assert!(login.shown()[0].contains(&format!("Request {} waits", request.id)));
    assert_eq!(login.events()[0], format!("reset.requested: request {}", request.id));
    assert!(matches!(login.notices[0].subject, Subject::ResetRequested { .. }));
    assert_eq!(login.notices[0].to.len(), 1, "to every contact");
}

#[test]
fn anything_but_a_yes_leads_back_to_the_code() {
    let mut login = Login::begin(Policy::default(), record(), login());
    login.answer("l").answer("");
    assert_eq!(login.shown(), [PROMPT]);
    login.answer(&right()).answer("n");
    assert_eq!(login.outcome().verdict, Verdict::Allow);
    assert!(login.record.reset_request.is_none());
}

#[test]
fn one_request_at_a_time_and_none_for_a_day_after_it() {
    let first = asked_for();
    let mut second = first.again(NOW.after(Duration::from_secs(60)), login());
    second.answer("l").answer("yes");
    assert!(second.shown()[0].contains("waits for an administrator already"));
    assert!(second.notices.is_empty());
    let mut closed = first;
    closed.record.reset_request.as_mut().unwrap().closed = true;
    for (hours, made) in [(23, false), (24, true)] {
        let mut next = closed.again(NOW.after(Duration::from_secs(hours * 3600)), login());
        next.answer("l").answer("y");
        assert_eq!(next.notices.len(), usize::from(made), "after {hours} hours");
    }
}

#[test]
fn who_has_an_app_alone_reads_of_it_after_a_code_in_vain_and_can_ask_at_once() {
    let app_alone = twinlock_core::policy::Method::Totp;
    let mut login = Login::begin(Policy::default(), enrolled(), login());
    assert_eq!(login.shown(), ["? Verification code: "]);
    assert!(login.record.methods().iter().all(|method| method == app_alone));
    login.answer("");
    assert_eq!(login.shown()[1], "? Verification code (or l: lost everything): ");
    login.answer("l").answer("y");
    assert!(login.record.reset_request.is_some());
    let mut at_once = Login::begin(Policy::default(), enrolled(), self::login());
    at_once.answer("l").answer("y");
    assert!(at_once.record.reset_request.is_some());
}

#[test]
fn who_has_shown_no_first_factor_does_not_read_of_it() {
    let nothing =
        LoginContext { first_factors: Vec::new(), service: "login".to_owned(), ..login() };
    let mut login = Login::begin(Policy::default(), record(), nothing);
    assert_eq!(login.shown(), ["? Verification code (or r: recovery code): "]);
    login.answer("000000");
    assert_eq!(login.shown()[1], "? Verification code (or r: recovery code): ");
}

#[test]
fn who_has_shown_no_first_factor_sends_nobody_mail() {
    let nothing =
        LoginContext { first_factors: Vec::new(), service: "login".to_owned(), ..login() };
    let mut login = Login::begin(Policy::default(), record(), nothing);
    login.answer("l").answer("y");
    assert_eq!(login.outcome().verdict, Verdict::Deny);
    assert!(login.notices.is_empty() && login.record.reset_request.is_none());
}

#[test]
fn an_unknown_user_reads_the_same_and_nothing_is_asked_for() {
    let known = asked_for();
    let record = UserRecord::new(&login().user);
    let mut unknown = Login::of(settings(Policy::default()), record, login(), false);
    assert_eq!(unknown.shown(), [PROMPT]);
    unknown.answer("l").answer("y");
    assert_eq!(unknown.shown(), known.shown());
    assert!(unknown.notices.is_empty(), "nobody is told");
    let [mut known, mut unknown] = [(known, true), (unknown, false)].map(|(first, is_known)| {
        Login::at(NOW, first.settings.clone(), first.record.clone(), |record, world| {
            twinlock_core::dialogue::Dialogue::open(login(), is_known, record, world)
        })
    });
    for login in [&mut known, &mut unknown] {
        login.answer("l").answer("y");
    }
    assert_eq!(unknown.shown(), known.shown(), "a second time, too");
}
