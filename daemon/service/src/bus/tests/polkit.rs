//! Administrators who are not root: what polkit allows is let through, and nothing else. A polkit of
//! the tests' own says yes, no, or nothing; the real one is asked in the end-to-end tests.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::Mutex,
};

use twinlock_bus_api::{
    account::{AdminProxy, SelfServiceProxy},
    names::ADMIN_INTERFACE,
    voucher::ResetOptions,
};
use zbus::{OwnedVariant, interface};

use super::{
    callers::{as_nobody, ends_for_nobody, line},
    interfaces::installed,
    *,
};
use crate::{
    bus::authority::{ROOT_ALONE, action},
    testing::{alice, enrol},
};

const PATH: &str = "/org/freedesktop/PolicyKit1/Authority";

/// What was asked, and which questions were taken back.
#[derive(Default)]
struct Asked {
    questions: Vec<Question>,
    cancelled: Vec<String>,
}

#[derive(Debug)]
struct Question {
    action: String,
    user: Option<String>,
    id: String,
    flags: u32,
}

/// A polkit that allows one action, and keeps silent where it is to hang.
struct Polkit {
    allowed: &'static str,
    hangs: bool,
    asked: Arc<Mutex<Asked>>,
}

#[interface(name = "org.freedesktop.PolicyKit1.Authority")]
impl Polkit {
    async fn check_authorization(
        &self,
        subject: (String, HashMap<String, OwnedVariant>),
        action: String,
        mut details: HashMap<String, String>,
        flags: u32,
        id: String,
    ) -> (bool, bool, HashMap<String, String>) {
        let is_allowed = subject.0 == "system-bus-name" && action == self.allowed;
        let user = details.remove("user");
        assert!(details.is_empty(), "{details:?}");
        self.asked.lock().unwrap().questions.push(Question { action, user, id, flags });
        if self.hangs {
            std::future::pending::<()>().await;
        }
        (is_allowed, !is_allowed, HashMap::new())
    }

    fn cancel_check_authorization(&self, cancellation: String) {
        self.asked.lock().unwrap().cancelled.push(cancellation);
    }
}

async fn polkit(bus: &Bus, allowed: &'static str, hangs: bool) -> (Connection, Arc<Mutex<Asked>>) {
    let asked = Arc::<Mutex<Asked>>::default();
    let polkit = Polkit { allowed, hangs, asked: Arc::clone(&asked) };
    let address: Address = bus.address().as_str().try_into().unwrap();
    let connection = Builder::address(address)
        .serve_at(PATH, polkit)
        .name("org.freedesktop.PolicyKit1")
        .build()
        .await
        .unwrap();
    (connection, asked)
}

#[tokio::test]
#[ignore = "a caller of the tests below, which run it as another user"]
async fn nobody_unlocks_and_asks_for_their_own_status_meanwhile() {
    let (address, patience) = (line(), Duration::from_millis(line().parse().unwrap()));
    let connection = client(&address).await;
    let unlock = async {
        let admin = AdminProxy::new(&connection).await.unwrap();
        let ended = tokio::time::timeout(patience, admin.unlock("alice")).await;
        println!("CALL unlock {ended:?}");
    };
    let status = async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        let own = SelfServiceProxy::new(&connection).await.unwrap();
        let ended = tokio::time::timeout(Duration::from_secs(2), own.status()).await;
        println!("CALL status {}", ended.is_ok_and(|ended| ended.is_ok()));
    };
    tokio::join!(unlock, status);
}

async fn nobody_unlocks(bus: &Bus, patience: u64) -> String {
    let input = format!("{}\n{patience}\n", bus.address());
    as_nobody("polkit::nobody_unlocks_and_asks_for_their_own_status_meanwhile", input).await
}

#[tokio::test]
async fn an_allowed_action_lets_its_methods_through_and_no_other() {
    let bus = Bus::start(Gate::Shipped).await;
    enrol(&bus.accounts.engine, &alice()).await;
    let (_polkit, asked) = polkit(&bus, "org.twinlock1.unlock", false).await;
    for (method, end) in ends_for_nobody(&bus, ADMIN_INTERFACE).await {
        let expected = match method.as_str() {
            "Unlock" => "done",
            _ => "org.twinlock1.Error.NotAuthorized",
        };
        assert_eq!(end, expected, "{method}");
    }
    let lines = bus.setup.lines();
    let told = "event=user.unlocked user=\"alice\" by=\"uid 65534\"";
    assert!(lines.iter().any(|line| line.contains(told)), "{lines:?}");
    let told = "Admin.Reset: polkit does not allow it";
    assert!(lines.iter().any(|line| line.contains(told)), "{lines:?}");
    let asked = asked.lock().unwrap();
    let ids: BTreeSet<_> = asked.questions.iter().map(|question| &question.id).collect();
    assert_eq!(ids.len(), asked.questions.len(), "each question can be taken back by itself");
    assert!(
        asked.questions.iter().all(|question| question.flags == 0),
        "nobody asked for a dialogue"
    );
}

/// The questions that were taken back, as soon as there is one.
async fn cancelled(asked: &Mutex<Asked>) -> Vec<String> {
    for _ in 0..80 {
        if !asked.lock().unwrap().cancelled.is_empty() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    asked.lock().unwrap().cancelled.clone()
}

#[tokio::test]
async fn a_person_is_asked_for_a_password_only_where_their_call_says_so() {
    let bus = Bus::start(Gate::Shipped).await;
    let (_polkit, asked) = polkit(&bus, "org.twinlock1.reset", false).await;
    let output = nobody_unlocks(&bus, 5_000).await;
    assert!(output.contains("NotAuthorized"), "{output}");
    let flags: Vec<_> =
        asked.lock().unwrap().questions.iter().map(|question| question.flags).collect();
    assert_eq!(flags, [0, 1]);
}

#[tokio::test]
async fn a_polkit_that_hangs_is_left_when_the_caller_goes_and_holds_up_nobody() {
    let bus = Bus::start(Gate::Shipped).await;
    let (_polkit, asked) = polkit(&bus, "org.twinlock1.unlock", true).await;
    let output = nobody_unlocks(&bus, 1_000).await;
    assert!(output.contains("CALL unlock Err(Elapsed"), "{output}");
    assert!(output.contains("CALL status true"), "their own calls do not wait for it: {output}");
    let cancelled = cancelled(&asked).await;
    let asked = asked.lock().unwrap();
    let [Question { id, flags: 0, .. }] = asked.questions.as_slice() else {
        panic!("{:?}", asked.questions)
    };
    assert_eq!(cancelled, std::slice::from_ref(id));
    let told = "Admin.Unlock: the caller went away";
    assert!(bus.setup.lines().iter().any(|line| line.contains(told)));
}

#[tokio::test]
async fn a_polkit_that_hangs_is_no_yes_after_five_seconds() {
    let bus = Bus::start(Gate::Shipped).await;
    let (_polkit, asked) = polkit(&bus, "org.twinlock1.unlock", true).await;
    let input = format!("{}\nalice\n", bus.address());
    let call = as_nobody("polkit::nobody_unlocks_unattended", input);
    let output = tokio::time::timeout(Duration::from_secs(10), call).await.unwrap();
    assert!(output.contains("CALL org.twinlock1.Error.NotAuthorized"), "{output}");
    assert_eq!(cancelled(&asked).await.len(), 1);
}

#[tokio::test]
#[ignore = "a caller of the tests here, which run it as another user"]
async fn nobody_unlocks_unattended() {
    use twinlock_bus_api::names::{BUS_NAME, OBJECT_PATH};
    let (connection, user) = (client(&line()).await, line());
    let ended = connection
        .call_method(Some(BUS_NAME), OBJECT_PATH, Some(ADMIN_INTERFACE), "Unlock", &(user,))
        .await;
    match ended {
        Err(zbus::Error::MethodError(name, ..)) => println!("CALL {name}"),
        other => println!("CALL {other:?}"),
    }
}

#[tokio::test]
async fn polkit_hears_whom_a_call_concerns() {
    let bus = Bus::start(Gate::Shipped).await;
    enrol(&bus.accounts.engine, &alice()).await;
    let (_polkit, asked) = polkit(&bus, "none", false).await;
    ends_for_nobody(&bus, ADMIN_INTERFACE).await;
    let asked = asked.lock().unwrap();
    let mut about: BTreeMap<_, BTreeSet<_>> = BTreeMap::new();
    for Question { action, user, .. } in &asked.questions {
        let action = action.trim_start_matches("org.twinlock1.");
        about.entry(action).or_default().insert(user.as_deref().unwrap_or("nobody in particular"));
    }
    // The caller has no enrolment open, and has given the log no filter.
    let alone = ["alice"].into();
    let both = BTreeSet::from(["alice", "nobody in particular"]);
    for (action, users) in about {
        let expected = match action {
            "log" => &["nobody in particular"].into(),
            // Lists of everybody, and requests by their number.
            "status" | "reset" | "enroll" => &both,
            _ => &alone,
        };
        assert_eq!(&users, expected, "{action}");
    }
}

#[tokio::test]
#[ignore = "a caller of the test below, which runs it as another user"]
async fn nobody_resets_several_and_approves() {
    let (address, users, request) = (line(), line(), line());
    let connection = client(&address).await;
    let admin = AdminProxy::new(&connection).await.unwrap();
    let users: Vec<_> = users.split(' ').collect();
    println!("CALL reset {:?}", admin.reset(&users, ResetOptions::default()).await.is_ok());
    let approved = admin.approve_reset(&request, ResetOptions::default()).await;
    println!("CALL approve {:?}", approved.is_ok());
}

/// A rule that spares one user holds in a list, and for the request of that user.
#[tokio::test]
async fn polkit_hears_of_each_user_in_a_list_and_of_who_made_a_request() {
    let bus = Bus::start(Gate::Shipped).await;
    enrol(&bus.accounts.engine, &alice()).await;
    let request = bus.accounts.request_reset(&alice(), "").await.unwrap().id;
    for (action, expected, asked_about) in [
        ("none", "CALL reset false\n", &["bob", "alice"][..]),
        ("org.twinlock1.reset", "CALL reset true\n", &["bob", "root", "alice"]),
    ] {
        let (polkit, asked) = polkit(&bus, action, false).await;
        let input = format!("{}\nroot bob bob\n{request}\n", bus.address());
        let output = as_nobody("polkit::nobody_resets_several_and_approves", input).await;
        assert!(output.contains(expected), "{action}: {output}");
        let asked = asked.lock().unwrap();
        // Each is asked about with no person first.
        let asked = asked.questions.iter().filter(|question| question.flags == 0);
        let users: Vec<_> = asked.map(|question| question.user.as_deref().unwrap()).collect();
        assert_eq!(users, asked_about, "{action}");
        drop(polkit);
    }
}

#[tokio::test]
async fn another_spelling_of_a_name_is_not_what_polkit_allowed() {
    let bus = Bus::start(Gate::Shipped).await;
    enrol(&bus.accounts.engine, &alice()).await;
    bus.setup.directory.spell("ALICE", alice());
    let (_polkit, _asked) = polkit(&bus, "org.twinlock1.unlock", false).await;
    for (name, expected) in
        [("ALICE", "CALL org.twinlock1.Error.InvalidArgument"), ("alice", "CALL Ok(")]
    {
        let input = format!("{}\n{name}\n", bus.address());
        let output = as_nobody("polkit::nobody_unlocks_unattended", input).await;
        assert!(output.contains(expected), "{name}: {output}");
    }
}

#[test]
fn every_method_has_an_action_and_every_action_wants_an_administrator() {
    let policy = fs::read_to_string(format!("{PACKAGING}/../polkit/org.twinlock1.policy")).unwrap();
    let actions: BTreeMap<_, _> =
        policy.split("<action id=\"").skip(1).map(|text| text.split_once('"').unwrap()).collect();
    let used: BTreeSet<_> = installed(ADMIN_INTERFACE)
        .into_keys()
        .filter(|method| !ROOT_ALONE.contains(&method.as_str()))
        .map(|method| action(&method).unwrap_or_else(|| panic!("{method} has no action")))
        .collect();
    assert!(ROOT_ALONE.iter().all(|method| action(method).is_none()));
    assert_eq!(actions.keys().copied().collect::<BTreeSet<_>>(), used);
    for (id, text) in actions {
        for whose in ["any", "inactive", "active"] {
            let default = format!("<allow_{whose}>auth_admin</allow_{whose}>");
            assert!(text.contains(&default), "{id}: {whose}");
        }
        assert!(text.contains("policykit.owner\">unix-user:twinlock<"), "{id}");
    }
}
