//! A local user who sends the daemon all that the bus passes on.

use std::sync::atomic::{AtomicBool, Ordering};

use tokio::{net::UnixStream, task::JoinSet};
use twinlock_bus_api::{
    account::SelfServiceProxy,
    error::Error,
    login::LoginProxy,
    names::{BUS_NAME, OBJECT_PATH, SELF_INTERFACE},
};
use zbus::{Message, Variant, message::Flags, wire::Fd};

use super::{
    callers::{as_nobody, line},
    *,
};
use crate::{
    login::{desk::Desk, listener, stack::Stacks},
    testing::{alice, enrol},
};

/// How long another caller may wait while the flood lasts.
const PATIENCE: Duration = Duration::from_secs(10);

/// What the flood may cost the daemon and the tests that run beside it, in KiB. One of its large
/// messages is a third of it.
const MEMORY: u64 = 48 * 1024;

/// Descriptors that the daemon and the tests beside it may open meanwhile. The flood sends 8,000.
const DESCRIPTORS: usize = 500;

const INTROSPECTABLE: &str = "org.freedesktop.DBus.Introspectable";

fn call<'a>(interface: &'a str, member: &'a str) -> zbus::message::Builder<'a> {
    let call = Message::method_call(OBJECT_PATH, member).destination(BUS_NAME);
    call.interface(interface).with_flags(Flags::NO_REPLY_EXPECTED)
}

async fn flood(address: String) {
    let connection = client(&address).await;
    let large = call(SELF_INTERFACE, "Verify").build(&"1".repeat(16 << 20)).unwrap();
    for _ in 0..4 {
        connection.send(&large).await.unwrap();
    }
    let file = fs::File::open("/dev/null").unwrap();
    let files: Vec<_> = (0..10).map(|_| Fd::from(&file)).collect();
    let descriptors = call(SELF_INTERFACE, "Verify").build(&files).unwrap();
    for _ in 0..200 {
        connection.send(&descriptors).await.unwrap();
    }
    let full = call(SELF_INTERFACE, "Verify").build(&"1".repeat(60_000)).unwrap();
    for _ in 0..500 {
        connection.send(&full).await.unwrap();
    }
    for _ in 0..2000 {
        connection.send(&call(INTROSPECTABLE, "Introspect").build(&()).unwrap()).await.unwrap();
    }
    for _ in 0..500 {
        connection.send(&call(SELF_INTERFACE, "Status").build(&()).unwrap()).await.unwrap();
    }
    // The bus has passed on what came before this.
    zbus::fdo::DBusProxy::new(&connection).await.unwrap().get_id().await.unwrap();
}

#[tokio::test]
#[ignore = "a caller of the test below, which runs it as another user"]
async fn nobody_floods() {
    let address = line();
    let mut floods: JoinSet<_> = (0..4).map(|_| flood(address.clone())).collect();
    while let Some(ended) = floods.join_next().await {
        ended.unwrap();
    }
    println!("CALL flooded");
}

#[tokio::test]
#[ignore = "a caller of the test below, which runs it as another user"]
async fn nobody_calls_forty_times_at_once() {
    let connection = client(&line()).await;
    let own = SelfServiceProxy::new(&connection).await.unwrap();
    let mut calls = JoinSet::new();
    for _ in 0..40 {
        let own = own.clone();
        calls.spawn(async move { own.status().await });
    }
    while let Some(ended) = calls.join_next().await {
        match ended.unwrap() {
            Ok(_) => println!("CALL done"),
            Err(Error::Unavailable(text)) => println!("CALL {text}"),
            Err(error) => println!("CALL {error:?}"),
        }
    }
}

/// Resident memory of this process in KiB, and its open descriptors.
fn usage() -> (u64, usize) {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    let resident = resident.trim().trim_end_matches(" kB").parse().unwrap();
    (resident, fs::read_dir("/proc/self/fd").unwrap().count())
}

/// Asks until the bus passes it on: it turns callers away while more than 127 MiB wait for the
/// daemon.
async fn who_i_am(own: &SelfServiceProxy<'_>) -> String {
    loop {
        match own.status().await {
            Ok(status) => break status.user,
            Err(Error::Bus(_)) => tokio::time::sleep(Duration::from_millis(5)).await,
            Err(error) => panic!("{error}"),
        }
    }
}

/// One login's first step, over a connection of its own.
async fn log_in(socket: &Path) {
    let stream = UnixStream::connect(socket).await.unwrap().into_std().unwrap();
    let connection = Builder::unix_stream(stream).p2p().build().await.unwrap();
    let login = LoginProxy::builder(&connection).build().await.unwrap();
    let context = [("service", Variant::from("sshd")), ("user", Variant::from("alice"))];
    let (_, messages, verdict, _) = login.begin("auth", context.into()).await.unwrap();
    assert_eq!((messages.len(), verdict.as_str()), (1, ""));
}

/// Other tests of this process use memory and descriptors as they like, so what the flood costs is
/// measured in one of its own.
#[test]
fn a_flood_from_one_user_costs_little_and_others_and_logins_are_served_meanwhile() {
    let measured = "bus::tests::flood::a_flood_in_a_process_of_its_own";
    let output = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "--ignored", "--nocapture", measured])
        .output()
        .unwrap();
    let text = [output.stdout, output.stderr].concat();
    let text = String::from_utf8_lossy(&text);
    assert!(output.status.success() && text.contains("1 passed"), "{text}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "the test above runs it in a process of its own"]
async fn a_flood_in_a_process_of_its_own() {
    let bus = Bus::start(Gate::Shipped).await;
    let engine = &bus.accounts.engine;
    enrol(engine, &alice()).await;
    let socket = bus.folder.path().join("login.sock");
    let listener = listener::bind(&socket).unwrap();
    let desk = Arc::new(Desk::new(engine.clone(), Stacks::in_folders(Vec::new())));
    let logins = tokio::spawn(listener::serve(listener, engine.clone(), desk));
    let own = SelfServiceProxy::new(&bus.connect().await).await.unwrap();
    own.status().await.unwrap();

    let over = Arc::new(AtomicBool::new(false));
    let flood = tokio::spawn({
        let (over, input) = (over.clone(), format!("{}\n", bus.address()));
        async move {
            let output = as_nobody("flood::nobody_floods", input).await;
            over.store(true, Ordering::Relaxed);
            output
        }
    });
    let (memory, descriptors) = usage();
    let (mut most_memory, mut most_descriptors, mut rounds) = (memory, descriptors, 0);
    while !over.load(Ordering::Relaxed) || rounds < 2 {
        assert_eq!(tokio::time::timeout(PATIENCE, who_i_am(&own)).await.unwrap(), "root");
        tokio::time::timeout(PATIENCE, log_in(&socket)).await.unwrap();
        let (memory, descriptors) = usage();
        most_memory = most_memory.max(memory);
        most_descriptors = most_descriptors.max(descriptors);
        rounds += 1;
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    logins.abort();
    let output = flood.await.unwrap();
    assert!(output.contains("CALL flooded"), "{output}");
    assert!(most_memory - memory < MEMORY, "{memory} KiB before, {most_memory} KiB at the most");
    assert!(most_descriptors - descriptors < DESCRIPTORS, "{descriptors}, {most_descriptors}");
    assert!(!bus.daemon.is_closed(), "the daemon is still on the bus");
}

#[tokio::test]
async fn who_calls_forty_times_at_once_hears_of_every_call() {
    let bus = Bus::start(Gate::Shipped).await;
    let input = format!("{}\n", bus.address());
    let output = as_nobody("flood::nobody_calls_forty_times_at_once", input).await;
    let ends: Vec<_> = output.lines().filter_map(|line| line.split_once("CALL ")).collect();
    let known = |end: &str| end == "done" || end.starts_with("Too many calls wait");
    assert!(ends.len() == 40 && ends.iter().all(|(_, end)| known(end)), "{output}");
    let done = ends.iter().filter(|(_, end)| *end == "done").count();
    assert!(done >= 16, "{output}");
}
