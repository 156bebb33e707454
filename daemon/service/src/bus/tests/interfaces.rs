//! The interface XML that is installed, held against what the daemon says of itself.

use std::{collections::BTreeMap, fs};

use twinlock_bus_api::names::{ADMIN_INTERFACE, LOGIN_INTERFACE, OBJECT_PATH, SELF_INTERFACE};
use zbus::{Connection, Guid, fdo::IntrospectableProxy};

use super::*;
use crate::login::{desk::Desk, interface::LoginInterface, stack::Stacks};

/// Name, type and direction of each argument, by method.
pub(super) type Methods = BTreeMap<String, Vec<(String, String, String)>>;

/// The methods of one interface of an XML text, comments and signals left out.
pub(super) fn methods(xml: &str, interface: &str) -> Methods {
    let mut text = String::new();
    for (n, part) in xml.split("<!--").enumerate() {
        text.push_str(if n == 0 { part } else { part.split_once("-->").unwrap().1 });
    }
    let start = format!("<interface name=\"{interface}\"");
    let (_, text) = text.split_once(&start).unwrap_or_else(|| panic!("no {interface}: {text}"));
    let (text, _) = text.split_once("</interface>").unwrap();
    assert!(!text.contains("<property") && !text.contains("<signal"), "{interface}: {text}");
    let mut methods = Methods::new();
    for method in text.split("<method ").skip(1) {
        let (head, body) = method.split_once('>').unwrap();
        let is_empty = head.ends_with('/');
        let body = body.split_once("</method>").map_or("", |(body, _)| body);
        let body = if is_empty { "" } else { body };
        let arguments = body.split("<arg ").skip(1).map(|argument| {
            let (argument, _) = argument.split_once('>').unwrap();
            let direction = attribute(argument, "direction").unwrap_or("in");
            let field = |name| attribute(argument, name).unwrap_or_default().to_owned();
            (field("name"), field("type"), direction.to_owned())
        });
        let name = attribute(head, "name").unwrap().to_owned();
        assert!(methods.insert(name, arguments.collect()).is_none());
    }
    methods
}

fn attribute<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = text.split_once(&format!("{name}=\""))?;
    rest.split('"').next()
}

pub(super) fn installed(interface: &str) -> Methods {
    let path = format!("{PACKAGING}/interfaces/{interface}.xml");
    let methods = methods(&fs::read_to_string(path).unwrap(), interface);
    assert!(!methods.is_empty());
    methods
}

async fn introspected(connection: &Connection, destination: &str) -> String {
    let proxy = IntrospectableProxy::builder(connection)
        .destination(destination.to_owned())
        .path(OBJECT_PATH)
        .build()
        .await
        .unwrap();
    proxy.introspect().await.unwrap()
}

#[tokio::test]
async fn the_installed_xml_of_the_bus_interfaces_is_what_the_daemon_serves() {
    let bus = Bus::start(Gate::Shipped).await;
    let xml = introspected(&bus.connect().await, "org.twinlock1").await;
    for interface in [SELF_INTERFACE, ADMIN_INTERFACE] {
        assert_eq!(installed(interface), methods(&xml, interface));
    }
    assert!(!xml.contains(LOGIN_INTERFACE), "the login interface is on no bus");
}

#[tokio::test]
async fn the_installed_xml_of_the_login_interface_is_what_the_daemon_serves() {
    let setup = Setup::new();
    let desk = Desk::new(setup.engine().await, Stacks::in_folders(Vec::new()));
    let (ours, theirs) = std::os::unix::net::UnixStream::pair().unwrap();
    let server = Builder::unix_stream(theirs)
        .server(Guid::generate())
        .p2p()
        .serve_at(OBJECT_PATH, LoginInterface::new(Arc::new(desk), 1, Default::default()))
        .build();
    let (server, client) = tokio::join!(server, Builder::unix_stream(ours).p2p().build());
    let _server = server.unwrap();
    let xml = introspected(&client.unwrap(), "org.twinlock1").await;
    assert_eq!(installed(LOGIN_INTERFACE), methods(&xml, LOGIN_INTERFACE));
    assert!(!xml.contains(ADMIN_INTERFACE) && !xml.contains(SELF_INTERFACE));
}
