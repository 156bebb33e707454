//! What a configuration may well say, and what it costs: for whoever examines a host, not for
//! whoever writes a file.

use std::time::Duration;

use twinlock_core::{
    policy::{Level, Method, Policy, Profile, SecondFactor},
    trusted_host::Bind,
};

use crate::{
    Config, Diagnostic,
    faults::{Complaint, Faults},
    reader::Layers,
    source::{Place, Source},
    visible,
};

/// After this a session is asked for both factors again at the assurance level that a second factor
/// is for (NIST SP 800-63B, section 4.2.3).
const LONGEST_TRUST: Duration = Duration::from_secs(12 * 60 * 60);

/// What a caution is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Caution {
    /// A code by e-mail counts as a second factor.
    EmailFactor,
    /// A host is trusted by its address alone.
    AddressTrust,
    /// A host is trusted for longer than half a day where a second factor is required.
    LongTrust,
}

/// Every caution, with its place.
pub(crate) fn all(
    config: &Config,
    top: &Layers<'_>,
    sources: &[Source],
) -> Vec<(Caution, Diagnostic)> {
    let mut found = Vec::new();
    // One at a time, so that each keeps its kind. The tables were complained about before.
    let mut quiet = Faults::new(sources);
    let mut add = |caution, place: Place, message: String, hint: &str| {
        let mut faults = Faults::new(sources);
        faults.warning(place, Complaint::new(visible::escape(&message)).hint(hint));
        found.extend(faults.into_diagnostics().into_list().into_iter().map(|it| (caution, it)));
    };
    let policy = &config.policy;
    let tables = top.tables("profile", &mut quiet);
    for (level, place) in levels_in_use(policy, top, &tables, &mut quiet) {
        let rules = policy.levels.rules(level);
        if rules.second_factor == SecondFactor::Off {
            continue;
        }
        if config.email.is_some() && rules.methods.contains(Method::Email) {
            let message = format!("the level {level} takes a code by e-mail as the second factor");
            add(Caution::EmailFactor, place, message, "methods = [\"totp\", \"recovery\"]");
        }
        if rules.second_factor.is_required() && is_long(rules.remember.duration()) {
            let message = format!("the level {level} trusts a host for {}", rules.remember);
            add(Caution::LongTrust, place, message, "remember = \"12 hours\"");
        }
    }
    for (profile, table) in policy.profiles.iter().zip(&tables) {
        let name = &profile.name;
        let asks = !profile.is_off();
        let by_mail = profile.methods.is_some_and(|methods| methods.contains(Method::Email));
        if config.email.is_some() && asks && by_mail {
            let message =
                format!("the profile \"{name}\" takes a code by e-mail as the second factor");
            let place = table.first_place(&["methods"]);
            add(Caution::EmailFactor, place, message, "methods = [\"totp\", \"recovery\"]");
        }
        if let Some(remember) = profile.remember
            && is_long(remember.duration())
            && requires(policy, profile)
        {
            let message = format!("the profile \"{name}\" trusts a host for {remember}");
            let place = table.first_place(&["remember"]);
            add(Caution::LongTrust, place, message, "remember = \"12 hours\"");
        }
    }
    if config.remember.bind == Bind::Address {
        let message = "hosts are trusted by their address alone".to_owned();
        let place = top.table("remember", &mut quiet).place("bind");
        add(Caution::AddressTrust, place, message, "bind = \"auto\"");
    }
    found
}

fn is_long(trust: Option<Duration>) -> bool {
    trust.is_some_and(|trust| trust > LONGEST_TRUST)
}

fn requires(policy: &Policy, profile: &Profile) -> bool {
    let level = policy.levels.rules(profile.level.unwrap_or(policy.level)).second_factor;
    match profile.mfa {
        Some(asked) => asked,
        None => level.is_required(),
    }
}

/// The levels that logins meet, each where it is redefined, or else named.
fn levels_in_use(
    policy: &Policy,
    top: &Layers<'_>,
    tables: &[Layers<'_>],
    faults: &mut Faults<'_>,
) -> Vec<(Level, Place)> {
    let named = if top.has("level") { top.place("level") } else { top.beginning() };
    let mut levels = vec![(policy.level, named)];
    for (profile, table) in policy.profiles.iter().zip(tables) {
        if let Some(level) = profile.level
            && levels.iter().all(|(known, _)| *known != level)
        {
            levels.push((level, table.first_place(&["level"])));
        }
    }
    for (level, place) in &mut levels {
        let redefined = policy.levels.rules(*level).place.as_ref();
        if let Some(line) = redefined.and_then(|rule| faults.line_of_rule(rule)) {
            *place = line;
        }
    }
    levels
}
