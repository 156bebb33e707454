//! How long a policy of 1,000 profiles takes to decide, to explain and to be checked.
//!
//! `cargo run --release -p twinlock-core --example policy_figures` prints microseconds, of logins
//! that no profile but the last matches, so that every profile is tried.
#![allow(
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a stopwatch that prints what it measured, out of literal input"
)]

use std::{
    hint::black_box,
    time::{Duration, Instant},
};

use twinlock_core::{
    login::{FirstFactor, LoginContext, Source, User},
    policy::{List, Methods, Place, Policy, Profile, Standing},
    time::Timestamp,
};

const PROFILES: u32 = 1_000;
const ROUNDS: usize = 5_000;

fn login() -> LoginContext {
    LoginContext {
        service: "sshd".into(),
        user: User {
            name: "alice".into(),
            uid: 1000,
            groups: (0..50).map(|number| format!("team-{number}")).collect(),
        },
        source: Source::Address("203.0.113.9".parse().unwrap()),
        tty: Some("ssh".into()),
        first_factors: vec![
            FirstFactor::PublicKey { fingerprint: Some("SHA256:alice".into()) },
            FirstFactor::Password,
        ],
        interactive: true,
        redeems: true,
        session_code: None,
    }
}

/// A thousand profiles, each filled in by `fill`, and one that matches.
fn policy(fill: impl Fn(u32, &mut Profile)) -> Policy {
    let profiles = (1..=PROFILES).map(|number| {
        let mut profile = Profile {
            name: format!("profile {number}"),
            place: Place::new("/etc/twinlock/twinlock.toml", number * 5),
            ..Profile::default()
        };
        if number < PROFILES {
            fill(number, &mut profile);
        }
        profile
    });
    Policy { profiles: profiles.collect(), ..Policy::default() }
}

fn names(count: u32, name: impl Fn(u32) -> String) -> List<String> {
    List { included: (0..count).map(name).collect(), excluded: Vec::new() }
}

fn users(number: u32, profile: &mut Profile) {
    profile.users = names(20, |user| format!("user-{}", number * 20 + user));
}

fn groups(number: u32, profile: &mut Profile) {
    profile.groups = names(3, |group| format!("unit-{}", number * 3 + group));
    profile.groups.excluded = vec![format!("robots-{number}")];
}

fn networks(number: u32, profile: &mut Profile) {
    let (high, low) = (number / 250, number % 250);
    for part in 0..4 {
        profile.networks.included.push(format!("10.{high}.{low}.{part}/32").parse().unwrap());
    }
}

fn factors(_: u32, profile: &mut Profile) {
    profile.first_factor = List::parse(["gssapi", "hostbased"]).unwrap();
}

/// Everything but one list of the last kind matches, so that each list is looked at.
fn everything(number: u32, profile: &mut Profile) {
    profile.services = List::parse(["login", "su", "sshd"]).unwrap();
    profile.users = List::parse(["bob", "!carol", "alice"]).unwrap();
    profile.groups = names(3, |group| format!("team-{}", 47 + group));
    profile.groups.excluded = vec![format!("robots-{number}")];
    profile.networks = List::parse(["10.0.0.0/8", "2001:db8::/32", "203.0.113.0/24"]).unwrap();
    profile.first_factor = List::parse(["gssapi"]).unwrap();
}

fn measure(mut run: impl FnMut(), rounds: usize) -> [Duration; 3] {
    let mut times: Vec<_> = (0..rounds)
        .map(|_| {
            let start = Instant::now();
            run();
            start.elapsed()
        })
        .collect();
    times.sort_unstable();
    let at = |share: f64| times[((rounds - 1) as f64 * share) as usize];
    [at(0.5), at(0.99), at(1.0)]
}

fn print(what: &str, times: [Duration; 3]) {
    let [p50, p99, max] = times.map(|time| time.as_nanos() as f64 / 1_000.0);
    println!("{what:<44} {p50:>9.1} {p99:>9.1} {max:>9.1}");
}

fn main() {
    let login = login();
    let standing = Standing::with(Methods::OFFLINE);
    let now = Timestamp::from_secs(1_800_000_000);
    println!("{PROFILES} profiles, {ROUNDS} rounds; microseconds   p50       p99       max");
    let policies = [
        ("decide: 20 users a profile", policy(users)),
        ("decide: 4 groups a profile, user in 50", policy(groups)),
        ("decide: 4 networks a profile", policy(networks)),
        ("decide: first factors", policy(factors)),
        ("decide: every list, the last one fails", policy(everything)),
    ];
    for (what, policy) in &policies {
        let decide = || drop(black_box(policy.decide(black_box(&login), &standing, now)));
        print(what, measure(decide, ROUNDS));
    }
    let mut denying = Policy::default();
    denying.network.deny = (0..1_000)
        .map(|it| format!("10.{}.{}.0/24", it / 250, it % 250).parse().unwrap())
        .collect();
    let decide = || drop(black_box(denying.decide(black_box(&login), &standing, now)));
    print("decide: no profile, 1,000 denied networks", measure(decide, ROUNDS));
    let [.., (_, everything)] = &policies;
    let explain = || drop(black_box(everything.explain(black_box(&login), &standing, now)));
    print("explain: every list, the last one fails", measure(explain, 500));
    let warn = || drop(black_box(black_box(everything).warnings()));
    print("warnings: every list, the last one fails", measure(warn, 20));
}
