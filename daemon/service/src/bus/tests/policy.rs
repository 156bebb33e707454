//! The policy as administrators and users see it over the bus: demands, the switch, explanations.

use serde_json::{Value, json};
use twinlock_bus_api::{
    account::{AdminProxy, SelfServiceProxy, UserStatus},
    error::Error,
    policy::SupposedLogin,
};
use twinlock_core::{
    login::User,
    policy::{Level, List, Mode, Place, Policy, Profile},
    time::Timestamp,
};
use zeroize::Zeroizing;

use super::*;
use crate::{
    bus::account::Authority,
    directory::DirectoryError,
    store::{Change, Store},
    testing::{alice, change, enrol},
};

const DAY: Duration = Duration::from_secs(86_400);

/// A date after every test: 2027-01-01.
const DATE: Timestamp = Timestamp::from_secs(1_798_761_600);

async fn under(policy: Policy) -> Bus {
    let bus = Bus::start(Gate::Shipped).await;
    let engine = &bus.accounts.engine;
    let mut settings = (*engine.settings()).clone();
    settings.policy = policy;
    engine.replace_settings(settings);
    bus
}

fn profile(line: u32) -> Profile {
    let place = Place::new("twinlock.toml", line);
    Profile { name: format!("line {line}"), place, ..Profile::default() }
}

fn only(profile: Profile) -> Policy {
    Policy { profiles: vec![profile], ..Policy::default() }
}

fn list(entries: &[&str]) -> List<String> {
    List::parse(entries).unwrap()
}

async fn status_of(bus: &Bus, user: &str) -> UserStatus {
    let connection = bus.connect().await;
    AdminProxy::new(&connection).await.unwrap().status(user).await.unwrap()
}

#[tokio::test]
async fn a_status_says_what_is_demanded_from_when() {
    let dated = Profile { enforce_from: Some(DATE), grace: Some(DAY), ..profile(1) };
    let bus = under(only(dated)).await;
    let status = status_of(&bus, "alice").await;
    assert_eq!((status.state.as_str(), status.uid), ("pending", 1000));
    assert_eq!(status.second_factor.as_deref(), Some("required"));
    assert_eq!(status.enrolment.as_deref(), Some("at-login"));
    assert_eq!(status.required_from, Some(DATE.as_secs()));
    assert_eq!(status.deadline, Some(DATE.after(DAY).as_secs()));
    assert_eq!((status.grace, status.switch), (None, None));
    assert_eq!(status.mode.as_deref(), Some("enforce"));

    enrol(&bus.accounts.engine, &alice()).await;
    let status = status_of(&bus, "alice").await;
    assert_eq!(status.state, "enrolled");
    assert_eq!((status.required_from, status.deadline, status.enrolment), (None, None, None));
}

#[tokio::test]
async fn grace_is_a_length_before_the_first_login_and_a_deadline_after_it() {
    let bus = under(only(Profile { grace: Some(DAY), ..profile(1) })).await;
    let status = status_of(&bus, "alice").await;
    assert_eq!((status.grace, status.deadline), (Some(86_400), None));
    let now = bus.accounts.engine.now().horizon;
    change(&bus.accounts.engine, &alice(), |record| record.first_seen = Some(now)).await;
    let status = status_of(&bus, "alice").await;
    assert_eq!((status.state.as_str(), status.grace), ("pending", None));
    assert_eq!(status.deadline, Some(now.after(DAY).as_secs()));
}

#[tokio::test]
async fn who_is_not_required_to_enrol_is_not_pending_and_users_hear_nothing_of_the_mode() {
    let policy = Policy { level: Level::Low, mode: Mode::Observe, ..Policy::default() };
    let bus = under(policy).await;
    let status = status_of(&bus, "root").await;
    assert_eq!((status.state.as_str(), status.mode.as_deref()), ("unenrolled", Some("observe")));
    assert_eq!(status.second_factor.as_deref(), Some("voluntary"));
    let own = SelfServiceProxy::new(&bus.connect().await).await.unwrap().status().await.unwrap();
    assert_eq!(own, UserStatus { mode: None, ..status });
}

#[tokio::test]
async fn the_switch_is_set_and_cleared_with_a_line_each_time() {
    let bus = under(Policy { level: Level::Low, ..Policy::default() }).await;
    let connection = bus.connect().await;
    let admin = AdminProxy::new(&connection).await.unwrap();
    for (word, switch, demand, state) in [
        ("on", Some(true), "required", "pending"),
        ("off", Some(false), "off", "unenrolled"),
        ("off", Some(false), "off", "unenrolled"),
        ("default", None, "voluntary", "unenrolled"),
    ] {
        admin.set_switch("alice", word).await.unwrap();
        let status = status_of(&bus, "alice").await;
        assert_eq!(status.switch, switch);
        assert_eq!(status.second_factor.as_deref(), Some(demand));
        assert_eq!(status.state, state);
    }
    let line =
        |cause: &str| format!("event=user.switched user=\"alice\" by=\"root\" cause=\"{cause}\"");
    let lines = bus.setup.lines();
    let without_reference = lines.iter().map(|line| line.split(" reference=").next().unwrap());
    assert_eq!(
        without_reference.collect::<Vec<_>>(),
        [
            line("on; before: default"),
            line("off; before: on"),
            line("off; before: off"),
            line("default; before: off"),
        ]
    );
}

#[tokio::test]
async fn a_switch_that_cannot_be_set_changes_nothing() {
    let bus = under(Policy::default()).await;
    let connection = bus.connect().await;
    let admin = AdminProxy::new(&connection).await.unwrap();
    let refused = admin.set_switch("alice", "maybe").await.unwrap_err();
    assert!(matches!(refused, Error::InvalidArgument(_)), "{refused}");
    let refused = admin.set_switch("mallory", "off").await.unwrap_err();
    assert!(matches!(refused, Error::UnknownUser(_)), "{refused}");
    enrol(&bus.accounts.engine, &alice()).await;
    bus.setup.directory.set("alice", 4242);
    let before = bus.setup.store.commits();
    let refused = admin.set_switch("alice", "off").await.unwrap_err();
    assert!(matches!(refused, Error::RecordMismatch(_)), "{refused}");
    assert_eq!(bus.setup.store.commits(), before);
    let status = status_of(&bus, "alice").await;
    assert_eq!((status.state.as_str(), status.second_factor), ("mismatch", None));
}

#[tokio::test]
async fn who_has_the_name_of_an_earlier_account_is_told_nothing_of_it() {
    let bus = under(Policy::default()).await;
    enrol(&bus.accounts.engine, &alice()).await;
    let connection = bus.connect().await;
    AdminProxy::new(&connection).await.unwrap().set_switch("alice", "off").await.unwrap();
    let stranger = User { uid: 4242, ..alice() };
    let record = bus.accounts.engine.read("alice").await.unwrap();
    let own = bus.accounts.describe(&stranger, record.clone(), Authority::Own);
    let bare = UserStatus {
        user: "alice".to_owned(),
        uid: 4242,
        state: "mismatch".to_owned(),
        ..UserStatus::default()
    };
    assert_eq!(own, bare);
    let told = bus.accounts.describe(&stranger, record, Authority::Administrator);
    assert!(told.switch == Some(false) && !told.factors.is_empty());
}

#[tokio::test]
async fn statuses_tell_of_users_without_a_record_and_of_whom_they_cannot() {
    let bus = under(Policy::default()).await;
    enrol(&bus.accounts.engine, &alice()).await;
    let version = bus.setup.store.read("user/bob").await.unwrap().version;
    let garbage = Change::put("user/bob", version, Zeroizing::new(b"{".to_vec()));
    bus.setup.store.commit(vec![garbage]).await.unwrap();
    let connection = bus.connect().await;
    let admin = AdminProxy::new(&connection).await.unwrap();
    let names = ["alice", "bob", "no-such-user", "root", "../etc\n"];
    let (statuses, problems) = admin.statuses(&names).await.unwrap();
    let told: Vec<_> = statuses.iter().map(|it| (it.user.as_str(), it.state.as_str())).collect();
    assert_eq!(told, [("alice", "enrolled"), ("root", "pending")]);
    assert_eq!(problems.len(), 1);
    assert_eq!(problems[0].user, "bob");
    assert!(problems[0].text.contains("cannot be read"), "{}", problems[0].text);
}

#[tokio::test]
async fn statuses_are_bounded_and_end_with_the_first_look_up_that_fails() {
    let bus = under(Policy::default()).await;
    let connection = bus.connect().await;
    let admin = AdminProxy::new(&connection).await.unwrap();
    let refused = admin.statuses(&["alice"; 1_001]).await.unwrap_err();
    assert!(matches!(refused, Error::InvalidArgument(_)), "{refused}");
    assert_eq!(admin.statuses(&["alice"; 1_000]).await.unwrap().0.len(), 1_000);
    bus.setup.directory.fail(Some(DirectoryError::TimedOut));
    let _ = bus.setup.lines();
    let refused = admin.statuses(&["alice", "bob"]).await.unwrap_err();
    assert!(matches!(refused, Error::Unavailable(_)), "{refused}");
    assert_eq!(bus.setup.lines().len(), 1, "the second was not asked for");
}

#[tokio::test]
async fn an_explanation_is_the_decision_with_the_rules_and_the_facts_that_it_rests_on() {
    let mut robots = profile(10);
    robots.groups = list(&["robots"]);
    robots.mfa = Some(false);
    let mut staff = profile(20);
    staff.groups = list(&["staff"]);
    let bus = under(Policy { profiles: vec![robots, staff], ..Policy::default() }).await;
    let groups = vec!["staff".to_owned()];
    let named = User { groups, ..alice() };
    bus.setup.directory.users.lock().unwrap().insert("alice".to_owned(), named);
    enrol(&bus.accounts.engine, &alice()).await;
    let explained = explain(&bus, "alice", from("::ffff:203.0.113.9")).await;
    for (key, value) in [
        ("user", json!("alice")),
        ("uid", json!(1000)),
        ("groups", json!(["staff"])),
        ("state", json!("enrolled")),
        ("enrolled", json!(["totp"])),
        ("switch", Value::Null),
        ("service", json!("sshd")),
        ("from", json!("203.0.113.9")),
        ("first_factors", json!(["password"])),
        ("phase", json!("auth")),
        ("obstacles", json!([])),
        ("mode", json!("enforce")),
        ("decision", json!({ "decision": "require", "because": ["totp"] })),
        ("sentence", json!("require: totp")),
        (
            "decided_by",
            json!({ "rule": "profile", "name": "line 20",
                    "place": { "file": "twinlock.toml", "line": 20 } }),
        ),
    ] {
        assert_eq!(explained[key], value, "{key}");
    }
    assert_eq!(explained["rules"][2]["detail"][0]["list"], "groups");
    assert_eq!(bus.setup.lines(), Vec::<String>::new(), "nothing happened");
}

#[tokio::test]
async fn an_explanation_of_the_account_phase_is_that_of_a_login_by_key_alone() {
    let bus = under(Policy::default()).await;
    let account = SupposedLogin { phase: Some("account".to_owned()), ..from("203.0.113.9") };
    let explained = explain(&bus, "alice", account.clone()).await;
    assert_eq!(explained["decision"]["because"]["word"], "key-alone");
    assert_eq!((&explained["obstacles"], &explained["groups"]), (&json!([]), &Value::Null));
    let cron = SupposedLogin { service: Some("cron".to_owned()), ..account };
    assert_eq!(explain(&bus, "alice", cron).await["decision"]["because"]["word"], "account-phase");
}

#[tokio::test]
async fn an_explanation_of_what_is_none_is_refused() {
    let bus = under(Policy::default()).await;
    let connection = bus.connect().await;
    let admin = AdminProxy::new(&connection).await.unwrap();
    let refused = admin.explain_policy("mallory", SupposedLogin::default()).await.unwrap_err();
    assert!(matches!(refused, Error::UnknownUser(_)), "{refused}");
    let refused = admin.explain_policy("alice", from("host.example.org")).await.unwrap_err();
    assert!(matches!(refused, Error::InvalidArgument(_)), "{refused}");
    bus.setup.directory.fail(Some(DirectoryError::TimedOut));
    let refused = admin.explain_policy("alice", SupposedLogin::default()).await.unwrap_err();
    assert!(matches!(refused, Error::Unavailable(_)), "{refused}");
}

fn from(address: &str) -> SupposedLogin {
    SupposedLogin { from: Some(address.to_owned()), ..SupposedLogin::default() }
}

async fn explain(bus: &Bus, user: &str, login: SupposedLogin) -> Value {
    let connection = bus.connect().await;
    let admin = AdminProxy::new(&connection).await.unwrap();
    serde_json::from_str(&admin.explain_policy(user, login).await.unwrap()).unwrap()
}
