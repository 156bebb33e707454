//! Who may call what: by the bus's policy, and by the daemon alone where that is open.

use std::{collections::BTreeMap, io::Write, os::unix::process::CommandExt};

use twinlock_bus_api::{
    account::{AdminProxy, SelfServiceProxy},
    names::{ADMIN_INTERFACE, BUS_NAME, OBJECT_PATH, SELF_INTERFACE},
    voucher::ResetOptions,
};
use zbus::{
    Variant,
    wire::{Structure, StructureBuilder},
};

use super::{interfaces::installed, *};
use crate::bus::authority::ROOT_ALONE;
use crate::testing::{RIGHT, alice, enrol};

/// Arguments of these types, as harmless as they come.
fn arguments(types: &[String]) -> Option<Structure<'static>> {
    let options = || {
        BTreeMap::from([
            ("label", Variant::from("")),
            ("code", Variant::from("")),
            ("unconfirmed", Variant::from(false)),
            ("seconds", Variant::from(60u64)),
            ("reason", Variant::from("phone left at home")),
        ])
    };
    let mut body = StructureBuilder::new();
    for kind in types {
        body = match kind.as_str() {
            "s" => body.add_field("alice".to_owned()),
            "t" => body.add_field(1u64),
            "ay" => body.add_field(vec![7u8; 32]),
            "as" => body.add_field(vec!["alice".to_owned()]),
            "a{sv}" => body.add_field(options()),
            other => panic!("no argument of type {other}"),
        };
    }
    (!types.is_empty()).then(|| body.build().unwrap())
}

/// Calls every method of an interface, as its XML has it; a line each: how it ended.
async fn call_everything(address: &str, interface: &str) -> Vec<String> {
    let connection = client(address).await;
    let mut lines = Vec::new();
    for (method, arguments_of) in installed(interface) {
        let types: Vec<_> = arguments_of
            .into_iter()
            .filter(|(_, _, direction)| direction == "in")
            .map(|(_, kind, _)| kind)
            .collect();
        let call = |body: Option<Structure<'static>>| async {
            let (to, at, on) = (Some(BUS_NAME), OBJECT_PATH, Some(interface));
            match body {
                Some(body) => connection.call_method(to, at, on, method.as_str(), &body).await,
                None => connection.call_method(to, at, on, method.as_str(), &()).await,
            }
        };
        let ended = match call(arguments(&types)).await {
            Ok(_) => "done".to_owned(),
            Err(zbus::Error::MethodError(name, ..)) => name.to_string(),
            // An error of the bus itself.
            Err(error) => error.to_string().split(": ").next().unwrap_or_default().to_owned(),
        };
        lines.push(format!("{method}: {ended}"));
    }
    lines
}

/// Runs the ignored test of this name as the user nobody, with these lines as its input, and
/// returns what it wrote.
pub(super) async fn as_nobody(test: &str, input: String) -> String {
    let test = format!("bus::tests::{test}");
    let run = tokio::task::spawn_blocking(move || {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "--ignored", "--nocapture", &test])
            .uid(65534)
            .gid(65534)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        String::from_utf8(output.stdout).unwrap()
    });
    tokio::time::timeout(Duration::from_secs(120), run).await.unwrap().unwrap()
}

pub(super) fn line() -> String {
    let mut line = String::new();
    std::io::stdin().read_line(&mut line).unwrap();
    line.trim_end().to_owned()
}

#[tokio::test]
#[ignore = "a caller of the tests below, which run it as another user"]
async fn nobody_calls_everything() {
    let (address, interface) = (line(), line());
    for line in call_everything(&address, &interface).await {
        println!("CALL {line}");
    }
}

#[tokio::test]
#[ignore = "a caller of the tests below, which run it as another user"]
async fn nobody_asks_who_they_are() {
    let connection = client(&line()).await;
    let own = SelfServiceProxy::new(&connection).await.unwrap();
    let status = own.status().await.unwrap();
    println!("CALL {} {} {}", status.user, status.uid, status.state);
}

/// How each call of every method of an interface ended for nobody.
pub(super) async fn ends_for_nobody(bus: &Bus, interface: &str) -> BTreeMap<String, String> {
    let input = format!("{}\n{interface}\n", bus.address());
    let output = as_nobody("callers::nobody_calls_everything", input).await;
    let ends: BTreeMap<_, _> = output
        .lines()
        .filter_map(|line| line.split_once("CALL ")?.1.split_once(": "))
        .map(|(method, end)| (method.to_owned(), end.to_owned()))
        .collect();
    let all: Vec<_> = installed(interface).into_keys().collect();
    assert_eq!(ends.keys().cloned().collect::<Vec<_>>(), all, "{output}");
    ends
}

#[tokio::test]
async fn every_method_of_admin_is_refused_to_others_by_the_daemon_itself_which_says_so() {
    for gate in [Gate::Shipped, Gate::WideOpen] {
        let bus = Bus::start(gate).await;
        enrol(&bus.accounts.engine, &alice()).await;
        let before = bus.setup.store.commits();
        let ends = ends_for_nobody(&bus, ADMIN_INTERFACE).await;
        for (method, end) in &ends {
            assert_eq!(end, "org.twinlock1.Error.NotAuthorized", "{method}");
        }
        let lines = bus.setup.lines();
        for method in ends.keys() {
            let why = match ROOT_ALONE.contains(&method.as_str()) {
                true => "for root alone",
                false => "polkit cannot be asked",
            };
            let told = format!("cause=\"uid 65534 may not call Admin.{method}: {why}\"");
            assert!(lines.iter().any(|line| line.contains(&told)), "{method}: {lines:?}");
        }
        assert_eq!(bus.setup.store.commits(), before, "nothing was changed");
    }
}

#[tokio::test]
async fn self_is_about_its_caller_alone() {
    let bus = Bus::start(Gate::Shipped).await;
    enrol(&bus.accounts.engine, &alice()).await;
    let before = version(&bus).await;
    let output =
        as_nobody("callers::nobody_asks_who_they_are", format!("{}\n", bus.address())).await;
    assert!(output.contains("CALL nobody 65534 "), "{output}");
    let ends = ends_for_nobody(&bus, SELF_INTERFACE).await;
    let twinlock = |end: &String| end.starts_with("org.twinlock1.Error.") || end == "done";
    assert!(ends.values().all(twinlock), "{ends:?}");
    assert_eq!(version(&bus).await, before);

    let own = SelfServiceProxy::new(&bus.connect().await).await.unwrap();
    assert_eq!(own.status().await.unwrap().user, "root");
    assert_eq!(own.version().await.unwrap(), env!("CARGO_PKG_VERSION"));
}

#[tokio::test]
async fn root_does_about_others_what_admin_offers() {
    let bus = Bus::start(Gate::Shipped).await;
    enrol(&bus.accounts.engine, &alice()).await;
    let connection = bus.connect().await;
    let admin = AdminProxy::new(&connection).await.unwrap();
    assert_eq!(admin.status("alice").await.unwrap().state, "enrolled");
    admin.verify("alice", RIGHT).await.unwrap();
    let used = admin.verify("alice", RIGHT).await.err().unwrap();
    assert!(matches!(used, twinlock_bus_api::error::Error::UsedCode(_)), "{used}");
    let outcomes = admin.reset(&["alice", "no-such-user"], ResetOptions::default()).await.unwrap();
    assert_eq!(outcomes.iter().map(|outcome| outcome.done).collect::<Vec<_>>(), [true, false]);
    assert!(admin.status("alice").await.unwrap().factors.is_empty());
    let lines = bus.setup.lines();
    assert!(lines.iter().any(|line| line.contains("event=user.reset user=\"alice\" by=\"root\"")));
}

async fn version(bus: &Bus) -> crate::store::Version {
    use crate::store::Store;
    bus.setup.store.read("user/alice").await.unwrap().version
}
