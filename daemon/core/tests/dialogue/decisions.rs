//! What people read when no code is asked of them.

use std::time::Duration;

use twinlock_core::{
    dialogue::{Dialogue, Settings, Staged, Verdict, open_password},
    login::LoginContext,
    policy::{EnrolmentMode, Level, List, Mode, NetworkRules, Policy, Profile},
    record::UserRecord,
};

use super::setup::{Login, NOW, alice, enrolled, here, login, right, settings};

const DAY: Duration = Duration::from_secs(86_400);

fn level(level: Level) -> Policy {
    Policy { level, ..Policy::default() }
}

fn profile(profile: Profile) -> Policy {
    Policy { profiles: vec![Profile { name: "staff".to_owned(), ..profile }], ..Policy::default() }
}

fn unenrolled() -> UserRecord {
    UserRecord::new(&alice())
}

#[test]
fn each_reason_to_ask_nobody_is_logged_and_only_a_reminder_is_shown() {
    let exempt = NetworkRules { exempt: here(), ..NetworkRules::default() };
    let exempt = Policy { network: exempt, ..Policy::default() };
    let off = UserRecord { mfa: Some(false), ..enrolled() };
    let silent: [(Policy, UserRecord, &str); 4] = [
        (exempt, enrolled(), "the source is in the exempt network 203.0.113.0/24"),
        (Policy::default(), off, "switched off for this user"),
        (
            profile(Profile { mfa: Some(false), ..Profile::default() }),
            enrolled(),
            r#"switched off by the profile \"staff\""#,
        ),
        (level(Level::Low), unenrolled(), "not enrolled, and nobody has to be"),
    ];
    for (policy, record, cause) in silent {
        let before = record.clone();
        let login = Login::begin(policy, record, login());
        assert_eq!((login.shown(), login.outcome().verdict), (Vec::new(), Verdict::Skip));
        assert!(login.outcome().staged.is_empty());
        assert_eq!(login.events(), [format!("login.skipped: {cause}")]);
        assert!(login.record == before);
    }
}

#[test]
fn a_reminder_names_the_date_and_the_command() {
    let dated = Profile { enforce_from: Some(NOW.after(DAY)), ..Profile::default() };
    let grace = Profile { grace: Some(14 * DAY), ..Profile::default() };
    let begun = UserRecord { first_seen: Some(NOW), ..unenrolled() };
    for (policy, record, text) in [
        (
            level(Level::Medium),
            unenrolled(),
            "i Two-factor authentication is offered on web1; set it up with 'twinlock enroll'.",
        ),
        (
            profile(dated),
            unenrolled(),
            "i Two-factor authentication will be required on web1 from 2027-01-16; set it up with \
             'twinlock enroll'.",
        ),
        (
            profile(grace),
            begun,
            "i Two-factor authentication is required on web1 from 2027-01-29 on; set it up with \
             'twinlock enroll' before.",
        ),
    ] {
        let login = Login::begin(policy, record, login());
        assert_eq!(
            (login.shown(), login.outcome().verdict),
            (vec![text.to_owned()], Verdict::Skip)
        );
        assert!(login.outcome().staged.is_empty());
    }
}

#[test]
fn a_reminder_names_no_command_that_refuses_its_reader() {
    const OFFERED: &str = "i Two-factor authentication is offered on web1;";
    let reset = UserRecord { enrolment: Some(EnrolmentMode::Invitation), ..unenrolled() };
    // A login of another service meets what `sshd` leaves to administrators.
    let mut by_hand = profile(Profile {
        services: List { included: vec!["sshd".to_owned()], ..List::default() },
        enrolment: Some(EnrolmentMode::Admin),
        ..Profile::default()
    });
    by_hand.level = Level::Medium;
    for (policy, record, how) in [
        (
            level(Level::Medium),
            reset,
            "set it up with 'twinlock enroll'. It asks for an invitation code, which an \
             administrator gives you.",
        ),
        (by_hand, unenrolled(), "ask an administrator to set it up."),
    ] {
        let su = LoginContext { service: "su".to_owned(), ..login() };
        let login = Login::begin(policy, record, su);
        assert_eq!(login.shown(), [format!("{OFFERED} {how}")]);
    }
}

#[test]
fn the_beginning_of_grace_waits_for_the_account_phase() {
    let grace = Profile { grace: Some(14 * DAY), ..Profile::default() };
    let login = Login::begin(profile(grace), unenrolled(), login());
    assert_eq!(login.outcome().staged, [Staged::BeginGrace { at: NOW }]);
    assert!(login.record == unenrolled());
}

#[test]
fn a_login_that_has_shown_nothing_is_not_let_through_for_nothing() {
    let nothing = LoginContext { first_factors: Vec::new(), ..login() };
    let refused = Login::begin(level(Level::Low), unenrolled(), nothing.clone());
    assert_eq!(refused.outcome().verdict, Verdict::Deny);
    let local = LoginContext { service: "su".to_owned(), ..nothing };
    assert_eq!(
        Login::begin(level(Level::Low), unenrolled(), local).outcome().verdict,
        Verdict::Skip
    );
}

#[test]
fn observe_mode_says_nothing_to_anybody_and_tells_the_log_what_would_have_been() {
    let observe = || Policy { mode: Mode::Observe, ..Policy::default() };
    let newcomer = UserRecord { uid: 1001, ..enrolled() };
    for (record, known, event) in [
        (enrolled(), true, "login.observed: would require: totp"),
        (
            newcomer,
            true,
            "login.observed: would deny: the record is of uid 1001, the user has 1000",
        ),
        (unenrolled(), false, "login.observed: would require: totp, recovery"),
    ] {
        let before = record.clone();
        let login = Login::of(settings(observe()), record, login(), known);
        assert_eq!((login.shown(), login.outcome().verdict), (Vec::new(), Verdict::Skip));
        assert_eq!(login.events(), [event]);
        assert!(login.record == before);
    }
}

fn change_of_password(settings: Settings, record: UserRecord, login: &LoginContext) -> Login {
    Login::with(settings, record, |record, world| open_password(login.clone(), true, record, world))
}

#[test]
fn a_password_change_asks_who_is_enrolled_and_sets_nothing_up() {
    let login = LoginContext { service: "passwd".to_owned(), ..login() };
    let mut enrolled = change_of_password(settings(Policy::default()), enrolled(), &login);
    assert_eq!(enrolled.shown(), ["? Verification code: "]);
    enrolled.answer(&right());
    assert_eq!(enrolled.outcome().verdict, Verdict::Allow);
    let unenrolled = change_of_password(settings(Policy::default()), unenrolled(), &login);
    assert_eq!(unenrolled.outcome().verdict, Verdict::Skip);
    assert!(unenrolled.outcome().staged.is_empty());
    let newcomer = UserRecord { uid: 1001, ..UserRecord::new(&alice()) };
    let other = change_of_password(settings(Policy::default()), newcomer, &login);
    assert_eq!(other.outcome().verdict, Verdict::Deny);
}

#[test]
fn a_dialogue_knows_whose_it_is_when_it_is_abandoned() {
    let login = Login::begin(Policy::default(), enrolled(), login());
    assert!(login.is_asking());
    let dialogue: Dialogue = login.dialogue();
    assert_eq!(dialogue.login().user, alice());
    let line = dialogue.abandoned("cancelled").to_string();
    assert!(line.starts_with("event=login.abandoned user=\"alice\""), "{line}");
}
