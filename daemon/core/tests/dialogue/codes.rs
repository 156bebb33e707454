//! What people read when they type codes.

use twinlock_core::{
    dialogue::Verdict,
    lockout::Rules,
    login::{LoginContext, Source, User},
    policy::{NetworkRules, Policy},
    record::UserRecord,
};

use super::setup::{
    Login, NOW, REFERENCE, SECRET, WRONG, alice, code_of, enrolled, here, login, right, settings,
    with_recovery,
};

const PROMPT: &str = "? Verification code: ";
const AGAIN: &str = "? Verification code (or l: lost everything): ";
const NOT_RIGHT: &str = "! That code is not right (reference 777777).";
const USED: &str = "! That code was used already; wait for the next one.";

fn begin() -> Login {
    Login::begin(Policy::default(), enrolled(), login())
}

#[test]
fn a_right_code_lets_in_without_a_word() {
    let nowhere = LoginContext { redeems: false, ..login() };
    let mut login = Login::begin(Policy::default(), enrolled(), nowhere);
    assert_eq!(login.shown(), [PROMPT]);
    login.answer(&right());
    assert_eq!(login.outcome().verdict, Verdict::Allow);
    assert_eq!(login.shown(), Vec::<String>::new());
    assert!(login.outcome().staged.is_empty() && login.outcome().reference.is_none());
    assert_eq!(login.events(), ["login.allowed: code of factor 7F3KQ2"]);
}

#[test]
fn of_three_wrong_codes_the_third_ends_the_login_and_each_is_counted() {
    let mut login = begin();
    login.answer(WRONG);
    assert_eq!(login.shown(), [NOT_RIGHT, AGAIN]);
    login.answer("not a code");
    assert_eq!(login.shown(), [NOT_RIGHT, AGAIN]);
    login.answer("");
    assert_eq!(login.shown(), [NOT_RIGHT]);
    assert_eq!(login.outcome().verdict, Verdict::Deny);
    assert_eq!(login.outcome().reference.as_ref().unwrap().as_str(), REFERENCE);
    assert_eq!(login.record.lockout.consecutive(), 3);
    assert_eq!(
        login.events(),
        [
            "code.refused: wrong code",
            "code.refused: not a code",
            "code.refused: not a code",
            "login.refused: 3 codes refused",
        ]
    );
}

#[test]
fn a_used_code_is_said_to_be_used_and_is_no_guess() {
    let mut first = begin();
    first.answer(&right());
    let mut login = Login::begin(Policy::default(), first.record, login());
    for _ in 0..2 {
        login.answer(&right());
        assert_eq!(login.shown(), [USED, AGAIN]);
    }
    login.answer(&right());
    assert_eq!(login.shown(), [USED]);
    assert_eq!(login.outcome().verdict, Verdict::Deny);
    assert_eq!(login.record.lockout.consecutive(), 0);
}

#[test]
fn the_code_of_a_clock_that_is_off_is_wrong_and_the_log_says_how_far_off() {
    let mut login = begin();
    login.answer(&code_of(SECRET, -7));
    assert_eq!(login.shown(), [NOT_RIGHT, AGAIN]);
    assert_eq!(login.events(), ["code.refused: right code for another time: -7 steps of 30 s"]);
}

#[test]
fn too_many_wrong_codes_make_the_source_wait_in_words_that_say_how_long() {
    let mut record = enrolled();
    for _ in 0..2 {
        let mut login = Login::begin(Policy::default(), record, login());
        login.answer(WRONG).answer(WRONG);
        record = login.record;
    }
    let mut fifth = Login::begin(Policy::default(), record, login());
    fifth.answer(WRONG);
    let wait = ["! Too many wrong codes. Try again in 30 seconds."];
    assert_eq!(fifth.shown(), wait);
    assert_eq!(fifth.outcome().verdict, Verdict::Locked);
    assert_eq!(fifth.events(), ["code.refused: wrong code", "login.locked: the source waits 30 s"]);
    // While it waits it is not even asked, and the right code would not help.
    let later = Login::begin(Policy::default(), fifth.record, login());
    assert_eq!(
        (later.shown(), later.outcome().verdict),
        (wait.map(str::to_owned).to_vec(), Verdict::Locked)
    );
    let elsewhere = Source::Address("198.51.100.7".parse().unwrap());
    let other = LoginContext { source: elsewhere, ..login() };
    assert!(Login::begin(Policy::default(), later.record, other).is_asking());
}

#[test]
fn a_wait_that_begins_while_a_prompt_is_open_stops_the_right_code() {
    let mut login = begin();
    for _ in 0..5 {
        let rules = Rules::default();
        let _ = login.record.lockout.record_failure("203.0.113.9", &rules, NOW);
    }
    login.answer(&right());
    assert_eq!(login.outcome().verdict, Verdict::Locked);
    assert_eq!(login.record.factors[0].last_used_at, None);
}

#[test]
fn at_the_hard_limit_only_an_administrator_helps() {
    let mut record = enrolled();
    let rules = Rules::default();
    for n in 0..rules.hard_limit {
        let _ = record.lockout.record_failure(&format!("source {n}"), &rules, NOW);
    }
    let stopped = Login::begin(Policy::default(), record, login());
    assert_eq!(
        stopped.shown(),
        ["! Too many wrong codes for this account. Ask an administrator to unlock it (reference \
          777777)."]
    );
    assert_eq!(stopped.outcome().verdict, Verdict::Locked);
    assert_eq!(stopped.events(), ["login.locked: the account has reached its hard limit"]);
}

#[test]
fn a_record_of_another_uid_lets_nobody_in_and_says_whom_to_ask() {
    let newcomer = LoginContext { user: User { uid: 1001, ..alice() }, ..login() };
    let other = Login::begin(Policy::default(), enrolled(), newcomer.clone());
    let text = "! Your second factor belongs to an earlier account of this name. Ask an \
                administrator to reset it (reference 777777).";
    assert_eq!(other.shown(), [text]);
    assert_eq!(other.outcome().verdict, Verdict::Deny);
    assert_eq!(other.events(), ["login.refused: the record is of uid 1000, the user has 1001"]);
    // Also where the record came while the prompt was open.
    let mut open =
        Login::begin(Policy::default(), UserRecord { uid: 1001, ..enrolled() }, newcomer);
    open.record = enrolled();
    open.answer(&right());
    assert_eq!((open.shown(), open.outcome().verdict), (vec![text.to_owned()], Verdict::Deny));
}

fn stranger() -> LoginContext {
    LoginContext {
        user: User { name: "no-such-user".to_owned(), uid: u32::MAX, groups: Vec::new() },
        ..login()
    }
}

fn unknown(policy: Policy) -> Login {
    let login = stranger();
    let record = UserRecord::new(&login.user);
    Login::of(settings(policy), record, login, false)
}

#[test]
fn an_unknown_user_reads_what_an_enrolled_one_reads() {
    let known = Login::begin(Policy::default(), with_recovery(), login());
    let (mut known, mut unknown) = (known, unknown(Policy::default()));
    for answer in [WRONG, "", "nonsense"] {
        assert_eq!(known.shown(), unknown.shown());
        known.answer(answer);
        unknown.answer(answer);
    }
    assert_eq!(known.shown(), unknown.shown());
    assert_eq!(known.outcome(), unknown.outcome());
    assert_eq!(unknown.events()[0], "code.refused: no such user");
}

#[test]
fn an_unknown_user_is_not_let_in_by_a_right_code_either() {
    let login = stranger();
    let record = UserRecord { user: login.user.name.clone(), uid: u32::MAX, ..enrolled() };
    let mut login = Login::of(settings(Policy::default()), record, login, false);
    login.answer(&right());
    assert_eq!(
        login.shown(),
        [NOT_RIGHT, "? Verification code (or r: recovery code, l: lost everything): "]
    );
}

#[test]
fn where_an_enrolled_user_is_not_asked_an_unknown_one_is_refused_without_a_word() {
    let exempt = here();
    let policy =
        Policy { network: NetworkRules { exempt, ..NetworkRules::default() }, ..Policy::default() };
    let unknown = unknown(policy);
    assert_eq!((unknown.shown(), unknown.outcome().verdict), (Vec::new(), Verdict::Deny));
    assert_eq!(unknown.events(), ["login.refused: no such user"]);
}

#[test]
fn a_denied_network_hears_the_same_for_everyone_before_any_prompt() {
    let deny = here();
    let policy =
        Policy { network: NetworkRules { deny, ..NetworkRules::default() }, ..Policy::default() };
    let text = "! Logins to web1 are not allowed from where you are. Try from another network, \
                or ask an administrator (reference 777777).";
    let known = Login::begin(policy.clone(), enrolled(), login());
    for refused in [known, unknown(policy)] {
        assert_eq!(
            (refused.shown(), refused.outcome().verdict),
            (vec![text.to_owned()], Verdict::Deny)
        );
    }
}

#[test]
fn no_line_of_the_log_has_a_code_in_it() {
    let mut login = begin();
    login.answer(WRONG).answer(&right());
    for line in login.lines() {
        assert!(!line.contains(WRONG) && !line.contains(&right()), "{line}");
    }
}
