//! What is wrong with a file, where, and what to do about it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panic")]

use twinlock_config::parse;

/// Line, column and message of everything that is wrong with a text.
fn found(text: &str) -> Vec<(usize, usize, String)> {
    let list: Vec<_> = match parse(&[("twinlock.toml", text)]) {
        Ok(loaded) => loaded.warnings,
        Err(diagnostics) => diagnostics.iter().cloned().collect(),
    };
    list.into_iter()
        .map(|d| (d.line.unwrap(), d.column.unwrap(), format!("{}: {}", d.severity, d.message)))
        .collect()
}

/// Holds that one thing is wrong with a text, at `⟨` in it.
#[track_caller]
fn assert_one(marked: &str, message: &str) {
    let marked = format!("version = 1\n{marked}\n");
    let (before, _) = marked.split_once('⟨').expect("a mark");
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    assert_eq!(
        found(&marked.replacen('⟨', "", 1)),
        [(line, column, message.to_owned())],
        "{marked}"
    );
}

#[test]
fn wrong_types_are_told_at_the_value() {
    for (text, message) in [
        ("level = ⟨3", "\"level\" must be a text, not a number"),
        ("level = ⟨true", "\"level\" must be a text, not true or false"),
        ("mode = ⟨[\"enforce\"]", "\"mode\" must be a text, not a list"),
        ("account_services = ⟨\"sshd\"", "\"account_services\" must be a list, not a text"),
        ("account_services = ⟨{}", "\"account_services\" must be a list, not a table"),
        ("network = ⟨3", "\"network\" is a section, not a number"),
        ("network = ⟨[]", "\"network\" is a section, not a list"),
        ("profile = ⟨{ name = \"a\" }", "\"profile\" is a list of tables, not a table"),
        ("profile = [⟨3]", "\"profile\" is a list of tables, not a number"),
        ("levels.high = ⟨\"x\"", "\"high\" is a section, not a text"),
        ("[network]\nallow = [⟨1]", "an entry of \"allow\" must be a text, not a number"),
        ("[lockout]\nattempts = ⟨\"5\"", "\"attempts\" must be a whole number, not a text"),
        ("[lockout]\nattempts = ⟨5.0", "\"attempts\" must be a whole number, not a decimal number"),
        ("[lockout]\ndelay = ⟨30", "\"delay\" must be a text, not a number"),
        ("[lockout]\ndelay = ⟨07:32:00", "\"delay\" must be a text, not a time of day"),
        ("[[profile]]\nname = \"a\"\nmfa = ⟨\"no\"", "\"mfa\" must be true or false, not a text"),
        ("[[profile]]\nname = \"a\"\nmfa = ⟨0", "\"mfa\" must be true or false, not a number"),
        ("[[profile]]\nname = ⟨7", "\"name\" must be a text, not a number"),
        ("[levels.high]\nmfa = ⟨true", "\"mfa\" must be a text, not true or false"),
    ] {
        assert_one(text, &format!("error: {message}"));
    }
}

#[test]
fn unknown_words_are_told_where_they_stand() {
    for (text, message) in [
        ("⟨levle = \"high\"", "unknown key \"levle\""),
        ("⟨\"\" = 1", "unknown key \"\""),
        ("level = ⟨\"hgih\"", "unknown level \"hgih\""),
        ("level = ⟨\"High\"", "unknown level \"High\""),
        ("level = ⟨\"\"", "unknown level \"\""),
        ("mode = ⟨\"off\"", "unknown mode \"off\""),
        ("[⟨netwrok]", "unknown section \"netwrok\""),
        ("[[⟨profiles]]\nname = \"a\"", "unknown section \"profiles\""),
        ("[network]\n⟨denny = []", "unknown key \"denny\" in [network]"),
        ("[levels.⟨hihg]", "unknown section \"hihg\" in [levels]"),
        ("[levels.high]\n⟨level = \"low\"", "unknown key \"level\" in [levels.high]"),
        ("[[profile]]\nname = \"a\"\n⟨user = []", "unknown key \"user\" in [[profile]]"),
        ("[[profile]]\nname = \"a\"\nlevel = ⟨\"x\"", "unknown level \"x\""),
        ("[[profile]]\nname = \"a\"\nmethods = [⟨\"otp\"]", "unknown method \"otp\""),
        ("[[profile]]\nname = \"a\"\nfirst_factor = [⟨\"pw\"]", "unknown first factor \"pw\""),
        ("[[profile]]\nname = \"a\"\nenrol = ⟨\"now\"", "unknown enrolment mode \"now\""),
        ("[levels.low]\nmfa = ⟨\"on\"", "unknown word for mfa \"on\""),
        ("[store]\nbackend = ⟨\"etcd\"", "unknown backend \"etcd\""),
    ] {
        assert_one(text, &format!("error: {message}"));
    }
}

#[test]
fn sections_of_features_that_are_not_built_are_unknown() {
    for section in ["templates", "metrics"] {
        let message = format!("error: unknown section \"{section}\"");
        assert_one(&format!("[⟨{section}]"), &message);
    }
}

#[test]
fn values_out_of_bounds_are_refused() {
    for (text, message) in [
        ("[totp]\nwindow = ⟨11", "\"window\" must be from 0 to 10"),
        ("[totp]\nwindow = ⟨-1", "\"window\" must be from 0 to 10"),
        ("[lockout]\nattempts = ⟨0", "\"attempts\" must be from 1 to 100"),
        ("[lockout]\nattempts = ⟨99999999999999999999", "\"attempts\" must be from 1 to 100"),
        ("[lockout]\nhard_limit = ⟨101", "\"hard_limit\" must be from 1 to 100"),
        ("[lockout]\ndelay = ⟨\"0 seconds\"", "the duration is shorter than 1 second"),
        ("[lockout]\nmax_delay = ⟨\"8 days\"", "the duration is longer than 7 days"),
        ("[lockout]\ndelay = ⟨\"-1 hour\"", "a duration has no sign"),
        ("[lockout]\ndelay = ⟨\"soon\"", "a duration needs a number before its unit"),
        (
            "[email]\nserver = \"sendmail\"\nfrom = \"a@example.org\"\nreminder = ⟨\"0 days\"",
            "the duration is shorter than 1 hour",
        ),
        ("[levels.low]\nremember = ⟨\"0 days\"", "the duration is shorter than 1 second"),
        ("[levels.low]\nremember = ⟨\"forever\"", "a duration needs a number before its unit"),
        ("[totp]\nissuer = ⟨\"\"", "the issuer is empty, or begins or ends with a space"),
        ("[totp]\nissuer = ⟨\"a:b\"", "the issuer holds a colon, which ends it in the app"),
        ("[totp]\nissuer = ⟨\"%d\"", "after a % in the issuer comes h or another %"),
        ("[totp]\nissuer = ⟨\"100%\"", "after a % in the issuer comes h or another %"),
        ("[totp]\nissuer = ⟨\"a\\nb\"", "the issuer holds a character that cannot be seen"),
        ("[store]\npath = ⟨\"store\"", "the path \"store\" does not begin at the root"),
        ("[login]\nsocket = ⟨\"/a/../b\"", "the path \"/a/../b\" has `.` or `..` in it"),
        ("[bus]\naddress = ⟨\"tcp:host=a\"", "a bus over \"tcp\" does not say who calls"),
        ("[[profile]]\nname = ⟨\"\"", "the name is empty, or begins or ends with a space"),
    ] {
        assert_one(text, &format!("error: {message}"));
    }
}

#[test]
fn dates_that_are_none_are_refused() {
    for (date, message) in [
        ("2027-02-29", "this is no date: expected day between 01 and 28"),
        ("2027-13-01", "this is no date: expected month between 01 and 12"),
        ("2027-00-01", "this is no date: expected month between 01 and 12"),
        ("\"2027-01-01\"", "\"enforce_from\" must be a date, not a text"),
        ("2027", "\"enforce_from\" must be a date, not a number"),
        ("2027-01-01T00:00:00Z", "\"enforce_from\" is a date without a time of day"),
        ("2027-01-01 08:00:00", "\"enforce_from\" is a date without a time of day"),
        ("08:00:00", "\"enforce_from\" must be a date, not a time of day"),
        ("1969-12-31", "the date is not between the years 1970 and 9998"),
        ("9999-12-31", "the date is not between the years 1970 and 9998"),
    ] {
        let text = format!("[[profile]]\nname = \"a\"\nenforce_from = ⟨{date}");
        assert_one(&text, &format!("error: {message}"));
    }
}

#[test]
fn entries_of_lists_are_checked_one_by_one() {
    for (entry, message) in [
        ("\"\"", "an entry of \"users\" is empty"),
        ("\"!\"", "a `!` alone excludes nothing"),
        ("\"!!alice\"", "one `!` stands right before the name it excludes"),
        ("\"! alice\"", "one `!` stands right before the name it excludes"),
        (
            "\"alice*\"",
            "the user name \"alice*\" holds a pattern, and names are compared as they are",
        ),
        ("\"!@staff\"", "the user name \"@staff\" looks like a group"),
        ("\"al\\u0000ice\"", "the user name \"al\\u{0}ice\" holds a character that cannot be seen"),
        ("[\"alice\"]", "an entry of \"users\" must be a text, not a list"),
    ] {
        let text = format!("[[profile]]\nname = \"a\"\nusers = [\"bob\", ⟨{entry}]");
        assert_one(&text, &format!("error: {message}"));
    }
    assert_one(
        "[[profile]]\nname = \"a\"\ngroups = [\"staff\", ⟨\"!staff\"]",
        "error: \"staff\" is both named and excluded in this list",
    );
    assert_one(
        "[[profile]]\nname = \"a\"\nnetworks = [\"192.0.2.7\", ⟨\"!192.0.2.7/32\"]",
        "error: \"192.0.2.7\" is both named and excluded in this list",
    );
    assert_one(
        "account_services = [\"sshd\", ⟨\"sshd\"]",
        "warning: \"sshd\" stands in this list twice",
    );
}

#[test]
fn contradictions_are_refused() {
    for (text, message) in [
        (
            "[lockout]\ndelay = ⟨\"2 hours\"",
            "the first wait (delay, 2 hours) is longer than max_delay (1 hour)",
        ),
        (
            "[lockout]\nattempts = ⟨20\nhard_limit = 10",
            "codes stop for the account (hard_limit, 10) before a source must wait (attempts, 20)",
        ),
        ("[[profile]]\nname = \"a\"\nmethods = ⟨[]", "\"methods\" is an empty list"),
        ("[levels.high]\nmethods = ⟨[\"recovery\"]", "recovery codes alone: nobody could enrol"),
        (
            "[levels.low]\nmfa = \"off\"\nremember = ⟨\"1 day\"",
            "`mfa = \"off\"` asks for nothing, and \"remember\" is about what is asked",
        ),
        ("⟨[[profile]]\nusers = [\"alice\"]", "the profile has no name"),
        (
            "[[profile]]\nname = \"a\"\n[[profile]]\nname = ⟨\"a\"",
            "another profile has the name \"a\"",
        ),
    ] {
        assert_one(text, &format!("error: {message}"));
    }
    for (setting, key) in [
        ("methods = ⟨[\"totp\"]", "methods"),
        ("remember = ⟨\"1 day\"", "remember"),
        ("enforce_from = ⟨2027-01-01", "enforce_from"),
        ("grace = ⟨\"1 day\"", "grace"),
        ("enrol = ⟨\"admin\"", "enrol"),
    ] {
        let text =
            format!("[[profile]]\nname = \"a\"\nusers = [\"alice\"]\nmfa = false\n{setting}");
        let message =
            format!("`mfa = false` asks for nothing, and \"{key}\" is about what is asked");
        assert_one(&text, &format!("error: {message}"));
    }
    assert_one(
        "[[profile]]\nname = \"a\"\nusers = [\"alice\"]\nlevel = \"very-high\"\nmfa = ⟨false",
        "error: `mfa = false` asks for nothing, and level very-high asks at every login",
    );
}

#[test]
fn what_has_no_effect_is_warned_about_at_its_key() {
    const LOW: &str = "[[profile]]\nname = \"a\"\nusers = [\"alice\"]\nlevel = \"low\"\n";
    const DATES: &str =
        "enforce_from and grace have no effect in the profile \"a\", which requires nothing";
    for (setting, message) in [
        ("enforce_from = ⟨2027-01-01", DATES),
        ("grace = ⟨\"1 day\"", DATES),
        ("enrol = ⟨\"at-login\"", "\"enrol\" has no effect: no login requires to enrol"),
    ] {
        let text = format!("{LOW}{setting}\n");
        assert_one(&text, &format!("warning: {message}"));
        let asked = text.replace('⟨', "");
        assert_eq!(found(&format!("version = 1\n{asked}mfa = true\n")), []);
        let redefined = format!("version = 1\n{asked}[levels.low]\nmfa = \"required\"\n");
        assert_eq!(found(&redefined), []);
    }
}

#[test]
fn oddities_of_the_policy_are_told_at_the_key_that_makes_them() {
    for (text, message) in [
        (
            "[[profile]]\nname = \"a\"\nusers = [\"bob\"]\nmfa = ⟨false",
            "the profile \"a\" asks no second factor",
        ),
        (
            "[[profile]]\nname = \"a\"\n ⟨[[profile]]\nname = \"b\"\nusers = [\"bob\"]",
            "the profile \"b\" can never match: \"a\" at twinlock.toml:2 takes all of it",
        ),
        (
            "[[profile]]\nname = \"a\"\nlevel = \"very-high\"\nremember = ⟨\"1 day\"",
            "the profile \"a\" trusts hosts, although very-high asks for a second factor at every \
             login",
        ),
        (
            "[network]\ndeny = [\"10.0.0.0/8\"]\nexempt = [\n⟨\"10.1.0.0/16\",\n]",
            "10.1.0.0/16 in network.exempt has no effect: network.deny refuses all of it",
        ),
        (
            "[network]\nexempt = [⟨\"::/0\"]",
            "::/0 in network.exempt asks no second factor of anybody",
        ),
        (
            "level = \"very-high\"\n[network]\nexempt = ⟨[\"192.0.2.7\"]",
            "\"exempt\" has no effect: very-high knows no exempt network, and no other level is in \
             use",
        ),
        ("⟨[levels.low]\nmfa = \"off\"", "the level low asks no second factor of anybody"),
    ] {
        assert_one(text, &format!("warning: {message}"));
    }
}

#[test]
fn only_version_1_is_read() {
    for (text, message) in [
        ("version = 2\nlevle = 1", "the file is written in version 2 of the format"),
        ("version = 0", "the file is written in version 0 of the format"),
        ("version = -1", "the file is written in version -1 of the format"),
        ("version = 0x11", "the file is written in version 0x11 of the format"),
        ("version = \"1\"", "\"version\" must be a whole number, not a text"),
    ] {
        assert_eq!(found(text), [(1, 11, format!("error: {message}"))], "{text}");
    }
    assert_eq!(found(""), [(1, 1, "error: the file does not say its version".to_owned())]);
}

#[test]
fn text_that_is_no_toml_is_told_once_and_does_not_end_the_reading() {
    let last = "\n[⟩lockuot]\n";
    for (text, message) in [
        ("level = ⟨high", "text must stand in quotation marks"),
        ("level =⟨", "the value is missing"),
        ("⟨level", "this line has no `=` after its key"),
        ("⟨level: high", "this line has no `=` after its key"),
        ("  ⟨my level = \"high\"", "this line has no `=` after its key"),
        ("mode = \"enforce\"\n⟨mode = \"observe\"", "this name is set twice in one file"),
        ("account_services = ⟨[\"sshd\",\n\n# more\n", "this list has no end"),
        ("[network⟨\nallow = []", "this header has no end"),
        ("level = \"high⟨", "this is not TOML: invalid basic string, expected `\"`"),
        (
            "level = \"high\" ⟨low",
            "this is not TOML: unexpected key or value, expected newline, `#`",
        ),
    ] {
        let marked = format!("version = 1\n{text}{last}");
        let (before, _) = marked.split_once('⟨').unwrap();
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        let found = found(&marked.replace(['⟨', '⟩'], ""));
        assert_eq!(found[0], (line, column, format!("error: {message}")), "{text}");
        let is_swallowed = message.contains("list has no end");
        let others: Vec<_> = found[1..].iter().map(|(_, _, message)| message.as_str()).collect();
        let expected: &[&str] =
            if is_swallowed { &[] } else { &["error: unknown section \"lockuot\""] };
        assert_eq!(others, expected, "{text}");
    }
}

#[test]
fn numbers_are_read_in_every_notation_of_toml() {
    for (number, attempts) in [("1_0", 10), ("0x10", 16), ("0o17", 15), ("0b11", 3), ("+7", 7)] {
        let text = format!("version = 1\n[lockout]\nattempts = {number}\n");
        assert_eq!(parse(&[("a", &text)]).unwrap().config.lockout.attempts, attempts);
    }
    assert!(parse(&[("a", "version = 0x1")]).is_ok());
}

#[test]
fn windows_line_ends_and_a_byte_order_mark_are_no_mistakes() {
    assert_eq!(found("\u{feff}version = 1\r\nlevel = \"high\"\r\n"), []);
    let text = "version = 1\r\n\r\nlevle = \"high\"\r\n";
    assert_eq!(found(text), [(3, 1, "error: unknown key \"levle\"".to_owned())]);
}

#[test]
fn what_is_told_is_as_people_and_programs_read_it() {
    let text = "version = 1\nlevle = \"high\"\n[network]\nallow = [\"10.0.0.1/8\", \"mail.example.org\"]\n\
                [[profile]]\nname = \"\\u001b[2J\"\n\tgrace\t= \"3 Tage\" # 漢字 \u{1b}[31m\u{202e}\n\
                '漢字' = \"\"\nremember = \"1 month\"\nenforce_from = 2027-02-30\n";
    let diagnostics = parse(&[("/etc/twinlock/\u{1b}twinlock.toml", text)]).unwrap_err();
    insta::assert_snapshot!("for_people", diagnostics);
    let json = serde_json::to_string_pretty(&diagnostics).unwrap();
    insta::assert_snapshot!("for_programs", json);
}
