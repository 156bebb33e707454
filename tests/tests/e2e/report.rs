//! What an auditor is told after real logins, who is not told, what it never says, and what a browser
//! without a network makes of the page.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use serde_json::Value;
use twinlock_tests::login::{Login, code};
use twinlock_tests::rig::application::login;
use twinlock_tests::rig::authenticator::Authenticator;
use twinlock_tests::rig::browser::{Scheme, look_at, page};
use twinlock_tests::rig::command::{enrol, errors, json, twinlock, twinlock_as};
use twinlock_tests::rig::daemon::{Daemon, configure};
use twinlock_tests::rig::host::Host;
use twinlock_tests::rig::pam_stack::{install, password_then_code};
use twinlock_tests::rig::ssh::{Ssh, TRUST, is_in};
use twinlock_tests::rig::sshd::Sshd;
use twinlock_tests::rig::users::create_many;

use super::secrecy::{canaries, contains};

/// Why alice has a bypass code: text that would be markup, were it let.
const REASON: &str = "<img src=http://203.0.113.1/x onerror=alert(1)>";

const PAGE: &str = "/run/rig/report.html";

/// What must be in no report.
struct Secrets {
    phone: Authenticator,
    codes: Vec<String>,
}

/// Logins of every outcome: with a code, from a trusted host, with a bypass code, from an exempt
/// network, and refused.
fn live(host: &Host, daemon: &mut Daemon) -> Secrets {
    let mut phone = enrol("alice");
    install("sshd", &password_then_code(""));
    let _sshd = Sshd::start(&["AuthenticationMethods keyboard-interactive"]);
    let ssh = Ssh::to(&host.alice).methods("keyboard-interactive").from("203.0.113.7");
    let typed = phone.fresh();
    let mut first = ssh.start();
    first.expect("assword:").type_line(&host.alice.password);
    first.expect("Verification code").type_line(&typed);
    first.expect(TRUST).type_line("y");
    assert!(is_in(&mut first, "alice"), "{}", first.transcript());
    let mut trusted = ssh.start();
    trusted.expect("assword:").type_line(&host.alice.password);
    assert!(is_in(&mut trusted, "alice"), "{}", trusted.transcript());

    let bypass = ["bypass", "alice", "--for", "1h", "--uses", "2", "--json", "--reason", REASON];
    let bypass = text(&json(&bypass)["code"]);
    let passed = login(&Login::new("code", "alice").from("203.0.113.8").answer(bypass.as_str()));
    assert!(passed.is_success(), "{passed:?}");
    let refused = login(&Login::new("code", "bob").from("203.0.113.9"));
    assert_eq!(refused.authenticate, Some(code::AUTH_ERR), "{refused:?}");
    configure(
        "version = 1\n[network]\nexempt = [\"203.0.113.20/32\"]\n[[profile]]\nname = \"robots\"\n\
         services = [\"cron\"]\nmfa = false\n",
    );
    daemon.reload();
    let exempt = login(&Login::new("code", "bob").from("203.0.113.20"));
    assert!(exempt.is_success(), "{exempt:?}");

    let invitation = text(&json(&["invite", "bob", "--json"])["code"]);
    let recovery = json(&["recovery", "new", "alice", "--json"]);
    let mut codes = vec![typed, bypass, invitation];
    codes.extend(recovery["recovery_codes"].as_array().expect("codes").iter().map(text));
    assert_eq!(codes.len(), 13);
    Secrets { phone, codes }
}

fn text(value: &Value) -> String {
    value.as_str().expect("a text").to_owned()
}

/// The report in every form.
fn forms() -> Vec<(&'static str, Vec<u8>)> {
    let printed = [
        ("table", &["report"][..]),
        ("JSON", &["report", "--json"]),
        ("CSV", &["report", "--csv"]),
    ];
    let mut forms: Vec<_> = printed
        .into_iter()
        .map(|(form, arguments)| {
            let output = twinlock(arguments);
            assert!(output.status.success(), "{form}: {}", errors(&output));
            (form, output.stdout)
        })
        .collect();
    let output = twinlock(&["report", "--html", PAGE]);
    assert!(output.status.success(), "{}", errors(&output));
    forms.push(("page", fs::read(PAGE).expect("the page")));
    forms
}

#[test]
fn root_is_told_who_is_enrolled_and_how_logins_went() {
    Host::run_with_daemon(|host, daemon| {
        live(host, daemon);
        let report = json(&["report", "--json"]);
        assert_eq!((&report["host"], &report["mode"]), (&"web1".into(), &"enforce".into()));
        let of = |user: &str| {
            let users = report["users"].as_array().expect("users");
            users.iter().find(|it| it["user"] == user).unwrap_or(&Value::Null).clone()
        };
        let alice = of("alice");
        assert_eq!((&alice["state"], &alice["enrolled"]), (&"enrolled".into(), &true.into()));
        assert_eq!(alice["methods"], serde_json::json!(["totp", "recovery"]));
        assert!(
            alice["enrolled_since"].is_string() && alice["last_used_at"].is_string(),
            "{alice}"
        );
        assert_eq!((&alice["trusted_hosts"], &alice["recovery_codes"]), (&1.into(), &10.into()));
        assert_eq!(alice["bypasses"][0]["uses_left"], 1);
        assert_eq!(alice["bypasses"][0]["reason"], REASON);
        assert_eq!(of("bob")["state"], "pending");
        assert_eq!(of("root")["enrolled"], false, "root may log in, and never did");
        let rules: Vec<_> = report["policy"]
            .as_array()
            .expect("rules")
            .iter()
            .map(|it| text(&it["name"]))
            .collect();
        assert_eq!(rules, ["203.0.113.20/32", "robots"]);
        assert_eq!(report["policy"][1]["place"], "/etc/twinlock/twinlock.toml:4");
        let days = report["logins"].as_object().expect("days");
        let sum =
            |outcome: &str| -> u64 { days.values().filter_map(|day| day[outcome].as_u64()).sum() };
        let sums = ["code", "trusted", "bypass", "without", "refused"].map(sum);
        assert_eq!(sums, [1, 1, 1, 1, 1], "{days:?}");

        // What nobody has put in force exempts nobody.
        configure("version = 1\n");
        let output = twinlock(&["report", "--json"]);
        let later: Value = serde_json::from_slice(&output.stdout).expect("JSON");
        assert_eq!(later["policy"], report["policy"]);
        assert!(errors(&output).contains("configuration files were edited"), "{}", errors(&output));
        daemon.reload();
        let output = twinlock(&["report", "--json"]);
        let later: Value = serde_json::from_slice(&output.stdout).expect("JSON");
        assert_eq!((&later["policy"], errors(&output).as_str()), (&serde_json::json!([]), ""));
    });
}

#[test]
fn no_secret_and_no_code_is_in_any_form() {
    Host::run_with_daemon(|host, daemon| {
        let Secrets { phone, codes } = live(host, daemon);
        for (form, report) in forms() {
            let lower = String::from_utf8(report.clone()).expect("text").to_lowercase();
            assert!(lower.contains("alice"), "{form} tells of alice");
            for canary in canaries(phone.secret()) {
                assert!(!contains(&report, &canary), "{form} has the secret");
            }
            for code in &codes {
                let code = code.to_lowercase();
                for shape in [code.clone(), code.replace('-', ""), code.replace('-', " ")] {
                    assert!(!lower.contains(&shape), "{form} has the code {code}");
                }
            }
        }
    });
}

#[test]
fn an_enrolled_user_and_a_stranger_get_no_report() {
    Host::run_with_daemon(|_, _| {
        enrol("alice");
        let file = "/tmp/report-of-a-stranger.html";
        for user in ["alice", "bob"] {
            for form in [&[][..], &["--json"], &["--csv"], &["--html", file]] {
                let output = twinlock_as(user, &[&["report"], form].concat());
                assert_eq!(output.status.code(), Some(1), "{user} {form:?}: {}", errors(&output));
                assert!(output.stdout.is_empty(), "{user} {form:?}");
                assert!(!Path::new(file).exists());
            }
        }
    });
}

#[test]
fn the_page_opens_in_a_browser_without_a_network_and_has_its_plots() {
    Host::run_with_daemon(|host, daemon| {
        create_many("worker", 40);
        live(host, daemon);
        let output = twinlock(&["report", "--html", PAGE]);
        assert!(output.status.success(), "{}", errors(&output));
        let about = fs::metadata(PAGE).expect("the page");
        assert_eq!((about.uid(), about.mode() & 0o7777), (0, 0o600));
        // Of style.css: the bars of logins with a code and of refused ones, and the page behind.
        let light = [[0x2a, 0x6f, 0xd1], [0xcf, 0x3a, 0x32], [0xf4, 0xf6, 0xf8]];
        let dark = [[0x4c, 0x8e, 0xe8], [0xe5, 0x69, 0x5f], [0x10, 0x13, 0x17]];
        for (scheme, plots) in [(Scheme::Light, light), (Scheme::Dark, dark)] {
            let seen = look_at(Path::new(PAGE), scheme);
            assert_eq!(seen.console, [""; 0], "{scheme:?}");
            assert!(seen.size.0 >= 1000 && seen.colours.len() > 200, "{scheme:?} {:?}", seen.size);
            for colour in plots {
                let pixels = seen.colours.get(&colour).copied().unwrap_or_default();
                assert!(pixels > 100, "{scheme:?} has {pixels} pixels of {colour:02x?}");
            }
        }
    });
}

#[test]
fn the_browser_tells_of_what_a_page_may_not_do() {
    Host::run_with_daemon(|_, _| {
        let output = twinlock(&["report", "--html", PAGE]);
        assert!(output.status.success(), "{}", errors(&output));
        let made = fs::read_to_string(PAGE).expect("the page");
        let bad = "<script>document.title='run'</script><img src=\"http://203.0.113.1/x.png\">";
        let tampered = page("tampered.html", &made.replace("</body>", &format!("{bad}</body>")));
        let console = look_at(&tampered, Scheme::Light).console.join("\n");
        assert!(console.contains("script") && console.contains("203.0.113.1"), "{console:?}");
        assert!(console.contains("Content Security Policy"), "{console}");
    });
}
