//! Many processes at once: a code lets exactly one of them in, and no wrong guess goes uncounted.

use twinlock_tests::login::{Login, Outcome};
use twinlock_tests::rig::application::{Application, Barrier};
use twinlock_tests::rig::command::{enrol, failures, json};
use twinlock_tests::rig::host::Host;
use twinlock_tests::rig::users::create_many;

pub const PROCESSES: u8 = 16;
pub const ROUNDS: u32 = 100;

/// All of them answer at the same moment, each from a source of its own, because one source has
/// at most eight dialogues open.
pub fn at_once(applications: &mut [Application], user: &str, code: &str) -> Vec<Outcome> {
    let barrier = Barrier::close(user);
    for (number, application) in (1..).zip(applications.iter_mut()) {
        let source = format!("203.0.113.{number}");
        let login = Login::new("code", user).from(&source).answer(code).behind(barrier.path());
        application.submit(&login);
    }
    applications.iter_mut().for_each(Application::wait_at_barrier);
    barrier.open();
    applications.iter_mut().map(Application::outcome).collect()
}

fn applications() -> Vec<Application> {
    (0..PROCESSES).map(|_| Application::start()).collect()
}

#[test]
fn of_sixteen_processes_with_one_right_code_exactly_one_is_let_in() {
    Host::run_with_daemon(|_, _| {
        let mut applications = applications();
        for user in create_many("racer", ROUNDS) {
            let code = enrol(&user).current();
            let outcomes = at_once(&mut applications, &user, &code);
            let winners = outcomes.iter().filter(|outcome| outcome.is_success()).count();
            assert_eq!(winners, 1, "{user}: {outcomes:?}");
            let used = outcomes.iter().filter(|o| o.text().contains("was used already")).count();
            assert_eq!(used, usize::from(PROCESSES) - 1, "{user}: {outcomes:?}");
            assert_eq!(failures(&user), 0, "a used code is no guess");
        }
    });
}

/// Each user has one code that works once; all processes type it at the same moment, and exactly one
/// is let in.
fn one_of_sixteen_is_let_in(prefix: &'static str, code_of: fn(&str) -> String) {
    Host::run_with_daemon(move |_, _| {
        let mut applications = applications();
        for user in create_many(prefix, ROUNDS) {
            enrol(&user);
            let outcomes = at_once(&mut applications, &user, &code_of(&user));
            let winners = outcomes.iter().filter(|outcome| outcome.is_success()).count();
            assert_eq!(winners, 1, "{user}: {outcomes:?}");
        }
    });
}

#[test]
fn of_sixteen_processes_with_one_recovery_code_exactly_one_is_let_in() {
    one_of_sixteen_is_let_in("recovers", |user| {
        let codes = json(&["recovery", "new", user, "--json"]);
        codes["recovery_codes"][0].as_str().expect("a code").to_owned()
    });
}

#[test]
fn of_sixteen_processes_with_one_bypass_code_exactly_one_is_let_in() {
    one_of_sixteen_is_let_in("bypassed", |user| {
        let once = ["--for", "1h", "--uses", "1", "--reason", "race", "--json"];
        let issued = json(&[&["bypass", user], &once[..]].concat());
        issued["code"].as_str().expect("a code").to_owned()
    });
}

#[test]
fn sixteen_wrong_guesses_at_once_are_sixteen_counted_failures() {
    Host::run_with_daemon(|_, _| {
        let mut applications = applications();
        for user in create_many("guessed", 10) {
            let wrong = enrol(&user).wrong();
            let outcomes = at_once(&mut applications, &user, &wrong);
            assert!(outcomes.iter().all(|outcome| !outcome.is_success()), "{outcomes:?}");
            assert_eq!(failures(&user), u64::from(PROCESSES), "{user}");
        }
    });
}

#[test]
fn guesses_from_one_source_at_once_get_no_more_tries_than_one_after_another() {
    Host::run_with_daemon(|_, _| {
        // Eight dialogues with one answer each; five wrong codes make the source wait.
        let mut applications: Vec<_> = (0..8).map(|_| Application::start()).collect();
        let wrong = enrol("alice").wrong();
        let barrier = Barrier::close("one-source");
        let login =
            Login::new("code", "alice").from("203.0.113.9").answer(wrong).behind(barrier.path());
        for application in &mut applications {
            application.submit(&login);
        }
        applications.iter_mut().for_each(Application::wait_at_barrier);
        barrier.open();
        let outcomes: Vec<_> = applications.iter_mut().map(Application::outcome).collect();
        assert!(outcomes.iter().all(|outcome| !outcome.is_success()));
        assert_eq!(failures("alice"), 5, "{outcomes:?}");
    });
}

#[test]
fn right_codes_of_many_users_at_once_all_come_in() {
    Host::run_with_daemon(|_, _| {
        let mut applications = applications();
        let users = create_many("together", PROCESSES.into());
        let phones: Vec<_> = users.iter().map(|user| enrol(user)).collect();
        let barrier = Barrier::close("together");
        for ((application, user), phone) in applications.iter_mut().zip(&users).zip(&phones) {
            let code = phone.current();
            application.submit(&Login::new("code", user).answer(code).behind(barrier.path()));
        }
        applications.iter_mut().for_each(Application::wait_at_barrier);
        barrier.open();
        for application in &mut applications {
            let outcome = application.outcome();
            assert!(outcome.is_success(), "{outcome:?}");
        }
    });
}
