//! The manual pages say what the programs do, and are sound.
#![forbid(unsafe_code)]
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "this is all test code")]

mod pages;

use std::fs;
use std::process::Command;

use pages::{NAMES, REMEDY, folder, pages};

#[test]
fn the_pages_that_are_committed_are_those_that_the_sources_make() {
    for (name, made) in pages() {
        let committed = fs::read_to_string(folder().join(name)).unwrap_or_default();
        assert!(made == committed, "packaging/man/{name} is not what the sources make: {REMEDY}");
    }
}

#[test]
fn every_verb_key_and_argument_is_in_its_page() {
    let page = |name: &str| fs::read_to_string(folder().join(name)).unwrap().replace('\\', "");
    let command = page("twinlock.8");
    for verb in twinlock_cli::command().get_subcommands().filter(|verb| !verb.is_hide_set()) {
        assert!(command.contains(&format!("twinlock {}", verb.get_name())), "{}", verb.get_name());
    }
    for option in ["no-confirm", "config", "first-factor", "since"] {
        assert!(command.contains(option), "{option}");
    }
    let keys = page("twinlock.toml.5");
    for section in twinlock_config::schema() {
        assert!(keys.contains(section.name));
        for key in section.keys {
            assert!(keys.contains(&format!("fB{}fR", key.name)), "{} {}", section.name, key.name);
        }
    }
    assert!(page("twinlockd.8").contains("make-key"));
    let module = page("pam_twinlock.8");
    for argument in twinlock_bus_api::module_arguments::ARGUMENTS {
        assert!(module.contains(argument.name), "{argument:?}");
    }
}

#[test]
fn every_page_has_the_sections_that_a_reader_looks_for() {
    for name in NAMES {
        let page = fs::read_to_string(folder().join(name)).unwrap();
        let has = |section: &str| page.contains(&format!("\n.SH {section}\n"));
        for section in ["NAME", "DESCRIPTION", "FILES", "EXAMPLES", "SECURITY", "\"SEE ALSO\""] {
            assert!(has(section), "{name} has no {section}");
        }
        assert!(
            name.ends_with(".5") || name.starts_with("pam_") || has("\"EXIT STATUS\""),
            "{name}"
        );
        let is_mark = |line: &str| line.starts_with('@') && line.ends_with('@');
        assert!(!page.lines().any(is_mark), "{name} has a mark that nothing was put in for");
    }
}

/// What a formatter has to say about a page: nothing.
fn complaints(program: &str, arguments: &[&str], name: &str) -> String {
    let mut command = Command::new(program);
    let output = command.args(arguments).arg(folder().join(name)).env("LC_ALL", "C.UTF-8").output();
    let output =
        output.unwrap_or_else(|error| panic!("{program}: {error}; scripts/install-deps test"));
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said).into_owned();
    if output.status.success() { said } else { format!("{said}{}", output.status) }
}

#[test]
fn no_formatter_has_a_complaint_about_a_page() {
    for name in NAMES {
        assert_eq!(complaints("groff", &["-man", "-Tutf8", "-ww", "-z"], name), "", "{name}");
        assert_eq!(complaints("mandoc", &["-Tlint", "-Wwarning"], name), "", "{name}");
    }
}
