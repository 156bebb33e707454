//! The daemon is killed at any moment: what it had said holds afterwards.

use std::thread;
use std::time::Duration;

use twinlock_tests::login::{Login, Outcome};
use twinlock_tests::rig::application::Application;
use twinlock_tests::rig::authenticator::Authenticator;
use twinlock_tests::rig::command::{enrol, failures};
use twinlock_tests::rig::daemon::Daemon;
use twinlock_tests::rig::host::Host;
use twinlock_tests::rig::users::create_many;

const CRASHES: u32 = 50;
const GUESSERS: usize = 3;

/// Moments that differ from round to round: a linear congruential generator, Knuth's MMIX
/// constants. They are below a time that follows how long logins take on this host, so that about
/// every third comes in.
struct Moments {
    state: u64,
    below: Duration,
}

impl Moments {
    const fn new() -> Self {
        Self { state: 2026, below: Duration::from_millis(25) }
    }

    fn next(&mut self) -> Duration {
        self.state = self
            .state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        Duration::from_micros((self.state >> 33) % u64::try_from(self.below.as_micros()).unwrap())
    }

    /// What became of the login that a moment was for.
    fn learn(&mut self, came_in: bool) {
        let (shortest, longest) = (Duration::from_millis(2), Duration::from_secs(2));
        let below = if came_in { self.below * 2 / 3 } else { self.below * 5 / 4 };
        self.below = below.clamp(shortest, longest);
    }
}

/// One user's right code and guesses at the same account, under way when the daemon dies.
struct Round {
    user: String,
    code: String,
    phone: Authenticator,
    owner: Outcome,
    guesses: Vec<Outcome>,
}

fn crash(user: &str, daemon: &mut Daemon, moment: Duration, fleet: &mut [Application]) -> Round {
    let mut phone = enrol(user);
    let wrong = phone.wrong();
    let code = phone.lasting();
    let (owner, guessers) = fleet.split_first_mut().expect("an owner and guessers");
    owner.submit(&Login::new("code", user).from("203.0.113.7").answer(code.as_str()));
    for (number, guesser) in (10..).zip(guessers.iter_mut()) {
        let source = format!("203.0.113.{number}");
        let guess = Login::new("code", user).from(&source);
        guesser.submit(&guess.answer(wrong.as_str()).answer(wrong.as_str()));
    }
    thread::sleep(moment);
    daemon.kill();
    let owner = owner.outcome();
    let guesses = guessers.iter_mut().map(Application::outcome).collect();
    Round { user: user.to_owned(), code, phone, owner, guesses }
}

/// How many wrong codes the person was told of, and how many were sent at most.
fn told_and_tried(guesses: &[Outcome]) -> (u64, u64) {
    let told: usize = guesses
        .iter()
        .map(|outcome| outcome.text().matches("That code is not right").count())
        .sum();
    let tried: usize = guesses.iter().map(|outcome| outcome.code_prompts().min(2)).sum();
    (told as u64, tried as u64)
}

#[test]
fn fifty_crashes_give_back_no_code_and_forgive_no_guess() {
    Host::run_with_daemon(|_, daemon| {
        let mut fleet: Vec<_> = (0..=GUESSERS).map(|_| Application::start()).collect();
        let mut moments = Moments::new();
        let (mut cut_short, mut came_in) = (0, 0);
        for user in create_many("crash", CRASHES) {
            let mut round = crash(&user, daemon, moments.next(), &mut fleet);
            moments.learn(round.owner.is_success());
            daemon.restart();

            let counted = failures(&round.user);
            let (told, tried) = told_and_tried(&round.guesses);
            cut_short += u32::from(tried < 2 * GUESSERS as u64);
            // The owner's success ends the row, so only a row without one can be compared.
            if round.owner.is_success() {
                came_in += 1;
            } else if !was_used(&round.owner) {
                assert!(counted <= tried, "{user}: {counted} counted, {tried} tried");
                assert!(
                    counted >= told || is_spent(&mut round, &mut fleet[0]),
                    "{user}: {counted} counted, {told} told"
                );
            }
            once_at_most(&mut round, &mut fleet[0]);
        }
        // Both kinds of moment must have come up, or the test shows nothing.
        assert!(cut_short > 0 && came_in > 0, "{cut_short} cut short, {came_in} came in");
    });
}

fn was_used(outcome: &Outcome) -> bool {
    outcome.text().contains("was used already")
}

/// Whether the crash came between the commit of the owner's code and the reply.
fn is_spent(round: &mut Round, application: &mut Application) -> bool {
    let again = Login::new("code", &round.user).from("203.0.113.7").answer(round.code.as_str());
    was_used(&application.login(&again))
}

/// The code that was under way lets nobody in who was let in already, and not twice.
fn once_at_most(round: &mut Round, application: &mut Application) {
    let again = Login::new("code", &round.user).from("203.0.113.7").answer(round.code.as_str());
    let second = application.login(&again);
    if round.owner.authenticate == Some(0) {
        assert!(!second.is_success(), "{}: the code was accepted twice", round.user);
        assert!(was_used(&second), "{}: {second:?}", round.user);
    }
    let third = application.login(&again);
    assert!(!third.is_success(), "{}: the code was accepted again", round.user);
    let next = round.phone.fresh();
    let outcome = application.login(&Login::new("code", &round.user).answer(next));
    assert!(outcome.is_success(), "{}: a later code still works: {outcome:?}", round.user);
}
