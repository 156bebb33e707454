//! The manual pages: hand-written prose, with what the sources know put in.
//!
//! ```text
//! packaging/man/prose/PAGE.in ──┐
//!   clap, schema, actions, the  ├─► pages() ─► packaging/man/PAGE, which is committed
//!   module's arguments ─► @…@ ──┘
//! ```

use std::fs;
use std::path::PathBuf;

use clap::Command;
use clap_mangen::Man;
use clap_mangen::roff::{Roff, bold, italic, roman};
use twinlock_bus_api::module_arguments::ARGUMENTS;
use twinlock_config::{Key, Section, Shape, schema};
use twinlock_tests::rig::artifacts::workspace;

/// The pages, by their file names.
pub const NAMES: [&str; 4] = ["twinlock.8", "twinlockd.8", "twinlock.toml.5", "pam_twinlock.8"];

/// What makes them again.
pub const REMEDY: &str = "cargo run -p twinlock-tests --example man-pages";

/// Where they are.
pub fn folder() -> PathBuf {
    workspace().join("packaging/man")
}

/// Each page as the sources have it now.
pub fn pages() -> Vec<(&'static str, String)> {
    NAMES.into_iter().map(|name| (name, page(name))).collect()
}

fn page(name: &str) -> String {
    let prose = folder().join("prose").join(format!("{name}.in"));
    let prose =
        fs::read_to_string(&prose).unwrap_or_else(|error| panic!("{}: {error}", prose.display()));
    let mut page = format!(".\\\" Made from prose/{name}.in and the sources: {REMEDY}\n");
    for line in prose.lines() {
        match line {
            "@options@" => page += &options(&daemon_or_command(name)),
            "@commands@" => page += &commands(&twinlock_cli::command(), "twinlock"),
            "@actions@" => page += &actions(),
            "@keys@" => page += &schema().iter().map(section).collect::<String>(),
            "@arguments@" => page += &arguments(),
            text => {
                page += &text.replace("@version@", env!("CARGO_PKG_VERSION"));
                page.push('\n');
            }
        }
    }
    page.chars().map(ascii).collect()
}

/// The actions of polkit that are installed, one a tagged paragraph.
fn actions() -> String {
    let policy = workspace().join("packaging/polkit/org.twinlock1.policy");
    let policy = fs::read_to_string(policy).expect("the policy file of polkit");
    let between = |text: &'static str, end: &'static str| {
        move |part: &str| Some(part.split_once(text)?.1.split_once(end)?.0.to_owned())
    };
    let (id, description) = (between("id=\"", "\""), between("<description>", "</"));
    let paragraph = |action: &str| {
        let (id, description) = (id(action)?, description(action)?);
        Some(format!(".TP\n.B {id}\n{description}.\n"))
    };
    let actions = policy.split("<action ").skip(1);
    actions.map(|action| paragraph(action).expect("an action with a description")).collect()
}

/// A character by its number where it is not ASCII, for a formatter in any locale.
fn ascii(character: char) -> String {
    match character {
        ascii if ascii.is_ascii() => ascii.to_string(),
        other => format!("\\[u{:04X}]", u32::from(other)),
    }
}

fn daemon_or_command(name: &str) -> Command {
    match name {
        "twinlockd.8" => twinlock_service::arguments::command(),
        _ => twinlock_cli::command(),
    }
}

/// The options of one command itself, as clap_mangen sets them.
fn options(command: &Command) -> String {
    let mut text = Vec::new();
    let plain = command.clone().disable_help_flag(true).disable_version_flag(true);
    let plain = plain.disable_help_subcommand(true);
    Man::new(plain).render_options_section(&mut text).expect("a page in memory");
    let text = String::from_utf8(text).expect("a page is UTF-8");
    // mandoc(1) complains of breaks around an empty line, which breaks by itself.
    let text = text.replace(".br\n\n.br\n", ".sp\n");
    text.lines().filter(|line| !line.starts_with(".SH")).map(|line| format!("{line}\n")).collect()
}

/// Every command that does something, one a subsection.
fn commands(command: &Command, path: &str) -> String {
    let mut text = String::new();
    for verb in command.get_subcommands().filter(|verb| !verb.is_hide_set()) {
        let path = format!("{path} {}", verb.get_name());
        if verb.has_subcommands() {
            text += &commands(verb, &path);
        } else {
            text += &subsection(verb, &path);
        }
    }
    text
}

fn subsection(verb: &Command, path: &str) -> String {
    let mut verb = verb.clone().bin_name(path).disable_help_flag(true);
    let usage = verb.render_usage().to_string();
    let usage = usage.trim_start_matches("Usage:").trim();
    let mut roff = Roff::new();
    roff.control("SS", [path]);
    roff.text([bold(usage)]);
    let about = verb.get_long_about().or(verb.get_about()).map(ToString::to_string);
    paragraphs(&mut roff, &about.unwrap_or_default());
    let mut text = roff.to_roff();
    text += &options(&verb);
    let mut roff = Roff::new();
    let after = verb.get_after_long_help().or(verb.get_after_help()).map(ToString::to_string);
    paragraphs(&mut roff, &after.unwrap_or_default());
    text + &roff.to_roff()
}

fn paragraphs(roff: &mut Roff, text: &str) {
    for paragraph in text.split("\n\n").map(str::trim).filter(|paragraph| !paragraph.is_empty()) {
        roff.control("PP", []);
        roff.text([roman(ended(&paragraph.replace('\n', " ")))]);
    }
}

/// A sentence with its full stop.
fn ended(text: &str) -> String {
    if text.ends_with(['.', '?', '!', ':']) { text.to_owned() } else { format!("{text}.") }
}

fn section(section: &Section) -> String {
    let header = match section.shape {
        Shape::Top => "Before the first header".to_owned(),
        Shape::Table => format!("[{}]", section.name),
        Shape::List => format!("[[{}]]", section.name),
        Shape::Named => format!("[{}.WORD]", section.name),
    };
    let mut roff = Roff::new();
    roff.control("SS", [header.as_str()]);
    roff.text([roman(section.doc)]);
    section.keys.iter().for_each(|key| entry(&mut roff, key));
    roff.to_roff()
}

fn entry(roff: &mut Roff, key: &Key) {
    roff.control("TP", []);
    match &key.default {
        Some(default) => roff.text([bold(key.name), roman(" = "), roman(default.as_str())]),
        None => roff.text([bold(key.name)]),
    };
    roff.text([italic(key.values.as_str()), roman(". "), roman(ended(&key.doc))]);
}

fn arguments() -> String {
    let mut roff = Roff::new();
    for argument in ARGUMENTS {
        roff.control("TP", []);
        match argument.value {
            Some(value) => roff.text([bold(argument.name), roman("="), italic(value)]),
            None => roff.text([bold(argument.name)]),
        };
        roff.text([roman(argument.meaning)]);
    }
    roff.to_roff()
}
