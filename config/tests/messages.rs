//! `[email]` and `[sms]`: what is read, and what two keys cannot say at once.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panic")]

use twinlock_config::{Config, Encoding, HttpMethod, Loaded, MailServer, Severity, Sms, parse};

fn loaded(text: &str) -> Loaded {
    let text = format!("version = 1\n{text}\n");
    parse(&[("twinlock.toml", &text)]).unwrap_or_else(|wrong| panic!("{wrong}"))
}

fn config(text: &str) -> Config {
    loaded(text).config
}

/// Line and message of everything that is wrong with a text that follows the version.
fn mistakes(text: &str) -> Vec<(usize, String)> {
    let text = format!("version = 1\n{text}\n");
    let wrong = parse(&[("twinlock.toml", &text)]).expect_err(&text);
    wrong.iter().map(|found| (found.line.unwrap(), found.message.clone())).collect()
}

#[track_caller]
fn assert_one(text: &str, line: usize, message: &str) {
    assert_eq!(mistakes(text), [(line, message.to_owned())], "{text}");
}

const MAIL: &str = "[email]\nfrom = \"a@example.org\"";

#[test]
fn without_the_sections_nothing_is_sent() {
    let Config { email, sms, .. } = config("");
    assert_eq!((email, sms), (None, None));
    let Config { email, sms, .. } = config("[email]\n[sms]");
    assert_eq!((email, sms), (None, None));
}

#[test]
fn a_mail_server_is_read_with_its_user_and_password() {
    let email = config(&format!(
        "{MAIL}\nserver = \"smtps://u@mail.example.org\"\npassword_file = \"/etc/p\""
    ));
    let email = email.email.unwrap();
    let MailServer::Smtp { user, port, .. } = email.server else { panic!("{email:?}") };
    assert_eq!((user.as_deref(), port), (Some("u"), 465));
}

#[test]
fn half_a_mail_server_is_a_mistake() {
    assert_one(MAIL, 3, "[email] names no server, so nothing is sent");
    let server = "[email]\nserver = \"sendmail\"";
    assert_one(server, 3, "[email] does not say whom messages are from");
    let with = |server: &str, more: &str| format!("{MAIL}\nserver = \"{server}\"{more}");
    assert_one(
        &with("smtp://u@mail.example.org", ""),
        4,
        "the server is given a user, and no password",
    );
    assert_one(
        &with("smtp://mail.example.org", "\npassword_file = \"/etc/p\""),
        5,
        "there is a password, and \"server\" names no user",
    );
    assert_one(
        &with("sendmail", "\nca_file = \"/etc/p\""),
        5,
        "\"ca_file\" has no effect: the program sends by its own settings",
    );
}

#[test]
fn a_gateway_is_asked_as_its_keys_say() {
    let gateway = |text: &str| match config(&format!("[sms]\n{text}")).sms {
        Some(Sms::Gateway(gateway)) => *gateway,
        other => panic!("{other:?}"),
    };
    let get = gateway("url = \"http://127.0.0.1/{to}/{text}\"");
    assert_eq!((get.method, get.body), (HttpMethod::Get, None));
    for (content_type, encoding) in [
        ("application/x-www-form-urlencoded", Encoding::Form),
        ("application/json; charset=utf-8", Encoding::Json),
        ("text/xml", Encoding::Xml),
        ("Application/XML", Encoding::Xml),
        ("text/plain", Encoding::Plain),
    ] {
        let post = gateway(&format!(
            "url = \"https://sms.example.org/{{to}}\"\nbody = \"{{text}}\"\n\
             headers = [\"Content-Type: {content_type}\"]"
        ));
        assert_eq!(post.method, HttpMethod::Post);
        assert_eq!(post.body.unwrap().0, encoding);
    }
}

#[test]
fn a_gateway_that_cannot_work_is_a_mistake() {
    let url = "url = \"https://sms.example.org/{to}/{text}\"";
    let keyed = "url = \"https://sms.example.org/{to}/{text}/{password}\"";
    for (text, line, message) in [
        ("method = \"POST\"".to_owned(), 3, "[sms] names no gateway, so nothing is sent"),
        (
            format!("{url}\ncommand = [\"/bin/a\", \"{{to}}\"]"),
            4,
            "\"url\" and \"command\" are two ways to send a text",
        ),
        ("url = \"https://sms.example.org/{to}\"".to_owned(), 3, "the gateway is not told {text}"),
        ("url = \"https://sms.example.org/{text}\"".to_owned(), 3, "the gateway is not told {to}"),
        (keyed.to_owned(), 3, "{password} stands for what no file holds"),
        (
            format!("{url}\npassword_file = \"/etc/p\""),
            4,
            "\"password_file\" has no effect: nothing holds {password}",
        ),
        (
            format!("{url}\nbody = \"x\""),
            4,
            "no Content-Type says how values are written in the body",
        ),
        (
            format!("{url}\nheaders = [\"Content-Type: text/csv\"]\nbody = \"x\""),
            5,
            "no Content-Type says how values are written in the body",
        ),
        (
            format!(
                "{url}\nmethod = \"GET\"\nheaders = [\"Content-Type: text/plain\"]\nbody = \"x\""
            ),
            4,
            "a GET has no body",
        ),
        (
            "url = \"http://127.0.0.1/{to}/{text}\"\nca_file = \"/etc/ca\"".to_owned(),
            4,
            "\"ca_file\" has no effect: an http URL is not encrypted",
        ),
    ] {
        assert_one(&format!("[sms]\n{text}"), line, message);
    }
}

#[test]
fn a_code_in_the_clear_on_the_network_is_warned_about() {
    for (host, warned) in
        [("127.0.0.1:13013", false), ("localhost", false), ("[::1]", false), ("192.0.2.1", true)]
    {
        let loaded = loaded(&format!("[sms]\nurl = \"http://{host}/{{to}}/{{text}}\""));
        assert_eq!(loaded.warnings.len(), usize::from(warned), "{host}: {:?}", loaded.warnings);
    }
}

#[test]
fn a_command_is_a_program_that_is_told_the_number() {
    let read = config("[sms]\ncommand = [\"/bin/a\", \"-n\", \"{to}\"]").sms;
    assert!(matches!(read, Some(Sms::Command(words)) if words.len() == 3));
    for (command, message) in [
        ("[\"/bin/a\"]", "the command is not told the number"),
        ("[\"a\", \"{to}\"]", "the path \"a\" does not begin at the root"),
        ("[\"{to}\"]", "the command begins with its program"),
        ("[]", "\"command\" is an empty list"),
        ("[\"/bin/a\", \"--to={to}\"]", "{to} is an argument of its own"),
    ] {
        assert_one(&format!("[sms]\ncommand = {command}"), 3, message);
    }
    assert_one(
        "[sms]\ncommand = [\"/bin/a\", \"{to}\"]\nmethod = \"GET\"",
        4,
        "\"method\" is about a gateway, and a command sends the texts",
    );
}

#[test]
fn one_time_codes_trust_and_resets_are_read() {
    let read = config(
        "[one_time_code]\nlifetime = \"5 minutes\"\nresend_after = \"1 minute\"\nper_day = 5\n\
         [remember]\nbind = \"address+key\"\nlimit = 5\nsession = \"15 minutes\"\n\
         [reset]\nenrol = \"at-login\"",
    );
    assert_eq!(read.one_time_code.lifetime.as_secs(), 300);
    assert_eq!(read.one_time_code.resend_after.as_secs(), 60);
    assert_eq!(read.one_time_code.per_day, 5);
    assert_eq!(read.remember.bind, twinlock_core::trusted_host::Bind::AddressAndKey);
    assert_eq!(read.remember.limit, 5);
    assert_eq!(read.remember.session.as_secs(), 900);
    assert_eq!(read.reset.enrol, twinlock_core::policy::EnrolmentMode::AtLogin);
    for text in ["[reset]\nenrol = \"admin\"", "[remember]\nbind = \"host\""] {
        assert_eq!(mistakes(text).len(), 1, "{text}");
    }
}

/// A configuration with these templates beside it.
fn with_templates(files: &[(&str, &str)]) -> (tempfile::TempDir, Loaded) {
    let directory = tempfile::tempdir().unwrap();
    let main = directory.path().join("twinlock.toml");
    std::fs::write(&main, "version = 1\n").unwrap();
    std::fs::create_dir(directory.path().join("templates")).unwrap();
    for (name, text) in files {
        std::fs::write(directory.path().join("templates").join(name), text).unwrap();
    }
    let loaded = twinlock_config::load(&main).unwrap_or_else(|wrong| panic!("{wrong}"));
    (directory, loaded)
}

#[test]
fn a_message_among_the_arguments_of_a_command_is_warned_about() {
    let warned = loaded("[sms]\ncommand = [\"/bin/sh\", \"{to}\", \"{text}\"]").warnings;
    let [warning] = &warned[..] else { panic!("{warned:?}") };
    assert_eq!((warning.line, warning.severity), (Some(3), Severity::Warning));
    assert!(warning.message.contains("every user of the host can read codes"), "{warning}");
    assert_eq!(loaded("[sms]\ncommand = [\"/bin/sh\", \"{to}\"]").warnings, []);
    let shipped = twinlock_config::SHIPPED;
    let examples: Vec<_> = shipped.lines().filter(|line| line.starts_with("#command")).collect();
    assert!(!examples.is_empty() && !examples.iter().any(|line| line.contains("{text}")));
}

#[test]
fn a_template_beside_the_file_overrides_the_shipped_one() {
    let (_directory, loaded) = with_templates(&[
        ("one-time-code.sms", "Code {{ code }}\n"),
        ("README.md", "not a template"),
        (".one-time-code.sms.swp", "{{"),
    ]);
    assert_eq!(loaded.warnings, []);
    assert_eq!(loaded.templates.len(), 1);
    assert_eq!(loaded.templates["one-time-code.sms"], "Code {{ code }}\n");
}

#[test]
fn a_template_with_a_mistake_is_told_with_its_line_and_not_used() {
    for (name, text, line, message) in [
        ("one-time-code.sms", "Hello\n{{ code", 2, "syntax error"),
        ("one-time-code.sms", "Hello\n\n{{ cod }}", 3, "unknown variable \"cod\""),
        ("one-time-code.sms", "{% if by %}{{ label }}{% endif %}", 1, "unknown variable \"label\""),
        ("one-time-code.sms", "{{ code|shout }}", 1, "unknown filter"),
        ("one-time-code.sms", "\n", 1, "nothing would be sent"),
        ("one-time-code.txt", "Dear {{ user }}", 1, "the first line is not `Subject: …`"),
        ("layout.html", "{% for p in paragraphs %}{{ p.text }}\n{% endfor %}", 1, "undefined"),
    ] {
        let (_directory, loaded) = with_templates(&[(name, text)]);
        let [warning] = loaded.warnings.as_slice() else { panic!("{text}: {:?}", loaded.warnings) };
        assert_eq!(warning.line, Some(line), "{text}: {warning}");
        assert!(warning.message.contains(message), "{text}: {warning}");
        assert!(warning.file.ends_with(name));
        let shown = warning.to_string();
        let told = text.lines().nth(line - 1).unwrap_or_default();
        assert!(shown.contains(told), "{shown}");
        assert!(loaded.templates.is_empty(), "{text}");
    }
}

#[test]
fn a_template_that_no_message_has_is_told_with_the_name_that_was_meant() {
    let (_directory, loaded) = with_templates(&[("one_time_code.sms", "x")]);
    assert_eq!(loaded.warnings[0].hint.as_deref(), Some("did you mean \"one-time-code.sms\"?"));
}

#[test]
fn a_template_that_others_can_write_is_not_used() {
    use std::os::unix::fs::{MetadataExt, PermissionsExt};

    let (directory, _) = with_templates(&[("one-time-code.sms", "Code {{ code }}\n")]);
    let main = directory.path().join("twinlock.toml");
    let own = std::fs::metadata(&main).unwrap().uid();
    let template = directory.path().join("templates/one-time-code.sms");
    assert_eq!(twinlock_config::load_as(&main, own).unwrap().templates.len(), 1);
    std::fs::set_permissions(&template, std::fs::Permissions::from_mode(0o666)).unwrap();
    let loaded = twinlock_config::load_as(&main, own).unwrap();
    assert!(loaded.templates.is_empty());
    assert!(loaded.warnings[0].message.contains("others than its owner can write to it"));
}

#[test]
fn how_long_before_the_date_users_are_reminded_is_read() {
    let reminder = |line: &str| {
        let text =
            format!("[email]\nserver = \"sendmail\"\nfrom = \"alice@example.org\"\n{line}\n");
        config(&text).email.unwrap().reminder.map(|ahead| ahead.as_secs())
    };
    assert_eq!(reminder(""), Some(7 * 86_400));
    assert_eq!(reminder("reminder = \"36 hours\""), Some(36 * 3_600));
    assert_eq!(reminder("reminder = \"never\""), None);
}
