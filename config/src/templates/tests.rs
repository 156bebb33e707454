use std::{collections::BTreeSet, fs};

use super::*;

const README: &str = include_str!("../../templates/README.md");

fn values(message: &Message) -> Values {
    let names = COMMON.iter().chain(message.variables);
    names.map(|name| (*name, Zeroizing::new(format!("<{name}>")))).collect()
}

fn overridden(name: &str, text: &str) -> Templates {
    Templates::new(&Overrides::from([(name.to_owned(), text.to_owned())]))
}

fn message(name: &str) -> &'static Message {
    MESSAGES.iter().find(|message| message.name == name).unwrap()
}

#[test]
fn every_shipped_template_is_right_with_every_value_and_with_none() {
    assert_eq!(check::shipped_faults(), []);
    for message in MESSAGES {
        let templates = Templates::default();
        let letter = templates.letter(message.name, &values(message)).unwrap();
        assert_eq!(letter.fault, None, "{}", message.name);
        let Letter { subject, text, html } = letter.message;
        assert!(subject.chars().count() <= 78, "{}: {}", message.name, *subject);
        let sms = templates.sms(message.name, &values(message)).unwrap().message;
        for own in message.variables {
            let shown = format!("<{own}>");
            let somewhere = subject.contains(&shown) || text.contains(&shown);
            assert!(somewhere || *own == "state", "{}: {own}", message.name);
        }
        for (what, text) in [("text", &*text), ("sms", &*sms)] {
            assert!(text.contains("<user>") && text.contains("<host>"), "{} {what}", message.name);
        }
        assert!(html.contains("&lt;user&gt;") && !html.contains("<user>"), "{}", message.name);
    }
}

#[test]
fn a_message_with_nothing_but_what_is_always_there_has_no_empty_lines_of_details() {
    let message = message("bypass-used");
    let mut values = values(message);
    for optional in ["source", "service", "by", "reference"] {
        values.insert(optional, Zeroizing::default());
    }
    let text = Templates::default().letter(message.name, &values).unwrap().message.text;
    assert!(text.contains("When: <time>\nHost: <host>\nAccount: <user>\n\nIf "), "{}", *text);
}

#[test]
fn the_documentation_has_every_template_and_variable_and_no_other() {
    let mut documented = BTreeSet::new();
    let (before, last) = README.split_once("## In one message").unwrap();
    for line in last.lines().filter_map(|line| line.strip_prefix("| `")) {
        let (name, variables) = line.split_once("` | ").unwrap();
        let variables = variables.split("; ").filter_map(|one| {
            one.strip_prefix('`').and_then(|one| one.split_once('`')).map(|(name, _)| name)
        });
        let variables: BTreeSet<_> = variables.collect();
        assert_eq!(variables, message(name).variables.iter().copied().collect(), "{name}");
        documented.insert(name);
    }
    assert_eq!(documented, MESSAGES.iter().map(|message| message.name).collect());
    let (_, common) = before.split_once("## In every message").unwrap();
    let (common, layout) = common.split_once("## In `layout.html`").unwrap();
    for (part, names) in [(common, COMMON), (layout, catalogue::OF_LAYOUT)] {
        for name in names {
            assert!(part.contains(&format!("`{name}`")), "{name} is not documented");
        }
    }
    for (name, _) in Slot::all() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/templates/").to_owned() + &name;
        assert!(fs::exists(path).unwrap(), "{name}");
    }
}

#[test]
fn values_are_escaped_in_html_and_tamed_everywhere() {
    let message = message("factor-enrolled");
    let mut values = values(message);
    let hostile = "<script>x</script>\r\nBcc: bob@example.org\u{202e}\u{1b}[2J";
    values.insert("label", Zeroizing::new(hostile.to_owned()));
    values.insert("user", Zeroizing::new("al\r\nBcc: bob@example.org".to_owned()));
    let templates = Templates::default();
    let Letter { subject, text, html } = templates.letter(message.name, &values).unwrap().message;
    assert!(!subject.contains(['\r', '\n']), "{}", *subject);
    assert!(!text.contains(['\r', '\u{202e}', '\u{1b}']) && !text.contains("\nBcc"), "{}", *text);
    assert!(html.contains("&lt;script&gt;") && !html.contains("<script>"), "{}", *html);
    let sms = templates.sms(message.name, &values).unwrap().message;
    assert!(!sms.chars().any(char::is_control), "{}", *sms);
}

#[test]
fn a_value_is_not_read_as_a_template() {
    let message = message("factor-enrolled");
    let mut values = values(message);
    values.insert("label", Zeroizing::new("{{ user }}{% raw %}".to_owned()));
    let sms = Templates::default().sms(message.name, &values).unwrap().message;
    assert!(sms.contains("({{ user }}{% raw %})"), "{}", *sms);
}

#[test]
fn long_values_and_texts_are_cut() {
    let message = message("factor-enrolled");
    let mut values = values(message);
    values.insert("label", Zeroizing::new("x".repeat(10_000)));
    let sms = Templates::default().sms(message.name, &values).unwrap().message;
    assert!(sms.chars().count() < LONGEST_VALUE + 200 && sms.contains("..."));
    let templates = overridden("factor-enrolled.sms", &"{{ label }} ".repeat(100));
    let sms = templates.sms(message.name, &values).unwrap().message;
    assert_eq!(sms.chars().count(), LONGEST_SMS);
}

#[test]
fn an_overriding_template_is_used() {
    let templates = overridden("one-time-code.sms", "Code:\n {{ code }}\n");
    let sms = templates.sms("one-time-code", &values(message("one-time-code"))).unwrap();
    assert_eq!((sms.message.as_str(), sms.fault), ("Code: <code>", None));
}

#[test]
fn what_fails_while_it_is_rendered_is_rendered_as_shipped_and_named_without_a_value() {
    let shipped = Templates::default();
    let values = values(message("one-time-code"));
    for text in [
        "{{ code.x.y }}",
        "{{ nothing }}",
        "{{ code",
        "{% for a in range(9999) %}{% for b in range(9999) %}{% endfor %}{% endfor %}",
        "{{ code / 2 }}",
        "   ",
    ] {
        let rendered = overridden("one-time-code.sms", text).sms("one-time-code", &values).unwrap();
        assert_eq!(rendered.message, shipped.sms("one-time-code", &values).unwrap().message);
        let fault = rendered.fault.unwrap();
        assert!(fault.contains("one-time-code.sms") && !fault.contains("<code>"), "{fault}");
    }
    for text in ["no subject", "Subject: x", "Subject: a{{ '\\r' }}x\n\ny", "Subject:\n\ny"] {
        let letter = overridden("one-time-code.txt", text).letter("one-time-code", &values);
        assert!(letter.unwrap().fault.is_some(), "{text}");
    }
}

#[test]
fn no_code_is_shown_by_debug() {
    let letter = Templates::default().letter("one-time-code", &values(message("one-time-code")));
    assert!(!format!("{letter:?}").contains("<code>"));
}
