//! `[levels.low]`, `[levels.medium]`, `[levels.high]`, `[levels.very-high]`

use twinlock_core::policy::{
    EnrolmentMode, Level, LevelRules, Levels, Method, Methods, Remember, SecondFactor,
};

use crate::{
    faults::{Complaint, Faults},
    kind::{Choice, List, Optional, RememberFor},
    reader::Layers,
    section::{Section, section},
    sections::profile,
};

section! {
    /// What a level demands.
    pub(crate) struct LevelKeys {
        /// Of whom a second factor is asked. off: of nobody. voluntary: of who enrolled by choice.
        /// enrolled: of who is enrolled, others are reminded. required: of everybody. always: of
        /// everybody, from exempt networks too. Left out: as the level has it.
        mfa: Option<SecondFactor> = None =>
            Optional(Choice::of("word for mfa", SecondFactor::ALL, SecondFactor::as_str));
        /// The methods that count, the preferred one first. Left out: as the level has it.
        methods: Option<Vec<Method>> = None =>
            Optional(List::not_empty(Choice::of("method", Method::ALL, Method::as_str)));
        /// How long a host is trusted after a code. Left out: as the level has it.
        remember: Option<Remember> = None => Optional(RememberFor);
        /// How users come to be enrolled: by themselves when they choose to, at the login that
        /// requires it, with an invitation code, or by an administrator. Left out: as the level
        /// has it.
        enrol: Option<EnrolmentMode> = None =>
            Optional(Choice::of("enrolment mode", EnrolmentMode::ALL, EnrolmentMode::as_str));
    }
}

pub(crate) fn read(table: &Layers<'_>, faults: &mut Faults<'_>) -> Levels {
    let names: Vec<_> = Level::ALL.iter().map(|level| level.as_str()).collect();
    table.refuse_all_but(&names, faults);
    let mut levels = Levels::default();
    for level in Level::ALL {
        if table.has(level.as_str()) {
            let keys = table.table(level.as_str(), faults);
            redefine(levels.rules_mut(*level), &keys, faults);
        }
    }
    levels
}

fn redefine(rules: &mut LevelRules, table: &Layers<'_>, faults: &mut Faults<'_>) {
    let LevelKeys { mfa, methods, remember, enrol } = LevelKeys::read(table, faults);
    profile::check_methods(table, methods.as_deref(), faults);
    if mfa == Some(SecondFactor::Off) {
        for key in ["methods", "remember", "enrol"].into_iter().filter(|key| table.has(key)) {
            let message =
                format!("`mfa = \"off\"` asks for nothing, and \"{key}\" is about what is asked");
            faults.error(table.place(key), Complaint::new(message).hint("take one of them out"));
        }
    }
    rules.second_factor = mfa.unwrap_or(rules.second_factor);
    rules.methods = methods.map_or(rules.methods, Methods::from_iter);
    rules.remember = remember.unwrap_or(rules.remember);
    rules.enrolment = enrol.unwrap_or(rules.enrolment);
    rules.place = Some(faults.rule_place(table.header()));
}
