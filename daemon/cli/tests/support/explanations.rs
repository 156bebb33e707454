//! Explanations as the daemon writes them.

use serde_json::{Value, json};

const FILE: &str = "/etc/twinlock/twinlock.toml";

/// alice meets a profile; carol is switched off; dave's record is another's, under observe; bob
/// comes by key alone; for others no profile matches and the source is denied.
pub fn of(user: &str) -> String {
    match user {
        "alice" => staff(user),
        "carol" => switched_off(user),
        "dave" => observed(user),
        "bob" => key_alone(user),
        "slow" => return "{\"user\": 7}".to_owned(),
        _ => denied(user),
    }
    .to_string()
}

fn rule(rule: &str, name: Value, line: Value, outcome: &str, detail: Value) -> Value {
    let place = if line.is_null() { line } else { json!({ "file": FILE, "line": line }) };
    let mut rule = json!({ "rule": rule, "name": name, "place": place, "outcome": outcome });
    if !detail.is_null() {
        rule["detail"] = detail;
    }
    rule
}

fn list(name: &str, detail: &str) -> Value {
    rule(name, Value::Null, Value::Null, "passed", json!(detail))
}

fn miss(list: &str, cause: &str, entry: Value) -> Value {
    json!({ "list": list, "cause": cause, "entry": entry })
}

fn terms(level: &str, second_factor: &str, schedule: Value) -> Value {
    json!({
        "level": level, "second_factor": second_factor,
        "methods": ["totp", "email", "sms", "recovery"], "remember": "14 days",
        "enrolment": "at-login", "schedule": schedule, "profile": null,
    })
}

fn no_schedule() -> Value {
    json!({ "enforce_from": null, "grace": null })
}

fn not_reached(rule_: &str) -> Value {
    rule(rule_, Value::Null, Value::Null, "not-reached", Value::Null)
}

fn profile(name: &str, line: u32, outcome: &str, detail: Value) -> Value {
    rule("profile", json!(name), json!(line), outcome, detail)
}

fn staff(user: &str) -> Value {
    let misses = json!([
        miss("services", "not-listed", Value::Null),
        miss("users", "excluded", json!("alice")),
        miss("groups", "not-listed", Value::Null),
        miss("networks", "excluded", json!("203.0.113.0/24")),
        miss("first_factor", "not-certain", Value::Null),
    ]);
    json!({
        "user": user, "uid": 1000, "obstacles": [], "groups": ["staff"], "state": "enrolled",
        "enrolled": ["totp"], "switch": null, "service": "sshd", "from": "203.0.113.9",
        "first_factors": ["password"], "phase": "auth", "mode": "enforce",
        "decision": { "decision": "require", "because": ["totp"] },
        "sentence": "require: totp",
        "decided_by": { "rule": "profile", "name": "staff over SSH",
                        "place": { "file": FILE, "line": 20 } },
        "terms": terms("high", "required",
                       json!({ "enforce_from": "2027-01-01T00:00:00Z", "grace": "14 days" })),
        "rules": [
            list("network.deny", "not-listed"),
            list("network.allow", "listed"),
            profile("robots\u{1b}[2J", 10, "not-matched", misses),
            profile("staff over SSH", 20, "decided", Value::Null),
            profile("guests", 30, "not-reached", Value::Null),
            profile("the rest", 40, "not-reached", Value::Null),
            rule("level", json!("high"), json!(3), "not-reached", Value::Null),
            list("network.exempt", "empty"),
            list("user-switch", "not-set"),
        ],
        "of_a_later_version": true,
    })
}

fn switched_off(user: &str) -> Value {
    json!({
        "user": user, "uid": 1002, "obstacles": ["open-door"], "groups": null, "state": "locked",
        "enrolled": ["totp"], "switch": false, "service": "sshd", "from": "local",
        "first_factors": [], "phase": "auth", "mode": "enforce",
        "decision": { "decision": "skip", "because": { "word": "user-switched-off" } },
        "sentence": "skip: switched off for this user",
        "decided_by": { "rule": "user-switch", "name": null, "place": null },
        "terms": terms("very-high", "always", no_schedule()),
        "rules": [
            list("network.deny", "local"),
            list("network.allow", "empty"),
            rule("level", json!("very-high"), Value::Null, "decided", Value::Null),
            list("network.exempt", "no-exemption"),
            rule("user-switch", Value::Null, Value::Null, "decided", Value::Null),
        ],
    })
}

fn observed(user: &str) -> Value {
    json!({
        "user": user, "uid": 1003, "obstacles": ["mismatch", "unheard-of"], "groups": null, "state": "mismatch",
        "enrolled": [], "switch": null, "service": "sshd", "from": "unknown",
        "first_factors": ["publickey", "password"], "phase": "auth", "mode": "observe",
        "decision": { "decision": "skip", "because": { "word": "observed", "would_be": {
            "decision": "deny", "because": { "word": "unknown-source" } } } },
        "sentence": "would deny: an address list is set, and the source cannot be read",
        "decided_by": { "rule": "network.deny", "name": null,
                        "place": { "file": FILE, "line": 5 } },
        "terms": terms("high", "required", no_schedule()),
        "rules": [
            rule("network.deny", Value::Null, json!(5), "decided", Value::Null),
            not_reached("network.allow"),
            profile("outside", 8, "not-matched",
                    json!([miss("networks", "no-address", Value::Null)])),
            rule("level", json!("high"), Value::Null, "decided", Value::Null),
            not_reached("network.exempt"),
            not_reached("user-switch"),
        ],
    })
}

fn key_alone(user: &str) -> Value {
    json!({
        "user": user, "uid": 1001, "obstacles": ["locked"], "groups": null, "state": "pending",
        "enrolled": [], "switch": null, "service": "sshd", "from": "2001:db8::9",
        "first_factors": [], "phase": "account", "mode": "enforce",
        "decision": { "decision": "deny", "because": { "word": "key-alone", "service": "sshd" } },
        "sentence": "deny: a second factor is required, and sshd asked for a key alone; set \
                     \"AuthenticationMethods publickey,keyboard-interactive\" in sshd_config",
        "decided_by": { "rule": "level", "name": "high", "place": null },
        "terms": terms("high", "required", no_schedule()),
        "rules": [
            list("network.deny", "empty"),
            list("network.allow", "account-phase"),
            list("account_services", "account-service"),
            profile("passwords", 10, "not-matched",
                    json!([miss("first_factor", "not-listed", Value::Null)])),
            rule("level", json!("high"), Value::Null, "decided", Value::Null),
            list("network.exempt", "unheard-of"),
            list("user-switch", "not-set"),
        ],
    })
}

fn denied(user: &str) -> Value {
    json!({
        "user": user, "uid": 1010, "obstacles": ["no-account-line"], "groups": null, "state": "pending",
        "enrolled": [], "switch": null, "service": "su", "from": "198.51.100.7",
        "first_factors": ["password"], "phase": "auth", "mode": "enforce",
        "decision": { "decision": "deny", "because": {
            "word": "network-not-allowed", "address": "198.51.100.7" } },
        "sentence": "deny: 198.51.100.7 is in no allowed network",
        "decided_by": { "rule": "network.allow", "name": null,
                        "place": { "file": FILE, "line": 6 } },
        "terms": terms("high", "required", no_schedule()),
        "rules": [
            list("network.deny", "empty"),
            rule("network.allow", Value::Null, json!(6), "decided", Value::Null),
            rule("level", json!("high"), Value::Null, "decided", Value::Null),
            not_reached("network.exempt"),
            not_reached("user-switch"),
        ],
    })
}
