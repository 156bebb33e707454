//! From texts to a configuration; no file is touched here.

use std::{collections::BTreeMap, path::PathBuf};

use toml::de::DeTable;
use twinlock_core::policy::Policy;

use crate::{
    Config, Diagnostic, Diagnostics, Severity,
    cautions::{self, Caution},
    faults::Faults,
    kind::Version,
    reader::Layers,
    schema::{Shape, schema},
    section::{self, Section as _},
    sections::{
        audit::Audit,
        bus::Bus,
        email,
        general::{self, General},
        level, lockout,
        login::Login,
        network,
        one_time_code::OneTimeCode,
        profile,
        remember::Remember,
        reset::Reset,
        sms,
        store::Store,
        totp::Totp,
    },
    source::Source,
    syntax,
    templates::Overrides,
    warnings,
};

/// A configuration that can be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Loaded {
    /// What it says.
    pub config: Config,
    /// What is doubtful about it, by file and line.
    pub warnings: Vec<Diagnostic>,
    /// The files that it was read from and the directories that were listed for it, each with what it
    /// is when the daemon cannot read it; none where it was read from a text.
    pub read: Vec<(PathBuf, Severity)>,
    /// The templates beside it that override shipped ones; none where it was read from a text.
    pub templates: Overrides,
    /// What it allows on purpose, and what that costs.
    pub cautions: Vec<(Caution, Diagnostic)>,
    /// Where keys of `[sections]` stand, by section and key; those at their default stand nowhere.
    pub places: Places,
}

/// Files and lines, by section and key.
pub type Places = BTreeMap<(&'static str, &'static str), twinlock_core::policy::Place>;

/// Reads a configuration from texts with their names, the main file first.
///
/// # Errors
///
/// Everything that is wrong with them, and the warnings on the way.
pub fn parse(texts: &[(&str, &str)]) -> Result<Loaded, Diagnostics> {
    let sources: Vec<_> = texts.iter().map(|(name, text)| Source::new(name, text)).collect();
    let mut faults = Faults::new(&sources);
    let readable: Vec<_> = sources
        .iter()
        .enumerate()
        .map(|(index, source)| syntax::readable(index, source, &mut faults))
        .collect();
    let tables: Vec<_> = readable.iter().map(|text| DeTable::parse_recoverable(text).0).collect();
    let top = Layers::of_files(&tables);

    let config = read(&top, &mut faults);
    if let Some(config) = &config
        && !faults.any_error()
    {
        warnings::note(&config.policy, &top, &mut faults);
    }
    let failed = faults.any_error();
    let diagnostics = faults.into_diagnostics();
    match config {
        Some(config) if !failed => {
            let cautions = cautions::all(&config, &top, &sources);
            let places = places(&top, &sources);
            let (warnings, templates) = (diagnostics.into_list(), Overrides::new());
            Ok(Loaded { config, warnings, read: Vec::new(), templates, cautions, places })
        }
        _ => Err(diagnostics),
    }
}

fn places(top: &Layers<'_>, sources: &[Source]) -> Places {
    // What is wrong with a section was told when it was read.
    let mut quiet = Faults::new(sources);
    let mut places = Places::new();
    for section in schema().iter().filter(|section| section.shape == Shape::Table) {
        let table = top.table(section.name, &mut quiet);
        for key in section.keys.iter().filter(|key| table.has(key.name)) {
            let place = quiet.rule_place(table.place(key.name));
            places.insert((section.name, key.name), place);
        }
    }
    places
}

/// Reads every section. Nothing but the version is looked at in a file of another version, whose
/// keys may be others.
fn read(top: &Layers<'_>, faults: &mut Faults<'_>) -> Option<Config> {
    if top.items("version").any(|item| Version::is_foreign(item.value)) {
        section::last(top, "version", &Version, faults);
        return None;
    }
    general::require_version(top, faults);
    let mut known = General::NAMES.to_vec();
    known.extend(schema().iter().map(|section| section.name).filter(|name| !name.is_empty()));
    top.refuse_all_but(&known, faults);

    let totp = Totp::read(&top.table("totp", faults), faults);
    let one_time_code = OneTimeCode::read(&top.table("one_time_code", faults), faults);
    let remember = Remember::read(&top.table("remember", faults), faults);
    let lockout = lockout::read(&top.table("lockout", faults), faults);
    let reset = Reset::read(&top.table("reset", faults), faults);
    let email = email::read(&top.table("email", faults), faults);
    let sms = sms::read(&top.table("sms", faults), faults);
    let store = Store::read(&top.table("store", faults), faults);
    let login = Login::read(&top.table("login", faults), faults);
    let bus = Bus::read(&top.table("bus", faults), faults);
    let audit = Audit::read(&top.table("audit", faults), faults);
    Some(Config {
        policy: read_policy(top, faults),
        totp,
        one_time_code,
        remember,
        lockout,
        reset,
        email,
        sms,
        store,
        login,
        bus,
        audit,
    })
}

fn read_policy(top: &Layers<'_>, faults: &mut Faults<'_>) -> Policy {
    let General { version: _, level, mode, account_services } = General::read_keys(top, faults);
    let network = network::read(&top.table("network", faults), faults);
    let levels = level::read(&top.table("levels", faults), faults);
    let profiles = profile::read(&top.tables("profile", faults), level, &levels, faults);
    let level_place = top.has("level").then(|| faults.rule_place(top.place("level")));
    Policy { mode, level, level_place, account_services, network, profiles, levels }
}
