//! Policies, logins and standings at random, out of few names so that they meet.

use std::time::Duration;

use proptest::{option, prelude::*, sample};
use twinlock_core::{
    login::{FirstFactor, LoginContext, Source, User},
    policy::{
        EnrolmentMode, FirstFactorKind, Level, List, Method, Methods, Mode, NetworkList,
        NetworkRules, Place, Policy, Profile, Remember, SecondFactor, Standing,
    },
    time::Timestamp,
};

const SERVICES: &[&str] = &["sshd", "su", "login"];
const USERS: &[&str] = &["alice", "bob"];
const GROUPS: &[&str] = &["staff", "admins", "robots"];
const BLOCKS: &[&str] = &[
    "203.0.113.0/24",
    "203.0.113.128/25",
    "203.0.113.9/32",
    "::ffff:203.0.113.0/120",
    "0.0.0.0/0",
    "2001:db8::/32",
    "2001:db8:1::/48",
];
const ADDRESSES: &[&str] =
    &["203.0.113.9", "203.0.113.200", "198.51.100.1", "2001:db8::9", "2001:db8:1::9"];

fn words(all: &'static [&'static str]) -> impl Strategy<Value = Vec<String>> {
    let word = (sample::select(all), any::<bool>());
    let entry = word.prop_map(|(word, out)| format!("{}{word}", if out { "!" } else { "" }));
    prop_oneof![2 => Just(Vec::new()), 3 => prop::collection::vec(entry, 1..3)]
}

fn list<T>(all: &'static [&'static str]) -> impl Strategy<Value = List<T>>
where
    T: std::str::FromStr<Err: std::fmt::Display> + std::fmt::Debug,
{
    words(all).prop_map(|entries| List::parse(entries).unwrap())
}

fn member<T: Copy + std::fmt::Debug + 'static>(all: &'static [T]) -> impl Strategy<Value = T> {
    sample::select(all)
}

pub fn methods() -> impl Strategy<Value = Methods> {
    prop::collection::vec(member(Method::ALL), 0..5).prop_map(|it| it.into_iter().collect())
}

pub fn times() -> impl Strategy<Value = Timestamp> {
    (0..6_u64).prop_map(|day| Timestamp::from_secs(1_798_761_600 + day * 86_400))
}

fn days() -> impl Strategy<Value = Duration> {
    (0..4_u64).prop_map(|days| Duration::from_secs(days * 86_400))
}

pub fn first_factor_list() -> impl Strategy<Value = List<FirstFactorKind>> {
    list(&["password", "publickey", "gssapi", "hostbased", "key"])
}

pub fn profiles() -> impl Strategy<Value = Profile> {
    let lists = (
        list(SERVICES),
        list(USERS),
        list(GROUPS),
        list(BLOCKS),
        prop_oneof![1 => Just(List::default()), 1 => first_factor_list()],
    );
    let terms = (
        option::of(member(Level::ALL)),
        option::of(any::<bool>()),
        option::of(methods()),
        option::of(days().prop_map(Remember::For)),
        option::weighted(0.3, times()),
        option::weighted(0.3, days()),
        option::of(member(EnrolmentMode::ALL)),
    );
    (lists, terms).prop_map(|(lists, terms)| Profile {
        name: String::new(),
        place: Place::default(),
        services: lists.0,
        users: lists.1,
        groups: lists.2,
        networks: lists.3,
        first_factor: lists.4,
        level: terms.0,
        mfa: terms.1,
        methods: terms.2,
        remember: terms.3,
        enforce_from: terms.4,
        grace: terms.5,
        enrolment: terms.6,
    })
}

fn network_list() -> impl Strategy<Value = NetworkList> {
    let block = sample::select(BLOCKS).prop_map(|block| block.parse().unwrap());
    prop_oneof![
        2 => Just(Vec::new()),
        1 => prop::collection::vec(block, 1..3),
    ]
    .prop_map(NetworkList::from_iter)
}

pub fn policies() -> impl Strategy<Value = Policy> {
    (
        member(Level::ALL),
        prop::collection::vec(profiles(), 0..6),
        (network_list(), network_list(), network_list()),
        sample::subsequence(SERVICES, 0..=2),
        option::weighted(0.2, (member(Level::ALL), member(SecondFactor::ALL), methods())),
    )
        .prop_map(|(level, mut profiles, (allow, deny, exempt), services, redefined)| {
            for (line, profile) in (1..).zip(&mut profiles) {
                profile.name = format!("profile {line}");
                profile.place = Place::new("twinlock.toml", line);
            }
            let mut policy = Policy {
                mode: Mode::Enforce,
                level,
                account_services: services.into_iter().map(str::to_owned).collect(),
                network: NetworkRules { allow, deny, exempt },
                profiles,
                ..Policy::default()
            };
            if let Some((level, second_factor, methods)) = redefined {
                let rules = policy.levels.rules_mut(level);
                rules.second_factor = second_factor;
                rules.methods = methods;
            }
            policy
        })
}

pub fn sources() -> impl Strategy<Value = Source> {
    prop_oneof![
        4 => sample::select(ADDRESSES).prop_map(|it| Source::Address(it.parse().unwrap())),
        1 => Just(Source::Local { requester: None }),
        1 => Just(Source::Unknown),
    ]
}

fn first_factors() -> impl Strategy<Value = Vec<FirstFactor>> {
    let factor = sample::select(vec![
        FirstFactor::Password,
        FirstFactor::PublicKey { fingerprint: None },
        FirstFactor::Gssapi,
        FirstFactor::HostBased,
        FirstFactor::Key,
        FirstFactor::Other("new".into()),
    ]);
    prop::collection::vec(factor, 0..3)
}

pub fn logins() -> impl Strategy<Value = LoginContext> {
    (
        sample::select(SERVICES),
        sample::select(USERS),
        sample::subsequence(GROUPS, 0..=3),
        sources(),
        first_factors(),
    )
        .prop_map(|(service, user, groups, source, first_factors)| LoginContext {
            service: service.into(),
            user: User {
                name: user.into(),
                uid: 1000,
                groups: groups.into_iter().map(str::to_owned).collect(),
            },
            source,
            tty: None,
            first_factors,
            interactive: true,
            redeems: true,
            session_code: None,
        })
}

pub fn standings() -> impl Strategy<Value = Standing> {
    (
        prop_oneof![Just(Methods::NONE), methods()],
        methods(),
        option::weighted(0.3, any::<bool>()),
        option::of(times()),
        option::weighted(0.2, member(EnrolmentMode::ALL)),
        prop::bool::weighted(0.8),
    )
        .prop_map(|(enrolled, usable, switch, first_login, enrolment, chosen)| Standing {
            enrolled,
            usable,
            switch,
            first_login,
            enrolment,
            own: chosen && !enrolled.is_empty(),
        })
}
