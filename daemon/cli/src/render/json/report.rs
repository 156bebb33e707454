//! A report in JSON.

use serde::Serialize;
use twinlock_bus_api::policy;

use super::Bypass;
use crate::render::history::Damage;
use crate::render::rfc3339;
use crate::report::{self, Logins, Person};

/// All of it.
#[derive(Serialize)]
pub struct Report<'a> {
    host: &'a str,
    made: String,
    since: String,
    mode: Option<&'a str>,
    users: Vec<User<'a>>,
    policy: Vec<Exemption<'a>>,
    logins: &'a Logins,
    damaged: Vec<Damage<'a>>,
}

#[derive(Serialize)]
struct User<'a> {
    user: &'a str,
    uid: Option<u32>,
    state: &'a str,
    enrolled: bool,
    in_user_database: Option<bool>,
    second_factor: Option<&'a str>,
    methods: &'a [String],
    enrolled_since: Option<String>,
    last_used_at: Option<String>,
    recovery_codes: u32,
    trusted_hosts: usize,
    failures: u32,
    deadline: Option<String>,
    exemptions: &'a [String],
    bypasses: Vec<Bypass<'a>>,
    problem: Option<&'a str>,
}

impl<'a> From<&'a report::Report> for Report<'a> {
    fn from(report: &'a report::Report) -> Self {
        Self {
            host: &report.host,
            made: report.made.to_string(),
            since: report.since.to_string(),
            mode: report.mode.as_deref(),
            users: report.people.iter().map(User::from).collect(),
            policy: report.policy.iter().map(Exemption::from).collect(),
            logins: &report.logins,
            damaged: report.damaged.iter().map(Damage::from).collect(),
        }
    }
}

#[derive(Serialize)]
struct Exemption<'a> {
    rule: &'a str,
    name: &'a str,
    whom: &'a str,
    asks: &'a str,
    place: Option<&'a str>,
}

impl<'a> From<&'a policy::Exemption> for Exemption<'a> {
    fn from(told: &'a policy::Exemption) -> Self {
        let policy::Exemption { rule, name, whom, asks, place } = told;
        Self { rule, name, whom, asks, place: place.as_deref() }
    }
}

impl<'a> From<&'a Person> for User<'a> {
    fn from(person: &'a Person) -> Self {
        Self {
            user: &person.user,
            uid: person.uid,
            state: &person.state,
            enrolled: person.enrolled,
            in_user_database: person.problem.is_none().then_some(person.known),
            second_factor: person.second_factor.as_deref(),
            methods: &person.methods,
            enrolled_since: person.enrolled_since.and_then(rfc3339),
            last_used_at: person.last_used_at.and_then(rfc3339),
            recovery_codes: person.recovery_codes,
            trusted_hosts: person.trusted_hosts,
            failures: person.failures,
            deadline: person.deadline.and_then(rfc3339),
            exemptions: &person.exemptions,
            bypasses: person.bypasses.iter().map(Bypass::from).collect(),
            problem: person.problem.as_deref(),
        }
    }
}
