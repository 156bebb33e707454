//! Every verb of the command, run by root, by the user whom it is about, by another user and by
//! strangers, over a real bus with the shipped policy: who may, does; who may not, changes nothing.

mod stage;
mod table;

use std::collections::BTreeSet;
use std::process::{Command, Output};

use clap::Command as Verbs;
use serde_json::Value;
use twinlock_tests::rig::artifacts;
use twinlock_tests::rig::command::{errors, json, twinlock};
use twinlock_tests::rig::daemon::configure;
use twinlock_tests::rig::host::Host;
use twinlock_tests::rig::process::as_user;
use twinlock_tests::rig::terminal::Terminal;

use stage::{NAMELESS, Stage, run_as};
use table::{EVERYBODY, Own, Row, table};

/// Accounts with nothing to do with bob: alice has a factor, carol has no record, and the last one is a
/// uid that no user has.
const OTHERS: [&str; 3] = ["alice", "carol", NAMELESS];

/// The verbs that do something, from the command line itself.
pub fn leaves(command: &Verbs, path: &str, found: &mut BTreeSet<String>) {
    if !command.is_subcommand_required_set() && !path.is_empty() {
        found.insert(path.to_owned());
    }
    for verb in command.get_subcommands().filter(|verb| verb.get_name() != "help") {
        leaves(verb, format!("{path} {}", verb.get_name()).trim(), found);
    }
}

#[test]
fn the_table_has_every_verb() {
    let mut found = BTreeSet::new();
    leaves(&twinlock_cli::command(), "", &mut found);
    let rows = table();
    let all = rows.iter().map(|row| row.verb).chain(EVERYBODY.iter().map(|(verb, _)| *verb));
    for verb in all {
        assert!(found.remove(verb), "{verb} is no verb, or stands there twice");
    }
    assert_eq!(found, BTreeSet::new(), "verbs that nobody was refused: they go into table.rs");
}

/// Everything that is kept of anybody.
fn store() -> Value {
    json(&["user", "list", "--json"])
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &errors(output)
}

#[track_caller]
fn expect(who: &str, arguments: &[String], output: &Output, code: i32, words: &str) {
    let said = said(output);
    let ended = output.status.code();
    assert_eq!(ended, Some(code), "{who}: twinlock {}: {said}", arguments.join(" "));
    assert!(said.contains(words), "{who}: twinlock {} said {said}", arguments.join(" "));
}

#[test]
fn each_verb_does_what_its_caller_may_and_nothing_else() {
    Host::run_with_daemon(|_, daemon| {
        configure("version = 1\n[email]\nserver = \"sendmail\"\nfrom = \"security@example.org\"\n");
        daemon.reload();
        let mut stage = Stage::set();
        for row in &table() {
            (row.given)(&mut stage);
            nobody_else_may(row, &stage);
            if row.admin.contains(&"bob") {
                no_such_user(row, &stage);
            }
            one_may_oneself(row, &mut stage);
            root_may(row, &stage);
        }
        for (verb, arguments) in EVERYBODY {
            for who in ["root", "alice", "carol", NAMELESS] {
                let output = run_as(who, &stage.typed(who, arguments), "");
                // What is wrong with this machine is no business of this test.
                let is_well = matches!(output.status.code(), Some(0))
                    || *verb == "doctor" && errors(&output).contains("severe");
                assert!(is_well && !output.stdout.is_empty(), "{who}: {verb}: {}", said(&output));
            }
        }
        a_user_enrols();
        a_passphrase_is_not_typed_to_its_end();
    });
}

/// Whose it is not is refused, by name and by what it is about.
fn nobody_else_may(row: &Row, stage: &Stage) {
    if row.admin.is_empty() {
        return;
    }
    let before = store();
    for who in OTHERS {
        let arguments = stage.typed(who, row.admin);
        let output = run_as(who, &arguments, "");
        let (code, words) = if who == NAMELESS { nobody_reads(row) } else { (1, row.refused) };
        expect(who, &arguments, &output, code, words);
        let text = said(&output);
        assert!(!text.contains("\"secret\"") && !text.contains("Key: "), "{who}: {text}");
        assert!(!text.contains("bob@example.org"), "{who}: {text}");
    }
    assert_eq!(store(), before, "{}: refused, and something is changed", row.verb);
}

/// What a uid that is nobody's reads: the bus takes no connection of it.
fn nobody_reads(row: &Row) -> (i32, &'static str) {
    match row.verb {
        pam if pam.starts_with("pam ") => (1, row.refused),
        "import google-authenticator" => (1, "is no user of this host"),
        _ => (3, "The bus let no connection through"),
    }
}

/// A name that the host does not know, and one that it knows no longer.
fn no_such_user(row: &Row, stage: &Stage) {
    let before = store();
    for name in ["mallory", "gone"] {
        if (row.verb, name) == ("user forget", "gone") {
            continue;
        }
        let mut arguments = stage.typed("root", row.admin);
        arguments.iter_mut().filter(|word| *word == "bob").for_each(|word| name.clone_into(word));
        expect("root", &arguments, &run_as("root", &arguments, ""), 1, name);
    }
    assert_eq!(store(), before, "{}: of nobody, and something is changed", row.verb);
}

/// What is one's own: as it says there for alice, less for carol, who has nothing, and nothing at all for
/// a uid that is nobody's.
fn one_may_oneself(row: &Row, stage: &mut Stage) {
    let (arguments, says) = match row.own {
        Own::Nothing => return,
        Own::Freely(arguments, says) | Own::WithCode(arguments, says) => {
            (stage.typed("alice", arguments), says)
        }
    };
    let before = store();
    let nobody = run_as(NAMELESS, &arguments, "000000\n");
    let (code, words) = nobody_reads(row);
    expect(NAMELESS, &arguments, &nobody, code, words);
    assert_eq!(store(), before, "{}: by nobody, and something is changed", row.verb);
    if matches!(row.own, Own::Freely(..)) {
        expect("alice", &arguments, &run_as("alice", &arguments, ""), 0, says);
        expect("carol", &arguments, &run_as("carol", &arguments, ""), 0, "");
        return;
    }
    expect("alice", &arguments, &run_as("alice", &arguments, ""), 1, "");
    expect("alice", &arguments, &run_as("alice", &arguments, "\n"), 1, "No code was given");
    assert_eq!(store(), before, "{}: without a code, and something is changed", row.verb);
    expect("alice", &arguments, &run_as("alice", &arguments, "000000\n"), 1, "is not right");
    let right = format!("{}\n", stage.recovery_code());
    expect("alice", &arguments, &run_as("alice", &arguments, &right), row.own_code(), says);
    assert!(twinlock(&["unlock", "alice"]).status.success());
    // Who has no factor has nothing to change, and no code that would be right.
    expect("carol", &arguments, &run_as("carol", &arguments, "000000\n"), 1, "");
}

fn root_may(row: &Row, stage: &Stage) {
    if row.admin.is_empty() {
        return;
    }
    let arguments = stage.typed("root", row.admin);
    expect("root", &arguments, &run_as("root", &arguments, ""), row.code, row.says);
    assert!((row.does)(), "{}: {}", row.verb, store());
}

/// By command, with a code of what there is and a first code of what there is to be.
fn a_user_enrols() {
    let mut command = as_user("carol", artifacts::command());
    command.args(["enroll", "--qr", "none", "--label", "phone"]);
    let mut terminal = Terminal::start(&command);
    terminal.expect("Key: ").expect("Verification code: ");
    let shown = terminal.transcript();
    let key = shown.rsplit("Key: ").next().and_then(|rest| rest.lines().next()).unwrap();
    let phone = twinlock_tests::rig::authenticator::Authenticator::new(key.trim());
    terminal.type_line(&phone.wrong()).expect("is not right").expect("Verification code: ");
    terminal.type_line(&phone.current()).expect("recovery code");
    assert!(terminal.finish().success(), "{}", terminal.transcript());
    assert_eq!(json(&["factor", "list", "carol", "--json"])[0]["label"], "phone");
}

/// Ctrl-C at a prompt that does not echo.
fn a_passphrase_is_not_typed_to_its_end() {
    let mut command = Command::new(artifacts::command());
    command.args(["backup", "/run/rig/interrupted"]);
    let mut terminal = Terminal::start(&command);
    terminal.expect("Passphrase of the backup: ").type_line("correct ho\u{3}");
    terminal.expect("Interrupted, and nothing was done.");
    assert_eq!(terminal.finish().code(), Some(1), "{}", terminal.transcript());
    assert!(!terminal.transcript().contains("correct"), "{}", terminal.transcript());
    assert!(std::fs::metadata("/run/rig/interrupted").is_err());
}
