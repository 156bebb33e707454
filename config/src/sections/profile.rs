//! `[[profile]]`

use std::{collections::HashMap, time::Duration};

use ipnet::IpNet;
use twinlock_core::{
    policy::{
        EnrolmentMode, FirstFactorKind, Level, Levels, List as Selected, Method, Methods, Profile,
        Remember, SecondFactor,
    },
    time::Timestamp,
};

use crate::{
    faults::{Complaint, Faults},
    kind::{
        Choice, Date, List, Name, Network, Optional, ProfileName, RememberFor, Selection, Span,
        Switch,
    },
    reader::Layers,
    section::{Section, section},
    source::Place,
    visible,
};

section! {
    /// Whom a profile is for, and what it changes.
    pub(crate) struct ProfileKeys {
        /// Its name in the log and in explanations. Required, and no other profile's.
        name: Option<String> = None => Optional(ProfileName);
        /// PAM services. Empty or left out: any.
        services: Selected<String> = Selected::default() => Selection(Name::Service);
        /// Users. Empty or left out: any.
        users: Selected<String> = Selected::default() => Selection(Name::User);
        /// Groups, supplementary ones as well. Empty or left out: any.
        groups: Selected<String> = Selected::default() => Selection(Name::Group);
        /// Where the login comes from. Empty or left out: from anywhere.
        networks: Selected<IpNet> = Selected::default() => Selection(Network);
        /// How the first factor was shown; key is any of publickey, gssapi and hostbased. Empty or
        /// left out: in any way.
        first_factor: Selected<FirstFactorKind> = Selected::default() => Selection(Choice::of(
            "first factor",
            FirstFactorKind::ALL,
            FirstFactorKind::as_str,
        ));
        /// The level that everything below comes from where it is left out. Left out: the level at
        /// the top of the file.
        level: Option<Level> = None =>
            Optional(Choice::of("level", Level::ALL, Level::as_str));
        /// Whether a second factor is asked. Left out: as the level has it.
        mfa: Option<bool> = None => Optional(Switch);
        /// The methods that count, the preferred one first. Left out: those of the level.
        methods: Option<Vec<Method>> = None =>
            Optional(List::not_empty(Choice::of("method", Method::ALL, Method::as_str)));
        /// How long a host is trusted after a code. Left out: as the level has it.
        remember: Option<Remember> = None => Optional(RememberFor);
        /// Until this date a second factor is optional, with a reminder that names the date.
        /// Left out: it is asked at once.
        enforce_from: Option<Timestamp> = None => Optional(Date);
        /// How long users may put enrolment off, from enforce_from, or else from their first login
        /// seen. Left out: not at all.
        grace: Option<Duration> = None => Optional(Span::seconds(1, 3650 * 86_400));
        /// How users come to be enrolled: by themselves when they choose to, at the login that
        /// requires it, with an invitation code, or by an administrator. Left out: as the level
        /// has it.
        enrol: Option<EnrolmentMode> = None =>
            Optional(Choice::of("enrolment mode", EnrolmentMode::ALL, EnrolmentMode::as_str));
    }
}

/// What the keys of a profile are about that has nothing to say where nothing is asked.
const ABOUT_WHAT_IS_ASKED: [&str; 5] = ["methods", "remember", "enforce_from", "grace", "enrol"];

/// Reads every profile, in order.
pub(crate) fn read(
    tables: &[Layers<'_>],
    default_level: Level,
    levels: &Levels,
    faults: &mut Faults<'_>,
) -> Vec<Profile> {
    let mut names = HashMap::new();
    let mut profiles = Vec::with_capacity(tables.len());
    for table in tables {
        let keys = ProfileKeys::read(table, faults);
        check_name(table, keys.name.as_deref(), &mut names, faults);
        check_methods(table, keys.methods.as_deref(), faults);
        check_switch(table, &keys, faults);
        let rules = levels.rules(keys.level.unwrap_or(default_level));
        check_enrolment(table, &keys, rules.second_factor, faults);
        profiles.push(profile(table, keys, faults));
    }
    profiles
}

fn profile(table: &Layers<'_>, keys: ProfileKeys, faults: &Faults<'_>) -> Profile {
    Profile {
        name: keys.name.unwrap_or_default(),
        place: faults.rule_place(table.header()),
        services: keys.services,
        users: keys.users,
        groups: keys.groups,
        networks: keys.networks,
        first_factor: keys.first_factor,
        level: keys.level,
        mfa: keys.mfa,
        methods: keys.methods.map(Methods::from_iter),
        remember: keys.remember,
        enforce_from: keys.enforce_from,
        grace: keys.grace,
        enrolment: keys.enrol,
    }
}

fn check_name(
    table: &Layers<'_>,
    name: Option<&str>,
    names: &mut HashMap<String, Place>,
    faults: &mut Faults<'_>,
) {
    let Some(name) = name else {
        if !table.has("name") {
            let complaint = Complaint::new("the profile has no name");
            faults.missing(table.header(), complaint.hint("add `name = \"…\"` below this line"));
        }
        return;
    };
    let place = table.place("name");
    if let Some(first) = names.insert(name.to_owned(), place) {
        names.insert(name.to_owned(), first);
        let message = format!("another profile has the name {}", visible::quote(name));
        let first = faults.rule_place(first);
        let hint = format!("the other one is at {}:{}", visible::escape(&first.file), first.line);
        faults.error(place, Complaint::new(message).hint(hint));
    }
}

/// Recovery codes come along with another method; alone nobody could ever enrol.
pub(crate) fn check_methods(
    table: &Layers<'_>,
    methods: Option<&[Method]>,
    faults: &mut Faults<'_>,
) {
    let is_enrollable = |method: &Method| method.can_be_enrolled();
    if methods.is_some_and(|methods| !methods.iter().any(is_enrollable)) {
        let complaint = Complaint::new("recovery codes alone: nobody could enrol");
        faults.error(table.place("methods"), complaint.hint("add \"totp\""));
    }
}

/// `mfa = false` asks for nothing: what else the profile says about what is asked contradicts it.
fn check_switch(table: &Layers<'_>, keys: &ProfileKeys, faults: &mut Faults<'_>) {
    if keys.mfa != Some(false) {
        return;
    }
    for key in ABOUT_WHAT_IS_ASKED.into_iter().filter(|key| table.has(key)) {
        let message =
            format!("`mfa = false` asks for nothing, and \"{key}\" is about what is asked");
        faults.error(table.place(key), Complaint::new(message).hint("take one of the two out"));
    }
    if keys.level == Some(Level::VeryHigh) {
        let message = "`mfa = false` asks for nothing, and level very-high asks at every login";
        let complaint = Complaint::new(message).hint("take one of the two out");
        faults.error(table.place("mfa"), complaint);
    }
}

/// Warns of an enrolment at the login that requires it where no login does. No error: the level may
/// be redefined in another file, by somebody else.
fn check_enrolment(
    table: &Layers<'_>,
    keys: &ProfileKeys,
    of_level: SecondFactor,
    faults: &mut Faults<'_>,
) {
    let is_required = of_level.is_required() || keys.mfa.is_some();
    if keys.enrol == Some(EnrolmentMode::AtLogin) && !is_required {
        let complaint = Complaint::new("\"enrol\" has no effect: no login requires to enrol");
        let hint = "add `mfa = true`, or choose level high";
        faults.warning(table.place("enrol"), complaint.hint(hint));
    }
}
