//! The tables of the page.

use super::super::METHODS;
use super::super::person::{Person, day};
use super::text;
use twinlock_bus_api::policy::Exemption;

/// Rules that let people in without a second factor.
pub(super) fn policy(rules: &[Exemption]) -> String {
    let rows: Vec<_> = rules.iter().map(rule).collect();
    let (sub, inside) = if rows.is_empty() {
        ("None: no network is exempt, and no profile or level asks for less.", String::new())
    } else {
        (
            "By the configuration in force, in the order in which it is read",
            table(&["Rule", "For whom", "What is asked", "Where"], &rows),
        )
    };
    super::card("Exemptions of the policy", sub, &inside)
}

fn rule(rule: &Exemption) -> String {
    row(&[
        cell(&format!("{} {}", rule.rule, rule.name)),
        cell(&rule.whom),
        cell(&rule.asks),
        cell(rule.place.as_deref().unwrap_or("by default")),
    ])
}

/// Everybody.
pub(super) fn people(people: &[Person]) -> String {
    let rows: Vec<_> = people.iter().map(person).collect();
    let heading = [
        "User",
        "Uid",
        "State",
        "Required",
        "Methods",
        "Enrolled",
        "Last used",
        "Trusted",
        "Exemptions, bypass codes",
    ];
    let (sub, inside) = match rows.is_empty() {
        true => ("Nobody has a record, and nobody may log in.", String::new()),
        false => ("Who has a record or may log in", table(&heading, &rows)),
    };
    super::card("Users", sub, &inside).replacen("card", "card long", 1)
}

fn person(person: &Person) -> String {
    let state = text(&person.state);
    let methods: Vec<_> = person
        .methods
        .iter()
        .map(|method| format!("<span class=\"short\">{}</span>", text(short(method))))
        .collect();
    row(&[
        classed("name", &person.user),
        classed("number", &person.uid.map(|uid| uid.to_string()).unwrap_or_default()),
        format!("<td class=\"short\"><span class=\"state {state}\">{state}</span></td>"),
        cell(demand(person)),
        format!("<td>{}</td>", methods.join(", ")),
        classed("short", &if person.enrolled { day(person.enrolled_since) } else { String::new() }),
        classed("short", &if person.enrolled { day(person.last_used_at) } else { String::new() }),
        classed(
            "number",
            &match person.trusted_hosts {
                0 => String::new(),
                hosts => hosts.to_string(),
            },
        ),
        classed("notes", &person.notes().join("; ")),
    ])
}

/// What the policy demands, in a word or two.
fn demand(person: &Person) -> &str {
    match person.second_factor.as_deref() {
        Some("off") => "no",
        Some("voluntary") => "by choice",
        Some("enrolled") => "if enrolled",
        Some("required") => "yes",
        Some("always") => "at every login",
        _ => "",
    }
}

/// The word for a method in a narrow column.
fn short(method: &str) -> &str {
    match method {
        "totp" => "app",
        "hotp" => "token",
        "email" => "e-mail",
        "sms" => "text message",
        "recovery" => "recovery",
        other => METHODS.iter().find(|known| known.0 == other).map_or(other, |known| known.1),
    }
}

fn table(heading: &[&str], rows: &[String]) -> String {
    let heading: String =
        heading.iter().map(|name| format!("<th scope=\"col\">{name}</th>")).collect();
    format!(
        "<div class=\"wide\"><table><thead><tr>{heading}</tr></thead><tbody>{}</tbody></table></div>",
        rows.concat()
    )
}

fn row(cells: &[String]) -> String {
    format!("<tr>{}</tr>\n", cells.concat())
}

fn cell(raw: &str) -> String {
    format!("<td>{}</td>", text(raw))
}

fn classed(class: &str, raw: &str) -> String {
    format!("<td class=\"{class}\">{}</td>", text(raw))
}
