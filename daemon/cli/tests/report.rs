//! What an auditor is told: through the built command, a bus, and a scripted person.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test stops at its first surprise")]

mod support;

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

use serde_json::Value;
use support::daemon::{Daemon, NOW, THEN};
use support::history::{log, login};
use support::person::{Scene, Shown};
use support::{configuration, transcript};
use twinlock_bus_api::history::DamagedDay;
use twinlock_bus_api::policy::{CHANGED, Exemption};
use twinlock_bus_api::voucher::BypassInfo;
use twinlock_cli::people::People;
use twinlock_cli::render::Palette;

const HOSTILE: &str = "=cmd</td><script>alert('x')</script>\u{202e}\",";

/// Everything that a report can have in it.
fn daemon() -> Daemon {
    let daemon = Daemon::for_caller("root");
    let mut state = daemon.state.lock().unwrap();
    state.log = log();
    state.log.extend([
        login(90_010, "login.allowed", "nina", "trusted host H1 (203.0.113.7)"),
        login(90_020, "login.allowed", "alice", "bypass code B1, 1 uses left"),
        login(90_030, "login.locked", "carol", "the source waits 40 s"),
    ]);
    let alice = state.status_mut("alice");
    alice.recovery_codes = Some(3);
    alice.bypasses = Some(vec![BypassInfo {
        id: "B1".to_owned(),
        since: THEN,
        until: NOW + 3600,
        uses_left: 1,
        from: Some("203.0.113.9".to_owned()),
        reason: HOSTILE.to_owned(),
        by: "root".to_owned(),
    }]);
    let mut token = alice.factors[1].clone();
    token.method = "hotp".to_owned();
    alice.factors.push(token);
    let exempt = |rule: &str, name: &str, whom: &str, asks: &str, line| Exemption {
        rule: rule.to_owned(),
        name: name.to_owned(),
        whom: whom.to_owned(),
        asks: asks.to_owned(),
        place: Some(format!("/etc/twinlock/twinlock.toml:{line}")),
    };
    let network = "nothing, but at level very-high";
    state.configuration.exemptions = vec![
        exempt("network", "192.0.2.0/24", "remote logins from there", network, 7),
        exempt("profile", "robots", "first factor key", "nothing", 9),
    ];
    drop(state);
    daemon
}

fn scene(names: &[&str]) -> Scene {
    let names = names.iter().map(|name| (*name).to_owned()).collect();
    Scene { people: People { names, unread: 0 }, ..Scene::at_terminal(&[]) }
}

const PEOPLE: [&str; 8] = ["alice", "bob", "erin", "frank", "grace", "heidi", "karl", "root"];

fn report(daemon: &Daemon, arguments: &[&str]) -> Shown {
    let all = [&["--config", daemon.config(), "report"], arguments].concat();
    let mut shown = scene(&PEOPLE).run(&all);
    let folder = daemon.config.parent().unwrap().to_str().unwrap();
    let uid = rustix::process::getuid().as_raw().to_string();
    shown.screen =
        shown.screen.replace(folder, "FOLDER").replace(&format!("root,{uid},"), "root,0,");
    shown
}

fn page(daemon: &Daemon) -> String {
    let file = daemon.config.with_file_name("report.html");
    let shown = report(daemon, &["--html", file.to_str().unwrap()]);
    assert_eq!(shown.code, 0, "{}", shown.sentence);
    fs::read_to_string(file).unwrap()
}

#[test]
fn the_table_is_shown_with_who_is_exempt_and_the_sums() {
    insta::assert_snapshot!(report(&daemon(), &[]).transcript());
}

#[test]
fn csv_has_a_line_for_each_user_and_no_formula() {
    let text = report(&daemon(), &["--csv"]).screen;
    assert_eq!(text.matches("\r\n").count(), text.matches('\n').count());
    assert!(!text.lines().any(|line| line.starts_with('=')));
    insta::assert_snapshot!(text.replace('\r', ""));
}

#[test]
fn json_has_stable_keys_and_tells_the_whole() {
    let shown = report(&daemon(), &["--json"]);
    let value: Value = serde_json::from_str(shown.screen.trim()).unwrap();
    let keys = |value: &Value| {
        let mut keys: Vec<_> = value.as_object().unwrap().keys().cloned().collect();
        keys.sort();
        keys.join(" ")
    };
    assert_eq!(keys(&value), "damaged host logins made mode policy since users");
    assert_eq!(
        keys(&value["users"][0]),
        "bypasses deadline enrolled enrolled_since exemptions failures in_user_database last_used_at \
         methods problem recovery_codes second_factor state trusted_hosts uid user"
    );
    assert_eq!(keys(&value["policy"][0]), "asks name place rule whom");
    let bypass = keys(&value["users"][0]["bypasses"][0]);
    assert_eq!(bypass, "by from id reason since until uses_left");
    let of = |user: &str| {
        value["users"].as_array().unwrap().iter().find(|it| it["user"] == user).unwrap().clone()
    };
    assert_eq!(of("alice")["methods"], serde_json::json!(["totp", "hotp", "recovery"]));
    assert_eq!(of("carol")["enrolled"], true, "a lock is no loss of the factor");
    assert_eq!(of("carol")["state"], "locked");
    assert_eq!(of("nina")["trusted_hosts"], 2);
    assert_eq!(of("nina")["methods"], serde_json::json!(["email", "recovery"]));
    assert_eq!(of("alice")["bypasses"][0]["reason"], HOSTILE);
    assert_eq!((&value["host"], &value["mode"]), (&"web1".into(), &"enforce".into()));
    let days = value["logins"].as_object().unwrap();
    assert_eq!(days.len(), 31, "30 days, and the one that goes on");
    assert_eq!(
        (&days["2026-11-18"], &days["2026-11-19"], &days["2026-11-20"]),
        (
            &serde_json::json!({"code": 1, "trusted": 0, "bypass": 0, "without": 1, "refused": 1}),
            &serde_json::json!({"code": 0, "trusted": 1, "bypass": 1, "without": 0, "refused": 1}),
            &serde_json::json!({"code": 0, "trusted": 0, "bypass": 0, "without": 0, "refused": 0}),
        )
    );
}

#[test]
fn logins_are_counted_from_then_on() {
    let shown = report(&daemon(), &["--json", "--since", "2026-11-19"]);
    let value: Value = serde_json::from_str(shown.screen.trim()).unwrap();
    assert_eq!(value["since"], "2026-11-19T00:00:00Z");
    assert_eq!(value["logins"].as_object().unwrap().len(), 3);
}

/// The tags of a page, each closed in its order; text between them has no bare `<`.
fn tags(page: &str) -> Vec<String> {
    let (mut open, mut all) = (Vec::new(), Vec::new());
    let mut rest = page.strip_prefix("<!DOCTYPE html>").unwrap();
    while let Some(at) = rest.find('<') {
        let end = at + rest[at..].find('>').unwrap();
        let tag = &rest[at + 1..end];
        rest = &rest[end + 1..];
        if let Some(name) = tag.strip_prefix('/') {
            assert_eq!(open.pop().as_deref(), Some(name), "{tag}");
        } else {
            let name = tag.split([' ', '/']).next().unwrap().to_owned();
            assert!(name.chars().all(|c| c.is_ascii_alphanumeric()), "{tag}");
            if name != "meta" && !tag.ends_with('/') {
                open.push(name.clone());
            }
            all.push(name);
        }
    }
    assert!(open.is_empty(), "{open:?}");
    all
}

#[test]
fn the_page_is_whole_needs_no_network_and_takes_no_markup_from_a_text() {
    let page = page(&daemon());
    let tags = tags(&page);
    assert_eq!(page.matches("<svg viewBox").count(), 3 + 5, "three plots, and a key of five");
    for word in ["script", "img", "link", "iframe", "a", "object", "form"] {
        assert!(!tags.iter().any(|tag| tag == word), "{word}");
    }
    let body = page.split("</style>").nth(1).unwrap();
    for word in ["http:", "https:", "url(", "\u{202e}", " style=", "onload="] {
        assert!(!body.contains(word), "{word}");
    }
    assert!(!page.contains("@import") && !page.contains("url("));
    assert!(page.contains("default-src 'none'") && page.contains("&lt;script&gt;"));
    for word in ["192.0.2.0/24", "profile robots", "switched off for this user", "web1"] {
        assert!(page.contains(word), "{word}");
    }
    assert!(!page.contains("only observes"));
}

#[test]
fn the_page_is_its_owner_s_and_takes_an_earlier_one_s_place() {
    let daemon = daemon();
    let file = daemon.config.with_file_name("report.html");
    fs::write(&file, "earlier").unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o666)).unwrap();
    let shown = report(&daemon, &["--html", file.to_str().unwrap()]);
    insta::assert_snapshot!(shown.transcript());
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o7777, 0o600);
    assert!(fs::read_to_string(&file).unwrap().starts_with("<!DOCTYPE html>"));
}

#[test]
fn a_file_that_cannot_be_written_is_refused_before_anything_is_asked() {
    // A daemon that forbids: its refusal would come first if it were asked.
    let daemon = Daemon::that_forbids();
    let folder = daemon.config.parent().unwrap();
    symlink("twinlock.toml", folder.join("link")).unwrap();
    let mut all = String::new();
    for name in ["missing/report.html", "link", ".", "twinlock.toml/report.html"] {
        let file = folder.join(name);
        all += &report(&daemon, &["--html", file.to_str().unwrap()]).sentence;
        all += "\n";
    }
    assert!(folder.join("link").is_symlink());
    insta::assert_snapshot!(all.replace(folder.to_str().unwrap(), "FOLDER"));
}

#[test]
fn observe_mode_stands_at_the_top() {
    let daemon = daemon();
    for user in ["alice", "root"] {
        daemon.state.lock().unwrap().status_mut(user).mode = Some("observe".to_owned());
    }
    let mut shown = report(&daemon, &[]);
    shown.screen.truncate(shown.screen.find('\n').unwrap());
    assert!(shown.screen.starts_with("The policy only observes"), "{}", shown.screen);
    let page = page(&daemon);
    let warning = page.find("The policy only observes").unwrap();
    assert!(warning < page.find("class=\"tiles\"").unwrap());
}

#[test]
fn a_record_that_cannot_be_read_is_told_and_ends_with_1() {
    let daemon = daemon();
    let run = |arguments: &[&str]| {
        let all = [&["--config", daemon.config(), "report"], arguments].concat();
        scene(&["alice", "broken"]).run(&all)
    };
    let shown = run(&["--json"]);
    assert_eq!(shown.code, 1);
    insta::assert_snapshot!(shown.sentence);
    let value: Value = serde_json::from_str(shown.screen.trim()).unwrap();
    let users = value["users"].as_array().unwrap();
    let broken = users.iter().find(|it| it["user"] == "broken").unwrap();
    assert_eq!(broken["problem"], support::refusals::damage("broken"));
    assert_eq!(broken["in_user_database"], Value::Null);
    assert_eq!((&broken["state"], &broken["uid"]), (&"unreadable".into(), &Value::Null));
    daemon.state.lock().unwrap().damaged.push("alice".to_owned());
    let text = run(&["--csv"]).screen;
    let alice = text.lines().find(|line| line.starts_with("alice,")).unwrap();
    assert!(alice.starts_with("alice,,unreadable,no,,") && alice.contains("is damaged"), "{alice}");
    let file = daemon.config.with_file_name("report.html");
    assert_eq!(run(&["--html", file.to_str().unwrap()]).code, 1);
    assert!(fs::read_to_string(file).unwrap().contains("This report is not complete"));
}

#[test]
fn a_part_of_the_log_that_cannot_be_read_is_told_in_every_form_and_ends_with_1() {
    let daemon = daemon();
    let file = daemon.config.with_file_name("report.html");
    for form in [&[][..], &["--json"], &["--csv"], &["--html", file.to_str().unwrap()]] {
        let days = vec![DamagedDay { day: "2026-11-19".to_owned(), blocks: 2 }];
        daemon.state.lock().unwrap().damaged_days = days;
        let shown = report(&daemon, form);
        assert_eq!(shown.code, 1, "{form:?}");
        assert_eq!(
            shown.sentence,
            "The report is not complete: 2 blocks of events could not be read, so logins may be \
             missing. The reason stands beside each."
        );
        assert!(shown.screen.contains("Warning: 2 blocks of events of 2026-11-19"), "{form:?}");
        if form == ["--json"] {
            let value: Value = serde_json::from_str(shown.screen.lines().last().unwrap()).unwrap();
            let day = &value["damaged"][0];
            assert_eq!((&day["day"], &day["blocks"]), (&"2026-11-19".into(), &2.into()));
            assert!(day["problem"].as_str().unwrap().contains("check the disk"), "{day}");
        }
    }
    let page = fs::read_to_string(file).unwrap();
    tags(&page);
    assert!(page.contains("</b> 2 blocks of events could not be read"), "{page}");
}

#[test]
fn files_that_say_something_else_than_what_is_in_force_are_told() {
    let daemon = daemon();
    let told =
        "as in force since 2026-11-18T11:06:40Z; the configuration files were edited after that";
    let file = daemon.config.with_file_name("report.html");
    for form in [&[][..], &["--json"], &["--csv"], &["--html", file.to_str().unwrap()]] {
        daemon.state.lock().unwrap().configuration.files = String::new();
        assert!(!report(&daemon, form).screen.contains("in force since"), "{form:?}");
        let mut state = daemon.state.lock().unwrap();
        (state.configuration.files, state.configuration.read_at) = (CHANGED.to_owned(), THEN);
        drop(state);
        let shown = report(&daemon, form);
        assert_eq!(shown.code, 0, "{form:?}: {}", shown.sentence);
        assert!(shown.screen.replace('\n', " ").contains(told), "{form:?}: {}", shown.screen);
    }
}

#[test]
fn a_host_without_users_and_logins_says_so_in_words() {
    let daemon = Daemon::for_caller("root");
    daemon.state.lock().unwrap().forget_everybody();
    let run = |arguments: &[&str]| {
        scene(&[]).run(&[&["--config", daemon.config(), "report"], arguments].concat())
    };
    insta::assert_snapshot!(run(&[]).transcript());
    let file = daemon.config.with_file_name("report.html");
    assert_eq!(run(&["--html", file.to_str().unwrap()]).code, 0);
    let page = fs::read_to_string(file).unwrap();
    tags(&page);
    for sentence in [
        "Nobody has a second factor yet.",
        "Nobody has a method by which to show a second factor.",
        "No login was seen in this time.",
        "None: no network is exempt, and no profile or level asks for less.",
        "Nobody has a record, and nobody may log in.",
    ] {
        assert!(page.contains(sentence), "{sentence}");
    }
    assert!(!page.contains("class=\"plot"));
}

#[test]
fn a_user_whom_the_host_has_no_more_is_told_of_by_the_record() {
    let daemon = daemon();
    daemon.state.lock().unwrap().lose("carol");
    let shown = report(&daemon, &[]);
    let carol = shown.screen.lines().find(|line| line.starts_with("carol")).unwrap();
    assert!(carol.contains("locked") && carol.ends_with("not in the user database"), "{carol}");
}

#[test]
fn states_are_coloured_on_a_terminal() {
    let daemon = daemon();
    let mut scene = scene(&[]);
    scene.palette = Palette::coloured();
    let shown = scene.run(&["--config", daemon.config(), "report"]);
    for state in ["\u{1b}[32menrolled", "\u{1b}[31mlocked", "\u{1b}[33mpending"] {
        assert!(shown.screen.contains(state), "{state:?}");
    }
}

fn refused(config: &Path, arguments: &[&str]) -> String {
    let all = [&["--config", config.to_str().unwrap(), "report"], arguments].concat();
    transcript(&all, "")
}

#[test]
fn a_stranger_gets_no_report_and_writes_no_file() {
    let daemon = Daemon::that_forbids();
    let file = daemon.config.with_file_name("report.html");
    for form in [&[][..], &["--json"], &["--csv"], &["--html", file.to_str().unwrap()]] {
        assert_eq!(
            refused(&daemon.config, form),
            "--- standard error\n\
             twinlock: Only an administrator may do that (polkit does not allow it); use sudo.\n\
             --- exit code 1\n"
        );
    }
    assert!(!file.exists());
}

#[test]
fn without_a_daemon_or_the_user_database_there_is_no_report() {
    let directory = tempfile::tempdir().unwrap();
    let config = configuration(directory.path(), "unix:path=/nonexistent/bus");
    insta::assert_snapshot!(refused(&config, &["--csv"]));
    let shown = report(&Daemon::without_directory(), &["--csv"]);
    assert_eq!((shown.code, shown.screen.as_str()), (1, ""));
    assert!(shown.sentence.contains("the user database did not answer"), "{}", shown.sentence);
}

#[test]
fn one_form_at_a_time_and_a_time_that_is_one() {
    for arguments in
        [&["--json", "--csv"][..], &["--csv", "--html", "x"], &["--html"], &["--since", "once"]]
    {
        let shown = refused(Path::new("/nonexistent"), arguments);
        assert!(shown.ends_with("--- exit code 2\n"), "{arguments:?}: {shown}");
    }
}
