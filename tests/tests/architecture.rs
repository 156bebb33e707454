//! The house as DESIGN draws it: who imports whom, where unsafe code is, under which licences.
#![forbid(unsafe_code)]
#![allow(clippy::expect_used, clippy::panic, reason = "this is all test code")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use twinlock_tests::rig::artifacts::workspace;

/// The arrows between the crates of the workspace; what is not drawn is forbidden.
const ARROWS: [(&str, &[&str]); 9] = [
    ("twinlock-qr", &[]),
    ("twinlock-core", &["twinlock-qr"]),
    ("twinlock-bus-api", &[]),
    ("twinlock-config", &["twinlock-core"]),
    ("twinlock-pam-stack", &[]),
    (
        "twinlock-service",
        &["twinlock-core", "twinlock-bus-api", "twinlock-config", "twinlock-pam-stack"],
    ),
    ("twinlock-cli", &["twinlock-bus-api", "twinlock-config", "twinlock-pam-stack", "twinlock-qr"]),
    ("pam_twinlock", &["twinlock-bus-api"]),
    ("twinlock-tests", &["twinlock-bus-api"]),
];

/// What the pure core and the module never have, not even through others.
const NEVER: [(&str, &[&str]); 3] = [
    ("twinlock-core", &["zbus", "sled", "tokio", "rand", "getrandom", "nix", "libc"]),
    ("twinlock-config", &["zbus", "sled", "tokio"]),
    ("pam_twinlock", &["sled", "twinlock-core", "twinlock-config", "totp-rs", "toml"]),
];

/// The one file with unsafe code, and the tests beside it, which play libpam.
const UNSAFE: [&str; 2] =
    ["pam-module/src/conversation.rs", "pam-module/src/conversation/tests.rs"];

fn metadata() -> Value {
    let host = run(Command::new("rustc").arg("-vV"));
    let host = host.lines().find_map(|line| line.strip_prefix("host: ")).expect("a host triple");
    // What is built for other systems is not shipped.
    let mut cargo = Command::new(env!("CARGO"));
    cargo.current_dir(workspace()).args(["metadata", "--format-version=1", "--locked"]);
    let text = run(cargo.args(["--filter-platform", host]));
    serde_json::from_str(&text).expect("cargo metadata prints JSON")
}

fn run(command: &mut Command) -> String {
    let output = command.output().expect("the toolchain runs");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {errors}");
    String::from_utf8(output.stdout).expect("UTF-8")
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// What each package of the workspace depends on outside of its tests, by name.
fn normal_dependencies(metadata: &Value) -> BTreeMap<String, BTreeSet<String>> {
    let members: BTreeSet<_> = list(&metadata["workspace_members"]).iter().map(text).collect();
    list(&metadata["packages"])
        .iter()
        .filter(|package| members.contains(text(&package["id"])))
        .map(|package| {
            let names = list(&package["dependencies"])
                .iter()
                .filter(|dependency| text(&dependency["kind"]) != "dev")
                .map(|dependency| text(&dependency["name"]).to_owned());
            (text(&package["name"]).to_owned(), names.collect())
        })
        .collect()
}

#[test]
fn crates_import_along_the_drawn_arrows_only() {
    let dependencies = normal_dependencies(&metadata());
    let drawn: BTreeMap<_, _> = ARROWS.into_iter().collect();
    assert_eq!(
        dependencies.keys().map(String::as_str).collect::<Vec<_>>(),
        drawn.keys().copied().collect::<Vec<_>>(),
        "a new crate needs its arrows here"
    );
    for (name, imported) in &dependencies {
        for other in imported.iter().filter(|other| drawn.contains_key(other.as_str())) {
            assert!(drawn[name.as_str()].contains(&other.as_str()), "{name} imports {other}");
        }
    }
}

/// The names of everything that a package is built from, its tests and build scripts aside.
/// `cargo metadata` would mix in what other packages of the workspace ask of shared ones.
fn built_from(name: &str) -> BTreeSet<String> {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.current_dir(workspace()).args(["tree", "--locked", "--package", name]);
    let tree = run(cargo.args(["--edges", "normal", "--prefix", "none", "--no-dedupe"]));
    tree.lines().filter_map(|line| line.split(' ').next()).map(str::to_owned).collect()
}

#[test]
fn what_must_stay_pure_stays_pure() {
    for (name, forbidden) in NEVER {
        let built_from = built_from(name);
        assert!(built_from.contains(name));
        for other in forbidden {
            assert!(!built_from.contains(*other), "{name} is built from {other}");
        }
    }
}

/// The Rust files of the workspace, by their path from its root.
fn sources() -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut open: Vec<PathBuf> =
        ["pam-module", "daemon", "config", "tests"].map(|part| workspace().join(part)).to_vec();
    while let Some(directory) = open.pop() {
        for entry in fs::read_dir(directory).expect("a directory of the workspace") {
            let path = entry.expect("an entry").path();
            if path.is_dir() && path.file_name() != Some("target".as_ref()) {
                open.push(path);
            } else if path.extension() == Some("rs".as_ref()) {
                let name = path.strip_prefix(workspace()).expect("below the root");
                let text = fs::read_to_string(&path).expect("a source file");
                found.push((name.display().to_string(), text));
            }
        }
    }
    assert!(found.len() > 30, "the sources are found");
    found
}

#[test]
fn one_file_has_unsafe_code_and_every_crate_forbids_it_elsewhere() {
    for (path, source) in sources() {
        let code = source.lines().map(|line| line.split("//").next().unwrap_or_default());
        let has_unsafe = code.into_iter().any(|line| {
            line.split(|c: char| !c.is_alphanumeric() && c != '_').any(|word| word == "unsafe")
        });
        // This file names the word to look for it.
        let is_this = path.ends_with("tests/architecture.rs");
        assert!(
            !has_unsafe || is_this || UNSAFE.contains(&path.as_str()),
            "{path} has unsafe code"
        );
        let name = Path::new(&path);
        let is_root =
            ["lib.rs", "main.rs"].iter().any(|root| name.ends_with(format!("src/{root}")))
                || name.parent().is_some_and(|parent| parent.ends_with("src/bin"));
        let in_module = path.starts_with("pam-module/");
        let demanded = if in_module { "deny(unsafe_code)" } else { "forbid(unsafe_code)" };
        let closed = source.contains(demanded) || source.contains("forbid(unsafe_code)");
        assert!(!is_root || closed, "{path} lacks #![{demanded}]");
    }
}

#[test]
fn the_core_reads_no_file_no_clock_and_no_environment() {
    let forbidden = [
        "std::fs",
        "std::env",
        "std::process",
        "SystemTime",
        "Instant::now",
        "TcpStream",
        "UdpSocket",
        "UnixStream",
        "ToSocketAddrs",
    ];
    for (path, source) in sources() {
        if path.starts_with("daemon/core/src/") {
            for word in forbidden {
                assert!(!source.contains(word), "{path} has {word}");
            }
        }
    }
}

#[test]
fn no_file_is_longer_than_four_hundred_lines() {
    for (path, source) in sources() {
        let lines = source.lines().count();
        assert!(lines <= 400, "{path} has {lines} lines: two ideas live there");
    }
}

#[test]
fn every_crate_in_use_has_a_licence_on_the_allow_list() {
    let rules = fs::read_to_string(workspace().join("deny.toml")).expect("deny.toml");
    let rules: toml::Table = rules.parse().expect("deny.toml is TOML");
    let licences = |table: &toml::Value| -> BTreeSet<String> {
        let allow = table["allow"].as_array().expect("a list of licences");
        allow.iter().map(|licence| licence.as_str().expect("a name").to_owned()).collect()
    };
    let allowed = licences(&rules["licenses"]);
    let exceptions: BTreeMap<_, _> = rules["licenses"]["exceptions"]
        .as_array()
        .expect("licenses.exceptions in deny.toml")
        .iter()
        .map(|rule| (rule["crate"].as_str().expect("a crate"), licences(rule)))
        .collect();
    let metadata = metadata();
    let members: BTreeSet<_> = list(&metadata["workspace_members"]).iter().map(text).collect();
    for package in list(&metadata["packages"]) {
        let (name, licence) = (text(&package["name"]), text(&package["license"]));
        if members.contains(text(&package["id"])) {
            assert_eq!(licence, "GPL-3.0-or-later", "{name}");
            continue;
        }
        if exceptions.get(name).is_some_and(|allowed| allowed.contains(licence)) {
            continue;
        }
        let expression = spdx::Expression::parse_mode(licence, spdx::ParseMode::LAX)
            .unwrap_or_else(|error| panic!("{name}: licence {licence:?}: {error}"));
        let fits = expression.evaluate(|term| allowed.contains(&term.to_string()));
        assert!(fits, "{name}: {licence} is not on the list of deny.toml");
    }
}
