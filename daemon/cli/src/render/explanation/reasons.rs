//! Reasons in words: why a rule says nothing of a login, and why a list does not match it.

use super::form::{Detail, Explanation, Miss, Rule};
use crate::escape;

/// The first factor of the login, in words.
pub(super) fn factors(explained: &Explanation) -> String {
    match (explained.phase.as_str(), explained.first_factors.as_slice()) {
        ("account", []) => "key".to_owned(),
        (_, []) => "no first factor".to_owned(),
        (_, some) => escape::line(&some.join(", ")),
    }
}

/// Why the rule applies or says nothing; nothing where its lists say it, or its place is enough.
pub(super) fn rule(rule: &Rule, explained: &Explanation) -> Option<String> {
    let from = source(explained);
    let service = escape::line(&explained.service);
    Some(match (rule.outcome.as_str(), &rule.detail) {
        ("not-matched", _) => return None,
        ("not-reached", _) => "not reached".to_owned(),
        ("decided", _) => match rule.rule.as_str() {
            "network.deny" | "network.exempt" if explained.from != "unknown" => {
                format!("{from} is in the list")
            }
            "network.allow" if explained.from != "unknown" => format!("{from} is not in the list"),
            "network.deny" | "network.allow" => "the address cannot be read".to_owned(),
            "account_services" => format!("{service} is none of them"),
            "level" => "no profile matches".to_owned(),
            "user-switch" => match explained.switch {
                Some(true) => "on".to_owned(),
                _ => "off".to_owned(),
            },
            _ => return None,
        },
        (_, Some(Detail::Word(word))) => match word.as_str() {
            "empty" => "the list is empty".to_owned(),
            "local" => "the login has no address".to_owned(),
            "unknown-source" => "the address cannot be read, so that nothing is exempt".to_owned(),
            "not-listed" => format!("{from} is not in the list"),
            "listed" => format!("{from} is in the list"),
            "no-exemption" => format!("{from} is in the list, but the level knows no exemption"),
            "account-phase" => format!("says nothing in the account phase of {service}"),
            "account-service" => format!("{service} is one of them"),
            "not-set" => "never set".to_owned(),
            other => escape::line(other),
        },
        _ => return None,
    })
}

/// Why a list of a profile does not match.
pub(super) fn miss(miss: &Miss, explained: &Explanation) -> String {
    let list = escape::line(&miss.list);
    let user = escape::line(&explained.user);
    let about = match miss.list.as_str() {
        "services" => escape::line(&explained.service),
        "users" | "groups" => user,
        "networks" => source(explained),
        "first_factor" => factors(explained),
        _ => "the login".to_owned(),
    };
    let reason = match (miss.cause.as_str(), &miss.entry) {
        ("not-listed", _) if miss.list == "groups" || miss.list == "networks" => {
            format!("{about} is in none of them")
        }
        ("not-listed", _) => format!("{about} is not listed"),
        ("excluded", Some(entry)) => format!("\"!{}\" excludes {about}", escape::line(entry)),
        ("no-address", _) => "the login has no address".to_owned(),
        ("not-certain", _) => format!(
            "a login can pass here without a second factor, and {about} is not certainly what is \
             listed"
        ),
        (other, _) => escape::line(other),
    };
    format!("{list}: {reason}")
}

/// What refuses the login beside the policy, and what to do about it.
pub(super) fn obstacle(word: &str, explained: &Explanation) -> String {
    let user = escape::line(&explained.user);
    let service = escape::line(&explained.service);
    match word {
        "mismatch" => format!(
            "Refused all the same: the record belongs to an earlier account of this name, until an \
             administrator clears it: twinlock reset {user}"
        ),
        "locked" => format!(
            "Codes may be refused all the same: 'twinlock status {user}' says from where and until \
             when."
        ),
        "open-door" => "Refused all the same: no first factor was shown, and who shows none must \
                        not get in without a second one."
            .to_owned(),
        "no-account-line" => format!(
            "Refused all the same: the PAM stack of {service} has no account line of \
             pam_twinlock.so, so that nothing can be set up there."
        ),
        other => format!("Refused all the same: {}.", escape::line(other)),
    }
}

fn source(explained: &Explanation) -> String {
    match explained.from.as_str() {
        "local" => "the login".to_owned(),
        "unknown" => "the source".to_owned(),
        address => escape::line(address),
    }
}
