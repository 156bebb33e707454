//! The README names only what there is.
#![forbid(unsafe_code)]
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "this is all test code")]

use std::fs;
use std::process::Command;

use twinlock_tests::rig::artifacts::{self, workspace};
use twinlock_tests::rig::process::{demand, run};

fn read(path: &str) -> String {
    fs::read_to_string(workspace().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The texts between these two marks.
fn between<'a>(text: &'a str, open: &str, close: &str) -> Vec<&'a str> {
    text.split(open).skip(1).filter_map(|rest| Some(rest.split_once(close)?.0)).collect()
}

#[test]
fn each_command_of_the_table_is_one_of_the_tool() {
    artifacts::build();
    let readme = read("README.md");
    let table = between(&readme, "| `twinlock …` |", "\n\n")[0];
    let cells = table.lines().filter_map(|row| row.split('|').nth(1));
    let commands: Vec<_> = cells.flat_map(|cell| cell.split('`').skip(1).step_by(2)).collect();
    assert!(commands.len() >= 9, "the table of commands is not where this test looks");
    for command in commands {
        // Behind the words of the command stand its arguments, in capitals or brackets.
        let words = command.split(' ').take_while(|word| word.starts_with(char::is_lowercase));
        demand(Command::new(artifacts::command()).args(words).arg("--help"));
    }
}

#[test]
fn the_configuration_shown_is_a_valid_one() {
    artifacts::build();
    let readme = read("README.md");
    let [example] = between(&readme, "```toml\n", "```")[..] else { panic!("one example of TOML") };
    let file = std::env::temp_dir().join(format!("twinlock-readme-{}.toml", std::process::id()));
    fs::write(&file, example).expect("write the example");
    let output = run(Command::new(artifacts::command()).args(["config", "check"]).arg(&file));
    fs::remove_file(&file).expect("remove the example");
    let said = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
}

#[test]
fn each_target_of_make_and_each_link_is_there() {
    let (readme, makefile) = (read("README.md"), read("Makefile"));
    for target in between(&readme, "`make ", "`") {
        let target = target.split(' ').next().unwrap_or_default();
        assert!(makefile.contains(&format!("\n{target}:")), "there is no `make {target}`");
    }
    let links = between(&readme, "](", ")");
    assert!(links.len() >= 5, "the links are not where this test looks");
    for link in links {
        assert!(workspace().join(link).exists(), "{link} is not there");
    }
}
